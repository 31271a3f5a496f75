"""`slimify analyze`: its options and what they do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer
from msgspec import Struct

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import DIFFERENT, DONE, exit_code, finish, show_error
from slimify.cli.options import ContextOption, file_option

if TYPE_CHECKING:
    from slimify import AnalyzeOptions, Limit, Limits

T = TypeVar("T")
ImageEngine = Literal["docker", "podman", "buildah"]


def _limit(text: str) -> Limit:
    return _parse(slimify.parse_limit, text)


def _size(text: str) -> Limit:
    return slimify.Limit(text=text.strip(), bytes=_parse(slimify.parse_size, text))


def _ratio(text: str) -> float:
    return _parse(slimify.parse_share, text)


def _parse(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


ImagesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGE|ARCHIVE|DIR|-",
        help="Image, archive, layout directory, or - for stdin; give two to compare them.",
        show_default=False,
    ),
]
DockerfilesOption = Annotated[
    list[Path] | None,
    file_option(
        "--dockerfile",
        exists=True,
        help="Dockerfile that the image was built from; repeat it for the second image.",
    ),
]
ReplicasOption = Annotated[
    int,
    typer.Option(
        "--replicas", metavar="N", min=0, help="Number of containers that run the image.", show_default=False
    ),
]
NodesOption = Annotated[
    int,
    typer.Option(
        "--nodes", metavar="N", min=0, help="Number of machines that they run on.", show_default=False
    ),
]
ImageEngineOption = Annotated[
    ImageEngine | None,
    typer.Option(
        "--engine", help="Container engine that has the image.", show_default="the first that has it"
    ),
]
PlatformOption = Annotated[
    str,
    typer.Option(
        "--platform", metavar="OS/ARCH", help="Platform to select from an archive of several images."
    ),
]


class OutputFlags(Struct, frozen=True, kw_only=True):
    """How the analyses are shown."""

    format: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="Format of standard output.")
    ] = "text"
    html: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write an HTML report to FILE; - for standard output."),
    ] = None
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Browse layers and files in the terminal.")
    ] = False


class RuleFlags(Struct, frozen=True, kw_only=True):
    """What the image is checked against."""

    max_size: Annotated[
        Any,
        typer.Option("--max-size", metavar="SIZE", parser=_size, help="Largest image size allowed: 500MB."),
    ] = None
    max_wasted: Annotated[
        Any,
        typer.Option(
            "--max-wasted",
            metavar="LIMIT",
            parser=_limit,
            help="Most wasted space allowed, as dive counts it: 20MB or 10%.",
        ),
    ] = None
    max_avoidable: Annotated[
        Any,
        typer.Option(
            "--max-avoidable",
            metavar="LIMIT",
            parser=_limit,
            help="Most avoidable space allowed: 20MB or 10%.",
        ),
    ] = None
    min_efficiency: Annotated[
        Any,
        typer.Option(
            "--min-efficiency",
            metavar="RATIO",
            parser=_ratio,
            help="Lowest efficiency allowed, as dive measures it: 0.95 or 95%.",
        ),
    ] = None
    ci: Annotated[
        bool | None,
        typer.Option(
            "--ci/--no-ci",
            help="Apply the rules of .dive-ci.",
            show_default="on if CI=true in the environment",
        ),
    ] = None
    ci_config: Annotated[
        Path | None,
        file_option(
            "--ci-config", exists=True, help="File of rules in the format of .dive-ci; implies --ci."
        ),
    ] = None

    @property
    def any(self) -> bool:
        """Whether the image is to be checked."""
        given = self.ci or self.ci_config or self.max_size or self.max_wasted or self.max_avoidable
        return bool(given) or self.min_efficiency is not None

    @property
    def limits(self) -> Limits:
        return slimify.Limits(
            max_size=self.max_size,
            max_wasted=self.max_wasted,
            max_avoidable=self.max_avoidable,
            min_efficiency=self.min_efficiency,
        )


def analyze(
    images: ImagesArgument,
    *,
    dockerfile: DockerfilesOption = None,
    context: ContextOption = None,
    replicas: ReplicasOption = 0,
    nodes: NodesOption = 0,
    output: OutputFlags,
    rules: RuleFlags,
    engine: ImageEngineOption = None,
    platform: PlatformOption = "",
) -> None:
    """Show why an image is big.

    Lists for each layer the instruction that made it, its content, and what of it nothing needs. Compares two
    images.
    """
    if len(images) > 2 or images.count("-") > 1:
        raise typer.BadParameter("give one image, or two to compare; only one can be standard input")
    if output.interactive and (rules.any or len(images) > 1 or output.format != "text"):
        raise typer.BadParameter("--interactive takes one image, and no limits or --format")

    def job() -> int:
        asked = slimify.AnalyzeOptions(
            dockerfiles=tuple(dockerfile or ()),
            context=context,
            replicas=replicas,
            nodes=nodes,
            engine=engine,
            platform=platform,
            limits=rules.limits,
            ci=False if output.interactive else rules.ci,
            ci_config=rules.ci_config,
        )
        return _analyze_all(images, asked, output)

    finish(job)


def _analyze_all(images: list[str], asked: AnalyzeOptions, output: OutputFlags) -> int:
    """Shows the analyses, or browses the one; returns the exit code."""
    if output.interactive:
        from slimify import browse

        try:
            browse.check()
        except slimify.SlimifyError as error:
            return show_error(images[0], error)
    with console.show_status(f"reading {' and '.join(images)} …"):
        looked = slimify.analyze_images(images, asked)
    failure = looked.failure
    if output.html is not None and failure is None:
        try:
            console.show_page(looked.analyses, output.html)
        except slimify.SlimifyError as error:
            failure = slimify.failed(output.html, slimify.SlimifyError(error.code, error.message))
    if failure is not None:
        console.show_no_analysis(looked.analyses, failure, output.format)
        return exit_code(failure)
    if output.interactive:
        browse.run(looked.analyses[0])
        return DONE
    console.show_analysis(looked.analyses, looked.rules, output.format if output.html != "-" else "none")
    return DONE if all(rule.ok for rule in looked.rules) else DIFFERENT
