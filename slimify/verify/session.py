"""Builds both images and compares contract, files and behaviour. The original is built once."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.engine.containers import Engine
from slimify.engine.model import BuildOptions, Built, EngineProblem
from slimify.languages import language
from slimify.verify import (
    behaviour,
    contract,
    error_messages,
    measurements,
    read_side,
    run_container,
    steady_answers,
)
from slimify.verify.disk import (
    commands,
    environment_check,
    files,
    imports,
    leftovers,
    libraries,
    media_types,
    ownership,
    package_files,
    start_commands,
    users,
)
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.model import Check, Constraint, Finding, Grade, Proof, Times
from slimify.verify.observation import Observation
from slimify.verify.proof_request import Listener, ProofRequest
from slimify.verify.reruns import Reruns
from slimify.verify.steady_answers import AnswerHistories

BUILD = "SL501"


class _TestedImage(Struct, dict=True):
    """One of the two built images. Each inspection runs at most once."""

    engine: Engine
    case: ProofRequest
    built: Built
    dockerfile: bytes
    ignore: bytes | None
    sizes: dict[str, int]

    @property
    def sources(self) -> tuple[bytes, bytes | None]:
        """The Dockerfile and its ignore file."""
        return self.dockerfile, self.ignore

    @cached_property
    def config(self) -> dict[str, Any]:
        return dict(self.engine.inspect(self.built.tag).get("Config") or {})

    @cached_property
    def side(self) -> Side:
        return read_side.read_side(
            self.engine, self.built.tag, self.dockerfile, digests=self.case.probe.files, sizes=self.sizes
        )

    @cached_property
    def ports(self) -> tuple[int, ...]:
        exposed = sorted(str(port) for port in self.config.get("ExposedPorts") or {})
        tcp = tuple(int(port.partition("/")[0]) for port in exposed if not port.endswith("/udp"))
        if not tcp:  # many servers listen on $PORT without EXPOSE
            said = behaviour.variable_value(self.config, self.case.probe, "PORT")
            tcp = (int(said),) if said.isdigit() and 0 < int(said) < 65536 else ()
        return (self.case.probe.port,) if self.case.probe.port else tcp

    def observed(self, asked: tuple[int, ...], least: float = 0) -> Observation:
        health = start_commands.health_command(self.config)
        return run_container.observe(self.engine, self.built.tag, asked, self.case.probe, least, health)

    @cached_property
    def observation(self) -> Observation:
        first = self.observed(self.ports)
        if first.answers or not first.unasked_ports:
            return first
        self.ports = first.unasked_ports  # neither EXPOSE nor PORT names them
        return self.observed(self.ports)


class Session(Struct):
    """Compares one original with any number of rewrites.

    As a context manager, it removes the original's image on exit; the caller closes the engine. `sizes`
    caches the compressed sizes of layers across sessions.
    """

    engine: Engine
    case: ProofRequest
    listener: Listener | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    _original: _TestedImage | None = None
    _reruns: Reruns | None = None
    _watched: float = 0  # seconds that the reruns watch the original at least

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._original is not None:
            with contextlib.suppress(EngineProblem):  # the engine cleans up when it is closed
                self.engine.remove_image(self._original.built.tag)
            self._original = None

    @property
    def observation(self) -> Observation | None:
        """The observation of the original; None if it was not started."""
        return self._original.__dict__.get("observation") if self._original else None

    def prove(
        self, rewritten: bytes, accepted: frozenset[str] = frozenset(), ignore: bytes | None = None
    ) -> Proof:
        """Compares the original with a rewritten Dockerfile.

        `accepted` are the fields of the contract that its decisions change, `ignore` is its own ignore file.
        Raises EngineProblem for failures that the Dockerfile does not cause (engine unreachable, disk full,
        process killed, …).
        """
        proof = Proof(file=self.case.file, verdict="not built", engine=self.engine.name)
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(self._build_original)
            second = pool.submit(
                self._build, rewritten, "rewritten", None, self.case.context_after, ignore=ignore
            )
            try:
                original = _built_or_problem(first)
                subject = _built_or_problem(second)
            except BaseException:
                self.engine.cancel()
                raise
        if isinstance(original, EngineProblem):
            if isinstance(subject, _TestedImage):
                self.engine.remove_image(subject.built.tag)
            text = f"the original does not build with {self.engine.name}: {original.message}"
            return replace(proof, problem=text, log=original.log)
        if isinstance(subject, EngineProblem):
            check = _not_built(subject)
            if subject.kind == "build":
                return replace(proof, verdict="different", checks=(check,), log=subject.log)
            return replace(proof, problem=check.detail, checks=(check,), log=subject.log)
        try:
            return self._compared(proof, original, subject, accepted)
        finally:
            self.engine.remove_image(subject.built.tag)

    def _build_original(self) -> _TestedImage:
        if self._original is None:
            self._original = self._build(self.case.original, "original")
        return self._original

    def _rebuilt(self, original: _TestedImage, asked: tuple[int, ...], least: float) -> Observation:
        """The observation of the original after a rebuild without cache; the earlier one if that fails."""
        options = replace(self.case.build, no_cache=True)
        try:
            again = self._build(self.case.original, "original, once more", options)
        except EngineProblem as problem:
            if problem.kind not in ("build", "base", "timeout"):
                raise
            return original.observation
        try:
            return again.observed(asked, least)
        finally:
            self.engine.remove_image(again.built.tag)

    def _build(
        self,
        dockerfile: bytes,
        label: str,
        options: BuildOptions | None = None,
        context: Path | None = None,
        *,
        ignore: bytes | None = None,
    ) -> _TestedImage:
        case = self.case
        own = ignore if ignore is not None else case.ignore
        built = self.engine.build(
            dockerfile, context or case.context, options or case.build, self.listener, label, ignore=own
        )
        return _TestedImage(self.engine, case, built, dockerfile, own, self.sizes)

    def _compared(
        self, proof: Proof, original: _TestedImage, subject: _TestedImage, accepted: frozenset[str]
    ) -> Proof:
        terms = self.case.terms
        added = contract.fields_set_by(subject.dockerfile) - contract.fields_set_by(original.dockerfile)
        terms = replace(terms, accepted=terms.accepted | accepted, added=added)
        checks = [Check(name="build", layer="build", detail="both images are built")]
        checks += contract.compare(original.config, subject.config, terms)
        with ThreadPoolExecutor(2) as pool:
            tuple(pool.map(lambda one: one.side, (original, subject)))
        checks += self._disk(self._evidence(original, subject))
        scope: tuple[str, ...] = ()
        times = {"original": Times(), "rewritten": Times()}
        if self.case.start and self.engine.can_run:
            checks += self._behaviour(original, subject)
            scope = behaviour.unproven(original.observation, original.ports, self.case.probe)
            times = {
                "original": Times(start=original.observation.start),
                "rewritten": Times(start=subject.observation.start),
            }
        else:
            why = "nothing was run" if not self.case.start else f"{self.engine.name} only builds"
            scope = (f"{why}: behaviour was not compared",)
        if self.case.timed_source:
            times = measurements.build_times(self.engine, self.case, subject.sources, times, self.listener)
        equal = all(check.ok for check in checks)
        return replace(
            proof,
            verdict="equal" if equal else "different",
            checks=tuple(checks),
            scope=scope,
            before=measurements.image_sizes(original.side, self.engine.size(original.built.tag)),
            after=measurements.image_sizes(subject.side, self.engine.size(subject.built.tag)),
            times=times,
        )

    def _evidence(self, original: _TestedImage, subject: _TestedImage) -> Evidence:
        return Evidence(original.side, subject.side, self.case.runtime_needs, self.case.image_paths)

    def _disk(self, evidence: Evidence) -> Iterator[Check]:
        executed = start_commands.executed_files(evidence.after)
        yield commands.started_commands(evidence)
        yield commands.source_programs(evidence)
        yield commands.interpreters(evidence)
        yield libraries.linked_libraries(evidence, executed)
        yield libraries.loaded_libraries(evidence)
        known = language(self.case.language)
        own = known.image_checks if known is not None else None
        yield from own.image_checks(evidence) if own is not None else (imports.no_imports(),)
        yield files.named_paths(evidence, self.case.language)
        yield files.copied_files(evidence)
        yield files.volumes(evidence)
        yield files.links(evidence)
        yield package_files.check(evidence)
        yield ownership.check(evidence)
        yield users.check(evidence)
        yield environment_check.check(evidence, self.case.language)
        yield media_types.check(evidence, self.case.language)
        yield leftovers.missing_application_files(
            evidence, self.case.application_directories, self.case.language
        )
        yield leftovers.missing_data_elsewhere(evidence, self.case.application_directories)
        if self.case.probe.files:
            yield files.probed_files(evidence, self.case.probe.files)

    def _behaviour(self, original: _TestedImage, subject: _TestedImage) -> Iterator[Check]:
        probe, seen = self.case.probe, original.observation
        asked = original.ports
        wait = behaviour.minimum_watch(seen)
        now = behaviour.retry_unsteady_start(
            seen, subject.observed(asked, wait), asked, lambda: subject.observed(asked, wait)
        )
        if behaviour.may_end(seen, now, probe):
            seen, now = (image.observed(asked, behaviour.FULL_WATCH) for image in (original, subject))
            original.__dict__["observation"] = seen
        subject.__dict__["observation"] = now
        least = behaviour.minimum_rewatch(seen, now)
        if self._reruns is None or least > self._watched:
            self._watched = least
            self._reruns = Reruns(
                lambda: original.observed(asked, least), lambda: self._rebuilt(original, asked, least)
            )
        images = original.built.tag, subject.built.tag

        @functools.cache
        def settled() -> AnswerHistories | None:
            return steady_answers.watch_until_steady(self.engine, images, (seen, now), asked, probe)

        yield from behaviour.compare(seen, now, probe, self._reruns, settled)
        said = [(seen.printed, now.printed)]
        for run in probe.run:
            before = run_container.run_separately(self.engine, original.built.tag, run, probe)
            after = run_container.run_separately(self.engine, subject.built.tag, run, probe)
            said.append((before[1], after[1]))
            yield behaviour.compare_outputs(run, before, after, probe)
        evidence = self._evidence(original, subject)
        new = [line for old, now in said for line in now.splitlines() if line not in old]
        missing = error_messages.missing_parts(evidence, new)
        if missing:
            detail = "; ".join(finding.text for finding in missing)
            yield Check(name="messages", layer="behaviour", detail=detail, findings=missing)


def _built_or_problem(future: Future[_TestedImage]) -> _TestedImage | EngineProblem:
    """The built image, or the problem if the Dockerfile does not build. Other problems are raised."""
    try:
        return future.result()
    except EngineProblem as problem:
        if problem.kind in ("build", "base", "timeout"):
            return problem
        raise


def _not_built(problem: EngineProblem) -> Check:
    """The check of a build that failed. A time limit, and an image that a registry lacks today, say nothing
    about the rewrite; with a larger base image it may build."""
    fails = problem.kind == "build"
    text = "the rewritten file does not build" if fails else "the images could not be compared"
    text = f"{text}: {problem.message}"
    need = Constraint(need="base", value="", reason=problem.message, persistent=problem.kind != "base")
    grade: Grade = "breaks" if fails else "may-matter"
    finding = Finding(code=BUILD, text=text, grade=grade, constraints=(need,))
    return Check(name="build", layer="build", detail=text, findings=(finding,))
