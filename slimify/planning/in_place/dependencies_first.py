"""Installs dependencies before the sources are copied, so that a changed source does not repeat the
install.

A COPY of a directory moves after the installs that follow it; the files that these read are copied before
them. Only for installs whose inputs are all known: requirement files, package.json with its lock file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from slimify.analysis.program import Program, Step
from slimify.facts.system import is_plain_root
from slimify.languages import language
from slimify.model.decisions import Decision
from slimify.model.effects import MANAGES_PACKAGES
from slimify.planning.in_place.edits import Edits
from slimify.planning.in_place.runs import is_readable
from slimify.semantics.paths import inside, is_named_place
from slimify.syntax.dockerfile.instructions import copy_parts

_READS_NO_CONTEXT = MANAGES_PACKAGES | {"cache", "check"}


def dependencies_first(program: Program) -> Edits:
    """Each COPY of a directory that an install follows, moved after it."""
    for step in program.steps:
        brought = _copied_files(step)
        block = _following_installs(program, step) if brought else ()
        inputs = _inputs(program, block, brought)
        if not inputs or _may_be_overwritten(program, block, brought):
            continue
        behind = block[-1].index + 1
        if behind >= len(program.dockerfile.instructions):
            continue
        files = tuple(posixpath.basename(p) for p in inputs)
        decision = Decision.of("SL354", "order", line=step.line, files=files)
        missing = tuple(p for p in inputs if step.state.view.context_path(p) is None)
        lines = tuple(_copy_lines(program, step, block[0], missing))
        return Edits(
            before={block[0].index: lines} if lines else {}, moved={step.index: behind}, decisions=(decision,)
        )
    return Edits()


def _copied_files(step: Step) -> frozenset[str]:
    """The context files that a COPY of directories brings; none if it needs more analysis (flags,
    patterns)."""
    if step.keyword != "COPY" or any(f.name != "chown" for f in step.instruction.flags):
        return frozenset()
    parts = copy_parts(step.instruction)
    context = step.state.view.context
    whole = all("$" not in s and context.is_dir(s.strip("/") or ".") for s in (*parts.sources,))
    if not whole or "$" in parts.dest or not is_plain_root(step.state.user):
        return frozenset()
    return step.visit.copied_files or frozenset()


def _following_installs(program: Program, step: Step) -> tuple[Step, ...]:
    """The installs directly after a COPY, including WORKDIRs between them that affect no COPY."""
    absolute = copy_parts(step.instruction).dest.startswith("/")
    found: list[Step] = []
    for other in program.steps:
        if other.index <= step.index:
            continue
        if (other.keyword == "WORKDIR" and absolute) or (
            is_readable(other) and not other.instruction.flags and _installs(other)
        ):
            found.append(other)
        else:
            break
    while found and found[-1].keyword != "RUN":
        found.pop()
    return tuple(found)


def _installs(step: Step) -> bool:
    return all(a.effects for a in step.atoms) and all(
        e.kind in _READS_NO_CONTEXT or (e.kind == "install" and not e.writes_anywhere and not e.why)
        for e in step.effects
    )


def _inputs(program: Program, block: tuple[Step, ...], brought: frozenset[str]) -> tuple[str, ...]:
    """The context files that the installs read, by image path; () if there are none, or not all are known."""
    found: dict[str, None] = {}
    for effect in (e for s in block for e in s.effects):
        if effect.kind != "install":
            if any(inside(b, r) for r in (*effect.reads, *effect.manifests) for b in brought):
                return ()
            continue
        known = language(effect.ecosystem)
        part = known.install_inputs if known is not None else None
        own = part.install_inputs(program, effect, brought) if part is not None else None
        if own is None:
            return ()
        found |= dict.fromkeys(own)
    versioned = set(found) <= brought and all(map(program.end_state.view.is_in_checkouts, found))
    return tuple(found) if versioned else ()  # a COPY may not name a file that git ignores


def _may_be_overwritten(program: Program, block: tuple[Step, ...], brought: frozenset[str]) -> bool:
    """Whether the COPY could overwrite what the installs wrote: local packages that no ignore rule excludes
    from the context."""
    context, view = program.context, program.end_state.view
    for place in (w for s in block for e in s.effects for w in e.writes if not is_named_place(w)):
        above = view.context_path(posixpath.dirname(place))
        if above is None:
            continue
        where = posixpath.join(above, posixpath.basename(place))
        if any(inside(b, place) for b in brought) or not context.ignore.ignores(where):
            return True
    return False


def _copy_lines(program: Program, step: Step, first: Step, inputs: tuple[str, ...]) -> Iterator[str]:
    """COPY instructions for the inputs, one per directory."""
    view = program.end_state.view
    chown = copy_parts(step.instruction).chown
    flag = f"--chown={chown} " if chown else ""
    places: dict[str, list[str]] = {}
    for path in inputs:
        places.setdefault(posixpath.dirname(path), []).append(path)
    for place, paths in places.items():
        names = " ".join(view.context_path(p) or p for p in paths)
        target = "./" if place == first.state.cwd else f"{place.rstrip('/')}/"
        yield f"{step.instruction.raw.split()[0]} {flag}{names} {target}"
