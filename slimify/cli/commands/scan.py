"""`slimify scan`: many repositories at once, and where to start."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct
from msgspec.structs import replace

import slimify
from slimify.cli import console, terminal
from slimify.cli.exit_codes import DONE, finish, show_error
from slimify.cli.options import (
    ExcludeOption,
    Given,
    MaybeProving,
    file_option,
    html_option,
    proof_options,
    settings_options,
)

if TYPE_CHECKING:
    from slimify import ProofOptions, Row, ScanBuilds, ScanOptions

_SHARD = re.compile(r"(?P<part>[1-9]\d*)/(?P<parts>[1-9]\d*)")


def _shard(text: str | None) -> tuple[int, int]:
    match = _SHARD.fullmatch(text or "1/1")
    if match is None or int(match["part"]) > int(match["parts"]):
        raise typer.BadParameter("must be I/N with I from 1 to N, for example 2/8", param_hint="--shard")
    return int(match["part"]), int(match["parts"])


class OutputFlags(Struct, frozen=True, kw_only=True):
    """Where the results go."""

    output: Annotated[
        Path | None,
        file_option(
            *("--output", "-o"),
            help="Write one JSON line per Dockerfile to FILE; an interrupted scan resumes from it.",
        ),
    ] = None
    html: Annotated[
        Path | None, html_option("Write an HTML page to FILE: all Dockerfiles with their diffs and reasons.")
    ] = None
    format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="Format of standard output.")
    ] = "text"


class WorkFlags(Struct, frozen=True, kw_only=True):
    """How much of the work this scan does, and how."""

    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N",
            min=1,
            help="Number of processes.",
            show_default="the number of processors",
        ),
    ] = None
    retry: Annotated[
        bool,
        typer.Option(
            "--retry", help="Retry the Dockerfiles that failed or did not build, according to --output."
        ),
    ] = False
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Scan only part I of N, to split the work over CI jobs."),
    ] = None
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", help="Scan nothing: the PATHs are files of rows, such as those of CI jobs, to merge."
        ),
    ] = False
    timeout: Annotated[
        int,
        typer.Option(
            "--timeout", min=1, metavar="SECONDS", help="Time limit for one Dockerfile, builds not included."
        ),
    ] = 300


class BuildFlags(Struct, frozen=True, kw_only=True):
    """How `--verify` builds."""

    builds: Annotated[
        int | None,
        typer.Option(
            "--builds", metavar="N", min=1, help="Number of Dockerfiles to build at a time.", show_default="1"
        ),
    ] = None
    build_timeout: Annotated[
        int | None,
        typer.Option(
            "--build-timeout", metavar="SECONDS", min=1, help="Time limit for one build.", show_default="3600"
        ),
    ] = None
    buildx_builder: Annotated[
        list[str] | None,
        typer.Option(
            "--buildx-builder",
            metavar="NAME",
            help="Buildx builder to use; repeat it to distribute the repositories over several.",
        ),
    ] = None

    @property
    def any(self) -> bool:
        """Whether any of the options is given."""
        return bool(self.builds or self.build_timeout or self.buildx_builder)

    def options(self, proving: ProofOptions, *, again: bool) -> ScanBuilds:
        if self.build_timeout is not None:
            proving = replace(proving, build=replace(proving.build, timeout=self.build_timeout))
        return slimify.ScanBuilds(
            proving=proving,
            number=self.builds or 1,
            builders=tuple(self.buildx_builder or ()),
            again=again,
        )


def scan(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Directories, URLs of git repositories, or files that list them.",
            show_default="the working directory",
        ),
    ] = None,
    *,
    exclude: ExcludeOption = None,
    output: OutputFlags,
    work: WorkFlags,
    given: Annotated[Given, settings_options("base min_saving build_args builder dockerignore")],
    proving: Annotated[
        MaybeProving,
        proof_options(
            "repair run engine", "Build and compare both images of each rewrite; sizes are measured."
        ),
    ],
    builds: BuildFlags,
) -> None:
    """Show what many repositories could save.

    Changes nothing, and builds only with --verify. A repository that can't be read is a row with the reason.
    """
    if proving is None and builds.any:
        raise typer.BadParameter("--builds, --build-timeout and --buildx-builder need --verify")
    if work.retry and output.output is None:
        raise typer.BadParameter("--retry needs --output, the file of earlier results")
    if work.merge and (not paths or proving is not None or work.retry or work.shard):
        raise typer.BadParameter("--merge needs files, and goes with neither --verify, --retry nor --shard")
    part, parts = _shard(work.shard)

    def job() -> int:
        bar = _ProgressBar(output.output)
        asked = slimify.ScanOptions(
            settings=given,
            exclude=tuple(exclude or ()),
            timeout=work.timeout,
            results=output.output,
            part=part,
            parts=parts,
            jobs=work.jobs,
            again=work.retry,
            merge=work.merge,
            builds=builds.options(proving, again=work.retry) if proving is not None else None,
            began=bar.began,
        )
        return _scan_all(paths or ["."], asked, output, bar)

    finish(job)


def _scan_all(paths: list[str], asked: ScanOptions, output: OutputFlags, bar: _ProgressBar) -> int:
    """Scans and shows the results; returns the exit code."""
    try:
        with console.FleetReport(output.format, output.html) as shown, bar:
            for rows in slimify.scan_all(paths, asked):
                shown.add(rows)
                bar.update(rows)
            bar.close()
            shown.end()
    except slimify.SlimifyError as error:
        return show_error("slimify scan", error)
    return DONE


class _ProgressBar:
    """The progress bar on standard error, a new one for each phase."""

    def __init__(self, results: Path | None) -> None:
        self._results, self._what = results, ""
        self._open = ExitStack()
        self._update: Callable[[int], None] = lambda _number: None

    def began(self, what: str, count: int, done: int) -> None:
        self.close()
        self._what = what
        if done:
            terminal.write_stderr(
                f"skipping {done} of {count}, already in {self._results}; delete it to scan them again\n"
            )
        bar = typer.progressbar(length=count, label=what, file=sys.stderr, show_pos=True, width=0)
        self._update = self._open.enter_context(bar).update

    def update(self, rows: list[Row]) -> None:
        """Advances the bar. Without a terminal, prints a line for each build, which may take minutes."""
        self._update(1)
        if self._what == "Building" and not sys.stderr.isatty():
            console.show_built_rows(rows)

    def close(self) -> None:
        self._open.close()

    def __enter__(self) -> _ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
