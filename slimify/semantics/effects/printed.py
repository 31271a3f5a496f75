"""What command substitutions print if that depends on the state alone: `$(cd "$(dirname "$0")" && pwd)`."""

from __future__ import annotations

import posixpath
import re

from msgspec.structs import replace

from slimify.facts.commands import tables
from slimify.languages import commands_module
from slimify.model.shell import Command
from slimify.semantics.effects.state import State, absolute, resolve
from slimify.syntax.shell.script import read

_GLOB = re.compile(r"[*?\[]")
_READ = frozenset({"basename", "cat", "cd", "dirname", "echo", "ls", "pwd", "readlink", "realpath"})


def output(text: str, state: State) -> str | None:
    """What the commands of a substitution print, without line ends behind it; None if that is not known."""
    text = text.strip()
    if text in state.outputs:
        return state.outputs[text]
    for _, table in tables():
        if text in table.prints:
            return table.prints[text]
        if text in table.prints_place:
            return state.place(*table.prints_place[text].split())
    program, _, words = text.partition(" ")
    own = getattr(commands_module(program), "PRINTED", {}).get(program)
    if own is not None:
        return str(found) if (found := own(words.strip(), state)) is not None else None
    if program not in _READ:
        return None
    printed: str | None = ""
    for command in read(text).commands:
        if command.blocks:
            continue  # in a substitution within a word
        arguments = [resolve(word, state) for word in command.words[1:]]
        given = [a for a in arguments if a is not None and a not in ("-P", "-L", "--", "-f", "-e", "-m")]
        plain = command.operator in ("", "&&", ";") and command.name in _READ and not _writes(command)
        if not plain or None in arguments or any(map(_GLOB.search, given)):
            return None
        if command.name == "cd":
            state = replace(state, cwd=absolute(given[0], state) if given else None)
        else:
            printed = _printed(command.name or "", given, state)
    return printed


def _writes(command: Command) -> bool:
    return any(r.target.value not in ("/dev/null", "1") for r in command.redirects)


def _printed(name: str, given: list[str], state: State) -> str | None:
    if name == "pwd":
        return state.cwd
    if name == "echo":
        return None if "\\" in " ".join(given) or given[:1] == ["-n"] else " ".join(given)
    if name == "ls" and len(given) < 2:
        listed = state.view.matches(posixpath.join(*given, "*"), state.cwd)  # of a directory of the context
        return "\n".join(map(posixpath.basename, listed)) or None
    if not given:
        return None
    if name == "cat":
        paths = [absolute(path, state) for path in given]
        texts = [state.view.text(path) if path is not None else None for path in paths]
        return None if None in texts else "".join(t for t in texts if t is not None).rstrip("\n")
    path = given[0].rstrip("/") or "/"
    if name == "dirname":
        return posixpath.dirname(path) or "."
    if name == "basename":
        base = posixpath.basename(path)
        return base.removesuffix(given[1]) if len(given) > 1 and base != given[1] else base
    found = absolute(path, state)  # of a file of the project, which is no link that others set
    return found if found is not None and state.view.context_path(found) is not None else None
