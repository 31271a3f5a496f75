"""Holds slimify's answer for a generated project against what its program needs, without an engine."""

from __future__ import annotations

import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.generator.project import Case, Project, Run
from tools.generator.simulation.builder import Build, BuildFailed, Image, without_ignored
from tools.generator.simulation.files import copy_tree
from tools.generator.simulation.probes import MISSING, start
from tools.generator.simulation.shell import Unmodelled
from tools.generator.simulation.system_packages import UPGRADED

# Variables that only a compiler reads.
_TOOLCHAIN = ("CGO_ENABLED", "GOOS", "GOARCH", "GOFLAGS", "GOPATH", "GO111MODULE", "PATH")
Rewrite = Callable[[bytes, Path, str], Any]


@dataclass(frozen=True)
class Finding:
    """`symptom` is a class of errors; `detail` says where."""

    symptom: str
    detail: str


@dataclass
class Verdict:
    case: Case
    kind: str = ""  # of the outcome
    rung: str = ""
    codes: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    gap: str = ""  # what the simulation does not know, or why the project itself is wrong
    before: str = ""
    after: str = ""
    built: bool = False  # both files were built and run by an engine
    notes: list[Finding] = field(default_factory=list)  # what an expert would do better, no error

    @property
    def failed(self) -> bool:
        return bool(self.findings)


def rewrite(dockerfile: bytes, context: Path, name: str) -> Any:
    from slimify import pipeline

    return pipeline.rewrite(dockerfile, context, name=name)


def examine(case: Case, rewriter: Rewrite = rewrite) -> Verdict:
    """What is wrong with slimify's answer for a case."""
    verdict = Verdict(case)
    root = Path(tempfile.mkdtemp(prefix="slimify-project-"))
    try:
        project = case.project()
        verdict.before = project.dockerfile()
        context = project.write(root / "repository")
        try:
            old = Simulation(project, verdict.before)
        except (Unmodelled, BuildFailed) as error:
            verdict.gap = f"{type(error).__name__}: {error}"
            return verdict
        verdict.gap = "; ".join(old.wrong())
        if not verdict.gap:
            verdict.findings += _answer(verdict, project, old, context, rewriter)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return verdict


@dataclass(frozen=True)
class Answer:
    """What a container that somebody starts does: its status, and what its programs report."""

    run: str
    status: int
    reports: list[tuple[str, dict[str, str]]]
    errors: list[str]


class Simulation:
    """A Dockerfile, built and run in memory."""

    def __init__(self, project: Project, text: str) -> None:
        self.project = project
        context = without_ignored(project.context(), project.ignore)
        build = Build(context, project.behaviour, project.arguments)
        self.image: Image = build.run(text)
        self.targets = {run.target: build.stage(run.target) for run in project.runs if run.target}
        self.answers: list[Answer] = []
        for run in project.runs:
            project.reports.clear()
            status, errors = start(self._mounted(run), project.behaviour, run)
            self.answers.append(Answer(run.name, status, list(project.reports), errors))

    def _mounted(self, run: Run) -> Image:
        """The image with what a service mounts over its working directory."""
        if not run.mounted:
            return self.targets.get(run.target, self.image)
        files, image = self.project.context(), self.image.child()
        for name, text in self.project.edited.items():
            files.add("/" + name, text)
        kept = f"{image.workdir}/{run.keeps}"
        image.files.remove(image.workdir)
        image.files.make_directories(image.workdir)
        copy_tree(files, "/", image.files, image.workdir, None)
        if run.keeps and self.image.files.is_directory(kept):
            image.files.make_directories(kept)
            copy_tree(self.image.files, kept, image.files, kept, None)
        return image

    def wrong(self) -> Iterator[str]:
        """Why the project itself does not do what it should."""
        for run, answer in zip(self.project.runs, self.answers, strict=True):
            if answer.status or (run.reports and not answer.reports):
                yield f"{run.name}: status {answer.status} {answer.errors[-2:]}"
            for _, report in answer.reports:
                yield from (
                    f"{run.name}: {key} is missing" for key, value in report.items() if value == MISSING
                )


def _answer(
    verdict: Verdict, project: Project, old: Simulation, context: Path, rewriter: Rewrite
) -> Iterator[Finding]:
    name = str(context / "Dockerfile")
    data = verdict.before.encode()
    try:
        outcome = rewriter(data, context, name)
    except Exception:
        yield Finding("traceback", traceback.format_exc(limit=-3))
        return
    verdict.kind, verdict.rung = outcome.kind, outcome.rung
    verdict.codes = tuple(dict.fromkeys(d.code for d in outcome.decisions))
    if project.facts.get("full") and verdict.rung not in ("slim", "minimal"):
        why = " ".join(dict.fromkeys(f"{d.code}" for d in outcome.decisions))
        verdict.notes.append(Finding("stays on the full base", f"{outcome.kind} {outcome.rung} {why}"))
    if outcome.kind == "failed":
        yield Finding("called malformed", str(outcome.error))
    if "refused" in project.facts and outcome.after is not None:
        yield Finding("is not refused", f"{outcome.kind} {verdict.rung}")
    if outcome.after is None:
        return
    verdict.after = outcome.after
    yield from _looks(verdict)
    secret = project.facts.get("secret")
    if (
        secret
        and secret in verdict.after.rpartition("\nFROM ")[2].partition("\n")[2]
        and "AS builder" in verdict.after
    ):
        yield Finding("a secret in the last stage", secret)
    wrong = list(_new_text(verdict, project, old))
    yield from wrong
    if any(f.symptom == "does not build" for f in wrong):
        return
    try:
        again = rewriter(outcome.after.encode(), context, name)
        if again.after is not None:
            yield Finding("second run changes it", f"{[d.code for d in again.decisions]}\n{again.after}")
    except Exception:
        yield Finding("traceback of the second run", traceback.format_exc(limit=-3))
    yield from _explained(outcome)


def _looks(verdict: Verdict) -> Iterator[Finding]:
    """Line ends, byte order mark and the last line survive."""
    before, after = verdict.before, verdict.after
    if ("\r\n" in before) != ("\r\n" in after) or after.count("\r\n") not in (0, after.count("\n")):
        yield Finding("line ends are lost", f"{after.count(chr(13))} of {after.count(chr(10))}")
    if before.startswith("\ufeff") != after.startswith("\ufeff"):
        yield Finding("byte order mark is lost", after[:40])


def _new_text(verdict: Verdict, project: Project, old: Simulation) -> Iterator[Finding]:
    try:
        new = Simulation(project, verdict.after)
    except BuildFailed as error:
        yield Finding("does not build", str(error))
        return
    except Unmodelled as error:
        verdict.gap = f"new file: {error}"
        return
    yield from compared(old.answers, new.answers)
    yield from _contract(old.image, new.image, verdict)


def compared(old: Sequence[Answer], new: Sequence[Answer]) -> Iterator[Finding]:
    """What the containers of the two images answer differently."""
    for a, b in zip(old, new, strict=True):
        if a.status != b.status:
            yield Finding("does not start", f"{a.run}: {b.status} {'; '.join(b.errors[-3:])}")
        elif len(a.reports) != len(b.reports):
            yield Finding("does not report", a.run)
        for (_, before), (_, after) in zip(a.reports, b.reports, strict=False):
            for key, value in before.items():
                if value != after.get(key):
                    kind = "is missing" if after.get(key) == MISSING else "differs"
                    what = f"{a.run}: {key}: {value!r} became {after.get(key)!r}"
                    yield Finding(f"{key.rpartition('-')[0] or key} {kind}", what)


def _contract(old: Image, new: Image, verdict: Verdict) -> Iterator[Finding]:
    stated = "SL318" in verdict.codes or any(code in verdict.codes for code in ("SL314", "SL315"))
    for name in (
        "entrypoint",
        "command",
        "workdir",
        "labels",
        "volumes",
        "ports",
        "stop_signal",
        "healthcheck",
        "shell",
        "triggers",
    ):
        a, b = getattr(old, name), getattr(new, name)
        if a != b and not (stated and name in ("entrypoint", "command")):
            yield Finding(f"contract: {name}", f"{a} became {b}")
    if old.files.is_file(UPGRADED) > new.files.is_file(UPGRADED):
        yield Finding("contract: packages are not upgraded", "")
    try:
        if old.identity()[:2] != new.identity()[:2]:
            yield Finding("contract: user", f"{old.identity()} became {new.identity()}")
    except BuildFailed as error:
        yield Finding("contract: user", str(error))
    from tools.generator.simulation.bases import base_of

    base = base_of(old.base)
    own = {k: v for k, v in old.env.items() if base is None or base.env.get(k) != v}
    for key, value in own.items():
        if key not in _TOOLCHAIN and new.env.get(key) != value:
            yield Finding("contract: environment", f"{key}={value} became {new.env.get(key)}")


def _explained(outcome: Any) -> Iterator[Finding]:
    """Whether the roles of the steps agree with the new file."""
    from test_golden import misplaced

    from slimify.report.json import to_dict

    rows = to_dict(outcome, texts=False)["instructions"]
    for each in misplaced(rows, outcome.before.encode(), outcome.after.encode()):
        yield Finding("explain disagrees", each)
