"""The parts of a language's folder that shared code asks for: one protocol a part, satisfied by a module.

Nothing here is imported when the program runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set

    from slimify.analysis.advice.unused_context_files import UnusedPattern
    from slimify.analysis.context_readers import ContextReaders
    from slimify.analysis.program import Program, RuntimeNeeds, Step
    from slimify.analysis.roles.role_state import Artifact, AtomKey, RoleState
    from slimify.analyze.image_inputs import ImageInputs, WasteFinding
    from slimify.config import Options
    from slimify.context.scan import Context
    from slimify.facts.images import ImageFacts
    from slimify.facts.native import Native
    from slimify.model.decisions import Reason, Role
    from slimify.model.effects import Effect, EffectKind
    from slimify.model.plan import CompiledStart
    from slimify.model.sources import Module, SourceFacts, Use
    from slimify.planning.in_place.cache_cleaning import CacheCleaning
    from slimify.planning.in_place.edits import Edits
    from slimify.planning.proposal import Proposal
    from slimify.semantics.context_files import ContextView
    from slimify.semantics.effects.call import Call
    from slimify.semantics.effects.state import State
    from slimify.semantics.walk import Visit
    from slimify.verify.disk.evidence import Evidence, Side
    from slimify.verify.model import Check


class Commands(Protocol):
    """A module of `Language.commands`: the effects of calls of its programs.

    Besides `HANDLERS` it may define `STATE_CHANGES` (call and state before it -> state after it) and
    `PRINTED`, the output of `$(program words)` (words and state -> text, None if only the running program
    knows it).
    """

    HANDLERS: Mapping[str, Callable[[Call], tuple[Effect, ...]]]


class Tools(Protocol):
    """Part `commands.tools`: programs that the package manager puts beside a project."""

    def tool_effects(self, call: Call, kind: EffectKind) -> tuple[Effect, ...]:
        """What a call of one does whose kind is known by its name (the `tools` of the language's
        `commands.toml`)."""


class SourcedFiles(Protocol):
    """Part `commands.sourced_files`: files that a shell reads with `.`, known by their names."""

    def sourced(self, path: str, state: State) -> State | None:
        """The state after `. path`; None for a file that is none of these."""


class LocalSources(Protocol):
    """Part `commands.local_sources`: what manifests say of packages that lie beside the project."""

    def named(self, manifest: str, text: str) -> Iterable[str]:
        """The places that a manifest names, as they are written."""

    def included(self, manifest: str, text: str) -> Iterable[str]:
        """The manifests that it includes, as they are written."""


class Places(Protocol):
    """Part `commands.places`: where the language's own programs install to."""

    def base(self, state: State) -> str | None:
        """The directory that `@name` stands for in tables, None if it is not known."""


class PackageFacts(Protocol):
    """What is known of a package by its name alone. `commands` are the programs that it starts."""

    @property
    def name(self) -> str: ...
    @property
    def known(self) -> bool: ...
    @property
    def native(self) -> Native: ...
    @property
    def commands(self) -> tuple[str, ...]: ...


class Packages(Protocol):
    """Part `packages`: what the language's installers install."""

    def facts(self, name: str) -> PackageFacts:
        """What is known of a package; `known` is False for one that is plain code as far as is known."""

    def programs(self, name: str) -> tuple[str, ...]:
        """The commands that a package is known to install."""

    def pinned(self, text: str) -> str | None:
        """The release that a word of an install command asks for, where it is a single one."""

    def listed(self, view: ContextView, path: str) -> Iterable[Module]:
        """The packages that a manifest of the context names, without development's."""

    def is_compiled(self, name: str, version: str | None, base: ImageFacts | None) -> bool:
        """Whether an install on that base links it with the builder's libraries; where nothing tells, yes."""

    def may_compile(self, effect: Effect, before: Sequence[Effect]) -> bool:
        """Whether an install may start a compiler after the installs `before` it in the same image."""

    @property
    def manifests(self) -> str:
        """A pattern for paths of files that name packages because they are installed, and use none."""

    def installs(self, text: str) -> bool:
        """Whether a RUN or a command line installs packages that it names."""

    def without_lists(self, path: str, text: str) -> str:
        """The text of a file of the context without the packages that it only lists."""

    def names(self, name: str) -> Iterable[str]:
        """What a text that uses a package may call it: the package, its modules and programs."""

    def imported(self, name: str, text: str) -> bool:
        """Whether an import in a text, in lower case, looks like one of a package of unknown modules."""


class Sources(Protocol):
    """Part `sources.reader`: what the application's source files need when they run."""

    def selected(self, view: ContextView, paths: Sequence[str], start: Sequence[Effect]) -> Sequence[str]:
        """Those of the sources at these context paths that what is started may load."""

    def read_many(self, files: Iterable[tuple[str, str]]) -> SourceFacts:
        """What files need, as (path, text)."""

    def compiled(
        self, view: ContextView, effects: Iterable[Effect], limit: int
    ) -> tuple[SourceFacts, tuple[Use, ...]] | None:
        """What the programs that `effects` build need, with the packages that they import; None where they
        can't be told from their sources, of at most `limit` files."""


class Project(Protocol):
    """Part `project`: what a project says about itself."""

    def name(self, context: Context) -> str:
        """What the project at the root of the context is called, as images are; "" where nothing says so."""


class UnusedFiles(Protocol):
    """Part `unused_files`: files of a build context that projects in the language have and no build reads."""

    def find(self, program: Program, found: ContextReaders) -> Iterable[UnusedPattern]:
        """Those that neither the build nor what `found` reads needs."""


class Linking(Protocol):
    """Part `linking`: which libraries of the system the programs of a compiled language are linked with."""

    def links_nothing(self, visits: Sequence[Visit], end: State, runtime_needs: RuntimeNeeds) -> bool:
        """Nothing that the image builds is linked with a library of a system package."""


class Layouts(Protocol):
    """Part `planning.layouts`: how a file may be divided into stages."""

    def propose(self, program: Program, options: Options) -> Proposal:
        """The layouts, best first, and why better ones are not possible."""


class InstallerCaches(Protocol):
    """Part `planning.caches`: what the installers of the language keep of their downloads."""

    def size(self, program: Program, effect: Effect) -> int:
        """The bytes that one command keeps."""

    def cleanings(self, program: Program, step: Step, started: frozenset[str]) -> Iterable[CacheCleaning]:
        """How the caches stay out of the layer of a RUN; `started` are installers that the image starts."""

    def only_mounts_keep_out(self, program: Program) -> bool:
        """Whether no step can remove what it keeps, since a later one uses it."""

    def mounted(self, program: Program) -> int:
        """The bytes that cache mounts keep out of the layers."""


class InstallInputs(Protocol):
    """Part `planning.install_inputs`: what an install reads of the build context."""

    def inputs(self, program: Program, effect: Effect, brought: frozenset[str]) -> tuple[str, ...] | None:
        """Image paths of the files, among those in `brought`; None where not all of them are known."""


class Development(Protocol):
    """Part `planning.development`: packages that only developing needs."""

    def development(self, program: Program) -> Edits:
        """What drops them from a file that keeps its stages."""


class StartPart(Protocol):
    """A start command that compiles the program each time: compiled once in the build instead."""

    def compiled(self, program: Program) -> CompiledStart | None:
        """The file with the program itself as its start command; None where it starts something else."""


class ImageChecks(Protocol):
    """Part `image_checks`: what `verify` compares of two images of the language's, beside what it always
    does. The first check is that of imports, as `verify.disk.imports` words it."""

    def checks(self, evidence: Evidence) -> Iterable[Check]:
        """Each comparison with what it found, by the files of both images."""


class InstalledPackages(Protocol):
    """Part `installed_packages`: packages whose manifests an image has."""

    def is_manifest(self, path: str) -> bool:
        """Whether a file is one; its text is then read with the image."""

    def release(self, side: Side, path: str) -> str:
        """The release of the package that a file belongs to; "" where that can't be told."""


class ImageWaste(Protocol):
    """Part `image_waste`: what `analyze` finds of the language's packages in an image."""

    def development(self, inputs: ImageInputs) -> Iterable[WasteFinding]:
        """Packages that only developing needs."""

    def commands(self, inputs: ImageInputs) -> frozenset[str]:
        """The programs that installed packages start."""


class StartedPrograms(Protocol):
    """Part `started_programs`: texts of an image that say what its start command leads to."""

    def is_installed(self, path: str) -> bool:
        """Whether a file is part of an installed package, which says nothing of the application."""

    def says_what_starts(self, path: str) -> bool:
        """Whether a file does, by its path."""

    def read_by(self, program: str, paths: Iterable[str]) -> Iterable[str]:
        """Those of the paths that a program reads to know what to start."""

    def scripts(self, path: str, data: bytes, named: Set[str]) -> str | None:
        """The command lines in a file that the names lead to; None for one of another kind."""


class Generators(Protocol):
    """Part `generators`: programs that leave source code."""

    def leaves_sources(self, effect: Effect) -> bool:
        """Whether all that a build step leaves is source code, which the compiler reads."""


class PackageRemovals(Protocol):
    """Part `package_removals`: commands that take files out of installed packages."""

    def taken_out(self, state: RoleState, where: AtomKey, effects: Sequence[Effect]) -> bool:
        """Whether a command does no more than that, and the builder is the one to do it."""


class GlobalInstalls(Protocol):
    """Part `global_installs`: programs that are installed for every project."""

    def role(self, state: RoleState, effects: Sequence[Effect]) -> tuple[Role, Reason] | None:
        """Where such an install has to be executed; None where the programs that it brings decide that."""

    def artifacts(self, state: RoleState) -> Mapping[str, Artifact]:
        """What such installs leave besides, by path, where something at run time reads it."""


class InstalledVersion(Protocol):
    """Part `installed_version`: which version of the language a base image has."""

    def version(self, path: str, text: bytes, env: Mapping[str, str | None]) -> str | None:
        """By the path of `Language.program`, the text of `Language.version_file` and the environment."""
