"""What a language's strategy proposes."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.model.decisions import Decision, Reason
from slimify.model.plan import Plan, Rung
from slimify.model.sizes import MB
from slimify.planning.layout import CopyFromBuilder, Layout


class Proposal(Struct, frozen=True, kw_only=True):
    """Layouts, best first, and the reasons why better ones are not possible."""

    layouts: tuple[Layout, ...] = ()
    reasons: tuple[Reason, ...] = ()


def base_and_copies(
    program: Program, rung: Rung, base: str, copies: Iterable[CopyFromBuilder], language: str
) -> tuple[Decision, ...]:
    """The decisions about the base of the final stage, which has the interpreter of `language`, and about
    each copy."""
    lines = program.dockerfile.instructions
    if rung == "slim":
        chosen = Decision.of("SL301", "same", base=base, language=language)
    else:
        chosen = Decision.of("SL302", "same", base=base)
    copied = (Decision.of("SL310", "copied", line=lines[c.after].line, path=c.path) for c in copies)
    return (chosen, *copied)


def gains_over(layout: Layout, cleaned: Plan, removed_again: int, options: Options) -> bool:
    """Whether a further stage on the same base pays: it saves clearly more than a worthwhile cleaning in
    place. `removed_again` is what RUNs install and remove again in that cleaning: a second stage reads better
    and repeats less of it."""
    least = max(options.min_saving.in_place(layout.original), 1)
    return cleaned.saving < least or layout.saving - (cleaned.saving - removed_again) >= least


def small_saving(rung: Rung, saving: int, *, measured: bool = False) -> Reason:
    """The reason SL407: the rewrite saves too little. `saving` is in bytes."""
    megabytes = max(saving, 0) // MB
    if measured:
        return Reason.of("SL407", "small_measured", rung=rung, megabytes=megabytes)
    return Reason.of("SL407", "small", rung=rung, megabytes=megabytes)
