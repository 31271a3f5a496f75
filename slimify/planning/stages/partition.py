"""Program -> Layout: parts the steps over two stages by their roles.

The builder is the user's own file up to its last build step, less what only describes the image.
The final stage repeats, in the user's order, what has to be executed where the program runs, and
takes what the build left by COPY --from. The rules hold for every language; a strategy chooses the
base, the trees and what is put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from slimify.analysis.copies import copy_targets
from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.system import is_systems
from slimify.languages import language
from slimify.model.effects import (
    CHANGES_FILES,
    INSTALLS_NOTHING,
    NOT_FOR_RUN_TIME,
    USES_PACKAGE_LISTS,
    Effect,
)
from slimify.planning.estimates.estimate import package_manager, removes_lists
from slimify.planning.final_stage.merge_installs import put_alongside
from slimify.planning.final_stage.steps import (
    SplitRequest,
    final_atoms,
    install_anew,
    plain_check,
    real_atoms,
    removes_copied,
)
from slimify.planning.final_stage.text import editable
from slimify.planning.layout import CopyFromBuilder, Layout, WordEdit
from slimify.planning.stages.downstream_uses import Later, Readers
from slimify.semantics.paths import inside, inside_any


def part(program: Program, wanted: SplitRequest) -> Layout:
    """The layout of a two-stage file; of a single stage where nothing is built."""
    last = _last_build(program, wanted.copies)
    trees = wanted.copies
    build: dict[int, frozenset[int]] = {}
    final: dict[int, frozenset[int]] = {}
    edits: dict[int, WordEdit] = {}
    append: dict[int, str] = {}
    anew: dict[int, str] = {}
    executed = _builder_runs(program, last, wanted.builder_runs) if last is not None else {}
    readers = Readers(program.step(i) for i in executed)
    for step in program.steps:
        if step.keyword == "RUN":
            if step.index in executed:
                build[step.index] = executed[step.index]
            if step.index in wanted.drop_final:
                continue
            kept, edit = final_atoms(program, step, wanted, executed.get(step.index, frozenset()))
            rewritten = install_anew(step, kept, wanted)
            if rewritten is not None and not (kept and _in_lines(program, step, kept, edit)):
                final[step.index] = frozenset(a.index for a in step.atoms)
                anew[step.index] = rewritten
                continue
            if kept is not None:
                final[step.index] = kept
                if edit.drop or edit.replace:
                    edits[step.index] = edit
        elif step.keyword in ("COPY", "ADD"):
            if last is not None and step.index <= last and _build_reads(step, readers):
                build[step.index] = frozenset()
            if step.role != "build" and step.index not in wanted.drop_final:
                final[step.index] = frozenset()
    final = _without_idle(program, final)
    for index in final.keys() - anew.keys():
        text = _cleaned(program, index, final)
        if text:
            append[index] = text
    head, words = put_alongside(
        program, {i: a for i, a in final.items() if i not in anew}, edits, wanted.final_head
    )
    return Layout(
        rung=wanted.rung,
        language=program.language or "",
        base=wanted.base,
        build=build,
        final=final,
        words=words,
        append=append,
        copies=trees,
        builder_tail=wanted.builder_tail if build else (),
        final_head=head,
        builder_before=wanted.builder_before,
        final_after=wanted.final_after,
        replace={**{i: t for i, t in anew.items() if i in final}, **(wanted.replace or {})},
        builder_only_env=wanted.builder_only_env,
        decisions=wanted.decisions,
        saving=wanted.saving,
        original=wanted.original,
    )


def _in_lines(program: Program, step: Step, kept: frozenset[int], words: WordEdit) -> bool:
    """Whether a here-document can be changed line by line: every package is named in it."""
    named = all(p.span != (-1, -1) for e in step.effects for p in e.packages)
    return bool(step.instruction.heredocs) and named and editable(program, step.index, kept, words)


def _last_build(program: Program, trees: Sequence[CopyFromBuilder]) -> int | None:
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


def _builder_runs(program: Program, last: int, wanted: frozenset[int]) -> dict[int, frozenset[int]]:
    """The RUNs that the builder executes, each with its atoms: what no later one of them needs stays out."""
    later = Later(_configured(program))
    found: dict[int, frozenset[int]] = {}
    for step in reversed(program.steps):
        if step.index > last:
            continue
        if step.keyword == "RUN":
            all_of_it = frozenset(a.index for a in step.atoms) if step.index in wanted else None
            atoms = all_of_it or _builder_atoms(step, later)
            if atoms is None:
                continue
            found[step.index] = atoms
        later.note(step)
    return found


def _configured(program: Program) -> frozenset[str]:
    """The directories in /etc of packages that run time alone calls (nginx, nginx-light: /etc/nginx)."""
    found = (v.name for s in program.steps for a in s.atoms for v in a.packages if v.role == "run")
    return frozenset(f"/etc/{name.partition('-')[0]}" for name in found)


def _builder_atoms(step: Step, later: Later) -> frozenset[int] | None:
    """The atoms of a RUN that the builder executes: all of them, so that the step stays the user's
    own; none when the whole RUN is of no use to the build."""
    everything = frozenset(a.index for a in step.atoms)
    if not step.atoms:
        return everything
    real = real_atoms(step)
    if not real:
        kinds = {e.kind for e in step.effects}
        if "index" in kinds and kinds <= {"index", "state", "cache"} and not later.needs_lists:
            return None
        return everything if any(a.role in ("build", "both") for a in step.atoms) else None
    if all(_useless_to_build(atom, later) for atom in real):
        return None
    return everything - _run_time_tail(step)


def _of_the_application(effect: Effect) -> bool:
    fetches = effect.kind == "fetch" and bool(effect.ecosystem)
    return effect.kind == "app" or fetches or effect.action == "install-deps"


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


def _build_reads(step: Step, readers: Readers) -> bool:
    """Whether the builder needs what a COPY brings: its role says so, or a step that it repeats works
    on these files."""
    if step.role in ("build", "both", "unknown"):
        return True
    places = copy_targets(step.visit)
    return places is not None and readers.use(places, step.index)


def _built_in(path: str) -> bool:
    """Whether what is changed there changes how every later step is executed."""
    return is_systems(path) or inside(path, "/root")


def _useless_to_build(atom: AtomStep, later: Later) -> bool:
    """What only run time needs: packages no build step calls, users the build does not become, the
    application's own code."""
    kinds = {e.kind for e in atom.effects} - INSTALLS_NOTHING
    if atom.role != "run":
        return False
    if kinds == {"packages"}:
        needed = all(r.code in ("SL202",) for v in atom.packages for r in v.reasons)
        return needed and not later.works_in_system
    if kinds == {"users"}:
        homes = [w for e in atom.effects for w in e.writes if not _built_in(w)]
        return not later.needs_users and not later.keeps_owner(homes)
    if kinds <= {"app", "fetch"}:
        return True
    if kinds in ({"install-global"}, {"install"}) and _on_path(atom):
        names = {p.name for e in atom.effects for p in e.packages}
        return bool(names) and not later.calls({*names, *_programs(atom)})
    if kinds <= CHANGES_FILES:
        paths = [p for e in atom.effects for p in (*e.writes, *e.deletes)]
        shared = (p for p in paths if not inside_any(p, later.foreign))
        return not any(map(_built_in, shared)) and not later.works_near(paths, content="files" in kinds)
    return False


def _on_path(atom: AtomStep) -> bool:
    """Every install of the atom puts programs where a shell finds them."""
    made = [e for e in atom.effects if e.kind not in INSTALLS_NOTHING]
    return all(
        e.kind == "install-global"
        or ((known := language(e.ecosystem)) is not None and known.installs_on_path)
        for e in made
    )


def _programs(atom: AtomStep) -> Iterator[str]:
    """The programs of the packages that the atom installs by name."""
    for effect in atom.effects:
        known = language(effect.ecosystem)
        part = known.packages if known is not None else None
        if part is not None:
            for package in effect.packages:
                yield from part.programs(package.name)


def _without_idle(program: Program, final: Mapping[int, frozenset[int]]) -> dict[int, frozenset[int]]:
    """Drops RUNs that only refresh package lists or clean up, where nothing is installed any more."""
    result = dict(final)
    steps = {s.index: s for s in program.steps}

    def kinds(index: int) -> set[str]:
        return {e.kind for a in steps[index].atoms if a.index in final[index] for e in a.effects}

    installs = [i for i in final if steps[i].keyword == "RUN" and kinds(i) & ON_LISTS]
    for index in list(result):
        step = steps[index]
        if step.keyword != "RUN" or not step.atoms:
            continue
        own = kinds(index)
        if (
            (own <= {"index", "state", "check"} and "index" in own and _lists_unread(program, final, index))
            or (own <= {"cache", "state", "check"} and not any(i < index for i in installs))
            or (own <= NOT_FOR_RUN_TIME and not installs)
        ) and not removes_copied(program, step):
            del result[index]
        else:
            result[index] = _trimmed(step, result[index])
    return result


# Steps that may read the package lists which an earlier one fetched.
ON_LISTS = USES_PACKAGE_LISTS | {"unknown"}


def _lists_unread(program: Program, final: Mapping[int, frozenset[int]], index: int) -> bool:
    """Whether nothing reads the lists that a RUN fetches: no later one does, or fetches its own before."""
    for step in program.steps:
        if step.keyword != "RUN" or step.index <= index or step.index not in final:
            continue
        kinds = [{e.kind for e in a.effects} for a in step.atoms if a.index in final[step.index]]
        first = next((k for k in kinds if k & {"index", *ON_LISTS}), None if step.atoms else ON_LISTS)
        if first is not None:
            return not first & ON_LISTS
    return True


def _trimmed(step: Step, atoms: frozenset[int]) -> frozenset[int]:
    """Without an index refresh or clean-up that has no package command left beside it."""
    kinds = {e.kind for a in step.atoms if a.index in atoms for e in a.effects}
    if kinds & ON_LISTS:
        return atoms
    idle = {a.index for a in step.atoms if {e.kind for e in a.effects} <= {"index", "cache"} and a.effects}
    lasting = atoms - idle
    return (
        lasting
        if any({e.kind for e in a.effects} - INSTALLS_NOTHING for a in step.atoms if a.index in lasting)
        else atoms
    )


def _cleaned(program: Program, index: int, final: Mapping[int, frozenset[int]]) -> str:
    """Shell text to put behind an apt install of the final stage that leaves its lists."""
    step = program.step(index)
    kept = [a for a in step.atoms if a.index in final[index]]
    effects = [e for a in kept for e in a.effects]
    if not any(e.kind == "packages" and e.manager == "apt" for e in effects):
        return ""
    if package_manager(program) != "apt":  # a script that knows more than one
        return ""
    if removes_lists(effects) or "lists" in step.instruction.raw:
        return ""
    later = [e for s in program.steps if s.index > index and s.index in final for e in s.effects]
    installs = any(e.kind == "unknown" or (e.kind == "packages" and e.manager == "apt") for e in later)
    if installs and not _lists_unread(program, final, index):
        return ""
    if any(a.effects and step.script and step.script.atoms[a.index].opaque for a in kept):
        return ""
    if "type=cache" in step.instruction.raw or "\n" in (step.script.text if step.script else ""):
        return ""
    return " && rm -rf /var/lib/apt/lists/*"
