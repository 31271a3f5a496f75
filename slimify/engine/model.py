"""What is asked of a container engine, and what it answers. Seconds are floats, sizes bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

EngineName = Literal["buildx", "docker", "podman", "buildah"]
Kind = Literal["missing", "unreachable", "old", "disk", "build", "base", "run", "timeout", "killed"]


class BuildOptions(Struct, frozen=True, kw_only=True):
    """The user's own options of a build, passed on as they are."""

    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()  # id=NAME,src=FILE as for `docker build --secret`
    ssh: tuple[str, ...] = ()
    platform: str = ""
    builder: str = ""  # a buildx builder, also a remote one
    network: str = ""
    target: str = ""
    no_cache: bool = False
    arguments: tuple[str, ...] = ()  # further options of `build`, as the user gave them
    timeout: float = 3600


class Progress(Struct, frozen=True, kw_only=True):
    """Where a build is: `step` of `steps` (0: not known), what it does, seconds since it began."""

    label: str
    step: int
    steps: int
    text: str
    elapsed: float


class Built(Struct, frozen=True, kw_only=True):
    """An image that was built. `tag` names it for the engine until it is removed, `runs` is how many RUN
    steps were executed."""

    tag: str
    seconds: float
    log: str
    runs: int = 0


class RunOptions(Struct, frozen=True, kw_only=True):
    """How a container is started; the same for both images."""

    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()  # HOST:CONTAINER[:ro]
    ports: tuple[int, ...] = ()  # published on 127.0.0.1, on a free port
    network: str = ""
    user: str = ""
    memory: str = ""
    arguments: tuple[str, ...] = ()  # further options of `run`, as the user gave them


class State(Struct, frozen=True, kw_only=True):
    """What became of a container. `health` is "", starting, healthy or unhealthy."""

    running: bool
    exit_code: int | None
    health: str = ""
    oom_killed: bool = False
    error: str = ""


class EngineProblem(Exception):
    """The engine said no. `kind` tells whose fault it is, `log` is what it printed.

    missing: no engine was found; unreachable: it does not answer; old: it lacks what is needed;
    disk: no space is left; build: a step of the Dockerfile failed (`line` of it, where known);
    base: a base image cannot be had; run: a container could not be started; timeout: it took too
    long; killed: it went away in the middle.
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
