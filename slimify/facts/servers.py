"""Web servers, and programs that start others: process managers, schedulers, login programs."""

from __future__ import annotations

from functools import cache

from slimify.facts import load
from slimify.languages import languages


@cache
def _words(kind: str, name: str) -> tuple[str, ...]:
    return tuple(load("servers.toml")[kind][name].split())


def _name(word: str) -> str:
    return word.rpartition("/")[2]


def is_web_server(word: str) -> bool:
    """Whether a system's program serves files from the directories that its configuration names."""
    return _name(word) in (*_words("web", "files"), *_words("web", "modules"))


def serves_only_files(word: str) -> bool:
    """Whether a program serves files and executes no code of an application's, also by no module."""
    return _name(word) in (*_words("web", "files"), *_static())


@cache
def _static() -> tuple[str, ...]:
    texts = (known.facts("servers.toml").get("static", "") for known in languages())
    return tuple(word for text in texts for word in text.split())


def document_roots() -> tuple[str, ...]:
    """The directories that web servers serve if nothing is configured."""
    return _words("web", "roots")


def served_names() -> tuple[str, ...]:
    """The names of directories that frameworks serve without being told."""
    return _words("web", "served")


def drops_root(word: str) -> bool:
    """Whether a program starts as root and gives its workers to another user."""
    return _name(word) in _words("starters", "drop_root")


def sets_path(word: str) -> bool:
    """Whether a program starts others with a PATH of its own."""
    return _name(word) in _words("starters", "own_path")


def holds_commands(path: str) -> bool:
    """Whether a file of settings has command lines as values, which a process manager or cron starts."""
    name = _name(path)
    supervised = "supervisor" in path and path.endswith((".conf", ".ini"))
    return name in _words("commands", "files") or name.endswith(_words("commands", "endings")) or supervised


def is_command_key(key: str) -> bool:
    """Whether the value behind this key of such a file is a command line."""
    return key in _words("commands", "keys")
