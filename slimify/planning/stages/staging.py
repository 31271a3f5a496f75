"""Stages of a plan: what an item is, where a new one belongs, how it is written in the file's manner."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.model.plan import Item, Stage

# The first line that is neither blank nor a comment starts with the keyword.
_INSTRUCTION = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?P<keyword>[A-Za-z]+)")
# What executes a step, or makes directories that belong to the user in force.
_STEPS = frozenset({"FROM", "RUN", "COPY", "ADD", "WORKDIR", "SHELL", "ARG", "USER"})


def keyword_case(program: Program) -> Callable[[str], str]:
    """How the file writes keywords: in lower case where its FROM is."""
    start = next(x for x in program.dockerfile.instructions if x.keyword == "FROM")
    return str.lower if start.raw.lstrip()[:4].islower() else str.upper


def new_item(line: str, end: str, *, spaced: bool = False) -> Item:
    """A new instruction; lines of a longer one get the file's line ends."""
    return Item(text=line.replace("\n", end) + end, spaced=spaced)


def keyword(item: Item) -> str:
    """The instruction's keyword in upper case, "" for comments alone."""
    found = _INSTRUCTION.match(item.text)
    return found["keyword"].upper() if found else ""


def instruction_start(item: Item) -> int:
    """Where the instruction begins in the item's text, behind its comments."""
    found = _INSTRUCTION.match(item.text)
    return found.start("keyword") if found else 0


def renamed(item: Item, name: str, case: Callable[[str], str], end: str) -> Item:
    """A FROM with `AS name`, whatever alias it had."""
    body = re.sub(r"(?i)[ \t]+as[ \t]+\S+\Z", "", item.text.rstrip())
    return replace(item, text=f"{body} {case('AS')} {name}{end}")


def inserted(stage: Stage, at: int, item: Item, end: str) -> Stage:
    """The stage with a new item as its `at`-th."""
    before, after = stage.items[:at], stage.items[at:]
    if before and not before[-1].text.endswith("\n"):
        before = (*before[:-1], replace(before[-1], text=before[-1].text + end))
    return replace(stage, items=(*before, item, *after))


def behind_steps(stage: Stage) -> int:
    """The index behind the last item that executes something: only configuration follows."""
    return max(i for i, item in enumerate(stage.items) if keyword(item) in _STEPS) + 1
