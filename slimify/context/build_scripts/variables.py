"""Variables of a build script that have the same value in every run.

Known values are constants, the script's directory (`$(dirname "$0")`) and directories relative to it
(`$(cd "$DIR/.." && pwd)`). A variable with two values, or one set from outside, is unknown.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from slimify.model.shell import Command, Word

# Prefix of a path relative to the searched directory, independent of the working directory.
ROOTED = "//./"

_OWN = r"\$\(?\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?"
_DIRNAME = re.compile(rf"\$\(\s*dirname\s+(?:--\s+)?{_OWN}\s*\)|`dirname {_OWN}`|\$\{{0%/\*\}}")
_CD_PWD = re.compile(r"\$\(\s*cd\s+(?:-P\s+|--\s+)?([^\s;&$`()]+)[^;&]*(?:;|&&)\s*pwd(?:\s+-P)?\s*\)")
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_ASSIGNED = re.compile(r"(?<![\w$.-])(\w+)\+?=")
_TAKEN = re.compile(r"\b(?:read|for|unset|local|declare|typeset|getopts)\b([^;|&\n]*)")
_MAX_PATH = 4096  # repeated substitution could grow a path without limit
_ENGINES = frozenset({"docker", "sudo docker"})


def constant_values(commands: Sequence[Command], text: str, folder: str | None) -> dict[str, str]:
    """The value of each known variable. `folder` is the script's directory, or None."""
    found: dict[str, set[str | None]] = {}
    known: dict[str, str] = {}
    for command in commands:
        for name, word in command.assigns if not command.words else ():
            value = _value(word, known, folder)
            found.setdefault(name, set()).add(value)
            if value is not None:
                known[name] = value
    assigned = Counter(name for c in commands if not c.words for name, _ in c.assigns)
    elsewhere = _set_elsewhere(assigned, text)
    return {
        name: "docker" if given <= _ENGINES else value
        for name, given in found.items()
        if (value := known.get(name)) is not None
        and (len(given) == 1 or given <= _ENGINES)
        and name not in elsewhere
    }


def substitute(text: str, known: Mapping[str, str]) -> str:
    """`text` with known variables replaced by their values."""
    return _REFERENCE.sub(lambda m: known.get(m[1] or m[2], m[0]), text)


def is_bare_variable(word: Word) -> bool:
    """Whether a word is one unquoted variable, whose value a shell splits into words."""
    return _REFERENCE.fullmatch(word.text) is not None


def _value(word: Word, known: Mapping[str, str], folder: str | None) -> str | None:
    if word.value is not None:
        return word.value
    text = substitute(word.text.replace('"', ""), known)
    if folder is not None:
        text = _DIRNAME.sub(ROOTED + folder, text)
    entered = _CD_PWD.fullmatch(text)
    text = entered[1] if entered and entered[1].startswith(ROOTED) else text
    if not text.startswith(ROOTED) or len(text) > _MAX_PATH or re.search(r"[$`*?(]", text):
        return None
    path = posixpath.normpath(text.removeprefix(ROOTED) or ".")
    return None if path.startswith("..") else ROOTED + path


def _set_elsewhere(assigned: Mapping[str, int], text: str) -> set[str]:
    """Variables that are set otherwise: by a loop, by `read`, or for a single command."""
    written = Counter(_ASSIGNED.findall(text))
    taken = {name for line in _TAKEN.findall(text) for name in re.findall(r"\w+", line)}
    return taken | {name for name, count in written.items() if count != assigned.get(name, 0)}
