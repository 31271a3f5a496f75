"""What commands print, and the text that they read and write, if that depends on the state alone: for
substitutions (`$(cd "$(dirname "$0")" && pwd)`), pipes, redirects, and the tables that crontab installs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from msgspec.structs import replace

from slimify.config.read_file import MOST_BYTES
from slimify.facts.commands import tables
from slimify.languages import commands_module
from slimify.model.regex import regex
from slimify.model.shell import Command
from slimify.semantics.effects.call import Arg, Call, arguments, known_values, output_files
from slimify.semantics.effects.redirects import appending
from slimify.semantics.effects.state import State, absolute
from slimify.semantics.paths import is_glob
from slimify.syntax.shell.script import read

_ESCAPE = regex(r"\\(.)", re.DOTALL)
_ESCAPED = {**dict(zip("nt\\\"'", "\n\t\\\"'", strict=True)), "c": ""}
_GROUP = "{"
_TABLE = "/var/spool/cron/crontabs"
_UNKNOWN_JOB = "@daily sh /dev/stdin\n"
_NAMES = frozenset(
    {"basename", "dirname", "readlink", "realpath"}
)  # print what becomes of the path of a file
_PRINTING = _NAMES | {"cat", "cd", "echo", "ls", "pwd"}


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
    return _output_of_commands(text, state) if program in _PRINTING else None


def _output_of_commands(script: str, state: State) -> str | None:
    """What some commands print, in the directories that `cd` enters."""
    found = ""
    for command in read(script).commands:
        if command.blocks:
            continue  # in a substitution within a word
        if command.operator not in ("", "&&", ";") or any(
            r.target.value not in ("/dev/null", "1") for r in command.redirects
        ):
            return None
        args, name = arguments(command.words[1:], state, spans=False), command.name or ""
        if any(is_glob(arg.value or "") for arg in args):
            return None
        if name == "cd":
            words = [a for a in args if a.value not in ("-P", "-L", "--")]
            known = words and words[0].value is not None
            state = replace(state, cwd=absolute(words[0].value or "", state) if known else None)
        else:
            text = printed(Call(name=name, path=name, args=args, state=state, command=command))
            if text is None:
                return None
            found += text
    return found.rstrip("\n")


def printed(call: Call) -> str | None:
    """What a command prints; None if that is not known."""
    words = known_values(call.args)
    if words is None:
        return None
    match call.name:
        case "tee" | "cat" if call.name == "tee" or not words:
            return stdin_text(call)
        case "{":
            return call.stdin
        case "crontab" if "-l" in words:
            return call.state.view.text(f"{_TABLE}/root") or ""
        case "echo":
            return _echo(words, call)
        case "printf" if words:
            return _printf(words)
        case "pwd" if call.state.cwd is not None:
            return f"{call.state.cwd}\n"
        case "ls" if len(words) < 2:  # of a directory of the context
            listed = call.state.view.matches(posixpath.join(*words, "*"), call.state.cwd)
            return "".join(f"{posixpath.basename(path)}\n" for path in listed) or None
    operands = [word for word in words if word not in ("-f", "-e", "-m", "--")]
    if not operands:
        return None
    if call.name == "cat":
        paths = [absolute(path, call.state) for path in operands]
        texts = [call.state.view.text(path) if path is not None else None for path in paths]
        return _joined(texts)
    return _path_of_file(call.name, operands, call.state)


def _path_of_file(name: str, operands: Sequence[str], state: State) -> str | None:
    """What the programs print that work on the path of a file."""
    path = operands[0].rstrip("/") or "/"
    if name == "dirname":
        return posixpath.dirname(path) or "."
    if name == "basename":
        base = posixpath.basename(path)
        return base.removesuffix(operands[1]) if len(operands) > 1 and base != operands[1] else base
    found = absolute(path, state) if name in _NAMES else None
    # of a file of the project, which is no link that others set
    return found if found is not None and state.view.context_path(found) is not None else None


def stdin_text(call: Call) -> str | None:
    """The text that a command reads from its standard input; None if that is not known."""
    return printed(call.upstream) if call.upstream is not None else call.stdin


def written_text(call: Call) -> tuple[str, str] | None:
    """The image path and the whole text of the file that a command writes; None if either is unknown.

    What is appended to a file that nothing has described is its whole text only if a script begins with it.
    """
    if call.name == "crontab":
        return _installed_table(call)
    operands = call.options().operands if call.name == "tee" else ()
    target: Arg | None = next(iter((*operands, *call.outputs)), None)
    path = call.path_of(target) if target is not None and target.value is not None else None
    text = printed(call) if path is not None else None
    if path is None or text is None:
        return None
    if call.appends or (call.name == "tee" and call.flag("-a", "--append")):
        before = call.state.view.text(path)
        if before is None and not text.startswith("#!"):
            return None
        joined = _joined((before or "", text))
        return (path, joined) if joined is not None else None
    return path, text


def _installed_table(call: Call) -> tuple[str, str] | None:
    """The table of a user, whose jobs may be unknown: those that nobody could read are jobs as well."""
    options = call.options(("-u",))
    if call.flag("-l", "-r", "-e"):
        return None
    named = [o for o in options.operands if o.value != "-"]
    path = call.path_of(named[0]) if named and named[0].value is not None else None
    text = call.state.view.text(path) if path is not None else None if named else stdin_text(call)
    return f"{_TABLE}/{options.value('-u') or 'root'}", _UNKNOWN_JOB if text is None else text


def group_call(calls: Sequence[Call | None], state: State, behind: Command | None = None) -> Call | None:
    """A group of commands as one that prints what they print. `behind` has the redirects of the group."""
    known = [call for call in calls if call is not None]
    texts = ["" if call.outputs else printed(call) for call in known]
    text = _joined(texts) if known and len(known) == len(calls) else None
    if text is None:
        return None
    outputs = output_files(behind, state) if behind is not None else ()
    appends = behind is not None and appending(behind)
    own = replace(known[-1], name=_GROUP, path=_GROUP, args=(), upstream=None, state=state)
    return replace(own, stdin=text, outputs=outputs, appends=appends)


def _echo(words: Sequence[str], call: Call) -> str:
    options = next((at for at, word in enumerate(words) if not re.fullmatch(r"-[neE]+", word)), len(words))
    given, text = set("".join(words[:options])), " ".join(words[options:])
    # dash, the /bin/sh of Debian, has escapes in any case, bash only with -e
    if given & set("e") or call.state.shell[0].endswith("/sh"):
        text = _unescaped(text)
    return text if given & set("-n") == set("-n") else text + "\n"


def _printf(words: Sequence[str]) -> str | None:
    form, values = _unescaped(words[0]), words[1:]
    if "%" not in form:
        return form
    if form.count("%") != 1 or form.count("%s") != 1 or not values:
        return None
    return _joined([form.replace("%s", value) for value in values])


def _joined(texts: Sequence[str | None]) -> str | None:
    """Texts as one; None if one is not known, or if it is longer than what is followed."""
    known = [text for text in texts if text is not None]
    is_whole = len(known) == len(texts) and sum(map(len, known)) <= MOST_BYTES
    return "".join(known) if is_whole else None


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), text)
