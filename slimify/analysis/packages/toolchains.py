"""Interpreters and installers from system packages that only build steps use.

Examples: Node that bundles the front end of a Python or Go application, pip that fills site-packages. Their
results are copied. They are not needed themselves unless run time calls them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from slimify.analysis.program import Step
from slimify.facts.toolchains import Toolchain, has_own_interpreter, installers, toolchain
from slimify.languages import language, languages
from slimify.model.sources import Use
from slimify.semantics.effects.state import State
from slimify.semantics.paths import is_named_place

if TYPE_CHECKING:
    from slimify.analysis.packages.package_usage import PackageUsage


def build_only_use(name: str, usage: PackageUsage) -> tuple[Use, tuple[str, ...]] | None:
    """The build step that uses the package, and the packages that run time needs instead. None if run time
    starts a program of the toolchain, or if it is not a toolchain package."""
    needs, tools = usage.needs, usage.tools
    started = {*needs.commands, *(e.manager for e in needs.start)}
    for known in languages():
        own, other = installers(known), toolchain(known)
        foreign = known.name != usage.application or needs.only_serves_files
        if not foreign and own is not None and name in own.packages:
            unread = any(e.kind == "unknown" for _, e in usage.effects)
            by_itself = has_own_interpreter(usage.base, known, needs.commands)
            needed = unread or (not by_itself and bool(started & {*own.commands, *own.managers}))
            commands, instead = own.commands, () if by_itself else own.packages[name]
        elif foreign and other is not None and name in other.packages:
            started |= usage.final_stage_tools.keys()
            needed = bool(other.commands & started) or names_packages(other, usage.visits[-1].state)
            commands, instead = other.commands, ()
        else:
            continue
        user = next((tools[c] for c in sorted(commands) if c in tools), None)
        return (user, instead) if user is not None and not needed else None
    return None


def shared_installers(name: str | None, steps: Iterable[Step]) -> frozenset[str]:
    """The system packages of installers that install into the system's directories. What came
    with such a package counted as installed, and would go with it (apk: py3-requests with py3-pip)."""
    known = language(name)
    own = installers(known) if known is not None else None
    writes = (
        w for s in steps for e in s.effects if e.kind == "install" and e.ecosystem == name for w in e.writes
    )
    return frozenset(own.packages) if own is not None and any(map(is_named_place, writes)) else frozenset()


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
