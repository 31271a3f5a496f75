"""Reads shell text into a `Script`: flat commands, and the atoms it can be split into.

Text that is not understood for certain is reported in `Script.opaque`, never guessed.

Conventions of a Script:
- Values of words have their quotes removed; unquoted `*`, `?` and `~` are kept as written.
- The target of a here-document has the body as its value.
- Redirections of a compound command form a Command without words in the context of the compound.
- A command in a substitution follows the command that uses it.
- An opaque atom can be dropped as a whole, unless the script has here-documents or background commands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from msgspec.structs import replace

from slimify.facts.shells import changes_shell_state, is_posix_shell
from slimify.model.dockerfile import Instruction
from slimify.model.regex import regex
from slimify.model.shell import Atom, Command, Script, Word
from slimify.syntax.shell.commands import Statement, Unit, statements
from slimify.syntax.shell.edit import EditRefused, edit
from slimify.syntax.shell.lexer import LexedScript, UnreadableShell, lex
from slimify.syntax.shell.wrappers import command_of, inner_scripts, static_command_words, unwrap

__all__ = [
    "TESTS",
    "EditRefused",
    "changes_state",
    "command_of",
    "edit",
    "inner_scripts",
    "read",
    "read_run",
    "static_words",
    "unwrap",
]

_SHORT = 4_000  # characters
TESTS = frozenset({"[", "[[", "test"})  # a command after a test's `&&` depends on it
_ASSIGNING = regex(r"\$\{\w+:?=")
_SHEBANG = regex(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(\S+)")


def read(text: str) -> Script:
    """The script in `text`, a file or here-document. Spans are character offsets in `text`."""
    return _read(text)[0]


def read_run(
    instruction: Instruction, shell: tuple[str, ...] = ("/bin/sh", "-c"), escape: str = "\\"
) -> Script:
    """The script of a RUN, or of another instruction in shell form, with `shell` as the current SHELL.

    Spans are offsets in `instruction.value`. In `RUN <<EOF` they are offsets in the body of the
    here-document, which is the script (Dockerfile reference, "Here-documents"). Atoms are opaque in a
    RUN with here-documents or exec form, since these cannot be split (but see `heredoc_edit`).
    """
    text = instruction.value
    if instruction.exec_form is not None:
        return _exec_script(text, instruction.exec_form)
    if escape != "\\":
        return Script(text=text, atoms=(), opaque="escape")
    if not _is_posix(shell):
        return Script(text=text, atoms=(), opaque="shell")
    if instruction.heredocs:
        script = _heredoc_script(instruction)
    else:
        script, comment = _read(text)
        if comment is not None and _continues(instruction, comment):
            return Script(text=text, atoms=(), opaque="comment")
    return replace(script, errexit=True) if _shell_errexit(shell) else script


def static_words(text: str) -> tuple[str, ...] | None:
    """The words of a text that is one simple command with only static words, else None."""
    script = read(text)
    if script.opaque or len(script.commands) != 1:
        return None
    return static_command_words(script.commands[0])


def _read(text: str) -> tuple[Script, int | None]:
    """The script, and the offset of the first comment outside substitutions. Most are read several times: a
    file is classified again after each change, and scripts are run by others."""
    return _short_script(text) if len(text) <= _SHORT else _any_script(text)


@lru_cache(maxsize=512)
def _short_script(text: str) -> tuple[Script, int | None]:
    return _any_script(text)


def _any_script(text: str) -> tuple[Script, int | None]:
    try:
        lexed = lex(text)
        script = _script(text, lexed, statements(lexed))
    except UnreadableShell as problem:
        return Script(text=text, atoms=(), opaque=problem.reason), None
    comments = (t.start for t in lexed.tokens.values() if t.kind == "comment" and not t.nested)
    return script, min(comments, default=None)


def _script(text: str, lexed: LexedScript, found: tuple[Statement, ...]) -> Script:
    atoms = tuple(atom for statement in found for atom in _atoms(statement, text))
    script = Script(text=text, atoms=atoms, errexit=_errexit(atoms))
    if any(statement.background for statement in found):
        return _with_all_opaque(script, "background")
    return _with_all_opaque(script, "heredoc") if lexed.bodies else script


def _with_all_opaque(script: Script, reason: str) -> Script:
    """The script with every atom opaque."""
    return replace(script, atoms=tuple(replace(atom, opaque=reason) for atom in script.atoms))


def _atoms(statement: Statement, text: str) -> list[Atom]:
    """The atoms of a statement: it is split at each `&&` after its last `||`."""
    units = statement.units
    last_or = max((i for i, unit in enumerate(units) if unit.operator == "||"), default=0)
    groups = [units[: last_or + 1], *((unit,) for unit in units[last_or + 1 :])]
    return [_atom(group, text) for group in groups]


def _atom(units: tuple[Unit, ...], text: str) -> Atom:
    commands = tuple(command for unit in units for command in unit.commands)
    start, end = units[0].start, units[-1].end
    opaque = "||" if len(units) > 1 else _opaque(units[0])
    operator = units[0].operator
    return Atom(
        commands=commands,
        start=start,
        end=end,
        operator=operator if operator in ("", "&&") else ";",
        state=any(map(changes_state, commands)) or bool(_ASSIGNING.search(text, start, end)),
        opaque=opaque,
    )


def _opaque(unit: Unit) -> str:
    """The reason why a unit is opaque, or ""."""
    for kind in unit.kinds:
        if kind != "pipeline":
            return kind
    for command in unit.commands:
        if not command.context and (reason := _opaque_command(command)):
            return reason
    return ""


def _opaque_command(command: Command) -> str:
    inner: Command | None = command
    while inner is not None:
        command, inner = inner, unwrap(inner)
        name = command.name
        if name is None:
            return "dynamic"
        base = name.rsplit("/", 1)[-1]
        if base in ("eval", "trap", "wait") or (base == "exec" and len(command.words) > 1):
            return base
    if (is_posix_shell(base) or base in ("su", ".", "source")) and not inner_scripts(command):
        return "script"
    return ""


def changes_state(command: Command) -> bool:
    """Whether a command affects later ones. In a subshell or a later part of a pipeline it does not."""
    if command.operator == "|" or "(" in command.context or "$(" in command.context:
        return False
    if command.context[-1:] == ("function",) or "function" in command.context:
        return True
    if not command.words:
        return bool(command.assigns)
    words = [word.value for word in command.words]
    if words[0] in TESTS or command.negated:
        return True
    while words[0] in ("command", "builtin") and len(words) > 1:
        del words[0]
    if words[0] == "exec":
        return len(words) == 1
    return (
        (words[0] is not None and changes_shell_state(words[0]))
        or words[:2] == ["printf", "-v"]
        or command.words[0].text.startswith("((")
    )


def _errexit(atoms: tuple[Atom, ...]) -> bool:
    """Whether `set -e` is among the settings at the start of the script."""
    for atom in atoms:
        for command in atom.commands:
            options = [word.value or "" for word in command.words[1:]]
            if command.name == "set" and not command.context and _sets_errexit(options):
                return True
        if not atom.state or atom.opaque:
            return False
    return False


def _sets_errexit(options: list[str]) -> bool:
    for option, following in pairwise([*options, ""]):
        if re.match(r"-[a-zA-Z]*e", option) or (re.match(r"-[a-zA-Z]*o$", option) and following == "errexit"):
            return True
    return False


def _is_posix(shell: tuple[str, ...]) -> bool:
    name = re.split(r"[/\\]", shell[0])[-1] if shell else ""
    return is_posix_shell(name) and any(re.fullmatch(r"-[a-z]*c", option) for option in shell[1:])


def _shell_errexit(shell: tuple[str, ...]) -> bool:
    return _sets_errexit(list(shell[1:]))


def _exec_script(text: str, words: tuple[str, ...]) -> Script:
    """The script of an exec form: one command. Its words have the span of the whole text."""
    if not words:
        return Script(text=text, atoms=())
    size = len(text)
    plain = tuple(Word(text=word, value=word, start=0, end=size) for word in words)
    command = Command(words=plain, start=0, end=size)
    return Script(
        text=text, atoms=(Atom(commands=(command,), start=0, end=size, operator="", opaque="exec form"),)
    )


def _heredoc_script(instruction: Instruction) -> Script:
    heredocs, text = instruction.heredocs, instruction.value
    first = heredocs[0]
    if len(heredocs) == 1 and re.fullmatch(r"\s*\d*<<-?\s*[^\s]+\s*", text):
        body = re.sub(r"(?m)^\t+", "", first.body) if first.chomp else first.body
        shebang = _SHEBANG.match(body)
        if shebang and not is_posix_shell(shebang[1]):
            return Script(text=body, atoms=(), opaque="shebang")
        script = read(body)
        return replace(script, atoms=tuple(replace(a, opaque=a.opaque or "heredoc") for a in script.atoms))
    parts = [text.rstrip("\n")]
    for heredoc in heredocs:
        body = heredoc.body
        parts.append(body[:-1] if body.endswith("\n") else body)
        parts.append(heredoc.name)
        if not body:
            del parts[-2]
    return _with_all_opaque(read("\n".join(parts) + "\n"), "heredoc")


def _continues(instruction: Instruction, offset: int) -> bool:
    """Whether the logical text continues on another physical line after `offset`."""
    return any(piece.logical > offset for piece in instruction.pieces)
