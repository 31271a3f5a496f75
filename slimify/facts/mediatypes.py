"""Media types by ending: what Python and Go know themselves, and what only Debian's table tells them.

Python's `mimetypes.init` and Go's `mime.TypeByExtension` read the table (package media-types, before
Debian 11 mime-support) on top of what they know. Full images have it, slim ones have not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

TABLE = "/etc/mime.types"
PACKAGES = frozenset({"media-types", "mime-support"})

# Python 3.8 `mimetypes._types_map_default`; Go `mime.builtinTypes`, and what `http.DetectContentType` sees.
KNOWN: Mapping[str, frozenset[str]] = {
    "python": frozenset(
        """a ai aif aifc aiff au avi bat bcpio bin bmp c cdf cpio csh css csv dll doc dot dvi eml eps etx exe
        gif gtar h hdf htm html ico ief jpe jpeg jpg js json ksh latex m1v m3u m3u8 man me mht mhtml mif mjs
        mov movie mp2 mp3 mp4 mpa mpe mpeg mpg ms nc nws o obj oda p12 p7c pbm pdf pfx pgm pl png pnm pot ppa
        ppm pps ppt ps pwz py pyc pyo qt ra ram ras rdf rgb roff rtx sgm sgml sh shar snd so src sv4cpio
        sv4crc svg swf t tar tcl tex texi texinfo tif tiff tr tsv txt ustar vcf wasm wav webm webmanifest
        wiz wsdl xbm xlb xls xml xpdl xpm xsl xwd zip""".split()
    ),
    "go": frozenset(
        """avif bmp css eot gif gz htm html ico jpeg jpg js json mid midi mjs mp3 mp4 ogg otf pdf png ps svg
        ttc ttf txt wasm wav webm webp woff woff2 xml zip""".split()
    ),
}
# Of what the table adds, what browsers are served.
ENDINGS = frozenset(
    """atom avif docx eot epub flac ics jsonld m4a m4v md mjs oga ogg ogv otf pptx rss ttc ttf webp woff woff2
    xlsx yaml yml""".split()
)
# Of what Python knows, the endings to which the table gives another type: up to which minor version 3.x, and
# in which releases of Debian the table does not yet (text/javascript came with RFC 9239).
_RETOLD: Mapping[str, Mapping[str, tuple[int, frozenset[str]]]] = {
    "python": {
        "js": (11, frozenset({"jessie", "stretch", "buster", "bullseye"})),
        "mjs": (11, frozenset({"jessie", "stretch", "buster", "bullseye"})),
        "xml": (99, frozenset()),
    }
}
# Packages with such files of their own.
FRONTENDS: Mapping[str, frozenset[str]] = {
    "python": frozenset({"django.contrib", "gradio", "rest_framework", "streamlit"})
}
# Modules that serve files, or guess types for those who do.
_SERVERS: Mapping[str, frozenset[str]] = {
    "python": frozenset(
        """aiohttp bottle cherrypy django fastapi falcon flask gradio http litestar mimetypes pyramid quart
        sanic starlette streamlit tornado werkzeug whitenoise""".split()
    ),
    "go": frozenset({"mime", "net/http"}),
}
_SERVED = (
    r"(?:^|/)(static\w*|public|assets|media|www|htdocs|html|_build|dist|web|fonts?|images|img|css|js|files"
    r"|downloads|uploads)/"
)
# Directories of systems: fonts and icons of desktop programs, not of a site.
_SYSTEM = re.compile(r"/usr/(?:share/(?:fonts|icons|doc|themes)|lib|libexec)/")
# Below an installed package, where it has what browsers are served: matplotlib has fonts that are not.
_PACKAGE = re.compile(r"/(?:site|dist)-packages/")
_PACKAGE_SERVED = re.compile(r"/(?:static\w*|public|assets|www|htdocs)/")
# What lies beside them for people who read the sources.
_ABOUT = r"(?:licen[cs]e|readme|change(?:log|s)|history|authors|contributing|notice|copying)\b[^/]*\Z"


def serving(imports: Iterable[str], language: str) -> str:
    """The first import that serves files or tells their types; "" without one."""
    servers = _SERVERS.get(language, frozenset())
    return next((name for name in imports if name in servers or name.partition(".")[0] in servers), "")


def by_table(language: str, version: str | None, suite: str | None) -> frozenset[str]:
    """The endings of what browsers are served that get no type, or another, without the table.

    `version` is the language's (`3.8`), `suite` Debian's release (`bookworm`); None where unknown.
    """
    minor = int(next(iter((version or "").split(".")[1:2]), "") or 0)
    retold = (
        ending
        for ending, (last, before) in _RETOLD.get(language, {}).items()
        if minor <= last and suite not in before
    )
    return ENDINGS - KNOWN[language] | frozenset(retold)


def served(path: str) -> bool:
    """Whether a file lies where servers have what they serve."""
    package = _PACKAGE.search(path)
    if (_SYSTEM.match(path) and package is None) or re.match(_ABOUT, path.rpartition("/")[2], re.IGNORECASE):
        return False
    if package is not None:
        return _PACKAGE_SERVED.search(path, package.end() - 1) is not None
    return re.search(_SERVED, path) is not None
