"""Gems are installed in the builder and copied; the application's own files are copied as before."""

from __future__ import annotations

from functools import partial

from ruby import LANGUAGE

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.model.decisions import Reason
from slimify.model.plan import Rung
from slimify.planning.estimates import estimate
from slimify.planning.final_stage.commands import SplitRequest
from slimify.planning.final_stage.copy_owner import copy_owner
from slimify.planning.final_stage.restore_packages import restored_packages
from slimify.planning.layout import CopyFromBuilder, Layout
from slimify.planning.proposal import Proposal, base_and_copies, on_slim_and_same
from slimify.planning.stages.split import split_layout
from slimify.planning.stages.unknown_steps import keep_everything_before_unknown, split_obstacle


def propose(program: Program, options: Options) -> Proposal:
    return on_slim_and_same(program, options, partial(_layout, program))


def _layout(program: Program, rung: Rung, base: str) -> Layout | Reason:
    if rung == "same-base":
        program = keep_everything_before_unknown(program)
    copies = tuple(
        CopyFromBuilder(
            path=made.path, after=made.first, owner=copy_owner(program, made), is_file=made.is_file
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
