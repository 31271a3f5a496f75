"""Program -> layouts, best first, from the strategy of the program's language."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.facts.images import image
from slimify.facts.other_languages import other_language
from slimify.facts.references import parse_reference
from slimify.languages import language, languages
from slimify.model.decisions import Reason
from slimify.model.versions import version_numbers
from slimify.planning.proposal import Proposal


def propose(program: Program, options: Options) -> Proposal:
    """The layouts for the program's language, best first, with the reasons why better ones are not
    possible. A file that cannot be built or has no known language gets reasons only (SL411, SL410)."""
    empty = _scratch_without_shell(program)
    if empty:
        return Proposal(reasons=(empty,))
    if program.bases:
        use = program.bases[0]
        if use.name == "ONBUILD":
            return Proposal(reasons=(Reason.of("SL402", "onbuild", at=use.line),))
        return Proposal(reasons=(Reason.of("SL406", "base_image", file=use.file, at=use.line),))
    known = language(program.language)
    if known is None or known.layouts is None:
        return Proposal(reasons=(_no_language(program),))
    return _with_glibc_minimum(known.layouts.propose(program, options), options.min_glibc)


def _no_language(program: Program) -> Reason:
    titles = tuple(sorted(known.title for known in languages()))
    reference = parse_reference(program.base_ref)
    started = (*program.runtime.argv[:1], *(x.words[0] for x in program.runtime_needs.programs))
    called = tuple(effect.tool for effect in program.effects)
    other = other_language(reference.name if reference is not None else "", started, called)
    if other:
        return Reason.of("SL410", "not_yet", language=other, languages=titles)
    if program.brought:
        return Reason.of("SL410", "finished")
    return Reason.of("SL410", "no_language", languages=titles)


def _scratch_without_shell(program: Program) -> Reason | None:
    """Why the file can't be built: a RUN on `scratch` whose shell or program was not copied before. None if
    there is no such RUN."""
    if program.base_ref != "scratch":
        return None
    for step in program.steps:
        if step.keyword == "ADD" or (step.keyword == "COPY" and step.instruction.flag("from") is not None):
            return None
        if step.keyword == "RUN":
            exec_form = step.instruction.exec_form
            shell = exec_form[0] if exec_form else "/bin/sh"
            if not shell.startswith("/") or step.state.view.context_path(shell) is not None:
                return None
            return Reason.of("SL411", "scratch", at=step.line, shell=shell)
    return None


def _with_glibc_minimum(proposal: Proposal, least: str) -> Proposal:
    """The layouts whose base image has at least glibc `least`; a base without glibc does not qualify.

    The original base always qualifies: the application already runs on it.
    """
    if not least:
        return proposal
    old = [x for x in proposal.layouts if x.rung != "same-base" and not _has_glibc(x.base, least)]
    why = tuple(
        Reason.of("SL391", "glibc", rung=layout.rung, base=layout.base, least=least) for layout in old
    )
    kept = tuple(layout for layout in proposal.layouts if layout not in old)
    return Proposal(layouts=kept, reasons=(*proposal.reasons, *why))


def _has_glibc(base: str, least: str) -> bool:
    facts = image(base)
    version = facts.libc_version if facts else None
    return version is not None and version_numbers(version) >= version_numbers(least)


def pays_after(cleaned: Program, options: Options) -> bool:
    """Whether a second stage would be worth it for the cleaned file: a second run would add it."""
    from slimify.analysis.whole_last_stage import whole_program

    layouts = propose(whole_program(cleaned, options, cleaned.image_evidence), options).layouts
    return any(x.saves(options.min_saving) for x in layouts)
