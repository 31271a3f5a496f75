"""Names of branches and titles of pull requests."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Sequence

from slimify.config.pr import TitleStyle
from slimify.model.regex import regex
from slimify.report.printable import quiet, shown

# https://www.conventionalcommits.org: type, scope, !, colon
_CONVENTIONAL = regex(r"[a-z]+(\([^()]+\))?!?: \S")
_NO_SUBJECT = regex(r"(Merge|Revert) ")


def branch(prefix: str, file: str = "") -> str:
    """The branch for one Dockerfile, or for all of them.

    Characters that Git does not allow become dashes; a checksum keeps such names distinct.
    """
    name = file or "images"
    plain = re.sub(
        r"[^\w./-]+|\.\.+|(?<=/)\.|^\.|\.(?=/)|\.lock(?=/|$)|//+|[./]+$", "-", name, flags=re.ASCII
    )
    if plain != name:
        plain = f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    return f"{prefix}{plain}"


def conventional(style: TitleStyle, subjects: Sequence[str]) -> bool:
    """Whether titles follow Conventional Commits: as configured, else as most of `subjects` do."""
    if style != "auto":
        return style == "conventional"
    told = [subject for subject in subjects if not _NO_SUBJECT.match(subject)]
    return len(told) > 1 and sum(bool(_CONVENTIONAL.match(subject)) for subject in told) * 2 > len(told)


def title(files: Sequence[str], *, typed: bool) -> str:
    """The title of a pull request and its commit."""
    what = f"the image of {quiet(shown(files[0]))}" if len(files) == 1 else "the images"
    if not typed:
        return f"Slim down {what}"
    scope = posixpath.basename(posixpath.dirname(files[0])) if len(files) == 1 else ""
    scope = scope if re.fullmatch(r"[\w.-]+", scope) else "docker"
    return f"build({scope}): slim down {what}"
