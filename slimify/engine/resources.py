"""Tracks the images, containers and folders that an engine creates in a run, and removes them."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from slimify.engine.families import LABEL
from slimify.engine.model import EngineProblem
from slimify.engine.process import Children

PREFIX = "slimify-verify"
_SECONDS = 30.0  # for the whole removal
_CALL = 15.0  # for one command


class Resources:
    """Names of images and containers, and paths of folders. Each is recorded before it is created."""

    def __init__(self, run: str, force: tuple[str, ...]) -> None:
        """`force`: the options of `rm` that remove running containers and their volumes immediately."""
        self.run, self.force = run, force
        self.images: set[str] = set()
        self.containers: set[str] = set()
        self._folders: set[str] = set()

    def name(self, known: set[str]) -> str:
        """A new name, recorded in `known`."""
        name = f"{PREFIX}-{self.run}-{secrets.token_hex(4)}"
        known.add(name)
        return name

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """Create a temporary directory for a `with` block."""
        with tempfile.TemporaryDirectory(prefix=f"{PREFIX}-", ignore_cleanup_errors=True) as folder:
            self._folders.add(folder)  # never removed from the set: a signal may interrupt its deletion
            yield Path(folder)

    def remove(self, children: Children, program: str, runner: str | None, *, late: bool) -> tuple[str, ...]:
        """Remove everything, first by name, then by label, within 30 seconds.

        Returns the names of what may remain; if the engine does not respond, of everything. `late`: a
        subprocess was ended early, so the engine may still create its resources, and a second search
        follows.
        """
        for folder in tuple(self._folders):
            shutil.rmtree(folder, ignore_errors=True)
        if not self.images and not self.containers:
            return ()
        sweep = _Sweep(children, program, runner, self)
        containers, images = tuple(sorted(self.containers)), tuple(sorted(self.images))
        looks = 0
        while looks < 4:
            sweep.remove(containers, images)
            if late and looks < 2:
                time.sleep(0.5)
            found = sweep.find(containers=bool(self.containers))
            if found is None:  # the engine stopped or hangs
                break
            containers, images = found
            looks += 1
            if not containers and not images and (looks > 1 or not late):
                self.images.clear()
                self.containers.clear()
                return ()
        return (*containers, *images)


class _Sweep:
    """The commands of a removal, within one time limit."""

    def __init__(self, children: Children, program: str, runner: str | None, made: Resources) -> None:
        self._children, self._program, self._runner = children, program, runner
        self._filter = ("--quiet", "--filter", f"label={LABEL}={made.run}")
        self._force = made.force
        self._end = time.monotonic() + _SECONDS

    def remove(self, containers: tuple[str, ...], images: tuple[str, ...]) -> None:
        if containers and self._runner:
            self._call(self._runner, "rm", *self._force, *containers)
        if images:
            self._call(self._program, "rmi", "--force", *images)

    def find(self, *, containers: bool) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Containers and images with the label of this run, or None if the engine does not respond."""
        ran = self._call(self._runner, "ps", "--all", *self._filter) if containers and self._runner else ""
        built = self._call(self._program, "images", *self._filter)
        if ran is None or built is None:
            return None
        return tuple(ran.split()), tuple(sorted(set(built.split())))

    def _call(self, *command: str) -> str | None:
        seconds = min(_CALL, self._end - time.monotonic())
        if seconds <= 0:
            return None
        try:
            done = self._children.run(command, timeout=seconds, during_shutdown=True)
        except EngineProblem:
            self._end = 0.0  # it hangs, so further commands would too
            return None
        return done.text if done.code == 0 else None
