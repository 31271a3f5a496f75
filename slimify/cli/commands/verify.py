"""`slimify verify`: both images built, run and compared."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct
from msgspec.structs import replace

import slimify
from slimify.cli import console, terminal
from slimify.cli.exit_codes import finish, proof_code, show_error, worst
from slimify.cli.options import (
    ContextOption,
    ExcludeOption,
    Given,
    ImageOption,
    PathArgument,
    Proving,
    html_option,
    proof_options,
    read_built_image,
    settings_options,
)

if TYPE_CHECKING:
    from slimify import BuildOptions, Job, ProofOptions

ProofFormat = Literal["text", "json", "markdown"]
FailOn = Literal["breaks", "may-matter", "cosmetic"]


class BuildFlags(Struct, frozen=True, kw_only=True):
    """How to build both images."""

    builder: Annotated[
        str, typer.Option("--builder", metavar="NAME", help="Buildx builder, local or remote.")
    ] = ""
    secret: Annotated[
        list[str] | None,
        typer.Option(
            "--secret", metavar="SPEC", help="Secret for the build, as for docker build; repeatable."
        ),
    ] = None
    platform: Annotated[
        str, typer.Option("--platform", metavar="OS/ARCH", help="Platform to build for, as for docker build.")
    ] = ""
    network: Annotated[
        str, typer.Option("--network", metavar="MODE", help="Network mode of RUN, as for docker build.")
    ] = ""
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="Time limit for one build.")
    ] = 3600

    @property
    def options(self) -> BuildOptions:
        return slimify.BuildOptions(
            secrets=tuple(self.secret or ()),
            platform=self.platform,
            builder=self.builder,
            network=self.network,
            timeout=self.timeout,
        )


def verify(
    path: PathArgument = None,
    *,
    rewritten: Annotated[
        Path | None,
        typer.Option(
            "--rewritten",
            metavar="FILE",
            exists=True,
            help="Compare with this Dockerfile instead of slimify's rewrite.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write the new file to FILE if both images are equal."
        ),
    ] = None,
    html: Annotated[Path | None, html_option("Write an HTML page to FILE: both images side by side.")] = None,
    format: Annotated[ProofFormat, typer.Option("--format", help="Format of standard output.")] = "text",
    context: ContextOption = None,
    exclude: ExcludeOption = None,
    image: ImageOption = None,
    given: Annotated[Given, settings_options("base min_saving build_args")],
    proving: Annotated[Proving, proof_options("repair probe run engine")],
    fail_on: Annotated[
        FailOn,
        typer.Option("--fail-on", help="The mildest difference that gives exit code 1."),
    ] = "breaks",
    time: Annotated[
        bool,
        typer.Option("--time", help="Also measure builds without cache, and after a change of one line."),
    ] = False,
    build: BuildFlags,
) -> None:
    """Build and run both images, and compare them.

    Compares contract, files, libraries and behaviour of the original and the rewritten image, and measures
    sizes and times.
    """
    if rewritten is not None and proving.repair:
        raise typer.BadParameter("--repair and --rewritten can't be combined")
    if output == "-":
        raise typer.BadParameter("--output takes a file: the report is on standard output")

    def job() -> int:
        asked = replace(proving, build=build.options, rewritten=rewritten, timed=time)
        todo = list(slimify.find([path] if path else None, exclude=exclude or (), command="verify"))
        return _verify_all(todo, output, html, format, context, image, given, asked, fail_on)

    finish(job)


def _verify_all(
    todo: list[Job],
    output: str | None,
    html: Path | None,
    format: ProofFormat,
    context: Path | None,
    image: str | None,
    given: Given,
    asked: ProofOptions,
    fail_on: FailOn,
) -> int:
    """Shows the proof of each Dockerfile, and returns the worst exit code."""
    if asked.rewritten is not None and len(todo) > 1:
        raise typer.BadParameter(f"--rewritten takes one Dockerfile, not {len(todo)}")
    built = read_built_image(image, todo)
    codes, results = [], []
    for source, outcome, proof in slimify.rewrite_files(
        todo, context, given, asked, console.listeners, built
    ):
        if output is not None and proof is not None and proof.verdict == "equal":
            outcome = slimify.write_file(outcome, source, Path(output))
        console.show_proof(outcome, proof, format)
        if proof is None and outcome.kind == "unchanged" and format == "text":
            terminal.write_note(f"to compare with an earlier version: {_comparison(outcome.file)}\n")
        if output is not None and proof is not None and proof.verdict == "equal" and outcome.error is None:
            terminal.write_note(f"wrote {output}\n")
        codes.append(proof_code(outcome, proof, fail_on))
        results.append((outcome, proof))
    if html is not None:
        try:
            console.show_proof_page(results, html)
        except slimify.SlimifyError as error:
            codes.append(show_error(str(html), error))
    return worst(codes)


def _comparison(file: str) -> str:
    """The command that compares a file with its version before a rewrite."""
    return f"slimify verify EARLIER --rewritten {shlex.quote(file)}"
