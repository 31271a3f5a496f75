"""Variables of a script that glues Dockerfiles together, where every run gives them the same value.

In: the commands of a script and its directory; out: what `$NAME` stands for. Texts, the directory of the
script (`$(dirname "$0")`), and directories that are named from there (`$(cd "$DIR/.." && pwd)`) are known;
a variable that gets two values, or one from outside, is not.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from slimify.model.shell import Command, Word

# A path from the root of what was searched, wherever the script is at that moment.
ROOTED = "//./"

_OWN = r"\$\(?\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?"
_DIRNAME = re.compile(rf"\$\(\s*dirname\s+(?:--\s+)?{_OWN}\s*\)|`dirname {_OWN}`|\$\{{0%/\*\}}")
_CD_PWD = re.compile(r"\$\(\s*cd\s+(?:-P\s+|--\s+)?([^\s;&$`()]+)[^;&]*(?:;|&&)\s*pwd(?:\s+-P)?\s*\)")
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_ASSIGNED = re.compile(r"(?<![\w$.-])(\w+)\+?=")
_TAKEN = re.compile(r"\b(?:read|for|unset|local|declare|typeset|getopts)\b([^;|&\n]*)")
_LONGEST = 4096  # a path; texts that repeat themselves would grow without end
_ENGINES = frozenset({"docker", "sudo docker"})


def values(commands: Sequence[Command], text: str, folder: str | None) -> dict[str, str]:
    """What each variable stands for; `folder` is the script's directory, None where it has none."""
    found: dict[str, set[str | None]] = {}
    known: dict[str, str] = {}
    for command in commands:
        for name, word in command.assigns if not command.words else ():
            value = _value(word, known, folder)
            found.setdefault(name, set()).add(value)
            if value is not None:
                known[name] = value
    assigned = Counter(name for c in commands if not c.words for name, _ in c.assigns)
    elsewhere = _elsewhere(assigned, text)
    return {
        name: "docker" if given <= _ENGINES else value
        for name, given in found.items()
        if (value := known.get(name)) is not None
        and (len(given) == 1 or given <= _ENGINES)
        and name not in elsewhere
    }


def filled(text: str, known: Mapping[str, str]) -> str:
    """A text with the variables that are known."""
    return _REFERENCE.sub(lambda m: known.get(m[1] or m[2], m[0]), text)


def bare(word: Word) -> bool:
    """The word is one variable without quotes: a shell makes several words of what is in it."""
    return _REFERENCE.fullmatch(word.text) is not None


def _value(word: Word, known: Mapping[str, str], folder: str | None) -> str | None:
    if word.value is not None:
        return word.value
    text = filled(word.text.replace('"', ""), known)
    if folder is not None:
        text = _DIRNAME.sub(ROOTED + folder, text)
    entered = _CD_PWD.fullmatch(text)
    text = entered[1] if entered and entered[1].startswith(ROOTED) else text
    if not text.startswith(ROOTED) or len(text) > _LONGEST or re.search(r"[$`*?(]", text):
        return None
    path = posixpath.normpath(text.removeprefix(ROOTED) or ".")
    return None if path.startswith("..") else ROOTED + path


def _elsewhere(assigned: Mapping[str, int], text: str) -> set[str]:
    """Variables that something else gives a value: a loop, `read`, the command that they stand before."""
    written = Counter(_ASSIGNED.findall(text))
    taken = {name for line in _TAKEN.findall(text) for name in re.findall(r"\w+", line)}
    return taken | {name for name, count in written.items() if count != assigned.get(name, 0)}
