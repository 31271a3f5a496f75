"""Loads the effective settings for a Dockerfile as `Options`, which describes each setting.

Later ones override earlier ones: the user's file, `slimify/slimify.toml` in $XDG_CONFIG_HOME; the settings
file of the repository, which is the nearest slimify.toml, or pyproject.toml with a table [tool.slimify], in
the directory of the Dockerfile or above, up to the root of its repository; and the command line:

    base = "slim"
    build-args = { PORT = "8080" }

    [files."services/*/Dockerfile"]  # overrides for these files
    base = "same"

The repository's file may come from a stranger: of it, `trust` takes only what describes the image.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from slimify.config.files import (
    BAD_SETTING,
    ancestors,
    invalid,
    is_inside,
    leads_out,
    read,
    repository_root,
    settings_file,
    user_file,
)
from slimify.config.options import Base, Builder, Ignored, MinSaving, Options, parse_min_saving, words
from slimify.config.settings import SETTINGS, is_path
from slimify.model import globs

__all__ = [
    "BAD_SETTING", "SETTINGS", "STRANGERS", "Base", "Builder", "Ignored", "Layer", "MinSaving", "Options",
    "ancestors", "concerns", "fold", "is_inside", "is_path", "layers", "leads_out", "load",
    "parse_min_saving", "repository_root", "settings_file", "words",
]  # fmt: skip

Author = Literal["user", "repository", "stranger"]
# Given for repositories that the user may not have looked at: only the user's own templates are used.
STRANGERS: Mapping[str, Any] = {"templates": None}
_GENERAL = {
    "probes": 'use a table of its own: [probes."worker.Dockerfile"]',
    "pr": "requests concern the whole repository",
}


_NONE: Mapping[str, Any] = MappingProxyType({})


class Layer(Struct, frozen=True):
    """A table of settings: its origin, values by their field in Options, and what was not taken from it."""

    origin: str
    values: Mapping[str, Any]
    ignored: tuple[Ignored, ...] = ()


def load(directory: Path, file: Path | None = None, given: Mapping[str, Any] = _NONE) -> Options:
    """The settings for Dockerfiles in `directory`, including overrides for `file`; defaults if there is
    no settings file. `given` are the values of the command line, by their field in Options: a path as
    `settings` (`--config`) is read in place of the repository's file, "" (`--isolated`) means none. With
    `STRANGERS`, the repository's templates are not used either.

    Raises SlimifyError for an unreadable file, an unknown setting or an invalid value.
    """
    return fold(*layers(directory, file, given), given)


def layers(
    directory: Path, file: Path | None, given: Mapping[str, Any]
) -> tuple[Path | None, tuple[Layer, ...]]:
    """The settings file, and the tables that apply to `file`; later ones override earlier ones."""
    own = user_file()
    named: str | None = given.get("settings")
    if named is None:
        path, table = settings_file(directory)
    else:
        path = Path(named) if named else None
        table = (read(path) if path is not None else None) or {}
    found = [*_layers(own, read(own) or {}, file, "user")] if own is not None else []
    if path is None:
        return own, tuple(found)
    author: Author = "stranger" if given.items() >= STRANGERS.items() else "repository"
    return path, (*found, *_layers(path, table, file, author if named is None else "user"))


def _layers(path: Path, table: Mapping[str, Any], file: Path | None, author: Author) -> Iterable[Layer]:
    """The tables of one file that apply to the Dockerfile `file`."""
    special = table.get("files", {})
    if not isinstance(special, dict) or not all(isinstance(value, dict) for value in special.values()):
        raise invalid(f'{path}: "files" must be a table of tables')
    general = {name: value for name, value in table.items() if name != "files"}
    yield _layer(path, path.name, general, author)
    name = os.path.relpath(file.resolve(), path.parent.resolve()).replace(os.sep, "/") if file else ""
    for pattern, values in special.items():
        for key in values:
            if (known := key.replace("_", "-")) in _GENERAL:
                raise invalid(f'{path}: "{known}" is not allowed in "files"', hint=_GENERAL[known])
        layer = _layer(path, f'{path.name} [files."{pattern}"]', values, author)
        if name and concerns(pattern, name):
            yield layer


def fold(path: Path | None, found: Iterable[Layer], given: Mapping[str, Any]) -> Options:
    """The options of several tables combined: lists are extended, tables merged, other values replaced.
    Values of the command line replace all."""
    options = Options(settings=str(path)) if path is not None else Options()
    for layer in found:
        values = {name: _joined(getattr(options, name), value) for name, value in layer.values.items()}
        options = replace(options, ignored=(*options.ignored, *layer.ignored), **values)
    values = {name: value for name, value in given.items() if name != "settings" and value is not None}
    return replace(options, **values)


def _joined(before: Any, value: Any) -> Any:
    if isinstance(before, tuple | list) and isinstance(value, type(before)):
        return type(before)((*before, *(item for item in value if item not in before)))
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        return {**before, **{k: _joined(before[k], v) if k in before else v for k, v in value.items()}}
    return value


def concerns(pattern: str, name: str) -> bool:
    """Whether the pattern of a `files` table matches a Dockerfile's path, relative to the settings file.

    `*` does not match slashes, `**` does. A directory matches all files in it; a name without a slash
    matches files of that name anywhere.
    """
    tokens = globs.tokens(pattern.removeprefix("./").rstrip("/"))
    anywhere = () if "/" in pattern else (globs.TREE,)
    return globs.matches((*anywhere, *tokens), name) or globs.matches((*tokens, "/", globs.REST), name)


def _layer(path: Path, origin: str, table: Mapping[str, Any], author: Author) -> Layer:
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name not in SETTINGS:
            known = ", ".join(sorted(SETTINGS))
            raise invalid(f'{path}: unknown setting "{key}"', hint=f"known settings: {known}")
        try:
            values[name.replace("-", "_")] = SETTINGS[name](value)
        except ValueError as error:
            raise invalid(f'{path}: setting "{key}": {error}') from None
    if values.keys().isdisjoint(("probes", "pr", "templates")):
        return Layer(origin, values)
    from slimify.config import trust

    return Layer(origin, *trust.host_settings(path, values, author))
