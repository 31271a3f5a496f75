"""The commands of a script of the repository, which run beside the sources and not in an image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.repository.engine_commands import EngineCall, engine_call, normalized_name, tar_on_pipe
from slimify.context.build_scripts.scripts import Script
from slimify.context.scan import Context
from slimify.facts.programs import container_engines
from slimify.model.regex import regex
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.started import Source, Started, programs
from slimify.semantics.effects.state import State, absolute, resolve
from slimify.semantics.paths import inside

ROOT = "/repository"  # where the searched directory is for the shell
_OUTPUTS = {"git rev-parse --show-toplevel": ROOT}
_ENGINE = regex(
    rf"""=(?<=\w=)["']?(?:sudo )?(?:{"|".join(container_engines())})["']?\s*(?:;|$)""", re.MULTILINE
)
_LAST_WORD = regex(r"\w+\Z")


class HostCommand(Struct, frozen=True):
    """What a command says about files below the searched directory. `file` is where it stands, relative to
    it, `lines` are its first and last line there."""

    started: Started
    lines: tuple[int, int]
    engine: EngineCall | None = None  # what it tells a container engine
    in_document: bool = False

    @property
    def file(self) -> str:
        return self.started.source.file.removeprefix(f"{ROOT}/")

    def path(self, word: str) -> str | None:
        """The path relative to the directory; None if it is outside or not static."""
        path = absolute(word, self.started.call.state)
        if path is None or word.startswith(("~", "-")) or "://" in word or re.search(r"[$`*?]", path):
            return None
        return path.removeprefix(ROOT).lstrip("/") if f"{path}/".startswith(f"{ROOT}/") else None

    def names(self, word: str, path: str) -> bool:
        """Whether a word names a path of the directory. Where a checkout lies on another machine
        (`/home/circleci/project`) shows if the path has several parts."""
        found = self.path(word)
        elsewhere = absolute(word, self.started.call.state) if found is None and "/" in path else None
        return found == path or (elsewhere is not None and elsewhere.endswith(f"/{path}"))

    def leaves_from_root(self, word: str) -> bool:
        """Whether a word leads out of the root where this starts, and not where its script is: that is where
        people start it."""
        state = self.started.call.state
        path = absolute(word, state)
        out = path is not None and not inside(path, ROOT) and not word.startswith(("/", "~"))
        return out and state.cwd == ROOT and "/" in self.file

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

    @property
    def mounts(self) -> Iterator[tuple[str, str]]:
        """The directories here that it mounts in a container: the path there, and the one here."""
        for text in self.engine.given("-v", "--volume") if self.engine is not None else ():
            outer, _, inner = text.partition(":")
            path = self.path(outer) if outer.startswith(("/", ".")) else None  # else the name of a volume
            if inner and path is not None:
                yield inner.partition(":")[0].rstrip("/"), path


@lru_cache(maxsize=8)
def engine_variables(text: str) -> frozenset[str]:
    """The variables that hold the name of an engine in the text of a script."""
    before = (text[: match.start()] for match in _ENGINE.finditer(text))
    return frozenset(f"${name[0]}" for part in before if (name := _LAST_WORD.search(part, len(part) - 99)))


def host_state(files: Context) -> State:
    """The state before a script that runs in the root of the searched directory."""
    view = ContextView(context=files).with_copy(["."], ROOT)
    return State(cwd=ROOT, home=None, view=view, shell=("/bin/bash", "-c"), symbolic=True, outputs=_OUTPUTS)


def host_commands(script: Script, state: State) -> Iterator[HostCommand]:
    """The programs that a script starts if it runs in this state."""
    file, variables = posixpath.join(ROOT, script.file), engine_variables(script.text)
    state = replace(state, script=file if script.is_shell else "")
    for snippet in script.snippets:
        done = interpreted(snippet.text, state, Source(snippet.text, file, snippet.first))
        state = done.state
        for call in programs(done.started):
            first, last = call.lines
            limit = snippet.last if snippet.last and call.source.file == file else last
            yield HostCommand(
                started=call,
                lines=(min(first, limit), min(last, limit)),
                engine=engine_call(call.words, variables),
                in_document=script.is_document and call.source.file == file,
            )


def start_directories(file: str) -> tuple[str, ...]:
    """Directories that a script may be started in: the root, its own directory, or one in between."""
    found = [ROOT]
    folder = posixpath.dirname(file)
    while folder:
        found.append(posixpath.join(ROOT, folder))
        folder = posixpath.dirname(folder)
    return tuple(found)
