"""Program -> Layout: parts the steps over two stages by their roles.

The builder is the user's own file up to its last build step, less what only describes the image.
The final stage repeats, in the user's order, what has to be executed where the program runs, and
takes what the build left by COPY --from. The rules hold for every language; a strategy chooses the
base, the trees and what is put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from slimify.classify.copies import targets
from slimify.classify.paths import inside, touches
from slimify.classify.program import AtomStep, Program, Step
from slimify.classify.walk import Visit
from slimify.facts.languages import npm
from slimify.model import Effect
from slimify.strategies.finalsteps import (
    PLAIN_CHECKS,
    QUIET,
    Parting,
    final_atoms,
    install_anew,
    plain_check,
    real_atoms,
)
from slimify.strategies.layout import Layout, Tree, WordEdit

_LISTS = "/var/lib/apt/lists"


def part(program: Program, wanted: Parting) -> Layout:
    """The layout of a two-stage file; of a single stage where nothing is built."""
    last = _last_build(program, wanted.trees)
    trees = wanted.trees
    build: dict[int, frozenset[int]] = {}
    final: dict[int, frozenset[int]] = {}
    words: dict[int, WordEdit] = {}
    append: dict[int, str] = {}
    anew: dict[int, str] = {}
    for step in program.steps:
        if step.keyword == "RUN":
            if last is not None and step.index <= last:
                atoms = _builder_atoms(program, step, last)
                if atoms is not None:
                    build[step.index] = atoms
            if step.index in wanted.drop_final:
                continue
            kept, edit = final_atoms(program, step, wanted)
            rewritten = install_anew(step, kept, wanted)
            if rewritten is not None:
                final[step.index] = frozenset(a.index for a in step.atoms)
                anew[step.index] = rewritten
                continue
            if kept is not None:
                final[step.index] = kept
                if edit.drop or edit.replace:
                    words[step.index] = edit
        elif step.keyword in ("COPY", "ADD"):
            if last is not None and step.index <= last and _build_reads(program, step, last):
                build[step.index] = frozenset()
            if step.role != "build" and step.index not in wanted.drop_final:
                final[step.index] = frozenset()
    final = _without_idle(program, final)
    for index in final.keys() - anew.keys():
        text = _cleaned(program, index, final)
        if text:
            append[index] = text
    return Layout(
        rung=wanted.rung,
        language=program.language or "",
        base=wanted.base,
        build=build,
        final=final,
        words=words,
        append=append,
        trees=trees,
        builder_tail=wanted.builder_tail if build else (),
        final_head=wanted.final_head,
        builder_before=wanted.builder_before,
        final_after=wanted.final_after,
        replace={**{i: t for i, t in anew.items() if i in final}, **(wanted.replace or {})},
        decisions=wanted.decisions,
        saving=wanted.saving,
        original=wanted.original,
    )


def _last_build(program: Program, trees: Sequence[Tree]) -> int | None:
    """The last instruction that has to be executed in the builder; None if nothing is copied."""
    if not trees:
        return None
    indexes = [t.after for t in trees]
    for step in program.steps:
        if step.keyword in ("COPY", "ADD") and step.role == "build":
            indexes.append(step.index)
        if step.keyword != "RUN":
            continue
        for atom in step.atoms:
            kinds = {e.kind for e in atom.effects}
            idle = kinds <= {"packages", "state", "cache", "index", "unpackage"} or plain_check(atom)
            if atom.role == "build" and not idle:
                indexes.append(step.index)
    return max(indexes)


def _builder_atoms(program: Program, step: Step, last: int) -> frozenset[int] | None:
    """The atoms of a RUN that the builder executes: all of them, so that the step stays the user's
    own; none when the whole RUN is of no use to the build."""
    everything = frozenset(a.index for a in step.atoms)
    if not step.atoms:
        return everything
    real = real_atoms(step)
    if not real:
        return everything if any(a.role in ("build", "both") for a in step.atoms) else None
    if all(_useless_to_build(program, step, atom, last) for atom in real):
        return None
    return everything - _run_time_tail(step)


def _of_the_application(effect: Effect) -> bool:
    return effect.kind == "app" or (effect.kind == "fetch" and effect.manager in ("python", "node", "npm"))


def _run_time_tail(step: Step) -> frozenset[int]:
    """The atoms at the end of a RUN that only run the application or download for it: executed again in the
    final stage, they would be for nothing in the builder."""
    if step.instruction.heredocs:
        return frozenset()
    tail: set[int] = set()
    for atom in reversed(step.atoms):
        if atom.role != "run" or not any(_of_the_application(e) for e in atom.effects):
            break
        tail.add(atom.index)
    return frozenset(tail)


def _build_reads(program: Program, step: Step, last: int) -> bool:
    """Whether the builder needs what a COPY brings: its role says so, or a step that it repeats works
    on these files."""
    if step.role in ("build", "both", "unknown"):
        return True
    places = targets(Visit(index=step.index, instruction=step.instruction, state=step.state))
    for later in program.steps:
        if later.keyword != "RUN" or not step.index < later.index <= last or places is None:
            continue
        if _builder_atoms(program, later, last) is None:
            continue
        for effect in later.effects:
            if effect.kind in ("files", "meta", "check", "system", "app"):
                paths = (*effect.reads, *effect.writes)
                if any(inside(p, place) for p in paths for place in places):
                    return True
                if effect.kind == "check" and effect.tool not in PLAIN_CHECKS and _near(effect.cwd, places):
                    return True
    return False


def _near(cwd: str | None, places: Iterable[str]) -> bool:
    """Whether a test or a linter that is run in `cwd` finds there what was copied."""
    return cwd is not None and cwd != "/" and any(touches(place, cwd) for place in places)


def _useless_to_build(program: Program, step: Step, atom: AtomStep, last: int) -> bool:
    """What only run time needs: packages no build step calls, users the build does not become, the
    application's own code."""
    kinds = {e.kind for e in atom.effects} - QUIET
    if atom.role != "run":
        return False
    if kinds == {"packages"}:
        needed = all(r.code in ("SL202",) for v in atom.packages for r in v.reasons)
        return needed and not _works_in_system(program, step.index, last)
    if kinds == {"users"}:
        return not _needs_users(program, step.index, last)
    if kinds <= {"app", "fetch"}:
        return True
    if kinds == {"global"}:
        return not _called_later(program, step, atom, last)
    if kinds <= {"files", "meta"}:
        return not _touched_later(program, step, atom, last)
    return False


# Directories that packages fill: a build step that works there may count on one of them.
_SYSTEM = ("/etc", "/var", "/usr/share", "/usr/lib", "/usr/bin", "/usr/sbin", "/srv", "/run", "/lib")


def _works_in_system(program: Program, after: int, last: int) -> bool:
    """Whether a later build step reads or writes where system packages put their files."""
    for step in program.steps:
        if not after < step.index <= last or step.keyword != "RUN":
            continue
        for atom in step.atoms:
            kinds = {e.kind for e in atom.effects}
            if kinds <= QUIET | {"packages"}:
                continue
            paths = [p for e in atom.effects for p in (*e.reads, *e.writes)]
            if any(inside(p, directory) for p in paths for directory in _SYSTEM):
                return True
    return False


def _called_later(program: Program, step: Step, atom: AtomStep, last: int) -> bool:
    """Whether a build step calls what a global install brings; one that may do anything counts."""
    names = {p.name for e in atom.effects for p in e.packages}
    names |= {b for n in names for b in npm(n).bins}
    for later in program.steps:
        if step.index < later.index <= last:
            for effect in later.effects:
                if effect.kind == "unknown" or names & {effect.tool, *effect.tools} or effect.anywhere:
                    return True
    return not names


def _touched_later(program: Program, step: Step, atom: AtomStep, last: int) -> bool:
    """Whether a build step works near what this one makes."""
    paths = [p for e in atom.effects for p in (*e.writes, *e.deletes)]
    for later in program.steps:
        if not step.index < later.index <= last:
            continue
        if later.state.cwd is not None and any(inside(later.state.cwd, p) for p in paths):
            return True
        for effect in later.effects:
            near = (effect.cwd, *effect.reads, *effect.writes, *effect.outputs, *effect.manifests)
            if any(inside(n, p) or inside(p, n) for n in near if n and n[0] != "@" for p in paths):
                return True
            if effect.kind == "unknown":
                return True
    return any(p.startswith(("/etc", "/usr", "/root", "/lib", "/bin")) for p in paths)


def _needs_users(program: Program, after: int, last: int) -> bool:
    for step in program.steps:
        if not after < step.index <= last:
            continue
        if step.keyword == "USER" or "--chown" in step.instruction.raw:
            return True
        if any(e.kind == "meta" for e in step.effects):
            return True
    return False


def _without_idle(program: Program, final: Mapping[int, frozenset[int]]) -> dict[int, frozenset[int]]:
    """Drops RUNs that only refresh package lists or clean up, where nothing is installed any more."""
    result = dict(final)
    steps = {s.index: s for s in program.steps}

    def kinds(index: int) -> set[str]:
        return {e.kind for a in steps[index].atoms if a.index in final[index] for e in a.effects}

    installs = [
        i
        for i in final
        if steps[i].keyword == "RUN" and kinds(i) & {"packages", "system", "source", "unknown"}
    ]
    for index in list(result):
        step = steps[index]
        if step.keyword != "RUN" or not step.atoms:
            continue
        own = kinds(index)
        if (
            (own <= {"index", "state", "check"} and "index" in own and not any(i > index for i in installs))
            or (own <= {"cache", "state", "check"} and not any(i < index for i in installs))
            or (own <= {"index", "cache", "state", "check"} and not installs)
        ):
            del result[index]
        else:
            result[index] = _trimmed(step, result[index])
    return result


def _trimmed(step: Step, atoms: frozenset[int]) -> frozenset[int]:
    """Without an index refresh or clean-up that has no package command left beside it."""
    kinds = {e.kind for a in step.atoms if a.index in atoms for e in a.effects}
    if kinds & {"packages", "source", "system", "unknown"}:
        return atoms
    idle = {a.index for a in step.atoms if {e.kind for e in a.effects} <= {"index", "cache"} and a.effects}
    lasting = atoms - idle
    return (
        lasting
        if any({e.kind for e in a.effects} - QUIET for a in step.atoms if a.index in lasting)
        else atoms
    )


def _cleaned(program: Program, index: int, final: Mapping[int, frozenset[int]]) -> str:
    """Shell text to put behind an apt install of the final stage that leaves its lists."""
    step = program.step(index)
    kept = [a for a in step.atoms if a.index in final[index]]
    effects = [e for a in kept for e in a.effects]
    if not any(e.kind == "packages" and e.manager == "apt" for e in effects):
        return ""
    if any(d.startswith(_LISTS) for e in effects for d in e.deletes) or "lists" in step.instruction.raw:
        return ""
    later = [e for s in program.steps if s.index > index and s.index in final for e in s.effects]
    if any(e.kind == "packages" and e.manager == "apt" for e in later):
        return ""
    if any(a.effects and step.script and step.script.atoms[a.index].opaque for a in kept):
        return ""
    if "type=cache" in step.instruction.raw or "\n" in (step.script.text if step.script else ""):
        return ""
    return " && rm -rf /var/lib/apt/lists/*"


def blocked(program: Program, wanted: Parting) -> str:
    """Why the steps can't be parted safely for this base; "" if they can."""
    first = min((t.after for t in wanted.trees), default=10**9)
    for step in program.steps:
        for atom in step.atoms:
            if wanted.rung == "slim" and any(e.tool == "add-apt-repository" for e in atom.effects):
                return f"line {step.line}: a further package archive may need what {program.base_ref} has"
            if atom.role != "unknown":
                continue
            reason = atom.reasons[0].text if atom.reasons else "it may do anything"
            if wanted.rung in ("minimal", "slim"):
                return f"line {step.line}: {reason}, and may need what {program.base_ref} has"
            if step.index >= first:
                return f"line {step.line}: {reason}, also to what the build left"
    return ""


def keep_everything_before_unknown(program: Program) -> Program:
    """Packages that a step of unknown needs may call are needed where it is executed."""
    unknown = [s.index for s in program.steps if any(a.role == "unknown" for a in s.atoms)]
    if not unknown:
        return program
    last = max(unknown)
    steps = tuple(_all_stay(s) if s.index <= last else s for s in program.steps)
    return replace(program, steps=steps)


def _all_stay(step: Step) -> Step:
    atoms = tuple(
        replace(a, role="both", packages=tuple(replace(v, role="both", counterparts=()) for v in a.packages))
        if a.packages
        else a
        for a in step.atoms
    )
    role = "both" if step.keyword in ("COPY", "ADD") and step.role == "build" else step.role
    return replace(step, atoms=atoms, role=role)
