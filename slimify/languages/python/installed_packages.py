"""Installed packages of an image, by the directories of their metadata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slimify.model.regex import regex

if TYPE_CHECKING:
    from slimify.verify.disk.evidence import Side

_MODULE = regex(
    r"\A(?P<place>.*/(?:site|dist)-packages)/(?P<name>[^/]+?)(?:\.py|-[^/]+\.(?:dist|egg)-info)?(?:/|\Z)"
)
_METADATA = regex(r"(?P<name>[^/-]+)-(?P<release>[^/-]+)[^/]*\.(?:dist|egg)-info")


def is_manifest(path: str) -> bool:
    """No file is read: the names of directories have the releases."""
    del path
    return False


def installed_release(side: Side, path: str) -> str:
    """The release of the installed package that a file belongs to; "" if unknown, as where the package has
    another name than its module."""
    module = _MODULE.match(path)
    for name in side.files.children(module["place"]) if module else ():
        found = _METADATA.fullmatch(name.rpartition("/")[2])
        if found and module and _normalized(found["name"]) == _normalized(module["name"]):
            return found["release"]
    return ""


def _normalized(name: str) -> str:
    """A name in the form of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
