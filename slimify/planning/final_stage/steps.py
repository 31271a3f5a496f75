"""Which commands of a RUN the final stage executes, and the package names that change in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, field

from slimify.analysis.copies import copy_targets
from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.carried import installed as base_packages
from slimify.facts.images import image
from slimify.model.decisions import Decision, PackageVerdict
from slimify.model.effects import INSTALLS_NOTHING, LEAVES_NOTHING
from slimify.model.plan import Rung
from slimify.planning.final_stage.restore_packages import install_line, plain
from slimify.planning.layout import CopyFromBuilder, WordEdit
from slimify.semantics.paths import inside, inside_any

PLAIN = frozenset({"", "heredoc"})  # for a command that is executed, whatever happens, with what is said


class SplitRequest(Struct, frozen=True, kw_only=True):
    """How a strategy wants the steps parted.

    `counterparts`: install what run time needs of a -dev package. `present`: packages the final
    base has already. `force_final`: build atoms that are executed in the final stage all the same.
    """

    rung: Rung
    base: str
    copies: tuple[CopyFromBuilder, ...]
    counterparts: bool = True
    present: Collection[str] = ()
    needless: Collection[str] = ()  # counterparts that this base makes needless
    drop_final: frozenset[int] = frozenset()  # instructions the final stage does without
    builder_runs: frozenset[int] = frozenset()  # RUNs that the builder executes, whatever their roles
    builder_tail: tuple[str, ...] = ()
    final_head: tuple[str, ...] = ()
    builder_before: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    final_after: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    replace: Mapping[int, str] | None = None
    builder_only_env: frozenset[str] = frozenset()  # variables that only a toolchain of the builder reads
    decisions: tuple[Decision, ...] = ()
    saving: int = 0
    original: int = 0


def real_atoms(step: Step) -> tuple[AtomStep, ...]:
    """The atoms of a RUN that do something by themselves."""
    return tuple(a for a in step.atoms if not {e.kind for e in a.effects} <= INSTALLS_NOTHING)


def final_atoms(
    program: Program, step: Step, wanted: SplitRequest, built: frozenset[int] = frozenset()
) -> tuple[frozenset[int] | None, WordEdit]:
    """The atoms of a RUN that the final stage executes, and the package names that change in them; `built`
    are those that the builder executes."""
    if not step.atoms:
        return (frozenset() if step.role in ("run", "both", "unknown") else None), WordEdit()
    kept: set[int] = set()
    drop: set[tuple[int, int]] = set()
    swap: dict[tuple[int, int], str] = {}
    gone: set[str] = set()
    for atom in step.atoms:
        kinds = {e.kind for e in atom.effects}
        if "packages" in kinds and atom.packages:
            stays, dropped, swapped = _packages(atom, wanted)
            if stays:
                kept.add(atom.index)
                drop |= dropped
                swap |= swapped
            else:
                gone |= {v.name for v in atom.packages}
                gone |= {e.action.split()[-1] for e in atom.effects if "--virtual" in e.action}
        elif atom.index in built and _copied_already(step, atom, wanted.copies):
            continue
        elif atom.role in ("run", "both", "unknown") or plain_check(atom) or _serves_installs(atom):
            kept.add(atom.index)
        elif _on_tree_root(program, step, atom, wanted.copies):
            kept.add(atom.index)
            dropped, swapped = _not_recursive(atom)
            drop |= dropped
            swap |= swapped
    removals = [a for a in step.atoms if {e.kind for e in a.effects} - {"state"} == {"unpackage"}]
    installed = {v.name for s in program.steps for a in s.atoms for v in a.packages} if removals else set()
    kept -= {a.index for a in removals if _removes_nothing(program, a, installed, wanted)}
    real = [a for a in step.atoms if a.index in kept and not {e.kind for e in a.effects} <= INSTALLS_NOTHING]
    if not real and real_atoms(step):
        return None, WordEdit()
    if not real and not any(
        {e.kind for e in a.effects} & {"index", "unpackage"} for a in step.atoms if a.index in kept
    ):
        return (frozenset(kept) if removes_copied(program, step) else None), WordEdit()
    if {e.kind for a in real for e in a.effects} <= INSTALLS_NOTHING | {"packages", "users"}:
        kept -= {a.index for a in step.atoms if a.effects and all(e.tool == "cd" for e in a.effects)}
    for atom in reversed(step.atoms):  # a change of directory that nothing follows
        if atom.index in kept:
            if not atom.effects or any(e.tool != "cd" for e in atom.effects):
                break
            kept.discard(atom.index)
    return frozenset(kept), WordEdit(drop=frozenset(drop), replace=swap)


def _copied_already(step: Step, atom: AtomStep, trees: Sequence[CopyFromBuilder]) -> bool:
    """Links and directories that the builder made where it is copied from, by this step or before: made a
    second time they would be in the way."""
    made = [e for e in atom.effects if e.kind not in INSTALLS_NOTHING]
    there = [t.path for t in trees if not t.is_file and t.after <= step.index]
    return bool(made) and all(
        e.kind == "files"
        and e.tool in ("ln", "mkdir")
        and e.writes
        and not (e.deletes or e.writes_anywhere)
        and all(w not in there and inside_any(w, there) for w in e.writes)
        for e in made
    )


def removes_copied(program: Program, step: Step) -> bool:
    """Whether a clean-up takes away files of the context that the final stage copies before it."""
    deleted = [d for e in step.effects if e.kind == "cache" for d in e.deletes]
    copies = (s for s in program.steps if s.keyword in ("COPY", "ADD") and s.index < step.index)
    brought = (copy_targets(s.visit) for s in copies if deleted and s.role != "build")
    return any(inside(p, d) or fnmatchcase(p, d) for paths in brought for p in paths or () for d in deleted)


def _serves_installs(atom: AtomStep) -> bool:
    """Package lists and their removal: they go where a package is installed (see `_without_idle`)."""
    kinds = {e.kind for e in atom.effects}
    return ("index" in kinds and kinds <= {"index", "cache", "state"}) or (
        kinds == {"cache"} and _lists_only(atom)
    )


def _lists_only(atom: AtomStep) -> bool:
    managers = {e.manager or e.tool for e in atom.effects}
    return managers <= {"apt", "apt-get", "apk"} or all(
        d.startswith(("/var/lib/apt", "/var/cache/", "/tmp", "/var/tmp"))
        for e in atom.effects
        for d in e.deletes
    )


def install_anew(step: Step, kept: frozenset[int] | None, wanted: SplitRequest) -> str | None:
    """An install written anew by its packages' names, where its words can't be edited: names that come out
    of variables, here-documents. None where nothing changes, or more than an install is left."""
    if kept is None or not step.atoms:
        return None
    atoms = [a for a in step.atoms if a.index in kept]
    installs = [e for a in atoms for e in a.effects if e.kind == "packages"]
    if not installs or any({e.kind for e in a.effects} - INSTALLS_NOTHING - {"packages"} for a in atoms):
        return None
    if any(e.manager != "apt" or e.why for e in installs) or any(
        not a.packages for a in atoms if _installs(a)
    ):
        return None
    dropped = any((a.role == "build" and not a.effects) or a.index not in kept for a in step.atoms) or any(
        v.role == "build" for a in atoms for v in a.packages
    )
    hidden = any(p.span == (-1, -1) for e in installs for p in e.packages)
    if not dropped or not (hidden or step.instruction.heredocs):
        return None
    names: dict[str, None] = {}
    for verdict in (v for a in atoms for v in a.packages):
        own = _counterparts(verdict, wanted) if verdict.role == "build" else (verdict.name,)
        names |= {n: None for n in own if n not in wanted.present}
    sparing = any(w.value == "--no-install-recommends" for e in installs for w in e.command.words)
    return install_line(list(names), sparing=sparing) if names else None


def _installs(atom: AtomStep) -> bool:
    return any(e.kind == "packages" for e in atom.effects)


# Checks that any image can make: they go with what they guard.
PLAIN_CHECKS = frozenset(
    {
        "[",
        "test",
        "[[",
        "true",
        ":",
        "exit",
        "echo",
        "printf",
        "ls",
        "id",
        "which",
        "command",
        "type",
        "whoami",
    }
)


def plain_check(atom: AtomStep) -> bool:
    return bool(atom.effects) and all(e.kind == "check" and e.tool in PLAIN_CHECKS for e in atom.effects)


def _on_tree_root(program: Program, step: Step, atom: AtomStep, trees: Sequence[CopyFromBuilder]) -> bool:
    """Owner or mode of a directory that is copied whole: COPY brings those of its content, but the
    directory itself is made anew, or is there already and keeps its own (docker: COPY copies the
    content of a directory)."""
    assert step.script is not None
    roots = {t.path for t in trees if not t.is_file and not _comes_later(program, step, t)}
    owned = any(w in roots for e in step.effects if e.kind == "meta" for w in e.writes)
    if not owned or not atom.effects or step.script.atoms[atom.index].opaque not in PLAIN:
        return False
    # the mkdir in front of the chown makes the directory that it works on
    if any(e.kind not in LEAVES_NOTHING | {"meta"} and e.tool != "mkdir" for e in atom.effects):
        return False
    return any(w in roots for e in atom.effects for w in e.writes)


def _comes_later(program: Program, step: Step, tree: CopyFromBuilder) -> bool:
    """Whether the directory is not there yet: a COPY that only the builder executes brought it."""
    copies = (s for s in program.steps if s.keyword in ("COPY", "ADD") and s.role == "build")
    brought = (copy_targets(s.visit) for s in copies if s.index < step.index)
    return step.index < tree.after and any(inside(p, tree.path) for paths in brought for p in paths or ())


def _not_recursive(atom: AtomStep) -> tuple[set[tuple[int, int]], dict[tuple[int, int], str]]:
    """The words of `chown -R` that make it work on the content, too: executed in the builder already."""
    drop: set[tuple[int, int]] = set()
    swap: dict[tuple[int, int], str] = {}
    for effect in atom.effects:
        for word in effect.command.words[1:]:
            if effect.kind != "meta" or not word.text.startswith("-"):
                continue
            if word.text in ("-R", "--recursive"):
                drop.add((word.start, word.end))
            elif not word.text.startswith("--") and "R" in word.text:
                swap[(word.start, word.end)] = word.text.replace("R", "")
    return drop, swap


def _packages(
    atom: AtomStep, wanted: SplitRequest
) -> tuple[bool, set[tuple[int, int]], dict[tuple[int, int], str]]:
    """Whether an install command stays in the final stage, and which of its words go or change."""
    spans: dict[str, tuple[int, int]] = {}
    for effect in atom.effects:
        for package in effect.packages:
            spans.setdefault(package.name, package.span)
    stays = False
    drop: set[tuple[int, int]] = set()
    swap: dict[tuple[int, int], str] = {}
    named: set[str] = {plain(v.name) for v in atom.packages if v.role != "build"}
    for verdict in atom.packages:
        span = spans.get(verdict.name, (-1, -1))
        needed = tuple(p for p in _counterparts(verdict, wanted) if plain(p) not in named)
        if verdict.role == "build" and not needed:
            drop.add(span)
            continue
        if verdict.role != "build" and verdict.name in wanted.present:
            drop.add(span)
            continue
        stays = True
        if verdict.role == "build":
            swap[span] = " ".join(needed)
            named |= {plain(p) for p in needed}
    if (-1, -1) in drop or (-1, -1) in swap:
        # The names come out of a variable: the command can only stay or go as a whole.
        return stays, set(), {}
    return stays, drop, swap


def _counterparts(verdict: PackageVerdict, wanted: SplitRequest) -> tuple[str, ...]:
    if not wanted.counterparts:
        return ()
    return tuple(p for p in verdict.counterparts if p not in wanted.present and p not in wanted.needless)


def _removes_nothing(program: Program, atom: AtomStep, installed: set[str], wanted: SplitRequest) -> bool:
    """A removal of packages that the final stage does not install, or of none by name."""
    groups = {
        e.action.split()[-1]: {v.role for v in a.packages}
        for s in program.steps
        for a in s.atoms
        for e in a.effects
        if e.kind == "packages" and "--virtual" in e.action
    }
    for effect in atom.effects:
        for package in effect.packages:
            if groups.get(package.name) == {"build"}:
                continue
            if package.name and package.name not in installed and not package.name.startswith("."):
                if any(ch in package.name for ch in "*?") or _never_there(package.name, wanted):
                    continue
                return False
            if package.name in installed and _role(program, package.name) != "build":
                return False
    return True


def _never_there(name: str, wanted: SplitRequest) -> bool:
    """A package that the smaller image of the final stage has not, whatever the full one carried."""
    base = image(wanted.base) if wanted.rung in ("minimal", "slim") else None
    there = base_packages(base, nearest=True) if base is not None else frozenset()
    return bool(there) and name not in there


def _role(program: Program, name: str) -> str:
    return next((v.role for s in program.steps for a in s.atoms for v in a.packages if v.name == name), "run")
