"""The commands of a Makefile target, in the order in which GNU make runs them if nothing is up to date.

A line whose text depends on a shell or the system is reported as dynamic.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from msgspec import Struct, field

from slimify.context.make.expand import Scope, Value, Variable, stem_of
from slimify.context.make.reader import Line, Makefile, Reader, Rule, read

__all__ = ["Line", "Makefile", "Recipe", "RecipeCommand", "read", "target"]

_MAX_COMMANDS = 2_000
_MAX_DEPTH = 100


class RecipeCommand(Struct, frozen=True, kw_only=True):
    """One command line without its prefixes (`@`, `-`, `+`).

    `text` is what the shell receives, or None if parts are unknown. `partial` has `${UNKNOWN}` for
    these parts, and `dynamic` lists why they are unknown.
    """

    text: str | None
    partial: str
    target: str
    line: int
    file: str = ""
    dynamic: tuple[str, ...] = ()
    silent: bool = False
    ignore_errors: bool = False


class Recipe(Struct, frozen=True, kw_only=True):
    """The commands of a target: those of its prerequisites, then its own.

    `files` are prerequisites without a rule, which must exist. `phony`: the target is not a file.
    `variables` are the known plain variables of the makefile; `notes` lists what was not understood.
    """

    target: str
    commands: tuple[RecipeCommand, ...]
    targets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    phony: bool = False
    one_shell: bool = False
    shell: str = "/bin/sh"
    exports: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def target(
    makefile: Makefile,
    name: str | None,
    variables: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Recipe | None:
    """The recipe of a target, or None if there is no such target. `name` None is the default goal.

    `variables` are set on the command line (`make X=1`), so the file cannot override them; it can
    override `environment`.
    """
    state = Reader(makefile)
    for key, value in (environment or {}).items():
        state.scope.variables[key] = Variable(Value(value), recursive=False)
    for key, value in (variables or {}).items():
        state.scope.variables[key] = Variable(Value(value), recursive=True, fixed=True)
    state.run(makefile.lines)
    goal = name if name is not None else state.default_goal()
    if goal is None or not (state.explicit(goal) or state.implicit(goal)):
        return None
    walk = _Walk(state)
    walk.make(goal, state.scope, 0)
    exports = {key: state.scope.value_of(key) for key in sorted(state.exported) if state.scope.find(key)}
    return Recipe(
        target=goal,
        commands=tuple(walk.commands),
        targets=tuple(walk.made),
        files=tuple(dict.fromkeys(walk.files)),
        phony=goal in state.phony,
        one_shell=state.one_shell,
        shell=state.scope.value_of("SHELL").text,
        exports={key: value.text for key, value in exports.items() if not value.unknown},
        notes=tuple(state.notes),
    )


class _Walk:
    """Make's second phase: prerequisites first, each target once."""

    def __init__(self, state: Reader) -> None:
        self.state = state
        self.made: dict[str, None] = {}
        self.files: list[str] = []
        self.commands: list[RecipeCommand] = []

    def make(self, name: str, scope: Scope, depth: int) -> None:
        if name in self.made:
            return
        rules = self.state.explicit(name)
        stem = ""
        with_recipe = [rule for rule in rules if rule.recipe]
        implicit = None if with_recipe or name in self.state.phony else self.state.implicit(name)
        if not rules and implicit is None:
            self.files.append(name)
            return
        if depth > _MAX_DEPTH or len(self.commands) > _MAX_COMMANDS:
            self.state.notes.append(f"{name}: too many prerequisites")
            return
        self.made[name] = None
        scope = self._own_variables(name, scope)
        wanted: list[str] = []
        chosen = [rule for rule in with_recipe if rule.double] or with_recipe[-1:]
        if implicit is not None:
            rules, stem, chosen = [*rules, implicit[0]], implicit[1], [implicit[0]]
        for rule in sorted(rules, key=lambda rule: rule not in chosen):
            if rule.pattern is not None and rule.pattern != "%":
                stem = stem_of(rule.pattern, name) or ""
            wanted += [word.replace("%", stem, 1) if rule.pattern else word for word in rule.prerequisites]
        real = [word for word in wanted if word != "|"]
        for word in dict.fromkeys(real):
            self.make(word, scope, depth + 1)
        normal = wanted[: wanted.index("|")] if "|" in wanted else wanted
        for rule in chosen:
            self._run(rule, name, scope, normal, stem)

    def _own_variables(self, name: str, scope: Scope) -> Scope:
        assignments = self.state.own.get(name)
        if not assignments:
            return scope
        inner = Scope({}, scope)
        for match in assignments:
            inner.assign(match["name"], match["operator"], match["value"])
        return inner

    def _run(self, rule: Rule, name: str, scope: Scope, wanted: list[str], stem: str) -> None:
        unique = " ".join(dict.fromkeys(wanted))
        automatic = {"@": name, "<": wanted[0] if wanted else "", "^": unique, "?": unique, "*": stem}
        automatic["+"] = " ".join(wanted)
        for key in ("@", "<", "^", "*"):
            words = automatic[key].split()
            automatic[key + "D"] = " ".join(posixpath.dirname(word) or "." for word in words)
            automatic[key + "F"] = " ".join(posixpath.basename(word) for word in words)
        inner = Scope({key: Variable(Value(text), recursive=False) for key, text in automatic.items()}, scope)
        for line in rule.recipe:
            value = inner.expand(line.text)
            reasons = value.unknown + (("condition",) if rule.uncertain else ())
            # A multi-line variable expands to several commands; a backslash continues a line.
            for text in re.split(r"(?<!\\)\n", value.text):
                self._command(text, name, line, reasons)

    def _command(self, text: str, name: str, line: Line, reasons: tuple[str, ...]) -> None:
        match = re.match(r"[\s@+-]*", text)
        prefix = match[0] if match else ""
        bare = text[len(prefix) :].rstrip()
        if bare and not bare.startswith("#"):
            self.commands.append(
                RecipeCommand(
                    text=None if reasons else bare,
                    partial=bare,
                    target=name,
                    line=line.number,
                    file=line.file,
                    dynamic=reasons,
                    silent="@" in prefix,
                    ignore_errors="-" in prefix,
                )
            )
