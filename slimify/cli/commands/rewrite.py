"""`slimify rewrite`: the multi-stage Dockerfile, as a diff, as text, as JSON or in its place."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import slimify
from slimify.cli import console, terminal
from slimify.cli.exit_codes import finish, proof_code, worst
from slimify.cli.options import (
    ContextOption,
    ExcludeOption,
    Given,
    ImageOption,
    MaybeProving,
    NewFileFlags,
    PathsArgument,
    proof_options,
    read_built_image,
    settings_options,
)

if TYPE_CHECKING:
    from slimify import ProofOptions


def rewrite(
    paths: PathsArgument = None,
    *,
    new: NewFileFlags,
    context: ContextOption = None,
    exclude: ExcludeOption = None,
    image: ImageOption = None,
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

    finish(lambda: _rewrite_all(paths, exclude, new, context, image, given, proving))


def _rewrite_all(
    paths: list[str] | None,
    exclude: list[str] | None,
    new: NewFileFlags,
    context: Path | None,
    image: str | None,
    given: Given,
    proving: ProofOptions | None,
) -> int:
    """Writes and shows each rewrite; returns the worst exit code."""
    todo = list(slimify.find(paths, exclude=exclude or ()))
    for target, _ in todo if new.write else ():
        slimify.finish_change(target.path or Path())
    if new.output is not None and len(todo) > 1:
        raise typer.BadParameter(f"--output takes one Dockerfile, not {len(todo)}")
    built = read_built_image(image, todo)
    codes, outcomes = [], []
    for source, outcome, proof in slimify.rewrite_files(
        todo, context, given, proving, console.listeners, built
    ):
        outcome = new.store(outcome, source, proof)
        if new.write and proof is not None and proof.constraints and outcome.error is None:
            terminal.write_stderr(slimify.keep_constraints(source.target.directory, proof.constraints))
        new.show(outcome, proof)
        codes.append(proof_code(outcome, proof))
        outcomes.append(outcome)
    if new.format != "json":
        applied = not new.is_written and "-" not in (paths or ())
        console.show_totals(outcomes, new.done_as, _write_command() if applied else "")
    return worst(codes)


def _write_command() -> str:
    """The command as it was given, with `--write`."""
    words = ["slimify", *sys.argv[1:]]
    at = words.index("rewrite") + 1
    return f"to apply: {shlex.join((*words[:at], '--write', *words[at:]))}"
