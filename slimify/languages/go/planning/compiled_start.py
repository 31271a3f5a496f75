"""`CMD go run …`, also by a script or Makefile target that does nothing else: compiled once in the build, and
started in the same directory with the same arguments. So is a program that the start builds first.

`CMD go-wrapper run …`: replaced by the program that the wrapper starts.

The text is changed before planning, so that the planner only sees an ordinary `go build`.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from typing import Literal

from msgspec.structs import replace

from slimify.analysis.program import Program, Step
from slimify.analysis.sources import application_sources, texts_of
from slimify.config import Options
from slimify.facts.shells import is_shell
from slimify.facts.system import is_plain_root
from slimify.languages.go import LANGUAGE
from slimify.languages.go.commands import go_wrapper
from slimify.languages.go.commands.install_root import install_root as gopath
from slimify.languages.go.planning.base import base_choices
from slimify.languages.go.planning.runtime_files import runtime_files
from slimify.model.decisions import Decision
from slimify.model.dockerfile import Instruction
from slimify.model.effects import LEAVES_ARTIFACTS
from slimify.model.plan import CompiledStart, NewStart
from slimify.planning.final_stage.rebase import path_dirs
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.started import Started, programs
from slimify.semantics.paths import inside
from slimify.syntax.shell.append import joined
from slimify.syntax.shell.script import EditRefused

_DROPPED = frozenset({"-exec"})
_PROGRAM = "/usr/local/bin/"
_ARGUMENT = "an argument"
_EXPANDED = re.compile(r"[$*?\[\]{}~\\#!]")  # with what `_words` does not split
_PWD = re.compile(r'"(?:OLD)?PWD"')
Command = str | tuple[str, ...]  # in shell form, in exec form


def compiled_start(program: Program) -> CompiledStart | None:
    """The file with a `go build` and the program as start command; None if it does not apply."""
    last = {
        s.keyword: s for s in program.steps if s.keyword in ("CMD", "ENTRYPOINT")
    }  # a later one overrides
    for step in last.values():
        words = _words(step.instruction) or []
        if words[:2] == ["go-wrapper", "run"] and step.state.cwd is not None:
            return _unwrapped(program, step, step.state.cwd, words[2:])
        direct = words[words[:1] == ["exec"] :]
        if _needs_no_shell(program, step, direct):
            decision = Decision.of("SL315", "exec_form", line=step.line, command=step.instruction.value)
            return _with_start(program, step, tuple(direct), decision)
        if not is_plain_root(program.runtime.user):
            continue
        own, commands = _go_run(words), _commands(program, step)
        if len(commands) == 2 and (built := _built_first(program, step, *commands)) is not None:
            return built
        parsed = own or (_go_run(_own_words(commands[0])) if len(commands) == 1 else None)
        if parsed is None:
            continue
        flags, package, arguments, lead = parsed
        if not _is_there(program, posixpath.join(step.state.cwd or "/", _directory(package))):
            continue
        path = _PROGRAM + _program_name(program, package)
        build = f"RUN go build {''.join(shlex.quote(f) + ' ' for f in flags)}-o {path} {' '.join(package)}"
        command = _command(step.instruction, path, arguments, lead, own=parsed is own)
        decision = Decision.of("SL315", "go_run", line=step.line, path=path)
        return _with_start(program, step, command, decision, build)
    return None


def _needs_no_shell(program: Program, step: Step, words: list[str]) -> bool:
    """Whether a start in shell form is all that needs a shell, so that the program can be started without
    one on a base that has none: it is compiled here, its words are constant, and no file of the repository
    starts anything else. Without a shell, PWD is not set."""
    needs, old = program.runtime_needs, step.instruction
    own = (*(program.runtime.entrypoint or ()), *(program.runtime.cmd or ()))
    started = [call.call for call in needs.programs]
    if old.exec_form is not None or own != (*program.runtime.shell, old.value.strip()) or len(started) != 1:
        return False
    if _EXPANDED.search(old.value) or program.runtime.healthcheck or len({*needs.origins}) != 1:
        return False
    built = {o for e in program.effects if e.does("compile", LANGUAGE.name) for o in e.outputs}
    name = started[0].path
    places = (
        [started[0].path_of(name)] if "/" in name else [posixpath.join(d, name) for d in path_dirs(program)]
    )
    if built.isdisjoint(places) or [name, *(a.value for a in started[0].args)] != words:
        return False
    sources = texts_of(program.end_state.view, application_sources(program.end_state.view, LANGUAGE.name))
    if needs.sources.commands or needs.sources.started or any(_PWD.search(text) for _, text in sources):
        return False
    others = {name: use for name, use in needs.commands.items() if not is_shell(name)}
    plain = replace(program, runtime_needs=replace(needs, shell=False, commands=others))
    choices, _ = base_choices(plain, Options(), runtime_files(plain).copies)
    return choices[0][0] == "minimal"


def _built_first(program: Program, step: Step, build: Started, start: Started) -> CompiledStart | None:
    """The file with the build as a step, where the start first builds the program and then starts it."""
    words, output = _own_words(build), start.call.path_of(start.call.path) or ""
    made = [path for e in build.effects if e.does("compile", LANGUAGE.name) for path in e.outputs]
    package = [word for word in words[2:] if not word.startswith("-")][-1:] or ["."]
    hidden = any(inside(output, mount.name) for mount in program.mounts)
    place = posixpath.join(step.state.cwd or "/", _directory(package))
    if output not in made or hidden or not _is_there(program, place):
        return None
    path, *arguments = _own_words(start)
    command = _command(step.instruction, path, arguments, [], own=False)
    decision = Decision.of("SL315", "go_build", line=step.line, path=path)
    return _with_start(program, step, command, decision, f"RUN {shlex.join(words)}")


def _unwrapped(program: Program, step: Step, cwd: str, arguments: list[str]) -> CompiledStart:
    """The file with the program itself as start command, where `go-wrapper run` only starts it."""
    name = go_wrapper.started_program(
        program.end_state.view, program.end_state.cwd or cwd, gopath(program.end_state)
    )
    command = _command(step.instruction, name, arguments, [])
    decision = Decision.of("SL315", "go_wrapper", line=step.line, name=name)
    return _with_start(program, step, command, decision)


def _with_start(
    program: Program, step: Step, command: Command, decision: Decision, build: str = ""
) -> CompiledStart:
    keyword: Literal["CMD", "ENTRYPOINT"] = "CMD" if step.keyword == "CMD" else "ENTRYPOINT"
    old = step.instruction
    shell = program.runtime.shell
    return CompiledStart(
        text=_rewritten(program, old, f"{keyword} {_as_text(command)}", build),
        decision=decision,
        start=NewStart(
            keyword=keyword,
            before=_argv(old.exec_form or old.value.strip(), shell),
            after=_argv(command, shell),
        ),
    )


def _as_text(command: Command) -> str:
    return command if isinstance(command, str) else json.dumps(command)


def _argv(command: Command, shell: tuple[str, ...]) -> tuple[str, ...]:
    """The command as the image configuration stores it."""
    return (*shell, command) if isinstance(command, str) else command


def _words(instruction: Instruction) -> list[str] | None:
    if instruction.exec_form is not None:
        return list(instruction.exec_form)
    if re.search(r"[;&|<>`]|\$\(", instruction.value):
        return None
    try:
        return shlex.split(instruction.value)
    except ValueError:
        return None


def _commands(program: Program, step: Step) -> list[Started]:
    """The commands that a start comes down to, through scripts and Makefile targets: one after another, in
    the same directory and with the same variables. Empty if that, or one of their words, is not known."""
    old, state = step.instruction, program.end_state
    # scripts pass on what else an ENTRYPOINT is given: arguments that they drop would reach the program
    given = [_ARGUMENT] if step.keyword == "ENTRYPOINT" and old.exec_form is not None else []
    text = old.value if old.exec_form is None else shlex.join([*old.exec_form, *given])
    calls = interpreted(text, state).started
    calls = tuple(c for c in calls if {e.kind for e in c.effects} != {"state"})
    found = list(programs(calls))
    for inner in (c.call.state for c in found):
        if (inner.cwd, inner.env, inner.user) != (state.cwd, state.env, state.user):
            return []
    words = [arg.value for c in found for arg in c.call.args]
    passed_on = words[len(words) - len(given) :] == given and words.count(_ARGUMENT) == len(given)
    return found if passed_on and None not in words and all(map(_is_plain, calls)) else []


def _is_plain(started: Started) -> bool:
    """Whether a command is executed once, in any case, and with what the script has for input and output."""
    command = started.command
    odd = command.redirects or command.blocks or command.negated or started.call.wrappers
    return not odd and command.operator in ("", "&&", ";")


def _own_words(started: Started) -> list[str]:
    """The words of a command, without the argument that only stands for others."""
    return [word for word in started.words if word != _ARGUMENT]


def _go_run(words: list[str]) -> tuple[list[str], list[str], list[str], list[str]] | None:
    """(build flags, package or files, arguments, leading words) of a `go run` command line."""
    lead = words[:1] if words[:1] == ["exec"] else []
    words = words[len(lead) :]
    if words[:2] != ["go", "run"]:
        return None
    rest = words[2:]
    flags: list[str] = []
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        if flag in _DROPPED:
            return None
        flags.append(flag)
        if flag in LANGUAGE.words("toolchain.toml", "run", "valued") and rest:
            flags.append(rest.pop(0))
    package: list[str] = []
    while rest and rest[0].endswith(".go"):
        package.append(rest.pop(0))
    if not package and rest:
        package.append(rest.pop(0))
    if not package or "@" in package[0]:
        return None
    return flags, package, rest, lead


def _directory(package: list[str]) -> str:
    """The directory of a package, relative to the working directory: that itself for an import path."""
    first = package[0].removesuffix("/...")
    if first.endswith(".go"):
        return posixpath.dirname(first) or "."
    return first if first.startswith((".", "/")) else "."


def _is_there(program: Program, package: str) -> bool:
    """Whether the image has the sources of a package in a directory, and what it starts with are these:
    nothing is mounted over Go sources, which are then another program at every start."""
    view, package = program.end_state.view, posixpath.normpath(package)

    def has_sources(place: str) -> bool:
        return any(path.endswith(".go") for path in view.under(place))

    made = (w for e in program.effects if e.kind in LEAVES_ARTIFACTS for w in e.writes)
    if not has_sources(package) and not any(inside(package, w) for w in made):
        return False
    return not any(inside(package, m.name) or has_sources(m.name) for m in program.mounts)


def _program_name(program: Program, package: list[str]) -> str:
    """A name for the program: that of the package's directory or of the module."""
    last = package[0]
    if last.endswith(".go"):
        last = posixpath.dirname(last) or "."
    name = posixpath.basename(posixpath.normpath(posixpath.join(program.end_state.cwd or "/app", last)))
    return name if re.fullmatch(r"[a-z][a-z0-9_-]*", name) and name not in ("go", "src", "cmd") else "app"


def _command(
    instruction: Instruction, path: str, arguments: list[str], lead: list[str], *, own: bool = True
) -> Command:
    """The new start command; `own` are arguments of the instruction itself."""
    if instruction.exec_form is not None:
        return (path, *arguments)
    if not own:
        return shlex.join([path, *arguments])
    # the user's own words behind the package stay as they are written, for the shell to expand
    tail = instruction.value
    for word in reversed(arguments[:1]):
        at = tail.find(word)
        tail = tail[at:] if at >= 0 else shlex.join(arguments)
    return " ".join([*lead, path, *([tail.strip()] if arguments else [])])


def _rewritten(program: Program, start: Instruction, command: str, build: str = "") -> str:
    """The text with the new start command, and with the build after the last step that creates files."""
    end = program.dockerfile.newline
    last = max((s.index for s in program.steps if s.keyword in ("COPY", "ADD", "RUN", "WORKDIR")), default=0)
    anchor = program.dockerfile.instructions[last]
    longer = _lengthened(anchor, build, end) if build and program.step(last).role == "build" else None
    text = ""
    for node in program.dockerfile.nodes:
        raw = command if node is start else longer if longer and node is anchor else node.raw
        text += raw if raw.endswith("\n") else raw + end
        text += build + end if build and not longer and node is anchor else ""
    return text


def _lengthened(run: Instruction, build: str, end: str) -> str | None:
    """The RUN with the build as its last command; None if it may end early or changes the directory."""
    if run.keyword != "RUN" or run.exec_form is not None:
        return None
    if re.search(r"<<|#|\|\||;|&\s*$|\bcd\b|--mount", run.raw):
        return None
    try:
        return joined(run.raw.rstrip(), (build.removeprefix("RUN "),), f" \\{end}    && ")
    except EditRefused:
        return None
