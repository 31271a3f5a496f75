"""`slimify check`: for CI, whether a Dockerfile could give a smaller image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import DIFFERENT, DONE, REFUSED, exit_code, finish, worst
from slimify.cli.options import (
    BaseOption,
    BuildArgOption,
    BuilderOption,
    ContextOption,
    DockerignoreOption,
    EngineOption,
    ImageOption,
    MinSavingOption,
    ProbeOption,
    RepairOption,
    RunOption,
    SingleStageOption,
    built_image,
    needs_verify,
    overrides,
    proof_options,
)

if TYPE_CHECKING:
    from slimify import BaselineFile, Checked

CheckFormat = Literal["text", "json", "github", "sarif", "gitlab"]


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Dockerfiles, directories to search, or - for stdin."),
    ] = None,
    format: Annotated[CheckFormat, typer.Option("--format", help="What the findings look like.")] = "text",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            dir_okay=False,
            help="Write that here, and show the findings as text.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline", metavar="FILE", dir_okay=False, help="What is found in it does not count."
        ),
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Write what is found now to the baseline.")
    ] = False,
    context: ContextOption = None,
    image: ImageOption = None,
    base: BaseOption = None,
    min_saving: MinSavingOption = None,
    build_arg: BuildArgOption = None,
    builder: BuilderOption = None,
    dockerignore: DockerignoreOption = None,
    single_stage: SingleStageOption = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Build and compare both images; what is measured counts.")
    ] = False,
    repair: RepairOption = False,
    probe: ProbeOption = None,
    run: RunOption = True,
    engine: EngineOption = None,
) -> None:
    """Fail where an image could be smaller.

    One finding a Dockerfile: how much, and the command that shows the change.
    """
    needs_verify(verify, repair=repair, probe=probe, engine=engine, run=run)
    if update_baseline and baseline is None:
        raise typer.BadParameter("--update-baseline goes with --baseline")
    if format in ("github", "sarif", "gitlab") and "-" in (paths or ()):
        raise typer.BadParameter(
            f"standard input has no place in a repository, as --format {format} needs one"
        )
    given = overrides(
        base=base,
        min_saving=min_saving,
        build_args=build_arg,
        builder=builder,
        dockerignore=dockerignore,
        single_stage=single_stage,
    )

    def job() -> int:
        todo = list(slimify.find(paths))
        built = built_image(image, todo)
        if isinstance(built, int):
            return built
        proving = proof_options(verify, repair=repair, probe=probe, engine=engine, run=run)
        asked = slimify.CheckOptions(
            context=context, settings=given, proving=proving, image=built, image_name=image or ""
        )
        record = _record(baseline, new=update_baseline)
        if isinstance(record, int):
            return record
        items = []
        found = slimify.check_files(todo, asked, console.listeners)
        if record is not None:
            found = slimify.compare_baseline(found, record, min_saving, accept=update_baseline)
        for item in found:
            console.show_checked(item, format if output is None else "text")
            items.append(item)
        code = worst([_code(item) for item in items])
        failed = console.show_all_checked(items, format, output)
        if failed is not None:
            code = worst([code, _told(output, failed)])
        stale = slimify.stale_entries(record, items) if record is not None and not update_baseline else ()
        console.tell_summary(items, stale)
        if record is not None and update_baseline:
            code = worst([code, _update(record, items)])
        return code

    finish(job)


def _record(path: Path | None, *, new: bool) -> BaselineFile | int | None:
    """The baseline; the exit code, where it can't be read."""
    if path is None:
        return None
    try:
        return slimify.read_baseline(path, new=new)
    except slimify.SlimifyError as error:
        return _told(path, error)


def _update(record: BaselineFile, items: list[Checked]) -> int:
    try:
        number = slimify.update_baseline(record, items)
    except slimify.SlimifyError as error:
        return _told(record.path, error)
    console.tell(f"{record.path}: {number} known finding{'s' * (number != 1)}\n")
    return DONE


def _told(path: Path | None, error: slimify.SlimifyError) -> int:
    """Says what is wrong with a file that is no Dockerfile → the exit code."""
    failure = slimify.failed(str(path), error)
    console.show_failure(failure)
    return exit_code(failure)


def _code(item: Checked) -> int:
    """A refusal is nothing that whoever changed the file could mend, so it is no failure of a check."""
    if item.outcome.error is not None:
        return exit_code(item.outcome)
    if item.unproven:
        return REFUSED
    return DIFFERENT if item.finding is not None and not item.finding.known else DONE
