"""Commands that are programs of installed packages: what they do is the application's business."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from slimify.analysis.packages.needs import installed_modules
from slimify.languages import language
from slimify.model.effects import Effect
from slimify.semantics.effects.state import State
from slimify.semantics.walk import Visit


def installed_commands(visits: Sequence[Visit], end: State) -> tuple[Visit, ...]:
    """The visits, where an unknown command that bears the name of an installed package runs the
    application: it is executed where the packages are, in the stage that runs."""
    effects = tuple(e for v in visits for atom in v.effects for e in atom)
    if not any(e.kind == "unknown" for e in effects):
        return tuple(visits)
    modules = installed_modules(effects, end.view)
    names = {_plain(m.use.name) for m in modules if _on_path(m.language)}
    return tuple(
        replace(v, effects=tuple(tuple(_own(e, names) for e in atom) for atom in v.effects))
        if v.effects
        else v
        for v in visits
    )


def _on_path(name: str) -> bool:
    """Whether the programs of the language's packages are found by their names."""
    own = language(name)
    return own is not None and own.installs_on_path


def _own(effect: Effect, names: set[str]) -> Effect:
    if effect.kind != "unknown" or _plain(effect.tool) not in names or "/" in effect.tool:
        return effect
    return replace(effect, kind="app", action=effect.tool, why="runs the program of an installed package")


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
