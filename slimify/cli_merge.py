"""`slimify merge`: a Dockerfile that builds and one that takes the result become one."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Annotated

import typer

from slimify import console
from slimify.arguments import BuildArgOption, ContextOption, Format, overrides
from slimify.exits import exit_code, finish


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
    write: Annotated[bool, typer.Option("--write", help="Change PATH in place.")] = False,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the new file here.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="What goes to standard output.", show_default="diff")
    ] = None,
    extract: Annotated[
        list[str] | None,
        typer.Option(
            "--extract",
            metavar="PATH=NAME",
            help="What is taken out of the builder, and its name in the context.",
        ),
    ] = None,
    context: ContextOption = None,
    annotate: Annotated[
        bool | None, typer.Option("--annotate/--no-annotate", help="Say why in comments of the new file.")
    ] = None,
    build_arg: BuildArgOption = None,
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
    given = overrides(annotate=annotate, build_args=build_arg)
    extracts = [_extract(text) for text in extract or ()]
    shown = format or ("none" if write or output is not None else "diff")

    def job() -> int:
        from msgspec.structs import replace

        from slimify import config, jobs, locate, merging
        from slimify.locate import Target

        targets = [Target(name=p, path=None if p == "-" else Path(p)) for p in (builder, path)]
        source, reading = jobs.Source(targets[1], b""), path
        try:
            source = jobs.Source(targets[1], locate.read(targets[1]))
            reading = builder
            first = merging.File(targets[0], locate.read(targets[0]))
            reading = path
            beside = context if path == "-" and context is not None else targets[1].directory
            options = replace(config.load(beside, targets[1].path), **given)
            outcome = merging.merge(
                first,
                merging.File(source.target, source.data),
                context=context,
                options=options,
                given=extracts,
            )
        except Exception as error:
            outcome = jobs.failed(reading, error)
        if output == "-":
            console.show_bytes(jobs.new_content(outcome, source) or b"")
        elif write or output is not None:
            outcome = jobs.written(outcome, source, Path(output) if output is not None else None)
        console.show_rewrite(outcome, shown)
        return exit_code(outcome)

    finish(job)
