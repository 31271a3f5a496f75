"""`slimify config`: the settings in force for a Dockerfile, and where each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import DONE, exit_code, finish, worst
from slimify.cli.options import (
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

if TYPE_CHECKING:
    from slimify import Job


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
        todo = slimify.find([path] if path else None)
        return worst([_shown(item, given, format) for item in todo])

    finish(job)


def _shown(job: Job, given: dict[str, object], format: TableFormat) -> int:
    target, problem = job
    try:
        if problem is not None:
            raise problem
        console.show_settings(slimify.settings_of(target, given), format)
    except slimify.SlimifyError as error:
        failure = slimify.failed(target.name, error)
        console.show_failure(failure)
        return exit_code(failure)
    return DONE
