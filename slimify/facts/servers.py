"""Facts about web servers and programs that start others: process managers, schedulers, login programs."""

from __future__ import annotations

from functools import cache

from slimify.facts import words
from slimify.languages import languages


def _words(kind: str, name: str) -> tuple[str, ...]:
    return words("servers.toml", kind, name)


def _name(word: str) -> str:
    return word.rpartition("/")[2]


def is_web_server(word: str) -> bool:
    """Whether a program is a web server that serves files from configured directories."""
    return _name(word) in (*_words("web", "files"), *_words("web", "modules"))


def serves_only_files(word: str) -> bool:
    """Whether a program serves files and never executes application code, not even through a module."""
    return _name(word) in (*_words("web", "files"), *_static())


@cache
def _static() -> tuple[str, ...]:
    texts = (known.facts("servers.toml").get("static", "") for known in languages())
    return tuple(word for text in texts for word in text.split())


def document_roots() -> tuple[str, ...]:
    """The directories that web servers serve by default."""
    return _words("web", "roots")


def path_directives() -> tuple[str, ...]:
    """The directives of web servers whose values are paths."""
    return _words("web", "directives")


def configuration_directories() -> tuple[str, ...]:
    """The directories in which web servers look for their configuration."""
    return _words("web", "configured")


def served_names() -> tuple[str, ...]:
    """The directory names that frameworks serve by default."""
    return _words("web", "served")


def drops_root(word: str) -> bool:
    """Whether a program starts as root and runs its workers as another user."""
    return _name(word) in _words("starters", "drop_root")


def sets_path(word: str) -> bool:
    """Whether a program starts others with its own PATH."""
    return _name(word) in _words("starters", "own_path")


def holds_commands(path: str) -> bool:
    """Whether a configuration file contains command lines that a process manager or cron starts."""
    name = _name(path)
    supervised = "supervisor" in path and path.endswith((".conf", ".ini"))
    return name in _words("commands", "files") or name.endswith(_words("commands", "endings")) or supervised


def command_directories() -> tuple[str, ...]:
    """The directories of an image in which each file contains such command lines."""
    return tuple(_words("commands", "directories"))


def is_command_key(key: str) -> bool:
    """Whether the value of this key in such a file is a command line."""
    return key in _words("commands", "keys")
