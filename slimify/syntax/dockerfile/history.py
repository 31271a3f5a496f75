"""Matches a Dockerfile's instructions with the history of the image built from it.

BuildKit and the classic builder write one history entry per instruction after FROM, including ARG
and other instructions without a layer (moby's daemon/builder/dockerfile/internals.go, BuildKit's
frontend/dockerfile/dockerfile2llb). Earlier entries belong to the base image.
"""

from __future__ import annotations

from collections.abc import Sequence

from slimify.image.model import Step
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.regex import regex
from slimify.syntax.dockerfile.instructions import from_parts, split_stages
from slimify.syntax.dockerfile.keywords import KEYWORDS

# The classic builder writes `/bin/sh -c #(nop)` for steps that run no command.
NOP = regex(r"(?![A-Z]+ )[^\n]{0,200}?#\(nop\)\s+")
_KEYWORD = regex(r"[A-Z]+(?=\s|$)")


def final_instructions(file: Dockerfile) -> tuple[Instruction, ...]:
    """The instructions of the last stage without FROM, preceded by those of the stages it is based on."""
    stages: dict[str, tuple[str, tuple[Instruction, ...]]] = {}
    *earlier, (last, *found) = split_stages(file)
    for start, *own in earlier:
        parts = from_parts(start)
        stages[parts.alias or ""] = parts.image.lower(), tuple(own)
    base = from_parts(last).image.lower()
    while base in stages and base:
        base, below = stages.pop(base)
        found = [*below, *found]
    return tuple(found)


def keyword_of(created_by: str) -> str:
    """The keyword of a history entry; RUN if the entry records only a command."""
    text = created_by.strip()
    nop = NOP.match(text)
    found = _KEYWORD.match(text, nop.end() if nop else 0)
    word = found[0] if found else ""
    return word if word in KEYWORDS else "RUN"


def match_history(file: Dockerfile, history: Sequence[Step]) -> tuple[tuple[Instruction, Step], ...] | None:
    """Each instruction of the final image with its history entry, or None if they do not match.

    They do not match if the image has another Dockerfile, is squashed, or comes from a builder that
    writes one entry for several instructions. Entries for `--label` of the classic builder follow
    the last instruction and are skipped.
    """
    instructions = final_instructions(file)
    keywords = [instruction.keyword for instruction in instructions]
    end = len(history)
    while end >= len(keywords):
        steps = history[end - len(keywords) : end]
        if all(keyword_of(step.created_by) == word for step, word in zip(steps, keywords, strict=True)):
            return tuple(zip(instructions, steps, strict=True))
        if not end or keyword_of(history[end - 1].created_by) != "LABEL":
            return None
        end -= 1
    return None
