"""Use case `merge`: two Dockerfiles become one, optionally with a proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slimify import config
from slimify.app import locate, merge_pipeline
from slimify.app.dockerfiles import Source, with_warnings
from slimify.app.failures import failed
from slimify.app.locate import Target
from slimify.model.outcome import Outcome

if TYPE_CHECKING:
    from slimify.app.prove import Listeners, ProofOptions
    from slimify.config import Options
    from slimify.verify.model import Proof


def merge_files(
    builder: str,
    path: str,
    context: Path | None = None,
    *,
    settings: Mapping[str, object] | None = None,
    extracts: Sequence[tuple[str, str]] = (),
    proving: ProofOptions | None = None,
    listeners: Callable[[], Listeners] | None = None,
) -> tuple[Source, Outcome, Proof | None]:
    """The outcome of merging `builder`, the Dockerfile of the build image, into `path`, the Dockerfile that
    copies the build result ("-": standard input). Nothing is written; images are built only with `proving`.

    `extracts` are paths of the build image and their names in the build context; None: a script defines them.
    Raises nothing: failures are failed outcomes.
    """
    targets = [Target(name=p, path=None if p == "-" else Path(p)) for p in (builder, path)]
    source, reading = Source(targets[1], b""), path
    proof: Proof | None = None
    try:
        source = Source(targets[1], locate.read(targets[1]))
        reading = builder
        first = Source(targets[0], locate.read(targets[0]))
        reading = path
        beside = context if path == "-" and context is not None else targets[1].directory
        options = config.load(beside, targets[1].path, settings or {})
        outcome, proof = _merge(first, source, context, options, extracts, proving, listeners)
        read = ("templates", "probes") if proving is not None else ("templates",)
        outcome = with_warnings(outcome, options.warnings(*read))
    except Exception as error:
        outcome = failed(reading, error)
    return source, outcome, proof


def _merge(
    builder: Source,
    runtime: Source,
    context: Path | None,
    options: Options,
    extracts: Sequence[tuple[str, str]],
    proving: ProofOptions | None,
    listeners: Callable[[], Listeners] | None,
) -> tuple[Outcome, Proof | None]:
    pair = merge_pipeline.read(builder, runtime, context=context, options=options, given=extracts)
    if isinstance(pair, Outcome):
        return pair, None
    if proving is None:
        return merge_pipeline.outcome(pair, options), None
    from slimify.app import merge_proof, prove

    active = (listeners or prove.silent_listeners)()
    try:
        return merge_proof.prove_merge(builder, runtime, pair, options, proving, active)
    finally:
        active.done()
