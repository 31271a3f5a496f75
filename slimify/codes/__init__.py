"""What every code means, and the sentences of the decisions that bear it: `codes.toml` holds both.

A decision is a code, the name of one of its wordings (its *form*) and typed arguments; the sentence is
made here, and only where it is shown. No other code contains or reads one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import tomli

MEANING = ("title", "why", "when_not", "safety")
SITE = "https://dockerfile-slimify.readthedocs.io/"  # the documentation


def page(code: str) -> str:
    """The address of the page about a code."""
    return f"{SITE}reference/codes/{code}.html"


def known() -> dict[str, dict[str, str]]:
    """Every code with what it means; callers must not change it."""
    return {code: _meaning(row) for code, row in tomli.loads(_file()).items()}


@cache
def notes() -> dict[str, str]:
    """The comments that --annotate adds, by code or purpose; callers must not change it."""
    return tomli.loads(Path(__file__).with_name("notes.toml").read_text("utf-8"))


def meaning(code: str) -> dict[str, str] | None:
    """Title, reason, exceptions and safety of a code such as SL204; None for one that does not exist."""
    row = _row(code)
    return _meaning(row) if row is not None else None


def sentence(code: str, form: str, args: Iterable[tuple[str, object]]) -> str:
    """The wording of a decision with its arguments in it."""
    row = _row(code)
    if row is None:
        raise KeyError(code)
    template: str = row["text"][form]
    return template.format_map({name: _shown(value) for name, value in args})


def safety_of(code: str) -> Literal["safe", "assumed", "advice"]:
    """How safe a decision with this code is."""
    row: dict[str, Any] = _row(code) or {}
    safety: Literal["safe", "assumed", "advice"] = row["safety"]
    return safety


_JOINTS = {"": ", ", "words": " ", "and": " and "}


class _List(tuple[str, ...]):
    """Several values: `{names}` are separated by commas, `{names:words}` by blanks, `{names:and}` by the
    word, `{names:code}` are in backquotes, `{names:3}` are the first three and how many more;
    `{names:it|them}` is a word by their number."""

    def __format__(self, spec: str) -> str:
        one, bar, several = spec.partition("|")
        if bar:
            return one if len(self) == 1 else several
        if spec in _JOINTS:
            return _JOINTS[spec].join(self)
        if spec == "code":
            return ", ".join(f"`{item}`" for item in self)
        if spec.isdigit() and len(self) > int(spec):
            return f"{', '.join(self[: int(spec)])} and {len(self) - int(spec)} more"
        return ", ".join(self)


class _Number(int):
    """`{count}`, `{count:file|files}` for a word by the number, `{size:MB}` and `{size:MB1}` for bytes, in kB
    below one MB."""

    def __format__(self, spec: str) -> str:
        one, bar, several = spec.partition("|")
        if bar:
            return one if self == 1 else several
        if spec in ("MB", "MB1"):
            if self < 999_500:
                return f"{self / 1000:.0f} kB"
            return f"{self / 1_000_000:.{int(spec[2:] or 0)}f} MB"
        return int.__format__(self, spec)


def _shown(value: object) -> object:
    if isinstance(value, tuple):
        return _List(map(str, value))
    if isinstance(value, str) and re.fullmatch(r"@[\w-]+", value):
        return value[1:]  # a place that only a language's tools can resolve
    return _Number(value) if isinstance(value, int) else value


def _meaning(row: dict[str, Any]) -> dict[str, str]:
    return {key: row[key] for key in MEANING if key in row}


@cache
def _file() -> str:
    return (Path(__file__).parent / "codes.toml").read_text("utf-8")


@cache
def _row(code: str) -> dict[str, Any] | None:
    """The table of one code. The others are not read: that would take longer than all the sentences of a
    rewrite."""
    text = _file()
    start = text.find(f"\n[{code}]\n")
    if start < 0:
        return None
    end = text.find("\n[", start + 1)
    row: dict[str, Any] = tomli.loads(text[start : end if end >= 0 else None])[code]
    return row
