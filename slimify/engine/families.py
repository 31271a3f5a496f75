"""In what the engines differ, as data; the words of their command lines are otherwise the same."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from slimify.engine.model import BuildOptions, EngineName, EngineProblem, RunOptions

LABEL = "slimify.verify"


class Builder(Struct, frozen=True, kw_only=True):
    """One way of building: the words before the options, and what it does not know.

    `own_ignore`: how an ignore file of the Dockerfile's own is given: beside it ("beside", as
    `NAME.dockerignore`), by an option, or not at all ("").
    """

    words: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    own_ignore: str = "beside"
    builders: bool = False  # knows --builder
    mounts: bool = True  # knows secrets and ssh
    # Asked to end, podman forgets the container it builds in; if its RUN is ended, it tidies up.
    inner_first: bool = False


# Provenance would turn the image into an index of two; what is compared is the image alone.
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
# The OCI format has no HEALTHCHECK, SHELL or ONBUILD: they would be lost without a word.
BUILDAH = Builder(words=("build", "--format=docker"), own_ignore="--ignorefile", inner_first=True)


class Family(Struct, frozen=True, kw_only=True):
    """One kind of engine. `builders` are tried in turn while one is "old"."""

    name: EngineName
    program: str
    builders: tuple[Builder, ...]
    save: tuple[str, ...] = ("save",)  # to standard output: the words before the image's name
    save_to: tuple[str, ...] = ()  # and after it
    force: tuple[str, ...] = ("--force", "--volumes")  # of `rm`: though it runs, and with its volumes
    checks_health: bool = True  # by itself, also without systemd


# podman would stop a container politely first, and wait.
AT_ONCE = ("--force", "--volumes", "-t", "0")

FAMILIES: Mapping[EngineName, Family] = {
    "buildx": Family(name="buildx", program="docker", builders=(BUILDX, BUILDKIT, LEGACY)),
    "docker": Family(name="docker", program="docker", builders=(BUILDKIT, LEGACY)),
    "podman": Family(
        name="podman",
        program="podman",
        builders=(BUILDAH,),
        save=("save", "--quiet", "--format=docker-archive"),
        force=AT_ONCE,
        checks_health=False,
    ),
    "buildah": Family(
        name="buildah",
        program="buildah",
        builders=(BUILDAH,),
        save=("push", "--quiet"),
        save_to=("docker-archive:/dev/stdout",),
        force=AT_ONCE,
        checks_health=False,
    ),
}


def build_words(
    builder: Builder, options: BuildOptions, *, file: str, ignore: str, tag: str, run: str
) -> tuple[str, ...]:
    """The words of a build up to its context. Raises EngineProblem "old" for what the builder lacks."""
    if options.builder and not builder.builders:
        raise EngineProblem("old", f"--builder {options.builder} needs docker with buildx")
    if (options.secrets or options.ssh) and not builder.mounts:
        raise EngineProblem("old", "secrets and ssh need BuildKit: this docker lacks buildx")
    if ignore and not builder.own_ignore:
        raise EngineProblem("old", "an ignore file of the Dockerfile's own needs BuildKit")
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


def run_words(tag: str, options: RunOptions, *, name: str, run: str, started: bool = True) -> tuple[str, ...]:
    """The words that start a container in the background, or only make it. A missing image is never asked
    for elsewhere."""
    words = [
        *(("run", "--detach") if started else ("create",)),
        "--pull=never",
        "--name",
        name,
        "--label",
        f"{LABEL}={run}",
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
