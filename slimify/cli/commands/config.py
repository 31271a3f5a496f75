"""`slimify config`: the settings in force for a Dockerfile, and where each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import DONE, finish, show_error, worst
from slimify.cli.options import (
    ExcludeOption,
    Given,
    PathArgument,
    TableFormat,
    TableFormatOption,
    settings_options,
)

if TYPE_CHECKING:
    from slimify import Job


def config(
    path: PathArgument = None,
    *,
    exclude: ExcludeOption = None,
    format: TableFormatOption = "text",
    given: Annotated[
        Given,
        settings_options(
            "base min_saving build_args builder cache_mounts nonroot debug_target",
            "lean drop_unused no_recommends single_stage dockerignore exclude_assets",
        ),
    ],
) -> None:
    """Show the settings in force, and where each comes from.

    Options of the command line override them as in `rewrite`.
    """

    def job() -> int:
        todo = slimify.find([path] if path else None, exclude=exclude or (), command="config")
        return worst([_show_settings(item, given, format) for item in todo])

    finish(job)


def _show_settings(job: Job, given: dict[str, object], format: TableFormat) -> int:
    target, problem = job
    try:
        if problem is not None:
            raise problem
        console.show_settings(slimify.settings_of(target, given), format)
    except slimify.SlimifyError as error:
        return show_error(target.name, error)
    return DONE
