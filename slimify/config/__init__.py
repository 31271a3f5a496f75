"""Loads the effective settings for a Dockerfile as `Options`, which describes each setting.

The settings file is the nearest slimify.toml, or pyproject.toml with a table [tool.slimify], in the
directory of the Dockerfile or above, up to the root of its repository:

    base = "slim"
    build-args = { PORT = "8080" }

    [files."services/*/Dockerfile"]  # overrides for these files
    base = "same"
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import tomli
from msgspec import Struct
from msgspec.structs import replace

from slimify.config.commandline import words
from slimify.config.options import Base, Builder, MinSaving, Options, parse_min_saving
from slimify.config.settings import SETTINGS, is_path

if TYPE_CHECKING:
    from slimify.model.errors import SlimifyError

__all__ = [
    "BAD_SETTING", "SETTINGS", "Base", "Builder", "Layer", "MinSaving", "Options", "ancestors", "concerns",
    "fold", "is_path", "layers", "load", "parse_min_saving", "repository_root", "settings_file",
    "words",
]  # fmt: skip

BAD_SETTING = "SL904"
_GENERAL = {
    "probes": 'use a table of its own: [probes."worker.Dockerfile"]',
    "pr": "requests concern the whole repository",
}


class Layer(Struct, frozen=True):
    """A table of settings: its origin, and values by their field in Options."""

    origin: str
    values: Mapping[str, object]


def repository_root(directory: Path) -> Path | None:
    """The nearest of `directory` and its parents that contains a version control folder, or None."""
    for candidate in (directory, *directory.parents):
        if any((candidate / name).exists() for name in (".git", ".hg", ".svn")):
            return candidate
    return None


def ancestors(directory: Path) -> tuple[Path, ...]:
    """`directory` and its parents, up to the root of the repository; outside a repository, only itself."""
    directory = directory.resolve()
    root = repository_root(directory)
    if root is None:
        return (directory,)
    return (directory, *(p for p in directory.parents if p == root or root in p.parents))


def load(directory: Path, file: Path | None = None) -> Options:
    """The settings for Dockerfiles in `directory`, including overrides for `file`; defaults if there is
    no settings file.

    Raises SlimifyError for an unreadable file, an unknown setting or an invalid value.
    """
    return fold(*layers(directory, file))


def layers(directory: Path, file: Path | None) -> tuple[Path | None, tuple[Layer, ...]]:
    """The settings file, and its tables that apply to `file`; later ones override earlier ones."""
    path, table = settings_file(directory)
    if path is None:
        return None, ()
    special = table.get("files", {})
    if not isinstance(special, dict) or not all(isinstance(value, dict) for value in special.values()):
        raise _wrong(f'{path}: "files" must be a table of tables')
    general = {name: value for name, value in table.items() if name != "files"}
    found = [_layer(path, path.name, general)]
    name = os.path.relpath(file.resolve(), path.parent.resolve()).replace(os.sep, "/") if file else ""
    for pattern, values in special.items():
        layer = _layer(path, f'{path.name} [files."{pattern}"]', values, special=True)
        found += [layer] if name and concerns(pattern, name) else []
    return path, tuple(found)


def fold(path: Path | None, found: Iterable[Layer]) -> Options:
    """The options of several tables combined: lists are extended, tables merged, other values replaced."""
    options = Options(settings=str(path)) if path is not None else Options()
    for layer in found:
        for name, value in layer.values.items():
            options = replace(options, **{name: _joined(getattr(options, name), value)})
    if path is not None and options.templates:
        options = replace(options, templates=_templates(path, options.templates))
    return options


def _joined(before: object, value: object) -> object:
    if isinstance(before, tuple) and isinstance(value, tuple):
        return (*before, *(item for item in value if item not in before))
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        return {**before, **value}
    return value


def concerns(pattern: str, name: str) -> bool:
    """Whether the pattern of a `files` table matches a Dockerfile's path, relative to the settings file.

    `*` does not match slashes, `**` does. A directory matches all files in it; a name without a slash
    matches files of that name anywhere.
    """
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.removeprefix("./").rstrip("/"))
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    regex = "".join(meant.get(part) or re.escape(part) for part in parts)
    anywhere = "" if "/" in pattern else "(?:.*/)?"
    return re.fullmatch(f"{anywhere}{regex}|{regex}/.*", name) is not None


def _templates(path: Path, directory: str) -> str:
    """The user's template directory, which must be within the repository."""
    found = (path.parent / directory).resolve()
    root = (repository_root(path.parent.resolve()) or path.parent).resolve()
    if not found.is_dir() or not found.is_relative_to(root):
        why = "is outside the repository" if found.is_dir() else "is not a directory"
        raise _wrong(f'{path}: setting "templates": {directory} {why}')
    return str(found)


def settings_file(directory: Path) -> tuple[Path | None, Mapping[str, object]]:
    """The settings file for Dockerfiles in `directory`, or None, and its table.

    Raises SlimifyError for an unreadable slimify.toml.
    """
    for candidate in ancestors(directory):
        for name in ("slimify.toml", "pyproject.toml"):
            path = candidate / name
            table = _table(path) if path.is_file() else None
            if table is not None:
                return path, table
    return None, {}


def _table(path: Path) -> Mapping[str, object] | None:
    """slimify's settings in one file, or None for a pyproject.toml without any."""
    try:
        document = tomli.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if path.name == "pyproject.toml":
            return None  # other tools report a malformed pyproject.toml
        raise _wrong(f"cannot read {path}: {error}") from error
    if path.name == "slimify.toml":
        return document
    tool = document.get("tool")
    table = tool.get("slimify") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise _wrong(f"{path}: [tool.slimify] must be a table")
    return table


def _layer(path: Path, origin: str, table: Mapping[str, object], *, special: bool = False) -> Layer:
    values: dict[str, object] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name not in SETTINGS:
            known = ", ".join(sorted(SETTINGS))
            raise _wrong(f'{path}: unknown setting "{key}"', hint=f"known settings: {known}")
        if special and name in _GENERAL:
            raise _wrong(f'{path}: "{name}" is not allowed in "files"', hint=_GENERAL[name])
        try:
            values[name.replace("-", "_")] = SETTINGS[name](value)
        except ValueError as error:
            raise _wrong(f'{path}: setting "{key}": {error}') from None
    return Layer(origin, values)


def _wrong(message: str, hint: str = "") -> SlimifyError:
    from slimify.model.errors import SlimifyError  # not for `slimify --version`

    return SlimifyError(BAD_SETTING, message, hint=hint)
