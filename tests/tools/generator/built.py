"""Builds a case's old and new Dockerfile with an engine, runs both, and compares what the programs report."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from tools.generator.project import Case, Project, Run
from tools.generator.static import Answer, Finding, Simulation, Verdict, compared, examine

_SECONDS = 300
_TOO_LONG = "takes too long"  # says nothing about the file
# What takes minutes to install: cases with it are only simulated.
_SLOW = ("build-essential", "build-base", "golang-go", "nodejs npm", "python3-pip", "supervisor")


def examine_built(case: Case) -> Verdict:
    """The verdict of the simulation, and what an engine finds beyond it. Cases that cannot be built here are
    only simulated."""
    verdict = examine(case)
    project = case.project()
    slow = any(name in verdict.before for name in _SLOW)
    if verdict.gap or not verdict.after or project.static_only or slow:
        return verdict
    root = Path(tempfile.mkdtemp(prefix="slimify-project-"))
    try:
        # the builder's checkout has the files that git ignores
        context = project.write(root / "repository", hidden=True)
        old = _answers(project, verdict.before, context)
        if isinstance(old, str):
            verdict.gap = f"the old file does not build: {old}"
            return verdict
        simulated = Simulation(project, verdict.before).answers
        wrong = [f"{f.symptom}: {f.detail}" for f in compared(simulated, old)]
        if wrong:
            verdict.gap = f"simulation: {'; '.join(wrong)}"
        new = _answers(project, verdict.after, context)
        verdict.built = new != _TOO_LONG
        if isinstance(new, str) and verdict.built:
            verdict.findings.append(Finding("does not build", new))
        elif isinstance(new, str):
            verdict.gap = f"the new file does not build: {new}"
        else:
            verdict.findings += compared(old, new)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return verdict


def _answers(project: Project, text: str, context: Path) -> list[Answer] | str:
    """What the containers of a Dockerfile report, or why it does not build."""
    targets = dict.fromkeys(run.target for run in project.runs) or {"": None}
    images = {target: f"slimify-project-{uuid.uuid4().hex[:12]}" for target in targets}
    try:
        for target, image in images.items():
            if failure := _build(project, text, context, image, target):
                return failure
        return [_answer(run, images[run.target]) for run in project.runs]
    except subprocess.TimeoutExpired:
        return _TOO_LONG
    finally:
        subprocess.run(
            ["docker", "image", "rm", "--force", *images.values()], capture_output=True, check=False
        )


def _build(project: Project, text: str, context: Path, image: str, target: str) -> str:
    """Builds an image; why it fails."""
    command = ["docker", "build", "--quiet", "--tag", image, "--file", "-", str(context)]
    command += [w for name, value in project.arguments.items() for w in ("--build-arg", f"{name}={value}")]
    command += ["--target", target] if target else []
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=_SECONDS, check=False)
    return done.stderr.decode("utf-8", "replace")[-1500:] if done.returncode else ""


def _answer(run: Run, image: str) -> Answer:
    words = ["docker", "run", "--rm", "--network", "none", "--memory", "512m"]
    command = list(run.command or [])
    words += [w for name, value in run.env.items() for w in ("--env", f"{name}={value}")]
    words += ["--workdir", run.workdir] if run.workdir else []
    if run.entrypoint is not None:
        argv = [*run.entrypoint, *command]
        words += ["--entrypoint", argv[0]]
        command = argv[1:]
    done = subprocess.run([*words, image, *command], capture_output=True, timeout=60, check=False)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    reports = [(run.name, json.loads(x[7:])) for x in lines if x.startswith("REPORT ")]
    # one status for all that cannot start: engines choose among 125, 126 and 127
    status = done.returncode if done.returncode < 125 else 127
    return Answer(run.name, status, reports, done.stderr.decode("utf-8", "replace").splitlines()[-3:])


def images_of(cases: Sequence[Case]) -> list[str]:
    """The images that the cases that can be built begin with."""
    return sorted({p.base for p in (c.project() for c in cases) if not p.static_only})
