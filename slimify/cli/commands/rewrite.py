"""`slimify rewrite`: the multi-stage Dockerfile, as a diff, as text, as JSON or in its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import slimify
from slimify.cli import console
from slimify.cli.exit_codes import finish, proof_code, worst
from slimify.cli.options import (
    BaseOption,
    BuildArgOption,
    BuilderOption,
    CacheMountsOption,
    ContextOption,
    DebugTargetOption,
    DockerignoreOption,
    EngineOption,
    ExcludeAssetsOption,
    Format,
    ImageOption,
    MinSavingOption,
    NonrootOption,
    ProbeOption,
    RepairOption,
    RunOption,
    SingleStageOption,
    built_image,
    needs_verify,
    overrides,
    proof_options,
)

if TYPE_CHECKING:
    from slimify import Proof, Source


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
    image: ImageOption = None,
    base: BaseOption = None,
    min_saving: MinSavingOption = None,
    annotate: Annotated[
        bool | None, typer.Option("--annotate/--no-annotate", help="Say why in comments of the new file.")
    ] = None,
    build_arg: BuildArgOption = None,
    builder: BuilderOption = None,
    cache_mounts: CacheMountsOption = None,
    nonroot: NonrootOption = None,
    debug_target: DebugTargetOption = None,
    single_stage: SingleStageOption = None,
    dockerignore: DockerignoreOption = None,
    exclude_assets: ExcludeAssetsOption = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Build and compare both images; only what is equal counts.")
    ] = False,
    repair: RepairOption = False,
    probe: ProbeOption = None,
    run: RunOption = True,
    engine: EngineOption = None,
) -> None:
    """Print the multi-stage Dockerfile.

    As a diff by default; what was done and why goes to standard error.
    """
    needs_verify(verify, repair=repair, probe=probe, engine=engine, run=run)
    if write and output is not None:
        raise typer.BadParameter("--write and --output exclude each other")
    if write and "-" in (paths or ()):
        raise typer.BadParameter("standard input cannot be changed in place; use --output or the diff")
    given = overrides(
        base=base,
        min_saving=min_saving,
        annotate=annotate,
        build_args=build_arg,
        builder=builder,
        cache_mounts=cache_mounts,
        nonroot=nonroot,
        debug_target=debug_target,
        single_stage=single_stage,
        dockerignore=dockerignore,
        exclude_assets=exclude_assets,
    )

    # after writing, the diff is only for those who ask for it
    shown = format or ("none" if write or output is not None else "diff")

    def job() -> int:
        todo = list(slimify.find(paths))
        if output is not None and len(todo) > 1:
            raise typer.BadParameter(f"--output takes one Dockerfile, not {len(todo)}")
        built = built_image(image, todo)
        if isinstance(built, int):
            return built
        proving = proof_options(verify, engine=engine, probe=probe, repair=repair, run=run)
        codes = []
        for source, outcome, proof in slimify.rewrite_files(
            todo, context, given, proving, console.listeners, built
        ):
            proven = proof is None or proof.verdict == "equal"
            if not proven:
                outcome = slimify.withheld(outcome)
            elif output == "-":
                console.show_bytes(slimify.new_content(outcome, source) or b"")
            elif write or output is not None:
                outcome = slimify.write_file(outcome, source, Path(output) if output is not None else None)
            if write and proof is not None and proof.constraints and outcome.error is None:
                console.tell(_remembered(source, proof))
            console.show_rewrite(outcome, shown if proven or shown == "json" else "none", proof)
            codes.append(proof_code(outcome, proof))
        return worst(codes)

    finish(job)


def _remembered(source: Source, proof: Proof) -> str:
    return slimify.keep_constraints(source.target.directory, proof.constraints)
