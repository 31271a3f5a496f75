"""Finds the requested container engine, or the first one that responds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

from slimify.engine import failures
from slimify.engine.containers import Engine
from slimify.engine.families import FAMILIES
from slimify.engine.model import EngineName, EngineProblem
from slimify.engine.process import Children, ProcessResult

ORDER: tuple[EngineName, ...] = ("buildx", "docker", "podman", "buildah")
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", None)
_QUICK_TIMEOUT = 20.0  # seconds until an engine must report its version


def detect(name: EngineName | None = None) -> Engine:
    """The engine `name`, or the first of ORDER that is installed and responds.

    Raises EngineProblem: missing (none is installed), unreachable (none responds), old (buildx was
    requested, but docker lacks it).
    """
    problems: list[EngineProblem] = []
    for candidate in (name,) if name else ORDER:
        try:
            return _engine(candidate)
        except EngineProblem as problem:
            problems.append(problem)
    if name:
        raise problems[0]
    # An installed engine that does not respond is the most useful error.
    for found in problems:
        if found.kind not in ("missing", "old"):
            raise found
    raise EngineProblem("missing", "no container engine found: install docker, podman or buildah")


def installed() -> Iterator[EngineName]:
    """The engines whose command is in PATH, even if they do not respond."""
    return (name for name in ORDER if shutil.which(FAMILIES[name].program))


def _engine(name: EngineName) -> Engine:
    family = FAMILIES[name]
    program = shutil.which(family.program)
    if program is None:
        raise EngineProblem("missing", f"{family.program} is not installed")
    if family.program == "docker":
        version, shim = _docker_version(program)
        if shim:  # podman's docker shim
            return Engine(FAMILIES["podman"], program, runner=program, version=version)
        if name == "buildx" and _ask(program, "buildx", "version").code:
            raise EngineProblem("old", "docker has no buildx")
        return Engine(family, program, runner=program, version=version, local=_local(program))
    version = "".join(_output_of(program, "--version").split()[2:3])
    runner: str | None = program
    if name == "podman":
        _output_of(program, "info", "--format", "{{.Version.Version}}")  # a remote podman may not respond
    else:
        runner = shutil.which("podman")  # it shares images with buildah
    return Engine(family, program, runner=runner, version=version)


def _docker_version(program: str) -> tuple[str, bool]:
    """The version of the daemon, and whether the command is podman's docker shim."""
    first = _output_of(program, "--version")
    if "podman" in first.lower():
        return "".join(first.split()[2:3]), True
    answer = json.loads(_output_of(program, "version", "--format", "{{json .}}") or "{}")
    return str((answer.get("Server") or {}).get("Version") or ""), False


def _local(program: str) -> bool:
    """Whether docker's daemon runs on this machine."""
    endpoint = _ask(program, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}").text.strip()
    url = urlsplit(endpoint)
    return url.scheme not in ("tcp", "http", "https", "ssh") or url.hostname in _LOCAL_HOSTS


def _output_of(program: str, *words: str) -> str:
    done = _ask(program, *words)
    if done.code:
        raise failures.problem(done.err, otherwise="unreachable", what=" ".join((program, *words[:1])))
    return done.text


def _ask(program: str, *words: str) -> ProcessResult:
    try:
        return Children().run((program, *words), timeout=_QUICK_TIMEOUT)
    except EngineProblem as problem:
        if problem.kind == "timeout":
            raise EngineProblem("unreachable", problem.message) from problem
        raise
