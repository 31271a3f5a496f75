"""`slimify check`: for CI, whether a Dockerfile could give a smaller image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct

import slimify
from slimify.cli import console, terminal
from slimify.cli.exit_codes import DIFFERENT, DONE, REFUSED, exit_code, finish, show_error, worst
from slimify.cli.options import (
    ContextOption,
    ExcludeOption,
    Given,
    ImageOption,
    MaybeProving,
    NoCacheOption,
    PathsArgument,
    file_option,
    proof_options,
    read_built_image,
    settings_options,
)

if TYPE_CHECKING:
    from slimify import BaselineFile, Checked, CheckOptions, Job, MinSaving

CheckFormat = Literal["text", "json", "github", "sarif", "gitlab"]


class OutputFlags(Struct, frozen=True, kw_only=True):
    """Where the findings go."""

    format: Annotated[CheckFormat, typer.Option("--format", help="Format of the findings.")] = "text"
    output: Annotated[
        Path | None,
        file_option(
            "--output", "-o", help="Write the findings to FILE in that format, and print them as text."
        ),
    ] = None
    summary: Annotated[
        Path | None,
        file_option(
            "--summary", help="Add a table of the findings in Markdown to FILE, such as $GITHUB_STEP_SUMMARY."
        ),
    ] = None
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Print the number of findings of each code instead.")
    ] = False
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit with 0 even if there are findings.")
    ] = False


class BaselineFlags(Struct, frozen=True, kw_only=True):
    """The findings that are known."""

    baseline: Annotated[
        Path | None, file_option("--baseline", help="Ignore the findings recorded in FILE.")
    ] = None
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Record the current findings in the baseline.")
    ] = False


def check(
    paths: PathsArgument = None,
    *,
    output: OutputFlags,
    baseline: BaselineFlags,
    context: ContextOption = None,
    exclude: ExcludeOption = None,
    image: ImageOption = None,
    no_cache: NoCacheOption = False,
    given: Annotated[
        Given,
        settings_options("base min_saving build_args builder dockerignore single_stage"),
    ],
    proving: Annotated[
        MaybeProving,
        proof_options("repair probe run engine", "Build and compare both images; sizes are measured."),
    ],
) -> None:
    """Fail where an image could be smaller.

    Reports one finding per Dockerfile: the saving, and the command that shows the change.
    """
    if baseline.update_baseline and baseline.baseline is None:
        raise typer.BadParameter("--update-baseline needs --baseline")
    if output.statistics and output.format != "text" and output.output is None:
        raise typer.BadParameter("--statistics is text: use --output for the findings in another format")
    if output.format in ("github", "sarif", "gitlab") and "-" in (paths or ()):
        raise typer.BadParameter(f"--format {output.format} needs files of a repository, not standard input")

    def job() -> int:
        todo = list(slimify.find(paths, exclude=exclude or (), command="check"))
        built = read_built_image(image, todo)
        asked = slimify.CheckOptions(
            context=context,
            settings=given,
            proving=proving,
            image=built,
            image_name=image or "",
            remembered=not no_cache,
        )
        record = _read_baseline(baseline.baseline, new=baseline.update_baseline)
        searched = [*(word for glob in exclude or () for word in ("--exclude", glob)), *(paths or ())]
        code = _check_all(todo, asked, output, record, searched, accept=baseline.update_baseline)
        return DONE if output.exit_zero and code == DIFFERENT else code

    finish(job)


def _check_all(
    todo: list[Job],
    asked: CheckOptions,
    output: OutputFlags,
    record: BaselineFile | None,
    paths: list[str],
    *,
    accept: bool,
) -> int:
    """Shows the findings, and records them in the baseline if `accept`; returns the worst exit code."""
    items = []
    found = slimify.check_files(todo, asked, console.listeners)
    if record is not None:
        found = slimify.compare_baseline(found, record, _floor(asked.settings), accept=accept)
    for item in found:
        form = output.format if output.output is None else "text"
        console.show_checked(item, None if output.statistics else form)
        items.append(item)
    code = worst([_exit_code(item) for item in items])
    try:
        console.show_all_checked(items, output.format, output.output)
        if output.summary is not None:
            console.add_summary(items, output.summary)
        if output.statistics:
            console.show_statistics(items)
    except slimify.SlimifyError as error:
        code = worst([code, show_error(str(output.output or output.summary), error)])
    stale = slimify.stale_entries(record, items) if record is not None and not accept else ()
    console.show_check_summary(items, stale, paths)
    if record is not None and accept:
        code = worst([code, _update_baseline(record, items)])
    return code


def _floor(given: dict[str, object]) -> MinSaving | None:
    floor = given.get("min_saving")
    return floor if isinstance(floor, slimify.MinSaving) else None


def _read_baseline(path: Path | None, *, new: bool) -> BaselineFile | None:
    """The baseline. Ends the command if it can't be read."""
    try:
        return slimify.read_baseline(path, new=new) if path is not None else None
    except slimify.SlimifyError as error:
        raise typer.Exit(show_error(str(path), error)) from None


def _update_baseline(record: BaselineFile, items: list[Checked]) -> int:
    try:
        number = slimify.update_baseline(record, items)
    except slimify.SlimifyError as error:
        return show_error(str(record.path), error)
    terminal.write_stderr(f"{record.path}: {number} known finding{'s' * (number != 1)}\n")
    return DONE


def _exit_code(item: Checked) -> int:
    """The exit code for one file. A refusal passes the check, since the author of a change can't fix it."""
    if item.outcome.error is not None:
        return exit_code(item.outcome)
    if item.unproven:
        return REFUSED
    return DIFFERENT if item.finding is not None and not item.finding.known else DONE
