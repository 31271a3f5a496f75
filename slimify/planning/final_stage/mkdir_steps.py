"""RUNs that only create directories: a base without a shell can't execute them, so the directories are
copied from the builder.

COPY keeps the owners inside a directory, but creates the directory itself and its parents as root, or as
--chown says. So the outermost directory that the RUN creates is copied.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from slimify.analysis.program import Program, Step
from slimify.facts.system import distroless_directories, is_plain_root, is_shared_directory
from slimify.model.effects import INSTALLS_NOTHING, Effect
from slimify.planning.final_stage.commands import PLAIN, real_atoms
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import inside, outermost, overlap

# Debian's IDs for accounts that distroless images share.
_NUMERIC_IDS = {"nobody": "65534", "nogroup": "65534", "root": "0"}
_PLAIN_OPTIONS = frozenset({"-p", "-v", "-pv", "-vp", "--parents", "--verbose"})
_SPECIAL = frozenset(" *?[]{}$\\'\"")


def mkdir_copies(
    program: Program, dropped: frozenset[int], others: Sequence[CopyFromBuilder]
) -> dict[int, tuple[CopyFromBuilder, ...]]:
    """The copies that replace a RUN without any other effect in the final stage, by its index."""
    context = [s for s in program.steps if s.keyword in ("COPY", "ADD")]
    taken = [p for s in context if s.role != "build" and s.index not in dropped for p in _copied_paths(s)]
    taken = [p for p in (*taken, *(t.path for t in others)) if not is_shared_directory(p)]
    near = [m.path for m in program.artifacts] + [p for s in context for p in _copied_paths(s)]
    found: dict[int, tuple[CopyFromBuilder, ...]] = {}
    for step in program.steps:
        if step.keyword != "RUN" or step.index in dropped or not is_plain_root(step.state.user):
            continue
        owners = _made_directories(step)
        whole = _copied_directories(owners)
        filled = any(overlap(path, place) for path in owners for place in taken)
        filled = filled or any(overlap(p, n) for p in whole.keys() - owners.keys() for n in near)
        if whole and not filled:
            copies = (CopyFromBuilder(path=p, after=step.index, owner=o) for p, o in whole.items())
            found[step.index] = tuple(copies)
    return found


def _copied_paths(step: Step) -> tuple[str, ...]:
    return step.visit.copy_targets or ("/",)


def _copied_directories(owners: Mapping[str, str]) -> dict[str, str]:
    """The directories to copy, with their owners. If a created directory has another owner than its new
    parent, the outermost new parent is copied."""
    found: dict[str, str] = {}
    for path, owner in owners.items():
        top = path
        while owner and posixpath.dirname(top) not in distroless_directories():
            top = posixpath.dirname(top)
        if is_shared_directory(top):
            return {}
        found[top] = owner if top == path else ""
    return {path: found[path] for path in outermost(found)}


def _made_directories(step: Step) -> dict[str, str]:
    """The directories that the RUN creates, each with its owner; {} if it does more or that is uncertain."""
    made: list[str] = []
    owners: dict[str, str] = {}
    for atom in real_atoms(step):
        if atom.packages or atom.role not in ("run", "both", "unknown"):
            continue  # the final stage doesn't execute it; packages are handled separately
        if step.script.atoms[atom.index].opaque not in PLAIN:
            return {}
        for effect in (e for e in atom.effects if e.kind not in INSTALLS_NOTHING):
            owner = _owner(effect) if effect.tool == "chown" else ""
            if effect.tool == "mkdir" and _has_default_mode(effect):
                made += effect.writes
            elif owner and _covers_content(effect, made):
                owners |= dict.fromkeys(effect.writes, owner)
            else:
                return {}
    tops = outermost((*owners, *made))
    if any(is_shared_directory(path) or set(path) & _SPECIAL for path in tops) or any(
        path not in tops for path in owners
    ):
        return {}
    return {path: owners.get(path, "") for path in tops}


def _has_default_mode(effect: Effect) -> bool:
    """Whether `mkdir` creates the directories with the usual mode."""
    options = {w.text for w in effect.command.words if w.text.startswith("-")}
    return options <= _PLAIN_OPTIONS and bool(effect.writes) and not effect.writes_anywhere


def _owner(effect: Effect) -> str:
    """Numeric `user:group` if it is the same in both images; "" if that is uncertain."""
    given = next((w.value or "" for w in effect.command.words[1:] if not w.text.startswith("-")), "")
    user, mark, group = given.partition(":")
    if mark and not group:  # the login group of a user
        return ""
    user, group = _NUMERIC_IDS.get(user, user), _NUMERIC_IDS.get(group, group) or "0"
    return f"{user}:{group}" if user.isdigit() and group.isdigit() else ""


def _covers_content(effect: Effect, made: Sequence[str]) -> bool:
    """Whether `chown` applies to directories just created, and to everything in them."""
    for path in effect.writes:
        within = [m for m in made if inside(m, path)]
        if not within or (not effect.recursive and any(m != path for m in within)):
            return False
    return bool(effect.writes) and not effect.writes_anywhere
