"""What classification hands to the strategies: the file, step by step, with what each step does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from slimify.analysis.roles.role_state import Artifact
from slimify.context.scan import Context
from slimify.facts.basemap import BaseMap
from slimify.facts.images import ImageFacts, image
from slimify.model.decisions import Decision, PackageVerdict, Reason, Role
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.effects import Effect
from slimify.model.shell import Script
from slimify.model.sources import SourceFacts, Use
from slimify.semantics.effects.state import State
from slimify.semantics.walk import Visit

if TYPE_CHECKING:
    from slimify.analysis.evidence.built_image import BuiltImage


class AtomStep(Struct, frozen=True, kw_only=True):
    """One atom of a RUN: what its commands do, and where it has to be executed."""

    index: int
    effects: tuple[Effect, ...]
    role: Role
    reasons: tuple[Reason, ...] = ()
    packages: tuple[PackageVerdict, ...] = ()


class Step(Struct, frozen=True, kw_only=True):
    """One instruction behind FROM, as the walk found it, and where it has to be executed."""

    visit: Visit
    role: Role
    reasons: tuple[Reason, ...] = ()
    atoms: tuple[AtomStep, ...] = ()

    @property
    def index(self) -> int:
        """In `Dockerfile.instructions`."""
        return self.visit.index

    @property
    def instruction(self) -> Instruction:
        return self.visit.instruction

    @property
    def state(self) -> State:
        """What is in force before it."""
        return self.visit.state

    @property
    def script(self) -> Script | None:
        return self.visit.script

    @property
    def line(self) -> int:
        return self.instruction.line

    @property
    def keyword(self) -> str:
        return self.instruction.keyword

    @property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(e for a in self.atoms for e in a.effects)


class RuntimeContract(Struct, frozen=True, kw_only=True):
    """The runtime contract as far as a Dockerfile and its base image tell.

    None for `entrypoint` and `cmd` means: not known (an unknown base image). `entrypoint` and
    `cmd` are argv tuples; shell form is SHELL + text, as Docker stores it.
    """

    entrypoint: tuple[str, ...] | None
    cmd: tuple[str, ...] | None
    env: Mapping[str, str]
    workdir: str | None
    user: str
    ports: frozenset[str]
    volumes: tuple[str, ...]
    labels: Mapping[str, str]
    healthcheck: str
    stop_signal: str
    shell: tuple[str, ...]
    starts_itself: bool = False  # the file itself says what is started


class RuntimeNeeds(Struct, frozen=True, kw_only=True):
    """What run time needs, each with where it is named.

    `commands`: programs that are started; `paths`: files and directories (image paths) that are
    read; `libraries`: shared libraries loaded by name; `dynamic`: places that start a program
    whose name only run time knows; `start`: the effects of what ENTRYPOINT, CMD and HEALTHCHECK
    execute, and `origins`: where each of them is said.
    """

    commands: Mapping[str, Use]
    paths: Mapping[str, Use]
    libraries: Mapping[str, Use]
    dynamic: tuple[Use, ...]
    start: tuple[Effect, ...]
    sources: SourceFacts
    shell: bool  # something at run time needs a shell
    system_packages: Mapping[str, Use]  # packages that installed modules are known to need
    unresolved: Mapping[str, Use]  # libraries they need whose package is not known
    origins: tuple[Use, ...] = ()  # as long as `start`


class Program(Struct, frozen=True, kw_only=True):
    """A labelled Dockerfile: what `explain` shows and what strategies read."""

    dockerfile: Dockerfile
    context: Context
    name: str
    base_ref: str  # FROM reference with variables expanded; as written where they can't be
    base: ImageFacts | None
    language: str | None
    steps: tuple[Step, ...]
    runtime: RuntimeContract
    runtime_needs: RuntimeNeeds
    artifacts: tuple[Artifact, ...]
    end: State  # the state behind the last instruction
    refusals: tuple[Reason, ...] = ()
    findings: tuple[Decision, ...] = ()
    kept_instructions: frozenset[int] = frozenset()
    build_args: Mapping[str, str] = field(default_factory=dict)  # what the user gives to ARG
    final_stage_tools: Mapping[str, Use] = field(
        default_factory=dict
    )  # programs that steps of the final stage call
    image_evidence: BuiltImage | None = None  # an image that was built from the file, where one was given
    base_map: BaseMap = field(default_factory=BaseMap)  # what the user calls base images

    def facts_of(self, reference: str) -> ImageFacts | None:
        """What is known about an image; about the file's own base what a built image shows, too."""
        return image(self.base_map.known(reference)) or (self.base if reference == self.base_ref else None)

    def step(self, index: int) -> Step:
        """The step of an instruction behind FROM, by its index in `Dockerfile.instructions`."""
        return self.steps[index - self.steps[0].index]
