"""Which stage of a file is deployed: its last one, or one that the repository builds instead."""

from __future__ import annotations

from slimify.analysis.repository.run_commands import built_stages
from slimify.context.scan import Context
from slimify.facts.platforms import is_working_stage
from slimify.model.dockerfile import Dockerfile
from slimify.syntax.dockerfile.instructions import from_parts, split_stages


def deployed_stage(file: Dockerfile, context: Context, path: str) -> str:
    """The name of the stage that files of the repository build, if it is an earlier one; "" for the last.

    Where any of them builds the last one, or several are built, that one counts. Compose files and scripts
    alone say only what a developer builds: they count where the last stage is for work by its name.
    """
    names = [from_parts(stage[0]).alias or "" for stage in split_stages(file)]
    if len(names) < 2:
        return ""
    built = [
        (stage, deploys) for stage, deploys in built_stages(context, path) if not is_working_stage(stage)
    ]
    found = {stage for stage, _ in built}
    name = next(iter(found)) if len(found) == 1 else ""
    if name not in names[:-1] or names.count(name) != 1:
        return ""
    deploys = any(deploys for _, deploys in built)
    return name if deploys or is_working_stage(names[-1]) else ""
