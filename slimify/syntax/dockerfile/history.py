"""A Dockerfile's instructions and the history of the image that was built from it.

BuildKit and the classic builder write one entry of history for each instruction behind FROM (ARG
too), whether it makes a layer or not (moby's daemon/builder/dockerfile/internals.go, BuildKit's
frontend/dockerfile/dockerfile2llb); what stands before is the base image's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slimify.image.model import Step
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.syntax.dockerfile.instructions import from_parts

# The classic builder's mark of steps that run nothing, behind the shell of the image.
NOP = re.compile(r"(?![A-Z]+ )[^\n]{0,200}?#\(nop\)\s+")
_KEYWORD = re.compile(r"[A-Z]+(?=\s|$)")
_KEYWORDS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL"
    " USER VOLUME WORKDIR".split()
)


def final_instructions(file: Dockerfile) -> tuple[Instruction, ...]:
    """What makes the image: the last stage behind its FROM, after the stages that it stands on."""
    stages: dict[str, tuple[str, tuple[Instruction, ...]]] = {}
    name, base = "", ""
    own: list[Instruction] = []
    for instruction in file.instructions:
        if instruction.keyword == "FROM":
            stages[name] = (base, tuple(own))
            parts = from_parts(instruction)
            name, base, own = (parts.alias or "").lower(), parts.image.lower(), []
        else:
            own.append(instruction)
    found = tuple(own)
    while base in stages and base:
        base, below = stages.pop(base)
        found = below + found
    return found


def keyword_of(created_by: str) -> str:
    """The instruction that an entry of history stands for; RUN where only its command is recorded."""
    text = created_by.strip()
    nop = NOP.match(text)
    found = _KEYWORD.match(text, nop.end() if nop else 0)
    word = found[0] if found else ""
    return word if word in _KEYWORDS else "RUN"


def paired(file: Dockerfile, history: Sequence[Step]) -> tuple[tuple[Instruction, Step], ...] | None:
    """The instructions that made the image, each with its entry of history; None where they don't fit.

    They don't for a Dockerfile of another image, for squashed images, and for builders that write
    one entry for many instructions. Labels given on the classic builder's command line stand behind
    the last instruction.
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
