"""Which programs an image starts, as far as the texts in it tell.

A word too many only keeps something that could have been called waste: words are taken from
whatever a start reaches, without understanding it.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import TYPE_CHECKING

from slimify.analyze.image_inputs import Sight
from slimify.facts.servers import holds_commands
from slimify.facts.shells import is_shell_file
from slimify.languages import languages

if TYPE_CHECKING:
    from slimify.languages.parts import StartedPrograms

_WORD = re.compile(r"[A-Za-z0-9_.+@/-]+")
STEPS = 200  # texts that are followed


def is_script(path: str) -> bool:
    """Whether `called` would read a file, should something start it; for the `keep` of a reader."""
    name = posixpath.basename(path)
    if path.startswith(("/usr/share/", "/usr/lib/", "/proc/")) or any(x.is_installed(path) for x in _parts()):
        return False
    if is_shell_file(name) or name.endswith("entrypoint") or name == "Makefile" or holds_commands(path):
        return True
    return any(part.says_what_starts(path) for part in _parts())


@cache
def _parts() -> tuple[StartedPrograms, ...]:
    return tuple(part for known in languages() if (part := known.started_programs) is not None)


def called(sight: Sight) -> frozenset[str]:
    """The names of programs that the start command, its scripts, manifests and the Makefile mention."""
    directory = str(sight.image.config.get("WorkingDir") or "/")
    found: set[str] = set()
    waiting = [" ".join(sight.started)]
    read: set[str] = set()
    while waiting and len(read) < STEPS:
        for word in _WORD.findall(waiting.pop()):
            name = posixpath.basename(word.rstrip("/"))
            if not name or (name in found and word == name):
                continue
            found.add(name)
            for path in _texts(sight, word, name, directory):
                if path not in read:
                    read.add(path)
                    waiting.append(_text(sight, path, found))
    return frozenset(found)


def _texts(sight: Sight, word: str, name: str, directory: str) -> list[str]:
    """The files that a word may mean: itself, in PATH, or what its program reads."""
    places = [posixpath.normpath(posixpath.join(directory, word))]
    if "/" not in word:
        places += [
            posixpath.join(part, word) for part in sight.environment.get("PATH", "").split(":") if part
        ]
    for part in _parts():
        places += part.read_by(name, sight.image.contents)
    if name == "make":
        places.append(posixpath.join(directory, "Makefile"))
    elif name.startswith("supervisord"):
        places += ["/etc/supervisor/supervisord.conf", "/etc/supervisord.conf"]
    entries = (sight.files.resolve(place) for place in places)
    return [e.path for e in entries if e is not None and e.kind == "file"]


def _text(sight: Sight, path: str, found: set[str]) -> str:
    data = sight.image.contents.get(path)
    if data is None:
        head = sight.image.heads.get(path, b"")
        return head.decode("utf-8", "replace") if head.startswith(b"#!") else ""
    scripts = next((text for part in _parts() if (text := part.scripts(path, data, found)) is not None), None)
    return data.decode("utf-8", "replace") if scripts is None else scripts
