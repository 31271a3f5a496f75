"""What is copied from the builder exists there: a command in a branch may not have run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from slimify.analysis.program import Program
from slimify.model.decisions import Reason
from slimify.model.effects import BUILDS, Effect
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import PathMarks

_MAKES_DIRECTORIES = BUILDS - {"compile"}


def made_certain(program: Program, copies: Sequence[CopyFromBuilder], last: int) -> tuple[str, ...]:
    """The command that creates the directories to copy that may not exist after the builder's `last`
    instruction."""
    paths = [copy.path for copy, _ in _uncertain(program, copies, last)]
    return (f"RUN mkdir -p {' '.join(map(shlex.quote, paths))}",) if paths else ()


def absent_file(program: Program, copies: Sequence[CopyFromBuilder]) -> Reason | None:
    """Why a copy is not possible: it is a file, or may be one, that only a command in a branch creates."""
    for copy, maker in _uncertain(program, copies, len(program.dockerfile.instructions)):
        if copy.is_file or not (maker.kind in _MAKES_DIRECTORIES or maker.tool == "mkdir"):
            line = program.dockerfile.instructions[copy.after].line
            return Reason.of("SL392", "branch", at=line, path=copy.path)
    return None


def _uncertain(
    program: Program, copies: Sequence[CopyFromBuilder], last: int
) -> Iterator[tuple[CopyFromBuilder, Effect]]:
    """The copies of which nothing is certain to exist, each with the last effect that may create it."""
    effects = [e for s in program.steps if s.index <= last for e in s.effects]
    makers = {p: e for e in effects for p in e.possible}
    if not makers:
        return
    sure = PathMarks(p for e in effects for p in (*e.writes, *e.outputs) if p not in e.possible)
    for copy in copies:
        view = next((s.state for s in program.steps if s.index > copy.after), program.end_state).view
        there = (
            sure.below(copy.path) >= 0 or view.is_dir(copy.path) or view.context_path(copy.path) is not None
        )
        if copy.path not in makers or there:
            continue
        maker = makers[copy.path]
        if not (copy.is_file and maker.compiles_downloads):  # such a program is copied where it is called
            yield copy, maker
