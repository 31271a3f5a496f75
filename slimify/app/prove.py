"""Use case `verify`: rewrites Dockerfiles and verifies the result with a container engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.app import locate
from slimify.app.dockerfiles import Source, with_warnings
from slimify.app.failures import failed
from slimify.app.locate import Job, Name, Target, target_of
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome, Rewritten

if TYPE_CHECKING:
    from slimify.config import Options
    from slimify.engine.model import BuildOptions, EngineName, Progress
    from slimify.image.model import Image
    from slimify.verify.model import Proof, Round
    from slimify.verify.probes import Probe
    from slimify.verify.session import Session


def _plain_build() -> BuildOptions:
    from slimify.engine.model import BuildOptions

    return BuildOptions()


class ProofOptions(Struct, frozen=True, kw_only=True):
    """How to verify. `rewritten` is compared instead of slimify's rewrite; `probes` are the values of
    `--probe`. `run` False: no container is started. `best_effort`: nothing fails because no engine answers or
    the original does not build."""

    build: BuildOptions = field(default_factory=_plain_build)
    engine: EngineName | None = None
    rewritten: Path | None = None
    probes: tuple[str, ...] = ()
    repair: bool = False
    run: bool = True
    timed: bool = False
    best_effort: bool = False


class Listeners(Struct, frozen=True):
    """Callbacks for the progress of builds and the rounds of repair."""

    progress: Callable[[Progress], None]
    turn: Callable[[Round], None]
    done: Callable[[], None] = lambda: None


def silent_listeners() -> Listeners:
    """Listeners that do nothing."""
    return Listeners(progress=lambda _at: None, turn=lambda _round: None)


def prove_job(
    job: Job,
    context: Path | None,
    overrides: dict[str, object],
    proving: ProofOptions,
    listeners: Listeners,
    image: Image | None = None,
) -> tuple[Source, Outcome, Proof | None]:
    """The rewrite of one Dockerfile, from which `image` was built, and its proof; None if there is nothing to
    compare. A failure of the engine is a failed outcome. KeyboardInterrupt is not caught.
    """
    target, problem = job
    data = b""
    try:
        if problem is not None:
            raise problem
        data = locate.read(target)
        outcome, proof = _prove_source(Source(target, data), context, overrides, proving, listeners, image)
    except Exception as error:
        outcome, proof = failed(target.name, error), None
    finally:
        listeners.done()
    return Source(target, data), outcome, proof


def prove_file(
    path: Name,
    context: Name | None = None,
    *,
    engine: EngineName | None = None,
    repair: bool = False,
    run: bool = True,
    **settings: object,
) -> tuple[Outcome, Proof | None]:
    """The outcome of a Dockerfile and the proof from building and comparing both images.

    `engine` None: the first container engine found. With `repair`, plans are adjusted until the images are
    equal; without `run`, no container is started. The proof is None if there is nothing to compare. Raises
    nothing: a failure of the engine is a failed outcome.
    """
    proving = ProofOptions(engine=engine, repair=repair, run=run)
    _, outcome, proof = prove_job(
        target_of(path), None if context is None else Path(context), settings, proving, silent_listeners()
    )
    return outcome, proof


def _prove_source(
    source: Source,
    context: Path | None,
    overrides: dict[str, object],
    proving: ProofOptions,
    listeners: Listeners,
    image: Image | None,
) -> tuple[Outcome, Proof | None]:
    from slimify import pipeline
    from slimify.engine.detect import detect
    from slimify.verify.proof_request import proof_request
    from slimify.verify.repair import repair
    from slimify.verify.session import Session

    target, data = source.target, source.data
    options = locate.options_for(target, context, overrides)
    probe = probe_of(options, proving, target)
    if context is None:
        context, _ = locate.build_context(target, data)
    if context is None:
        raise SlimifyError("SL904", "building a Dockerfile from standard input needs --context")
    directory = context

    def rewrite(with_options: Options) -> Outcome:
        found = pipeline.rewrite(data, name=target.name, context=directory, options=with_options, image=image)
        return with_warnings(found, options.warnings("templates", "probes"))

    own = rewrite(options)
    outcome = _with_rewritten_file(proving.rewritten, own, data)
    if outcome.after is None:
        return outcome, None
    with detect(proving.engine) as engine:
        subject = proof_request(
            data,
            name=target.name,
            context=directory,
            options=options,
            probe=probe,
            build=replace(proving.build, target=proving.build.target or own.built_stage),
            start=proving.run,
            timed=proving.timed,
        )
        session = Session(engine, subject, listeners.progress)

        def prove(one: Outcome) -> Proof:
            return _prove_outcome(session, one, options)

        if proving.repair and proving.rewritten is None:
            return repair(outcome, options, rewrite, prove, listeners.turn)
        return outcome, prove(outcome)


def _prove_outcome(session: Session, outcome: Outcome, options: Options) -> Proof:
    from slimify.verify.proof_request import accepted_fields

    assert outcome.after is not None
    ignore = outcome.ignore.after.encode("utf-8", "surrogateescape") if outcome.ignore else None
    proof = session.prove(outcome.after.encode("utf-8", "surrogateescape"), accepted_fields(outcome), ignore)
    floor = options.min_saving.in_place if outcome.rung == "cleanup" else options.min_saving.floor
    return replace(proof, min_saving=floor(proof.before.disk) if proof.before else 0)


def _with_rewritten_file(path: Path | None, outcome: Outcome, data: bytes) -> Outcome:
    """The outcome with the file at `path` in place of the rewrite."""
    if path is None:
        return outcome
    if outcome.kind == "failed":
        return outcome
    text = locate.read(Target(name=str(path), path=path)).decode("utf-8", "surrogateescape")
    return outcome.become(Rewritten, after=text, ignore=None, decisions=(), stages=(), estimate=None)


def probe_of(options: Options, proving: ProofOptions, target: Target) -> Probe:
    """The probe of a Dockerfile. Raises SlimifyError (SL904)."""
    from slimify.verify import probes

    settings = Path(options.settings)
    name = os.path.relpath(target.path or target.name, settings.parent)
    try:
        probe = probes.parse_table(options.probes, name)
    except ValueError as error:
        raise SlimifyError("SL904", f"{settings}: {error}") from error
    try:
        for text in proving.probes:
            probe = probes.merge(probe, probes.parse_option(text))
    except ValueError as error:
        raise SlimifyError("SL904", f"--probe: {error}") from error
    return probe
