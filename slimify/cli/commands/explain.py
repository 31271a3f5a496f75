"""`slimify explain`: what each step is for, or what a code means."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

import slimify
from slimify.cli import console, terminal
from slimify.cli.exit_codes import DONE, USAGE, exit_code, finish, worst
from slimify.cli.options import (
    ContextOption,
    ExcludeOption,
    Given,
    ImageOption,
    NoCacheOption,
    TableFormat,
    TableFormatOption,
    read_built_image,
    settings_options,
)


def _complete(incomplete: str) -> Iterator[tuple[str, str]]:
    """Codes with their titles. Other words are left to the shell, which completes paths."""
    word = incomplete.upper()
    if word.startswith("SL"):
        for code, meaning in slimify.all_codes().items():
            if code.startswith(word):
                # shells take only what begins as the word does
                yield incomplete + code[len(word) :], meaning["title"]


def explain(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH|CODE]...",
            help="Dockerfiles, directories to search, - for stdin, or codes such as SL204.",
            autocompletion=_complete,
        ),
    ] = None,
    *,
    list_codes: Annotated[bool, typer.Option("--list", help="List all codes with their titles.")] = False,
    format: TableFormatOption = "text",
    context: ContextOption = None,
    exclude: ExcludeOption = None,
    image: ImageOption = None,
    no_cache: NoCacheOption = False,
    given: Annotated[Given, settings_options("base min_saving build_args")],
) -> None:
    """Show what each step is for.

    Prints the role of each instruction and command with its reasons, or the meanings of codes.
    """
    if list_codes and paths:
        raise typer.BadParameter("--list takes no PATH and no CODE")
    named = [path.upper() for path in paths or () if _is_code(path)]
    if named and len(named) < len(paths or ()):
        raise typer.BadParameter("give either codes or paths")

    def job() -> int:
        if list_codes or named:
            return _explain_codes(named or [*slimify.all_codes()], format, titles=list_codes)
        todo = list(slimify.find(paths, exclude=exclude or (), command="explain"))
        built = read_built_image(image, todo)
        codes = []
        for _, outcome in slimify.explain_files(todo, context, given, built, remembered=not no_cache):
            console.show_explanation(outcome, format)
            # to explain a refusal is a job done
            codes.append(DONE if outcome.error is None else exit_code(outcome))
        return worst(codes)

    finish(job)


def _is_code(text: str) -> bool:
    """Whether it is a code, or was meant to be one: `301`, `SL3O1`."""
    like = re.fullmatch(r"(?=.*\d)S?L?[\dOI]+", text, re.IGNORECASE)
    return like is not None and not Path(text).exists()


def _explain_codes(names: list[str], format: TableFormat, *, titles: bool) -> int:
    """Shows the meanings of codes, or only their titles; returns the exit code."""
    meanings = {name: slimify.explain_code(name) for name in names}
    found = {name: meaning for name, meaning in meanings.items() if meaning is not None}
    if format == "json":
        import json

        terminal.write_stdout("".join(json.dumps({"code": c, **found[c]}) + "\n" for c in found))
    else:
        console.show_codes(found, titles=titles)
    for name in (name for name in meanings if name not in found):
        message = f"slimify: unknown code {name}\n  hint: {_suggestion(name)}\n"
        terminal.write_stderr(terminal.fitted(message, sys.stderr))
    return DONE if found.keys() == meanings.keys() else USAGE


def _suggestion(code: str) -> str:
    from difflib import get_close_matches

    digits = code.lstrip("SL").replace("O", "0").replace("I", "1")
    known = slimify.all_codes()
    near = [f"SL{digits}"] if f"SL{digits}" in known else sorted(get_close_matches(code, known, cutoff=0.8))
    return f"did you mean {' or '.join(near)}?" if near else "slimify explain --list lists all codes"
