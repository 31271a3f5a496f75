"""The command line: the only place that prints (through `console`) or exits.

Start-up is part of the interface (pre-commit hooks, editors), so whatever a command needs is
imported when that command runs.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from slimify import config, console, locate
from slimify.config import Base, Builder, MinSaving, parse_min_saving
from slimify.locate import Target
from slimify.model import Outcome, SlimifyError

Format = Literal["diff", "text", "json"]
TableFormat = Literal["text", "json"]

DONE, USAGE, REFUSED, INTERNAL, INTERRUPTED, PIPE_CLOSED = 0, 2, 3, 4, 130, 141
_WORST = (INTERNAL, USAGE, REFUSED, DONE)
INTERNAL_ERROR = "SL999"
_NOT_THE_INPUT = ("SL902", "SL903", INTERNAL_ERROR)  # exit code 4, not 2

# --- option values ------------------------------------------------------------------------------


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        console.show(f"slimify {version('dockerfile-slimify')}\n")
        raise typer.Exit


def _min_saving(text: str) -> MinSaving:
    try:
        return parse_min_saving(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _overrides(*, build_args: list[str] | None, **values: object) -> dict[str, object]:
    """The options that were given, by the name of their field in Options."""
    given = {name: value for name, value in values.items() if value is not None}
    if build_args:
        given["build_args"] = dict(_build_args(build_args))
    return given


def _build_args(items: list[str]) -> Iterator[tuple[str, str]]:
    """As for docker build: a name without a value takes that of the environment, if there is one."""
    for item in items:
        name, equals, value = item.partition("=")
        if equals:
            yield name, value
        elif name in os.environ:
            yield name, os.environ[name]


# --- commands ----

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turns a single-stage Dockerfile into a multi-stage one that does the same job in a smaller image.",
)

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
BuilderOption = Annotated[Builder | None, typer.Option("--builder", help="What will build the file.")]
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


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show version.")
    ] = False,
) -> None:
    pass


@app.command()
def rewrite(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Dockerfiles, directories to search, or - for stdin."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Change the file in place.")] = False,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the new file here.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="What goes to standard output.", show_default="diff")
    ] = None,
    context: ContextOption = None,
    builder: BuilderOption = None,
    base: BaseOption = None,
    min_saving: MinSavingOption = None,
    annotate: Annotated[
        bool | None, typer.Option("--annotate/--no-annotate", help="Say why in comments of the new file.")
    ] = None,
    build_arg: BuildArgOption = None,
) -> None:
    """Print the multi-stage Dockerfile.

    As a diff by default; what was done and why goes to standard error.
    """
    if write and output is not None:
        raise typer.BadParameter("--write and --output exclude each other")
    if write and "-" in (paths or ()):
        raise typer.BadParameter("standard input cannot be changed in place; use --output or the diff")
    overrides = _overrides(
        builder=builder, base=base, min_saving=min_saving, annotate=annotate, build_args=build_arg
    )

    # after writing, the diff is only for those who ask for it
    shown = format or ("none" if write or output is not None else "diff")

    def job() -> int:
        jobs = list(_jobs(paths))
        if output is not None and len(jobs) > 1:
            raise typer.BadParameter(f"--output takes one Dockerfile, not {len(jobs)}")
        codes = []
        for source, outcome in _outcomes("rewrite", jobs, context, overrides):
            if write or output is not None:
                outcome = _saved(outcome, source, output)
            console.show_rewrite(outcome, shown)
            codes.append(_exit_code(outcome))
        return _worst(codes)

    _finish(job)


@app.command()
def explain(
    path: Annotated[
        str | None,
        typer.Argument(metavar="PATH|CODE", help="Dockerfile, directory, - for stdin, or a code (SL204)."),
    ] = None,
    format: Annotated[TableFormat, typer.Option("--format", help="What to print.")] = "text",
    context: ContextOption = None,
    builder: BuilderOption = None,
    base: BaseOption = None,
    min_saving: MinSavingOption = None,
    build_arg: BuildArgOption = None,
) -> None:
    """Show what each step is for.

    Every instruction and command with its role and the reasons; or what a code means.
    """
    overrides = _overrides(builder=builder, base=base, min_saving=min_saving, build_args=build_arg)

    def job() -> int:
        if path is not None and re.fullmatch(r"SL\d{3}", path, re.IGNORECASE) and not Path(path).exists():
            return _explain_code(path.upper(), format)
        codes = []
        for _, outcome in _outcomes("explain", _jobs([path] if path else None), context, overrides):
            console.show_explanation(outcome, format)
            # to explain a refusal is a job done
            codes.append(DONE if outcome.error is None else _exit_code(outcome))
        return _worst(codes)

    _finish(job)


def main() -> None:
    """The entry point of the `slimify` command."""
    app(prog_name="slimify")


# --- one run ------------------------------------------------------------------------------------


def _finish(job: Callable[[], int]) -> None:
    """Does the job and leaves with its exit code, also when the reader or the user has gone."""
    try:
        code = job()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # what is still buffered must not raise again when the interpreter closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = PIPE_CLOSED
    raise typer.Exit(code)


_Job = tuple[Target, SlimifyError | None]


def _jobs(paths: list[str] | None) -> Iterator[_Job]:
    """Every Dockerfile once, in the order of the arguments; with an error for a path without any."""
    seen = set()
    for path in paths or ["Dockerfile"]:
        try:
            for target in locate.targets(path):
                if target.name not in seen:
                    yield target, None
                seen.add(target.name)
        except SlimifyError as error:
            yield Target(name=path, path=Path(path)), error


@dataclass(frozen=True, slots=True)
class _Source:
    """A Dockerfile as it was read."""

    target: Target
    data: bytes


def _outcomes(
    command: Literal["rewrite", "explain"],
    jobs: Iterable[_Job],
    context: Path | None,
    overrides: dict[str, object],
) -> Iterator[tuple[_Source, Outcome]]:
    """What comes of each Dockerfile; whatever goes wrong with one is its outcome and stops no other."""
    for target, problem in jobs:
        data = b""
        try:
            if problem is not None:
                raise problem
            data = locate.read(target)
            outcome = _process(command, target, data, context, overrides)
        except Exception as error:
            outcome = _failed(target.name, error)
        yield _Source(target, data), outcome


def _process(
    command: Literal["rewrite", "explain"],
    target: Target,
    data: bytes,
    context: Path | None,
    overrides: dict[str, object],
) -> Outcome:
    from slimify import pipeline

    options = replace(config.load(target.directory), **overrides)  # type: ignore[arg-type]
    remark = ""
    if context is None:
        context, remark = locate.build_context(target, data)
    phase = pipeline.rewrite if command == "rewrite" else pipeline.explain
    outcome = phase(data, name=target.name, context=context, options=options)
    return replace(outcome, warnings=(remark, *outcome.warnings)) if remark else outcome


def _saved(outcome: Outcome, source: _Source, output: str | None) -> Outcome:
    """Writes the new file in place or to `output` ("-" is standard output)."""
    from slimify import write

    content = source.data
    if outcome.after is not None:
        content = outcome.after.encode("utf-8", "surrogateescape")
    try:
        if output is None:
            if outcome.kind == "rewritten" and source.target.path is not None:
                write.replace_file(source.target.path, content, expected=source.data)
        elif outcome.kind in ("rewritten", "unchanged"):
            # also where nothing changes: what is built next is this file
            if output == "-":
                console.show_bytes(content)
            else:
                write.replace_file(Path(output), content)
    except SlimifyError as error:
        return _failed(outcome.file, error)
    return outcome


def _failed(name: str, error: Exception) -> Outcome:
    if not isinstance(error, SlimifyError):
        if os.environ.get("SLIMIFY_DEBUG"):
            import traceback

            traceback.print_exception(error)
        what = " ".join(f"{type(error).__name__}: {error}".split())
        error = SlimifyError(
            INTERNAL_ERROR,
            f"internal error, the file was left as it was: {what[:200]}",
            hint="please report it, with the Dockerfile and the traceback that SLIMIFY_DEBUG=1 prints",
        )
    return Outcome(kind="failed", file=name, error=error)


def _worst(codes: list[int]) -> int:
    return min(codes, key=_WORST.index)


def _exit_code(outcome: Outcome) -> int:
    if outcome.error is not None:
        return INTERNAL if outcome.error.code in _NOT_THE_INPUT else USAGE
    return REFUSED if outcome.kind == "refused" else DONE


def _explain_code(code: str, format: TableFormat) -> int:
    import tomllib

    known = tomllib.loads(Path(__file__).with_name("facts").joinpath("codes.toml").read_text("utf-8"))
    entry = known.get(code)
    if entry is None:
        sys.stderr.write(f"slimify: unknown code {code}\n")
        return USAGE
    if format == "json":
        import json

        console.show(json.dumps({"code": code, **entry}) + "\n")
    else:
        from slimify.report import text

        console.show(
            text.code(code, entry, width=console.columns(sys.stdout), paint=console.painter(sys.stdout))
        )
    return DONE
