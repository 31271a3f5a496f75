"""`slimify merge`: a Dockerfile that builds and one that takes the result become one."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slimify import console
from slimify.arguments import (
    BuildArgOption,
    ContextOption,
    EngineOption,
    Format,
    ProbeOption,
    RunOption,
    needs_verify,
    overrides,
    wishes_of,
)
from slimify.exits import finish, proof_code

if TYPE_CHECKING:
    from slimify.config import Options
    from slimify.merging import File
    from slimify.model import Outcome
    from slimify.proofs import Wishes
    from slimify.verify.model import Proof


def _extract(text: str) -> tuple[str, str]:
    path, mark, name = text.partition("=")
    if not mark or not path.startswith("/") or not name or name.startswith("/"):
        raise typer.BadParameter(f'"{text}" is not PATH=NAME, /src/app=app')
    return posixpath.normpath(path), name


def merge(
    builder: Annotated[
        str, typer.Argument(metavar="BUILDER", help="The Dockerfile of the image to build in.")
    ],
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="The one that takes the result, or - for stdin.")
    ] = "Dockerfile",
    write: Annotated[bool, typer.Option("--write", help="Change PATH in place.")] = False,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the new file here.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="What goes to standard output.", show_default="diff")
    ] = None,
    extract: Annotated[
        list[str] | None,
        typer.Option(
            "--extract",
            metavar="PATH=NAME",
            help="What is taken out of the builder, and its name in the context.",
        ),
    ] = None,
    context: ContextOption = None,
    annotate: Annotated[
        bool | None, typer.Option("--annotate/--no-annotate", help="Say why in comments of the new file.")
    ] = None,
    build_arg: BuildArgOption = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Build the old image as the script does, and compare it with the new one."
        ),
    ] = False,
    probe: ProbeOption = None,
    run: RunOption = True,
    engine: EngineOption = None,
) -> None:
    """Make one multi-stage Dockerfile of two.

    The old pattern: one image to build in, a script that takes the result out of it, another image that gets
    it. What was done, why, and which lines of the script can go is said on standard error.
    """
    needs_verify(verify, repair=False, probe=probe, engine=engine, run=run)
    if write and output is not None:
        raise typer.BadParameter("--write and --output exclude each other")
    if write and path == "-":
        raise typer.BadParameter("standard input cannot be changed in place; use --output or the diff")
    if builder == "-":
        raise typer.BadParameter("standard input can only be the file that takes the result")
    if path == "-" and context is None:
        raise typer.BadParameter("standard input has no context: name one with --context")
    given = overrides(annotate=annotate, build_args=build_arg)
    extracts = [_extract(text) for text in extract or ()]
    shown = format or ("none" if write or output is not None else "diff")

    def job() -> int:
        from msgspec.structs import replace

        from slimify import config, jobs, locate, merging
        from slimify.locate import Target

        targets = [Target(name=p, path=None if p == "-" else Path(p)) for p in (builder, path)]
        source, reading = jobs.Source(targets[1], b""), path
        proof: Proof | None = None
        try:
            source = jobs.Source(targets[1], locate.read(targets[1]))
            reading = builder
            first = merging.File(targets[0], locate.read(targets[0]))
            reading = path
            beside = context if path == "-" and context is not None else targets[1].directory
            options = replace(config.load(beside, targets[1].path), **given)
            second = merging.File(source.target, source.data)
            wishes = wishes_of(verify, engine=engine, probe=probe, repair=False, run=run)
            outcome, proof = _merged(first, second, context, options, extracts, wishes)
        except Exception as error:
            outcome = jobs.failed(reading, error)
        proven = proof is None or proof.verdict == "equal"
        if not proven:
            outcome = jobs.withheld(outcome)
        elif output == "-":
            console.show_bytes(jobs.new_content(outcome, source) or b"")
        elif write or output is not None:
            outcome = jobs.written(outcome, source, Path(output) if output is not None else None)
        console.show_rewrite(outcome, shown if proven or shown == "json" else "none", proof)
        return proof_code(outcome, proof)

    finish(job)


def _merged(
    builder: File,
    runtime: File,
    context: Path | None,
    options: Options,
    given: Sequence[tuple[str, str]],
    wishes: Wishes | None,
) -> tuple[Outcome, Proof | None]:
    """The one file, with its proof if that was wished for."""
    from slimify import jobs, merging
    from slimify.model import Outcome

    pair = merging.read(builder, runtime, context=context, options=options, given=given)
    if isinstance(pair, Outcome):
        return pair, None
    if wishes is None:
        return merging.outcome(pair, options), None
    from slimify import mergeproofs, proofs
    from slimify.engine.model import EngineProblem

    told = console.listeners()
    try:
        return mergeproofs.proven(builder, runtime, pair, options, wishes, told)
    except EngineProblem as failure:
        return jobs.failed(runtime.name, proofs.engine_error(failure)), None
    finally:
        told.done()
