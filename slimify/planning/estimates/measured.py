"""Sizes that an image shows which was built from the file: what an estimate is replaced by.

All are bytes of files as the image has them. A new base image counts with its published size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.analysis.copies import copy_targets
from slimify.analysis.packages.linked import dependency_closure
from slimify.analysis.program import Program, Step
from slimify.facts.images import image
from slimify.model.plan import Plan
from slimify.planning.final_stage.rebase import written_base
from slimify.planning.layout import Layout
from slimify.semantics.paths import inside, inside_any
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.parser import encode, parse

if TYPE_CHECKING:
    from slimify.analysis.evidence.built_image import BuiltImage


if TYPE_CHECKING:
    from slimify.image.tree import Files

LISTS = "/var/lib/apt/lists"


def measured(program: Program, layout: Layout) -> Layout:
    """The layout with what it saves of the image, where one was built from the file."""
    built = program.image_evidence
    if built is None:
        return layout
    base = _base(program, built, layout.base)
    if base is None:
        return replace(layout, original=built.size)
    trees = [t.path for t in layout.copies]
    kept = sum(built.sized(p) for p in trees if not any(inside(p, o) and p != o for o in trees))
    kept += sum(_step(program, built, layout, index) for index in layout.final)
    words = {w for line in (*layout.final_head, *layout.append.values()) for w in line.split()}
    kept += sum(p.size for p in built.packages.installed if p.name in words)
    return replace(layout, saving=built.size - base - kept, original=built.size, measured=True)


def cleaned(program: Program, plan: Plan) -> Plan:
    """A plan that cleans in place, with the bytes that its steps no longer leave: caches and lists, files
    that are stored once more for their owner alone, and what a later step removes. What packages take
    stays estimated."""
    built = program.image_evidence
    if built is None:
        return plan
    lines: dict[str, set[int | None]] = {}
    for decision in plan.decisions:
        lines.setdefault(decision.code, set()).add(decision.line)
    if lines.keys() & {"SL351", "SL353", "SL312", "SL334"}:
        return replace(plan, original=built.size)
    saving = sum(leftovers(program, s) for s in program.steps if s.line in _of(lines, "SL314", "SL317"))
    for step in program.steps:
        if step.line in _of(lines, "SL352") and step.instruction in built.layers:
            saving += built.image.layers[built.layers[step.instruction]].size
        if step.line in _of(lines, "SL350") and step.instruction in built.layers:
            below = built.below(step.instruction)
            saving += sum(_weight(below, path) for path in built.removed(step.instruction))
    return replace(plan, saving=saving, original=built.size, measured=True)


def _of(lines: Mapping[str, set[int | None]], *codes: str) -> set[int | None]:
    return {line for code in codes for line in lines.get(code, ())}


def _weight(files: Files, path: str) -> int:
    """The bytes of a file, or of all below a directory."""
    entry = files.resolve(path)
    if entry is None:
        return 0
    return (entry.size if entry.kind == "file" else 0) + sum(
        e.size for e in files.walk(entry.path) if e.kind == "file"
    )


def leftovers(program: Program, step: Step) -> int:
    """The bytes of caches and package lists that a step leaves in its layer."""
    assert program.image_evidence is not None
    places = (LISTS, "/var/cache", *(c for e in step.effects for c in e.caches))
    return sum(e.size for e in program.image_evidence.left(step.instruction) if inside_any(e.path, places))


def _base(program: Program, built: BuiltImage, reference: str) -> int | None:
    if reference in (written_base(program), program.base_ref):
        return built.base_size()
    if reference == "scratch":
        return 0
    facts = image(reference)
    return facts.size if facts is not None and facts.size else None


def _step(program: Program, built: BuiltImage, layout: Layout, index: int) -> int:
    """What one step of the final stage writes: all of its layer, less packages that it no longer installs,
    and what it cleans up."""
    step = program.step(index)
    if step.keyword in ("COPY", "ADD") and index in layout.replace:
        return _narrowed(built, step, layout.replace[index])
    if step.instruction not in built.layers:
        return 0
    layer = built.image.layers[built.layers[step.instruction]]
    everything = layout.final[index] == frozenset(a.index for a in step.atoms)
    edited = index in layout.words or index in layout.append or index in layout.replace
    if everything and not edited:
        return layer.size
    names = [v.name for a in step.atoms for v in a.packages if v.role != "build"]
    names += [p for a in step.atoms for v in a.packages if v.role == "build" for p in v.counterparts]
    return _of_packages(built, step, dependency_closure(built.packages, names), lists=not edited)


def _of_packages(built: BuiltImage, step: Step, names: Iterable[str], *, lists: bool) -> int:
    total, kept = 0, frozenset(names)
    for entry in built.left(step.instruction):
        owner = built.packages.owner_of(entry.path)
        if (owner is None or owner.name in kept) and (lists or not inside(entry.path, LISTS)):
            total += entry.size
    return total


def _narrowed(built: BuiltImage, step: Step, text: str) -> int:
    """The bytes of what a COPY brings that takes less than the original one."""
    copies = parse(encode(f"FROM scratch\n{text}\n"), "").instructions[1:]
    visits = (Visit(index=step.index, instruction=item, state=step.state) for item in copies)
    return sum(built.sized(path) for visit in visits for path in copy_targets(visit) or ())
