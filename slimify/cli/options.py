"""What can be said on the command line: option types, and how their values are read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import slimify
from slimify import Base, Builder, MinSaving
from slimify.cli import console
from slimify.cli.exit_codes import exit_code

if TYPE_CHECKING:
    from slimify import Image, Job, ProofOptions

Format = Literal["diff", "text", "json"]
TableFormat = Literal["text", "json"]
EngineChoice = Literal["buildx", "docker", "podman", "buildah"]
ProofFormat = Literal["text", "json", "markdown"]


def _min_saving(text: str) -> MinSaving:
    try:
        return slimify.parse_min_saving(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def overrides(*, build_args: list[str] | None, **values: object) -> dict[str, object]:
    """The options that were given, by the name of their field in Options."""
    given = {name: value for name, value in values.items() if value is not None}
    if build_args:
        given["build_args"] = dict(_build_args(build_args))
    return given


def needs_verify(
    verify: bool, *, repair: bool, probe: list[str] | None, engine: str | None, run: bool
) -> None:
    """Refuses the options of a proof where none was asked for."""
    if not verify and (repair or probe or engine or not run):
        raise typer.BadParameter("--repair, --probe, --engine and --no-run go with --verify")


def proof_options(
    verify: bool, *, repair: bool, probe: list[str] | None, engine: EngineChoice | None, run: bool
) -> ProofOptions | None:
    """What the proof has to do, if one was asked for."""
    if not verify:
        return None
    return slimify.ProofOptions(engine=engine, probes=tuple(probe or ()), repair=repair, run=run)


def built_image(name: str | None, todo: list[Job]) -> Image | int | None:
    """The image of `--image`; the exit code, where it can't be read."""
    if name is None:
        return None
    if len(todo) > 1:
        raise typer.BadParameter(f"--image goes with one Dockerfile, not {len(todo)}")
    if name == "-" and any(target.name == "-" for target, _ in todo):
        raise typer.BadParameter("standard input is either the image or the Dockerfile")
    with console.busy(f"reading {name} …"):
        found = slimify.read_image(name)
    if not isinstance(found, slimify.Outcome):
        return found
    console.show_failure(found)
    return exit_code(found)


def _build_args(items: list[str]) -> Iterator[tuple[str, str]]:
    """As for docker build: a name without a value takes that of the environment, if there is one."""
    for item in items:
        name, equals, value = item.partition("=")
        if equals:
            yield name, value
        elif name in os.environ:
            yield name, os.environ[name]


ContextOption = Annotated[
    Path | None,
    typer.Option(
        "--context",
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Build context; by default the directory of the Dockerfile.",
    ),
]
ImageOption = Annotated[
    str | None,
    typer.Option(
        "--image",
        metavar="IMAGE",
        help="An image that was built from the Dockerfile: what is in it is evidence.",
    ),
]
BaseOption = Annotated[
    Base | None, typer.Option("--base", help="How small the image of the last stage may become.")
]
MinSavingOption = Annotated[
    MinSaving | None,
    typer.Option(
        "--min-saving",
        metavar="FLOOR",
        parser=_min_saving,
        help="What a rewrite must save: 5%, 5MB, or 5%,5MB for the larger of them.",
        show_default="5%,5MB",
    ),
]
BuildArgOption = Annotated[
    list[str] | None,
    typer.Option("--build-arg", metavar="NAME=VALUE", help="Value of an ARG, as for docker build."),
]
BuilderOption = Annotated[
    Builder | None,
    typer.Option("--builder", help="What will build the file.", show_default="buildkit"),
]
CacheMountsOption = Annotated[
    bool | None,
    typer.Option(
        "--cache-mounts/--no-cache-mounts", help="Keep what installers download from build to build."
    ),
]
NonrootOption = Annotated[
    bool | None,
    typer.Option("--nonroot/--no-nonroot", help="Run as another user than root, where that is sure to work."),
]
DebugTargetOption = Annotated[
    bool | None,
    typer.Option(
        "--debug-target/--no-debug-target",
        help="Add a stage debug with a shell where the final one has none.",
    ),
]
SingleStageOption = Annotated[
    bool | None,
    typer.Option("--single-stage/--no-single-stage", help="Keep one stage, and clean it in place."),
]
ExcludeAssetsOption = Annotated[
    bool | None,
    typer.Option(
        "--exclude-assets/--no-exclude-assets",
        help="Keep large static files that nothing names out of the image.",
    ),
]
DockerignoreOption = Annotated[
    bool | None,
    typer.Option(
        "--dockerignore/--no-dockerignore",
        help="Propose a .dockerignore, or what yours lacks.",
        show_default="dockerignore",
    ),
]
RepairOption = Annotated[
    bool, typer.Option("--repair", help="Plan again with what was missing, until the images are equal.")
]
ProbeOption = Annotated[
    list[str] | None,
    typer.Option("--probe", metavar="WHAT", help="/path, /path=404, or a command to run in the container."),
]
RunOption = Annotated[bool, typer.Option("--run/--no-run", help="Start both images and compare them.")]
EngineOption = Annotated[
    EngineChoice | None,
    typer.Option("--engine", help="What builds and runs.", show_default="the first that answers"),
]
