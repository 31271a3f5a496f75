"""Physical and logical lines of a Dockerfile, following BuildKit's parser.

A logical line keeps the map back to the file. Lines over BuildKit's limit raise SlimifyError SL001.
"""

from __future__ import annotations

from msgspec import Struct

from slimify.model.regex import regex
from slimify.syntax.dockerfile.syntax_error import syntax_error
from slimify.syntax.dockerfile.words import SPACE

# BuildKit reads lines through a 64 KiB buffer.
MAX_LINE_BYTES = 65_535
_LINE = regex(r"[^\n]*\n|[^\n]+")
_BLANKS = "\t\n\f\r "
_DIRECTIVE = regex(rf"#[{_BLANKS}]*([A-Za-z][A-Za-z0-9]*)[{_BLANKS}]*=(.+)")
_DIRECTIVES = frozenset({"syntax", "escape", "check"})


class LogicalLine(Struct, frozen=True):
    """A logical line: continuations joined, without comments and blank lines in between.

    `pieces` are (offset in `text`, offset in the joined physical lines, length). `end` is the index
    of the first physical line after it.
    """

    text: str
    pieces: tuple[tuple[int, int, int], ...]
    end: int


def split(text: str) -> list[str]:
    """The physical lines including their line ends. Only a line feed ends a line."""
    lines = _LINE.findall(text)
    for number, line in enumerate(lines, 1):
        if len(line) * 4 > MAX_LINE_BYTES:
            size = len(line.removesuffix("\n").encode("utf-8", "surrogateescape"))
            if size > MAX_LINE_BYTES:
                message = f"line is longer than {MAX_LINE_BYTES} bytes"
                raise syntax_error("SL001", message, number, "split it with \\")
    return lines


def directive(line: str) -> tuple[str, str] | None:
    """Name and value of a parser directive, e.g. ("escape", "`"), or None for another comment."""
    found = _DIRECTIVE.fullmatch(line.rstrip("\r\n").lstrip(SPACE))
    if not found or found[1].lower() not in _DIRECTIVES:
        return None
    return found[1].lower(), found[2].strip(_BLANKS)


def is_comment(line: str) -> bool:
    return line.lstrip(SPACE).startswith("#")


def is_blank(line: str) -> bool:
    return not line.strip(SPACE)


def logical_line(lines: list[str], start: int, escape: str) -> LogicalLine:
    """The logical line that starts at physical line `start`, which must not be blank or a comment."""
    text: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    length = source = 0
    index = start
    continues = True
    while continues and index < len(lines):
        line = lines[index]
        index += 1
        if index > start + 1 and (is_comment(line) or is_blank(line)):
            source += len(line)
            continue
        body = line.rstrip("\r\n")
        skip = len(body) - len(body.lstrip(SPACE)) if index == start + 1 else 0
        bare = body.rstrip(" \t")
        # A trailing escape continues the line; a doubled one does not.
        continues = bare.endswith(escape) and not bare.endswith(escape * 2)
        part = bare[skip:-1] if continues else body[skip:]
        if part:
            pieces.append((length, source + skip, len(part)))
            text.append(part)
            length += len(part)
        source += len(line)
    return LogicalLine("".join(text), tuple(pieces), index)
