"""Which commands of a RUN the final stage executes, and which package names change in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.carried import installed as base_packages
from slimify.facts.debian import name_before_t64
from slimify.facts.images import image
from slimify.facts.programs import is_plain_check
from slimify.facts.system import yes_option
from slimify.model.decisions import PackageVerdict, Role
from slimify.model.effects import INSTALLS_NOTHING, LEAVES_NOTHING, RECURSIVE, Effect, SystemManager
from slimify.model.regex import regex
from slimify.planning.final_stage.restore_packages import install_run
from slimify.planning.layout import CopyFromBuilder, Layout, WordEdit
from slimify.semantics.paths import inside
from slimify.syntax.shell.meaning import Span

PLAIN = frozenset({"", "heredoc"})  # `opaque` values of commands that always run, with the words as written


class SplitRequest(Layout, frozen=True, kw_only=True):
    """How a strategy wants the steps split: the layout as far as it is known before that.

    `counterparts`: install the run-time packages that a -dev package stands for. `present`: packages that
    the final base already has.
    """

    counterparts: bool = True
    present: Collection[str] = ()
    needless: Collection[str] = ()  # counterparts that are not needed on this base
    drop_final: frozenset[int] = frozenset()  # instructions that the final stage omits


def real_atoms(step: Step) -> tuple[AtomStep, ...]:
    """The atoms of a RUN that have an effect of their own."""
    return tuple(a for a in step.atoms if not a.kinds <= INSTALLS_NOTHING)


def final_atoms(
    program: Program, step: Step, request: SplitRequest
) -> tuple[frozenset[int] | None, WordEdit]:
    """The atoms of a RUN that the final stage executes, None for none, and the changes of package names."""
    if not step.atoms:
        return (frozenset() if step.role != "build" else None), WordEdit()
    kept: set[int] = set()
    words: dict[Span, str] = {}
    named: set[str] = set()  # what the commands in front of one install, where none of them is conditional
    joined = all(a.operator in ("", "&&") and a.opaque in PLAIN for a in step.script.atoms)
    for atom in step.atoms:
        kinds = atom.kinds
        if "packages" in kinds and atom.packages:
            edits = _package_edits(atom, request, named if joined else set())
            if edits is not None:
                kept.add(atom.index)
                words |= edits | _silent_install(atom)
        elif atom.role != "build" or only_checks(atom) or _serves_installs(atom):
            kept.add(atom.index)
        elif _on_copy_root(program, step, atom, request.copies):
            kept.add(atom.index)
            words |= non_recursive_edits(atom.effects)
    removals = [a for a in step.atoms if a.kinds - {"state"} == {"unpackage"}]
    roles = _roles_of_installed(program) if removals else {}
    needed = {a.index for a in removals if _removes_kept(a, roles)}
    kept |= needed
    kept -= {a.index for a in removals if _removes_nothing(a, roles, request)}
    real = [a for a in real_atoms(step) if a.index in kept]
    if not real and real_atoms(step) and not needed:
        return None, WordEdit()
    if not real and not any(a.kinds & {"index", "unpackage"} for a in step.atoms if a.index in kept):
        return (frozenset(kept) if removes_copied(program, step) else None), WordEdit()
    if {e.kind for a in real for e in a.effects} <= INSTALLS_NOTHING | {"packages", "users"}:
        kept -= {a.index for a in step.atoms if a.effects and all(e.tool == "cd" for e in a.effects)}
    for atom in reversed(step.atoms):  # a trailing cd, export or `. FILE` has no effect
        if atom.index in kept:
            if not atom.effects or any(e.kind != "state" for e in atom.effects):
                break
            kept.discard(atom.index)
    return frozenset(kept), WordEdit(replace=words)


def removes_copied(program: Program, step: Step) -> bool:
    """Whether a clean-up removes context files that the final stage copied before it."""
    deleted = [d for e in step.effects if e.kind == "cache" for d in e.deletes]
    copies = (s for s in program.steps if s.keyword in ("COPY", "ADD") and s.index < step.index)
    brought = (s.visit.copy_targets for s in copies if deleted and s.role != "build")
    return any(inside(p, d) or fnmatchcase(p, d) for paths in brought for p in paths or () for d in deleted)


def _serves_installs(atom: AtomStep) -> bool:
    """Whether the atom fetches or removes package lists: it stays with the installs."""
    if "index" in atom.kinds:
        return atom.kinds <= {"index", "cache", "state"}
    deleted = (d for e in atom.effects for d in e.deletes)
    return atom.kinds == {"cache"} and all(d.startswith(_PACKAGE_FILES) for d in deleted)


_PACKAGE_FILES = ("/var/lib/apt", "/var/cache/", "/etc/apk/cache", "/tmp", "/var/tmp")


def rewritten_install(step: Step, kept: frozenset[int] | None, request: SplitRequest) -> str | None:
    """A new RUN for one that only installs and whose words, from variables or heredocs, can't be edited."""
    if kept is None or not step.atoms:
        return None
    atoms = [a for a in step.atoms if a.index in kept]
    installs = [e for a in atoms for e in a.effects if e.kind == "packages"]
    if not installs or any(a.kinds - INSTALLS_NOTHING - {"packages"} for a in atoms):
        return None
    unknown = any(not a.packages for a in atoms if "packages" in a.kinds)
    if unknown or any(e.manager != SystemManager.APT for e in installs):
        return None
    dropped = any((a.role == "build" and not a.effects) or a.index not in kept for a in step.atoms) or any(
        v.role == "build" for a in atoms for v in a.packages
    )
    hidden = any(p.span == (-1, -1) for e in installs for p in e.packages)
    if not dropped or not (hidden or step.instruction.heredocs):
        return None
    names: dict[str, None] = {}
    for verdict in (v for a in atoms for v in a.packages):
        own = _counterparts(verdict, request) if verdict.role == "build" else (verdict.name,)
        names |= {n: None for n in own if n not in request.present}
    sparing = any(e.sparing for e in installs)
    return install_run(list(names), sparing=sparing) if names else None


def only_checks(atom: AtomStep) -> bool:
    """Whether an atom only checks what any image has: it stays with the commands that it guards."""
    return bool(atom.effects) and all(e.kind == "check" and is_plain_check(e.tool) for e in atom.effects)


def _on_copy_root(program: Program, step: Step, atom: AtomStep, copies: Sequence[CopyFromBuilder]) -> bool:
    """Whether the atom changes owner or mode of a directory that is copied whole. COPY transfers the
    content of a directory, but creates the directory itself or leaves an existing one unchanged (docker:
    COPY copies the content of a directory)."""
    roots = {t.path for t in copies if not t.is_file and not _is_copied_later(program, step, t)}
    owned = any(w in roots for e in step.effects if e.kind == "meta" for w in e.writes)
    if (
        not owned
        or not atom.effects
        or all(map(_sets_usual_mode, atom.effects))
        or step.script.atoms[atom.index].opaque not in PLAIN
    ):
        return False
    # the chown works on the directory created by a preceding mkdir
    if any(e.kind not in LEAVES_NOTHING | {"meta"} and e.tool != "mkdir" for e in atom.effects):
        return False
    later = (e for s in program.steps if s.index > step.index for e in s.effects if e.kind == "meta")
    again = {(e.tool, w) for e in later for w in e.writes}
    if again.issuperset((e.tool, w) for e in atom.effects for w in e.writes):
        return False  # a later step gives it anew
    return any(w in roots for e in atom.effects for w in e.writes)


def _sets_usual_mode(effect: Effect) -> bool:
    """Whether it gives a directory the mode that a COPY gives it, too; that of a file comes with the file."""
    modes = (w.value or "" for w in effect.command.words[1:])
    return effect.tool == "chmod" and not effect.recursive and any(map(_USUAL_MODE.fullmatch, modes))


_USUAL_MODE = regex(r"[ugoa]*\+[rx]+|0?755")


def _is_copied_later(program: Program, step: Step, copy: CopyFromBuilder) -> bool:
    """Whether the directory does not exist yet: only the builder executes the COPY that created it."""
    copies = (s for s in program.steps if s.keyword in ("COPY", "ADD") and s.role == "build")
    brought = (s.visit.copy_targets for s in copies if s.index < step.index)
    return step.index < copy.after and any(inside(p, copy.path) for paths in brought for p in paths or ())


def non_recursive_edits(effects: Iterable[Effect]) -> dict[Span, str]:
    """The words that change to remove -R from `chown`."""
    words = (w for e in effects if e.kind == "meta" for w in e.command.words[1:])
    given = {(w.start, w.end): w.text for w in words if RECURSIVE.fullmatch(w.text)}
    return {s: "" if t in ("-R", "--recursive") else t.replace("R", "") for s, t in given.items()}


def _package_edits(atom: AtomStep, request: SplitRequest, named: set[str]) -> dict[Span, str] | None:
    """The words of an install command that change in the final stage, None if that lacks it. `named` are the
    packages that are installed in front of it, to which its own are added."""
    spans: dict[str, list[Span]] = {}
    for effect in atom.effects:
        for package in effect.packages:
            spans.setdefault(package.name, []).append(package.span)
    stays = False
    edits: dict[Span, str] = {}
    named |= {name_before_t64(v.name) for v in atom.packages if v.role != "build"}
    for verdict in atom.packages:
        first, *again = spans.get(verdict.name, [(-1, -1)])
        needed = tuple(p for p in _counterparts(verdict, request) if name_before_t64(p) not in named)
        goes = not needed if verdict.role == "build" else verdict.name in request.present
        if goes:
            edits |= dict.fromkeys((first, *again), "")
            continue
        stays = True
        if verdict.role == "build":
            edits |= dict.fromkeys(again, "") | {first: " ".join(needed)}
            named |= {name_before_t64(p) for p in needed}
    if (-1, -1) in edits:  # The names come from a variable: the command is kept or dropped as a whole.
        edits = {}
    return edits if stays else None


def _silent_install(atom: AtomStep) -> dict[Span, str]:
    """The edits that let installs ask no question. They ask before they install dependencies that are not
    named, and a smaller stage may lack some."""
    edits: dict[Span, str] = {}
    for effect in atom.effects:
        verb = next((w for w in effect.command.words if w.value == "install"), None)
        if effect.asks and not effect.followed and verb is not None:
            edits[verb.start, verb.end] = f"{verb.text} {yes_option(effect.manager)}"
    return edits


def _counterparts(verdict: PackageVerdict, request: SplitRequest) -> tuple[str, ...]:
    if not request.counterparts:
        return ()
    return tuple(p for p in verdict.counterparts if p not in request.present and p not in request.needless)


def _roles_of_installed(program: Program) -> dict[str, set[Role]]:
    """The packages that the file names, each with its first role, and its groups, with those of all in it."""
    groups = {
        e.subject: {v.role for v in a.packages}
        for a in program.atoms
        for e in a.effects
        if e.kind == "packages" and e.subject
    }
    return {v.name: {v.role} for v in reversed(program.verdicts)} | groups


def _removes_kept(atom: AtomStep, roles: Mapping[str, set[Role]]) -> bool:
    """Whether a removal names something that the final stage installs."""
    return any(roles.get(p.name, {"build"}) != {"build"} for e in atom.effects for p in e.packages)


def _removes_nothing(atom: AtomStep, roles: Mapping[str, set[Role]], request: SplitRequest) -> bool:
    """Whether a removal names only packages that the final stage does not install."""
    if _removes_kept(atom, roles):
        return False
    others = {p.name for e in atom.effects for p in e.packages if p.name and p.name not in roles}
    return all(
        name.startswith(".") or any(ch in name for ch in "*?") or _is_never_installed(name, request)
        for name in others
    )


def _is_never_installed(name: str, request: SplitRequest) -> bool:
    """Whether the smaller base of the final stage lacks the package, even if the full base has it."""
    base = image(request.base) if request.rung in ("minimal", "slim") else None
    there = base_packages(base, nearest=True) if base is not None else frozenset()
    return bool(there) and name not in there
