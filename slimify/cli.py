"""The command line: the only place that prints (through `console`) or exits.

Start-up is part of the interface (pre-commit hooks, editors), so whatever a command needs is
imported when that command runs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slimify import __version__, console
from slimify.arguments import (
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
    ProofFormat,
    RepairOption,
    RunOption,
    SingleStageOption,
    TableFormat,
    needs_verify,
    overrides,
    wishes_of,
)
from slimify.cli_analyze import analyze
from slimify.cli_check import check
from slimify.cli_ci import ci
from slimify.cli_config import config
from slimify.cli_merge import merge
from slimify.cli_pr import pr
from slimify.cli_scan import scan
from slimify.exits import DIFFERENT, DONE, REFUSED, USAGE, exit_code, finish, worst

if TYPE_CHECKING:
    from slimify.image.model import Image
    from slimify.jobs import Job, Source
    from slimify.model import Outcome
    from slimify.verify.model import Proof


def _version(wanted: bool) -> None:
    if wanted:
        console.show(f"slimify {__version__}\n")
        raise typer.Exit


app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turns a single-stage Dockerfile into a multi-stage one that does the same job in a smaller image.",
)


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
        from slimify import jobs
        from slimify.results import results

        todo = list(jobs.named(paths))
        if output is not None and len(todo) > 1:
            raise typer.BadParameter(f"--output takes one Dockerfile, not {len(todo)}")
        built = _image(image, todo)
        if isinstance(built, int):
            return built
        wishes = wishes_of(verify, engine=engine, probe=probe, repair=repair, run=run)
        codes = []
        for source, outcome, proof in results(todo, context, given, wishes, console.listeners, built):
            proven = proof is None or proof.verdict == "equal"
            if not proven:
                outcome = jobs.withheld(outcome)
            elif output == "-":
                console.show_bytes(jobs.new_content(outcome, source) or b"")
            elif write or output is not None:
                outcome = jobs.written(outcome, source, Path(output) if output is not None else None)
            if write and proof is not None and proof.constraints and outcome.error is None:
                console.tell(_remembered(source, proof))
            console.show_rewrite(outcome, shown if proven or shown == "json" else "none", proof)
            codes.append(_proof_code(outcome, proof))
        return worst(codes)

    finish(job)


@app.command()
def explain(
    path: Annotated[
        str | None,
        typer.Argument(metavar="PATH|CODE", help="Dockerfile, directory, - for stdin, or a code (SL204)."),
    ] = None,
    format: Annotated[TableFormat, typer.Option("--format", help="What to print.")] = "text",
    context: ContextOption = None,
    image: ImageOption = None,
    base: BaseOption = None,
    min_saving: MinSavingOption = None,
    build_arg: BuildArgOption = None,
) -> None:
    """Show what each step is for.

    Every instruction and command with its role and the reasons; or what a code means.
    """
    given = overrides(base=base, min_saving=min_saving, build_args=build_arg)

    def job() -> int:
        if path is not None and re.fullmatch(r"SL\d{3}", path, re.IGNORECASE) and not Path(path).exists():
            return _explain_code(path.upper(), format)
        from slimify import jobs

        todo = list(jobs.named([path] if path else None))
        built = _image(image, todo)
        if isinstance(built, int):
            return built
        codes = []
        for _, outcome in jobs.outcomes("explain", todo, context, given, built):
            console.show_explanation(outcome, format)
            # to explain a refusal is a job done
            codes.append(DONE if outcome.error is None else exit_code(outcome))
        return worst(codes)

    finish(job)


@app.command()
def verify(
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="The original Dockerfile, or a directory to search.")
    ] = None,
    rewritten: Annotated[
        Path | None,
        typer.Option(
            "--rewritten", metavar="FILE", exists=True, help="Compare with this file, not with ours."
        ),
    ] = None,
    repair: RepairOption = False,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the proven file here.")
    ] = None,
    format: Annotated[ProofFormat, typer.Option("--format", help="What goes to standard output.")] = "text",
    context: ContextOption = None,
    image: ImageOption = None,
    base: BaseOption = None,
    min_saving: MinSavingOption = None,
    build_arg: BuildArgOption = None,
    probe: ProbeOption = None,
    run: RunOption = True,
    time: Annotated[
        bool, typer.Option("--time", help="Also build without cache, and after a change of one line.")
    ] = False,
    engine: EngineOption = None,
    builder: Annotated[
        str, typer.Option("--builder", metavar="NAME", help="A buildx builder, also a remote one.")
    ] = "",
    secret: Annotated[
        list[str] | None, typer.Option("--secret", metavar="SPEC", help="As for docker build.")
    ] = None,
    platform: Annotated[str, typer.Option("--platform", metavar="OS/ARCH", help="As for docker build.")] = "",
    network: Annotated[str, typer.Option("--network", metavar="MODE", help="As for docker build.")] = "",
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="How long one build may take.")
    ] = 3600,
) -> None:
    """Build and run both images, and compare them.

    The original and the rewritten one: contract, files, libraries and behaviour; sizes and times.
    """
    given = overrides(base=base, min_saving=min_saving, build_args=build_arg)
    if rewritten is not None and repair:
        raise typer.BadParameter("--repair plans anew and can't change the file of --rewritten")

    def job() -> int:
        from slimify import jobs
        from slimify.engine.model import BuildOptions
        from slimify.proofs import Wishes
        from slimify.results import results

        build = BuildOptions(
            secrets=tuple(secret or ()), platform=platform, builder=builder, network=network, timeout=timeout
        )
        wishes = Wishes(
            build=build,
            engine=engine,
            rewritten=rewritten,
            probes=tuple(probe or ()),
            repair=repair,
            run=run,
            timed=time,
        )
        todo = list(jobs.named([path] if path else None))
        if rewritten is not None and len(todo) > 1:
            raise typer.BadParameter(f"--rewritten goes with one Dockerfile, not {len(todo)}")
        built = _image(image, todo)
        if isinstance(built, int):
            return built
        codes = []
        for source, outcome, proof in results(todo, context, given, wishes, console.listeners, built):
            if output is not None and proof is not None and proof.verdict == "equal":
                outcome = jobs.written(outcome, source, Path(output))
            console.show_proof(outcome, proof, format)
            codes.append(_proof_code(outcome, proof))
        return worst(codes)

    finish(job)


app.command()(check)
app.command()(scan)
app.command()(analyze)
app.command()(config)
app.command()(ci)
app.command()(pr)
app.command()(merge)


def main() -> None:
    """The entry point of the `slimify` command."""
    app(prog_name="slimify")


# --- one run ------------------------------------------------------------------------------------


def _image(name: str | None, todo: list[Job]) -> Image | int | None:
    """The image of `--image`; the exit code, where it can't be read."""
    if name is None:
        return None
    if len(todo) > 1:
        raise typer.BadParameter(f"--image goes with one Dockerfile, not {len(todo)}")
    if name == "-" and any(target.name == "-" for target, _ in todo):
        raise typer.BadParameter("standard input is either the image or the Dockerfile")
    from slimify import analyses
    from slimify.model import Outcome

    with console.busy(f"reading {name} …"):
        found = analyses.evidence(name)
    if not isinstance(found, Outcome):
        return found
    console.show_failure(found)
    return exit_code(found)


def _remembered(source: Source, proof: Proof) -> str:
    from slimify import remember

    return remember.kept(source.target.directory, proof.constraints)


def _proof_code(outcome: Outcome, proof: Proof | None) -> int:
    if proof is None or outcome.error is not None:
        return exit_code(outcome)
    return {"equal": DONE, "different": DIFFERENT, "not built": REFUSED}[proof.verdict]


def _explain_code(code: str, format: TableFormat) -> int:
    from slimify.facts import load

    entry = load("codes.toml").get(code)
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
