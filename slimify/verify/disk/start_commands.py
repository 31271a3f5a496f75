"""The commands that an image starts: those of its configuration, interpreted with the scripts of the image.

ENTRYPOINT and CMD form one command line (Dockerfile reference, "Understand how CMD and ENTRYPOINT
interact"). The words of CMD are arguments of the entry point, not commands, unless the entry point is a
script that ends in `exec "$@"`.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from msgspec import Struct

from slimify.facts import programs
from slimify.facts.language_files import all_files
from slimify.facts.shells import is_builtin, is_reserved, is_shell
from slimify.model.regex import regex
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.started import Started
from slimify.semantics.effects.state import State
from slimify.syntax.shell.script import unwrap
from slimify.verify.disk.evidence import Side

SHEBANG = regex(rb"#!\s*(\S+)(?:[ \t]+(.*?))?\s*[\n\r]")

_TEXT_OPTIONS = frozenset({"-c", "-e", "-m", "-p", "--eval", "--print", "--test"})  # no file follows
_OPTIONS_WITH_VALUE = frozenset(
    {"-r", "--require", "--import", "--loader", "--experimental-loader", "-W", "-X", "-I"}
)
Words = tuple[str | None, ...]


class ImageView(ContextView, frozen=True, kw_only=True):
    """The files of an image, whose texts were kept when it was read."""

    side: Side

    def text(self, image_path: str) -> str | None:
        entry = self.side.entry(image_path)
        data = self.side.image.contents.get(entry.path) if entry is not None else None
        return data.decode("utf-8", "replace") if data is not None and b"\0" not in data else None


class StartedItem(Struct, frozen=True):
    """A command word, or (`file`) the script of an interpreter, which need not be executable."""

    name: str
    file: bool = False


def start_command_lines(side: Side) -> tuple[tuple[str, ...], ...]:
    """The command lines of an image's configuration: ENTRYPOINT with CMD, and HEALTHCHECK."""
    config: Any = side.image.config
    start = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
    return tuple(line for line in (tuple(map(str, start)), health_command(config)) if line)


def health_command(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The command of an image's health check; () without one."""
    kind, *words = (config.get("Healthcheck") or {}).get("Test") or ("NONE",)
    if kind == "CMD-SHELL":
        return (*(config.get("Shell") or ("/bin/sh", "-c")), *words)
    return tuple(words) if kind == "CMD" else ()


def commands_started(side: Side, words: Sequence[str]) -> tuple[StartedItem, ...]:
    """Everything that a command line starts, in order, without duplicates."""
    state = State(cwd=side.workdir, env={**side.env}, view=ImageView(side=side))
    done = interpreted(shlex.join(words), state)
    pairs = pairwise((None, *done.started))
    return tuple(
        dict.fromkeys(i for last, one in pairs if one and not _reads(one, last) for i in _items(one))
    )


def _reads(started: Started, before: Started | None) -> bool:
    """Whether it is the interpreter that the first line of the script started before names."""
    if before is None or started.command is not before.command or not started.call.args:
        return False
    return started.call.args[0].text == before.call.path and bool(_interpreter().fullmatch(started.call.name))


def executed_files(side: Side) -> tuple[str, ...]:
    """The real paths of the files that the image's configuration executes or interprets."""
    found = (
        started_path(side, item)
        for words in start_command_lines(side)
        for item in commands_started(side, words)
    )
    return tuple(dict.fromkeys(path for path in found if path is not None))


def started_path(side: Side, item: StartedItem) -> str | None:
    """The real path of a started item; None if it is missing or, for a command, not executable."""
    if not item.file:
        return side.command(item.name)
    for ending in ("", *(ending for one in all_files() for ending in one.script_endings)):
        entry = side.entry(posixpath.normpath(posixpath.join(side.workdir, item.name + ending)))
        if entry is not None:
            return entry.path
    return None


def _items(started: Started) -> Iterator[StartedItem]:
    """The wrappers, the program, and the script that it is told to read."""
    command, inner = started.command, unwrap(started.command)
    while inner is not None:
        yield from _program(command.name or "", started.depth)
        command, inner = inner, unwrap(inner)
    name, words = started.call.path, tuple(arg.value for arg in started.call.args)
    yield from _program(name, started.depth)
    base = posixpath.basename(name)
    script: str | None = None
    if name in (".", "source"):
        script = words[0] if words else None
    elif is_shell(base):
        script = _shell_operand(words)
    elif _interpreter().fullmatch(base):
        script = _script_operand(words)
    if script:
        yield StartedItem(script, file=True)


def _program(name: str, depth: int) -> Iterator[StartedItem]:
    """The program of a command; a builtin of the shell is none in a script."""
    builtin = is_builtin(name) or is_reserved(name) or name in ("((", ".", "source")
    if name and not name.startswith("-") and not (depth and builtin):
        yield StartedItem(name)


def _shell_operand(words: Words) -> str | None:
    """The script among the arguments of a shell; None for a text after `-c`."""
    named = False
    for word in words:
        if word is None or re.fullmatch(r"-[a-z]*c", word):
            return None
        if not named and not word.startswith(("-", "+")):
            return word
        named = not named and re.fullmatch(r"[-+][a-zA-Z]*[oO]", word) is not None  # -o pipefail
    return None


@cache
def _interpreter() -> re.Pattern[str]:
    names = (*(name for one in all_files() for name in one.interpreters), *programs.interpreters())
    return re.compile(rf"(?:{'|'.join(names)})[0-9.]*")


def _script_operand(words: Words) -> str | None:
    """The script among an interpreter's arguments; None if there is none."""
    waiting = False
    for word in words:
        if waiting:
            waiting = False
        elif word is None or word in _TEXT_OPTIONS:
            return None
        elif word in _OPTIONS_WITH_VALUE:
            waiting = True
        elif not word.startswith("-"):
            return word
    return None
