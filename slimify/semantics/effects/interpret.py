"""The effects of each command in a script.

In: a `Script` and the `State` before it. Out: for every atom the effects of its commands, in order. `cd`,
assignments and `export` carry over to later commands. A subshell, a substitution and a pipeline element keep
theirs; a value set in a branch is known afterwards only if all paths agree. Commands in a branch count as
executed, a loop over known values is followed value by value. Functions and scripts are followed, to a depth.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.facts.shells import is_special_builtin
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.model.shell import Atom, Block, Command, Script
from slimify.semantics.effects import blocks
from slimify.semantics.effects.call import Arg, Call, arguments, followed, known_values, output_files, unread
from slimify.semantics.effects.local_sources import with_local_sources
from slimify.semantics.effects.printed import group_call
from slimify.semantics.effects.redirects import appending, redirected, stdin
from slimify.semantics.effects.registry import effects_of
from slimify.semantics.effects.sequences import read_together
from slimify.semantics.effects.shell_state import changed_state, sourced_by_language
from slimify.semantics.effects.started import Source, Started
from slimify.semantics.effects.state import State, resolve
from slimify.semantics.effects.states import (
    after,
    after_function,
    after_shell,
    kept_state,
    marked,
    merged,
    ran,
)
from slimify.semantics.effects.wrapped import started_by_wrappers, unwrapped, with_wrappers
from slimify.syntax.shell.script import TESTS, read

_MAX_DEPTH = 5  # levels of nested scripts
_MAX_LEVEL = 80  # of nested constructs, with those of the functions and scripts around them
_MAX_COMMANDS = 5_000  # after which loops and scripts are no longer followed

Effects = tuple[Effect, ...]
Functions = dict[str, blocks.Function]
Key = tuple[str, ...]


class Interpreted(Struct, frozen=True):
    """What a script does: a tuple of effects per atom, never empty for a command; the programs that it
    starts, each before those that it starts itself; the state at its end."""

    effects: tuple[tuple[Effect, ...], ...]
    started: tuple[Started, ...]
    state: State


def interpreted(script: Script | str, state: State, source: Source | None = None) -> Interpreted:
    """What a script does; nothing if it is `opaque`. `source` says where the text stands."""
    script = read(script) if isinstance(script, str) else script
    walk = _Walk(state, source or Source(script.text))
    effects = read_together(tuple(walk.atom(atom) for atom in script.atoms))
    return Interpreted(effects, tuple(walk.started), walk.state)


def interpret_run(script: Script, state: State) -> tuple[tuple[tuple[Effect, ...], ...], State]:
    """The effects of the script of a RUN, and the state for later instructions: home directories, settings
    of tools, created directories.

    Working directory and variables are unchanged, since every RUN starts a new shell."""
    done = interpreted(script, state)
    return done.effects, kept_state(state, done.state)


class _Walk(Struct):
    """One pass over one script."""

    state: State
    source: Source
    carrier: Command | None = None  # the RUN command that runs this script
    seen: tuple[tuple[str, ...], ...] = ()
    functions: Functions = field(default_factory=dict)
    started: list[Started] = field(default_factory=list)  # also by scripts that it runs
    found: list[Effect] = field(default_factory=list)
    printing: list[Call | None] = field(default_factory=list)  # in the group around; None: what is unknown
    group: Call | None = None  # the last one, as a command that prints what it prints
    tested: State | None = None  # the state after a test that the rest of the list depends on
    repeated: int = 0  # loops that are followed value by value
    level: int = 0

    def atom(self, atom: Atom) -> Effects:
        self.found = []
        self.state = replace(self.state, written=frozenset(), ends=False)
        self._list(atom.commands, 0, atom.operator)
        straight = all(c.operator != "||" and not c.blocks for c in atom.commands)
        return tuple(self.found) if straight else marked(self.found, self.state.written)

    def _list(self, commands: Sequence[Command], depth: int, operator: str = "") -> None:
        """Commands and constructs one after another. `operator` joins the first to what is before it."""
        ways: list[State] = []  # after those around `||` since the last separator
        entry = self.state
        upstream: Call | None = None
        parts = blocks.items(commands, depth)
        for index, part in enumerate(parts):
            block = blocks.block_at(part[0], depth)
            if block is not None and block.kind == "$(":
                saved = self.state
                self._nested(part, depth + 1)
                self.state = after_shell(saved, self.state)
                continue
            joined = operator if index == 0 else block.operator if block is not None else part[0].operator
            if joined == "||":
                ways.append(self.state)
                self.state = merged((entry, self.state))
            elif joined not in ("&&", "|"):
                self.state = after([*ways, self.state], self.state)
                self._end_of_tests()
                ways, entry = [], self.state
            saved, piped = self.state, blocks.reader(parts, index, depth)
            if block is not None:
                self._block(block, part, depth)
                upstream = self.group if block.kind in ("(", "{") else None
            else:
                upstream = self._simple(part[0], upstream if joined == "|" else None, piped)
            if joined == "|" or piped is not None:
                self.state = after_shell(saved, self.state)
        self.state = after([*ways, self.state], self.state)

    def _end_of_tests(self) -> None:
        """At the end of `[ … ] && X=1`: the commands behind the test may not have run."""
        if self.tested is not None:
            written, ends = self.state.written, self.state.ends
            self.state = replace(merged((self.tested, self.state)), written=written, ends=ends)
        self.tested = None

    def _nested(self, commands: Sequence[Command], depth: int) -> None:
        """A list of its own within a construct."""
        if self.level > _MAX_LEVEL:
            self.found += unread(self.carrier or commands[0], self.state, Reason.of("SL221", "depth"), "sh")
            return
        tested, self.tested = self.tested, None
        self.level += 1
        self._list(commands, depth)
        self.level -= 1
        self._end_of_tests()
        self.tested = tested

    def _block(self, block: Block, commands: tuple[Command, ...], depth: int) -> None:
        if block.kind == "function":
            name = block.head[0].text if block.head else ""
            self.functions[name] = blocks.Function(commands, depth + 1, self.source)
            self.found += (self._state_effect(command) for command in commands)
            return
        if block.kind in ("(", "{"):
            saved, outer, self.printing = self.state, self.printing, []
            self._nested(commands, depth + 1)
            self.state = after_shell(saved, self.state) if block.kind == "(" else self.state
            self.group, self.printing = group_call(self.printing, self.state), outer
            self.printing.append(self.group)
            return
        self.printing.append(None)
        parts = list(blocks.clauses(commands, depth))
        while parts and not parts[0][0]:  # in the words of its head
            self._nested(parts.pop(0)[1], depth + 1)
        redirects = parts.pop() if parts and not parts[-1][0] else None
        choose = self._loop if block.kind in ("for", "while") else self._branches
        choose(block, parts, depth + 1)
        if redirects is not None:
            self._nested(redirects[1], depth + 1)

    def _branches(self, block: Block, parts: Sequence[tuple[str, tuple[Command, ...]]], depth: int) -> None:
        """`if` and `case`: each branch starts from the state before it."""
        before = self.state
        ends: list[State] = []
        for clause, part in parts:
            self.state = kept_state(before, self.state)
            self._nested(part, depth)
            if clause in ("if", "elif"):  # runs in any case, but what it writes is not counted
                before = replace(self.state, written=before.written, ends=before.ends)
            else:
                ends.append(self.state)
        if not block.total or len(ends) < block.clauses:
            ends.insert(0, before)
        self.state = after(ends, self.state)

    def _loop(self, block: Block, parts: Sequence[tuple[str, tuple[Command, ...]]], depth: int) -> None:
        body = tuple(command for _, part in parts for command in part)
        name = block.head[0].text if block.kind == "for" and block.head else ""
        values, globs = blocks.loop_values(block, self.state) if name else (None, ())
        if (values or globs) and len(values or ()) <= blocks.MAX_VALUES and blocks.uses(body, name):
            self.repeated += 1
            for value in values or ():
                self.state = self.state.with_variable(name, value)
                self._nested(body, depth)
            for glob in globs:  # also what commands made
                before = blocks.at_any_turn(body, self.state)
                self.state = before.with_pattern(name, glob)
                self._nested(body, depth)
                self.state = merged((before, self.state))
            self.repeated -= 1
            return
        shifts = block.kind == "while" and any(command.name == "shift" for command in body)
        if shifts and self.state.arguments is not None:
            self._shifting(parts, depth)
            return
        before = blocks.at_any_turn(body, self.state)
        self.state = before.with_variable(name, None) if name else before
        for _, part in parts:
            self._nested(part, depth)
        self.state = self.state if values else merged((before, self.state))

    def _shifting(self, parts: Sequence[tuple[str, tuple[Command, ...]]], depth: int) -> None:
        """`while [ $# -gt 0 ]; do … shift; done`: once for each of the positional parameters."""
        before = self.state
        self.repeated += 1
        for _ in range(blocks.MAX_VALUES):
            if not any(self.state.ways):
                break
            for _, part in parts:
                self._nested(part, depth)
        self.repeated -= 1
        if not blocks.counts(parts[0][1]):
            self.state = merged((before, self.state))

    def _simple(self, command: Command, upstream: Call | None, reader: Command | None) -> Call | None:
        downstream = arguments(unwrapped(reader).words, self.state, spans=False) if reader else ()
        if len(self.started) > _MAX_COMMANDS and (self.repeated or self.carrier is not None):
            effects, call = unread(command, self.state, Reason.of("SL221", "depth"), "sh"), None
        else:
            effects, call = self._each_way(command, upstream, downstream)
        if command.negated or command.name in TESTS:
            self.tested = self.state
        self.found += followed(effects) if self.repeated else effects
        self.printing += [] if reader else [call]
        self.state = ran(self.state, command, effects)
        return call

    def _state_effect(self, command: Command) -> Effect:
        carried = self.carrier or command
        return Effect(kind="state", tool=command.name or "", command=carried, cwd=self.state.cwd)

    def _each_way(
        self, command: Command, upstream: Call | None, downstream: tuple[Arg, ...]
    ) -> tuple[Effects, Call | None]:
        """The effects of a command with each of the positional parameters that there may be."""
        before = self.state
        if len(before.ways) < 2 or not blocks.uses_parameters(command):
            return self._command(command, upstream, downstream)
        found: list[Effect] = []
        ends: list[State] = []
        for way in before.ways:
            self.state = kept_state(before, self.state).with_arguments(way)
            effects, call = self._command(command, upstream, downstream)
            found += effects
            ends.append(self.state)
        self.state = after(ends, self.state)
        return tuple(found), call

    def _command(
        self, command: Command, upstream: Call | None, downstream: tuple[Arg, ...]
    ) -> tuple[Effects, Call | None]:
        if not command.words:
            effect = self._state_effect(command)
            before = self.state
            for name, word in command.assigns:
                self.state = self.state.with_variable(name, resolve(word, self.state))
            if command.blocks and command.blocks[-1].kind in ("(", "{"):
                group = group_call(self.printing, self.state, command)
                self.state = changed_state(group, (), self.state) if group is not None else self.state
            return redirected((effect,), command, before), None
        state = self.state.with_env({name: resolve(word, self.state) for name, word in command.assigns})
        call = self._call(command, state, upstream, downstream)
        body = self.functions.get(call.name)
        if body is not None and ("function", call.name) not in self.seen:
            effects = self._function_effects(call, body)
        else:
            found = tuple(with_local_sources(e, self.state.view) for e in self._start(call, command))
            effects = with_wrappers(found, call.wrappers)
            self.state = changed_state(call, found, self.state)
            # POSIX: assignments before a special builtin persist; bash in its own mode drops them
            if is_special_builtin(call.name) and self.state.shell[0].endswith("/sh"):
                for name, word in command.assigns:
                    self.state = self.state.with_variable(name, resolve(word, self.state))
            if call.name in (".", "source"):
                effects = self._source(call, effects)
        return redirected(effects, command, call.state), call

    def _call(
        self, command: Command, state: State, upstream: Call | None, downstream: tuple[Arg, ...]
    ) -> Call:
        outer, written = self.carrier or command, command
        spans = self.carrier is None and not self.repeated
        files = output_files(command, state)
        command, state, wrappers = started_by_wrappers(command, state)
        words = command.words
        program = arguments(words[:1], state, spans=spans)
        path = program[0].value if program else None
        args = (*program[1:], *arguments(words[1:], state, spans=spans))
        return Call(
            name=(path or "").rstrip("/").rpartition("/")[2],
            path=path or "",
            args=args,
            state=state,
            command=outer,
            outputs=files,
            appends=appending(written),
            stdin=stdin(command, state),
            upstream=upstream,
            downstream=downstream,
            wrappers=wrappers,
            starter=lambda call: self._start(call, written),
            runner=lambda text, start, key, line: self._run_script(
                text, start, key, outer, self.source.inner(text, key, line, written.start)
            ),
        )

    def _function_effects(self, call: Call, body: blocks.Function) -> Effects:
        """The effects of a function's body at a call."""
        state = replace(call.state.with_arguments(known_values(call.args)), written=frozenset(), ends=False)
        inner = self._inner(state, call.command, ("function", call.name), body.source)
        inner.functions = self.functions
        inner._nested(body.commands, body.depth)
        self.state = after_function(inner.state, self.state, blocks.local(body.commands))
        return followed(marked(inner.found, inner.state.written)) or call.effect("check")

    def _source(self, call: Call, head: Effects) -> Effects:
        """`. FILE`: languages know some files by name, others run in this shell if their text is known."""
        head = (replace(head[0], **call.inputs(call.args[:1])), *head[1:])
        path = call.path_of(call.args[0]) if call.args and call.args[0].value is not None else None
        known = sourced_by_language(path, self.state) if path is not None else None
        text = self.state.view.text(path) if path is not None else None
        if path is None or text is None or known is not None:
            self.state = known or self.state
            return head
        key, state = ("source", path), replace(self.state, sourced=path)
        effects, end = self._script(text, state, key, call.command, Source(text, path), self.functions)
        if end is not None:
            before = self.state
            self.state = replace(end, sourced=before.sourced, written=before.written, ends=before.ends)
        return (*head, *effects)

    def _start(self, call: Call, command: Command) -> Effects:
        """The effects of a program."""
        at = len(self.started)
        self.started.append(Started(call, command, self.source, self._depth()))
        effects = effects_of(call)
        self.started[at] = replace(self.started[at], effects=effects)
        return effects

    def _depth(self) -> int:
        return sum(key[0] != "function" for key in self.seen)

    def _run_script(self, text: str, state: State, key: Key, carrier: Command, source: Source) -> Effects:
        effects, end = self._script(text, state, key, carrier, source, {})
        if end is not None:
            self.state = kept_state(self.state, end)
        return effects

    def _script(
        self, text: str, state: State, key: Key, carrier: Command, source: Source, functions: Functions
    ) -> tuple[Effects, State | None]:
        why, script, name = None, None, key[-1] if key else "sh"
        place = (*(key or ("text", text)), *(state.arguments or ()), state.cwd or "")
        if place in self.seen:  # what it does is known already
            return (Effect(kind="check", tool=name, command=carrier, cwd=state.cwd),), None
        if self._depth() >= _MAX_DEPTH:
            why = Reason.of("SL221", "depth")
        else:
            script = read(text)
            why = Reason.of("SL221", "opaque", why=script.opaque) if script.opaque else None
        if script is None or why:
            return unread(carrier, state, why, name), None
        inner = self._inner(state, carrier, place, source)
        inner.functions = functions
        effects = tuple(effect for atom in script.atoms for effect in inner.atom(atom))
        return followed(effects), inner.state

    def _inner(self, state: State, carrier: Command, key: tuple[str, ...], source: Source) -> _Walk:
        return _Walk(state, source, carrier, (*self.seen, key), started=self.started, level=self.level + 4)
