"""The state that the passes over all steps share: artifacts and the roles assigned so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from slimify.analysis.copy_targets import copied_files
from slimify.languages import Language, language
from slimify.model.decisions import PackageVerdict, Reason, Role
from slimify.model.effects import ACCOMPANIES_INSTALL, INSTALLS_NOTHING, EffectKind
from slimify.semantics.walk import Visit

AtomKey = tuple[int, int]  # instruction, atom


class Artifact(Struct, frozen=True, kw_only=True):
    """Something that build steps leave and run time needs. `path` is its image path."""

    path: str
    first: int  # index of the instruction that creates it
    user: str  # user that created it
    kind: EffectKind  # kind of the effect that created it
    ecosystem: str = ""  # ecosystem of that effect
    is_file: bool = False


class Roles(Struct, frozen=True, kw_only=True):
    """The result: roles and reasons of every atom and every COPY, and the artifacts to copy."""

    atoms: Mapping[AtomKey, Role]
    reasons: Mapping[AtomKey, tuple[Reason, ...]]
    copies: Mapping[int, Role]
    copy_reasons: Mapping[int, tuple[Reason, ...]]
    artifacts: tuple[Artifact, ...]


class RoleState(Struct, dict=True):
    """The state of the forward pass over all atoms."""

    visits: Sequence[Visit]
    packages: Mapping[AtomKey, tuple[PackageVerdict, ...]]
    runtime_commands: frozenset[str]
    build_tools: frozenset[str]
    language: str | None
    keep: frozenset[int]
    unread_start: Reason | None = None  # why the start script could not be read
    symlink_targets: set[str] = field(default_factory=set)  # what symbolic links point to
    atoms: dict[AtomKey, Role] = field(default_factory=dict)
    reasons: dict[AtomKey, tuple[Reason, ...]] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    unpacked: set[str] = field(default_factory=set)

    @cached_property
    def app_language(self) -> Language | None:
        """The application's language."""
        return language(self.language)

    @cached_property
    def manifests(self) -> frozenset[str]:
        """The manifests that installers read."""
        return frozenset(
            m for v in self.visits for effects in v.effects for e in effects for m in e.manifests
        )

    @cached_property
    def last_copies(self) -> Mapping[str, int]:
        """The files of COPY and ADD, each with the index of the last instruction that copies it."""
        copies = (v for v in self.visits if v.instruction.keyword in ("COPY", "ADD"))
        return {name: v.index for v in copies for name in copied_files(v) or ()}


def final_stage_paths(state: RoleState, until: AtomKey) -> tuple[str, ...]:
    """The paths that exist in the final stage before `until`, apart from copied files."""
    made: list[str] = []
    for visit in state.visits:
        if visit.index <= until[0]:
            made.append(visit.state.cwd or "/")
        for number, effects in enumerate(visit.effects):
            if (visit.index, number) < until and state.atoms[(visit.index, number)] != "build":
                made += [w for e in effects for w in (*e.writes, *e.outputs)]
    return tuple(made)


def assign_role(state: RoleState, key: AtomKey, role: Role, reason: Reason) -> None:
    state.atoms[key] = role
    state.reasons[key] = (reason,)


def assign_package_cleanup(state: RoleState) -> None:
    """Assigns package lists, caches and removals the role of the other commands in their RUN."""
    for visit in state.visits:
        numbers = range(len(visit.effects))
        real = {
            state.atoms[(visit.index, n)]
            for n in numbers
            if not {e.kind for e in visit.effects[n]} <= INSTALLS_NOTHING
        }
        for n in numbers:
            kinds = {e.kind for e in visit.effects[n]}
            if kinds and kinds <= ACCOMPANIES_INSTALL | {"state"} and kinds & ACCOMPANIES_INSTALL:
                if real == {"build"}:
                    state.atoms[(visit.index, n)] = "build"
                elif real == {"run"}:
                    state.atoms[(visit.index, n)] = "run"
