"""Programs that an engine starts: read with patience, ended as groups, never left behind.

Every program gets a process group of its own, so that Ctrl-C at the terminal reaches slimify alone,
which then ends its programs itself: first politely (a build that is asked to stop tells its daemon),
after `GRACE` seconds for good.
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

from slimify.engine.model import EngineProblem

GRACE = 4.0
_TICK = 1.0  # seconds between two looks at the clock while a program is silent
_CHUNK = 1 << 16


class Done(Struct, frozen=True, kw_only=True):
    """What a program left: exit code (negative: the signal that ended it), both outputs."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")


class Child:
    """A running program. `read` gives its standard output; leaving the `with` ends it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None,
        merge: bool,
        inner_first: bool,
        stopping: threading.Event,
    ) -> None:
        self.command = tuple(command)
        self._stopping, self._inner_first = stopping, inner_first
        self._err: IO[bytes] | None = None
        if not merge:
            self._err = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the child
        self._ended_at: float | None = None
        self._asked = False
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
        """Up to `limit` bytes; None if nothing came within `patience` seconds; b"" at the end.

        Something the program started may keep the pipe open for longer than the program lives:
        two seconds after its end, or once everything is to stop, the pipe counts as at its end.
        """
        end = time.monotonic() + patience
        while True:
            wait = max(0.0, min(end - time.monotonic(), _TICK))
            if _readable(self._out.fileno(), wait):
                return os.read(self._out.fileno(), limit)
            now = time.monotonic()
            if self._ended_at is None and self._popen.poll() is not None:
                self._ended_at = now
            if self._stopping.is_set() or (self._ended_at is not None and now > self._ended_at + 2):
                return b""
            if now >= end:
                return None

    def wait(self) -> int:
        """The exit code of a program whose output is at its end; one that lingers is ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._popen.wait(0 if self._stopping.is_set() else 10)
        self.end()
        return self._popen.returncode

    def errors(self) -> str:
        """What was printed to standard error, once the program has ended."""
        if self._err is None:
            return ""
        self._err.seek(0)
        return self._err.read().decode("utf-8", "replace")

    def ask_to_end(self) -> None:
        """Sends SIGTERM to the program and what it started. May be called from a signal handler."""
        if self._asked:  # several are taken for impatience, and then nothing is tidied up
            return
        self._asked = True
        inner = _children_of(self._popen.pid) if self._inner_first else []
        for pid in inner:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
        if not inner:
            self._signal(signal.SIGTERM)

    def end(self, grace: float = GRACE) -> None:
        """Ends the program, if it still runs: asks, waits for `grace` seconds, kills."""
        if self._popen.poll() is None:
            self.ask_to_end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(grace)
        self._signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(5)

    def close(self) -> None:
        """Ends the program and frees what belongs to it."""
        self._out.close()  # who writes into a pipe that nobody reads ends by itself
        if self._popen.poll() is None or self._asked:  # what it started may have outlived it
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
    """The programs of one engine. Threads may use it side by side."""

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
        always: bool = False,
        inner_first: bool = False,
    ) -> Owned:
        """Starts a program, for `with`. `merge` puts both outputs into one, in the order of writing;
        `always` starts it even when everything is to stop (for cleaning up); `inner_first` is for a
        program that tidies up only if it is what it started that ends, and not itself."""
        if self.stopping.is_set() and not always:
            raise EngineProblem("killed", "stopped before it was done")
        # A signal must not come between a program's start and its entry in the list.
        main = threading.current_thread() is threading.main_thread()
        self._starting = self._starting or main
        try:
            event = threading.Event() if always else self.stopping
            child = Child(command, env=env, merge=merge, inner_first=inner_first, stopping=event)
            self._running.add(child)
        finally:
            if main:
                self._starting = False
        owned = Owned(self, child)
        if self.stopping.is_set() and not always:
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
        always: bool = False,
        inner_first: bool = False,
        on_chunk: Callable[[bytes], None] | None = None,
    ) -> Done:
        """Runs a program to its end. `on_chunk` gets what it prints (`Done` then has none of it), and
        b"" about every second.

        Raises EngineProblem: missing, timeout (after `timeout` seconds), killed.
        """
        end = time.monotonic() + timeout
        parts: list[bytes] = []
        started = self.start(command, env=env, merge=merge, always=always, inner_first=inner_first)
        with started as child:
            while (remaining := end - time.monotonic()) > 0:
                chunk = child.read(min(remaining, _TICK))
                if chunk == b"":
                    break
                if on_chunk:
                    on_chunk(chunk or b"")
                elif chunk:
                    parts.append(chunk)
            else:
                child.end()
                log = b"".join(parts).decode("utf-8", "replace")
                raise EngineProblem("timeout", f"{_short(command)}: no end after {timeout:g} s", log=log)
            code = child.wait()
            if self.stopping.is_set() and not always:
                log = b"".join(parts).decode("utf-8", "replace")
                raise EngineProblem("killed", "stopped before it was done", log=log)
            return Done(code=code, out=b"".join(parts), err=child.errors())

    def cancel(self) -> None:
        """Asks all programs to end, and lets no further one start. Returns at once."""
        self.stopping.set()
        for child in tuple(self._running):
            child.ask_to_end()

    def interrupt(self, reason: BaseException) -> None:
        """For a signal handler: cancels all and raises `reason`, as soon as that loses no program."""
        self.cancel()
        if self._starting:
            self._deferred = reason
            return
        raise reason

    def close(self, seconds: float) -> bool:
        """Ends all programs within about `seconds`; whether any was ended before its time, now or before."""
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
        raise EngineProblem("killed", "stopped before it was done")


class Owned:
    """A child in a `with`: at its end the program has ended too."""

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
    """While entered, SIGINT, SIGTERM and SIGHUP call `on_signal` with what is to be raised.

    Outside the main thread nothing is changed; a signal that is ignored (nohup) stays so.
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
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP end what is inside as Ctrl-C does: nothing that it made stays behind."""

    def leave(reason: BaseException) -> NoReturn:
        raise reason

    with Signals(leave):
        yield


def _children_of(parent: int) -> list[int]:
    """The processes that a process has started itself; none where there is no /proc."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # `pid (name) state parent …`; the name may hold anything
            if int(file.read_text(errors="replace").rpartition(")")[2].split()[1]) == parent:
                found.append(int(file.parent.name))
    return found


def _readable(descriptor: int, seconds: float) -> bool:
    """Whether a read will not block; where there is no poll(2), reads simply block."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(seconds * 1000))


def _short(command: Sequence[str]) -> str:
    """Program and what it was to do, without options, which may hold secrets."""
    words = [os.path.basename(command[0])]
    for word in command[1:3]:
        if word.startswith("-"):
            break
        words.append(word)
    return " ".join(words[: 3 if words[1:2] == ["buildx"] else 2])
