"""Gems are installed in the builder and copied; the application's own files are copied as before."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.facts.images import image
from slimify.model.decisions import Decision, Reason
from slimify.model.plan import Rung
from slimify.planning.estimates import estimate
from slimify.planning.final_stage.copy_owner import owner
from slimify.planning.final_stage.rebase import same_family, written_base
from slimify.planning.final_stage.restore_packages import put_back
from slimify.planning.final_stage.steps import SplitRequest
from slimify.planning.layout import CopyFromBuilder, Layout
from slimify.planning.stages.partition import part
from slimify.planning.stages.unknown_steps import blocked, keep_everything_before_unknown
from slimify.planning.strategy import Proposal
from ruby import LANGUAGE


def propose(program: Program, options: Options) -> Proposal:
    tried: list[Layout | Reason] = []
    slim = same_family(written_base(program), program) if program.base else None
    if slim and options.base in ("auto", "slim", "minimal"):
        tried.append(_try(program, "slim", slim))
    if options.base in ("auto", "same"):
        tried.append(_try(keep_everything_before_unknown(program), "same-base", written_base(program)))
    return Proposal(
        layouts=tuple(t for t in tried if isinstance(t, Layout)),
        reasons=tuple(t for t in tried if isinstance(t, Reason)),
    )


def _try(program: Program, rung: Rung, base: str) -> Layout | Reason:
    copies = tuple(
        CopyFromBuilder(path=made.path, after=made.first, owner=owner(program, made.user), is_file=made.is_file)
        for made in program.made
    )
    head, restored, missing = put_back(program, base) if rung == "slim" else ((), (), None)
    if missing:
        return missing
    chosen = "SL301" if rung == "slim" else "SL302"
    lines = program.dockerfile.instructions
    copied = (
        Decision.of("SL310", "copied", safety="safe", line=lines[c.after].line, path=c.path) for c in copies
    )
    wanted = SplitRequest(
        rung=rung,
        base=base,
        copies=copies,
        final_head=head,
        decisions=(Decision.of(chosen, "same", safety="safe", base=base, language=LANGUAGE.title), *copied, *restored),
        saving=_saving(program, rung),
        original=estimate.original(program),
    )
    return blocked(program, wanted) or part(program, wanted)


def _saving(program: Program, rung: Rung) -> int:
    saving = estimate.dropped_packages(program) + estimate.caches(program, LANGUAGE.name)
    saving += estimate.left_lists(program)
    if rung == "slim" and program.base is not None:
        smaller = image(program.base.slim_partner or "")
        saving += program.base.size - (smaller.size if smaller else 0)
    return saving
