"""`slimify explain`: what each step is for, or what a code means."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import DONE, USAGE, exit_code, finish, worst
from slimify.cli.options import (
    ContextOption,
    Given,
    ImageOption,
    TableFormat,
    TableFormatOption,
    read_built_image,
    settings_options,
)


def explain(
    path: Annotated[
        str | None,
        typer.Argument(
            metavar="PATH|CODE", help="Dockerfile, directory to search, - for stdin, or a code such as SL204."
        ),
    ] = None,
    *,
    format: TableFormatOption = "text",
    context: ContextOption = None,
    image: ImageOption = None,
    given: Annotated[Given, settings_options("base min_saving build_args")],
) -> None:
    """Show what each step is for.

    Prints the role of each instruction and command with its reasons, or the meaning of a code.
    """

    def job() -> int:
        if path is not None and re.fullmatch(r"SL\d{3}", path, re.IGNORECASE) and not Path(path).exists():
            return _explain_code(path.upper(), format)
        todo = list(slimify.find([path] if path else None))
        built = read_built_image(image, todo)
        codes = []
        for _, outcome in slimify.explain_files(todo, context, given, built):
            console.show_explanation(outcome, format)
            # to explain a refusal is a job done
            codes.append(DONE if outcome.error is None else exit_code(outcome))
        return worst(codes)

    finish(job)


def _explain_code(code: str, format: TableFormat) -> int:
    entry = slimify.explain_code(code)
    if entry is None:
        sys.stderr.write(f"slimify: unknown code {code}\n")
        return USAGE
    if format == "json":
        import json

        console.write_stdout(json.dumps({"code": code, **entry}) + "\n")
    else:
        console.show_code(code, entry)
    return DONE
