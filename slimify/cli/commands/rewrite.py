"""`slimify rewrite`: the multi-stage Dockerfile, as a diff, as text, as JSON or in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import finish, proof_code, worst
from slimify.cli.options import (
    ContextOption,
    FormatOption,
    Given,
    ImageOption,
    MaybeProving,
    OutputOption,
    PathsArgument,
    WriteOption,
    proof_options,
    read_built_image,
    settings_options,
)


def rewrite(
    paths: PathsArgument = None,
    *,
    write: WriteOption = False,
    output: OutputOption = None,
    format: FormatOption = None,
    context: ContextOption = None,
    image: ImageOption = None,
    given: Annotated[
        Given,
        settings_options(
            "base min_saving annotate build_args builder cache_mounts nonroot debug_target",
            "single_stage dockerignore exclude_assets",
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
    if write and output is not None:
        raise typer.BadParameter("--write and --output can't be combined")
    if write and "-" in (paths or ()):
        raise typer.BadParameter("--write can't change standard input; use --output")
    # after writing, the diff is only for those who ask for it
    shown = format or ("none" if write or output is not None else "diff")

    def job() -> int:
        todo = list(slimify.find(paths))
        if output is not None and len(todo) > 1:
            raise typer.BadParameter(f"--output takes one Dockerfile, not {len(todo)}")
        built = read_built_image(image, todo)
        if isinstance(built, int):
            return built
        codes = []
        for source, outcome, proof in slimify.rewrite_files(
            todo, context, given, proving, console.listeners, built
        ):
            proven = proof is None or proof.verdict == "equal"
            if not proven:
                outcome = slimify.withheld(outcome)
            elif output == "-":
                console.write_stdout_bytes(slimify.new_content(outcome, source) or b"")
            elif write or output is not None:
                outcome = slimify.write_file(outcome, source, Path(output) if output is not None else None)
            if write and proof is not None and proof.constraints and outcome.error is None:
                console.write_stderr(slimify.keep_constraints(source.target.directory, proof.constraints))
            console.show_rewrite(outcome, shown if proven or shown == "json" else "none", proof)
            codes.append(proof_code(outcome, proof))
        return worst(codes)

    finish(job)
