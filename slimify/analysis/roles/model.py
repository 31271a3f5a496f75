"""What the rules for roles are given, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from slimify.analysis.graph.graph import AtomKey, Graph, Node
from slimify.languages import Language, language
from slimify.model.decisions import PackageVerdict, Reason, Role
from slimify.model.effects import EffectKind

if TYPE_CHECKING:
    from slimify.analysis.packages.package_usage import PackageUsage


class Artifact(Struct, frozen=True):
    """A path of the image that a step leaves, copied from the builder unless it is deleted again. `kind` is
    that of the effect `at` of the step that defines it first, `last` the position of the last one. `whole`:
    the directory is copied as it has files that are copied and a new owner."""

    path: str
    node: Node
    kind: EffectKind = "files"
    at: int = 0
    is_file: bool = False
    whole: bool = False
    last: int = -1

    @property
    def until(self) -> int:
        """The last position at which it is defined."""
        return max(self.last, self.position)

    @property
    def position(self) -> int:
        """The position of the effect in the stage."""
        return self.node.number + self.at

    @property
    def first(self) -> int:
        """The index of the instruction that creates it."""
        return self.node.key[0]

    @property
    def user(self) -> str:
        """The user that it belongs to."""
        return "root" if self.whole else self.node.user

    @property
    def ecosystem(self) -> str:
        return self.node.effects[self.at].ecosystem if self.node.effects and not self.whole else ""


class Roles(Struct, frozen=True, kw_only=True):
    """The result: roles and reasons of every command and every COPY, and the artifacts to copy."""

    steps: Mapping[AtomKey, Role]
    reasons: Mapping[AtomKey, Reason]
    artifacts: tuple[Artifact, ...]


class Given(Struct, frozen=True, kw_only=True, dict=True):
    """What is known of a stage. `usage` says who uses what, `packages` are the verdicts on system packages
    and on programs that a COPY brings. `keep` are the instructions that the user keeps in the final stage.
    `packed` are the paths of package files (see there)."""

    graph: Graph
    usage: PackageUsage
    packages: Mapping[AtomKey, tuple[PackageVerdict, ...]]
    keep: frozenset[int] = frozenset()
    packed: frozenset[str] = frozenset()

    @property
    def runtime_commands(self) -> AbstractSet[str]:
        """The programs that run time starts."""
        return self.usage.needs.commands.keys()

    @property
    def app_language(self) -> Language | None:
        """The application's language."""
        return language(self.usage.application)

    @cached_property
    def runtime_names(self) -> frozenset[str]:
        """Names and paths that run time uses."""
        needs = self.usage.needs
        return frozenset((*(u.name.rpartition("/")[2] for u in needs.sources.paths), *needs.paths))


class Finding(Struct, frozen=True):
    """What a rule finds about a step: its role, why, and the regions that it leaves."""

    role: Role
    reason: Reason
    regions: tuple[Artifact, ...] = ()
