"""Command lines of container engines and tar, as far as scripts of the repository use them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Sequence
from functools import cached_property

from msgspec import Struct

from slimify.facts.commands import values
from slimify.facts.programs import container_engines, engine_alias, engine_groups
from slimify.semantics.effects.call import Options, literal_arg, parse_options


class EngineCall(Struct, frozen=True, dict=True):
    """What a container engine is told: a command ("run", "compose exec"), and the words behind it."""

    command: str
    words: tuple[str, ...]

    @cached_property
    def options(self) -> Options:
        """Its options, which are in the facts, and its operands."""
        return options_of(f"docker {self.command.replace('create', 'run')}", self.words)

    @property
    def operands(self) -> list[str]:
        return [arg.shown for arg in self.options.operands]

    def given(self, *names: str) -> tuple[str, ...]:
        """The values of an option, under any of its names."""
        return given(self.options, *names)

    def last(self, *names: str) -> str:
        """The last value of an option, "" for none."""
        return next(reversed(self.given(*names)), "")

    def without_first_operand(self) -> EngineCall:
        """The call without its first operand: it may stand for options, so that others may follow it."""
        at = len(self.words) - len(self.operands)
        return EngineCall(self.command, (*self.words[:at], *self.words[at + 1 :]))

    @property
    def dockerfile(self) -> str:
        """The Dockerfile of a build, as it is named; by default that of the build context."""
        context = next(iter(self.operands), ".")
        return self.last("-f", "--file") or posixpath.join(context, "Dockerfile")


def normalized_name(word: str) -> str:
    """A tag or container name, normalized for comparison: `${X}` as `$X`, without `:latest`."""
    return re.sub(r"\$\{(\w+)\}", r"$\1", word).removesuffix(":latest")


def engine_call(words: Sequence[str], engines: Collection[str] = ()) -> EngineCall | None:
    """What a command line tells a container engine, if it does. `engines` are words that stand for one."""
    name = posixpath.basename(words[0])
    if name not in container_engines() and words[0] not in engines:
        return None
    rest, compose = list(words[1:]), name.endswith("compose")
    if not compose:
        rest = _operands("docker", rest)
        compose = rest[:1] == ["compose"]
        rest = rest[1:] if rest[:1] in ([group] for group in (*engine_groups(), "compose")) else rest
    rest = _operands("docker compose", rest) if compose else rest
    if not rest:
        return None
    return EngineCall(f"compose {rest[0]}" if compose else engine_alias(rest[0]), tuple(rest[1:]))


def _operands(command: str, words: Sequence[str]) -> list[str]:
    """The words from the first on that is no option of the command."""
    return [
        arg.shown
        for arg in parse_options(tuple(map(literal_arg, words)), values(command), stop=True).operands
    ]


def options_of(command: str, words: Sequence[str]) -> Options:
    """The options of a command (`docker run`), which are in the facts, and its operands. All words behind an
    image or a container are operands."""
    stop = command.rpartition(" ")[2] in ("run", "exec")
    return parse_options(tuple(map(literal_arg, words)), values(command), stop=stop)


def given(options: Options, *names: str) -> tuple[str, ...]:
    """The values of an option, under any of its names."""
    return tuple(arg.shown for arg in options.all(*names))


def tar_on_pipe(words: Sequence[str], mode: str) -> tuple[str, list[str]] | None:
    """Directory and members of a tar command on a pipe that creates ("c") or extracts ("x")."""
    first = "".join(words[:1])
    options = options_of("tar", (f"-{first.lstrip('-')}", *words[1:]))
    known = {"-c", "-x", "-f", "-v", "-z", "-j", "-p", "-P", "-C", "--directory"}
    named = {name for name in options.given if name.startswith("--") or len(name) == 2}
    if not named <= known or not options.has(f"-{mode}") or options.value("-f") not in (None, "-"):
        return None
    return options.value("-C", "--directory") or "", [arg.shown for arg in options.operands]
