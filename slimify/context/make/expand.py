"""Static expansion of make variables and functions.

Nothing is executed: `$(shell …)` and functions that access the system expand to `${UNKNOWN}`, which
the shell treats as a variable that is not known.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from slimify.facts import load, words
from slimify.facts.shells import lookup_pattern

UNKNOWN = "${UNKNOWN}"
_MAX_DEPTH = 40
_MAX_STEPS = 20_000
_MAX_LENGTH = 1 << 17


class Variable(Struct, frozen=True):
    """A definition. `recursive`: expanded at each use. `fixed`: the file cannot override it."""

    text: str
    recursive: bool = False
    fixed: bool = False


class Scope(Struct):
    """Variables by name; falls back to `parent`. `matches` gives the known files of a glob, `output` what a
    command prints, None if that is not known."""

    variables: dict[str, Variable] = field(default_factory=dict)
    parent: Scope | None = None
    steps: int = 0
    matches: Callable[[str], tuple[str, ...]] | None = None
    output: Callable[[str], str | None] | None = None

    def find(self, name: str) -> Variable | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope.variables[name]
            scope = scope.parent
        return None

    def assign(self, name: str, operator: str, text: str, *, force: bool = False) -> None:
        """Apply an assignment. A fixed variable is kept unless `force` is set."""
        old = self.find(name)
        if old is not None and old.fixed and not force:
            return
        if operator == "?=":
            if old is None:
                self.variables[name] = Variable(text, recursive=True)
        elif operator == "+=" and old is not None:
            added = text if old.recursive else self.expand(text)
            joined = f"{old.text} {added}" if old.text else added
            self.variables[name] = Variable(joined, old.recursive, old.fixed)
        elif operator == "!=":
            self.variables[name] = Variable(UNKNOWN)
        elif operator in (":=", "::=", ":::="):
            self.variables[name] = Variable(self.expand(text))
        else:
            self.variables[name] = Variable(text, recursive=True)

    def expand(self, text: str, depth: int = 0) -> str:
        """`text` with every reference expanded. Never fails; over the limits, the value is unknown."""
        root = self._root()
        root.steps += 1
        if depth > _MAX_DEPTH or root.steps > _MAX_STEPS:
            return UNKNOWN
        out: list[str] = []
        length = at = 0
        while at < len(text):
            start = text.find("$", at)
            if start < 0 or start + 1 >= len(text):
                out.append(text[at:])
                break
            out.append(text[at:start])
            reference, at = _reference(text, start + 1)
            out.append("$" if reference is None else self._refer(reference, depth))
            length += start + len(out[-1])
            if length > _MAX_LENGTH:
                return UNKNOWN
        return "".join(out)

    def _root(self) -> Scope:
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def _refer(self, reference: str, depth: int) -> str:
        """The value of a reference: the text between `$(` and `)`."""
        name, space, rest = reference.partition(" ")
        if not space:
            name, space, rest = reference.partition("\t")
        if space and (name in FUNCTIONS or name in _LAZY):
            return self._call(name, rest.lstrip(), depth)
        if space and re.fullmatch(r"[a-z-]+", name):
            return UNKNOWN
        head, colon, change = reference.partition(":")
        if colon and "=" in change and "$(" not in head:
            before, _, after = change.partition("=")
            pattern, by = (before, after) if "%" in before else ("%" + before, "%" + after)
            return self._apply("patsubst", [pattern, by, f"$({head})"], depth)
        if "$" in reference:
            reference = self.expand(reference, depth + 1)
        return UNKNOWN if UNKNOWN in reference else self.value_of(reference, depth)

    def value_of(self, name: str, depth: int = 0) -> str:
        """The expanded value of a variable; an undefined one is empty, as in make."""
        variable = self.find(name)
        if variable is not None:
            return self.expand(variable.text, depth + 1) if variable.recursive else variable.text
        if name in words("make.toml", "environment"):
            return UNKNOWN
        return str(load("make.toml")["variables"].get(name, ""))

    def _call(self, name: str, rest: str, depth: int) -> str:
        arguments = _arguments(rest)
        if name == "shell":
            return self._output(self.expand(rest, depth + 1))
        if name == "wildcard":
            return self._matches(self.expand(rest, depth + 1))
        if name in ("if", "or", "and"):
            return self._choose(name, arguments, depth)
        if name == "foreach" and len(arguments) == 3:
            return self._foreach(arguments, depth)
        if name == "call":
            return self._user_function(arguments, depth)
        if name == "value":
            variable = self.find(rest.strip())
            return variable.text if variable is not None else ""
        return self._apply(name, arguments, depth)

    def _output(self, command: str) -> str:
        run = self._root().output
        printed = run(command) if run is not None and UNKNOWN not in command else None
        if printed is not None:
            return " ".join(printed.split("\n"))
        # the place of a program is not known, but what it starts as a command
        return f"$({command} {UNKNOWN})" if re.fullmatch(lookup_pattern(), command) else UNKNOWN

    def _matches(self, patterns: str) -> str:
        """The files of a `$(wildcard)`. Without a known one it is unknown: commands may make some."""
        look = self._root().matches
        known = look is not None and UNKNOWN not in patterns
        found = [name for word in patterns.split() for name in look(word)] if look and known else []
        return " ".join(found) or UNKNOWN

    def _apply(self, name: str, arguments: list[str], depth: int) -> str:
        count, function = FUNCTIONS[name]
        if len(arguments) > count:  # a comma in the last argument is text
            arguments = [*arguments[: count - 1], ",".join(arguments[count - 1 :])]
        values = [self.expand(argument, depth + 1) for argument in arguments]
        if len(values) < count or any(UNKNOWN in value for value in values):
            return UNKNOWN
        try:
            return function(*values)
        except (ValueError, IndexError):
            return UNKNOWN

    def _choose(self, name: str, arguments: list[str], depth: int) -> str:
        if name == "if":
            condition = self.expand(arguments[0].strip(), depth + 1)
            if UNKNOWN in condition:
                return UNKNOWN
            index = 1 if condition else 2
            return self.expand(arguments[index], depth + 1) if index < len(arguments) else ""
        value = ""
        for argument in arguments:
            value = self.expand(argument.strip(), depth + 1)
            if UNKNOWN in value or bool(value) == (name == "or"):
                return value
        return value

    def _foreach(self, arguments: list[str], depth: int) -> str:
        name, values = (self.expand(argument, depth + 1) for argument in arguments[:2])
        if UNKNOWN in name + values:
            return UNKNOWN
        scopes = (Scope({name.strip(): Variable(word)}, self) for word in values.split())
        return " ".join(scope.expand(arguments[2], depth + 1) for scope in scopes)

    def _user_function(self, arguments: list[str], depth: int) -> str:
        values = [self.expand(argument, depth + 1) for argument in arguments]
        variable = self.find(values[0].strip()) if values else None
        if variable is None:
            return UNKNOWN
        numbered = {str(i): Variable(value) for i, value in enumerate(values)}
        return Scope(numbered, self).expand(variable.text, depth + 1)


def _reference(text: str, at: int) -> tuple[str | None, int]:
    """(the reference after a `$`, or None for `$$`; the offset after it)."""
    opening = text[at]
    if opening == "$":
        return None, at + 1
    if opening not in "({":
        return opening, at + 1
    closing = ")" if opening == "(" else "}"
    depth = 0
    for end in range(at, len(text)):
        if text[end] == opening:
            depth += 1
        elif text[end] == closing:
            depth -= 1
            if depth == 0:
                return text[at + 1 : end], end + 1
    return text[at + 1 :], len(text)


def _arguments(text: str) -> list[str]:
    """`text` split at commas outside parentheses and braces."""
    found = [""]
    depth = 0
    for char in text:
        depth += (char in "({") - (char in ")}")
        if char == "," and depth <= 0:
            found.append("")
        else:
            found[-1] += char
    return found


def stem_of(pattern: str, word: str) -> str | None:
    """The stem that `%` matches in a word, or None if the word does not match."""
    head, percent, tail = pattern.partition("%")
    if not percent:
        return "" if pattern == word else None
    if len(word) >= len(head) + len(tail) and word.startswith(head) and word.endswith(tail):
        return word[len(head) : len(word) - len(tail)]
    return None


def _patsubst(pattern: str, by: str, text: str) -> str:
    words = []
    for word in text.split():
        stem = stem_of(pattern.strip(), word)
        words.append(word if stem is None else by.strip().replace("%", stem, 1))
    return " ".join(words)


def _filter(patterns: str, text: str, *, keep: bool) -> str:
    wanted = patterns.split()
    hit = [any(stem_of(p, word) is not None for p in wanted) for word in text.split()]
    return " ".join(word for word, found in zip(text.split(), hit, strict=True) if found == keep)


def _each(function: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: " ".join(function(word) for word in text.split())


def _directory(word: str) -> str:
    return word[: word.rindex("/") + 1] if "/" in word else "./"


_LAZY = frozenset(("shell", "if", "or", "and", "foreach", "call", "value", "wildcard"))
FUNCTIONS: Mapping[str, tuple[int, Callable[..., str]]] = {
    "subst": (3, lambda old, new, text: text.replace(old, new) if old else text),
    "patsubst": (3, _patsubst),
    "strip": (1, lambda text: " ".join(text.split())),
    "findstring": (2, lambda part, text: part if part in text else ""),
    "filter": (2, lambda patterns, text: _filter(patterns, text, keep=True)),
    "filter-out": (2, lambda patterns, text: _filter(patterns, text, keep=False)),
    "sort": (1, lambda text: " ".join(sorted(set(text.split())))),
    "word": (2, lambda n, text: (["", *text.split()][int(n) :] or [""])[0]),
    "words": (1, lambda text: str(len(text.split()))),
    "firstword": (1, lambda text: (text.split() or [""])[0]),
    "lastword": (1, lambda text: (text.split() or [""])[-1]),
    "dir": (1, _each(_directory)),
    "notdir": (1, _each(posixpath.basename)),
    "basename": (1, _each(lambda word: posixpath.splitext(word)[0])),
    "suffix": (1, _each(lambda word: posixpath.splitext(word)[1])),
    "addsuffix": (2, lambda end, text: " ".join(word + end for word in text.split())),
    "addprefix": (2, lambda head, text: " ".join(head + word for word in text.split())),
    "info": (1, lambda _: ""),
    "warning": (1, lambda _: ""),
}
