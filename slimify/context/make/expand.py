"""Static expansion of make variables and functions.

Nothing is executed: `$(shell …)` and functions that access the system expand to `${UNKNOWN}`, which
the shell parser treats as a dynamic word.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from slimify.facts import load, words

UNKNOWN = "${UNKNOWN}"
_MAX_DEPTH = 40
_MAX_STEPS = 20_000
_MAX_LENGTH = 1 << 17


class Value(Struct, frozen=True):
    """Expanded text. `unknown` lists why parts of it are unknown."""

    text: str
    unknown: tuple[str, ...] = ()


class Variable(Struct, frozen=True):
    """A definition. `recursive`: expanded at each use. `fixed`: the file cannot override it."""

    value: Value
    recursive: bool
    fixed: bool = False


class Scope(Struct):
    """Variables by name; falls back to `parent`."""

    variables: dict[str, Variable] = field(default_factory=dict)
    parent: Scope | None = None
    steps: int = 0

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
                self.variables[name] = Variable(Value(text), recursive=True)
        elif operator == "+=" and old is not None:
            added = Value(text) if old.recursive else self.expand(text)
            joined = f"{old.value.text} {added.text}" if old.value.text else added.text
            value = Value(joined, old.value.unknown + added.unknown)
            self.variables[name] = Variable(value, old.recursive, old.fixed)
        elif operator == "!=":
            self.variables[name] = Variable(_unknown("shell"), recursive=False)
        elif operator in (":=", "::=", ":::="):
            self.variables[name] = Variable(self.expand(text), recursive=False)
        else:
            self.variables[name] = Variable(Value(text), recursive=True)

    def expand(self, text: str, depth: int = 0) -> Value:
        """`text` with every reference expanded. Never fails; over the limits, the value is unknown."""
        root = self._root()
        root.steps += 1
        if depth > _MAX_DEPTH or root.steps > _MAX_STEPS:
            return _unknown("too deep")
        out: list[str] = []
        length = 0
        unknown: tuple[str, ...] = ()
        at = 0
        while at < len(text):
            start = text.find("$", at)
            if start < 0 or start + 1 >= len(text):
                out.append(text[at:])
                break
            out.append(text[at:start])
            reference, at = _reference(text, start + 1)
            value = Value("$") if reference is None else self._refer(reference, depth)
            out.append(value.text)
            unknown += value.unknown
            length += start + len(value.text)
            if length > _MAX_LENGTH or len(unknown) > _MAX_LENGTH:
                return _unknown("too long")
        return Value("".join(out), tuple(dict.fromkeys(unknown)))

    def _root(self) -> Scope:
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def _refer(self, reference: str, depth: int) -> Value:
        """The value of a reference: the text between `$(` and `)`."""
        name, space, rest = reference.partition(" ")
        if not space:
            name, space, rest = reference.partition("\t")
        if space and (name in FUNCTIONS or name in _LAZY):
            return self._call(name, rest.lstrip(), depth)
        if space and re.fullmatch(r"[a-z-]+", name):
            return _unknown(name)
        head, colon, change = reference.partition(":")
        if colon and "=" in change and "$(" not in head:
            before, _, after = change.partition("=")
            pattern, by = (before, after) if "%" in before else ("%" + before, "%" + after)
            return self._apply("patsubst", [pattern, by, f"$({head})"], depth)
        if "$" in reference:
            inner = self.expand(reference, depth + 1)
            if inner.unknown:
                return Value(UNKNOWN, inner.unknown)
            reference = inner.text
        return self.value_of(reference, depth)

    def value_of(self, name: str, depth: int = 0) -> Value:
        """The expanded value of a variable; an undefined one is empty, as in make."""
        variable = self.find(name)
        if variable is None:
            if name in words("make.toml", "environment"):
                return _unknown(name)
            return Value(load("make.toml")["variables"].get(name, ""))
        if not variable.recursive:
            return variable.value
        value = self.expand(variable.value.text, depth + 1)
        return Value(value.text, variable.value.unknown + value.unknown)

    def _call(self, name: str, rest: str, depth: int) -> Value:
        arguments = _arguments(rest)
        if name == "shell":
            command = self.expand(rest, depth + 1)
            bare = command.text.split("2>")[0].strip()
            if bare == "pwd" and not command.unknown:
                return self.value_of("CURDIR", depth)
            answer = None if command.unknown else load("make.toml")["answers"].get(bare)
            return Value(answer) if answer is not None else _unknown("shell")
        if name in ("if", "or", "and"):
            return self._choose(name, arguments, depth)
        if name == "foreach" and len(arguments) == 3:
            return self._foreach(arguments, depth)
        if name == "call":
            return self._user_function(arguments, depth)
        if name == "value":
            variable = self.find(rest.strip())
            return variable.value if variable is not None else Value("")
        return self._apply(name, arguments, depth)

    def _apply(self, name: str, arguments: list[str], depth: int) -> Value:
        count, function = FUNCTIONS[name]
        if len(arguments) > count:  # a comma in the last argument is text
            arguments = [*arguments[: count - 1], ",".join(arguments[count - 1 :])]
        values = [self.expand(argument, depth + 1) for argument in arguments]
        unknown = tuple(reason for value in values for reason in value.unknown)
        if unknown or len(values) < count:
            return Value(UNKNOWN, unknown or (name,))
        try:
            return Value(function(*(value.text for value in values)))
        except (ValueError, IndexError):
            return _unknown(name)

    def _choose(self, name: str, arguments: list[str], depth: int) -> Value:
        if name == "if":
            condition = self.expand(arguments[0].strip(), depth + 1)
            if condition.unknown:
                return Value(UNKNOWN, condition.unknown)
            index = 1 if condition.text else 2
            return self.expand(arguments[index], depth + 1) if index < len(arguments) else Value("")
        value = Value("")
        for argument in arguments:
            value = self.expand(argument.strip(), depth + 1)
            if value.unknown or bool(value.text) == (name == "or"):
                return value
        return value

    def _foreach(self, arguments: list[str], depth: int) -> Value:
        name, words = self.expand(arguments[0], depth + 1), self.expand(arguments[1], depth + 1)
        if name.unknown or words.unknown:
            return Value(UNKNOWN, name.unknown + words.unknown)
        found = []
        for word in words.text.split():
            scope = Scope({name.text.strip(): Variable(Value(word), recursive=False)}, self)
            found.append(scope.expand(arguments[2], depth + 1))
        unknown = tuple(reason for value in found for reason in value.unknown)
        return Value(" ".join(value.text for value in found), unknown)

    def _user_function(self, arguments: list[str], depth: int) -> Value:
        values = [self.expand(argument, depth + 1) for argument in arguments]
        variable = self.find(values[0].text.strip()) if values and not values[0].unknown else None
        if variable is None:
            return _unknown("call")
        numbered = {str(i): Variable(value, recursive=False) for i, value in enumerate(values)}
        return Scope(numbered, self).expand(variable.value.text, depth + 1)


def _unknown(reason: str) -> Value:
    return Value(UNKNOWN, (reason,))


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


def _pattern_matches(pattern: str, word: str) -> str | None:
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
        stem = _pattern_matches(pattern.strip(), word)
        words.append(word if stem is None else by.strip().replace("%", stem, 1))
    return " ".join(words)


def _filter(patterns: str, text: str, *, keep: bool) -> str:
    wanted = patterns.split()
    hit = [any(_pattern_matches(p, word) is not None for p in wanted) for word in text.split()]
    return " ".join(word for word, found in zip(text.split(), hit, strict=True) if found == keep)


def _each(function: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: " ".join(function(word) for word in text.split())


def _directory(word: str) -> str:
    return word[: word.rindex("/") + 1] if "/" in word else "./"


stem_of = _pattern_matches
_LAZY = frozenset(("shell", "if", "or", "and", "foreach", "call", "value"))
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
