"""Runtime needs of files that earlier stages build and the last stage copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from slimify.analysis.language import language_of
from slimify.analysis.packages.module_needs import installed_modules, module_needs
from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.sources import read_sources
from slimify.context.scan import Context
from slimify.facts.basemap import BaseMap
from slimify.facts.images import ImageFacts
from slimify.facts.packages import system_package
from slimify.model.dockerfile import Dockerfile
from slimify.model.sources import Use
from slimify.semantics.walk import Visit, base_image, start_state, walk
from slimify.syntax.dockerfile.instructions import copy_parts, from_parts, split_stages

_CALLED_KINDS = ("fetch", "tool")  # kinds of packages that are installed to be called


def with_previous_stages(
    runtime_needs: RuntimeNeeds,
    file: Dockerfile,
    in_force: Sequence[Mapping[str, str]],
    visits: Sequence[Visit],
    context: Context,
    base: ImageFacts | None,
    names: BaseMap,
) -> RuntimeNeeds:
    """Adds the needs of earlier stages from which the last stage, `visits`, copies files. If the sources of
    such a stage are not in the context, it may call any tool that the last stage installs."""
    stages = split_stages(file)
    places = {id(x): index for index, x in enumerate(file.instructions)}
    effects = [e for v in visits for found in v.effects for e in found]
    installed = [p.name for e in effects if e.kind == "packages" for p in e.packages]
    copies = _stage_copy_lines(visits, {from_parts(s[0]).alias for s in stages[:-1]}, len(stages) - 1)
    if not installed or not copies:
        return runtime_needs
    commands, libraries = dict(runtime_needs.commands), dict(runtime_needs.libraries)
    packages, dynamic, unread = dict(runtime_needs.system_packages), runtime_needs.dynamic, False
    for stage in stages[:-1]:
        _, facts = base_image(stage[0], in_force[places[id(stage[0])]], names)
        body = [(places[id(x)], x) for x in stage[1:]]
        found, end = walk(body, dict(enumerate(in_force)), start_state(facts, context), file.escape)
        own = tuple(e for v in found for atom in v.effects for e in atom)
        language = language_of(facts, found, context)
        sources = read_sources(end.view, language, (), own).facts
        unread = unread or any(e.kind in ("unknown", "fetch") for e in own) or bool(sources.skipped)
        dynamic = (*dynamic, *sources.dynamic)
        for use in (*sources.commands, *(sources.mentioned if sources.dynamic else ())):
            commands.setdefault(use.name.rpartition("/")[2], use)
        libraries = {**{use.name: use for use in sources.libraries}, **libraries}
        needs = module_needs(installed_modules(own, end.view), base, installed)
        commands, packages = {**needs.commands, **commands}, {**needs.packages, **packages}
    if unread:
        commands = {**_callable_commands(installed, base, copies[0]), **commands}
    return replace(
        runtime_needs, commands=commands, libraries=libraries, system_packages=packages, dynamic=dynamic
    )


def _stage_copy_lines(visits: Sequence[Visit], aliases: set[str | None], count: int) -> list[int]:
    """The lines of the COPY instructions that copy from a stage of the file."""
    known = {a.lower() for a in aliases if a} | {str(number) for number in range(count)}
    return [
        v.instruction.line
        for v in visits
        if v.instruction.keyword == "COPY" and (copy_parts(v.instruction).from_stage or "").lower() in known
    ]


def _callable_commands(installed: Sequence[str], base: ImageFacts | None, line: int) -> dict[str, Use]:
    """The programs of installed packages that are tools to be called."""
    release = (base.distro, base.suite) if base else (None, None)
    facts = (system_package(name, *release) for name in installed)
    known = (f for f in facts if f is not None and f.kind in _CALLED_KINDS)
    return {c: Use(name=c, file="Dockerfile", line=line) for f in known for c in (f.name, *f.commands)}
