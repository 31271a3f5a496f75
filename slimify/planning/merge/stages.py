"""The stages of a builder's file in front of another file's stage: name collisions, and the text of the
stages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.analysis.program import Program
from slimify.model.dockerfile import Instruction
from slimify.model.plan import Item, Stage
from slimify.planning.final_stage.instruction_text import from_instruction
from slimify.planning.stages.assemble import instruction_blocks
from slimify.semantics.machine.stages import stages_named
from slimify.syntax.dockerfile.instructions import from_parts
from slimify.syntax.dockerfile.keywords import CONFIG_ONLY


def colliding_names(builder: Program, runtime: Program) -> Iterator[str]:
    """Stage names of the builder that mean an image in the other file, or its own stage."""
    names = {stage.name for stage in builder.machine.stages[:-1]} - {""}
    meant = [runtime.base_ref, from_parts(from_instruction(runtime)).alias or ""]
    meant += (name for step in runtime.steps for name in stages_named(step.instruction))
    yield from dict.fromkeys(name for name in meant if name.lower() in names)


def builder_stages(program: Program, name: str, lead: str, end: str) -> list[Stage]:
    """The builder's stages as they are; the last one gets `name` and loses the instructions that only
    describe an image. `lead` is the text above the first one."""
    blocks = instruction_blocks(program.dockerfile)
    heads = [i for i, b in enumerate(blocks) if b.instruction.keyword == "FROM"]
    stages = []
    for head, following in zip(heads, [*heads[1:], len(blocks)], strict=True):
        last = head == heads[-1]
        own = blocks[head:following]
        start = _named_from(own[0].instruction, name) if last else own[0].instruction.raw
        above = lead if head == heads[0] else with_end(own[0].comments, end) if own[0].comments else ""
        items = [Item(text=above + with_end(start, end))]
        kept = (b for b in own[1:] if not last or b.instruction.keyword not in CONFIG_ONLY)
        items += (Item(text=with_end(b.comments + b.instruction.raw, end), spaced=b.spaced) for b in kept)
        parts = from_parts(own[0].instruction)
        alias = name if last else parts.alias or ""
        stages.append(Stage(name=alias, base=parts.image, purpose="build", items=tuple(items)))
    return stages


def _named_from(start: Instruction, name: str) -> str:
    body = re.sub(r"(?is)\s+as\s+\S+\s*$", "", start.raw.rstrip())
    return f"{body} {'as' if start.raw.lstrip()[:4].islower() else 'AS'} {name}"


def with_end(text: str, end: str) -> str:
    """Text with the line ends of the target file."""
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    return end.join(lines) + end
