"""The commands of Makefile targets, in the order in which GNU make runs them if nothing is up to date.

Parts of a line that depend on a shell or the system are `${UNKNOWN}`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.context.make.expand import UNKNOWN, Scope, Variable, stem_of
from slimify.context.make.reader import Line, Makefile, Reader, Rule, read

__all__ = ["Line", "Makefile", "Recipe", "read", "recipe"]

_MAX_COMMANDS = 2_000
_MAX_DEPTH = 100


class Recipe(Struct, frozen=True, kw_only=True):
    """The lines of the goals: those of their prerequisites, then their own. `missing` are goals without a
    rule. Without `one_shell`, each line has a shell of its own."""

    lines: tuple[Line, ...]
    missing: tuple[str, ...] = ()
    one_shell: bool = False
    shell: str = "/bin/sh"
    exports: Mapping[str, str] = field(default_factory=dict)


def recipe(
    makefile: Makefile,
    goals: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Recipe:
    """The recipe of goals; without one, of the default goal.

    `variables` are set on the command line (`make X=1`), so the file cannot override them; it can
    override `environment`.
    """
    state = Reader(makefile)
    for key, value in (environment or {}).items():
        state.scope.variables[key] = Variable(value)
    for key, value in (variables or {}).items():
        state.scope.variables[key] = Variable(value, recursive=True, fixed=True)
    state.run(makefile.lines)
    wanted = goals or (state.default_goal() or "",)
    walk = _Walk(state)
    missing = tuple(goal for goal in wanted if not (state.explicit(goal) or state.implicit(goal)))
    for goal in wanted:
        walk.make(goal, state.scope, 0)
    exports = {key: state.scope.value_of(key) for key in sorted(state.exported) if state.scope.find(key)}
    return Recipe(
        lines=tuple(walk.lines),
        missing=missing,
        one_shell=state.one_shell,
        shell=state.scope.value_of("SHELL"),
        exports={key: value for key, value in exports.items() if UNKNOWN not in value},
    )


class _Walk:
    """Make's second phase: prerequisites first, each target once."""

    def __init__(self, state: Reader) -> None:
        self.state = state
        self.made: set[str] = set()
        self.tried: list[Rule] = []
        self.chain: list[Rule] = []  # no implicit rule appears twice in a chain (GNU make, Chained Rules)
        self.lines: list[Line] = []

    def make(self, name: str, scope: Scope, depth: int) -> None:
        if name in self.made or depth > _MAX_DEPTH or len(self.lines) > _MAX_COMMANDS:
            return
        self.made.add(name)
        rules = self.state.explicit(name)
        if UNKNOWN in name:
            self._each(rules, name, scope, depth)
            return
        stem = ""
        with_recipe = [rule for rule in rules if rule.recipe]
        implicit = None if with_recipe or name in self.state.phony else self.state.implicit(name)
        scope = self._own_variables(name, scope)
        wanted: list[str] = []
        chosen = [rule for rule in with_recipe if rule.double] or with_recipe[-1:]
        if implicit is not None:
            rules, stem, chosen = [*rules, implicit[0]], implicit[1], [implicit[0]]
        for rule in sorted(rules, key=lambda rule: rule not in chosen):
            if rule.pattern is not None and rule.pattern != "%":
                stem = stem_of(rule.pattern, name) or ""
            wanted += [word.replace("%", stem, 1) if rule.pattern else word for word in rule.prerequisites]
        self.chain += chosen
        normal = self._prerequisites(wanted, scope, depth)
        del self.chain[len(self.chain) - len(chosen) :]
        for rule in chosen:
            self._run(rule, name, scope, normal, stem)

    def _prerequisites(self, wanted: list[str], scope: Scope, depth: int) -> list[str]:
        """Makes the prerequisites. Returns those that are not order-only."""
        for word in wanted:
            if word != "|":
                self.make(word, scope, depth + 1)
        return wanted[: wanted.index("|")] if "|" in wanted else wanted

    def _each(self, rules: Sequence[Rule], name: str, scope: Scope, depth: int) -> None:
        """A target of unknown name is made by the rule that says so; else each pattern rule may make it."""
        own = [rule for rule in rules if rule.recipe]
        patterns = [rule for rule in self.state.rules if rule.pattern == "%" and rule.recipe]
        for rule in own or patterns:
            if rule not in self.tried and rule not in self.chain:
                self.tried.append(rule)
                place = rule.targets[0] if rule.pattern == "%" else rule.pattern or name
                wanted = [word.replace("%", UNKNOWN, 1) for word in rule.prerequisites]
                normal = self._prerequisites(wanted, scope, depth)
                some = replace(rule, uncertain=rule.uncertain or own != [rule])
                self._run(some, place.replace("%", UNKNOWN, 1), scope, normal, UNKNOWN)

    def _own_variables(self, name: str, scope: Scope) -> Scope:
        inner = Scope({}, scope)
        for match in self.state.own.get(name, ()):
            inner.assign(match["name"], match["operator"], match["value"])
        return inner if inner.variables else scope

    def _run(self, rule: Rule, name: str, scope: Scope, wanted: list[str], stem: str) -> None:
        unique = " ".join(dict.fromkeys(wanted))
        automatic = {"@": name, "<": wanted[0] if wanted else "", "^": unique, "?": unique, "*": stem}
        automatic["+"] = " ".join(wanted)
        for key in ("@", "<", "^", "*"):
            words = automatic[key].split()
            automatic[key + "D"] = " ".join(posixpath.dirname(word) or "." for word in words)
            automatic[key + "F"] = " ".join(posixpath.basename(word) for word in words)
        inner = Scope({key: Variable(text) for key, text in automatic.items()}, scope)
        for line in rule.recipe:
            # A multi-line variable expands to several commands; a backslash continues a line.
            for text in re.split(r"(?<!\\)\n", inner.expand(line.text)):
                self._line(text, name, line, rule.uncertain)

    def _line(self, text: str, name: str, line: Line, uncertain: bool) -> None:
        prefix = text[: len(text) - len(text.lstrip(" \t\n@+-"))]
        bare = text[len(prefix) :].rstrip()
        if bare and not bare.startswith("#"):
            fails = uncertain or "-" in prefix
            self.lines.append(replace(line, text=bare, target=name, may_fail=fails))
