"""Commands that belong to installed packages: they run code of the application."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from slimify.analysis.packages.module_needs import installed_modules
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.semantics.effects.state import State
from slimify.semantics.walk import Visit


def installed_commands(visits: Sequence[Visit], end: State) -> tuple[Visit, ...]:
    """The visits, with each unknown command that has the name of an installed package turned into an `app`
    effect: it has to be executed in the final stage, where the packages are."""
    effects = tuple(e for v in visits for atom in v.effects for e in atom)
    if not any(e.kind == "unknown" for e in effects):
        return tuple(visits)
    modules = installed_modules(effects, end.view)
    names = {_normalized(m.use.name) for m in modules if _installs_on_path(m.language)}
    return tuple(
        replace(v, effects=tuple(tuple(_as_application(e, names) for e in atom) for atom in v.effects))
        if v.effects
        else v
        for v in visits
    )


def _installs_on_path(name: str) -> bool:
    """Whether the language's packages put their programs on PATH."""
    own = language(name)
    return own is not None and own.installs_on_path


def _as_application(effect: Effect, names: set[str]) -> Effect:
    if effect.kind != "unknown" or _normalized(effect.tool) not in names or "/" in effect.tool:
        return effect
    return replace(effect, kind="app", action=effect.tool, why=Reason.of("SL221", "installed_program"))


def _normalized(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
