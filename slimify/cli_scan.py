"""`slimify scan`: many repositories at once, and where to start."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slimify import console
from slimify.arguments import (
    BaseOption,
    BuildArgOption,
    BuilderOption,
    DockerignoreOption,
    MinSavingOption,
    overrides,
)
from slimify.exits import DONE, exit_code, finish

if TYPE_CHECKING:
    from slimify.fleet.rows import Row
    from slimify.fleet.scan import Asked

_SHARD = re.compile(r"(?P<part>[1-9]\d*)/(?P<parts>[1-9]\d*)")


def _shard(text: str | None) -> tuple[int, int]:
    match = _SHARD.fullmatch(text or "1/1")
    if match is None or int(match["part"]) > int(match["parts"]):
        raise typer.BadParameter("a shard is a number of a count, like 2/8", param_hint="--shard")
    return int(match["part"]), int(match["parts"])


def scan(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="Directories, addresses of git repositories, or files that list them."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            dir_okay=False,
            help="Write a JSON line a Dockerfile here; an interrupted scan goes on from it.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", dir_okay=False, help="Write a page with a table of all."),
    ] = None,
    format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="What goes to standard output.")
    ] = "text",
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes; as many as processors, by default.")
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Only part I of N, to split it over jobs."),
    ] = None,
    timeout: Annotated[
        int, typer.Option("--timeout", min=1, metavar="SECONDS", help="For one Dockerfile, at most.")
    ] = 300,
    base: BaseOption = None,
    min_saving: MinSavingOption = None,
    build_arg: BuildArgOption = None,
    builder: BuilderOption = None,
    dockerignore: DockerignoreOption = None,
) -> None:
    """Say what could be saved in many repositories.

    Nothing is changed and nothing is built. What can't be read is a row like any other.
    """
    part, parts = _shard(shard)
    given = overrides(
        base=base, min_saving=min_saving, build_args=build_arg, builder=builder, dockerignore=dockerignore
    )

    def job() -> int:
        from msgspec.structs import replace

        from slimify import jobs as files
        from slimify.fleet.scan import Asked
        from slimify.model import SlimifyError

        asked = Asked(results=output, part=part, parts=parts, seconds=timeout, overrides=given)
        try:
            rows = _rows(paths, asked if jobs is None else replace(asked, jobs=jobs), format)
            if format == "text":
                console.show_fleet(rows)
            if html is not None:
                console.write_fleet(rows, html)
        except SlimifyError as error:
            failure = files.failed(paths[0], error)
            console.show_failure(failure)
            return exit_code(failure)
        return DONE

    finish(job)


def _rows(paths: list[str], asked: Asked, format: Literal["text", "json"]) -> list[Row]:
    """All rows, with a bar while they come; as JSON they go out at once."""
    from msgspec.structs import replace

    from slimify.fleet.scan import scan as scanned

    rows: list[Row] = []
    with typer.progressbar(length=0, label="Scanning", file=sys.stderr, show_pos=True) as bar:

        def began(count: int) -> None:
            bar.length = count

        for found in scanned(paths, replace(asked, began=began)):
            rows += found
            if format == "json":
                console.show_rows(found)
            bar.update(1)
    return rows
