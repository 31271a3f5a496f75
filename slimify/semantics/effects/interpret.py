"""The effects of each command in a script.

In: a `Script` and the `State` before it. Out: for every atom the effects of its commands, in order. `cd`,
assignments and `export` carry over to later commands. A subshell, a substitution and a pipeline element keep
theirs; a value set in a branch is known afterwards only if both paths agree. Commands in a branch count as
executed. Scripts that commands run are followed, up to a few levels deep.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.facts.shells import is_special_builtin, runs_in_shell, wrapper
from slimify.facts.system import is_package_source
from slimify.model.decisions import Reason
from slimify.model.effects import ADDS_FILES, LEAVES_NOTHING, Action, Effect
from slimify.model.shell import Command, Script
from slimify.semantics.effects.call import Arg, Call, arguments, output_files
from slimify.semantics.effects.certainty import with_certainty
from slimify.semantics.effects.local_sources import with_local_sources
from slimify.semantics.effects.registry import effects_of
from slimify.semantics.effects.shell_state import changed_state
from slimify.semantics.effects.state import State, fields, resolve
from slimify.syntax.shell.script import read, unwrap

_MAX_DEPTH = 5  # levels of nested scripts
_SUBSHELLS = frozenset({"(", "$("})
_BRANCHES = frozenset({"if", "for", "while", "case", "until", "select"})
_BRANCH_END = re.compile(r"\b(?:else|elif|fi|done|esac)\b|;;")
_DEFINED = re.compile(r"function\s+([\w.:-]+)|([\w.:-]+)\s*\(\s*\)")
_LOOP = re.compile(r"\b(?:for|select)\s+(\w+)\s+in\b")


def interpret(script: Script, state: State) -> tuple[tuple[Effect, ...], ...]:
    """The effects of a script: one tuple per atom, never empty for a command.

    A script that could not be parsed has no atoms and no effects; callers check `opaque`.
    """
    return _walk(script, state)[0]


def interpret_run(script: Script, state: State) -> tuple[tuple[tuple[Effect, ...], ...], State]:
    """The effects of the script of a RUN, and the state for later instructions: home directories, settings
    of tools, created directories.

    Working directory and variables are unchanged, since every RUN starts a new shell.
    """
    effects, end = _walk(script, state)
    return effects, _kept_state(state, end)


def _walk(script: Script, state: State) -> tuple[tuple[tuple[Effect, ...], ...], State]:
    walk = _Walk(script.text, state)
    found = tuple(walk.atom(atom.commands) for atom in script.atoms)
    return found, walk.state


def _kept_state(before: State, end: State) -> State:
    return replace(before, homes=end.homes, settings=end.settings, view=end.view)


class _Walk(Struct):
    """One pass over one script."""

    text: str
    state: State
    carrier: Command | None = None  # the RUN command that runs this script
    seen: tuple[tuple[str, ...], ...] = ()
    scopes: list[tuple[str, State]] = field(default_factory=list)
    functions: dict[str, list[Command]] = field(default_factory=dict)
    defining: str = ""
    end: int = 0

    def atom(self, commands: Sequence[Command]) -> tuple[Effect, ...]:
        found: list[tuple[Command, tuple[Effect, ...]]] = []
        before: tuple[Command, Call] | None = None
        in_function = self.end >= len(self.text)
        start = self.text.rfind("{", 0, commands[0].start) + 1 if in_function and commands else self.end
        for index, command in enumerate(commands):
            gap = self.text[self.end : command.start] if command.start > self.end else ""
            self._enter(command.context, gap)
            self.end = max(self.end, command.end)
            if "function" in command.context:
                self._define(command, gap)
                found.append((command, (self._state_effect(command),)))
                continue
            upstream = None
            if (
                command.operator == "|"
                and before
                and command.context[: len(before[0].context)] == before[0].context
            ):
                upstream = before[1]
            effects, call = self._command(command, upstream, _pipe_reader(commands, index, self.state))
            found.append((command, effects))
            if call is not None and "$(" not in command.context[len(before[0].context) if before else 0 :]:
                before = (command, call)
        if in_function or any(c.operator == "||" or not _BRANCHES.isdisjoint(c.context) for c in commands):
            return with_certainty(found, self.text, start)
        return tuple(effect for _, effects in found for effect in effects)

    def _enter(self, context: tuple[str, ...], gap: str) -> None:
        """Leaves the constructs that have ended and enters those of the next command."""
        same = 0
        while same < min(len(self.scopes), len(context)) and self.scopes[same][0] == context[same]:
            same += 1
        kinds = [kind for kind, _ in self.scopes[:same]]
        if "(" in kinds and re.search(r"\).*\(", gap, re.DOTALL):
            same = kinds.index("(")
        while len(self.scopes) > same:
            kind, saved = self.scopes.pop()
            if kind in _SUBSHELLS:
                self.state = _kept_state(saved, self.state)
            elif kind in _BRANCHES:
                self.state = _merged(saved, self.state)
        if self.scopes and self.scopes[-1][0] in _BRANCHES and _BRANCH_END.search(gap):
            self.state = _merged(self.scopes[-1][1], self.state)
        for kind in context[same:]:
            self.scopes.append((kind, self.state))
        for name in _LOOP.findall(gap):
            self.state = self.state.with_variable(name, None)

    def _define(self, command: Command, gap: str) -> None:
        names = _DEFINED.findall(gap)
        if names:
            self.defining = names[-1][0] or names[-1][1]
            self.functions[self.defining] = []
        self.functions.setdefault(self.defining, []).append(replace(command, context=()))

    def _state_effect(self, command: Command) -> Effect:
        carried = self.carrier or command
        return Effect(kind="state", tool=command.name or "", command=carried, cwd=self.state.cwd)

    def _command(
        self, command: Command, upstream: Call | None, downstream: tuple[Arg, ...]
    ) -> tuple[tuple[Effect, ...], Call | None]:
        leaks = command.operator != "|"
        saved = self.state
        if not command.words:
            effect = self._state_effect(command)
            files = output_files(command, self.state)
            for name, word in command.assigns:
                self.state = self.state.with_variable(name, resolve(word, self.state))
            if not leaks:
                self.state = saved
            return _redirected((effect,), files, self.state), None
        state = self.state.with_env({name: resolve(word, self.state) for name, word in command.assigns})
        call = self._call(command, state, upstream, downstream)
        body = self.functions.get(call.name)
        if body is not None and ("function", call.name) not in self.seen:
            effects = self._function_effects(call, body)
        else:
            found = tuple(with_local_sources(e, self.state.view) for e in effects_of(call))
            effects = _wrapped(found, call.wrappers)
            moved = changed_state(call, self.state, self.sourced)
            if command.operator == "||":
                moved = _merged(self.state, moved)
            # POSIX: assignments before a special builtin persist; bash in its own mode drops them
            if is_special_builtin(call.name) and self.state.shell[0].endswith("/sh"):
                for name, word in command.assigns:
                    moved = moved.with_variable(name, resolve(word, self.state))
            self.state = moved if leaks else _kept_state(self.state, moved)
        return _redirected(effects, call.outputs, call.state), call

    def _call(
        self, command: Command, state: State, upstream: Call | None, downstream: tuple[Arg, ...]
    ) -> Call:
        outer = self.carrier or command
        files = output_files(command, state)
        inner = unwrap(command)
        wrappers: list[str] = []
        while inner is not None:
            wrappers.append((command.name or "").rpartition("/")[2])
            state = _as_user(command, state)
            added = inner.assigns[len(command.assigns) :]
            state = state.with_env({name: resolve(word, state) for name, word in added})
            command, inner = inner, unwrap(inner)
        words = list(command.words)
        while len(words) > 1 and fields(words[0], state) == ():
            del words[0]
        program = arguments(words[:1], state, spans=self.carrier is None)
        path = program[0].value if program else None
        args = (*program[1:], *arguments(words[1:], state, spans=self.carrier is None))
        return Call(
            name=(path or "").rstrip("/").rpartition("/")[2],
            path=path or "",
            args=args,
            state=state,
            command=outer,
            outputs=files,
            stdin=_stdin(command, state),
            upstream=upstream,
            downstream=downstream,
            wrappers=tuple(w for w in wrappers if not runs_in_shell(w)),
            starter=effects_of,
            runner=lambda text, start, key: self._run_script(text, start, key, outer),
        )

    def _function_effects(self, call: Call, body: list[Command]) -> tuple[Effect, ...]:
        """The effects of a function's body at a call."""
        values = tuple(a.value for a in call.args if a.value is not None)
        state = replace(call.state, arguments=values if len(values) == len(call.args) else None)
        inner = _Walk(self.text, state, call.command, (*self.seen, ("function", call.name)))
        inner.functions = self.functions
        inner.end = len(self.text)
        found = inner.atom(body)
        self.state = _kept_state(self.state, inner.state)
        return _followed(found) or (call.effect("check"),)

    def _run_script(
        self, text: str, state: State, key: tuple[str, ...], carrier: Command
    ) -> tuple[Effect, ...]:
        effects, end = self._script(text, state, key, carrier)
        if end is not None:
            self.state = _kept_state(self.state, end)
        return effects

    def _script(
        self, text: str, state: State, key: tuple[str, ...], carrier: Command
    ) -> tuple[tuple[Effect, ...], State | None]:
        why: Reason | None = None
        script = None
        if key and key in self.seen:
            why = Reason.of("SL221", "itself")
        elif len(self.seen) >= _MAX_DEPTH:
            why = Reason.of("SL221", "depth")
        else:
            script = read(text)
            why = Reason.of("SL221", "opaque", why=script.opaque) if script.opaque else None
        if script is None or why:
            effect = Effect(
                kind="unknown",
                tool=key[-1] if key else "sh",
                command=carrier,
                writes_anywhere=True,
                cwd=state.cwd,
                why=why,
            )
            return (effect,), None
        inner = _Walk(text, state, carrier, (*self.seen, key or ("text", text)))
        effects = tuple(effect for atom in script.atoms for effect in inner.atom(atom.commands))
        return _followed(effects), inner.state

    def sourced(self, text: str, state: State, key: tuple[str, ...]) -> State:
        """The state after `. FILE`."""
        carrier = Command(words=(), start=0, end=0)
        end = self._script(text, state, key, carrier)[1]
        return end if end is not None else state


def _followed(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    return tuple(replace(e, followed=True) for e in effects)


def _pipe_reader(commands: Sequence[Command], index: int, state: State) -> tuple[Arg, ...]:
    """The words of the command that reads this one's output."""
    command = commands[index]
    for other in commands[index + 1 :]:
        if command.start <= other.start and other.end <= command.end:
            continue  # a substitution inside this command
        if other.operator == "|" and other.context[: len(command.context)] == command.context:
            inner = unwrap(other)
            while inner is not None:
                other, inner = inner, unwrap(inner)
            return arguments(other.words, state, spans=False)
        return ()
    return ()


def _stdin(command: Command, state: State) -> str | None:
    for redirect in reversed(command.redirects):
        if redirect.op in ("<<", "<<-", "<<<"):
            return redirect.target.value if redirect.target.value is not None else redirect.target.text
    return None


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


def _merged(one: State, other: State) -> State:
    """The state that holds on both paths."""
    if one is other:
        return one
    return replace(
        other,
        arguments=one.arguments if one.arguments == other.arguments else None,
        cwd=one.cwd if one.cwd == other.cwd else None,
        env={
            k: other.env.get(k) if one.env.get(k) == other.env.get(k) else None
            for k in {**one.env, **other.env}
        },
        variables={
            k: other.variables.get(k) if one.variables.get(k) == other.variables.get(k) else None
            for k in {**one.variables, **other.variables}
        },
    )


def _wrapped(effects: tuple[Effect, ...], wrappers: tuple[str, ...]) -> tuple[Effect, ...]:
    """Adds the wrapper programs to the programs that are started."""
    if not wrappers or not effects:
        return effects
    return (replace(effects[0], tools=(*effects[0].tools, *wrappers)), *effects[1:])


def _redirected(effects: tuple[Effect, ...], files: tuple[Arg, ...], state: State) -> tuple[Effect, ...]:
    """Adds the files that output is redirected to. Printing into a file creates a file."""
    if files:
        first = effects[0]
        call = Call(name=first.tool, path=first.tool, args=(), state=state, command=first.command)
        paths, lost = call.targets(files)
        first = replace(first, writes=tuple(dict.fromkeys((*first.writes, *paths))))
        if first.kind in LEAVES_NOTHING:
            first = replace(first, kind="files", action=first.action or Action.WRITE)
            if first.tool == "cat":
                words = [
                    Arg(value=w.value, text=w.text, prefix=w.value or "") for w in first.command.words[1:]
                ]
                first = replace(
                    first, reads=call.known_paths(w for w in words if not w.prefix.startswith("-"))
                )
        if lost is not None:
            first = replace(
                first, writes_anywhere=True, why=first.why or Reason.of("SL221", "target", target=lost.text)
            )
        effects = (first, *effects[1:])
    return tuple(_as_package_source(effect) for effect in effects)


def _as_package_source(effect: Effect) -> Effect:
    """A file that only the package manager reads is a package source."""
    if effect.kind not in ADDS_FILES or effect.writes_anywhere or not effect.writes:
        return effect
    if all(map(is_package_source, effect.writes)):
        return replace(effect, kind="source", action=effect.action or Action.WRITE)
    return effect
