"""Media types by file name extension: those built into languages, and those only in Debian's table.

Python's `mimetypes.init` and Go's `mime.TypeByExtension`, for example, read the table (package media-types,
before Debian 11 mime-support) in addition to their own. Full images have it, slim ones don't.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from slimify.languages import language

TABLE = "/etc/mime.types"
PACKAGES = frozenset({"media-types", "mime-support"})

# Extensions only in the table that are served to browsers.
ENDINGS = frozenset(
    """atom avif docx eot epub flac ics jsonld m4a m4v md mjs oga ogg ogv otf pptx rss ttc ttf webp woff woff2
    xlsx yaml yml""".split()
)
_SERVED = (
    r"(?:^|/)(static\w*|public|assets|media|www|htdocs|html|_build|dist|web|fonts?|images|img|css|js|files"
    r"|downloads|uploads)/"
)
# System directories: fonts and icons of desktop programs, not of a site.
_SYSTEM = re.compile(r"/usr/(?:share/(?:fonts|icons|doc|themes)|lib|libexec)/")
# Directories of an installed package that are served; matplotlib's fonts, for example, are not.
_PACKAGE = re.compile(r"/(?:site|dist)-packages/")
_PACKAGE_SERVED = re.compile(r"/(?:static\w*|public|assets|www|htdocs)/")
# Documentation next to served files.
_ABOUT = r"(?:licen[cs]e|readme|change(?:log|s)|history|authors|contributing|notice|copying)\b[^/]*\Z"


def known(name: str | None) -> frozenset[str]:
    """The extensions whose type is built into a language; none if unknown."""
    return frozenset(_row(name).get("known", "").split())


def frontend_prefixes(name: str | None) -> tuple[str, ...]:
    """The name prefixes of a language's packages that contain files for browsers."""
    return tuple(_row(name).get("frontends", ()))


def first_file_server(imports: Iterable[str], name: str | None) -> str:
    """The first import that serves files or guesses their types; "" without one."""
    servers = frozenset(_row(name).get("servers", "").split())
    return next((name for name in imports if {name, name.partition(".")[0]} & servers), "")


def endings_by_table(name: str | None, version: str | None, suite: str | None) -> frozenset[str]:
    """The extensions of served files that have no type, or a different one, without the table.

    `version` is the language's (`3.8`), `suite` Debian's release (`bookworm`); None if unknown.
    """
    minor = int(next(iter((version or "").split(".")[1:2]), "") or 0)
    retold = (
        ending
        for ending, row in _row(name).get("retold", {}).items()
        if minor <= row["until"] and suite not in row["but"]
    )
    return ENDINGS - known(name) | frozenset(retold)


def _row(name: str | None) -> Mapping[str, Any]:
    own = language(name)
    return own.facts("media-types.toml") if own is not None else {}


def served(path: str) -> bool:
    """Whether a file is in a directory that servers usually serve."""
    package = _PACKAGE.search(path)
    if (_SYSTEM.match(path) and package is None) or re.match(_ABOUT, path.rpartition("/")[2], re.IGNORECASE):
        return False
    if package is not None:
        return _PACKAGE_SERVED.search(path, package.end() - 1) is not None
    return re.search(_SERVED, path) is not None
