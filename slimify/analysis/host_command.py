"""A command of a build script, which runs beside the sources and not in an image."""

from __future__ import annotations

import posixpath
import re

from msgspec import Struct

from slimify.analysis.docker_commands import normalized_name, tar_on_pipe
from slimify.semantics.effects.started import Started
from slimify.semantics.effects.state import absolute, resolve

ROOT = "/repository"  # where the searched directory is for the shell


class HostCommand(Struct, frozen=True):
    """What a command says about files below the searched directory."""

    started: Started

    def path(self, word: str) -> str | None:
        """The path relative to the directory; None if it is outside or not static."""
        path = absolute(word, self.started.call.state)
        if path is None or word.startswith(("~", "-")) or "://" in word or re.search(r"[$`*?]", path):
            return None
        return path.removeprefix(ROOT).lstrip("/") if f"{path}/".startswith(f"{ROOT}/") else None

    def makes_directory(self, path: str) -> bool:
        """Whether the script made this directory before."""
        return posixpath.join(ROOT, path) in self.started.call.state.view.directories

    @property
    def stdin(self) -> str:
        """The file that it reads, "" for none."""
        files = (r.target for r in self.started.command.redirects if r.op == "<")
        return next((resolve(file, self.started.call.state) or "" for file in files), "")

    @property
    def stdout(self) -> str:
        """The file that gets its output, "" for none."""
        return self.started.call.outputs[-1].shown if self.started.call.outputs else ""

    @property
    def reader(self) -> list[str]:
        """The words of the command that reads its output."""
        return [arg.shown for arg in self.started.call.downstream]

    @property
    def unpacks_in(self) -> str | None:
        """The directory where a tar command unpacks all of its output."""
        words = self.reader
        found = tar_on_pipe(words[1:], "x") if words and posixpath.basename(words[0]) == "tar" else None
        return (found[0] or ".") if found is not None and not found[1] else None

    @property
    def result(self) -> tuple[str, ...]:
        """The name that its output has in other commands."""
        return (normalized_name(self.started.captured),) if self.started.captured else ()

    def mount(self, text: str) -> tuple[str, str] | None:
        """The path in the container and the one here of the value of `-v`."""
        outer, _, inner = text.partition(":")
        path = self.path(outer)
        return (inner.partition(":")[0].rstrip("/"), path) if inner and path is not None else None
