"""Program -> Layout: splits the steps into two stages by their roles.

The builder is the user's file up to its last build step, without the instructions that only describe the
image. The final stage repeats, in the user's order, the steps that run time needs, and copies the artifacts
with COPY --from. These rules hold for every language; a strategy chooses the base, the copies and the
restored packages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from slimify.analysis.copy_targets import copy_targets
from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.system import is_systems
from slimify.languages import language
from slimify.model.effects import (
    CHANGES_FILES,
    INSTALLS_NOTHING,
    NOT_FOR_RUN_TIME,
    USES_PACKAGE_LISTS,
    Effect,
    SystemManager,
)
from slimify.planning.estimates.estimate import package_manager, removes_lists
from slimify.planning.final_stage.commands import (
    SplitRequest,
    final_atoms,
    is_plain_check,
    real_atoms,
    removes_copied,
    rewritten_install,
)
from slimify.planning.final_stage.instruction_text import is_run_editable
from slimify.planning.final_stage.merge_installs import merged_head_install
from slimify.planning.layout import CopyFromBuilder, Layout, WordEdit
from slimify.planning.stages.downstream_uses import DownstreamUses, PathUses
from slimify.semantics.paths import inside, inside_any


def split_layout(program: Program, request: SplitRequest) -> Layout:
    """The layout of a two-stage file, or of a single stage if nothing is built."""
    last = _last_build_index(program, request.copies)
    copies = request.copies
    build: dict[int, frozenset[int]] = {}
    final: dict[int, frozenset[int]] = {}
    edits: dict[int, WordEdit] = {}
    append: dict[int, str] = {}
    anew: dict[int, str] = {}
    executed = _builder_runs(program, last, request.builder_runs) if last is not None else {}
    readers = PathUses(program.step(i) for i in executed)
    for step in program.steps:
        if step.keyword == "RUN":
            if step.index in executed:
                build[step.index] = executed[step.index]
            if step.index in request.drop_final:
                continue
            kept, edit = final_atoms(program, step, request, executed.get(step.index, frozenset()))
            rewritten = rewritten_install(step, kept, request)
            if rewritten is not None and not (kept and _is_line_editable(program, step, kept, edit)):
                final[step.index] = frozenset(a.index for a in step.atoms)
                anew[step.index] = rewritten
                continue
            if kept is not None:
                final[step.index] = kept
                if edit.drop or edit.replace:
                    edits[step.index] = edit
        elif step.keyword in ("COPY", "ADD"):
            if last is not None and step.index <= last and _is_read_by_build(step, readers):
                build[step.index] = frozenset()
            if step.role != "build" and step.index not in request.drop_final:
                final[step.index] = frozenset()
    final = _without_idle_runs(program, final)
    for index in final.keys() - anew.keys():
        text = _list_removal(program, index, final)
        if text:
            append[index] = text
    head, words = merged_head_install(
        program, {i: a for i, a in final.items() if i not in anew}, edits, request.final_head
    )
    return Layout(
        rung=request.rung,
        language=program.language or "",
        base=request.base,
        build=build,
        final=final,
        words=words,
        append=append,
        copies=copies,
        builder_tail=request.builder_tail if build else (),
        final_head=head,
        builder_before=request.builder_before,
        final_after=request.final_after,
        replace={**{i: t for i, t in anew.items() if i in final}, **(request.replace or {})},
        builder_only_env=request.builder_only_env,
        decisions=request.decisions,
        saving=request.saving,
        original=request.original,
    )


def _is_line_editable(program: Program, step: Step, kept: frozenset[int], words: WordEdit) -> bool:
    """Whether a heredoc can be edited line by line: every package name is literal."""
    named = all(p.span != (-1, -1) for e in step.effects for p in e.packages)
    return bool(step.instruction.heredocs) and named and is_run_editable(program, step.index, kept, words)


def _last_build_index(program: Program, copies: Sequence[CopyFromBuilder]) -> int | None:
    """The last instruction that the builder must execute; None if nothing is copied."""
    if not copies:
        return None
    indexes = [t.after for t in copies]
    for step in program.steps:
        if step.keyword in ("COPY", "ADD") and step.role == "build":
            indexes.append(step.index)
        if step.keyword != "RUN":
            continue
        for atom in step.atoms:
            kinds = {e.kind for e in atom.effects}
            idle = kinds <= {"packages", "state", "cache", "index", "unpackage"} or is_plain_check(atom)
            if atom.role == "build" and not idle:
                indexes.append(step.index)
    return max(indexes)


def _builder_runs(program: Program, last: int, request: frozenset[int]) -> dict[int, frozenset[int]]:
    """The RUNs that the builder executes, each with its atoms, without those that no later builder step
    uses. The RUNs in `wanted` are always complete."""
    later = DownstreamUses(_runtime_config_dirs(program))
    found: dict[int, frozenset[int]] = {}
    for step in reversed(program.steps):
        if step.index > last:
            continue
        if step.keyword == "RUN":
            all_of_it = frozenset(a.index for a in step.atoms) if step.index in request else None
            atoms = all_of_it or _builder_atoms(step, later)
            if atoms is None:
                continue
            found[step.index] = atoms
        later.note(step)
    return found


def _runtime_config_dirs(program: Program) -> frozenset[str]:
    """The /etc directories of packages that only run time uses (nginx, nginx-light: /etc/nginx)."""
    found = (v.name for s in program.steps for a in s.atoms for v in a.packages if v.role == "run")
    return frozenset(f"/etc/{name.partition('-')[0]}" for name in found)


def _builder_atoms(step: Step, later: DownstreamUses) -> frozenset[int] | None:
    """The atoms of a RUN that the builder executes. Usually all of them, so that the step stays as written;
    None if the build needs nothing of the RUN."""
    everything = frozenset(a.index for a in step.atoms)
    if not step.atoms:
        return everything
    real = real_atoms(step)
    if not real:
        kinds = {e.kind for e in step.effects}
        if "index" in kinds and kinds <= {"index", "state", "cache"} and not later.needs_lists:
            return None
        return everything if any(a.role in ("build", "both") for a in step.atoms) else None
    if all(_is_runtime_only(atom, later) for atom in real):
        return None
    return everything - _runtime_tail(step)


def _runs_application(effect: Effect) -> bool:
    fetches = effect.kind == "fetch" and bool(effect.ecosystem)
    return effect.kind == "app" or fetches or effect.action == "install-deps"


def _runtime_tail(step: Step) -> frozenset[int]:
    """The atoms at the end of a RUN that only run the application or download for it. The final stage
    executes them, so the builder need not."""
    if step.instruction.heredocs:
        return frozenset()
    tail: set[int] = set()
    for atom in reversed(step.atoms):
        if atom.role != "run" or not any(_runs_application(e) for e in atom.effects):
            break
        tail.add(atom.index)
    return frozenset(tail)


def _is_read_by_build(step: Step, readers: PathUses) -> bool:
    """Whether the builder needs the files of a COPY: by its role, or because a builder step uses them."""
    if step.role in ("build", "both", "unknown"):
        return True
    places = copy_targets(step.visit)
    return places is not None and readers.has_reader(places, step.index)


def _affects_every_step(path: str) -> bool:
    """Whether a change of this path affects how every later step is executed."""
    return is_systems(path) or inside(path, "/root")


def _is_runtime_only(atom: AtomStep, later: DownstreamUses) -> bool:
    """Whether only run time needs the atom: packages that no build step calls, users that the build does
    not switch to, the application's own code."""
    kinds = {e.kind for e in atom.effects} - INSTALLS_NOTHING
    if atom.role != "run":
        return False
    if kinds == {"packages"}:
        needed = all(r.code in ("SL202",) for v in atom.packages for r in v.reasons)
        return needed and not later.touches_system
    if kinds == {"users"}:
        homes = [w for e in atom.effects for w in e.writes if not _affects_every_step(w)]
        return not later.needs_users and not later.gives_owner(homes)
    if kinds <= {"app", "fetch"}:
        return True
    if kinds in ({"install-global"}, {"install"}) and _installs_on_path(atom):
        names = {p.name for e in atom.effects for p in e.packages}
        return bool(names) and not later.calls({*names, *_package_programs(atom)})
    if kinds <= CHANGES_FILES:
        paths = [p for e in atom.effects for p in (*e.writes, *e.deletes)]
        shared = (p for p in paths if not inside_any(p, later.foreign))
        return not any(map(_affects_every_step, shared)) and not later.touches_any(
            paths, content="files" in kinds
        )
    return False


def _installs_on_path(atom: AtomStep) -> bool:
    """Whether every install of the atom puts its programs on PATH."""
    made = [e for e in atom.effects if e.kind not in INSTALLS_NOTHING]
    return all(
        e.kind == "install-global"
        or ((known := language(e.ecosystem)) is not None and known.installs_on_path)
        for e in made
    )


def _package_programs(atom: AtomStep) -> Iterator[str]:
    """The programs of the packages that the atom installs by name."""
    for effect in atom.effects:
        known = language(effect.ecosystem)
        part = known.packages if known is not None else None
        if part is not None:
            for package in effect.packages:
                yield from part.programs(package.name)


def _without_idle_runs(program: Program, final: Mapping[int, frozenset[int]]) -> dict[int, frozenset[int]]:
    """Drops RUNs that only refresh package lists or clean up if no install remains that needs them."""
    result = dict(final)
    steps = {s.index: s for s in program.steps}

    def kinds(index: int) -> set[str]:
        return {e.kind for a in steps[index].atoms if a.index in final[index] for e in a.effects}

    installs = [i for i in final if steps[i].keyword == "RUN" and kinds(i) & MAY_READ_LISTS]
    for index in list(result):
        step = steps[index]
        if step.keyword != "RUN" or not step.atoms:
            continue
        own = kinds(index)
        if (
            (
                own <= {"index", "state", "check"}
                and "index" in own
                and _lists_are_unread(program, final, index)
            )
            or (own <= {"cache", "state", "check"} and not any(i < index for i in installs))
            or (own <= NOT_FOR_RUN_TIME and not installs)
        ) and not removes_copied(program, step):
            del result[index]
        else:
            result[index] = _without_orphan_clean_up(step, result[index])
    return result


# Effects that may read package lists fetched by an earlier step.
MAY_READ_LISTS = USES_PACKAGE_LISTS | {"unknown"}


def _lists_are_unread(program: Program, final: Mapping[int, frozenset[int]], index: int) -> bool:
    """Whether no later RUN of the final stage reads the package lists before fetching its own."""
    for step in program.steps:
        if step.keyword != "RUN" or step.index <= index or step.index not in final:
            continue
        kinds = [{e.kind for e in a.effects} for a in step.atoms if a.index in final[step.index]]
        first = next(
            (k for k in kinds if k & {"index", *MAY_READ_LISTS}), None if step.atoms else MAY_READ_LISTS
        )
        if first is not None:
            return not first & MAY_READ_LISTS
    return True


def _without_orphan_clean_up(step: Step, atoms: frozenset[int]) -> frozenset[int]:
    """Drops index refreshes and clean-ups whose package commands are gone."""
    kinds = {e.kind for a in step.atoms if a.index in atoms for e in a.effects}
    if kinds & MAY_READ_LISTS:
        return atoms
    idle = {a.index for a in step.atoms if {e.kind for e in a.effects} <= {"index", "cache"} and a.effects}
    lasting = atoms - idle
    return (
        lasting
        if any({e.kind for e in a.effects} - INSTALLS_NOTHING for a in step.atoms if a.index in lasting)
        else atoms
    )


def _list_removal(program: Program, index: int, final: Mapping[int, frozenset[int]]) -> str:
    """The shell text that removes apt's lists after an install; "" if that is not possible or not needed."""
    step = program.step(index)
    kept = [a for a in step.atoms if a.index in final[index]]
    effects = [e for a in kept for e in a.effects]
    if not any(e.kind == "packages" and e.manager == SystemManager.APT for e in effects):
        return ""
    if package_manager(program) != "apt":  # a script that supports several managers
        return ""
    if removes_lists(effects) or "lists" in step.instruction.raw:
        return ""
    later = [e for s in program.steps if s.index > index and s.index in final for e in s.effects]
    installs = any(
        e.kind == "unknown" or (e.kind == "packages" and e.manager == SystemManager.APT) for e in later
    )
    if installs and not _lists_are_unread(program, final, index):
        return ""
    if any(a.effects and step.script and step.script.atoms[a.index].opaque for a in kept):
        return ""
    if "type=cache" in step.instruction.raw or "\n" in (step.script.text if step.script else ""):
        return ""
    return " && rm -rf /var/lib/apt/lists/*"
