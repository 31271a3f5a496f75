"""Gems are installed in the builder and copied; the application's own files are copied as before."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.facts.images import image
from slimify.model.decisions import Decision, Reason
from slimify.model.plan import Rung
from slimify.planning.estimates import estimate
from slimify.planning.final_stage.copy_owner import copy_owner
from slimify.planning.final_stage.rebase import slim_variant, base_as_written
from slimify.planning.final_stage.restore_packages import restored_packages
from slimify.planning.final_stage.commands import SplitRequest
from slimify.planning.layout import CopyFromBuilder, Layout
from slimify.planning.stages.split import split_layout
from slimify.planning.stages.unknown_steps import split_obstacle, keep_everything_before_unknown
from slimify.planning.proposal import Proposal
from ruby import LANGUAGE


def propose(program: Program, options: Options) -> Proposal:
    tried: list[Layout | Reason] = []
    slim = slim_variant(base_as_written(program), program) if program.base else None
    if slim and options.base in ("auto", "slim", "minimal"):
        tried.append(_try(program, "slim", slim))
    if options.base in ("auto", "same"):
        tried.append(_try(keep_everything_before_unknown(program), "same-base", base_as_written(program)))
    return Proposal(
        layouts=tuple(t for t in tried if isinstance(t, Layout)),
        reasons=tuple(t for t in tried if isinstance(t, Reason)),
    )


def _try(program: Program, rung: Rung, base: str) -> Layout | Reason:
    copies = tuple(
        CopyFromBuilder(path=made.path, after=made.first, owner=copy_owner(program, made.user), is_file=made.is_file)
        for made in program.artifacts
    )
    head, restored, missing = restored_packages(program, base) if rung == "slim" else ((), (), None)
    if missing:
        return missing
    chosen = "SL301" if rung == "slim" else "SL302"
    lines = program.dockerfile.instructions
    copied = (
        Decision.of("SL310", "copied", safety="safe", line=lines[c.after].line, path=c.path) for c in copies
    )
    request = SplitRequest(
        rung=rung,
        base=base,
        copies=copies,
        final_head=head,
        decisions=(Decision.of(chosen, "same", safety="safe", base=base, language=LANGUAGE.title), *copied, *restored),
        saving=_saving(program, rung),
        original=estimate.original_bytes(program),
    )
    return split_obstacle(program, request) or split_layout(program, request)


def _saving(program: Program, rung: Rung) -> int:
    saving = estimate.dropped_package_bytes(program) + estimate.cache_bytes(program, LANGUAGE.name)
    saving += estimate.left_list_bytes(program)
    if rung == "slim" and program.base is not None:
        smaller = image(program.base.slim_partner or "")
        saving += program.base.size - (smaller.size if smaller else 0)
    return saving
