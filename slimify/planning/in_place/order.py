"""Dependencies are installed before the sources are copied, so that a change of a source installs nothing.

A COPY of a directory goes behind the installs that follow it; what they read is copied in front of them.
Only installs whose every input is known: requirement files, package.json with its lock file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from slimify.analysis.copies import copied_files
from slimify.analysis.program import Program, Step
from slimify.facts.system import is_plain_root
from slimify.languages import language
from slimify.model.decisions import Decision
from slimify.model.effects import MANAGES_PACKAGES
from slimify.planning.in_place.edits import Edits
from slimify.planning.in_place.runs import readable
from slimify.semantics.paths import inside
from slimify.syntax.dockerfile.instructions import copy_parts

_ASIDE = MANAGES_PACKAGES | {"cache", "check"}  # nothing of the context is read


def dependencies_first(program: Program) -> Edits:
    """Each COPY of a directory that an install follows, moved behind it."""
    for step in program.steps:
        brought = _brought(step)
        block = _block(program, step) if brought else ()
        inputs = _inputs(program, block, brought)
        if not inputs or _collides(program, block, brought):
            continue
        behind = block[-1].index + 1
        if behind >= len(program.dockerfile.instructions):
            continue
        files = tuple(posixpath.basename(p) for p in inputs)
        told = Decision.of("SL354", "order", safety="safe", line=step.line, files=files)
        lines = tuple(_copy_lines(program, step, block[0], inputs))
        return Edits(before={block[0].index: lines}, moved={step.index: behind}, decisions=(told,))
    return Edits()


def _brought(step: Step) -> frozenset[str]:
    """The files of the context that a COPY of directories brings; none where more has to be asked."""
    if step.keyword != "COPY" or any(f.name != "chown" for f in step.instruction.flags):
        return frozenset()
    parts = copy_parts(step.instruction)
    context = step.state.view.context
    whole = all("$" not in s and context.is_dir(s.strip("/") or ".") for s in (*parts.sources,))
    if not whole or "$" in parts.dest or not is_plain_root(step.state.user):
        return frozenset()
    return copied_files(step.visit) or frozenset()


def _block(program: Program, step: Step) -> tuple[Step, ...]:
    """The installs that follow it at once; with a WORKDIR between them, where it matters to no COPY."""
    absolute = copy_parts(step.instruction).dest.startswith("/")
    found: list[Step] = []
    for other in program.steps:
        if other.index <= step.index:
            continue
        if (other.keyword == "WORKDIR" and absolute) or (
            readable(other) and not other.instruction.flags and _installs(other)
        ):
            found.append(other)
        else:
            break
    while found and found[-1].keyword != "RUN":
        found.pop()
    return tuple(found)


def _installs(step: Step) -> bool:
    return all(a.effects for a in step.atoms) and all(
        e.kind in _ASIDE or (e.kind == "install" and not e.writes_anywhere and not e.why)
        for e in step.effects
    )


def _inputs(program: Program, block: tuple[Step, ...], brought: frozenset[str]) -> tuple[str, ...]:
    """The files of the context that the installs read, by their paths in the image; () where none, or not
    all of them are known."""
    found: dict[str, None] = {}
    for effect in (e for s in block for e in s.effects):
        if effect.kind != "install":
            if any(inside(b, r) for r in (*effect.reads, *effect.manifests) for b in brought):
                return ()
            continue
        known = language(effect.ecosystem)
        part = known.install_inputs if known is not None else None
        own = part.inputs(program, effect, brought) if part is not None else None
        if own is None:
            return ()
        found |= dict.fromkeys(own)
    return tuple(found) if set(found) <= brought else ()


def _collides(program: Program, block: tuple[Step, ...], brought: frozenset[str]) -> bool:
    """What the installs write could be overwritten by what is copied after them: packages of this machine
    that nothing keeps out of the context."""
    context, view = program.context, program.end.view
    for place in (w for s in block for e in s.effects for w in e.writes if not w.startswith("@")):
        above = view.context_path(posixpath.dirname(place))
        if above is None:
            continue
        where = posixpath.join(above, posixpath.basename(place))
        if any(inside(b, place) for b in brought) or not context.ignore.ignores(where):
            return True
    return False


def _copy_lines(program: Program, step: Step, first: Step, inputs: tuple[str, ...]) -> Iterator[str]:
    """COPY of the inputs, one a directory."""
    view = program.end.view
    chown = copy_parts(step.instruction).chown
    flag = f"--chown={chown} " if chown else ""
    places: dict[str, list[str]] = {}
    for path in inputs:
        places.setdefault(posixpath.dirname(path), []).append(path)
    for place, paths in places.items():
        names = " ".join(view.context_path(p) or p for p in paths)
        target = "./" if place == first.state.cwd else f"{place.rstrip('/')}/"
        yield f"{step.instruction.raw.split()[0]} {flag}{names} {target}"
