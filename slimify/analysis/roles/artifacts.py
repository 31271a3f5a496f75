"""The artifacts of build steps that run time needs, and the roles of COPY and ADD."""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from slimify.analysis.copy_targets import copied_files, copy_targets
from slimify.analysis.roles.chown_globs import assign_chown_globs
from slimify.analysis.roles.compiler_inputs import compiler_inputs
from slimify.analysis.roles.parent_directories import keep_parent_directories
from slimify.analysis.roles.role_state import Artifact, AtomKey, RoleState, assign_role, final_stage_paths
from slimify.facts.system import is_package_source, is_plain_root, is_scratch, is_shared_directory
from slimify.languages import languages
from slimify.model.decisions import Reason, Role
from slimify.model.effects import CHANGES_FILES, LEAVES_NOTHING, MANAGES_PACKAGES, WORKS_BY_PATH, EffectKind
from slimify.semantics.paths import inside, inside_any, is_named_place, outermost, overlap
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import copy_parts

_READS_NO_FILES = MANAGES_PACKAGES | {"cache", "state"}  # reads no files of the context
_READS_NAMED_PATHS = WORKS_BY_PATH | {"check"}  # reads only the paths it names, independent of its directory


def runtime_artifacts(state: RoleState) -> tuple[Artifact, ...]:
    """The artifacts that remain: not deleted again, not temporary, not an unpacked archive."""
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
    """Merges artifacts below a directory that a later `chown -R` covers into that directory. Running the
    chown in the final stage would store every file twice."""
    result = list(made)
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            key = (visit.index, number)
            if state.atoms.get(key) != "run" or {e.kind for e in effects} - LEAVES_NOTHING - {"meta"}:
                continue
            targets = [w for e in effects for w in e.writes]
            trees = [m for m in result if not m.is_file]
            if targets and all(
                any(inside(t, m.path) and (m.first < visit.index or t != m.path) for m in trees)
                for t in targets
            ):
                assign_role(state, key, "build", Reason.of("SL217", "reworks_owned"))
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
                _assign_inside(state, target, key)
            state.atoms[key] = "build"
            state.reasons[key] = (Reason.of("SL217", "reworks_owned"),)
    return tuple(sorted(result, key=lambda m: m.first))


def _assign_inside(state: RoleState, directory: str, before: AtomKey) -> None:
    """Assigns steps on files inside a directory that is copied as a whole to the build."""
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            key = (visit.index, number)
            if key >= before or state.atoms.get(key) != "run":
                continue
            paths = [p for e in effects for p in (*e.writes, *e.deletes)]
            plain = {e.kind for e in effects} <= CHANGES_FILES | LEAVES_NOTHING
            if plain and paths and all(inside(p, directory) for p in paths):
                assign_role(state, key, "build", Reason.of("SL217", "inside_copied"))


def assign_artifact_directories(state: RoleState) -> None:
    """Assigns the creation of a directory to the build if it only holds artifacts of the same RUN."""
    for visit in state.visits:
        own = [m.path for m in state.artifacts.values() if m.first == visit.index]
        if not own or not is_plain_root(visit.state.user):
            continue
        for number, effects in enumerate(visit.effects):
            key = (visit.index, number)
            made = [w for e in effects for w in e.writes]
            plain = all(e.tool == "mkdir" or e.kind in LEAVES_NOTHING for e in effects)
            if state.atoms[key] != "run" or not made or not plain:
                continue
            if all(any(inside(p, w) and p != w for p in own) for w in made):
                assign_role(state, key, "build", Reason.of("SL217", "directory"))


def copy_roles(
    state: RoleState, made: tuple[Artifact, ...], runtime_names: frozenset[str]
) -> tuple[dict[int, Role], dict[int, tuple[Reason, ...]]]:
    """Roles of COPY and ADD: build if only build steps read the files, else run or both."""
    roles: dict[int, Role] = {}
    reasons: dict[int, tuple[Reason, ...]] = {}
    users = _build_steps(state)
    for position, visit in enumerate(state.visits):
        if visit.instruction.keyword not in ("COPY", "ADD"):
            continue
        targets = _targets(state, position)
        if targets is None:
            roles[visit.index] = "unknown"
            reasons[visit.index] = (Reason.of("SL221", "target_unknown"),)
            continue
        if _is_emulator(visit):
            roles[visit.index] = "both"
            reasons[visit.index] = (Reason.of("SL224", "emulator"),)
            continue
        tool = _copied_tools(state, visit)
        if tool:
            runtime_needs = bool(tool & state.runtime_commands)
            roles[visit.index] = "both" if runtime_needs else "build"
            first = min(tool)
            reasons[visit.index] = (
                Reason.of("SL205", "build_tool", command=first)
                if runtime_needs
                else Reason.of("SL205", "build_tool_only", command=first),
            )
            continue
        user = _first_reader(users, visit.index, targets)
        if targets and all(any(inside(t, g) for g in state.deleted) for t in targets) and user:
            roles[visit.index] = "build"
            reasons[visit.index] = (Reason.of("SL224", "read_and_deleted", step=user),)
            continue
        covered = all(any(not m.is_file and inside(t, m.path) for m in made) for t in targets)
        if covered:
            role: Role = "build"
            reason = Reason.of("SL224", "inside_built")
        elif user and (
            _only_manifests(state, visit, targets, runtime_names)
            or (_is_scratch_copy(state, visit, runtime_names) and _is_read_by_build(state, visit))
        ):
            role, reason = "build", Reason.of("SL224", "read_by_build", step=user)
        elif _is_remote_add(visit) and _is_scratch_copy(state, visit, runtime_names):
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
    _assign_copy_cleanup(state, roles)
    keep_parent_directories(state, made, roles, reasons)
    return roles, reasons


def _assign_copy_cleanup(state: RoleState, copies: Mapping[int, Role]) -> None:
    """Assigns changes of owner and mode, and deletions, of files that only the build reads (a lock file) to
    the build."""
    placed = {
        visit.index: _targets(state, position) or ()
        for position, visit in enumerate(state.visits)
        if visit.index in copies
    }
    for visit in state.visits:
        earlier = {index: paths for index, paths in placed.items() if index < visit.index}
        for number, effects in enumerate(visit.effects):
            key, kinds = (visit.index, number), {e.kind for e in effects}
            paths = [w for e in effects for w in e.writes]
            deleted = [d for e in effects for d in e.deletes]
            if state.atoms[key] != "run":
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
                assign_role(state, key, "build", Reason.of("SL217", "files_of_build", done=what))
    assign_chown_globs(state, copies, placed)


def _is_emulator(visit: Visit) -> bool:
    """Whether it copies the user-mode emulator of QEMU (program names: wiki.debian.org/QemuUserEmulation)."""
    sources = copy_parts(visit.instruction).sources
    return bool(sources) and all(fnmatchcase(posixpath.basename(s), "qemu-*-static") for s in sources)


def _copied_tools(state: RoleState, visit: Visit) -> frozenset[str]:
    """The programs that COPY --from takes from another image, if build steps call one of them."""
    parts = copy_parts(visit.instruction)
    if parts.from_stage is None:
        return frozenset()
    names = frozenset(source.rstrip("/").rpartition("/")[2] for source in parts.sources)
    return names if names & state.build_tools else frozenset()


def _targets(state: RoleState, position: int) -> tuple[str, ...] | None:
    """The image paths that a COPY creates."""
    return copy_targets(state.visits[position])


class _BuildStep(Struct, frozen=True):
    """A build step that reads or writes files. `places` is None if it may touch any path."""

    index: int
    name: str  # for messages
    places: tuple[str, ...] | None


def _build_steps(state: RoleState) -> tuple[_BuildStep, ...]:
    """The build steps that read or write files, in order."""
    users = []
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            if state.atoms.get((visit.index, number)) not in ("build", "unknown"):
                continue
            for effect in effects:
                if effect.kind in _READS_NO_FILES:
                    continue
                narrow = effect.kind in _READS_NAMED_PATHS
                if (effect.cwd is None and not narrow) or effect.reads_anything:
                    users.append(_BuildStep(visit.index, effect.tool, None))
                    continue
                named = (*effect.reads, *effect.manifests, *effect.writes, *effect.outputs)
                places = named if narrow else (effect.cwd or "", *compiler_inputs(effect), *named)
                known = tuple(p for p in places if p and not is_named_place(p))
                if known:
                    users.append(_BuildStep(visit.index, f"{effect.tool} {effect.action}".strip(), known))
    return tuple(users)


def _first_reader(users: Sequence[_BuildStep], index: int, targets: Sequence[str]) -> str:
    """The first build step after an instruction that works on what its COPY created; "" if there is none."""
    for user in users[bisect_right(users, index, key=lambda u: u.index) :]:
        if user.places is None or any(overlap(t, p) for p in user.places for t in targets):
            return user.name
    return ""


def _only_manifests(
    state: RoleState, visit: Visit, targets: Sequence[str], runtime_names: frozenset[str]
) -> bool:
    """Whether everything copied is a manifest that an installer reads, or is copied again later."""
    names = copied_files(visit)
    if names is None or not names:
        return False
    at_run_time = state.app_language.runtime_manifests if state.app_language is not None else ()
    for name in names:
        described = posixpath.basename(name) in at_run_time and not is_scratch(name)
        if (described or name not in state.manifests) and not _is_copied_again(state, visit.index, name):
            return False
        if {name, name.rpartition("/")[2]} & runtime_names and not _is_copied_again(state, visit.index, name):
            return False
    return True


def _is_remote_add(visit: Visit) -> bool:
    """Whether it is an ADD from a URL or an unknown source."""
    sources = copy_parts(visit.instruction).sources
    return (
        any(s.startswith(("http://", "https://", "$")) for s in sources)
        and visit.instruction.keyword == "ADD"
    )


def _is_scratch_copy(state: RoleState, visit: Visit, runtime_names: frozenset[str]) -> bool:
    """Whether it copies single files to a temporary place that the application does not use: it does not
    start there, and no start instruction or source refers to the directory or the file names."""
    names = _single_files(visit)
    cwd = state.visits[-1].state.cwd
    if not names or cwd is None or is_scratch(cwd):
        return False
    said = "\n".join(v.instruction.value for v in state.visits if v.instruction.keyword in _START_KEYWORDS)
    return all(
        is_scratch(n) and n.rpartition("/")[0] not in said and not {n, n.rpartition("/")[2]} & runtime_names
        for n in names
    )


_START_KEYWORDS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "VOLUME"})


def _single_files(visit: Visit) -> tuple[str, ...]:
    """The image paths of copied files; for a remote ADD its target."""
    return tuple((copy_targets(visit) if _is_remote_add(visit) else copied_files(visit)) or ())


def _is_read_by_build(state: RoleState, visit: Visit) -> bool:
    """Whether build steps read or execute every one of the files."""
    read = {
        path
        for v in state.visits
        for number, effects in enumerate(v.effects)
        if v.index > visit.index and state.atoms.get((v.index, number)) == "build"
        for e in effects
        for path in (*e.reads, *e.manifests)
    }
    return all(name in read for name in _single_files(visit))


def _is_copied_again(state: RoleState, index: int, name: str) -> bool:
    return state.last_copies.get(name, -1) > index


def copied_paths(state: RoleState, reads: Sequence[str], writes: Sequence[str]) -> list[str] | None:
    """The paths that a copy writes. In a system directory, each known file that its glob matches; None if
    they are not known."""
    landed: list[str] = []
    for path in writes:
        if not is_shared_directory(path):
            landed.append(path)
            continue
        for read in reads:
            found = [m for m in state.artifacts.values() if m.is_file and fnmatchcase(m.path, read)]
            if not found or any(inside(read, m.path) for m in state.artifacts.values() if not m.is_file):
                return None
            landed += [posixpath.join(path, posixpath.basename(m.path)) for m in found]
    return landed
