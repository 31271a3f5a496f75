"""`slimify rewrite`: the multi-stage Dockerfile, as a diff, as text, as JSON or in its place."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

import slimify
from slimify.cli import console, terminal
from slimify.cli.exit_codes import DONE, finish, proof_code, worst
from slimify.cli.hunks import QuitError, chosen_hunks, wants_ignore_file
from slimify.cli.options import (
    ContextOption,
    ExcludeOption,
    Given,
    ImageOption,
    MaybeProving,
    NewFileFlags,
    NoCacheOption,
    PathsArgument,
    proof_options,
    read_built_image,
    settings_options,
)

if TYPE_CHECKING:
    from slimify import Outcome, ProofOptions, Source


def rewrite(
    paths: PathsArgument = None,
    *,
    new: NewFileFlags,
    interactive: Annotated[
        bool,
        typer.Option("--interactive", "-i", help="Choose the hunks to write, each with its reasons."),
    ] = False,
    context: ContextOption = None,
    exclude: ExcludeOption = None,
    image: ImageOption = None,
    no_cache: NoCacheOption = False,
    given: Annotated[
        Given,
        settings_options(
            "base min_saving annotate build_args builder cache_mounts nonroot debug_target",
            "lean drop_unused no_recommends single_stage dockerignore exclude_assets",
        ),
    ],
    proving: Annotated[
        MaybeProving,
        proof_options(
            "repair probe run engine", "Build both images; use the new file only if they are equal."
        ),
    ],
) -> None:
    """Print the multi-stage Dockerfile.

    Prints a diff by default. Standard error lists the changes and the reasons.
    """
    if new.write and new.output is not None:
        raise typer.BadParameter("--write and --output can't be combined")
    if new.write and "-" in (paths or ()):
        raise typer.BadParameter("--write can't change standard input; use --output")

    if interactive:
        if new.format is not None or proving is not None or "-" in (paths or ()):
            raise typer.BadParameter("--interactive takes no --format, no --verify and no standard input")
        new = replace(new, write=new.output is None)
    choose = partial(_choose, context=context, given=given) if interactive else _keep_all
    finish(
        lambda: _rewrite_all(
            paths, exclude, new, context, image, given, proving, choose, remembered=not no_cache
        )
    )


def _rewrite_all(
    paths: list[str] | None,
    exclude: list[str] | None,
    new: NewFileFlags,
    context: Path | None,
    image: str | None,
    given: Given,
    proving: ProofOptions | None,
    choose: Callable[[Outcome, Source], Outcome],
    *,
    remembered: bool,
) -> int:
    """Writes and shows each rewrite; returns the worst exit code."""
    todo = list(slimify.find(paths, exclude=exclude or ()))
    for target, _ in todo if new.write else ():
        slimify.finish_change(target.path or Path())
    if new.output is not None and len(todo) > 1:
        raise typer.BadParameter(f"--output takes one Dockerfile, not {len(todo)}")
    built = read_built_image(image, todo)
    codes, outcomes = [DONE], []
    for source, outcome, proof in slimify.rewrite_files(
        todo,
        context,
        given,
        proving,
        console.listeners,
        built,
        shared=None if new.is_written else {},
        remembered=remembered and not (new.is_written and len(todo) > 1),
    ):
        try:
            outcome = new.store(choose(outcome, source), source, proof)
        except QuitError:
            break
        if new.write and proof is not None and proof.constraints and outcome.error is None:
            terminal.write_stderr(slimify.keep_constraints(source.target.directory, proof.constraints))
        new.show(outcome, proof)
        codes.append(proof_code(outcome, proof))
        outcomes.append(outcome)
    if new.format != "json":
        applied = not new.is_written and "-" not in (paths or ())
        console.show_totals(outcomes, new.done_as, _write_command() if applied else "")
    return worst(codes)


def _keep_all(outcome: Outcome, source: Source) -> Outcome:
    return outcome


def _choose(outcome: Outcome, source: Source, *, context: Path | None, given: Given) -> Outcome:
    """The outcome with what the user chooses of it. Raises QuitError."""
    found = slimify.hunks(outcome)
    if not found:
        return outcome
    answers = chosen_hunks(outcome, found)
    asked = outcome.ignore is not None and any(answers)
    ignore_file = not asked or wants_ignore_file(outcome)
    return slimify.with_choice(outcome, source, answers, context, given, ignore_file=ignore_file)


def _write_command() -> str:
    """The command as it was given, with `--write`."""
    words = ["slimify", *sys.argv[1:]]
    at = words.index("rewrite") + 1
    return f"to apply: {shlex.join((*words[:at], '--write', *words[at:]))}"
