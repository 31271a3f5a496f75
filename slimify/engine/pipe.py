"""The stdout of a subprocess as a stream that raises an error if the subprocess fails."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from slimify.engine import failures
from slimify.engine.model import EngineProblem
from slimify.engine.progress import clean

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from slimify.engine.process import Child

_BLOCK = 1 << 20


class _Raw(io.RawIOBase):
    def __init__(self, child: Child, what: str, patience: float) -> None:
        self._child, self._what, self._patience = child, what, patience
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._ended:
            return 0
        view = memoryview(buffer).cast("B")
        data = self._child.read(self._patience, len(view))
        if data is None:
            self._child.end()
            raise EngineProblem("timeout", f"{self._what}: no output for {self._patience:g} s")
        if not data:
            self._ended = True
            self._check()
        view[: len(data)] = data
        return len(data)

    def _check(self) -> None:
        code = self._child.wait()
        if code < 0:
            raise EngineProblem("killed", f"{self._what} was killed by signal {-code}")
        if code:
            raise failures.problem(clean(self._child.errors()), otherwise="killed", what=self._what)


class Pipe(io.BufferedReader):
    """The output of a child process. If the child fails, reading its end raises EngineProblem."""

    def __init__(self, child: Child, *, what: str, patience: float) -> None:
        super().__init__(_Raw(child, what, patience), _BLOCK)
