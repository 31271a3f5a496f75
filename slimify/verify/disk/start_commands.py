"""The commands that an image starts: those of its configuration, followed through wrappers and scripts.

ENTRYPOINT and CMD form one command line (Dockerfile reference, "Understand how CMD and ENTRYPOINT
interact"). The words of CMD are arguments of the entry point, not commands, unless the entry point is a
script that ends in `exec "$@"`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct, field

from slimify.facts import programs
from slimify.facts.language_files import all_files
from slimify.facts.shells import is_builtin, is_reserved, is_shell, is_shell_script
from slimify.model.shell import Command
from slimify.syntax.shell import script as shell
from slimify.verify.disk.evidence import Side

SHEBANG = re.compile(rb"#!\s*(\S+)(?:[ \t]+(.*?))?\s*[\n\r]")

_TEXT_OPTIONS = frozenset({"-c", "-e", "-m", "-p", "--eval", "--print", "--test"})  # no file follows
_OPTIONS_WITH_VALUE = frozenset(
    {"-r", "--require", "--import", "--loader", "--experimental-loader", "-W", "-X", "-I"}
)
_ALL_ARGUMENTS = frozenset({'"$@"', "$@", '"$*"', "$*", '"${@}"', "${@}"})
_MAX_LINES = 2000  # command lines followed, since scripts may call each other in circles
_MAX_VARIANTS = 8  # argument lists followed for one script

Words = tuple[str | None, ...]


class StartedItem(Struct, frozen=True):
    """A command word, or (`file`) the script of an interpreter, which need not be executable."""

    name: str
    file: bool = False


def start_command_lines(side: Side) -> tuple[tuple[str, ...], ...]:
    """The command lines of an image's configuration: ENTRYPOINT with CMD, and HEALTHCHECK."""
    config: Any = side.image.config
    start = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
    lines = [tuple(map(str, start))] if start else []
    test = tuple((config.get("Healthcheck") or {}).get("Test") or ())
    if test[:1] == ("CMD",):
        lines.append(test[1:])
    elif test[:1] == ("CMD-SHELL",):
        lines.append((*(config.get("Shell") or ("/bin/sh", "-c")), *test[1:]))
    return tuple(lines)


def commands_started(side: Side, words: Sequence[str]) -> tuple[StartedItem, ...]:
    """Everything that a command line starts, in order, without duplicates."""
    walk = _Walk(side)
    walk.add(tuple(words), shell=False)
    return tuple(walk.run())


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


class _Walk(Struct):
    """A queue of command lines to follow."""

    side: Side
    queue: list[tuple[Words, bool]] = field(default_factory=list)
    seen: set[tuple[Words, bool]] = field(default_factory=set)

    def add(self, words: Words, *, shell: bool) -> None:
        """Queues a command line. `shell`: it is part of a shell script, where builtins are no programs."""
        if words and (words, shell) not in self.seen and len(self.seen) < _MAX_LINES:
            self.seen.add((words, shell))
            self.queue.append((words, shell))

    def run(self) -> Iterator[StartedItem]:
        known: set[StartedItem] = set()
        while self.queue:
            words, in_shell = self.queue.pop(0)
            for item in self._line(words, in_shell):
                if item not in known:
                    known.add(item)
                    yield item

    def _line(self, words: Words, in_shell: bool) -> Iterator[StartedItem]:
        name = words[0]
        if not name or name.startswith("-"):
            return
        rest = words[1:]
        if in_shell and name in (".", "source") and rest and rest[0]:
            yield from self._script(rest[0], rest[1:])
            return
        if not (in_shell and (is_builtin(name) or is_reserved(name) or name == "((")):
            yield StartedItem(name)
        base = posixpath.basename(name)
        self._inner(base, words, in_shell)
        if is_shell(base):
            yield from self._shell(rest)
        elif _interpreter().fullmatch(base) and (operand := _script_operand(rest)):
            yield StartedItem(operand, file=True)
        else:
            self._follow(self.side.command(name), rest)

    def _inner(self, base: str, words: Words, in_shell: bool) -> None:
        """Follows the command line of a wrapper, and the scripts of `su -c` and `eval`."""
        command = shell.command_of(words)
        if inner := shell.unwrap(command):
            self.add(tuple(word.value for word in inner.words), shell=in_shell)
        if base in _runners():
            behind = [word for word in words[1:] if word is None or not word.startswith("-")]
            if any(base in one.assigning for one in all_files()):
                behind = [word for word in behind if "=" not in (word or "")]
            self.add(tuple(behind[_runners()[base] :]), shell=False)
        if base in ("su", "eval"):
            for text in shell.inner_scripts(command):
                self._text(text, ())

    def _shell(self, rest: Words) -> Iterator[StartedItem]:
        named = False
        for position, word in enumerate(rest):
            if word is None:
                return
            if named:  # -o pipefail
                named = False
                continue
            if re.fullmatch(r"[-+][a-zA-Z]*[oO]", word):
                named = True
                continue
            if re.fullmatch(r"-[a-z]*c", word):
                text = rest[position + 1] if position + 1 < len(rest) else None
                if text:
                    self._text(text, rest[position + 3 :])  # the word after the script is $0
                return
            if not word.startswith(("-", "+")):
                yield from self._script(word, rest[position + 1 :])
                return

    def _script(self, name: str, arguments: Words) -> Iterator[StartedItem]:
        item = StartedItem(name, file=True)
        yield item
        self._follow(started_path(self.side, item), arguments, any_text=True)

    def _follow(self, path: str | None, arguments: Words, *, any_text: bool = False) -> None:
        """Follows the commands of a file if it is a shell script."""
        text = self.side.image.contents.get(path or "")
        if text is None:
            return
        match = SHEBANG.match(text)
        if any_text if match is None else is_shell_script(text[: match.end()].decode("latin-1")):
            self._text(text.decode("utf-8", "replace"), arguments)

    def _text(self, text: str, arguments: Words) -> None:
        ways: list[Words] = [arguments]
        for command in shell.read(text).commands:
            for way in tuple(ways):
                words = _expand_arguments(command, way)
                if words[:1] == ("set",) and "--" in words:
                    further = words[words.index("--") + 1 :]
                elif words[:1] == ("shift",):
                    further = way[1:]
                else:
                    self.add(words, shell=True)
                    continue
                if not command.context and command.operator in ("", ";"):
                    ways[ways.index(way)] = further
                elif further not in ways and len(ways) < _MAX_VARIANTS:
                    ways.append(further)


@cache
def _interpreter() -> re.Pattern[str]:
    names = (*(name for one in all_files() for name in one.interpreters), *programs.interpreters())
    return re.compile(rf"(?:{'|'.join(names)})[0-9.]*")


@cache
def _runners() -> Mapping[str, int]:
    return {**{name: own for one in all_files() for name, own in one.wrappers.items()}, **programs.runners()}


def _expand_arguments(command: Command, arguments: Words) -> Words:
    """The words of a command, `"$@"` replaced."""
    found: list[str | None] = []
    for word in command.words:
        if word.text in _ALL_ARGUMENTS:
            found += arguments
        else:
            found.append(word.value)
    return tuple(found)


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
