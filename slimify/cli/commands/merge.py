"""`slimify merge`: a Dockerfile that builds and one that takes the result become one."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Annotated

import typer

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import finish, proof_code
from slimify.cli.options import (
    ContextOption,
    FormatOption,
    Given,
    MaybeProving,
    OutputOption,
    WriteOption,
    proof_options,
    settings_options,
)


def _extract(text: str) -> tuple[str, str]:
    path, mark, name = text.partition("=")
    if not mark or not path.startswith("/") or not name or name.startswith("/"):
        raise typer.BadParameter(f'"{text}" is not PATH=NAME, /src/app=app')
    return posixpath.normpath(path), name


def merge(
    builder: Annotated[
        str, typer.Argument(metavar="BUILDER", help="The Dockerfile of the image to build in.")
    ],
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="The one that takes the result, or - for stdin.")
    ] = "Dockerfile",
    *,
    write: WriteOption = False,
    output: OutputOption = None,
    format: FormatOption = None,
    extract: Annotated[
        list[str] | None,
        typer.Option(
            "--extract",
            metavar="PATH=NAME",
            help="What is taken out of the builder, and its name in the context.",
        ),
    ] = None,
    context: ContextOption = None,
    given: Annotated[Given, settings_options("annotate build_args")],
    proving: Annotated[
        MaybeProving,
        proof_options(
            "probe run engine",
            "Build both images, the old one as the script does, and use the new file only if they are equal.",
        ),
    ],
) -> None:
    """Make one multi-stage Dockerfile of two.

    The old pattern: one image to build in, a script that takes the result out of it, another image that gets
    it. What was done, why, and which lines of the script can go is said on standard error.
    """
    if write and output is not None:
        raise typer.BadParameter("--write and --output exclude each other")
    if write and path == "-":
        raise typer.BadParameter("standard input cannot be changed in place; use --output or the diff")
    if builder == "-":
        raise typer.BadParameter("standard input can only be the file that takes the result")
    if path == "-" and context is None:
        raise typer.BadParameter("standard input has no context: name one with --context")
    extracts = [_extract(text) for text in extract or ()]
    shown = format or ("none" if write or output is not None else "diff")

    def job() -> int:
        source, outcome, proof = slimify.merge_files(
            builder,
            path,
            context,
            settings=given,
            extracts=extracts,
            proving=proving,
            listeners=console.listeners,
        )
        proven = proof is None or proof.verdict == "equal"
        if not proven:
            outcome = slimify.withheld(outcome)
        elif output == "-":
            console.show_bytes(slimify.new_content(outcome, source) or b"")
        elif write or output is not None:
            outcome = slimify.write_file(outcome, source, Path(output) if output is not None else None)
        console.show_rewrite(outcome, shown if proven or shown == "json" else "none", proof)
        return proof_code(outcome, proof)

    finish(job)
