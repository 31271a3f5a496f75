"""Commands that start the command in their arguments: `sudo`, `env X=1`, `gosu app`, `$RUN`."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise

from msgspec.structs import replace

from slimify.facts.shells import lookup_pattern, runs_in_shell, wrapper
from slimify.facts.system import default_path
from slimify.model.effects import Effect
from slimify.model.shell import Command, Word
from slimify.semantics.effects.state import State, absolute, fields, resolve
from slimify.syntax.shell.script import unwrap


def unwrapped(command: Command) -> Command:
    inner = unwrap(command)
    while inner is not None:
        command, inner = inner, unwrap(inner)
    return command


def started_by_wrappers(command: Command, state: State) -> tuple[Command, State, tuple[str, ...]]:
    """The command that a command starts in the end, its state, and the programs that start it."""
    command, wrappers = _with_program(command, state), list[str]()
    while (inner := _started_inside(command, state)) is not None:
        wrappers.append((command.name or "").rpartition("/")[2])
        state = _as_user(command, state)
        added = inner.assigns[len(command.assigns) :]
        state = state.with_env({name: resolve(word, state) for name, word in added})
        command = _with_program(inner, state)
    return command, state, tuple(w for w in wrappers if not runs_in_shell(w))


def _started_inside(command: Command, state: State) -> Command | None:
    """The command that a wrapper starts; None for a script whose text is known, which is read instead."""
    name = command.name or ""
    known = wrapper(name)
    if known is not None and known.script:
        directories = [""] if "/" in name else (state.get("PATH") or default_path()).split(":")
        places = (absolute(posixpath.join(directory, name), state) for directory in directories)
        if any(place is not None and state.view.text(place) is not None for place in places):
            return None
    return unwrap(command)


def _as_user(command: Command, state: State) -> State:
    """The state with the user that a wrapper runs its command as."""
    name = (command.name or "").rpartition("/")[2]
    words = [word.value for word in command.words[1:]]
    known = wrapper(name)
    if known is not None and known.user == "operand" and words:
        return state.with_user(words[0] or "")
    if known is not None and known.user == "option":
        user = next((after for flag, after in pairwise(words) if flag in ("-u", "--user")), "root")
        joined = next((w for w in words if w and w.startswith("--user=")), None)
        user = joined.partition("=")[2] if joined else user
        return replace(state, user=user or "", home=state.home_of(user or "?"))
    return state


def with_wrappers(effects: tuple[Effect, ...], wrappers: tuple[str, ...]) -> tuple[Effect, ...]:
    """Adds the wrapper programs to the programs that are started."""
    if not wrappers or not effects:
        return effects
    return (replace(effects[0], tools=(*effects[0].tools, *wrappers)), *effects[1:])


def _with_program(command: Command, state: State) -> Command:
    """The command with the words of the variable that its first word is: `$SUDO apt-get`, `$RUN x`; or with
    the program that it looks up: `$(which pip)`."""
    while command.words and (word := command.words[0]).value is None:
        program = re.match(rf'["]?(?:\$\(|`)\s*{lookup_pattern()}[^()`]*[)`]["]?\Z', word.text)
        known = fields(word, state) if len(command.words) > 1 else None
        values = (program[1],) if program is not None else known
        if values is None:
            break
        words = (Word(text=value, value=value, start=word.start, end=word.end) for value in values)
        command = replace(command, words=(*words, *command.words[1:]))
    return command
