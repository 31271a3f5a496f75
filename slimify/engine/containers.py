"""The engine: builds images, looks at them, runs them, and leaves nothing behind.

It is the user's own command line that is called, with the user's environment: DOCKER_HOST, contexts,
BUILDX_BUILDER, CONTAINERS_CONF and the like mean what they always mean.
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

from slimify.engine import details, failures
from slimify.engine.families import LABEL, Builder, Family, build_words, run_words
from slimify.engine.made import Made
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
from slimify.engine.process import Children, Done, Signals
from slimify.engine.progress import BuildLog, clean

_ASK = 120.0  # seconds for whatever an engine answers at once unless it hangs
_SAVE = 600.0  # seconds a daemon may gather an image before it sends the first byte
_LOG_LINES = "20000"
# docker says it with exit code 1, podman with 255, or 125 when the container is gone.
_NOT_RUNNING = re.compile(
    r"Error response from daemon: (container \S+ is not running|No such container)"
    r"|Error: (No such container|can only create exec sessions on running|no container with name or ID)",
    re.IGNORECASE,
)


class Engine:
    """One engine, for one run of slimify. Threads may use it side by side.

    As a context manager it ends all its programs and removes all its containers, images and
    temporary files at the end, also after Ctrl-C and SIGTERM; what could not be removed stands
    in `left`. All failures are EngineProblem.
    """

    def __init__(
        self, family: Family, program: str, *, runner: str | None, version: str = "", local: bool = True
    ) -> None:
        """`program` is the path of the engine's own, `runner` of the one that runs containers; `local`
        says that what is published on 127.0.0.1 is so on this machine."""
        self.name: EngineName = family.name
        self.version = version
        self.run_id = secrets.token_hex(6)
        self.left: tuple[str, ...] = ()
        self._family, self._program, self._runner = family, program, runner
        self._local = local
        self._builders = family.builders
        self._children = Children()
        self._signals = Signals(self._interrupted)
        self._lock = threading.Lock()
        self._made = Made(self.run_id, family.force)
        self._cleaning = False
        self._reason: BaseException | None = None

    @property
    def can_run(self) -> bool:
        """Whether containers can be started: buildah alone only builds."""
        return self._runner is not None

    # --- life ---------------------------------------------------------------------------------------

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
        # What was cleaned up on the way may have failed because all had to stop: the signal counts.
        if self._reason is not None and isinstance(error, EngineProblem):
            raise self._reason from None

    def cancel(self) -> None:
        """Asks all that runs to end, at once and without waiting: builds in threads raise "killed"."""
        self._children.cancel()

    def cleanup(self) -> tuple[str, ...]:
        """Removes all this engine has made; the names of what is left. May be called again.

        It takes at most about 40 seconds, 20 if the engine hangs. The engine can't be used afterwards.
        """
        self._cleaning = True
        try:
            late = self._children.close(seconds=5)
            self.left = self._made.remove(self._children, self._program, self._runner, late=late)
        finally:
            self._cleaning = False
        return self.left

    def _interrupted(self, reason: BaseException) -> None:
        self._reason = self._reason or reason
        if not self._cleaning:  # a second Ctrl-C must not stop the cleaning up, whose time is limited
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
        """Builds the bytes of a Dockerfile over a context directory.

        `progress` is called from this thread whenever a step begins, and every second. `ignore` is the
        content of the ignore file that belongs to this Dockerfile (`NAME.dockerignore` beside it); with
        None, the context's own `.dockerignore` holds. Raises EngineProblem: unreachable, old, disk,
        base, build (with `line`), timeout, killed; each with the whole log.
        """
        while True:
            builder = self._builders[0]
            try:
                return self._build(builder, dockerfile, context, options, progress, label, ignore)
            except EngineProblem as problem:
                with self._lock:
                    if len(self._builders) == 1 or options.builder or not failures.other_way(problem):
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
        tag = self._made.name(self._made.images)
        log = BuildLog(label)
        began = told = time.monotonic()

        def heard(chunk: bytes) -> None:
            nonlocal told
            further, now = log.feed(chunk), time.monotonic()
            if progress and (further or now - told >= 1):
                told = now
                progress(log.position(now - began))

        with self._made.folder() as folder:
            file, own = folder / "Dockerfile", folder / "Dockerfile.dockerignore"
            _write(file, dockerfile)
            if ignore is not None:
                _write(own, ignore)
            words = build_words(
                builder,
                options,
                file=str(file),
                ignore=str(own) if ignore is not None else "",
                tag=tag,
                run=self.run_id,
            )
            command = (self._program, *words, str(context))
            done = self._build_to_end(command, builder, options.timeout, log, heard)
        if done.code < 0:
            message = f"{self._family.program} was ended by signal {-done.code} while it built"
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
        heard: Callable[[bytes], None],
    ) -> Done:
        try:
            return self._children.run(
                command,
                timeout=timeout,
                env=builder.env,
                merge=True,
                inner_first=builder.inner_first,
                on_chunk=heard,
            )
        except EngineProblem as problem:
            message = problem.message
            if problem.kind == "timeout":
                message = f"the build had not ended after {timeout:g} s"
            raise EngineProblem(problem.kind, message, log=log.text) from problem
        finally:
            log.close()

    def inspect(self, tag: str) -> Mapping[str, Any]:
        """An image as `docker image inspect` shows it: Config, Architecture, Os, RootFS, Size, …

        The label by which slimify knows its own is taken away again.
        """
        answer = json.loads(self._ask(self._program, "inspect", "--type", "image", tag, otherwise="killed"))
        image: dict[str, Any] = answer[0] if isinstance(answer, list) else details.from_buildah(answer)
        config = dict(image.get("Config") or {})
        if labels := config.get("Labels"):
            config["Labels"] = {key: value for key, value in labels.items() if key != LABEL} or None
        if image.get("Healthcheck") and not config.get("Healthcheck"):
            config["Healthcheck"] = image["Healthcheck"]  # where podman shows it
        return {**image, "Config": config}

    def size(self, tag: str) -> int:
        """Bytes of all layers, as the engine counts them."""
        return int(self.inspect(tag).get("Size") or 0)

    def available(self, reference: str) -> bool:
        """Whether an image is there without asking a registry. (A builder in a container of its own
        can't use it all the same.)"""
        command = (self._program, "inspect", "--type", "image", reference)
        done = self._children.run(command, timeout=_ASK)
        if done.code == 0:
            return True
        problem = failures.problem(done.err, otherwise="killed", what="inspect")
        if problem.kind in ("unreachable", "disk", "old"):
            raise problem
        return False

    @contextlib.contextmanager
    def archive(self, tag: str, *, patience: float = _SAVE) -> Iterator[BinaryIO]:
        """The image as a stream (docker-archive or OCI layout, whatever the engine saves).

        Leaving the `with` before the end ends the engine's program. Reading raises EngineProblem when
        the program failed, or was silent for `patience` seconds.
        """
        words = (self._program, *self._family.save, tag, *self._family.save_to)
        with self._children.start(words) as child:
            yield cast(BinaryIO, Pipe(child, what=f"{self._family.program} save", patience=patience))

    def remove_image(self, tag: str) -> None:
        """Removes an image; one that is not there is no failure."""
        if self._children.run((self._program, "rmi", "--force", tag), timeout=_ASK).code == 0:
            self._made.images.discard(tag)

    # --- containers ---------------------------------------------------------------------------------

    def start(self, tag: str, options: RunOptions) -> str:
        """Starts a container in the background; its name. Ports are published on 127.0.0.1.

        Raises EngineProblem: run, with what the engine printed, if it can't be started (nothing is
        left of it then).
        """
        return self._begin(tag, options, started=True)

    def create(self, tag: str) -> str:
        """A container that is not started, to copy files out of it; its name."""
        # an image that starts nothing needs a command all the same
        return self._begin(tag, RunOptions(command=("-",)), started=False)

    def _begin(self, tag: str, options: RunOptions, *, started: bool) -> str:
        runner = self._need_runner()
        name = self._made.name(self._made.containers)
        words = run_words(tag, options, name=name, run=self.run_id, started=started)
        done = self._children.run((runner, *words), timeout=_ASK)
        if done.code:
            with contextlib.suppress(EngineProblem):  # it is noted, and swept at the end
                self.remove(name)
            raise failures.problem(clean(done.err), otherwise="run", what="the start of the container")
        return name

    def state(self, container: str) -> State:
        """Whether it runs, or how it ended."""
        state = details.state(self._container(container)["State"])
        if state.health == "starting" and state.running and not self._family.checks_health:
            self._run("healthcheck", "run", container)
            state = details.state(self._container(container)["State"])
        return state

    def address(self, container: str, port: int) -> tuple[str, int] | None:
        """Where a TCP port of a running container can be reached from here.

        The published port on 127.0.0.1; the container's own address where the engine publishes none
        or where that does not answer (an engine beside this container); 127.0.0.1 in the host's
        network; None if there is no way (network none, a daemon on another machine). To be asked again
        while nothing answers.
        """
        if not self._local:
            return None
        places = details.places(self._container(container), port)
        if len(places) > 1:
            return next((place for place in places if details.answers(place)), places[0])
        return places[0] if places else None

    def logs(self, container: str) -> str:
        """What the container printed last, both outputs together, in the order in which the engine noted
        it: lines of the two outputs that were written at the same moment may change places."""
        done = self._run("logs", "--tail", _LOG_LINES, container, merge=True)
        if done.code:
            raise failures.problem(done.text, otherwise="run", what="logs")
        return clean(done.text)

    def execute(
        self, container: str, command: Sequence[str], timeout: float, *, user: str = ""
    ) -> tuple[int, str]:
        """Runs a command in a running container: exit code (126, 127: it can't be started) and output.

        Raises EngineProblem: timeout (the command may then run on inside), run (no such container
        runs).
        """
        as_user = ("--user", user) if user else ()
        done = self._run("exec", *as_user, container, *command, merge=True, timeout=timeout)
        text = clean(done.text)
        if done.code in (1, 125, 255) and _NOT_RUNNING.match(text):
            raise EngineProblem("run", "the container does not run any more", log=text)
        return done.code, text

    @contextlib.contextmanager
    def copy_out(self, container: str, path: str) -> Iterator[BinaryIO]:
        """A file or directory of a container, running or not, as a tar stream."""
        with self._children.start((self._need_runner(), "cp", f"{container}:{path}", "-")) as child:
            yield cast(BinaryIO, Pipe(child, what="cp", patience=_ASK))

    def copy_in(self, container: str, source: Path, path: str) -> None:
        """Copies a file or directory of this machine into a container."""
        self._ask(self._need_runner(), "cp", str(source), f"{container}:{path}", otherwise="run")

    def stop(self, container: str, seconds: float) -> None:
        """Sends the stop signal; kills after `seconds`. The container stays, for `state` and `logs`."""
        words = ("stop", "-t", str(max(0, round(seconds))), container)
        self._ask(self._need_runner(), *words, otherwise="run", timeout=_ASK + seconds)

    def kill(self, container: str, signal: str = "KILL") -> None:
        """Sends a signal."""
        self._ask(self._need_runner(), "kill", "--signal", signal, container, otherwise="run")

    def remove(self, container: str) -> None:
        """Removes a container with its volumes, running or not; one that is not there is no failure."""
        if self._run("rm", *self._family.force, container).code == 0:
            self._made.containers.discard(container)

    # --- helpers ------------------------------------------------------------------------------------

    def _container(self, container: str) -> dict[str, Any]:
        words = ("inspect", "--type", "container", container)
        answer = json.loads(self._ask(self._need_runner(), *words, otherwise="killed"))
        return cast(dict[str, Any], answer[0])

    def _ask(self, program: str, *words: str, otherwise: Kind, timeout: float = _ASK) -> str:
        done = self._children.run((program, *words), timeout=timeout)
        if done.code:
            raise failures.problem(clean(done.err), otherwise=otherwise, what=words[0])
        return done.text

    def _run(self, *words: str, merge: bool = False, timeout: float = _ASK) -> Done:
        return self._children.run((self._need_runner(), *words), timeout=timeout, merge=merge)

    def _need_runner(self) -> str:
        if self._runner is None:
            raise EngineProblem("old", "buildah only builds: to run images, podman or docker is needed")
        return self._runner


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise EngineProblem(
            "disk", f"{path.name} can't be written to {path.parent}: {error.strerror}"
        ) from error
