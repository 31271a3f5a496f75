"""Options and results of container engines. Durations are seconds, sizes bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

MOST_OUTPUT = 20_000_000  # bytes kept of a process: what a container starts may print without end

EngineName = Literal["buildx", "docker", "podman", "buildah"]
Kind = Literal["missing", "unreachable", "old", "disk", "build", "base", "run", "timeout", "killed"]


class BuildOptions(Struct, frozen=True, kw_only=True):
    """Build options of the user, passed through unchanged."""

    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()  # id=NAME,src=FILE as in `docker build --secret`
    ssh: tuple[str, ...] = ()
    platform: str = ""
    builder: str = ""  # name of a buildx builder
    network: str = ""
    target: str = ""
    no_cache: bool = False
    arguments: tuple[str, ...] = ()  # further options of `build`
    timeout: float = 3600


class Progress(Struct, frozen=True, kw_only=True):
    """The progress of a build: `step` of `steps` (0: unknown), its text, and elapsed seconds."""

    label: str
    step: int
    steps: int
    text: str
    elapsed: float


class Built(Struct, frozen=True, kw_only=True):
    """A built image. `tag` is its temporary name, `runs` the number of RUN steps that were executed."""

    tag: str
    seconds: float
    log: str
    runs: int = 0


class RunOptions(Struct, frozen=True, kw_only=True):
    """Options to start a container; equal for both compared images."""

    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()  # HOST:CONTAINER[:ro]
    ports: tuple[int, ...] = ()  # published on free ports of 127.0.0.1
    network: str = ""
    user: str = ""
    memory: str = "4g"
    arguments: tuple[str, ...] = ()  # further options of `run`, which override the limits


class State(Struct, frozen=True, kw_only=True):
    """The state of a container. `health` is "", starting, healthy or unhealthy."""

    running: bool
    exit_code: int | None
    health: str = ""
    error: str = ""


class EngineProblem(Exception):
    """A failure of the engine. `kind` is its cause, `log` the engine's output.

    missing: no engine found; unreachable: it does not respond; old: it lacks a required feature;
    disk: no space left; build: a step of the Dockerfile failed (at `line` if known); base: a base
    image can't be pulled; run: a container can't be started; timeout: a time limit was exceeded;
    killed: the engine or a subprocess ended early.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        log: str = "",
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind, self.message, self.log, self.line = kind, message, log, line
