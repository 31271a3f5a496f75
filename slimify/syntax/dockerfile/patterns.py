"""Wildcard matching for `${x#pattern}` and `${x/pattern/text}`, without backtracking.

As in BuildKit, `*` matches any text, `?` matches one character, a backslash escapes the next
character, and `[` is literal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

Segment = re.Pattern[str]


class PatternError(ValueError):
    """A needless escape, which BuildKit rejects."""


def trim_prefix(value: str, pattern: str, *, longest: bool) -> str:
    end = _match(_segments(pattern), value, 0, longest)
    return value if end is None else value[end:]


def trim_suffix(value: str, pattern: str, *, longest: bool) -> str:
    return trim_prefix(value[::-1], _reversed(pattern), longest=longest)[::-1]


def replace(value: str, pattern: str, text: str, *, everywhere: bool) -> str:
    """`value` with the first match (or every match) replaced by `text`. Matches are greedy."""
    segments = _segments(pattern)
    out: list[str] = []
    done = 0
    for start, end in _matches(segments, value):
        out += [value[done:start], text]
        done = end
        if not everywhere:
            break
    return "".join(out) + value[done:]


def _tokens(pattern: str) -> Iterator[str]:
    """One regular expression per character of the pattern; "*" for the wildcard."""
    chars = iter(pattern)
    for char in chars:
        if char == "\\":
            escaped = next(chars, "")
            if not escaped or escaped not in "*?\\}/":
                raise PatternError(f"invalid escape \\{escaped}")
            yield re.escape(escaped)
        else:
            yield "*" if char == "*" else "." if char == "?" else re.escape(char)


def _segments(pattern: str) -> list[Segment]:
    """The parts of a pattern between its stars. Each matches text of a fixed length."""
    segments = [""]
    for token in _tokens(pattern):
        if token == "*":
            segments.append("")
        else:
            segments[-1] += token
    return [re.compile(segment) for segment in segments]


def _reversed(pattern: str) -> str:
    out: list[str] = []
    chars = iter(pattern)
    for char in chars:
        out.append(char + next(chars, "") if char == "\\" else char)
    return "".join(reversed(out))


def _match(segments: list[Segment], value: str, start: int, longest: bool) -> int | None:
    """The end of the match that starts at `start`, or None."""
    found = segments[0].match(value, start)
    for segment in segments[1:-1]:
        found = found and segment.search(value, found.end())
    if not found or len(segments) == 1:
        return found and found.end()
    last = segments[-1]
    if not longest:
        found = last.search(value, found.end())
        return found and found.end()
    for position in range(len(value), found.end() - 1, -1):
        if end := last.match(value, position):
            return end.end()
    return None


def _matches(segments: list[Segment], value: str) -> Iterator[tuple[int, int]]:
    position, last_end = 0, -1
    for _ in count():
        # If a pattern with a star does not match from here, it matches from no later position either.
        found = segments[0].search(value, position)
        end = _match(segments, value, found.start(), True) if found else None
        if not found or end is None:
            return
        if end > found.start() or found.start() != last_end:
            yield found.start(), end
        last_end = end
        position = end if end > found.start() else end + 1
        if position > len(value):
            return
