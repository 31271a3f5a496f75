"""Gems are installed in the builder and copied; the application's own files are copied as before."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.model.decisions import Reason
from slimify.model.plan import Rung
from slimify.planning.estimates import estimate
from slimify.planning.final_stage.copy_owner import copy_owner
from slimify.planning.final_stage.rebase import slim_variant, base_as_written
from slimify.planning.final_stage.restore_packages import restored_packages
from slimify.planning.final_stage.commands import SplitRequest
from slimify.planning.layout import CopyFromBuilder, Layout
from slimify.planning.stages.split import split_layout
from slimify.planning.stages.unknown_steps import split_obstacle, keep_everything_before_unknown
from slimify.planning.proposal import Proposal, base_and_copies
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
        CopyFromBuilder(
            path=made.path, after=made.first, owner=copy_owner(program, made.user), is_file=made.is_file
        )
        for made in program.artifacts
    )
    head, restored, missing = restored_packages(program, base) if rung == "slim" else ((), (), None)
    if missing:
        return missing
    request = SplitRequest(
        rung=rung,
        base=base,
        copies=copies,
        final_head=head,
        decisions=(*base_and_copies(program, rung, base, copies, LANGUAGE.title), *restored),
        saving=estimate.saved_bytes(program, rung),
        original=estimate.original_bytes(program),
    )
    return split_obstacle(program, request) or split_layout(program, request)
