"""`.dockerignore`: which paths of the build context the builder never sees.

In: the text of the file; out: an `Ignore` that answers for one path at a time. Follows
moby/patternmatcher as BuildKit uses it (`ignorefile.ReadAll`, `MatchesUsingParentResults`). A pattern
that Docker would reject matches nothing here and is listed in `Ignore.errors`.
"""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from typing import Literal

from msgspec import Struct

# A longer path, or a pattern with more wildcards, is matched in linear time instead of by `re`,
# which would backtrack (a context may be hostile).
_SHORT_PATH = 512
_FEW_WILDCARDS = 3
_CACHED_DIRECTORIES = 50_000

_Kind = Literal["char", "one", "set", "name", "tree", "rest"]


class _Token(Struct, frozen=True):
    """`char` itself; `one` = `?`; `set` = `[…]`; `name` = `*`; `tree` = `**/`; `rest` = anything."""

    kind: _Kind
    regex: str


_ONE = _Token("one", "[^/]")
_NAME = _Token("name", "[^/]*")
_TREE = _Token("tree", "(?:.*/)?")
_REST = _Token("rest", ".*")


class _Group(Struct, frozen=True):
    """Neighbouring patterns of one sign: their order among each other does not matter."""

    exception: bool
    literals: frozenset[str]
    quick: re.Pattern[str] | None
    globs: tuple[tuple[_Token, ...], ...]
    slow: tuple[tuple[_Token, ...], ...]

    def matches(self, path: str) -> bool:
        if path in self.literals:
            return True
        if len(path) > _SHORT_PATH:
            return any(_matches(tokens, path) for tokens in self.globs + self.slow)
        if self.quick is not None and self.quick.fullmatch(path):
            return True
        return any(_matches(tokens, path) for tokens in self.slow)


class Ignore(Struct, frozen=True, dict=True):
    """The rules of one file. `patterns` are cleaned, `errors` name the patterns Docker rejects."""

    patterns: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    groups: tuple[_Group, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Ignore:
        """The rules in `text`. Never fails."""
        patterns: list[str] = []
        errors: list[str] = []
        parsed: list[tuple[bool, str, tuple[_Token, ...]]] = []
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            pattern = _clean(line)
            if pattern is None:
                continue
            exception = pattern.startswith("!")
            bare = pattern[1:] if exception else pattern
            try:
                if exception and bare in ("", "/"):
                    raise ValueError("nothing behind the !")
                parsed.append((exception, bare, _tokens(bare)))
            except ValueError as error:
                errors.append(f"line {number}: {line.strip()}: {error}")
                continue
            patterns.append(pattern)
        return cls(tuple(patterns), tuple(errors), _grouped(parsed))

    @cached_property
    def _states(self) -> dict[str, tuple[bool, ...]]:
        return {}

    def ignores(self, path: str) -> bool:
        """Whether the builder does not see `path` (relative to the context, POSIX, no `./`)."""
        if not self.groups:
            return False
        parent, slash, _ = path.rpartition("/")
        return self._verdict(self._step(self._state(parent) if slash else (), path))

    def may_readmit(self, directory: str) -> bool:
        """Whether a `!` pattern could match something below `directory`, although it is ignored."""
        parts = directory.split("/")
        return any(_reaches_below(pattern[1:], parts) for pattern in self.patterns if pattern.startswith("!"))

    def _state(self, directory: str) -> tuple[bool, ...]:
        """Which groups matched the directory or a parent of it: its files inherit that."""
        pending: list[str] = []
        known: tuple[bool, ...] | None = None
        while (known := self._states.get(directory)) is None:
            pending.append(directory)
            parent, slash, _ = directory.rpartition("/")
            if not slash:
                known = ()
                break
            directory = parent
        if len(self._states) > _CACHED_DIRECTORIES:
            self._states.clear()
        for directory in reversed(pending):
            known = self._states[directory] = self._step(known, directory)
        return known

    def _step(self, inherited: tuple[bool, ...], path: str) -> tuple[bool, ...]:
        # BuildKit asks a pattern only where its answer could change the verdict so far, and what
        # was not asked for a directory is not inherited from it either.
        ignored = False
        result = []
        for index, group in enumerate(self.groups):
            matched = bool(inherited) and inherited[index]
            if not matched and group.exception == ignored:
                matched = group.matches(path)
            if matched:
                ignored = not group.exception
            result.append(matched)
        return tuple(result)

    def _verdict(self, state: tuple[bool, ...]) -> bool:
        for group, matched in zip(reversed(self.groups), reversed(state), strict=True):
            if matched:
                return not group.exception
        return False


class Glob(Struct, frozen=True):
    """One wildcard pattern, without `!`, that a whole path has to match: `**` crosses slashes."""

    pattern: str
    group: _Group

    @classmethod
    def parse(cls, pattern: str) -> Glob:
        """ValueError where Docker calls the pattern malformed."""
        return cls(pattern, _group(False, [(pattern, _tokens(pattern))]))

    def matches(self, path: str) -> bool:
        return self.group.matches(path)


def _clean(line: str) -> str | None:
    """One line as a pattern, a leading `!` kept, or None for a comment or a blank line."""
    if line.startswith("#"):
        return None
    line = line.strip()
    sign = "!" if line.startswith("!") else ""
    pattern = line.removeprefix("!").strip()
    if not pattern:
        return sign or None
    pattern = posixpath.normpath(pattern)
    if pattern.startswith("//"):  # POSIX keeps two slashes, Go's filepath.Clean does not
        pattern = pattern[1:]
    if len(pattern) > 1:
        pattern = pattern.removeprefix("/")
    return sign + pattern


def _tokens(pattern: str) -> tuple[_Token, ...]:
    """The pattern in pieces. ValueError where Go's `filepath.Match` calls it malformed."""
    tokens: list[_Token] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*" and pattern.startswith("*", at):
            at += 1
            slash = pattern.startswith("/", at)
            at += slash
            # moby compares the tail as a plain string in `**tail`, so it may begin inside a name.
            loose = at == 2 and not re.search(r"[*?\[\]\\]", pattern[2:])
            tokens.append(_REST if at == len(pattern) or (loose and not slash) else _TREE)
        elif char == "*":
            tokens.append(_NAME)
        elif char == "?":
            tokens.append(_ONE)
        elif char == "[":
            end = _class_end(pattern, at)
            tokens.append(_Token("set", _class(pattern[at:end])))
            at = end + 1
        elif char == "\\":
            if at == len(pattern):
                raise ValueError("ends in a backslash")
            tokens.append(_Token("char", re.escape(pattern[at])))
            at += 1
        else:
            tokens.append(_Token("char", re.escape(char)))
    return tuple(tokens)


def _class_end(pattern: str, at: int) -> int:
    start = at + pattern.startswith("^", at)
    at = start
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] == "]" and at > start:
            return at
        at += 1
    raise ValueError("[ without ]")


def _class(body: str) -> str:
    """`[…]` as a regular expression. Go's rules: `^` negates, no bare `-` or `]` at an end."""
    negated = body.startswith("^")
    ranges = re.findall(r"(\\.|[^\\\-\]])(?:-(\\.|[^\\\-\]]))?", body[negated:], re.DOTALL)
    if sum(len(low) + (len(high) + 1 if high else 0) for low, high in ranges) != len(body) - negated:
        raise ValueError("malformed [ ]")
    text = ""
    for low, high in ranges:
        text += re.escape(low[-1])
        if high:
            if high[-1] < low[-1]:
                raise ValueError("malformed [ ]")
            text += "-" + re.escape(high[-1])
    return f"[{'^' if negated else ''}{text}]"


def _grouped(parsed: list[tuple[bool, str, tuple[_Token, ...]]]) -> tuple[_Group, ...]:
    groups: list[_Group] = []
    start = 0
    while start < len(parsed):
        end = start
        while end < len(parsed) and parsed[end][0] == parsed[start][0]:
            end += 1
        groups.append(_group(parsed[start][0], [(bare, tokens) for _, bare, tokens in parsed[start:end]]))
        start = end
    return tuple(groups)


def _group(exception: bool, members: list[tuple[str, tuple[_Token, ...]]]) -> _Group:
    literals: list[str] = []
    globs: list[tuple[_Token, ...]] = []
    slow: list[tuple[_Token, ...]] = []
    for bare, tokens in members:
        wildcards = sum(token.kind in ("name", "tree", "rest") for token in tokens)
        if all(token.kind == "char" for token in tokens):
            literals.append(re.sub(r"\\(.)", r"\1", bare))
        elif wildcards <= _FEW_WILDCARDS:
            globs.append(tokens)
        else:
            slow.append(tokens)
    text = "|".join("".join(token.regex for token in tokens) for tokens in globs)
    return _Group(
        exception,
        frozenset(literals),
        re.compile(text, re.DOTALL) if globs else None,
        tuple(globs),
        tuple(slow),
    )


def _matches(tokens: tuple[_Token, ...], path: str) -> bool:
    """Match without backtracking: follow every position in the pattern at once.

    A position `i` stands before token i; `~i` stands inside the `.*` of a `**/` at i.
    """
    here = _closure({0}, tokens)
    for char in path:
        following: set[int] = set()
        for at in here:
            if at < 0:
                following.add(at)
                if char == "/":
                    following.add(~at + 1)
            elif at < len(tokens):
                following |= _advance(tokens[at], at, char)
        if not following:
            return False
        here = _closure(following, tokens)
    return len(tokens) in here


def _advance(token: _Token, at: int, char: str) -> set[int]:
    match token.kind:
        case "tree":
            return {~at, at + 1} if char == "/" else {~at}
        case "rest":
            return {at}
        case "name":
            return {at} if char != "/" else set()
        case _:
            return {at + 1} if re.fullmatch(token.regex, char, re.DOTALL) else set()


def _closure(states: set[int], tokens: tuple[_Token, ...]) -> set[int]:
    result = set(states)
    for at in states:
        while 0 <= at < len(tokens) and tokens[at].kind in ("name", "tree", "rest"):
            at += 1
            result.add(at)
    return result


def _reaches_below(pattern: str, parts: list[str]) -> bool:
    """Whether `pattern` may match a path strictly below the directory with these parts."""
    segments = pattern.split("/")
    for index, part in enumerate(parts):
        if index == len(segments):
            return False
        if "**" in segments[index] or "[" in segments[index]:
            return True
        try:
            tokens = _tokens(segments[index])
        except ValueError:  # an escaped slash
            return True
        if not _matches(tokens, part):
            return False
    return len(segments) > len(parts)
