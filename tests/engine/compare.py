"""Builds two images of one context, starts both, and says in what they differ.

What is compared is the runtime contract: the image's configuration, what it answers when it is
asked the questions of a probe, owner and mode of the paths the probe names, and the sizes.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

PREFIX = "slimify-engine-test"

# Set by official images for their own build and for nobody else.
TOOLCHAIN = frozenset(
    {
        "GOLANG_VERSION",
        "GOPATH",
        "GOTOOLCHAIN",
        "GPG_KEY",
        "NODE_VERSION",
        "PYTHON_GET_PIP_SHA256",
        "PYTHON_GET_PIP_URL",
        "PYTHON_PIP_VERSION",
        "PYTHON_SETUPTOOLS_VERSION",
        "PYTHON_SHA256",
        "PYTHON_VERSION",
        "YARN_VERSION",
    }
)
TOOLCHAIN_PATHS = frozenset({"/go/bin", "/usr/local/go/bin"})
BASE_ENV = frozenset({"SSL_CERT_FILE"})  # set by distroless images; names the usual file


class EngineError(Exception):
    """A build or a start failed; the message holds the end of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request. `contains` must be in the body; `body` False compares the status alone."""

    path: str
    method: str = "GET"
    status: int | None = 200
    contains: str = ""
    body: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command, inside the running container or in one of its own. `exit` None: any, but equal."""

    command: tuple[str, ...]
    contains: str = ""
    exit: int | None = 0
    output: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What to ask a container of the image: the `[engine]` table of a golden case.

    With a `port` it is waited for; without, the container has `seconds` to come to an end (then
    `exit` is its exit code and the log is compared whole), or runs on and only `log` is looked for.
    """

    port: int | None = None
    exit: int | None = None
    seconds: float = 30
    log: tuple[str, ...] = ()
    http: tuple[Request, ...] = ()
    exec: tuple[Run, ...] = ()  # in the running container
    run: tuple[Run, ...] = ()  # `docker run IMAGE command`
    stop: bool = False  # compare the exit code after `docker stop`
    paths: tuple[str, ...] = ()  # owner and mode have to stay
    env: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()  # further options of `docker run`
    build_args: Mapping[str, str] = field(default_factory=dict)
    accept: tuple[str, ...] = ()  # fields of the configuration that may differ
    max_ratio: float = 1.0
    skip: str = ""
    ci: bool = False  # among those that .ci/run builds


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a probe saw: name of the check → answer, and what was not as the probe demands."""

    answers: Mapping[str, object]
    unmet: tuple[str, ...]
    log: str


def read_probe(table: Mapping[str, Any]) -> Probe:
    """The probe of an `[engine]` table. Raises TypeError for a key that means nothing."""
    values = _tuples(table)
    values["http"] = tuple(Request(**_tuples(row)) for row in table.get("http", ()))
    for key in ("exec", "run"):
        values[key] = tuple(Run(**_tuples(row)) for row in table.get(key, ()))
    return Probe(**values)


def docker(*arguments: str, timeout: float = 120, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs docker and gives what it printed. Raises EngineError unless `check` is False."""
    command = ["docker", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"docker {arguments[0]}: no end after {timeout:g} s") from error
    if check and done.returncode:
        output = (done.stdout + done.stderr)[-3000:]
        raise EngineError(f"docker {arguments[0]}: exit {done.returncode}\n{output}")
    return done


@contextlib.contextmanager
def built(
    dockerfile: str,
    context: Path,
    *,
    build_args: Mapping[str, str] | None = None,
    dockerignore: str | None = None,
    timeout: float = 900,
) -> Iterator[str]:
    """Builds the text of a Dockerfile over a context; the image is removed at the end."""
    tag = f"{PREFIX}:{uuid.uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "Dockerfile")
        file.write_bytes(dockerfile.encode("utf-8", "surrogateescape"))
        # BuildKit prefers the ignore file that has the Dockerfile's own name.
        ignore = context / "Dockerfile.dockerignore"
        if dockerignore is not None:
            Path(folder, "Dockerfile.dockerignore").write_text(dockerignore)
        elif ignore.exists():
            shutil.copy(ignore, folder)
        arguments = [f"--build-arg={name}={value}" for name, value in (build_args or {}).items()]
        docker(
            "build", "--progress=plain", "-t", tag, "-f", str(file), *arguments, str(context), timeout=timeout
        )
    try:
        yield tag
    finally:
        docker("image", "rm", "-f", tag, check=False)


@contextlib.contextmanager
def started(image: str, probe: Probe, *command: str) -> Iterator[str]:
    """A container of the image, running in the background, removed with its volumes at the end."""
    name = f"{PREFIX}-{uuid.uuid4().hex[:12]}"
    publish = ["-p", f"127.0.0.1::{probe.port}"] if probe.port and not command else []
    env = [f"-e{name}={value}" for name, value in probe.env.items()]
    try:
        docker("run", "-d", "--name", name, *publish, *env, *probe.options, image, *command)
        yield name
    finally:
        docker("rm", "-f", "-v", name, check=False)


def observe(image: str, probe: Probe) -> Observation:
    """Starts the image and asks all that the probe asks. Raises EngineError if it can't start."""
    answers: dict[str, object] = {}
    unmet: list[str] = []
    with started(image, probe) as container:
        if probe.port:
            _wait_for_http(container, probe)
            for request in probe.http:
                answers[f"{request.method} {request.path}"] = ask(container, probe.port, request, unmet)
        else:
            code = _wait_for_end(container, probe.seconds, probe.log)
            answers["exit code"] = code
            if code != probe.exit:
                unmet.append(f"exit code {code}, not {probe.exit}")
            if code is not None:
                answers["log"] = logs(container)
        for run in probe.exec:
            done = docker("exec", container, *run.command, timeout=probe.seconds, check=False)
            answers["exec " + " ".join(run.command)] = _judge(run, done.returncode, done.stdout, unmet)
        if probe.stop:
            docker("stop", "-t", "5", container)
            answers["exit code after stop"] = container_state(container)["ExitCode"]
        log = logs(container)
        unmet.extend(f"log lacks {text!r}" for text in probe.log if text not in log)
        for path in probe.paths:
            answers[f"owner and mode of {path}"] = owner_and_mode(container, path)
    for run in probe.run:
        with started(image, probe, *run.command) as container:
            code = _wait_for_end(container, probe.seconds, ())
            answers["run " + " ".join(run.command)] = _judge(run, code, logs(container), unmet)
    return Observation(answers=answers, unmet=tuple(unmet), log=log)


def compare(original: str, rewritten: str, probe: Probe) -> tuple[str, ...]:
    """The differences between two images, each a sentence; none if one can stand for the other."""
    found = contract_differences(contract(original), contract(rewritten), accept=probe.accept)
    before, after = observe(original, probe), observe(rewritten, probe)
    found.extend(f"the original: {text}" for text in before.unmet)
    found.extend(f"the rewritten image: {text}" for text in after.unmet)
    for name, answer in before.answers.items():
        if answer != after.answers[name]:
            found.append(f"{name}: {answer!r} -> {after.answers[name]!r}")
    if found:
        found.append(f"the rewritten image's log ends: {after.log[-1500:]}")
    return tuple(found)


def contract(image: str) -> dict[str, object]:
    """The fields of an image's configuration that whoever runs it depends on."""
    config = json.loads(docker("image", "inspect", image).stdout)[0]["Config"]
    env = dict(item.partition("=")[::2] for item in config.get("Env") or ())
    path = env.get("PATH", "").split(":")
    labels = config.get("Labels") or {}
    return {
        "Entrypoint": config.get("Entrypoint") or None,
        "Cmd": config.get("Cmd") or None,
        "Env": {k: v for k, v in env.items() if k not in TOOLCHAIN | BASE_ENV | {"PATH"}},
        "Path": [item for item in path if item not in TOOLCHAIN_PATHS],
        "WorkingDir": config.get("WorkingDir") or "/",
        "User": {"root": "", "0": "", "0:0": ""}.get(config.get("User") or "", config.get("User") or ""),
        "ExposedPorts": sorted(config.get("ExposedPorts") or ()),
        "Volumes": sorted(config.get("Volumes") or ()),
        "Labels": {k: v for k, v in labels.items() if not k.startswith("slimify.standin")},
        "Healthcheck": config.get("Healthcheck"),
        "StopSignal": config.get("StopSignal") or "SIGTERM",
        "Shell": config.get("Shell"),
        "OnBuild": config.get("OnBuild") or None,
    }


def contract_differences(
    before: Mapping[str, object], after: Mapping[str, object], *, accept: tuple[str, ...] = ()
) -> list[str]:
    """The fields that differ, each as a sentence."""
    return [
        f"{name}: {before[name]!r} -> {after[name]!r}"
        for name in before
        if before[name] != after[name] and name not in accept
    ]


def size(image: str) -> int:
    """Bytes of all layers, as `docker images` counts them."""
    return int(json.loads(docker("image", "inspect", image).stdout)[0]["Size"])


def owner_and_mode(container: str, path: str) -> str:
    """`uid:gid mode` of a path, read from an archive, so that the image needs no shell."""
    done = subprocess.run(["docker", "cp", f"{container}:{path}", "-"], capture_output=True, check=False)
    if done.returncode:
        return "missing"
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        entry = archive.next()
    assert entry is not None
    return f"{entry.uid}:{entry.gid} {entry.mode & 0o7777:04o}"


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def container_state(container: str) -> dict[str, object]:
    """Docker's `.State`: Running, ExitCode, …"""
    state: dict[str, object] = json.loads(docker("inspect", "--format", "{{json .State}}", container).stdout)
    return state


def logs(container: str) -> str:
    """What the container printed, standard output first."""
    done = docker("logs", container)
    return done.stdout + done.stderr


def _wait_for_http(container: str, probe: Probe) -> None:
    """Waits until something answers HTTP; a mere connection proves nothing, Docker's proxy takes it."""
    end = time.monotonic() + probe.seconds
    while time.monotonic() < end:
        if not container_state(container)["Running"]:
            break
        with contextlib.suppress(OSError):
            assert probe.port is not None
            _request(container, probe.port, "GET", "/")
            return
        time.sleep(0.3)
    raise EngineError(f"nothing answers on port {probe.port}\n{logs(container)[-3000:]}")


def _wait_for_end(container: str, seconds: float, log: tuple[str, ...]) -> int | None:
    """The exit code; None if the container still runs after `seconds`, or its log has all of `log`."""
    end = time.monotonic() + seconds
    while True:
        state = container_state(container)
        if not state["Running"]:
            return int(str(state["ExitCode"]))
        enough = log and all(text in logs(container) for text in log)
        if enough or time.monotonic() > end:
            time.sleep(0.5)  # one that ends right after its last line has ended
            state = container_state(container)
            return None if state["Running"] else int(str(state["ExitCode"]))
        time.sleep(0.3)


def _request(container: str, port: int, method: str, path: str) -> tuple[int, str]:
    address = docker("port", container, f"{port}/tcp").stdout.split()[0]
    request = urllib.request.Request(f"http://{address}{path}", method=method)
    # No proxy of the machine may stand between the test and a container.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")


def ask(container: str, port: int, request: Request, unmet: list[str]) -> tuple[int | None, str]:
    """Status and body; what is not as the request demands is appended to `unmet`."""
    try:
        status, body = _request(container, port, request.method, request.path)
    except (OSError, EngineError) as error:
        unmet.append(f"{request.method} {request.path}: {error}")
        return None, str(error)
    if request.status is not None and status != request.status:
        unmet.append(f"{request.method} {request.path}: status {status}, not {request.status}: {body[:300]}")
    if request.contains not in body:
        unmet.append(f"{request.method} {request.path}: {request.contains!r} is not in {body[:300]!r}")
    return status, body if request.body else ""


def _judge(run: Run, code: int | None, output: str, unmet: list[str]) -> tuple[int | None, str]:
    name = " ".join(run.command)
    if run.exit is not None and code != run.exit:
        unmet.append(f"{name}: exit {code}, not {run.exit}: {output[-300:]}")
    if run.contains not in output:
        unmet.append(f"{name}: {run.contains!r} is not in {output[-300:]!r}")
    return code, output if run.output else ""
