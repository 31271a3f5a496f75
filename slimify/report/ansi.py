"""ANSI colours for terminals."""

from __future__ import annotations

from msgspec import Struct

from slimify.model.regex import regex

_CODES = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36, "dim": 2}


class Paint(Struct, frozen=True):
    """Colours text; returns it unchanged unless `on`."""

    on: bool = False

    def __call__(self, text: str, name: str) -> str:
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if self.on and text else text


_ESCAPE = regex(r"\x1b\[\d+m")
_BREAK = regex(r"(?<=\S) (?=\S)")  # between words; more blanks are a column's


def fit(text: str, width: int) -> str:
    """The text with lines of at most `width`, as far as its words allow: a longer line continues on indented
    ones."""
    return "".join(_fit_line(line, width) for line in text.splitlines(keepends=True))


def _fit_line(line: str, width: int) -> str:
    if len(_ESCAPE.sub("", line.rstrip("\n"))) <= width:
        return line
    rows, indent = [""], " " * (len(line) - len(line.lstrip()) + 2)
    for word in _BREAK.split(line.rstrip("\n")):
        longer = f"{rows[-1]} {word}" if rows[-1].strip() else rows[-1] + word
        if rows[-1].strip() and len(_ESCAPE.sub("", longer)) > width:
            rows.append(indent + word)
        else:
            rows[-1] = longer
    return "\n".join(rows) + "\n" * line.endswith("\n")
