"""Items of a stage: reading them, creating new ones in the style of the file, inserting them."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.model.plan import Item, Stage
from slimify.model.regex import regex
from slimify.syntax.dockerfile.parser import encode, parse

# The first line that is neither blank nor a comment starts with the keyword.
_INSTRUCTION = regex(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?P<keyword>[A-Za-z]+)")
# Instructions that execute something, or create directories owned by the current user.
_STEPS = frozenset({"FROM", "RUN", "COPY", "ADD", "WORKDIR", "SHELL", "ARG", "USER"})


def keyword_case(program: Program) -> Callable[[str], str]:
    """A function that writes keywords as the file does: in lower case if its FROM is."""
    start = next(x for x in program.dockerfile.instructions if x.keyword == "FROM")
    return str.lower if start.raw.lstrip()[:4].islower() else str.upper


def new_item(line: str, end: str, *, spaced: bool = False) -> Item:
    """A new instruction; multi-line ones get the line ends of the file."""
    return Item(text=line.replace("\n", end) + end, spaced=spaced)


def with_line_end(text: str, end: str) -> str:
    return text if text.endswith("\n") else text + end


def separate_instructions(text: str, escape: str) -> list[str]:
    """The instructions of a text, each with all of its lines."""
    file = parse(encode(f"# escape={escape}\nFROM scratch\n{text}"))
    return [x.raw for x in file.instructions[1:]]


def keyword(item: Item) -> str:
    """The keyword in upper case; "" for an item of comments only."""
    found = _INSTRUCTION.match(item.text)
    return found["keyword"].upper() if found else ""


def instruction_start(item: Item) -> int:
    """The offset of the instruction in the item's text, after its comments."""
    found = _INSTRUCTION.match(item.text)
    return found.start("keyword") if found else 0


def named_from(item: Item, name: str, case: Callable[[str], str], end: str) -> Item:
    """A FROM with `AS name`, replacing any alias."""
    body = re.sub(r"(?i)\s+as\s+\S+\Z", "", item.text.rstrip())
    return replace(item, text=f"{body} {case('AS')} {name}{end}")


def with_item(stage: Stage, at: int, item: Item, end: str) -> Stage:
    """The stage with a new item inserted at index `at`."""
    before, after = stage.items[:at], stage.items[at:]
    if before and not before[-1].text.endswith("\n"):
        before = (*before[:-1], replace(before[-1], text=before[-1].text + end))
    return replace(stage, items=(*before, item, *after))


def after_steps(stage: Stage) -> int:
    """The index after the last item that executes something: only configuration follows."""
    return max(i for i, item in enumerate(stage.items) if keyword(item) in _STEPS) + 1
