"""`slimify config`: the settings in force for a Dockerfile, and where each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from slimify import console
from slimify.arguments import (
    BaseOption,
    BuildArgOption,
    BuilderOption,
    CacheMountsOption,
    DebugTargetOption,
    DockerignoreOption,
    ExcludeAssetsOption,
    MinSavingOption,
    NonrootOption,
    SingleStageOption,
    TableFormat,
    overrides,
)
from slimify.exits import DONE, exit_code, finish, worst

if TYPE_CHECKING:
    from slimify.jobs import Job


def config(
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="A Dockerfile, or a directory to search.")
    ] = None,
    format: Annotated[TableFormat, typer.Option("--format", help="What to print.")] = "text",
    base: BaseOption = None,
    min_saving: MinSavingOption = None,
    build_arg: BuildArgOption = None,
    builder: BuilderOption = None,
    cache_mounts: CacheMountsOption = None,
    nonroot: NonrootOption = None,
    debug_target: DebugTargetOption = None,
    single_stage: SingleStageOption = None,
    dockerignore: DockerignoreOption = None,
    exclude_assets: ExcludeAssetsOption = None,
) -> None:
    """Show the settings in force, and where each comes from.

    With the options of the command line as `rewrite` takes them.
    """
    given = overrides(
        base=base,
        min_saving=min_saving,
        build_args=build_arg,
        builder=builder,
        cache_mounts=cache_mounts,
        nonroot=nonroot,
        debug_target=debug_target,
        single_stage=single_stage,
        dockerignore=dockerignore,
        exclude_assets=exclude_assets,
    )

    def job() -> int:
        from slimify import jobs

        todo = jobs.named([path] if path else None)
        return worst([_shown(item, given, format) for item in todo])

    finish(job)


def _shown(job: Job, given: dict[str, object], format: TableFormat) -> int:
    from msgspec.structs import replace

    from slimify import config as settings
    from slimify import jobs
    from slimify.model import SlimifyError
    from slimify.report import settings as report

    target, problem = job
    try:
        if problem is not None:
            raise problem
        path, layers = settings.layers(target.directory, target.path)
        options = replace(settings.fold(path, layers), **given)
    except SlimifyError as error:
        failure = jobs.failed(target.name, error)
        console.show_failure(failure)
        return exit_code(failure)
    shown = report.to_json if format == "json" else report.text
    console.show(shown(target.name, options, layers, given).rstrip("\n") + "\n")
    return DONE
