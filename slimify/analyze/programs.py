"""Which programs an image starts, as far as the texts in it tell.

A word too many only keeps something that could have been called waste: words are taken from
whatever a start reaches, without understanding it.
"""

from __future__ import annotations

import json
import posixpath
import re

from slimify.analyze.image_inputs import Sight
from slimify.image.layout import mapping

_WORD = re.compile(r"[A-Za-z0-9_.+@/-]+")
_MANAGERS = frozenset({"npm", "yarn", "pnpm", "bun", "npx"})
_SETTINGS = ("supervisord.conf", "Procfile", "ecosystem.config.js", "process.json", "crontab")
STEPS = 200  # texts that are followed


def is_script(path: str) -> bool:
    """Whether `called` would read a file, should something start it; for the `keep` of a reader."""
    name = posixpath.basename(path)
    if path.startswith(("/usr/share/", "/usr/lib/", "/proc/")) or "/node_modules/" in path:
        return False
    return name.endswith((".sh", "entrypoint", ".bash")) or name in (*_SETTINGS, "Makefile", "package.json")


def called(sight: Sight) -> frozenset[str]:
    """The names of programs that the start command, its scripts, package.json and the Makefile mention."""
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
    if name in _MANAGERS:
        # That of the working directory, or that of a workspace.
        known = (path for path in sight.image.contents if path.endswith("/package.json"))
        places += [path for path in known if "/node_modules/" not in path]
    elif name == "make":
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
    if path.endswith("package.json"):
        return _scripts(data, found)
    return data.decode("utf-8", "replace")


def _scripts(data: bytes, named: set[str]) -> str:
    """The scripts of a package.json that something names, or that `npm start` runs."""
    try:
        scripts = mapping(mapping(json.loads(data)).get("scripts"))
    except (ValueError, RecursionError):
        return ""
    run = named | {"start"}
    return " ".join(
        str(text)
        for name, text in scripts.items()
        if run & {name, name.removeprefix("pre"), name.removeprefix("post")}
    )
