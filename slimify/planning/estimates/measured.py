"""Sizes measured in an image that was built from the file; they replace estimates.

All are bytes of files in the image. A new base image counts with its published size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.analysis.program import Program, Step
from slimify.facts.images import image
from slimify.model.plan import Plan
from slimify.planning.final_stage.rebase import base_as_written
from slimify.planning.layout import Layout
from slimify.semantics.paths import inside, inside_any
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.parser import encode, parse

if TYPE_CHECKING:
    from slimify.analysis.evidence.image_evidence import BuiltImage


if TYPE_CHECKING:
    from slimify.image.tree import Files

LISTS = "/var/lib/apt/lists"


def measured_layout(program: Program, layout: Layout) -> Layout:
    """The layout with the measured saving, if an image built from the file is given."""
    built = program.image_evidence
    if built is None:
        return layout
    base = _base_bytes(program, built, layout.base)
    if base is None:
        return replace(layout, original=built.size)
    copies = [t.path for t in layout.copies]
    kept = sum(built.bytes_of(p) for p in copies if not any(inside(p, o) and p != o for o in copies))
    kept += sum(_step_bytes(program, built, layout, index) for index in layout.final)
    words = {w for line in layout.final_head for w in line.split()}
    kept += sum(p.size for p in built.packages.installed if p.name in words)
    return replace(layout, saving=built.size - base - kept, original=built.size, measured=True)


def measured_plan(program: Program, plan: Plan) -> Plan:
    """An in-place plan with the bytes that its steps no longer leave: caches and lists, files stored again
    only for their owner, and files that a later step removes. Package sizes stay estimated."""
    built = program.image_evidence
    if built is None:
        return plan
    lines: dict[str, set[int | None]] = {}
    for decision in plan.decisions:
        lines.setdefault(decision.code, set()).add(decision.line)
    if lines.keys() & {"SL351", "SL353", "SL312", "SL334"}:
        return replace(plan, original=built.size)
    saving = sum(
        leftover_bytes(program, s) for s in program.steps if s.line in _lines_of(lines, "SL314", "SL317")
    )
    for step in program.steps:
        if step.line in _lines_of(lines, "SL352") and step.instruction in built.layers:
            saving += built.image.layers[built.layers[step.instruction]].size
        if step.line in _lines_of(lines, "SL350") and step.instruction in built.layers:
            below = built.files_before(step.instruction)
            saving += sum(_path_bytes(below, path) for path in built.deleted_by(step.instruction))
    return replace(plan, saving=saving, original=built.size, measured=True)


def _lines_of(lines: Mapping[str, set[int | None]], *codes: str) -> set[int | None]:
    return {line for code in codes for line in lines.get(code, ())}


def _path_bytes(files: Files, path: str) -> int:
    """The bytes of a file, or of all files below a directory."""
    entry = files.resolve(path)
    if entry is None:
        return 0
    return (entry.size if entry.kind == "file" else 0) + sum(
        e.size for e in files.walk(entry.path) if e.kind == "file"
    )


def leftover_bytes(program: Program, step: Step) -> int:
    """The bytes of caches and package lists that a step leaves in its layer."""
    assert program.image_evidence is not None
    places = (LISTS, "/var/cache", *(c for e in step.effects for c in e.caches))
    return sum(
        e.size for e in program.image_evidence.files_of(step.instruction) if inside_any(e.path, places)
    )


def _base_bytes(program: Program, built: BuiltImage, reference: str) -> int | None:
    if reference in (base_as_written(program), program.base_ref):
        return built.base_size()
    if reference == "scratch":
        return 0
    facts = image(reference)
    return facts.size if facts is not None and facts.size else None


def _step_bytes(program: Program, built: BuiltImage, layout: Layout, index: int) -> int:
    """What one step of the final stage stores: its whole layer, without the packages that it no longer
    installs and the files that it cleans up."""
    step = program.step(index)
    if step.keyword in ("COPY", "ADD") and index in layout.replace:
        return _saved_by_narrowing(built, step, layout.replace[index])
    if step.instruction not in built.layers:
        return 0
    layer = built.image.layers[built.layers[step.instruction]]
    everything = layout.final[index] == frozenset(a.index for a in step.atoms)
    edited = index in layout.words or index in layout.replace
    if everything and not edited:
        return layer.size - leftover_bytes(program, step)
    names = [v.name for a in step.atoms for v in a.packages if v.role != "build"]
    names += [p for a in step.atoms for v in a.packages if v.role == "build" for p in v.counterparts]
    return _package_bytes(built, step, built.packages.closure(names))


def _package_bytes(built: BuiltImage, step: Step, names: Iterable[str]) -> int:
    total, kept = 0, frozenset(names)
    for entry in built.files_of(step.instruction):
        owner = built.packages.owner_of(entry.path)
        if (owner is None or owner.name in kept) and not inside(entry.path, LISTS):
            total += entry.size
    return total


def _saved_by_narrowing(built: BuiltImage, step: Step, text: str) -> int:
    """The bytes that a COPY saves by copying less than the original one."""
    copies = parse(encode(f"FROM scratch\n{text}\n"), "").instructions[1:]
    visits = (Visit(index=step.index, instruction=item, state=step.state) for item in copies)
    return sum(built.bytes_of(path) for visit in visits for path in visit.copy_targets or ())
