"""`slimify ci`: the CI step that builds an image and keeps its layers from build to build."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import DONE, REFUSED, finish, show_error
from slimify.cli.options import ContextOption, Given, TableFormatOption, settings_options


def ci(
    kind: Annotated[
        Literal["kaniko", "github", "gitlab", "buildx"], typer.Argument(metavar="kaniko|github|gitlab|buildx")
    ],
    path: Annotated[str, typer.Argument(metavar="PATH", help="The Dockerfile.")] = "Dockerfile",
    *,
    write: Annotated[bool, typer.Option("--write", help="Write the CI file.")] = False,
    tag: Annotated[str, typer.Option("--tag", "-t", metavar="NAME", help="Name of the image.")] = "",
    cache_ttl: Annotated[
        int, typer.Option("--cache-ttl", metavar="HOURS", min=1, help="Time that Kaniko keeps a layer.")
    ] = 168,
    context: ContextOption = None,
    given: Annotated[Given, settings_options()],
    format: TableFormatOption = "text",
) -> None:
    """Print the CI step that builds the image and caches its layers.

    Prints a new CI file in full, and changes of an existing one as a diff. If the existing file can't be
    changed safely, prints the step and where to add it.
    """

    def job() -> int:
        try:
            found = slimify.plan_ci(kind, path, context, tag=tag, ttl=cache_ttl, settings=given)
            if write:
                slimify.write_ci(found)
        except Exception as error:
            return show_error(path, error)
        console.show_step(found.step, format, written=write)
        # to show what has to be done by hand is a job done
        return REFUSED if write and found.step.outcome.kind == "refused" else DONE

    finish(job)
