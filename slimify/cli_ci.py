"""`slimify ci`: the CI step that builds an image and keeps its layers from build to build."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slimify import console
from slimify.arguments import ContextOption, TableFormat
from slimify.exits import DONE, REFUSED, exit_code, finish

if TYPE_CHECKING:
    from slimify.ci.build import Build, Kind
    from slimify.ci.plan import Step
    from slimify.locate import Target


def ci(
    kind: Annotated[
        Literal["kaniko", "github", "gitlab", "buildx"], typer.Argument(metavar="kaniko|github|gitlab|buildx")
    ],
    path: Annotated[str, typer.Argument(metavar="PATH", help="The Dockerfile.")] = "Dockerfile",
    write: Annotated[bool, typer.Option("--write", help="Write the CI file.")] = False,
    tag: Annotated[str, typer.Option("--tag", "-t", metavar="NAME", help="What the image is called.")] = "",
    cache_ttl: Annotated[
        int, typer.Option("--cache-ttl", metavar="HOURS", min=1, help="How long Kaniko keeps a layer.")
    ] = 168,
    context: ContextOption = None,
    format: Annotated[TableFormat, typer.Option("--format", help="What to print.")] = "text",
) -> None:
    """Print the CI step that builds the image and keeps its layers.

    A new file is shown whole, an existing one as a diff; where that can't be changed for sure, the step and
    where it goes.
    """

    def job() -> int:
        from slimify import jobs
        from slimify.ci.plan import planned

        try:
            root, build, templates = _build(kind, path, context, tag, cache_ttl)
            step = planned(build, _files(root, build), templates)
            if write:
                _write(root, step)
        except Exception as error:
            failure = jobs.failed(path, error)
            console.show_failure(failure)
            return exit_code(failure)
        console.show_step(step, format, written=write)
        # to show what has to be done by hand is a job done
        return REFUSED if write and step.outcome.kind == "refused" else DONE

    finish(job)


def _build(kind: Kind, path: str, context: Path | None, tag: str, ttl: int) -> tuple[Path, Build, str]:
    """The root of the repository, what is built in it, and the directory of the user's templates."""
    from slimify import config, locate
    from slimify.ci.build import Build

    target = _target(path)
    if context is None:
        context, _ = locate.build_context(target, locate.read(target))
    directory = target.directory.resolve()
    root = config.repository_root(directory) or directory
    file = directory / (target.path or Path("Dockerfile")).name
    below = os.path.relpath(directory, root).replace(os.sep, "/")
    name = directory.name.lower()
    build = Build(
        kind=kind,
        dockerfile=os.path.relpath(file, root).replace(os.sep, "/"),
        context=os.path.relpath((context or directory).resolve(), root).replace(os.sep, "/"),
        name=name,
        path="" if below == "." else f"/{below.replace('/', '-').lower()}",
        given_tag=tag,
        ttl=ttl,
    )
    return root, build, config.load(target.directory, target.path).templates


def _target(path: str) -> Target:
    from slimify import locate
    from slimify.model import SlimifyError

    found = locate.targets(path)
    if len(found) > 1:
        raise SlimifyError("SL901", f"{len(found)} Dockerfiles in this directory", hint="name one of them")
    if found[0].path is None:
        raise SlimifyError("SL901", "a CI step needs the path of the Dockerfile")
    return found[0]


def _files(root: Path, build: Build) -> dict[str, str]:
    """The CI files that are there; links are not followed out of the repository."""
    from slimify.facts import load

    names = [build.file, *load("ci.toml")[build.kind]["others"]] if build.file else []
    if build.kind == "github":
        found = sorted((*root.glob(".github/workflows/*.yml"), *root.glob(".github/workflows/*.yaml")))
        names = [path.relative_to(root).as_posix() for path in found]
    files = {}
    for name in names:
        path = root / name
        if path.is_file() and path.resolve().is_relative_to(root.resolve()):
            files[name] = path.read_bytes().decode("utf-8", "surrogateescape")
    return files


def _write(root: Path, step: Step) -> None:
    from slimify import write

    outcome = step.outcome
    if outcome.after is None:
        return
    path = root / outcome.file
    path.parent.mkdir(parents=True, exist_ok=True)
    before = outcome.before.encode("utf-8", "surrogateescape") if path.exists() else None
    write.replace_file(path, outcome.after.encode("utf-8", "surrogateescape"), expected=before)
