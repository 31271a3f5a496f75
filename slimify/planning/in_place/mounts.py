"""Cache mounts in a single-stage file: the installer's cache is in no layer.

With --cache-mounts for every installer. Otherwise only for Go modules used by several steps: if one step
removed them, the next would fetch them again.
"""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.facts.builders import can, syntax_can
from slimify.languages import languages
from slimify.planning.in_place.edits import Edits, new_draft
from slimify.planning.options.cache_mounts import with_cache_mounts


def mounts(program: Program, options: Options) -> Edits:
    """The RUNs with their mounts, and a decision for each installer."""
    wanted = None if options.cache_mounts else _managers(program, options)
    if wanted == ():
        return Edits()
    plan = new_draft(program).plan(0)
    done = with_cache_mounts(program, plan, options.builder, only=wanted)
    fresh = wanted is None and not any("type=cache" in s.instruction.raw for s in program.steps)
    decisions = tuple(d for d in done.decisions if d.code == "SL334" or fresh)
    texts: dict[int, str] = {}
    before: dict[int, tuple[str, ...]] = {}
    new: list[str] = []
    old = {item.origin: item.text for item in plan.stages[-1].items}
    for item in done.stages[-1].items:
        if item.origin is None:
            new.append(item.text)
            continue
        if new:
            before[item.origin], new = tuple(new), []
        if item.text != old[item.origin]:
            raw = program.dockerfile.instructions[item.origin].raw
            lead = old[item.origin].removesuffix(raw)
            texts[item.origin] = item.text.removeprefix(lead)
    saving = sum(_mounted_bytes(program, d.get("manager")) for d in decisions if d.code == "SL334")
    return Edits(texts=texts, before=before, decisions=decisions, saving=saving)


def _managers(program: Program, options: Options) -> tuple[str, ...]:
    possible = can(options.builder, "cache_mounts") and syntax_can(program.dockerfile.syntax, "cache_mounts")
    used = {effect.ecosystem for effect in program.effects} if possible else ()
    parts = ((known, known.installer_caches) for known in languages() if known.name in used)
    return tuple(m for known, part in parts if part and part.needs_mount(program) for m in known.managers)


def _mounted_bytes(program: Program, manager: object) -> int:
    parts = (known.installer_caches for known in languages() if manager in known.managers)
    return sum(part.mounted_bytes(program) for part in parts if part is not None)
