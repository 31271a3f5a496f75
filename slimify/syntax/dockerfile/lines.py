"""Physical and logical lines of a Dockerfile, by the rules of BuildKit's parser.

In:  the text of a file. Out: directives, comments, blanks, and logical lines with the map back to
the file. Raises SlimifyError SL001 for a repeated or bad directive and for a line that is too long.
"""

from __future__ import annotations

import re

from msgspec import Struct

from slimify.syntax.dockerfile.syntax_error import fault
from slimify.syntax.dockerfile.words import SPACE

# The builder reads lines through a buffer of 64 KiB.
MAX_LINE_BYTES = 65_535
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_BLANKS = "\t\n\f\r "
_DIRECTIVE = re.compile(rf"#[{_BLANKS}]*([A-Za-z][A-Za-z0-9]*)[{_BLANKS}]*=(.+)")
_DIRECTIVES = frozenset({"syntax", "escape", "check"})


class Logical(Struct, frozen=True):
    """One logical line: continuations joined, comments and blank lines inside it dropped.

    `pieces` are (offset in `text`, offset in the joined physical lines, length); `end` is the index
    of the first physical line behind it.
    """

    text: str
    pieces: tuple[tuple[int, int, int], ...]
    end: int


def split(text: str) -> list[str]:
    """The physical lines with their ends. Only a line feed ends a line."""
    lines = _LINE.findall(text)
    for number, line in enumerate(lines, 1):
        if len(line) * 4 > MAX_LINE_BYTES:
            size = len(line.removesuffix("\n").encode("utf-8", "surrogateescape"))
            if size > MAX_LINE_BYTES:
                message = f"line is longer than {MAX_LINE_BYTES} bytes"
                raise fault("SL001", message, number, "split it with \\")
    return lines


def directive(line: str) -> tuple[str, str] | None:
    """Name and value of a parser directive, e.g. ("escape", "`"); None for any other comment."""
    found = _DIRECTIVE.fullmatch(line.rstrip("\r\n").lstrip(SPACE))
    if not found or found[1].lower() not in _DIRECTIVES:
        return None
    return found[1].lower(), found[2].strip(_BLANKS)


def is_comment(line: str) -> bool:
    return line.lstrip(SPACE).startswith("#")


def is_blank(line: str) -> bool:
    return not line.strip(SPACE)


def logical_line(lines: list[str], start: int, escape: str) -> Logical:
    """The logical line that begins with the physical line `start`, which is no comment and not blank."""
    text: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    length = source = 0
    index = start
    goes_on = True
    while goes_on and index < len(lines):
        line = lines[index]
        index += 1
        if index > start + 1 and (is_comment(line) or is_blank(line)):
            source += len(line)
            continue
        body = line.rstrip("\r\n")
        skip = len(body) - len(body.lstrip(SPACE)) if index == start + 1 else 0
        bare = body.rstrip(" \t")
        # An escape at the end joins the next line, a doubled one does not.
        goes_on = bare.endswith(escape) and not bare.endswith(escape * 2)
        part = bare[skip:-1] if goes_on else body[skip:]
        if part:
            pieces.append((length, source + skip, len(part)))
            text.append(part)
            length += len(part)
        source += len(line)
    return Logical("".join(text), tuple(pieces), index)
