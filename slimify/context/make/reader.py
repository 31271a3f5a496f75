"""The first phase of make: reads logical lines, then rules and variables.

`read` gives the logical lines; `Reader` evaluates them with the variables of one call. If a condition
is unknown, its branches are neither active nor inactive.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.context.make.expand import UNKNOWN, Scope, Variable, stem_of
from slimify.model.regex import regex

_MAX_LINES = 50_000
_MAX_INCLUDES = 50

_ASSIGNMENT = (
    r"\s*(?P<modifiers>(?:(?:override|export|private)\s+)*)"
    r"(?P<name>[^\s:=+?!#]+)\s*(?P<operator>:::=|::=|:=|\?=|\+=|!=|=)\s*(?P<value>.*)"
)
_CONDITION = regex(r"\s*(?P<word>ifeq|ifneq|ifdef|ifndef)\b\s*(?P<rest>.*)", re.DOTALL)


class Line(Struct, frozen=True, kw_only=True):
    """A logical line; `number` is its first physical line. Recipe lines keep their inner line ends. One of
    the recipe of a `target` is what the shell gets of it, without its prefixes (`@`, `-`, `+`). `may_fail`:
    make goes on if it fails, or may not run it."""

    number: int
    text: str
    recipe: bool
    file: str = ""
    target: str = ""
    may_fail: bool = False


class Makefile(Struct, frozen=True, kw_only=True):
    """The logical lines of a makefile. `include` returns the text of an included file, or None."""

    lines: tuple[Line, ...]
    include: Callable[[str], str | None] | None = None
    matches: Callable[[str], tuple[str, ...]] | None = None
    output: Callable[[str], str | None] | None = None


def read(text: str, file: str = "") -> Makefile:
    """The logical lines of a makefile. Never fails; very long files are truncated."""
    lines: list[Line] = []
    pending: list[str] = []
    start = 0
    physical = text.split("\n")
    for number, raw in enumerate(physical[:_MAX_LINES], 1):
        start = start or number
        pending.append(raw.removesuffix("\r"))
        if re.search(r"(?<!\\)(?:\\\\)*\\$", pending[-1]) and number < len(physical):
            continue
        recipe = pending[0].startswith("\t")
        if recipe:
            joined = "\n".join([pending[0][1:], *(part.removeprefix("\t") for part in pending[1:])])
        else:
            joined = " ".join(part.removesuffix("\\").strip() for part in pending)
        lines.append(Line(number=start, text=joined, recipe=recipe, file=file))
        pending, start = [], 0
    return Makefile(lines=tuple(lines))


def function_goal(name: str) -> str:
    """A goal that calls a function of the user (`define`), as targets made by `$(eval)` do."""
    return f"define {name}"


class Rule(Struct):
    """A rule with its unexpanded recipe lines. `stem_pattern` is set for a pattern rule."""

    targets: tuple[str, ...]
    prerequisites: tuple[str, ...]
    pattern: str | None = None
    double: bool = False
    uncertain: bool = False
    recipe: list[Line] = field(default_factory=list)


class _Branch(Struct):
    """An open conditional; `taken` is None if its condition is unknown."""

    taken: bool | None
    active: bool | None
    outer: bool | None


class Reader:
    """Evaluates the lines once, as make's first phase does."""

    def __init__(self, makefile: Makefile) -> None:
        self.makefile = makefile
        self.scope = Scope(matches=makefile.matches, output=makefile.output)
        self.rules: list[Rule] = []
        self.own: dict[str, list[re.Match[str]]] = {}
        self.phony: set[str] = set()
        self.exported: set[str] = set()
        self.one_shell = False
        self.includes = 0
        self._by_target: dict[str, list[Rule]] = {}
        self._branches: list[_Branch] = []
        self._define: tuple[str, str, list[str]] | None = None
        self._current: list[Rule] = []

    @property
    def active(self) -> bool | None:
        """Whether the current line is in an active branch; None if unknown."""
        return self._branches[-1].active if self._branches else True

    def run(self, lines: tuple[Line, ...]) -> None:
        for line in lines:
            if self._define is not None:
                self._in_define(line)
            elif line.recipe and self._current:
                if self.active is not False:
                    self._add_recipe(line)
            else:
                self._statement(line)

    def explicit(self, name: str) -> list[Rule]:
        return self._by_target.get(name, [])

    def implicit(self, name: str) -> tuple[Rule, str] | None:
        """The pattern rule with the shortest stem, as make chooses."""
        found: tuple[Rule, str] | None = None
        for rule in self.rules:
            for pattern in rule.targets if rule.pattern == "%" else ():
                stem = stem_of(pattern, name)
                if stem and rule.recipe and (found is None or len(stem) < len(found[1])):
                    found = rule, stem
        return found

    def default_goal(self) -> str | None:
        chosen = self.scope.value_of(".DEFAULT_GOAL")
        if chosen and UNKNOWN not in chosen:
            return chosen.strip()
        for rule in self.rules:
            for name in rule.targets if rule.pattern != "%" else ():
                if not name.startswith(".") or "/" in name:
                    return name
        return None

    # --- statements ---------------------------------------------------------------------------

    def _statement(self, line: Line) -> None:
        whole = _without_comment(line.text).lstrip()
        text = whole.rstrip()
        if not text or self._conditional(text) or self.active is False:
            return
        word, _, rest = text.partition(" ")
        if word in ("include", "-include", "sinclude"):
            self._include(rest)
        elif word in ("define", "override") and re.match(r"(?:override\s+)?define\s", text):
            match = re.match(r"(?:override\s+)?define\s+(\S+)\s*(\S*)", text)
            self._define = (match[1], match[2] or "=", []) if match else None
        elif match := re.fullmatch(_ASSIGNMENT, whole, re.DOTALL):  # trailing spaces belong to the value
            self._assign(match)
        elif word == "export":
            self.exported.update(rest.split())
        elif word in ("unexport", "undefine", "vpath", "load", "private"):
            self.scope.variables.pop(rest.strip(), None) if word == "undefine" else None
        else:
            self._rule(text, line)

    def _assign(self, match: re.Match[str]) -> None:
        name = self.scope.expand(match["name"])
        if UNKNOWN in name:
            return
        if "export" in match["modifiers"]:
            self.exported.add(name)
        old = self.scope.find(name)
        if self.active is None and not (old is not None and old.fixed):
            self.scope.variables[name] = Variable(UNKNOWN)
            return
        self.scope.assign(name, match["operator"], match["value"], force="override" in match["modifiers"])

    def _in_define(self, line: Line) -> None:
        assert self._define is not None
        name, operator, body = self._define
        if line.text.strip() == "endef":
            if self.active is not False:
                self.scope.assign(name, operator, "\n".join(body))
                text = f"$(call {name},{','.join(['$(any argument)'] * 4)})"
                call = Line(number=line.number, text=text, recipe=True, file=line.file)
                goal = function_goal(name)
                self._by_target[goal] = [Rule(targets=(goal,), prerequisites=(), recipe=[call])]
            self._define = None
        else:
            body.append(line.text)

    def _include(self, rest: str) -> None:
        for name in self.scope.expand(rest).split():
            self.includes += 1
            text = None
            if self.makefile.include is not None and self.includes <= _MAX_INCLUDES:
                text = self.makefile.include(name)
            if text is not None:
                self.run(read(text, file=name).lines)

    def _conditional(self, text: str) -> bool:
        """Handle `if…`, `else` and `endif`. Returns whether the line is one of these."""
        match = _CONDITION.fullmatch(text)
        if match:
            outer = self.active
            holds = self._condition_holds(match["word"], match["rest"]) if outer is not False else False
            self._branches.append(_Branch(holds, _three_valued_and(outer, holds), outer))
            return True
        if text == "endif" and self._branches:
            self._branches.pop()
            return True
        other = re.fullmatch(r"else(?:\s+(.*))?", text, re.DOTALL)
        if other is None or not self._branches:
            return other is not None
        branch = self._branches[-1]
        rest: bool | None = None if branch.taken is None else not branch.taken
        match = _CONDITION.fullmatch(other[1] or "")
        if match and rest is not False:
            holds = self._condition_holds(match["word"], match["rest"])
            rest = _three_valued_and(rest, holds)
        branch.active = _three_valued_and(branch.outer, rest)
        if rest is None or rest:
            branch.taken = rest
        return True

    def _condition_holds(self, word: str, rest: str) -> bool | None:
        if word in ("ifdef", "ifndef"):
            variable = self.scope.find(self.scope.expand(rest).strip())
            return (variable is not None and bool(variable.text)) == (word == "ifdef")
        match = re.fullmatch(r"\((.*)\)\s*", rest, re.DOTALL)
        if match:
            left, _, right = _split_outside(match[1], ",")
        else:
            parts = re.findall(r"\"([^\"]*)\"|'([^']*)'", rest)
            if len(parts) != 2:
                return None
            left, right = parts[0][0] or parts[0][1], parts[1][0] or parts[1][1]
        one, other = (self.scope.expand(side.strip()).strip() for side in (left, right))
        if UNKNOWN in one + other:
            return None
        return (one == other) == (word == "ifeq")

    def _rule(self, text: str, line: Line) -> None:
        head, _, recipe = _split_outside(text, ";")
        left, colon, right = _split_outside(head, ":")
        self._current = []
        if not colon:
            return  # a lone expansion such as $(eval …), or not a makefile
        double = right.startswith(":")
        right = right.removeprefix(":")
        targets = tuple(self.scope.expand(left.rstrip("&")).split())
        own = re.fullmatch(_ASSIGNMENT, right + (";" + recipe if recipe else ""), re.DOTALL)
        if own:
            for name in targets:
                self.own.setdefault(name, []).append(own)
            return
        middle, second, last = _split_outside(right, ":")
        pattern = middle.strip() if second else ("%" if any("%" in name for name in targets) else None)
        wanted = tuple(self.scope.expand(last if second else right).split())
        if targets == (".PHONY",):
            self.phony.update(wanted)
        elif targets == (".ONESHELL",):
            self.one_shell = True
        rule = Rule(targets, wanted, pattern, double, uncertain=self.active is None)
        self.rules.append(rule)
        for name in targets:
            self._by_target.setdefault(name, []).append(rule)
        self._current = [rule]
        if recipe.strip():
            rule.recipe.append(replace(line, text=recipe.strip(), recipe=True))

    def _add_recipe(self, line: Line) -> None:
        for rule in self._current:
            rule.uncertain = rule.uncertain or self.active is None
            rule.recipe.append(line)


def _three_valued_and(one: bool | None, other: bool | None) -> bool | None:
    """Three-valued logical and; None is unknown."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _without_comment(text: str) -> str:
    return re.sub(r"\\#", "#", re.split(r"(?<!\\)#", text, maxsplit=1)[0])


def _split_outside(text: str, separator: str) -> tuple[str, str, str]:
    """Like `str.partition`, ignoring separators within `$(…)` and `${…}`."""
    depth = 0
    for at, char in enumerate(text):
        if char in "({" and (depth or text[at - 1 : at] == "$"):
            depth += 1
        elif char in ")}" and depth:
            depth -= 1
        elif char == separator and not depth:
            return text[:at], separator, text[at + 1 :]
    return text, "", ""
