"""The wildcards of `${x#pattern}` and `${x/pattern/text}`, in linear time whatever the pattern.

`*` stands for any text, `?` for one character, a backslash makes the next one ordinary; `[` is no
wildcard to the builder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

Segment = re.Pattern[str]


class PatternError(ValueError):
    """An escape in front of something that needs none, which the builder refuses."""


def trim_prefix(value: str, pattern: str, *, longest: bool) -> str:
    end = _match(_segments(pattern), value, 0, longest)
    return value if end is None else value[end:]


def trim_suffix(value: str, pattern: str, *, longest: bool) -> str:
    return trim_prefix(value[::-1], _reversed(pattern), longest=longest)[::-1]


def replace(value: str, pattern: str, text: str, *, everywhere: bool) -> str:
    """The first match, each as long as it can be, replaced by `text`; or all of them."""
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
    """One regular expression a character, "*" for the wildcard."""
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
    """What stands between the stars: each matches text of one fixed length."""
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
    """Where a match that begins at `start` ends."""
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
        # With a star in the pattern, what does not match from the first place does not from a later one.
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
