"""Program -> layouts, best first. Each language brings its own."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.facts.images import image
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.versions import version_numbers
from slimify.planning.strategy import Proposal


def propose(program: Program, options: Options) -> Proposal:
    """The layouts of the strategy for the program's language; none where no step can be executed."""
    empty = _nothing_to_run_with(program)
    if empty:
        return Proposal(reasons=(empty,))
    known = language(program.language)
    if known is None or known.layouts is None:
        return Proposal(reasons=(Reason.of("SL410", "no_language"),))
    return _with_glibc(known.layouts.propose(program, options), options.min_glibc)


def _nothing_to_run_with(program: Program) -> Reason | None:
    """Why the file can't be built: a RUN on the empty image, where nothing that was copied may be a shell or
    the program that it starts; None if there is no such RUN."""
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


def _with_glibc(proposal: Proposal, least: str) -> Proposal:
    """The layouts whose new base image has at least that release of glibc; no glibc at all is none.

    The original's own base has what runs on it, whatever is known about its name.
    """
    if not least:
        return proposal
    old = [x for x in proposal.layouts if x.rung != "same-base" and not _has(x.base, least)]
    why = tuple(
        Reason.of("SL391", "glibc", rung=layout.rung, base=layout.base, least=least) for layout in old
    )
    kept = tuple(layout for layout in proposal.layouts if layout not in old)
    return Proposal(layouts=kept, reasons=(*proposal.reasons, *why))


def _has(base: str, least: str) -> bool:
    facts = image(base)
    version = facts.libc_version if facts else None
    return version is not None and version_numbers(version) >= version_numbers(least)
