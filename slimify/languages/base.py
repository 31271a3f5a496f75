"""What a language provides: one folder, asked through a `Language` value.

Shared code never names a language. It asks `languages()` for all of them or `language(name)` for one, and a
`Language` for its parts. A part is a module of the language's folder, imported when it is first asked for,
and satisfies the protocol of the same name; a folder that lacks a part has nothing to say about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import Struct


class Language(Struct, frozen=True, kw_only=True):
    """A language as its folder describes it.

    `name` is what effects, facts, plans and outcomes carry; `title` what people read. `package` is the dotted
    name of the folder. `markers` are files that show a project, the surest first; `endings` those of source
    files. `starts` are words of a start command that show the language. `commands` maps a module of the
    folder to the programs whose calls it interprets, in words separated by blanks: the module is imported
    when one of them is met.
    """

    name: str
    title: str
    package: str
    markers: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    commands: Mapping[str, str] = {}

    def part(self, name: str) -> Any:
        """The module `name` of the folder, or None where it has none."""
        return _part(f"{self.package}.{name}")

    def facts(self, name: str) -> dict[str, Any]:
        """The content of a file of the folder's `facts`, e.g. `packages.toml`; {} without such a file."""
        from slimify.facts import load_file

        path = _folder(self.package) / "facts" / name
        return load_file(path) if path.exists() else {}


@cache
def _part(module: str) -> Any:
    package = module.rpartition(".")[0]
    return import_module(module) if find_spec(package) and find_spec(module) else None


@cache
def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))
