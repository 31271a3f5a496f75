"""Subprocesses of an engine, with time limits and guaranteed termination.

Every subprocess has its own process group, so Ctrl-C in the terminal reaches only slimify. slimify then
sends SIGTERM, so that a build can cancel itself at the daemon, and SIGKILL after `GRACE` seconds.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, NoReturn, Self

from msgspec import Struct

from slimify.engine.model import MOST_OUTPUT, EngineProblem

GRACE = 4.0
_TICK = 1.0  # seconds between checks of the time limit while a process is silent
_CHUNK = 1 << 16


class ProcessResult(Struct, frozen=True, kw_only=True):
    """The result of a process: exit code (negative: the signal that killed it), stdout and stderr."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")


class Child:
    """A running process. `read` returns its stdout; leaving the `with` block ends it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None,
        merge: bool,
        signal_children_first: bool,
        stopping: threading.Event,
    ) -> None:
        self.command = tuple(command)
        self._stopping, self._signal_children_first = stopping, signal_children_first
        self._err: IO[bytes] | None = None
        if not merge:
            self._err = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the child
        self._ended_at: float | None = None
        self._terminated = False
        try:
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if self._err is None else self._err,
                env={**os.environ, **(env or {})},
                process_group=0 if os.name == "posix" else None,
                bufsize=0,
            )
        except OSError as error:
            if self._err is not None:
                self._err.close()
            raise EngineProblem("missing", f"{command[0]} can't be started: {error.strerror}") from error
        assert self._popen.stdout is not None
        self._out = self._popen.stdout

    def read(self, patience: float, limit: int = _CHUNK) -> bytes | None:
        """Read up to `limit` bytes; None if there is no output for `patience` seconds, b"" at the end.

        A grandchild may keep the pipe open after the process has ended. So the pipe counts as closed
        two seconds after that, or when everything is being stopped.
        """
        end = time.monotonic() + patience
        while True:
            wait = max(0.0, min(end - time.monotonic(), _TICK))
            if _is_readable(self._out.fileno(), wait):
                return os.read(self._out.fileno(), limit)
            now = time.monotonic()
            if self._ended_at is None and self._popen.poll() is not None:
                self._ended_at = now
            if self._stopping.is_set() or (self._ended_at is not None and now > self._ended_at + 2):
                return b""
            if now >= end:
                return None

    def wait(self) -> int:
        """The exit code, once the output has ended. A process that keeps running is ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._popen.wait(0 if self._stopping.is_set() else 10)
        self.end()
        return self._popen.returncode

    def errors(self) -> str:
        """The content of stderr, once the process has ended."""
        if self._err is None:
            return ""
        self._err.seek(0)
        return self._err.read(MOST_OUTPUT).decode("utf-8", "replace")

    def terminate(self) -> None:
        """Send SIGTERM to the process group. May be called from a signal handler."""
        if self._terminated:  # engines skip their cleanup after a second signal
            return
        self._terminated = True
        inner = _child_pids(self._popen.pid) if self._signal_children_first else []
        for pid in inner:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
        if not inner:
            self._signal(signal.SIGTERM)

    def end(self, grace: float = GRACE) -> None:
        """End the process if it is running: send SIGTERM, wait for `grace` seconds, kill."""
        if self._popen.poll() is None:
            self.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(grace)
        self._signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(5)

    def close(self) -> None:
        """End the process and release its resources."""
        self._out.close()  # writers receive SIGPIPE
        if self._popen.poll() is None or self._terminated:  # grandchildren may still be running
            self.end()
        if self._err is not None:
            self._err.close()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(self._popen.pid, number)
            elif self._popen.poll() is None:
                self._popen.send_signal(number)


class Children:
    """The subprocesses of one engine. Thread-safe."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._running: set[Child] = set()
        self._starting = False
        self._deferred: BaseException | None = None

    def start(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        merge: bool = False,
        during_shutdown: bool = False,
        signal_children_first: bool = False,
    ) -> ManagedChild:
        """Start a process for a `with` block.

        `merge` combines stdout and stderr. `during_shutdown` starts it even while everything is being
        stopped, for cleanup. `signal_children_first` is for programs that clean up only if their
        children end.
        """
        if self.stopping.is_set() and not during_shutdown:
            raise EngineProblem("killed", "the command was interrupted")
        # A signal must not arrive between the start of a process and its entry in the list.
        main = threading.current_thread() is threading.main_thread()
        self._starting = self._starting or main
        try:
            event = threading.Event() if during_shutdown else self.stopping
            child = Child(
                command, env=env, merge=merge, signal_children_first=signal_children_first, stopping=event
            )
            self._running.add(child)
        finally:
            if main:
                self._starting = False
        owned = ManagedChild(self, child)
        if self.stopping.is_set() and not during_shutdown:
            owned.__exit__(None, None, None)
            self._raise_deferred()
        return owned

    def run(
        self,
        command: Sequence[str],
        *,
        timeout: float,
        env: Mapping[str, str] | None = None,
        merge: bool = False,
        during_shutdown: bool = False,
        signal_children_first: bool = False,
        on_chunk: Callable[[bytes], None] | None = None,
    ) -> ProcessResult:
        """Run a process to its end. `on_chunk` receives its output (`Done` has none then), and b"" about
        once a second. Of other output, what is beyond 20 MB is lost.

        Raises EngineProblem: missing, timeout (after `timeout` seconds), killed.
        """
        end = time.monotonic() + timeout
        parts: list[bytes] = []
        left = MOST_OUTPUT
        started = self.start(
            command,
            env=env,
            merge=merge,
            during_shutdown=during_shutdown,
            signal_children_first=signal_children_first,
        )
        with started as child:
            while (remaining := end - time.monotonic()) > 0:
                chunk = child.read(min(remaining, _TICK))
                if chunk == b"":
                    break
                if on_chunk:
                    on_chunk(chunk or b"")
                elif chunk and left > 0:
                    parts.append(chunk)
                    left -= len(chunk)
            else:
                child.end()
                log = b"".join(parts).decode("utf-8", "replace")
                raise EngineProblem("timeout", f"{_short(command)}: timed out after {timeout:g} s", log=log)
            code = child.wait()
            if self.stopping.is_set() and not during_shutdown:
                log = b"".join(parts).decode("utf-8", "replace")
                raise EngineProblem("killed", "the command was interrupted", log=log)
            return ProcessResult(code=code, out=b"".join(parts), err=child.errors())

    def cancel(self) -> None:
        """Ask all processes to end and prevent new ones. Returns immediately."""
        self.stopping.set()
        for child in tuple(self._running):
            child.terminate()

    def interrupt(self, reason: BaseException) -> None:
        """For a signal handler: cancel everything and raise `reason` when no process can be lost."""
        self.cancel()
        if self._starting:
            self._deferred = reason
            return
        raise reason

    def close(self, seconds: float) -> bool:
        """End all processes within about `seconds`. Returns whether any was ever ended early."""
        late = self.stopping.is_set() or bool(self._running)
        self.cancel()
        end = time.monotonic() + seconds
        for child in tuple(self._running):
            child.end(max(0.1, min(GRACE, end - time.monotonic())))
        return late

    def forget(self, child: Child) -> None:
        self._running.discard(child)

    def _raise_deferred(self) -> NoReturn:
        reason, self._deferred = self._deferred, None
        if reason is not None and threading.current_thread() is threading.main_thread():
            raise reason
        raise EngineProblem("killed", "the command was interrupted")


class ManagedChild:
    """A child process for a `with` block, which ends it."""

    def __init__(self, children: Children, child: Child) -> None:
        self._children, self._child = children, child

    def __enter__(self) -> Child:
        return self._child

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close()
        self._children.forget(self._child)


class Signals:
    """While entered, SIGINT, SIGTERM and SIGHUP call `on_signal` with the exception to raise.

    Does nothing outside the main thread. An ignored signal (nohup) remains ignored.
    """

    def __init__(self, on_signal: Callable[[BaseException], None]) -> None:
        self._on_signal = on_signal
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal gave us

    def _handle(self, number: int, frame: object) -> None:
        self._on_signal(KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number))


@contextlib.contextmanager
def cleanup_on_signals() -> Iterator[None]:
    """Within the `with` block, SIGTERM and SIGHUP raise an exception like Ctrl-C, so cleanup runs."""

    def leave(reason: BaseException) -> NoReturn:
        raise reason

    with Signals(leave):
        yield


def _child_pids(parent: int) -> list[int]:
    """The direct children of a process; none on systems without /proc."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # `pid (name) state parent …`; the name may contain anything
            if int(file.read_text(errors="replace").rpartition(")")[2].split()[1]) == parent:
                found.append(int(file.parent.name))
    return found


def _is_readable(descriptor: int, seconds: float) -> bool:
    """Whether a read would not block. On systems without poll(2), always true."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(seconds * 1000))


def _short(command: Sequence[str]) -> str:
    """The program and its subcommand, without options, which may contain secrets."""
    words = [os.path.basename(command[0])]
    for word in command[1:3]:
        if word.startswith("-"):
            break
        words.append(word)
    return " ".join(words[: 3 if words[1:2] == ["buildx"] else 2])
