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
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from slimify.model.effects import Effect, EffectKind
    from slimify.semantics.effects.call import Call
    from slimify.semantics.effects.state import State


class Commands(Protocol):
    """A module of `Language.commands`: what calls of its programs do.

    Beside `HANDLERS` it may have `MOVES`, what a call changes for the commands behind it (the call and the
    state in; the state out), and `PRINTS`, what `$(program words)` is replaced by (the words behind the
    program's name and the state in; None where only the running program tells).
    """

    HANDLERS: Mapping[str, Callable[[Call], tuple[Effect, ...]]]


class Tools(Protocol):
    """Part `commands.tools`: programs that the package manager puts beside a project."""

    def tool_effects(self, call: Call, kind: EffectKind) -> tuple[Effect, ...]:
        """What a call of one does whose kind is known by its name (the `tools` of the language's
        `commands.toml`)."""


class SourcedFiles(Protocol):
    """Part `commands.sourced_files`: files that a shell reads with `.`, known by their names."""

    def sourced(self, path: str, state: State) -> State | None:
        """The state after `. path`; None for a file that is none of these."""


class LocalSources(Protocol):
    """Part `commands.local_sources`: what manifests say of packages that lie beside the project."""

    def named(self, manifest: str, text: str) -> Iterable[str]:
        """The places that a manifest names, as they are written."""

    def included(self, manifest: str, text: str) -> Iterable[str]:
        """The manifests that it includes, as they are written."""


class Places(Protocol):
    """Part `commands.places`: where the language's own programs install to."""

    def base(self, state: State) -> str | None:
        """The directory that `@name` stands for in tables, None if it is not known."""


class Language(Struct, frozen=True, kw_only=True):
    """A language as its folder describes it.

    `name` is what effects, facts, plans and outcomes carry; `title` what people read. `package` is the dotted
    name of the folder. `markers` are files that show a project, the surest first; `endings` those of source
    files. `starts` are words of a start command that show the language. `commands` maps a module of the
    folder to the programs whose calls it interprets, in words separated by blanks: the module is imported
    when one of them is met. `versioned` are programs whose file names may carry a version (python3.11).
    """

    name: str
    title: str
    package: str
    markers: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    commands: Mapping[str, str] = {}
    versioned: tuple[str, ...] = ()

    def part(self, name: str) -> Any:
        """The module `name` of the folder, or None where it has none."""
        return _part(f"{self.package}.{name}")

    @property
    def tools(self) -> Tools | None:
        part: Tools | None = self.part("commands.tools")
        return part

    @property
    def sourced_files(self) -> SourcedFiles | None:
        part: SourcedFiles | None = self.part("commands.sourced_files")
        return part

    @property
    def local_sources(self) -> LocalSources | None:
        part: LocalSources | None = self.part("commands.local_sources")
        return part

    @property
    def places(self) -> Places | None:
        part: Places | None = self.part("commands.places")
        return part

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
