"""What the rules for roles are given, and what they find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from slimify.analysis.graph.graph import AtomKey, Graph, Node
from slimify.languages import Language, language
from slimify.model.decisions import PackageVerdict, Reason, Role
from slimify.model.effects import EffectKind
from slimify.semantics.walk import Visit


class Artifact(Struct, frozen=True, kw_only=True):
    """Something that build steps leave and run time needs. `path` is its image path."""

    path: str
    first: int  # index of the instruction that creates it
    user: str  # user that created it
    kind: EffectKind  # kind of the effect that created it
    ecosystem: str = ""  # ecosystem of that effect
    is_file: bool = False


class Roles(Struct, frozen=True, kw_only=True):
    """The result: roles and reasons of every command and every COPY, and the artifacts to copy."""

    steps: Mapping[AtomKey, Role]
    reasons: Mapping[AtomKey, Reason]
    artifacts: tuple[Artifact, ...]


class Given(Struct, frozen=True, kw_only=True, dict=True):
    """What is known of a stage besides its steps.

    `packages` are the verdicts on system packages, `copied_programs` those on programs that a COPY brings.
    `build_tools` are the programs that build steps call. `language` is that of the application. `keep` are
    the instructions that the user keeps in the final stage. `unknown_programs` states why not all programs
    that run time starts are known. `install_time` comes from `install_only_settings`. `runtime_names` are
    names and paths that run time uses.
    """

    graph: Graph
    packages: Mapping[AtomKey, tuple[PackageVerdict, ...]]
    runtime_commands: frozenset[str]
    build_tools: frozenset[str]
    language: str | None
    copied_programs: Mapping[AtomKey, PackageVerdict] = MappingProxyType({})
    keep: frozenset[int] = frozenset()
    runtime_names: frozenset[str] = frozenset()
    unknown_programs: Reason | None = None
    install_time: str = ""
    starts: bool = True  # the file has a start command

    @property
    def visits(self) -> Sequence[Visit]:
        return self.graph.visits

    @property
    def app_language(self) -> Language | None:
        """The application's language."""
        return language(self.language)


class Region(Struct, frozen=True):
    """A path that is copied from the builder, unless it is deleted again. `kind` is that of the effect `at`
    of the step that defines it. `whole`: the directory is copied as it has files that are copied and a new
    owner."""

    path: str
    node: Node
    kind: EffectKind = "files"
    at: int = 0
    is_file: bool = False
    whole: bool = False

    @property
    def position(self) -> int:
        """The position of the effect in the stage."""
        return self.node.number + self.at

    @property
    def ecosystem(self) -> str:
        return self.node.effects[self.at].ecosystem if self.node.effects else ""


class Finding(Struct, frozen=True):
    """What a rule finds about a step: its role, why, and the regions that it leaves."""

    role: Role
    reason: Reason
    regions: tuple[Region, ...] = ()
