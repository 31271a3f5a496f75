"""Finds and reads settings files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

from slimify.config import disk
from slimify.config.read_file import MOST_BYTES, read_file

if TYPE_CHECKING:
    from slimify.model.errors import SlimifyError

BAD_SETTING = "SL904"
_NAME = "slimify.toml"


def repository_root(directory: Path) -> Path | None:
    """The nearest of `directory` and its parents that contains a version control folder, or None."""
    for candidate in (directory, *directory.parents):
        if any(disk.exists(str(candidate / name)) for name in (".git", ".hg", ".svn")):
            return candidate
    return None


def ancestors(directory: Path) -> tuple[Path, ...]:
    """`directory` and its parents, up to the root of the repository; outside a repository, only itself."""
    directory = Path(disk.real(str(directory)))
    root = repository_root(directory)
    if root is None:
        return (directory,)
    return (directory, *(p for p in directory.parents if p == root or root in p.parents))


def is_inside(path: Path, beside: Path) -> bool:
    """Whether a path, its symlinks followed, is in the repository of the directory `beside`; outside a
    repository, in that directory."""
    beside = beside.resolve()
    try:
        return path.resolve().is_relative_to(repository_root(beside) or beside)
    except (OSError, RuntimeError):  # RuntimeError: a symlink loop, before Python 3.13
        return False


def leads_out(path: Path) -> bool:
    """Whether a path in a repository leads out of it by a symlink, which may be a stranger's."""
    root = repository_root(Path(os.path.abspath(path)).parent)
    return root is not None and not is_inside(path, root)


def user_file() -> Path | None:
    """The settings of the user who runs slimify, or None."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    path = Path(home if os.path.isabs(home) else os.path.expanduser("~/.config"), "slimify", _NAME)
    return path if path.is_file() else None


def settings_file(directory: Path) -> tuple[Path | None, Mapping[str, Any]]:
    """The settings file of the repository for Dockerfiles in `directory`, or None, and its table.

    Raises SlimifyError for an unreadable slimify.toml, and for one that is a symlink out of the repository.
    """
    for candidate in ancestors(directory):
        for name in (_NAME, "pyproject.toml"):
            path = candidate / name
            if not path.is_file():
                continue
            if path.is_symlink() and not is_inside(path, candidate):
                if name != _NAME:
                    continue
                raise invalid(f"{path} is a symlink that leads out of the repository")
            table = read(path)
            if table is not None:
                return path, table
    return None, {}


def read(path: Path) -> Mapping[str, Any] | None:
    """slimify's settings in one file, or None for a pyproject.toml without any. Raises SlimifyError."""
    try:
        document = tomli.loads(read_file(path, MOST_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if path.name == "pyproject.toml":
            return None  # other tools report a malformed pyproject.toml
        reason = error.strerror if isinstance(error, OSError) else error
        raise invalid(f"cannot read {path}: {reason}") from error
    if path.name != "pyproject.toml":
        return document
    tool = document.get("tool")
    table = tool.get("slimify") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise invalid(f"{path}: [tool.slimify] must be a table")
    return table


def invalid(message: str, hint: str = "") -> SlimifyError:
    """The error that a settings file is invalid."""
    from slimify.model.errors import SlimifyError  # not for `slimify --version`

    return SlimifyError(BAD_SETTING, message, hint=hint)
