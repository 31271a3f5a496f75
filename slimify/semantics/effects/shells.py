"""Shells and scripts: `sh -c`, `bash x.sh`, `./x.sh`, `curl … | sh`, `eval`, `su -c`."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence

from msgspec.structs import replace

from slimify.facts.commands import tables
from slimify.facts.servers import init_script
from slimify.facts.shells import is_posix_shell, is_shell_file
from slimify.facts.system import default_path
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect
from slimify.model.regex import regex
from slimify.semantics.effects.call import Arg, Call, known_values, literal_arg
from slimify.semantics.effects.fetch import download_url, installer_effects
from slimify.semantics.effects.printed import printed
from slimify.semantics.effects.state import absolute

_SHEBANG = regex(r"#!\s*(\S+)(?:[ \t]+(?:-\S+[ \t]+)*(\S+))?")


def shell(call: Call) -> tuple[Effect, ...]:
    text, further = _command_string(call)
    if text is not None:
        state = call.state.with_arguments(known_values(further[1:]))  # the first is $0
        return call.run(text, state, "-c", text)
    operands = [a for a in call.args if not a.prefix.startswith(("-", "+"))]
    flags = [a.value for a in call.args if a.prefix.startswith("-")]
    if call.upstream is not None and ("-s" in flags or not operands or operands[0].value == "-"):
        return _piped_script(call)
    if not operands or "-s" in flags:
        if call.stdin is not None:
            return call.run(call.stdin, call.state, "<<", call.stdin)
        return (
            call.effect("check")
            if flags in (["--version"], ["--help"])
            else call.unknown(Reason.of("SL221", "shell_input"))
        )
    return script_effects(call, operands[0], call.name, call.args[call.args.index(operands[0]) + 1 :])


def _command_string(call: Call) -> tuple[str | None, tuple[Arg, ...]]:
    """The text after `-c`, with the expansions of the calling shell if they are known; the words behind."""
    at = next((i for i, a in enumerate(call.args) if re.match(r"-[a-z]*c\Z", a.prefix)), len(call.args))
    for index, arg in enumerate(call.args[at + 1 :], at + 2):
        if not (arg.value or "").startswith(("-", "+")):
            return _text(arg), call.args[index:]
    return None, ()


def _piped_script(call: Call) -> tuple[Effect, ...]:
    """`something | sh`: an installer known by its address, else an unknown script."""
    upstream = call.upstream
    assert upstream is not None
    address = download_url(upstream)
    if address:
        return installer_effects(call, address) or call.unknown(
            Reason.of("SL221", "script_address", address=address), unread="address"
        )
    if upstream.name == "cat" and upstream.args:
        return script_effects(call, upstream.args[-1], call.name)
    text = printed(upstream)
    if text is not None:
        return call.run(text, call.state, "<<", text)
    return call.unknown(Reason.of("SL221", "printed_script"))


def su(call: Call) -> tuple[Effect, ...]:
    options = call.options(("-c", "--command", "-s", "--shell", "-g", "-G"))
    users = [word.value for word in options.operands if word.value != "-"]
    command = options.last("-c", "--command")
    text = _text(command) if command is not None else None
    if text is None:
        return call.unknown(Reason.of("SL221", "other_user"))
    return call.run(text, call.state.with_user((users[0] or "") if users else "root"), "-c", text)


def service(call: Call) -> tuple[Effect, ...]:
    """The init script of a service, if its text is known."""
    operands = call.options().operands
    path = init_script(operands[0].value or "") if operands else ""
    if path and call.state.view.text(path) is not None:
        return call.start((literal_arg(path), *operands[1:]))
    return call.effect("system", call.first)


def scanner(call: Call) -> tuple[Effect, ...]:
    """The scripts below the directories that `run-parts` and scanners of services are given, in any order
    (run-parts(8), runsvdir(8), skarnet.org/software/s6/s6-svscan.html)."""
    places = [absolute(word.value, call.state) for word in call.options().operands if word.value is not None]
    found = [path for place in places if place for path in call.state.view.scripts_under(place)]
    if not found:
        return call.unknown(Reason.of("SL221", "program"))
    text = "\n".join(map(shlex.quote, found))
    return (
        *call.effect("check", Action.SCRIPT, reads=tuple(found)),
        *call.run(text, call.state, "scan", *found),
    )


def _text(arg: Arg) -> str | None:
    """The value of an argument; of a quoted one that is not known, its text with what the shell expands."""
    if arg.value is not None:
        return arg.value
    return re.sub(r'\\(["$`\\])', r"\1", arg.text[1:-1]) if arg.text.startswith('"') else None


def evaluated(call: Call) -> tuple[Effect, ...]:
    values = known_values(call.args)
    if values is not None:
        return call.run(" ".join(values), call.state)
    text = call.args[0].text.strip("\"'") if call.args else ""
    programs = tuple(program for _, table in tables() for program in table.evaluated)
    if re.match(r"[$`(]", text) and text.lstrip("$`( \t").startswith(programs):
        return call.effect("state")
    return call.unknown(Reason.of("SL221", "eval"))


def script_effects(
    call: Call, word: Arg, shell: str, arguments: Sequence[Arg] | None = None
) -> tuple[Effect, ...]:
    """A script with known text, which gets `arguments` if they are known: the shell, then its commands."""
    path = absolute(word.value, call.state) if word.value is not None else None
    if path is None:
        return call.unknown(Reason.of("SL221", "which_script", word=word.shown))
    text = call.state.view.text(path)
    if text is None:
        known = installer_effects(call, posixpath.basename(path))
        return known or call.unknown(Reason.of("SL221", "missing_script", path=path), unread="context")
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    given = known_values(arguments) if arguments is not None else None
    state = replace(call.state.with_arguments(given), script=path, sourced="")
    found = call.run(text, state, "file", path)
    head = call.effect(
        "check",
        Action.SCRIPT,
        tool=shell,
        reads=(path,),
        tools=tuple(dict.fromkeys(e.tool for e in found if e.tool)),
    )
    return (*head, *found)


def program_file(call: Call) -> tuple[Effect, ...] | None:
    """A script with known text, given by path or found on PATH; its first line selects the interpreter."""
    path = _program_path(call)
    text = call.state.view.text(path) if path is not None else None
    if path is not None and text is None and _is_missing_script(call, path):
        return call.unknown(Reason.of("SL221", "missing_script", path=path), unread="context")
    if path is not None and text is None and path == init_script(call.name):
        return call.start((literal_arg("service"), literal_arg(call.name), *call.args))
    if path is None or text is None:
        return None
    match = _SHEBANG.match(text)
    program = match[1] if match else "sh"
    if posixpath.basename(program) == "env":
        program = (match[2] if match else None) or ""
    if call.state.view.text(program) is not None:
        return None  # a script as an interpreter
    if is_posix_shell(program):
        return script_effects(call, Arg(value=path, text=call.path), posixpath.basename(program), call.args)
    script = Arg(value=path, text=call.path, prefix=path)
    return call.start((literal_arg(program), script, *call.args))


def _program_path(call: Call) -> str | None:
    """The path of the program that is started."""
    if "/" in call.path:
        return absolute(call.path, call.state)
    for place in (call.state.get("PATH") or default_path()).split(":"):
        path = posixpath.join(place, call.path)
        if place and (call.state.view.text(path) is not None or _is_missing_script(call, path)):
            return path
    return None


def _is_missing_script(call: Call, path: str) -> bool:
    """Whether a COPY puts a shell script there that the build context lacks."""
    source = call.state.view.context_path(path)
    return source is not None and is_shell_file(source) and not call.state.view.context.has(source)
