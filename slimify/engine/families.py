"""Differences between the command lines of the engines, as data."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from slimify.engine.model import BuildOptions, EngineName, EngineProblem, RunOptions

LABEL = "slimify.verify"


class Builder(Struct, frozen=True, kw_only=True):
    """A build command: its words before the options, and the features it supports.

    `own_ignore`: how to pass an ignore file for one Dockerfile: "beside" it as `NAME.dockerignore`, an
    option, or "" if it is not supported.
    """

    words: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    own_ignore: str = "beside"
    builders: bool = False  # supports --builder
    mounts: bool = True  # supports secrets and ssh
    # On SIGTERM, podman leaves its build container behind; if its RUN is ended, it cleans up.
    signal_children_first: bool = False


# Provenance attestations would turn the image into an index; only the image is compared.
BUILDX = Builder(
    words=("buildx", "build", "--load", "--progress=plain"),
    env={"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "NO_COLOR": "1"},
    builders=True,
)
BUILDKIT = Builder(
    words=("build", "--progress=plain"),
    env={"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "NO_COLOR": "1"},
)
LEGACY = Builder(words=("build", "--force-rm"), env={"DOCKER_BUILDKIT": "0"}, own_ignore="", mounts=False)
# The OCI format silently drops HEALTHCHECK, SHELL and ONBUILD.
BUILDAH = Builder(words=("build", "--format=docker"), own_ignore="--ignorefile", signal_children_first=True)


class Family(Struct, frozen=True, kw_only=True):
    """A kind of engine. The next of `builders` is tried if one fails as "old"."""

    name: EngineName
    program: str
    builders: tuple[Builder, ...]
    save: tuple[str, ...] = ("save",)  # to stdout: the words before the image name
    save_to: tuple[str, ...] = ()  # and after it
    force: tuple[str, ...] = ("--force", "--volumes")  # options of `rm` for running containers and volumes
    checks_health: bool = True  # runs health checks without systemd
    log: tuple[str, ...] = ("--log-driver=local",)  # keeps at most 100 MB, as other log drivers do not


# podman would first stop the container and wait.
_REMOVE_IMMEDIATELY = ("--force", "--volumes", "-t", "0")

_PODMAN_LOG = ("--log-driver=k8s-file", "--log-opt=max-size=100mb")

# The image may be a stranger's: what it starts gets no rights by setuid programs, and can't exhaust the host.
# Memory is limited as well, see RunOptions. Engines let later options win over these.
_LIMITS = ("--security-opt=no-new-privileges", "--pids-limit=4096")

FAMILIES: Mapping[EngineName, Family] = {
    "buildx": Family(name="buildx", program="docker", builders=(BUILDX, BUILDKIT, LEGACY)),
    "docker": Family(name="docker", program="docker", builders=(BUILDKIT, LEGACY)),
    "podman": Family(
        name="podman",
        program="podman",
        builders=(BUILDAH,),
        save=("save", "--quiet", "--format=docker-archive"),
        force=_REMOVE_IMMEDIATELY,
        checks_health=False,
        log=_PODMAN_LOG,
    ),
    "buildah": Family(
        name="buildah",
        program="buildah",
        builders=(BUILDAH,),
        save=("push", "--quiet"),
        save_to=("docker-archive:/dev/stdout",),
        force=_REMOVE_IMMEDIATELY,
        checks_health=False,
        log=_PODMAN_LOG,
    ),
}


def build_arguments(
    builder: Builder, options: BuildOptions, *, file: str, ignore: str, tag: str, run: str
) -> tuple[str, ...]:
    """The arguments of a build up to its context. Raises EngineProblem "old" for unsupported options."""
    if options.builder and not builder.builders:
        raise EngineProblem("old", f"--builder {options.builder} requires docker with buildx")
    if (options.secrets or options.ssh) and not builder.mounts:
        raise EngineProblem("old", "secrets and ssh require BuildKit: install docker's buildx plugin")
    if ignore and not builder.own_ignore:
        raise EngineProblem("old", "an ignore file for one Dockerfile requires BuildKit")
    words = [*builder.words, "-t", tag, "-f", file, "--label", f"{LABEL}={run}"]
    if ignore and builder.own_ignore.startswith("--"):
        words += [builder.own_ignore, ignore]
    for name in ("builder", "platform", "network", "target"):
        if value := getattr(options, name):
            words += [f"--{name}", value]
    if options.no_cache:
        words.append("--no-cache")
    for name, value in options.build_args.items():
        words += ["--build-arg", f"{name}={value}"]
    for flag, values in (("--secret", options.secrets), ("--ssh", options.ssh)):
        for value in values:
            words += [flag, value]
    return (*words, *options.arguments)


def run_arguments(
    family: Family, tag: str, options: RunOptions, *, name: str, run: str, started: bool = True
) -> tuple[str, ...]:
    """The arguments that start a container in the background, or only create it. Images are not pulled."""
    words = [
        *(("run", "--detach") if started else ("create",)),
        "--pull=never",
        "--name",
        name,
        "--label",
        f"{LABEL}={run}",
        *_LIMITS,
        *family.log,
    ]
    for port in options.ports:
        words += ["--publish", f"127.0.0.1::{port}"]
    for key, value in options.env.items():
        words += ["--env", f"{key}={value}"]
    for volume in options.volumes:
        words += ["--volume", volume]
    for flag in ("network", "user", "memory"):
        if value := getattr(options, flag):
            words += [f"--{flag}", value]
    return (*words, *options.arguments, tag, *options.command)
