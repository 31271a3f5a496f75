"""The rules of `.dockerignore`: which paths the builder excludes from the build context.

Follows moby/patternmatcher as BuildKit uses it (`ignorefile.ReadAll`, `MatchesUsingParentResults`). A
pattern that Docker rejects matches nothing and is listed in `Ignore.errors`.
"""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from itertools import groupby

from msgspec import Struct

from slimify.model.globs import NAME, REST, TREE, Tokens, matches

# Longer paths and patterns with more wildcards are matched in linear time instead of with `re`.
_SHORT_PATH = 512
_FEW_WILDCARDS = 3
_CACHED_DIRECTORIES = 50_000


class _Group(Struct, frozen=True):
    """Consecutive patterns that all exclude, or all re-include (`!`); their order does not matter."""

    exception: bool
    literals: frozenset[str]
    quick: re.Pattern[str] | None
    globs: tuple[Tokens, ...]
    slow: tuple[Tokens, ...]

    def matches(self, path: str) -> bool:
        if path in self.literals:
            return True
        if len(path) > _SHORT_PATH:
            return any(matches(tokens, path) for tokens in self.globs + self.slow)
        if self.quick is not None and self.quick.fullmatch(path):
            return True
        return any(matches(tokens, path) for tokens in self.slow)


class IgnoreRules(Struct, frozen=True, dict=True):
    """The rules of one file. `patterns` are normalized; `errors` lists patterns that Docker rejects."""

    patterns: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    groups: tuple[_Group, ...] = ()

    @classmethod
    def parse(cls, text: str) -> IgnoreRules:
        """The rules in `text`. Never fails."""
        patterns: list[str] = []
        errors: list[str] = []
        parsed: list[tuple[bool, str, Tokens]] = []
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            pattern = _parse_line(line)
            if pattern is None:
                continue
            exception = pattern.startswith("!")
            bare = pattern[1:] if exception else pattern
            try:
                if exception and bare in ("", "/"):
                    raise ValueError("no pattern after !")
                parsed.append((exception, bare, _tokens(bare)))
            except ValueError as error:
                errors.append(f"line {number}: {line.strip()}: {error}")
                continue
            patterns.append(pattern)
        return cls(tuple(patterns), tuple(errors), _groups(parsed))

    @cached_property
    def _states(self) -> dict[str, tuple[bool, ...]]:
        return {}

    def ignores(self, path: str) -> bool:
        """Whether the builder excludes `path` (relative to the context, POSIX, no `./`)."""
        if not self.groups:
            return False
        parent, slash, _ = path.rpartition("/")
        return self._is_excluded(self._step(self._state(parent) if slash else (), path))

    def may_reinclude(self, directory: str) -> bool:
        """Whether a `!` pattern could match a path below an ignored directory."""
        parts = directory.split("/")
        return any(
            _may_match_below(pattern[1:], parts) for pattern in self.patterns if pattern.startswith("!")
        )

    def _state(self, directory: str) -> tuple[bool, ...]:
        """Whether each group matches the directory or a parent; its files inherit this."""
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
        # BuildKit skips a pattern that could not change the result so far. A pattern skipped for a
        # directory is not inherited by its files either.
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

    def _is_excluded(self, state: tuple[bool, ...]) -> bool:
        for group, matched in zip(reversed(self.groups), reversed(state), strict=True):
            if matched:
                return not group.exception
        return False


class Glob(Struct, frozen=True):
    """One wildcard pattern without `!`, matched against the whole path. `**` crosses slashes."""

    pattern: str
    group: _Group

    @classmethod
    def parse(cls, pattern: str) -> Glob:
        """Parse a pattern. Raises ValueError if Docker rejects it as malformed."""
        return cls(pattern, _group(False, [(pattern, _tokens(pattern))]))

    def matches(self, path: str) -> bool:
        return self.group.matches(path)


def _parse_line(line: str) -> str | None:
    """The pattern on a line, including a leading `!`, or None for a comment or blank line."""
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


def _tokens(pattern: str) -> Tokens:
    """The tokens of a pattern. Raises ValueError if Go's `filepath.Match` rejects it as malformed."""
    tokens: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*" and pattern.startswith("*", at):
            at += 1
            slash = pattern.startswith("/", at)
            at += slash
            # moby compares the tail of `**tail` as a suffix, so it may start within a name.
            loose = at == 2 and not re.search(r"[*?\[\]\\]", pattern[2:])
            tokens.append(REST if at == len(pattern) or (loose and not slash) else TREE)
        elif char == "*":
            tokens.append(NAME)
        elif char == "?":
            tokens.append("[^/]")
        elif char == "[":
            end = _class_end(pattern, at)
            tokens.append(_class(pattern[at:end]))
            at = end + 1
        elif char == "\\":
            if at == len(pattern):
                raise ValueError("ends in a backslash")
            tokens.append(re.escape(pattern[at]))
            at += 1
        else:
            tokens.append(re.escape(char))
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
    """`[…]` as a regular expression. Go's rules: `^` negates; `-` and `]` at an end must be escaped."""
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


def _groups(parsed: list[tuple[bool, str, Tokens]]) -> tuple[_Group, ...]:
    rows = groupby(parsed, lambda row: row[0])
    return tuple(_group(exception, [row[1:] for row in group]) for exception, group in rows)


def _group(exception: bool, members: list[tuple[str, Tokens]]) -> _Group:
    literals: list[str] = []
    globs: list[Tokens] = []
    slow: list[Tokens] = []
    for bare, tokens in members:
        wildcards = sum(token in (NAME, TREE, REST) for token in tokens)
        if not wildcards and not any(token.startswith("[") for token in tokens):
            literals.append(re.sub(r"\\(.)", r"\1", bare))
        else:
            (globs if wildcards <= _FEW_WILDCARDS else slow).append(tokens)
    quick = re.compile("|".join(map("".join, globs)), re.DOTALL) if globs else None
    return _Group(exception, frozenset(literals), quick, tuple(globs), tuple(slow))


def _may_match_below(pattern: str, parts: list[str]) -> bool:
    """Whether `pattern` could match a path below the directory with these parts."""
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
        if not matches(tokens, part):
            return False
    return len(segments) > len(parts)
