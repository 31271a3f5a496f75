"""A container engine: builds, inspects and runs images, and removes everything it created.

It calls the engine's command line with the user's environment, so DOCKER_HOST, contexts,
BUILDX_BUILDER, CONTAINERS_CONF and the like apply as usual.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from slimify.engine import failures, inspection
from slimify.engine.families import LABEL, Builder, Family, build_arguments, run_arguments
from slimify.engine.model import (
    BuildOptions,
    Built,
    EngineName,
    EngineProblem,
    Kind,
    Progress,
    RunOptions,
    State,
)
from slimify.engine.pipe import Pipe
from slimify.engine.process import Children, ProcessResult, Signals
from slimify.engine.progress import BuildLog, clean
from slimify.engine.resources import Resources
from slimify.model.regex import regex

_QUICK_TIMEOUT = 120.0  # seconds; for commands that return immediately unless the engine hangs
_SAVE_TIMEOUT = 600.0  # seconds until a daemon sends the first byte of a saved image
_LOG_LINES = "20000"
# docker exits with 1 in this case, podman with 255, or with 125 if the container does not exist.
_NOT_RUNNING = regex(
    r"Error response from daemon: (container \S+ is not running|No such container)"
    r"|Error: (No such container|can only create exec sessions on running|no container with name or ID)",
    re.IGNORECASE,
)


class Engine:
    """A container engine for one run of slimify. It is thread-safe; all errors are EngineProblem.

    On exit, the context manager ends all subprocesses and removes all containers, images and
    temporary files, even after Ctrl-C and SIGTERM. `leftovers` names what could not be removed.
    """

    def __init__(
        self, family: Family, program: str, *, runner: str | None, version: str = "", local: bool = True
    ) -> None:
        """`program` is the path of the engine's command, `runner` of the command that runs containers.
        `local`: ports published on 127.0.0.1 are reachable from this machine."""
        self.name: EngineName = family.name
        self.version = version
        self.run_id = secrets.token_hex(6)
        self.leftovers: tuple[str, ...] = ()
        self._family, self._program, self._runner = family, program, runner
        self._local = local
        self._builders = family.builders
        self._children = Children()
        self._signals = Signals(self._interrupted)
        self._lock = threading.Lock()
        self._resources = Resources(self.run_id, family.force)
        self._cleaning = False
        self._reason: BaseException | None = None

    @property
    def can_run(self) -> bool:
        """Whether containers can be started. buildah without podman only builds."""
        return self._runner is not None

    # --- lifecycle ----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._signals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.cleanup()
        finally:
            self._signals.__exit__(kind, error, trace)
        # The error may be a consequence of the signal, so the signal takes precedence.
        if self._reason is not None and isinstance(error, EngineProblem):
            raise self._reason from None

    def cancel(self) -> None:
        """Ask all subprocesses to end, without waiting. Builds in threads raise "killed"."""
        self._children.cancel()

    def cleanup(self) -> tuple[str, ...]:
        """Remove everything this engine created; returns the names of what is left. May be called again.

        Takes up to 40 seconds, or 20 if the engine hangs. The engine can't be used afterwards.
        """
        self._cleaning = True
        try:
            late = self._children.close(seconds=5)
            self.leftovers = self._resources.remove(self._children, self._program, self._runner, late=late)
        finally:
            self._cleaning = False
        return self.leftovers

    def _interrupted(self, reason: BaseException) -> None:
        self._reason = self._reason or reason
        if not self._cleaning:  # a second Ctrl-C must not interrupt the cleanup, which has a time limit
            self._children.interrupt(reason)

    # --- images -------------------------------------------------------------------------------------

    def build(
        self,
        dockerfile: bytes,
        context: Path,
        options: BuildOptions,
        progress: Callable[[Progress], None] | None = None,
        label: str = "",
        *,
        ignore: bytes | None = None,
    ) -> Built:
        """Build an image from the bytes of a Dockerfile and a context directory.

        `progress` is called from this thread when a step starts, and once a second. `ignore` is the
        content of `NAME.dockerignore`; with None, the `.dockerignore` of the context applies. Raises
        EngineProblem with the full log: unreachable, old, disk, base, build (with `line`), timeout or
        killed.
        """
        while True:
            builder = self._builders[0]
            try:
                return self._build(builder, dockerfile, context, options, progress, label, ignore)
            except EngineProblem as problem:
                with self._lock:
                    if (
                        len(self._builders) == 1
                        or options.builder
                        or not failures.older_builder_may_work(problem)
                    ):
                        raise
                    if builder is self._builders[0]:
                        self._builders = self._builders[1:]

    def _build(
        self,
        builder: Builder,
        dockerfile: bytes,
        context: Path,
        options: BuildOptions,
        progress: Callable[[Progress], None] | None,
        label: str,
        ignore: bytes | None,
    ) -> Built:
        tag = self._resources.name(self._resources.images)
        log = BuildLog(label)
        began = told = time.monotonic()

        def on_output(chunk: bytes) -> None:
            nonlocal told
            further, now = log.feed(chunk), time.monotonic()
            if progress and (further or now - told >= 1):
                told = now
                progress(log.position(now - began))

        with self._resources.folder() as folder:
            file, own = folder / "Dockerfile", folder / "Dockerfile.dockerignore"
            _write(file, dockerfile)
            if ignore is not None:
                _write(own, ignore)
            words = build_arguments(
                builder,
                options,
                file=str(file),
                ignore=str(own) if ignore is not None else "",
                tag=tag,
                run=self.run_id,
            )
            command = (self._program, *words, str(context))
            done = self._build_to_end(command, builder, options.timeout, log, on_output)
        if done.code < 0:
            message = f"{self._family.program} was killed by signal {-done.code} during the build"
            raise EngineProblem("killed", message, log=log.text)
        if done.code:
            raise failures.build_problem(log.text)
        return Built(tag=tag, seconds=time.monotonic() - began, log=log.text, runs=log.runs)

    def _build_to_end(
        self,
        command: Sequence[str],
        builder: Builder,
        timeout: float,
        log: BuildLog,
        on_output: Callable[[bytes], None],
    ) -> ProcessResult:
        try:
            return self._children.run(
                command,
                timeout=timeout,
                env=builder.env,
                merge=True,
                signal_children_first=builder.signal_children_first,
                on_chunk=on_output,
            )
        except EngineProblem as problem:
            message = problem.message
            if problem.kind == "timeout":
                message = f"the build timed out after {timeout:g} s"
            raise EngineProblem(problem.kind, message, log=log.text) from problem
        finally:
            log.close()

    def inspect(self, tag: str) -> Mapping[str, Any]:
        """An image as shown by `docker image inspect`: Config, Architecture, Os, RootFS, Size, …

        The label that marks images built by slimify is removed.
        """
        answer = json.loads(self._ask(self._program, "inspect", "--type", "image", tag, otherwise="killed"))
        image: dict[str, Any] = answer[0] if isinstance(answer, list) else inspection.docker_format(answer)
        config = dict(image.get("Config") or {})
        if labels := config.get("Labels"):
            config["Labels"] = {key: value for key, value in labels.items() if key != LABEL} or None
        if image.get("Healthcheck") and not config.get("Healthcheck"):
            config["Healthcheck"] = image["Healthcheck"]  # podman's location
        return {**image, "Config": config}

    def size(self, tag: str) -> int:
        """The size of all layers in bytes, as reported by the engine."""
        return int(self.inspect(tag).get("Size") or 0)

    def available(self, reference: str) -> bool:
        """Whether the engine has an image locally. (A builder of the docker-container driver still
        can't use it.)"""
        command = (self._program, "inspect", "--type", "image", reference)
        done = self._children.run(command, timeout=_QUICK_TIMEOUT)
        if done.code == 0:
            return True
        problem = failures.problem(done.err, otherwise="killed", what="inspect")
        if problem.kind in ("unreachable", "disk", "old"):
            raise problem
        return False

    @contextlib.contextmanager
    def archive(self, tag: str, *, patience: float = _SAVE_TIMEOUT) -> Iterator[BinaryIO]:
        """The saved image as a stream: a docker-archive or an OCI layout, depending on the engine.

        Leaving the `with` block early ends the subprocess. Reading raises EngineProblem if the
        subprocess fails or sends nothing for `patience` seconds.
        """
        words = (self._program, *self._family.save, tag, *self._family.save_to)
        with self._children.start(words) as child:
            yield cast(BinaryIO, Pipe(child, what=f"{self._family.program} save", patience=patience))

    def remove_image(self, tag: str) -> None:
        """Remove an image. A missing image is not an error."""
        if self._children.run((self._program, "rmi", "--force", tag), timeout=_QUICK_TIMEOUT).code == 0:
            self._resources.images.discard(tag)

    # --- containers ---------------------------------------------------------------------------------

    def start(self, tag: str, options: RunOptions) -> str:
        """Start a container in the background and return its name. Ports are published on 127.0.0.1.

        Raises EngineProblem "run" with the engine's output if it can't be started; it is removed then.
        """
        return self._begin(tag, options, started=True)

    def create(self, tag: str) -> str:
        """Create a container without starting it, to copy files from it; returns its name."""
        # `create` requires a command even if the image has none
        return self._begin(tag, RunOptions(command=("-",)), started=False)

    def _begin(self, tag: str, options: RunOptions, *, started: bool) -> str:
        runner = self._require_runner()
        name = self._resources.name(self._resources.containers)
        words = run_arguments(self._family, tag, options, name=name, run=self.run_id, started=started)
        done = self._children.run((runner, *words), timeout=_QUICK_TIMEOUT)
        if done.code:
            with contextlib.suppress(EngineProblem):  # it is recorded, and cleaned up at the end
                self.remove(name)
            raise failures.problem(clean(done.err), otherwise="run", what="starting the container")
        return name

    def state(self, container: str) -> State:
        """Whether the container is running, and its exit status if not."""
        state = inspection.state(self._container(container)["State"])
        if state.health == "starting" and state.running and not self._family.checks_health:
            self._run("healthcheck", "run", container)
            state = inspection.state(self._container(container)["State"])
        return state

    def address(self, container: str, port: int) -> tuple[str, int] | None:
        """Host and port at which a TCP port of a running container can be reached, or None.

        This is the published port on 127.0.0.1; the container's address if no port is published or it
        does not accept connections (slimify runs in a container itself); or 127.0.0.1 with the host
        network. None for network "none" and for a remote daemon. Call it again until something answers.
        """
        if not self._local:
            return None
        addresses = inspection.addresses(self._container(container), port)
        if len(addresses) > 1:
            return next(
                (address for address in addresses if inspection.accepts_connections(address)), addresses[0]
            )
        return addresses[0] if addresses else None

    def logs(self, container: str) -> str:
        """The last lines of stdout and stderr of a container. Lines written to both at the same moment
        may be out of order."""
        done = self._run("logs", "--tail", _LOG_LINES, container, merge=True)
        if done.code:
            raise failures.problem(done.text, otherwise="run", what="logs")
        return clean(done.text)

    def execute(
        self, container: str, command: Sequence[str], timeout: float, *, user: str = ""
    ) -> tuple[int, str]:
        """Run a command in a running container; returns exit code (126, 127: not startable) and output.

        Raises EngineProblem: timeout (the command may continue to run), run (the container is not
        running).
        """
        as_user = ("--user", user) if user else ()
        done = self._run("exec", *as_user, container, *command, merge=True, timeout=timeout)
        text = clean(done.text)
        if done.code in (1, 125, 255) and _NOT_RUNNING.match(text):
            raise EngineProblem("run", "the container is not running", log=text)
        return done.code, text

    @contextlib.contextmanager
    def copy_out(self, container: str, path: str) -> Iterator[BinaryIO]:
        """A file or directory of a running or stopped container, as a tar stream."""
        with self._children.start((self._require_runner(), "cp", f"{container}:{path}", "-")) as child:
            yield cast(BinaryIO, Pipe(child, what="cp", patience=_QUICK_TIMEOUT))

    def stop(self, container: str, seconds: float) -> None:
        """Send the stop signal, and kill after `seconds`. The container remains for `state` and `logs`."""
        words = ("stop", "-t", str(max(0, round(seconds))), container)
        self._ask(self._require_runner(), *words, otherwise="run", timeout=_QUICK_TIMEOUT + seconds)

    def kill(self, container: str, signal: str = "KILL") -> None:
        """Send a signal to a container."""
        self._ask(self._require_runner(), "kill", "--signal", signal, container, otherwise="run")

    def remove(self, container: str) -> None:
        """Remove a container, even if it is running, and its volumes. A missing one is not an error."""
        if self._run("rm", *self._family.force, container).code == 0:
            self._resources.containers.discard(container)

    # --- helpers ------------------------------------------------------------------------------------

    def _container(self, container: str) -> dict[str, Any]:
        words = ("inspect", "--type", "container", container)
        answer = json.loads(self._ask(self._require_runner(), *words, otherwise="killed"))
        return cast(dict[str, Any], answer[0])

    def _ask(self, program: str, *words: str, otherwise: Kind, timeout: float = _QUICK_TIMEOUT) -> str:
        done = self._children.run((program, *words), timeout=timeout)
        if done.code:
            raise failures.problem(clean(done.err), otherwise=otherwise, what=words[0])
        return done.text

    def _run(self, *words: str, merge: bool = False, timeout: float = _QUICK_TIMEOUT) -> ProcessResult:
        return self._children.run((self._require_runner(), *words), timeout=timeout, merge=merge)

    def _require_runner(self) -> str:
        if self._runner is None:
            raise EngineProblem("old", "buildah only builds images: install podman or docker to run them")
        return self._runner


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise EngineProblem("disk", f"can't write {path.name} to {path.parent}: {error.strerror}") from error
