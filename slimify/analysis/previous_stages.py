"""Runtime needs of files that earlier stages build and the last stage copies."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from slimify.analysis.language import language_of
from slimify.analysis.packages.module_needs import installed_modules, module_needs
from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.runtime_needs import Followed
from slimify.analysis.sources import read_sources
from slimify.facts.images import ImageFacts
from slimify.facts.packages import system_package
from slimify.model.effects import Effect
from slimify.model.sources import Use
from slimify.semantics.machine.stages import Machine, Stage

_CALLED_KINDS = ("fetch", "tool")  # kinds of packages that are installed to be called


def with_previous_stages(needs: RuntimeNeeds, machine: Machine, base: ImageFacts | None) -> RuntimeNeeds:
    """Adds the needs of the stages from which the last one copies files. If the sources of such a stage are
    not in the context, it may call any tool that the last stage installs."""
    last = machine.final
    copies = [e.visit.instruction.line for e in last.own if e.copy is not None and e.copy.stage is not None]
    installed = [p.name for e in _effects(last) if e.kind == "packages" for p in e.packages]
    if not installed or not copies:
        return needs
    commands, libraries = dict(needs.commands), dict(needs.libraries)
    packages, dynamic, unread = dict(needs.system_packages), needs.dynamic, False
    for stage in (stage for stage in machine.stages if stage in last.sources):
        own, view = _effects(stage), stage.end.view
        language = language_of(stage.facts, stage.visits, view.context)
        followed, sources = Followed(), read_sources(view, language, (), own).facts
        followed.add_started(sources.started, stage.end, language)
        sources = followed.with_started(sources)
        unread = unread or any(e.kind in ("unknown", "fetch") for e in own) or bool(sources.skipped)
        dynamic = (*dynamic, *sources.dynamic)
        for use in (*sources.commands, *(sources.mentioned if sources.dynamic else ())):
            commands.setdefault(use.name.rpartition("/")[2], use)
        libraries = {**{use.name: use for use in sources.libraries}, **libraries}
        found = module_needs(installed_modules(own, view), base, installed)
        commands = {**found.commands, **followed.commands, **commands}
        packages = {**found.packages, **packages}
    if unread:
        commands = {**_callable_commands(installed, base, copies[0]), **commands}
    return replace(needs, commands=commands, libraries=libraries, system_packages=packages, dynamic=dynamic)


def _effects(stage: Stage) -> tuple[Effect, ...]:
    return tuple(e for visit in stage.visits for atom in visit.effects for e in atom)


def _callable_commands(installed: Sequence[str], base: ImageFacts | None, line: int) -> dict[str, Use]:
    """The programs of installed packages that are tools to be called."""
    release = (base.distro, base.suite) if base else (None, None)
    facts = (system_package(name, *release) for name in installed)
    known = (f for f in facts if f is not None and f.kind in _CALLED_KINDS)
    return {c: Use(name=c, file="Dockerfile", line=line) for f in known for c in (f.name, *f.commands)}
