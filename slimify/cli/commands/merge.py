"""`slimify merge`: a Dockerfile that builds and one that takes the result become one."""

from __future__ import annotations

import posixpath
from typing import Annotated

import typer

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import finish, proof_code
from slimify.cli.options import (
    ContextOption,
    Given,
    MaybeProving,
    NewFileFlags,
    proof_options,
    settings_options,
)


def _extract(text: str) -> tuple[str, str]:
    path, mark, name = text.partition("=")
    if not mark or not path.startswith("/") or not name or name.startswith("/"):
        raise typer.BadParameter(f'"{text}" is not PATH=NAME, for example /src/app=app')
    return posixpath.normpath(path), name


def merge(
    builder: Annotated[str, typer.Argument(metavar="BUILDER", help="Dockerfile of the build image.")],
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Dockerfile that copies the build result, or - for stdin.")
    ] = "Dockerfile",
    *,
    new: NewFileFlags,
    extract: Annotated[
        list[str] | None,
        typer.Option(
            "--extract",
            metavar="PATH=NAME",
            help="Path in the build image and its name in the build context; repeatable.",
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
    """Merge two Dockerfiles into one multi-stage file.

    For the old pattern of a build image, a script that copies files out of it, and a second Dockerfile that
    copies them in. Standard error lists the changes, the reasons, and the lines of the script that are no
    longer needed.
    """
    if new.write and new.output is not None:
        raise typer.BadParameter("--write and --output can't be combined")
    if new.write and path == "-":
        raise typer.BadParameter("--write can't change standard input; use --output")
    if builder == "-":
        raise typer.BadParameter("only PATH can be standard input, not BUILDER")
    if path == "-" and context is None:
        raise typer.BadParameter("standard input has no build context; use --context")
    extracts = [_extract(text) for text in extract or ()]

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
        outcome = new.store(outcome, source, proof)
        new.show(outcome, proof)
        return proof_code(outcome, proof)

    finish(job)
