"""Collects the names of programs that an image may start, from its start command and scripts.

All words of the texts are collected without parsing them. A wrong word only prevents a finding.
"""

from __future__ import annotations

import posixpath
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from slimify.analyze.image_inputs import ImageInputs
from slimify.facts.servers import holds_commands
from slimify.facts.shells import is_shell_file
from slimify.languages import languages
from slimify.model.regex import regex

if TYPE_CHECKING:
    from slimify.languages.parts import StartedPrograms

_WORD = regex(r"[A-Za-z0-9_.+@/-]+")
MAX_TEXTS = 200  # texts read


def is_script(path: str) -> bool:
    """Whether `mentioned_programs` may read a file; for the `keep` of a reader."""
    if path.startswith(("/usr/share/", "/usr/lib/", "/proc/")):
        return False
    name = path.rpartition("/")[2]
    if not (_is_start_name(name) or holds_commands(path)):
        return False
    return not any(part.is_package_file(path) for part in _language_parts())


@lru_cache(4096)
def _is_start_name(name: str) -> bool:
    if is_shell_file(name) or name.endswith("entrypoint") or name == "Makefile":
        return True
    return any(part.names_start(name) for part in _language_parts())


@cache
def _language_parts() -> tuple[StartedPrograms, ...]:
    return tuple(part for known in languages() if (part := known.started_programs) is not None)


def mentioned_programs(inputs: ImageInputs) -> frozenset[str]:
    """The program names that the start command, its scripts, manifests and the Makefile mention."""
    directory = str(inputs.image.config.get("WorkingDir") or "/")
    found: set[str] = set()
    waiting = [" ".join(inputs.start_words)]
    read: set[str] = set()
    while waiting and len(read) < MAX_TEXTS:
        for word in _WORD.findall(waiting.pop()):
            name = posixpath.basename(word.rstrip("/"))
            if not name or (name in found and word == name):
                continue
            found.add(name)
            for path in _candidate_files(inputs, word, name, directory):
                if path not in read:
                    read.add(path)
                    waiting.append(_commands_in(inputs, path, found))
    return frozenset(found)


def _candidate_files(inputs: ImageInputs, word: str, name: str, directory: str) -> list[str]:
    """The files that a word may refer to: a path, a program in PATH, or files that this program reads."""
    places = [posixpath.normpath(posixpath.join(directory, word))]
    if "/" not in word:
        places += [
            posixpath.join(part, word) for part in inputs.environment.get("PATH", "").split(":") if part
        ]
    for part in _language_parts():
        places += part.files_read_by(name, inputs.image.contents)
    if name == "make":
        places.append(posixpath.join(directory, "Makefile"))
    elif name.startswith("supervisord"):
        places += ["/etc/supervisor/supervisord.conf", "/etc/supervisord.conf"]
    entries = (inputs.files.resolve(place) for place in places)
    return [e.path for e in entries if e is not None and e.kind == "file"]


def _commands_in(inputs: ImageInputs, path: str, found: set[str]) -> str:
    data = inputs.image.contents.get(path)
    if data is None:
        head = inputs.image.heads.get(path, b"")
        return head.decode("utf-8", "replace") if head.startswith(b"#!") else ""
    scripts = next(
        (text for part in _language_parts() if (text := part.named_scripts(path, data, found)) is not None),
        None,
    )
    return data.decode("utf-8", "replace") if scripts is None else scripts
