"""Runtime needs of files that earlier stages build and the last stage copies."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from slimify.analysis.language import language_of
from slimify.analysis.packages.context_mentions import named_programs
from slimify.analysis.packages.module_needs import installed_modules, module_needs
from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.runtime_needs import Followed
from slimify.analysis.sources import read_sources
from slimify.context.scan import Context
from slimify.context.source_uses import merge
from slimify.facts.images import ImageFacts
from slimify.facts.packages import system_package
from slimify.languages import language as find
from slimify.model.effects import INSTALLS
from slimify.model.sources import Use
from slimify.semantics.machine.stages import Machine, Stage

_CALLED_KINDS = ("fetch", "tool")  # kinds of packages that are installed to be called


def with_previous_stages(
    needs: RuntimeNeeds, machine: Machine, base: ImageFacts | None, application: str | None
) -> RuntimeNeeds:
    """Adds the needs of the stages from which the last one copies programs of `application`, its language, or
    of one that run time starts. If it installs system packages, those of all such stages; it may call any
    tool among them if the sources of a stage are not in the context."""
    last = machine.final
    copies = [
        e.visit.instruction.line for e in last.events if e.copy is not None and e.copy.stage is not None
    ]
    if not copies:
        return needs
    installed, found = _packages(last), needs
    facts, unread = [needs.sources], False
    for stage in (stage for stage in machine.stages if stage in last.sources):
        own, view = [e for v in stage.visits for atom in v.effects for e in atom], stage.end.view
        language = language_of(stage.facts, stage.visits, view.context)
        runs = _runs(language, application, needs)
        if not (installed or runs):
            continue
        followed, sources = Followed(), read_sources(view, language, (), own)
        followed.add_started(sources.started, stage.end, language)
        begun = zip(followed.start, followed.origins, strict=True)
        installers = (replace(use, name=e.manager) for e, use in begun if e.kind in INSTALLS and e.manager)
        sources = followed.with_started(sources)
        named = named_programs(stage.end, base, sources.paths, own) if sources.dynamic else ()
        handed_on = (use for use in named if _may_be_read(use.file, last, view.context, language))
        sources = replace(sources, commands=(*sources.commands, *installers, *handed_on))
        facts += [sources] if runs else []
        unread = unread or any(e.kind in ("unknown", "fetch") for e in own) or bool(sources.skipped)
        names = {use.name.rpartition("/")[2]: use for use in reversed(sources.commands)}
        more = module_needs(installed_modules(own, view), base, (*installed, *_packages(stage)))
        more = replace(
            more,
            commands={**more.commands, **followed.commands, **names},
            libraries={use.name: use for use in sources.libraries},
            dynamic=sources.dynamic,
            unresolved=more.unresolved if runs else {},
        )
        found = found.and_those(more)
    if unread:
        found = found.and_those(RuntimeNeeds(commands=_callable_commands(installed, base, copies[0])))
    return replace(found, sources=merge(facts))


def _may_be_read(file: str, last: Stage, context: Context, language: str | None) -> bool:
    """Whether what a file of an earlier stage names can be read at run time: the image has the file, or what
    is compiled of it, or it is mounted or none."""
    known = find(language)
    compiled = known is not None and file.endswith(known.source_suffixes)
    return compiled or file not in context.files or bool(last.end.view.image_paths(file))


def _runs(language: str | None, application: str | None, needs: RuntimeNeeds) -> bool:
    """Whether programs in a language can run in the image: compiled ones, or its interpreter is started."""
    known = find(language)
    if known is None or known.is_compiled or language == application:
        return known is not None
    return any(name in needs.commands for name in known.interpreters)


def _packages(stage: Stage) -> tuple[str, ...]:
    return tuple(p.name for e in stage.effects if e.kind == "packages" for p in e.packages)


def _callable_commands(installed: Sequence[str], base: ImageFacts | None, line: int) -> dict[str, Use]:
    """The programs of installed packages that are tools to be called."""
    facts = (system_package(name, base) for name in installed)
    known = (f for f in facts if f is not None and f.kind in _CALLED_KINDS)
    return {c: Use(name=c, file="Dockerfile", line=line) for f in known for c in (f.name, *f.commands)}
