"""What a language's strategy proposes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from slimify.analysis.closed_worlds import unread_application, unread_manifest
from slimify.analysis.program import Program
from slimify.config import Options
from slimify.facts.system import LOCAL_DIRECTORY, is_managed_directory
from slimify.model.decisions import Decision, Reason
from slimify.model.plan import Plan, Rung
from slimify.planning.estimates.estimate import stored_once
from slimify.planning.final_stage.rebase import base_as_written, slim_variant
from slimify.planning.layout import CopyFromBuilder, Layout


class Proposal(Struct, frozen=True, kw_only=True):
    """Layouts, best first, and the reasons why better ones are not possible."""

    layouts: tuple[Layout, ...] = ()
    reasons: tuple[Reason, ...] = ()


def on_slim_and_same(
    program: Program, options: Options, layout_on: Callable[[Rung, str], Layout | Reason]
) -> Proposal:
    """What `layout_on` finds for the slim variant of the base image and for the base image itself, as far as
    the options ask for them."""
    partner, tried = slim_variant(program), list[Layout | Reason]()
    smaller = options.base in ("auto", "slim", "minimal")
    if smaller and partner:
        tried.append(_unread(program) or layout_on("slim", partner))
    elif smaller and program.base is not None and program.base.variant == "full":
        tried.append(Reason.of("SL391", "no_slim", base=program.base_ref))
    if options.base in ("auto", "same"):
        tried.append(layout_on("same-base", base_as_written(program)))
    return proposal_of(tried)


def _unread(program: Program) -> Reason | None:
    """Why a smaller base may lack something that nobody has read about; None if all was read."""
    path = unread_manifest(program.effects, program.end_state)
    if path:
        return Reason.of("SL392", "unread_manifest", path=path, base=program.base_ref)
    package = unread_application(program.runtime_needs, program.effects, program.context)
    if package and program.base is not None and program.base.variant == "full":
        return Reason.of("SL392", "unread_application", package=package, base=program.base_ref)
    return None


def proposal_of(tried: Sequence[Layout | Reason]) -> Proposal:
    """The layouts among what was tried, and the reasons why there are not more."""
    layouts = tuple(x for x in tried if isinstance(x, Layout))
    return Proposal(layouts=layouts, reasons=tuple(x for x in tried if isinstance(x, Reason)))


def base_and_copies(
    program: Program, rung: Rung, base: str, copies: Sequence[CopyFromBuilder], language: str
) -> tuple[Decision, ...]:
    """The decisions about the base of the final stage, which has the interpreter of `language`, and about
    each copy."""
    if rung == "slim":
        chosen = Decision.of("SL301", "same", base=base, language=language)
    else:
        chosen = Decision.of("SL302", "same", base=base)
    lines = dict.fromkeys(step.line for step, _ in stored_once(program, copies))
    once = (Decision.of("SL352", "once", line=line) for line in lines)
    return (chosen, *copy_decisions(program, copies), *once)


def copy_decisions(program: Program, copies: Iterable[CopyFromBuilder]) -> tuple[Decision, ...]:
    """A decision for each copy from the builder."""
    lines = program.dockerfile.instructions
    return tuple(Decision.of("SL310", "copied", line=lines[c.after].line, path=c.path) for c in copies)


def managed_copy(program: Program, copies: Iterable[CopyFromBuilder], *, local: bool = True) -> Reason | None:
    """Why a copy is not possible: base images and package managers have files of their own in its directory.
    With `local`, /usr/local may be copied whole: what is not the project's is equal in both images."""
    for copy in copies:
        if is_managed_directory(copy.path) and not (local and copy.path == LOCAL_DIRECTORY):
            line = program.dockerfile.instructions[copy.after].line
            return Reason.of("SL392", "system_directory", at=line, path=copy.path)
    return None


def gains_over(layout: Layout, cleaned: Plan, removed_again: int, options: Options) -> bool:
    """Whether a further stage on the same base pays: it saves clearly more than a worthwhile cleaning in
    place. `removed_again` is what RUNs install and remove again in that cleaning: a second stage reads better
    and repeats less of it."""
    least = max(options.min_saving.in_place(layout.original), 1)
    return cleaned.saving < least or layout.saving - (cleaned.saving - removed_again) >= least


def small_saving(rung: Rung, saving: int, *, measured: bool = False) -> Reason:
    """The reason SL407: the rewrite saves too little. `saving` is in bytes."""
    if saving < 1000:
        return Reason.of("SL407", "no_saving", rung=rung)
    if measured:
        return Reason.of("SL407", "small_measured", rung=rung, size=saving)
    return Reason.of("SL407", "small", rung=rung, size=saving)
