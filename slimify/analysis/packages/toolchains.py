"""Interpreters and installers from system packages that only build steps use.

Examples: Node that bundles the front end of a Python or Go application, pip that fills site-packages. Their
results are copied. They are not needed themselves unless run time calls them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from slimify.analysis.program import RuntimeNeeds, Step
from slimify.facts.toolchains import Installers, Toolchain, installers, toolchain
from slimify.languages import language, languages
from slimify.model.sources import Use
from slimify.semantics.effects.state import State
from slimify.semantics.paths import is_named_place
from slimify.semantics.walk import Visit


def build_only_use(
    name: str,
    visits: Sequence[Visit],
    runtime_needs: RuntimeNeeds,
    tools: Mapping[str, Use],
    language: str | None,
    late: Collection[str] = (),
) -> tuple[Use, tuple[str, ...]] | None:
    """The build step that uses the package, and the packages that run time needs instead. None if run time
    may need it, or if it is not a toolchain package."""
    for known in languages():
        other = toolchain(known) if known.name != language else None
        if other is not None and name in other.packages:
            return _other_language_use(other, visits, runtime_needs, tools, late)
        own = installers(known) if known.name == language else None
        if own is not None and name in own.packages:
            user = _installer_use(own, visits, runtime_needs, tools)
            return (user, own.packages[name]) if user is not None else None
    return None


def _other_language_use(
    other: Toolchain,
    visits: Sequence[Visit],
    runtime_needs: RuntimeNeeds,
    tools: Mapping[str, Use],
    late: Collection[str],
) -> tuple[Use, tuple[str, ...]] | None:
    user = _first_user(other.commands, tools)
    if (
        user is None
        or other.commands & {*runtime_needs.commands, *late}
        or not visits
        or names_packages(other, visits[-1].state)
    ):
        return None
    return user, ()


def _installer_use(
    own: Installers, visits: Sequence[Visit], runtime_needs: RuntimeNeeds, tools: Mapping[str, Use]
) -> Use | None:
    started = {e.manager for e in runtime_needs.start} & own.managers
    if started or own.commands & set(runtime_needs.commands) or _has_effect(visits, "unknown"):
        return None
    return _first_user(own.commands, tools)


def shared_installers(name: str | None, steps: Iterable[Step]) -> frozenset[str]:
    """The system packages of installers that install into the system's directories. What came
    with such a package counted as installed, and would go with it (apk: py3-requests with py3-pip)."""
    known = language(name)
    own = installers(known) if known is not None else None
    writes = (
        w for s in steps for e in s.effects if e.kind == "install" and e.ecosystem == name for w in e.writes
    )
    return frozenset(own.packages) if own is not None and any(map(is_named_place, writes)) else frozenset()


def _first_user(commands: Collection[str], tools: Mapping[str, Use]) -> Use | None:
    return next((tools[c] for c in sorted(commands) if c in tools), None)


def _has_effect(visits: Sequence[Visit], kind: str) -> bool:
    return any(e.kind == kind for v in visits for atom in v.effects for e in atom)


def names_packages(other: Toolchain, end: State) -> bool:
    """Whether an environment variable or a source file refers to packages that this toolchain installs."""
    if any(other.variables.search(value or "") for name, value in end.env.items() if name != "PATH"):
        return True
    context = end.view.context
    return any(
        path.endswith(other.endings)
        and bool(end.view.image_paths(path))
        and other.sources.search(context.text(path) or "") is not None
        for path in context.files
    )
