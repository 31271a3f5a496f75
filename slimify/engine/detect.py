"""Which engine there is: the one asked for, or the first that answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

from slimify.engine import failures
from slimify.engine.containers import Engine
from slimify.engine.families import FAMILIES
from slimify.engine.model import EngineName, EngineProblem
from slimify.engine.process import Children, Done

ORDER: tuple[EngineName, ...] = ("buildx", "docker", "podman", "buildah")
_HERE = ("localhost", "127.0.0.1", "::1", None)
_ASK = 20.0  # seconds in which an engine has to say its version


def detect(name: EngineName | None = None) -> Engine:
    """The engine of that name; without one, the first of ORDER that is installed and answers.

    Raises EngineProblem: missing (none is installed), unreachable (none answers), old (docker was
    asked for with buildx and has none).
    """
    problems: list[EngineProblem] = []
    for candidate in (name,) if name else ORDER:
        try:
            return _engine(candidate)
        except EngineProblem as problem:
            problems.append(problem)
    if name:
        raise problems[0]
    # Of an engine that is there but does not answer, the user wants to hear first.
    for found in problems:
        if found.kind not in ("missing", "old"):
            raise found
    raise EngineProblem("missing", "no container engine was found: docker, podman or buildah")


def installed() -> Iterator[EngineName]:
    """The engines whose program is on PATH, whether they answer or not."""
    return (name for name in ORDER if shutil.which(FAMILIES[name].program))


def _engine(name: EngineName) -> Engine:
    family = FAMILIES[name]
    program = shutil.which(family.program)
    if program is None:
        raise EngineProblem("missing", f"{family.program} is not installed")
    if family.program == "docker":
        version, shim = _docker_version(program)
        if shim:  # podman under docker's name: podman's own words are understood
            return Engine(FAMILIES["podman"], program, runner=program, version=version)
        if name == "buildx" and _ask(program, "buildx", "version").code:
            raise EngineProblem("old", "docker has no buildx")
        return Engine(family, program, runner=program, version=version, local=_local(program))
    version = "".join(_said(program, "--version").split()[2:3])
    runner: str | None = program
    if name == "podman":
        _said(program, "info", "--format", "{{.Version.Version}}")  # a remote podman may not answer
    else:
        runner = shutil.which("podman")  # it shares buildah's images
    return Engine(family, program, runner=runner, version=version)


def _docker_version(program: str) -> tuple[str, bool]:
    """Version of the daemon, and whether it is podman that answers."""
    first = _said(program, "--version")
    if "podman" in first.lower():
        return "".join(first.split()[2:3]), True
    answer = json.loads(_said(program, "version", "--format", "{{json .}}") or "{}")
    return str((answer.get("Server") or {}).get("Version") or ""), False


def _local(program: str) -> bool:
    """Whether docker's daemon shares this machine's addresses: not one of another machine."""
    endpoint = _ask(program, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}").text.strip()
    url = urlsplit(endpoint)
    return url.scheme not in ("tcp", "http", "https", "ssh") or url.hostname in _HERE


def _said(program: str, *words: str) -> str:
    done = _ask(program, *words)
    if done.code:
        raise failures.problem(done.err, otherwise="unreachable", what=" ".join((program, *words[:1])))
    return done.text


def _ask(program: str, *words: str) -> Done:
    try:
        return Children().run((program, *words), timeout=_ASK)
    except EngineProblem as problem:
        if problem.kind == "timeout":
            raise EngineProblem("unreachable", problem.message) from problem
        raise
