"""The result of classification: the file step by step, and what each step does."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.analysis.roles.model import Artifact
from slimify.context.scan import Context
from slimify.facts.basemap import BaseMap
from slimify.facts.image_tables import entry_scripts
from slimify.facts.images import ImageFacts, image
from slimify.facts.servers import serves_only_files
from slimify.facts.shells import changes_user
from slimify.model.decisions import Decision, PackageVerdict, Reason, Role
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.effects import LEAVES_NOTHING, Effect, EffectKind
from slimify.model.shell import Script
from slimify.model.sources import SourceFacts, Use
from slimify.semantics.effects.started import Started
from slimify.semantics.effects.state import State
from slimify.semantics.walk import Visit

if TYPE_CHECKING:
    from slimify.analysis.evidence.image_evidence import BuiltImage
    from slimify.semantics.machine.stages import Event, Machine


_T = TypeVar("_T")


class AtomStep(Struct, frozen=True, kw_only=True, dict=True):
    """One atom of a RUN: its effects, and in which stage it is executed."""

    index: int
    effects: tuple[Effect, ...]
    role: Role
    reasons: tuple[Reason, ...] = ()
    packages: tuple[PackageVerdict, ...] = ()

    @cached_property
    def kinds(self) -> frozenset[EffectKind]:
        return frozenset(e.kind for e in self.effects)


class Step(Struct, frozen=True, kw_only=True, dict=True):
    """One instruction after FROM, and in which stage it is executed."""

    visit: Visit
    role: Role
    reasons: tuple[Reason, ...] = ()
    atoms: tuple[AtomStep, ...] = ()

    @property
    def index(self) -> int:
        """The index in `Dockerfile.instructions`."""
        return self.visit.index

    @property
    def instruction(self) -> Instruction:
        return self.visit.instruction

    @property
    def state(self) -> State:
        """The state before it."""
        return self.visit.state

    @property
    def script(self) -> Script:
        return self.visit.script

    @property
    def line(self) -> int:
        return self.instruction.line

    @property
    def keyword(self) -> str:
        return self.instruction.keyword

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(e for a in self.atoms for e in a.effects)

    @cached_property
    def final_effects(self) -> tuple[Effect, ...]:
        """The effects of its commands that the final stage executes, too."""
        return tuple(e for a in self.atoms if a.role != "build" for e in a.effects)

    @cached_property
    def deleted(self) -> tuple[str, ...]:
        """The paths and patterns that its commands delete."""
        return tuple(d for e in self.effects for d in e.deletes)

    @cached_property
    def last_calls(self) -> Mapping[str, int]:
        """The programs that its commands call, each with the position of the last such effect."""
        return {tool: i for i, e in enumerate(self.effects) for tool in (e.tool, *e.tools)}


DEFAULT_SHELL = ("/bin/sh", "-c")


class RuntimeContract(Struct, frozen=True, kw_only=True):
    """The runtime contract as far as the Dockerfile and its base image show it.

    `entrypoint` and `cmd` are argv tuples; the shell form is SHELL + text, as Docker stores it. None means
    not known (an unknown base image).
    """

    entrypoint: tuple[str, ...] | None
    cmd: tuple[str, ...] | None
    env: Mapping[str, str]
    workdir: str | None
    user: str
    ports: frozenset[str] = frozenset()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    healthcheck: str = ""
    stop_signal: str = ""
    shell: tuple[str, ...] = DEFAULT_SHELL
    sets_start_command: bool = False  # this file sets ENTRYPOINT or CMD

    @property
    def argv(self) -> tuple[str, ...]:
        """The words of the start command, as far as they are known."""
        return (*(self.entrypoint or ()), *(self.cmd or ()))


class RuntimeNeeds(Struct, frozen=True, kw_only=True, dict=True):
    """What is needed at run time, each with the place that names it.

    `commands`: programs that are started. `paths`: files and directories (image paths) that are read.
    `libraries`: shared libraries loaded by name. `dynamic`: calls that start a program whose name is not
    constant. `start`: the effects of ENTRYPOINT, CMD and HEALTHCHECK, `origins`: where each of them is
    configured, and `programs`: what they start in the end, through scripts.
    """

    commands: Mapping[str, Use] = {}
    paths: Mapping[str, Use] = {}
    libraries: Mapping[str, Use] = {}
    dynamic: tuple[Use, ...] = ()
    start: tuple[Effect, ...] = ()
    sources: SourceFacts = SourceFacts()
    shell: bool = False  # run time needs a shell
    system_packages: Mapping[str, Use] = {}  # needed by installed modules
    unresolved: Mapping[str, Use] = {}  # libraries and headers whose package in this release is not known
    has_start: bool = False  # the file, or all that start the image, say what it starts
    origins: tuple[Use, ...] = ()  # as long as `start`
    programs: tuple[Started, ...] = ()

    @property
    def changes_user(self) -> bool:
        """Whether a wrapper starts programs as another user."""
        return any(changes_user(w) for started in self.programs for w in started.call.wrappers)

    @property
    def only_serves_files(self) -> bool:
        """Whether the image runs nothing but a server of static files: what built the site is foreign to
        it."""
        idle = (*DEFAULT_SHELL, *entry_scripts(), "")
        started = [e for e in self.start if e.kind not in LEAVES_NOTHING and e.tool not in idle]
        return bool(started) and all(serves_only_files(e.tool) for e in started)

    @cached_property
    def directories(self) -> Mapping[str, str]:
        """Paths that have to be directories if they exist, with who names them: those that sources name, and
        those of files that the words of start commands name and the program may create."""
        words = (word.rpartition("=")[2] for started in self.programs for word in started.words[1:])
        paths = (*(word for word in words if word.startswith("/")), *self.paths)
        named = {place: path for path in paths for place in (path, posixpath.dirname(path))}
        return {**named, **{posixpath.normpath(use.name): use.place for use in self.sources.paths}}

    def and_those(self, more: RuntimeNeeds) -> RuntimeNeeds:
        """These needs and more programs and libraries. What both name keeps the place that these name."""
        return replace(
            self,
            commands={**more.commands, **self.commands},
            libraries={**more.libraries, **self.libraries},
            dynamic=(*self.dynamic, *more.dynamic),
            system_packages={**more.system_packages, **self.system_packages},
            unresolved={**more.unresolved, **self.unresolved},
        )


class Program(Struct, frozen=True, kw_only=True, dict=True):
    """A labelled Dockerfile, the input of `explain` and of the strategies."""

    dockerfile: Dockerfile
    context: Context
    name: str
    base_ref: str  # the image of FROM; as written if its variables cannot be expanded
    base: ImageFacts | None
    language: str | None
    steps: tuple[Step, ...]
    runtime: RuntimeContract
    runtime_needs: RuntimeNeeds
    artifacts: tuple[Artifact, ...]
    end_state: State  # the state after the last instruction
    refusals: tuple[Reason, ...] = ()
    findings: tuple[Decision, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)  # values of --build-arg
    given_args: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)  # by the repository
    final_stage_tools: Mapping[str, Use] = field(default_factory=dict)  # steps of the final stage call them
    bases: tuple[Use, ...] = ()  # where other Dockerfiles start from the image
    mounts: tuple[Use, ...] = ()  # the directories that files of the repository hide with mounts
    image_evidence: BuiltImage | None = None  # an image built from the file, if one was given
    base_map: BaseMap = field(default_factory=BaseMap)  # aliases of base images in the settings
    classified: Machine | None = None  # the file, executed without what a built image shows
    parent: str = ""  # the stage of the user's file that the last one starts from, with all that it says
    own: int = 0  # the first instruction that the last stage does not have from it

    def facts_of(self, reference: str) -> ImageFacts | None:
        """What is known about an image. For the base image of the file, facts from the built image count
        too."""
        return facts_of(self.base_map, self.base_ref, self.base, reference)

    @cached_property
    def _answers(self) -> dict[Hashable, Any]:
        return {}

    def once(self, key: Hashable, find: Callable[[], _T]) -> _T:
        """What `find` finds about this program. It is called once for each key."""
        if key not in self._answers:
            self._answers[key] = find()
        found: _T = self._answers[key]
        return found

    @cached_property
    def commands(self) -> tuple[tuple[Step, AtomStep, Effect], ...]:
        """The effects of its commands, each with its step and its command."""
        return tuple((step, atom, e) for step in self.steps for atom in step.atoms for e in atom.effects)

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(effect for _, _, effect in self.commands)

    @cached_property
    def atoms(self) -> tuple[AtomStep, ...]:
        return tuple(atom for step in self.steps for atom in step.atoms)

    @cached_property
    def verdicts(self) -> tuple[PackageVerdict, ...]:
        return tuple(verdict for atom in self.atoms for verdict in atom.packages)

    @cached_property
    def copy_targets(self) -> tuple[str, ...]:
        """The paths that COPY and ADD create, as far as they are known."""
        copies = (step.visit for step in self.steps if step.keyword in ("COPY", "ADD"))
        return tuple(path for visit in copies for path in visit.copy_targets or ())

    @cached_property
    def called(self) -> Mapping[str, Use]:
        """The programs that run time or steps of the final stage call."""
        commands = self.runtime_needs.commands
        return {**commands, **self.final_stage_tools, **commands}

    @cached_property
    def machine(self) -> Machine:
        """The file, executed."""
        return self.executed(self.dockerfile)

    @cached_property
    def copied_places(self) -> tuple[str, ...]:
        """The paths of the last stage that it copies from other stages and from images."""
        from slimify.semantics.machine.content import places_of

        copies = (e.copy for e in self.machine.final.events if e.copy is not None)
        return tuple(place for c in copies if c.stage is not None or c.image for place in places_of(c))

    @cached_property
    def brought(self) -> tuple[Event, ...]:
        """The commands of other stages that left what the last one copies from them."""
        from slimify.semantics.machine.content import brought_events

        return brought_events(self.machine)

    @cached_property
    def making(self) -> tuple[tuple[Effect, State], ...]:
        """The effects of its steps, and of those of other stages that left what it copies, each with the
        state before the step."""
        own = ((effect, step.state) for step in self.steps for effect in step.effects)
        return (*own, *((effect, event.state) for event in self.brought for effect in event.effects))

    @cached_property
    def _machines(self) -> dict[str, Machine]:
        return {self.dockerfile.text: self.classified} if self.classified is not None else {}

    def executed(self, file: Dockerfile) -> Machine:
        """A version of the file, executed in the same build context and with the same base images, and with
        what a built image shows of commands that both have. Each text is executed once."""
        if file.text not in self._machines:
            self._machines[file.text] = self._execute(file)
        return self._machines[file.text]

    def _execute(self, file: Dockerfile) -> Machine:
        from slimify.semantics.machine.stages import execute, plain_text

        seen: dict[str, tuple[Effect, ...]] = {}
        for step in self.steps if self.image_evidence is not None else ():
            for atom in step.atoms:
                seen[plain_text(step.script.source_of(atom.index), ())] = atom.effects
        return execute(file, self.context, self.facts_of, self.build_args, seen)

    def step(self, index: int) -> Step:
        """The step of an instruction after FROM, by its index in `Dockerfile.instructions`."""
        return self.steps[index - self.steps[0].index]


def facts_of(names: BaseMap, base_ref: str, base: ImageFacts | None, reference: str) -> ImageFacts | None:
    """What is known about an image; about the base image of the last stage, also what its steps show."""
    return base if base is not None and reference == base_ref else image(names.known(reference))
