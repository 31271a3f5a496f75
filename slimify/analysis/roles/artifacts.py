"""What is left of everything that build steps make, and where files of the context belong."""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from slimify.analysis.copies import copied_files, copy_targets
from slimify.analysis.roles.chown_globs import assign_chown_globs
from slimify.analysis.roles.compiler_inputs import compiler_inputs
from slimify.analysis.roles.parent_directories import keep_parent_directories
from slimify.analysis.roles.role_state import Artifact, AtomKey, RoleState, assign_role, final_stage_paths
from slimify.facts.system import is_package_source, is_plain_root, is_scratch, is_shared_directory
from slimify.languages import languages
from slimify.model.decisions import Reason, Role
from slimify.model.effects import CHANGES_FILES, LEAVES_NOTHING, MANAGES_PACKAGES, WORKS_BY_PATH, EffectKind
from slimify.semantics.paths import inside, inside_any, is_named_place, outermost, touches
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import copy_parts

_NO_FILES = MANAGES_PACKAGES | {"cache", "state"}  # reads no file of the context
_NARROW = WORKS_BY_PATH | {"check"}  # reads what it names, whatever its directory


def runtime_artifacts(state: RoleState) -> tuple[Artifact, ...]:
    """What is left of everything made: not deleted again, not scratch, not an archive that was unpacked."""
    kept, locks = [], {name for known in languages() for name in known.lock_files}
    for path, made in state.artifacts.items():
        scratch = is_scratch(path) and not is_named_place(path) and path not in state.symlink_targets
        if path in state.unpacked or scratch:
            continue
        if any(inside(path, g) for g in state.deleted) and not is_named_place(path):
            continue
        if is_package_source(path):
            continue
        if path.rpartition("/")[2] in locks:
            continue
        kept.append(made)
    outer = set(outermost(m.path for m in kept))
    return tuple(m for m in kept if m.path in outer)


def with_chowned_directories(state: RoleState, made: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
    """`chown -R app /app` over a directory that holds made things: the directory is copied whole,
    since executing it again would store everything in it twice."""
    result = list(made)
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            where = (visit.index, number)
            if state.atoms.get(where) != "run" or {e.kind for e in effects} - LEAVES_NOTHING - {"meta"}:
                continue
            targets = [w for e in effects for w in e.writes]
            trees = [m for m in result if not m.is_file]
            if targets and all(
                any(inside(t, m.path) and m.first < visit.index for m in trees) for t in targets
            ):
                assign_role(state, where, "build", Reason.of("SL217", "reworks_owned"))
                continue
            covered = [
                m
                for m in result
                if any(inside(m.path, t) and m.path != t for t in targets) and m.first < visit.index
            ]
            wide = [t for t in targets if any(inside(m.path, t) for m in covered)]
            if (
                not wide
                or any(is_shared_directory(t) for t in wide)
                or not all(inside_any(t, wide) for t in targets)
            ):
                continue
            for target in wide:
                below = [m for m in result if inside(m.path, target)]
                first = min(m.first for m in below)
                kind: EffectKind = "build" if any(m.kind == "build" for m in below) else "meta"
                result = [m for m in result if m not in below]
                result.append(Artifact(path=target, first=first, user="root", kind=kind))
                _settle_inside(state, target, where)
            state.atoms[where] = "build"
            state.reasons[where] = (Reason.of("SL217", "reworks_owned"),)
    return tuple(sorted(result, key=lambda m: m.first))


def _settle_inside(state: RoleState, directory: str, before: AtomKey) -> None:
    """What was done to files in a directory that turns out to be copied whole is done in the builder."""
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            where = (visit.index, number)
            if where >= before or state.atoms.get(where) != "run":
                continue
            paths = [p for e in effects for p in (*e.writes, *e.deletes)]
            plain = {e.kind for e in effects} <= CHANGES_FILES | LEAVES_NOTHING
            if plain and paths and all(inside(p, directory) for p in paths):
                assign_role(state, where, "build", Reason.of("SL217", "inside_copied"))


def assign_artifact_directories(state: RoleState) -> None:
    """A directory made for what the same RUN then builds or unpacks into it comes with that, if at all."""
    for visit in state.visits:
        own = [m.path for m in state.artifacts.values() if m.first == visit.index]
        if not own or not is_plain_root(visit.state.user):
            continue
        for number, effects in enumerate(visit.effects):
            where = (visit.index, number)
            made = [w for e in effects for w in e.writes]
            plain = all(e.tool == "mkdir" or e.kind in LEAVES_NOTHING for e in effects)
            if state.atoms[where] != "run" or not made or not plain:
                continue
            if all(any(inside(p, w) and p != w for p in own) for w in made):
                assign_role(state, where, "build", Reason.of("SL217", "directory"))


def copy_roles(
    state: RoleState, made: tuple[Artifact, ...], live_texts: frozenset[str]
) -> tuple[dict[int, Role], dict[int, tuple[Reason, ...]]]:
    """Roles of COPY and ADD: with the build where a build step reads it, at run time otherwise."""
    roles: dict[int, Role] = {}
    reasons: dict[int, tuple[Reason, ...]] = {}
    users = _users(state)
    for position, visit in enumerate(state.visits):
        if visit.instruction.keyword not in ("COPY", "ADD"):
            continue
        targets = _targets(state, position)
        if targets is None:
            roles[visit.index] = "unknown"
            reasons[visit.index] = (Reason.of("SL221", "target_unknown"),)
            continue
        if _emulator(visit):
            roles[visit.index] = "both"
            reasons[visit.index] = (Reason.of("SL224", "emulator"),)
            continue
        tool = _tool_of_another_image(state, visit)
        if tool:
            runtime_needs = bool(tool & state.live_commands)
            roles[visit.index] = "both" if runtime_needs else "build"
            first = min(tool)
            reasons[visit.index] = (
                Reason.of("SL205", "build_tool", command=first)
                if runtime_needs
                else Reason.of("SL205", "build_tool_only", command=first),
            )
            continue
        user = _first_user(users, visit.index, targets)
        if targets and all(any(inside(t, g) for g in state.deleted) for t in targets) and user:
            roles[visit.index] = "build"
            reasons[visit.index] = (Reason.of("SL224", "read_and_deleted", step=user),)
            continue
        covered = all(any(not m.is_file and inside(t, m.path) for m in made) for t in targets)
        if covered:
            role: Role = "build"
            reason = Reason.of("SL224", "inside_built")
        elif user and (
            _only_manifests(state, visit, targets, live_texts)
            or (_scratch(state, visit, live_texts) and _read_by_build(state, visit))
        ):
            role, reason = "build", Reason.of("SL224", "read_by_build", step=user)
        elif _remote(visit) and _scratch(state, visit, live_texts):
            role, reason = "build", Reason.of("SL224", "cache_key")
        elif user:
            role, reason = (
                "both",
                Reason.of("SL224", "read_by_both", step=user),
            )
        else:
            role, reason = "run", Reason.of("SL225", "files")
        roles[visit.index] = role
        reasons[visit.index] = (reason,)
    _follow_copies(state, roles)
    keep_parent_directories(state, made, roles, reasons)
    return roles, reasons


def _follow_copies(state: RoleState, copies: Mapping[int, Role]) -> None:
    """Owner and mode of files that only the build reads are changed, and these are deleted, where they are
    (a lock file)."""
    placed = {
        visit.index: _targets(state, position) or ()
        for position, visit in enumerate(state.visits)
        if visit.index in copies
    }
    for visit in state.visits:
        earlier = {index: paths for index, paths in placed.items() if index < visit.index}
        for number, effects in enumerate(visit.effects):
            where, kinds = (visit.index, number), {e.kind for e in effects}
            paths = [w for e in effects for w in e.writes]
            deleted = [d for e in effects for d in e.deletes]
            if state.atoms[where] != "run":
                continue
            if paths and "meta" in kinds and not kinds - {"meta", "check"}:
                what = "changes"
                makers = [{i for i, made in earlier.items() if inside_any(p, made)} for p in paths]
            elif deleted and not paths and kinds == {"files"}:
                by_then = final_stage_paths(state, (visit.index, len(visit.effects)))
                if any(inside_any(made, deleted) for made in by_then):
                    continue
                what = "deletes"
                makers = [
                    {i for i, made in earlier.items() if any(inside(m, d) for m in made)} for d in deleted
                ]
            else:
                continue
            if all(found and {copies[i] for i in found} == {"build"} for found in makers):
                assign_role(state, where, "build", Reason.of("SL217", "files_of_build", done=what))
    assign_chown_globs(state, copies, placed)


def _emulator(visit: Visit) -> bool:
    """A COPY of QEMU's user emulation (source: wiki.debian.org/QemuUserEmulation, names of the programs)."""
    sources = copy_parts(visit.instruction).sources
    return bool(sources) and all(fnmatchcase(posixpath.basename(s), "qemu-*-static") for s in sources)


def _tool_of_another_image(state: RoleState, visit: Visit) -> frozenset[str]:
    """The programs that COPY --from takes out of another image, when build steps call one of them."""
    parts = copy_parts(visit.instruction)
    if parts.from_stage is None:
        return frozenset()
    names = frozenset(source.rstrip("/").rpartition("/")[2] for source in parts.sources)
    return names if names & state.build_tools else frozenset()


def _targets(state: RoleState, position: int) -> tuple[str, ...] | None:
    """The image paths that a COPY makes, as the view of the next instruction knows them."""
    return copy_targets(state.visits[position])


class _User(Struct, frozen=True):
    """A build step that works somewhere: `places` is None where that may be anywhere."""

    index: int
    name: str  # shortened for a message
    places: tuple[str, ...] | None


def _users(state: RoleState) -> tuple[_User, ...]:
    """The build steps that read or write files, in order."""
    users = []
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            if state.atoms.get((visit.index, number)) not in ("build", "unknown"):
                continue
            for effect in effects:
                if effect.kind in _NO_FILES:
                    continue
                narrow = effect.kind in _NARROW
                if (effect.cwd is None and not narrow) or effect.reads_anything:
                    users.append(_User(visit.index, effect.tool, None))
                    continue
                named = (*effect.reads, *effect.manifests, *effect.writes, *effect.outputs)
                places = named if narrow else (effect.cwd or "", *compiler_inputs(effect), *named)
                known = tuple(p for p in places if p and not is_named_place(p))
                if known:
                    users.append(_User(visit.index, f"{effect.tool} {effect.action}".strip(), known))
    return tuple(users)


def _first_user(users: Sequence[_User], index: int, targets: Sequence[str]) -> str:
    """The first build step behind an instruction that works where its copy went, or ""."""
    for user in users[bisect_right(users, index, key=lambda u: u.index) :]:
        if user.places is None or any(touches(t, p) for p in user.places for t in targets):
            return user.name
    return ""


def _only_manifests(
    state: RoleState, visit: Visit, targets: Sequence[str], live_texts: frozenset[str]
) -> bool:
    """Everything that is copied is a manifest an installer reads, or comes again with a later COPY."""
    names = copied_files(visit)
    if names is None or not names:
        return False
    at_run_time = state.own.runtime_manifests if state.own is not None else ()
    for name in names:
        described = posixpath.basename(name) in at_run_time and not is_scratch(name)
        if (described or name not in state.manifests) and not _copied_again(state, visit.index, name):
            return False
        if {name, name.rpartition("/")[2]} & live_texts and not _copied_again(state, visit.index, name):
            return False
    return True


def _remote(visit: Visit) -> bool:
    """ADD of something that is fetched anew with each build, as far as its place is concerned."""
    sources = copy_parts(visit.instruction).sources
    return (
        any(s.startswith(("http://", "https://", "$")) for s in sources)
        and visit.instruction.keyword == "ADD"
    )


def _scratch(state: RoleState, visit: Visit, live_texts: frozenset[str]) -> bool:
    """Single files that go where nobody looks for those of an application, which does not start there
    either: nothing that describes how it starts names the directory, nothing it reads is named like them."""
    names = _single_files(visit)
    cwd = state.visits[-1].state.cwd
    if not names or cwd is None or is_scratch(cwd):
        return False
    said = "\n".join(v.instruction.value for v in state.visits if v.instruction.keyword in _DESCRIBING)
    return all(
        is_scratch(n) and n.rpartition("/")[0] not in said and not {n, n.rpartition("/")[2]} & live_texts
        for n in names
    )


_DESCRIBING = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "VOLUME"})


def _single_files(visit: Visit) -> tuple[str, ...]:
    """The image paths of a COPY of files; of an ADD of one address what it is stored as."""
    return tuple((copy_targets(visit) if _remote(visit) else copied_files(visit)) or ())


def _read_by_build(state: RoleState, visit: Visit) -> bool:
    """Whether build steps name every one of the files: as what they read, or execute."""
    read = {
        path
        for v in state.visits
        for number, effects in enumerate(v.effects)
        if v.index > visit.index and state.atoms.get((v.index, number)) == "build"
        for e in effects
        for path in (*e.reads, *e.manifests)
    }
    return all(name in read for name in _single_files(visit))


def _copied_again(state: RoleState, index: int, name: str) -> bool:
    return state.last_copies.get(name, -1) > index
