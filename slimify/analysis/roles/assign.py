"""Assigns a role to each step, and finds the artifacts that run time needs.

One forward pass answers a backward question. A step that installs, compiles or downloads can be executed in
the builder, since what it leaves is known and can be copied. Steps that only rework such artifacts get the
same role. Steps that change the system (packages, users, linker cache) and steps that run the application's
own code are executed in the final stage. A step that is not understood is kept, at its position before the
others.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from slimify.analysis.packages.final_stage_downloads import final_stage_downloads
from slimify.analysis.packages.installer_settings import assign_installer_settings
from slimify.analysis.packages.package_sources import adds_source, serves_build_only
from slimify.analysis.packages.tool_settings import build_only_reader
from slimify.analysis.pruned_copies import pruned_copies
from slimify.analysis.roles.artifacts import (
    assign_artifact_directories,
    copied_paths,
    copy_roles,
    runtime_artifacts,
    with_chowned_directories,
)
from slimify.analysis.roles.links import directory_to_copy, links_outside_trees, sets_capabilities
from slimify.analysis.roles.role_state import (
    Artifact,
    AtomKey,
    Roles,
    RoleState,
    assign_package_cleanup,
    assign_role,
)
from slimify.analysis.roles.temporary_files import assign_temporary_files
from slimify.facts.system import is_shared_directory
from slimify.languages import language, languages
from slimify.model.decisions import PackageVerdict, Reason
from slimify.model.effects import (
    ACCOMPANIES_INSTALL,
    CHANGES_FILES,
    CHANGES_SYSTEM_STATE,
    INSTALLS,
    LEAVES_ARTIFACTS,
    LEAVES_NOTHING,
    Action,
    Effect,
    EffectKind,
)
from slimify.semantics.paths import inside, inside_any, is_named_place, overlap
from slimify.semantics.walk import Visit


def assign_roles(
    visits: Sequence[Visit],
    packages: Mapping[AtomKey, tuple[PackageVerdict, ...]],
    *,
    runtime_commands: frozenset[str],
    build_tools: frozenset[str],
    application: str | None,
    keep: frozenset[int] = frozenset(),
    runtime_names: frozenset[str] = frozenset(),
    unread: Reason | None = None,
    install_time: str = "",
) -> Roles:
    """Roles for all steps.

    `packages` are the verdicts on system packages. `build_tools` are the programs that build steps call.
    `application` is the language of the application. `keep` are the instructions that the user keeps in the
    final stage. `unread` states why the start script could not be read. `install_time` comes from
    `install_only_settings`.
    """
    state = RoleState(visits, packages, runtime_commands, build_tools, application, keep, unread)
    for visit in visits:
        for number, effects in enumerate(visit.effects):
            _assign_atom(state, visit, number, effects)
    assign_installer_settings(state, install_time)
    state.artifacts = {**pruned_copies(state), **state.artifacts, **_global_install_artifacts(state)}
    _reassign_file_steps(state)
    assign_artifact_directories(state)
    assign_temporary_files(state)
    for key, paths in final_stage_downloads(visits, state.atoms).items():
        assign_role(state, key, "run", Reason.of("SL216", "installed_file"))
        for path in paths:
            state.artifacts.pop(path, None)
    assign_package_cleanup(state)
    made = with_chowned_directories(state, runtime_artifacts(state))
    copies, copy_reasons = copy_roles(state, made, runtime_names)
    return Roles(
        atoms=state.atoms, reasons=state.reasons, copies=copies, copy_reasons=copy_reasons, artifacts=made
    )


def _assign_atom(state: RoleState, visit: Visit, number: int, effects: Sequence[Effect]) -> None:
    key = (visit.index, number)
    kinds = {e.kind for e in effects}
    if visit.index in state.keep:
        assign_role(state, key, "run", Reason.of("SL222", "comment"))
    elif "unknown" in kinds and _starts_built_program(state, key, effects):
        assign_role(state, key, "run", Reason.of("SL214", "own_code"))
    elif "unknown" in kinds:
        why = next((e.why for e in effects if e.kind == "unknown" and e.why), Reason.of("SL221", "effects"))
        assign_role(state, key, "unknown", Reason.of("SL221", "anything", why=why))
    elif not effects or kinds == {"state"}:
        assign_role(state, key, "both", Reason.of("SL220", "shell"))
    elif adds_source(effects):
        if serves_build_only(visit, number, state.packages):
            assign_role(state, key, "build", Reason.of("SL215", "source_for_build"))
        else:
            assign_role(state, key, "run", _RUN_REASON["source"])
    elif "install-global" not in kinds and _installs_other_language(state, effects):
        _assign_global_install(state, key, effects)
    elif kinds & LEAVES_ARTIFACTS and not _is_download_for_run_time(effects):
        _assign_build(state, visit, key, effects)
    elif "packages" in kinds and not _is_download_for_run_time(effects):
        _assign_packages(state, key)
    elif "install-global" in kinds:
        _assign_global_install(state, key, effects)
    elif "app" in kinds or _is_download_for_run_time(effects):
        _assign_application(state, visit, key, effects)
    elif kinds & CHANGES_SYSTEM_STATE and not sets_capabilities(state, effects):
        assign_role(state, key, "run", next(_RUN_REASON[k] for k in _RUN_REASON if k in kinds))
    elif kinds & CHANGES_FILES or "system" in kinds:
        _assign_files(state, visit, key, effects)
    elif kinds & ACCOMPANIES_INSTALL:
        state.deleted.extend(d for e in effects for d in e.deletes)
        assign_role(state, key, "both", Reason.of("SL218", "beside"))
    else:
        assign_role(state, key, "build", Reason.of("SL219", "check"))


def _starts_built_program(state: RoleState, key: AtomKey, effects: Sequence[Effect]) -> bool:
    """Whether the step starts a program that an earlier step compiled, and nothing is built afterwards."""
    binaries = (m.path for m in state.artifacts.values() if m.is_file and m.kind == "compile")
    compiled = {path.rpartition("/")[2] for path in binaries}
    if any(e.kind == "unknown" and e.tool.rpartition("/")[2] not in compiled for e in effects):
        return False
    later = (
        effect
        for visit in state.visits
        for number, found in enumerate(visit.effects)
        if (visit.index, number) > key
        for effect in found
    )
    return not any(effect.kind in LEAVES_ARTIFACTS for effect in later)


_RUN_REASON = {
    "users": Reason.of("SL215", "users"),
    "system": Reason.of("SL215", "system"),
    "source": Reason.of("SL215", "source"),
}


def _is_download_for_run_time(effects: Sequence[Effect]) -> bool:
    """Whether the interpreter itself downloads runtime data, or what that data needs."""
    return any((e.kind == "fetch" and e.ecosystem) or e.action == Action.INSTALL_DEPS for e in effects)


_DECIDING_KINDS = ("install", "prune", "compile", "build", "fetch", "unpack")  # in order of precedence
_BUILD_REASONS = {
    "prune": Reason.of("SL210", "prune"),
    "build": Reason.of("SL211", "build"),
    "fetch": Reason.of("SL213", "download"),
    "unpack": Reason.of("SL213", "unpack"),
}


def _assign_build(state: RoleState, visit: Visit, key: AtomKey, effects: Sequence[Effect]) -> None:
    if any(e.writes_anywhere for e in effects):
        why = next((e.why for e in effects if e.writes_anywhere and e.why), Reason.of("SL221", "writes"))
        assign_role(state, key, "unknown", Reason.of("SL221", "effect", why=why))
        return
    assign_role(state, key, "build", _build_reason(effects))
    for effect in effects:
        state.unpacked |= {r for r in effect.reads if effect.kind == "unpack"}
        state.deleted.extend(effect.deletes)
        if not (effect.tool == "mkdir" and _holds_only_outputs(effect, effects)):
            _record_artifacts(state, visit, effect)


def _build_reason(effects: Sequence[Effect]) -> Reason:
    """The reason for the role build, taken from the deciding effect of the step."""
    effect = next(e for kind in _DECIDING_KINDS for e in effects if e.kind == kind)
    if effect.kind in _BUILD_REASONS:
        return _BUILD_REASONS[effect.kind]
    known = language(effect.ecosystem)
    title = known.title if known is not None else ""
    if effect.kind == "compile":
        return Reason.of("SL212", "compiled", language=title)
    return Reason.of("SL210", "packages", language=title)


def _holds_only_outputs(effect: Effect, effects: Sequence[Effect]) -> bool:
    """Whether the directories it creates only hold outputs of the same command."""
    return all(any(inside(o, w) for e in effects for o in e.outputs) for w in effect.writes)


def _record_artifacts(state: RoleState, visit: Visit, effect: Effect) -> None:
    generators = state.app_language.generators if state.app_language is not None else None
    if generators is not None and generators.generates_sources(effect):
        return
    for path in effect.outputs:
        _add_artifact(state, visit, effect, path, is_file=True)
    if effect.kind == "compile" and effect.action == Action.INSTALL and not effect.outputs:
        for path in effect.writes:  # the names of the binaries are not known
            _add_artifact(state, visit, effect, path)
    if effect.kind == "compile" or (effect.outputs and effect.kind == "build"):
        return
    for path in effect.writes:
        _add_artifact(state, visit, effect, path)


def _add_artifact(
    state: RoleState,
    visit: Visit,
    effect: Effect,
    path: str,
    *,
    kind: EffectKind | None = None,
    is_file: bool = False,
) -> None:
    state.deleted = [g for g in state.deleted if g != path]
    if path not in state.artifacts:
        state.artifacts[path] = Artifact(
            path=path,
            first=visit.index,
            user=visit.state.user,
            kind=kind or effect.kind,
            ecosystem=effect.ecosystem,
            is_file=is_file,
        )


def _assign_packages(state: RoleState, key: AtomKey) -> None:
    verdicts = state.packages.get(key, ())
    roles = {v.role for v in verdicts}
    if not verdicts:
        assign_role(state, key, "unknown", Reason.of("SL221", "packages_unknown"))
    elif roles == {"build"}:
        assign_role(state, key, "build", Reason.of("SL201", "all"))
    elif roles <= {"run"}:
        assign_role(state, key, "run", Reason.of("SL202", "packages"))
    else:
        assign_role(state, key, "both", Reason.of("SL203", "some"))


def _installs_other_language(state: RoleState, effects: Sequence[Effect]) -> bool:
    """Whether it only installs packages of another language, into the system directories of that language."""
    return state.language is not None and all(
        e.kind == "install"
        and e.ecosystem not in ("", state.language)
        and any(is_named_place(w) for w in e.writes)
        for e in effects
    )


def _global_install_artifacts(state: RoleState) -> Mapping[str, Artifact]:
    """Files other than programs that global installs leave and run time reads."""
    used = {e.ecosystem for v in state.visits for effects in v.effects for e in effects}
    parts = (known.global_installs for known in languages() if known.name in used)
    return {path: made for p in parts if p is not None for path, made in p.installed_artifacts(state).items()}


def _assign_global_install(state: RoleState, key: AtomKey, effects: Sequence[Effect]) -> None:
    installs = sorted((e for e in effects if e.kind in INSTALLS), key=lambda e: e.kind)
    known = language(installs[0].ecosystem)
    part, packages = (known.global_installs, known.packages) if known is not None else (None, None)
    own = part.install_role(state, effects) if part is not None else None
    names = [p.name for e in effects for p in e.packages]
    bins = {*names, *(b for n in names for b in (packages.programs(n) if packages is not None else ()))}
    if any(e.deletes for e in effects):
        assign_role(state, key, "both", Reason.of("SL216", "removes"))
    elif own is not None:
        assign_role(state, key, *own)
    elif bins & state.runtime_commands:
        started = sorted(bins & state.runtime_commands)[0]
        assign_role(state, key, "run", Reason.of("SL202", "started", command=started))
    elif state.unread_start and names and bins & state.build_tools:
        assign_role(state, key, "both", Reason.of("SL203", "unread", why=state.unread_start))
    elif names and bins & state.build_tools:
        used = sorted(bins & state.build_tools)[0]
        assign_role(state, key, "build", Reason.of("SL201", "called", command=used))
    else:
        assign_role(state, key, "both", Reason.of("SL203", "nothing_shown"))


def _assign_application(state: RoleState, visit: Visit, key: AtomKey, effects: Sequence[Effect]) -> None:
    """The application's own code runs in the final stage; in a project that is copied whole, in the
    builder."""
    scripts = [e for e in effects if e.kind == "app" and e.cwd is not None]
    copied = state.app_language is not None and state.app_language.copies_project
    if copied and scripts and all(e.kind == "app" or e.kind in LEAVES_NOTHING for e in effects):
        assign_role(state, key, "build", Reason.of("SL211", "project_script"))
        for effect in scripts:
            _add_artifact(state, visit, effect, effect.cwd or "/", kind="build")
        return
    assign_role(state, key, "run", Reason.of("SL214", "own_code"))


def _assign_files(state: RoleState, visit: Visit, key: AtomKey, effects: Sequence[Effect]) -> None:
    """Assigns copies, moves and edits: to the build if they work on artifacts, else to the final stage."""
    reads = [r for e in effects for r in e.reads]
    writes = [w for e in effects for w in e.writes]
    deletes = [d for e in effects for d in e.deletes]
    made = tuple(state.artifacts)
    if any(e.writes_anywhere for e in effects):
        assign_role(state, key, "unknown", Reason.of("SL221", "changes_unknown"))
        return
    reader = build_only_reader(state, (*writes, *deletes))
    if reader:
        assign_role(state, key, "build", Reason.of("SL205", "read_by", tool=reader))
        return
    if any(
        part.only_removes_package_files(state, key, effects)
        for k in languages()
        if (part := k.package_removals) is not None
    ):
        assign_role(state, key, "build", Reason.of("SL217", "package_files"))
        return
    if _is_temporary(visit, (*writes, *deletes)):
        assign_role(state, key, "build", Reason.of("SL217", "made_and_deleted"))
        return
    from_build = any(
        inside_any(r, made) or any(inside(m, r) or fnmatchcase(m, r) for m in made)
        for r in reads
        if not is_shared_directory(r)
    )
    within = bool(writes or deletes) and all(inside_any(p, made) for p in (*writes, *deletes))
    unpacked = bool(deletes) and state.unpacked.issuperset(deletes)
    within = within or (not writes and (unpacked or _leftovers(visit, deletes, made)))
    links = links_outside_trees(state, effects) if from_build or within else []
    if links:
        tree = directory_to_copy(state, links)
        if tree is None:
            assign_role(state, key, "run", Reason.of("SL216", "link"))
            return
        _add_artifact(state, visit, effects[0], tree, kind="files")
    if from_build or within:
        assign_role(state, key, "build", Reason.of("SL217", "reworks"))
        state.symlink_targets.update(r for e in effects if e.action == Action.LINK for r in e.reads)
        landed = copied_paths(state, reads, writes)
        if landed is None:
            place = next(p for p in writes if is_shared_directory(p))
            assign_role(state, key, "unknown", Reason.of("SL221", "files_unknown", directory=place))
            return
        for path in landed:
            if not inside_any(path, made):
                is_file = any(state.artifacts[m].is_file for m in made if any(overlap(m, r) for r in reads))
                _add_artifact(state, visit, effects[0], path, kind="files", is_file=is_file)
        state.deleted.extend(deletes)
        return
    state.deleted.extend(deletes)
    assign_role(state, key, "run", Reason.of("SL216", "files"))


def _leftovers(visit: Visit, deletes: Sequence[str], made: Sequence[str]) -> bool:
    """Whether it deletes artifacts, and nothing that was copied into the image."""
    hit = [d for d in deletes if any(_deletes(d, m) for m in made)]
    view = visit.state.view
    others = [d for d in deletes if d not in hit]
    return bool(hit) and not any(
        fnmatchcase(path, d) or inside(path, d) for d in others for path in view.under(posixpath.dirname(d))
    )


def _deletes(deleted: str, made: str) -> bool:
    return overlap(made, deleted) or fnmatchcase(made, deleted)


def _is_temporary(visit: Visit, paths: Sequence[str]) -> bool:
    """Whether the same RUN writes and deletes every path and also builds something."""
    effects = [e for found in visit.effects for e in found]
    if not paths or not any(e.kind in LEAVES_ARTIFACTS for e in effects):
        return False
    deleted = [d for e in effects for d in e.deletes]
    written = [w for e in effects if e.kind == "files" for w in e.writes]
    return all(inside_any(p, deleted) and any(overlap(p, w) for w in written) for p in paths)


def _reassign_file_steps(state: RoleState) -> None:
    """Assigns file steps before the build step that created their directory to the build as well."""
    for visit in state.visits:
        for number, effects in enumerate(visit.effects):
            key = (visit.index, number)
            kinds = {e.kind for e in effects}
            if state.atoms[key] == "run" and kinds <= CHANGES_FILES | LEAVES_NOTHING and kinds & {"files"}:
                _assign_files(state, visit, key, effects)
