"""The parts of a language's folder that shared code asks for: one protocol per part, implemented by a
module.

Every part is optional. Nothing here is imported when the program runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Set

    from slimify.analysis.advice.unused_context_files import UnusedPattern
    from slimify.analysis.context_readers import ContextReaders
    from slimify.analysis.graph.graph import AtomKey
    from slimify.analysis.program import Program, RuntimeNeeds, Step
    from slimify.analysis.roles.model import Artifact, Given
    from slimify.analyze.image_inputs import ImageInputs, WasteFinding
    from slimify.config import Options
    from slimify.context.scan import Context
    from slimify.facts.images import ImageFacts
    from slimify.facts.native import Native
    from slimify.model.decisions import Reason, Role
    from slimify.model.effects import Effect, EffectKind
    from slimify.model.plan import CompiledStart
    from slimify.model.sources import Module, SourceFacts
    from slimify.planning.in_place.cache_cleaning import CacheCleaning
    from slimify.planning.in_place.edits import Edits, Pruned
    from slimify.planning.proposal import Proposal
    from slimify.semantics.context_files import ContextView
    from slimify.semantics.effects.call import Call
    from slimify.semantics.effects.state import State
    from slimify.semantics.machine.stages import Stage
    from slimify.semantics.walk import Visit
    from slimify.verify.disk.evidence import Evidence, Side
    from slimify.verify.model import Check


class Commands(Protocol):
    """A module of the folder `commands`. It has the functions of the table `handlers` in the language's
    `commands.toml`: a call in, its effects out. It is imported when one of their programs is called.

    By program name, it may define `STATE_CHANGES`, what a call changes for the commands after it (call and
    state in, new state out), and `PRINTED`, the output of `$(program words)` (the words after the program
    name and the state in; the text out, or None if it is only known at run time).
    """


class Tools(Protocol):
    """Part `commands.tools`: programs that the package manager installs into a project
    (node_modules/.bin)."""

    def tool_effects(self, call: Call, kind: EffectKind) -> tuple[Effect, ...]:
        """The effects of a call whose `kind` is known from the program's name (`tools` in the language's
        `commands.toml`)."""

    def configured(self, call: Call, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        """The effects of a call that no table knows, with what the settings of the project in the working
        directory add to it."""


class SourcedFiles(Protocol):
    """Part `commands.sourced_files`: files that a shell sources with `.`, recognised by name."""

    def state_after(self, path: str, state: State) -> State | None:
        """The shell state after `. path`; None for any other file."""


class LocalSources(Protocol):
    """Part `commands.local_sources`: local packages and other files that a manifest refers to."""

    def named_paths(self, manifest: str, text: str) -> Iterable[str]:
        """The paths that a manifest names, as written. `text` is its content."""

    def included_manifests(self, manifest: str, text: str) -> Iterable[str]:
        """The manifests that it includes, as written."""


class InstallRoot(Protocol):
    """Part `commands.install_root`: the directory that the language's own programs install to."""

    def install_root(self, state: State) -> str | None:
        """The directory that `@name` stands for in the command tables; None if it is unknown."""


class PackageFacts(Protocol):
    """What is known of a package by its name. `native` is what it needs of the system, `commands` are the
    programs that it starts, `requires` are packages with needs that are installed with it."""

    @property
    def name(self) -> str: ...
    @property
    def known(self) -> bool: ...
    @property
    def native(self) -> Native: ...
    @property
    def commands(self) -> tuple[str, ...]: ...
    @property
    def requires(self) -> tuple[str, ...]: ...


class Packages(Protocol):
    """Part `packages`: what is known of the packages that the language's installers install."""

    def package_facts(self, name: str, newest: str | None = None) -> PackageFacts:
        """The facts of a package, of which no release after `newest` is installed; `known` is False for a
        name without a row, which counts as plain code."""

    def programs(self, name: str) -> tuple[str, ...]:
        """The commands that a package is known to install."""

    def leaving(self, place: str) -> tuple[str, ...]:
        """The packages whose install downloads something into a directory: `/root/.cache/Cypress`."""

    def pinned_release(self, text: str) -> str | None:
        """The exact release that a word of an install command requests; None if it allows several."""

    def listed_packages(self, view: ContextView, path: str, *, development: bool = False) -> Iterable[Module]:
        """The packages that a manifest of the context lists; with `development`, those for development."""

    def package_at(self, path: str) -> str:
        """The package whose own manifest, in a directory of installed packages, this path is; "" for any
        other path."""

    def providers(self, module: str) -> tuple[str, ...]:
        """The packages that may provide a module that sources import."""

    def standard_libraries(self, module: str) -> tuple[str, ...]:
        """Shared libraries that a module of the language's standard library loads, or any one because of a
        variable given as `NAME=value`, and small images lack."""

    def is_compiled(self, name: str, version: str | None, base: ImageFacts | None) -> bool:
        """Whether installing the package on that base links it with the builder's libraries; True if
        unknown."""

    def may_compile(self, effect: Effect, before: Sequence[Effect]) -> bool:
        """Whether an install may start a compiler, after the installs `before` it in the same image."""

    @property
    def manifests(self) -> str:
        """A pattern for paths of files that name packages only to install them."""

    def names_packages(self, text: str) -> bool:
        """Whether a RUN or a command line installs packages by name."""

    def without_dependency_lists(self, path: str, text: str) -> str:
        """The text of a context file without its lists of dependencies: what remains shows which packages
        it uses."""

    def aliases(self, name: str) -> Iterable[str]:
        """The names by which a text may refer to a package: the package, its modules and programs."""

    def is_imported(self, name: str, text: str) -> bool:
        """Whether an import in a text, in lower case, looks like one of a package whose modules are
        unknown."""


class Sources(Protocol):
    """Part `sources.reader`: what the application's source files need at run time."""

    def selected_sources(
        self, view: ContextView, paths: Sequence[str], start: Sequence[Effect]
    ) -> Sequence[str]:
        """Those of the context paths that the start command may load."""

    def read_many(self, files: Iterable[tuple[str, str]]) -> SourceFacts:
        """What the files need, given as (path, text)."""

    def program_facts(self, view: ContextView, effects: Iterable[Effect], limit: int) -> SourceFacts | None:
        """What the programs that `effects` build need. None for an interpreted language, or if their sources
        can't be determined from at most `limit` files."""


class Project(Protocol):
    """Part `project`: what a project says about itself."""

    def project_name(self, context: Context) -> str:
        """The name of the project at the root of the context, usable as an image name; "" if there is
        none."""

    def project_programs(self, context: Context) -> Iterable[str]:
        """The commands that installing the project at the root of the context creates."""


class UnusedFiles(Protocol):
    """Part `unused_files`: files of a build context that are typical for the language and that no build
    reads."""

    def unused_files(self, program: Program, found: ContextReaders) -> Iterable[UnusedPattern]:
        """The files that neither the build nor the readers in `found` need."""


class Linking(Protocol):
    """Part `linking`: what programs of a compiled language are linked with."""

    def links_no_system_library(
        self, visits: Sequence[Visit], end: State, runtime_needs: RuntimeNeeds
    ) -> bool:
        """Whether nothing that the image builds is linked with a library of a system package."""

    def may_load_libc(self, runtime_needs: RuntimeNeeds, stage: Stage) -> bool:
        """Whether a program that the image of the stage starts may need the C library."""

    def data_read(self, runtime_needs: RuntimeNeeds, stage: Stage) -> Iterable[tuple[str, tuple[str, ...]]]:
        """Packages of data in the stage's base image that a program is known to read, each with files that
        serve in its place."""


class Layouts(Protocol):
    """Part `planning.layouts`: the strategy of the language, how a file can be split into stages."""

    def propose(self, program: Program, options: Options) -> Proposal:
        """The layouts, best first, and the reasons why better ones are not possible."""


class InstallerCaches(Protocol):
    """Part `planning.caches`: the caches that the language's installers leave."""

    def cache_bytes(self, program: Program, effect: Effect) -> int:
        """The bytes that one command leaves in its installer's cache."""

    def installed_bytes(self, program: Program, effect: Effect) -> int:
        """The bytes of what one command installs, 0 if no table has them."""

    def cache_cleanings(
        self, program: Program, step: Step, started: frozenset[str]
    ) -> Iterable[CacheCleaning]:
        """The edits that keep the caches out of the layer of a RUN. `started` are the installers that the
        image starts, whose caches stay."""

    def needs_mount(self, program: Program) -> bool:
        """Whether no single step can remove the cache, because a later one uses it."""

    def mounted_bytes(self, program: Program) -> int:
        """The bytes that cache mounts keep out of the layers."""


class InstallInputs(Protocol):
    """Part `planning.install_inputs`: the files of the build context that an install reads."""

    def install_inputs(
        self, program: Program, effect: Effect, brought: frozenset[str]
    ) -> tuple[str, ...] | None:
        """The image paths of these files, a subset of `brought`; None if not all of them are known."""


class Development(Protocol):
    """Part `planning.development`: packages that only development needs."""

    def not_installed(self, program: Program) -> Edits:
        """The edits by which an install leaves them out, if neither a step nor run time uses one."""

    def without_development(self, program: Program) -> Edits:
        """The edits that drop them from a file that keeps its stages."""

    def pruned_bytes(self, program: Program) -> int:
        """The bytes of those that the file drops in a layer above the one that brings them."""

    def pruned(
        self, program: Program, paths: Iterable[str], keep: Iterable[str], view: ContextView
    ) -> Pruned:
        """What drops those below `paths` behind the last instruction, except at the paths to keep. `view`
        has the files that run time may read."""


class CompiledStarts(Protocol):
    """Part `planning.compiled_start`: a start command that compiles the program at every start."""

    def compiled_start(self, program: Program) -> CompiledStart | None:
        """The file with a build step and the program itself as start command; None for any other start
        command."""


class ImageChecks(Protocol):
    """Part `image_checks`: the language's own comparisons of two images in `verify`. The first check is
    that of imports, in the wording of `verify.disk.imports`."""

    def image_checks(self, evidence: Evidence) -> Iterable[Check]:
        """The results of all comparisons, from the files of both images."""


class InstalledPackages(Protocol):
    """Part `installed_packages`: the manifests of packages installed in an image."""

    def is_manifest(self, path: str) -> bool:
        """Whether the path is such a manifest; its text is then read with the image."""

    def installed_release(self, side: Side, path: str) -> str:
        """The release of the package that a file belongs to; "" if unknown."""


class ImageWaste(Protocol):
    """Part `image_waste`: what `analyze` reports about the language's packages in an image."""

    def development_packages(self, inputs: ImageInputs) -> Iterable[WasteFinding]:
        """Installed packages that only development needs."""

    def package_commands(self, inputs: ImageInputs) -> frozenset[str]:
        """The programs that installed packages start."""


class StartedPrograms(Protocol):
    """Part `started_programs`: files of an image that determine what its start command runs."""

    def is_package_file(self, path: str) -> bool:
        """Whether a file belongs to an installed package, and so tells nothing about the application."""

    def names_start(self, path: str) -> bool:
        """Whether the path is that of a file that names what to start (package.json)."""

    def files_read_by(self, program: str, paths: Iterable[str]) -> Iterable[str]:
        """Those of the paths that a program reads to find out what to start."""

    def named_scripts(self, path: str, data: bytes, named: Set[str]) -> str | None:
        """The command lines that the names in `named` refer to in a file; None for a file of another kind."""


class Generators(Protocol):
    """Part `generators`: programs that generate source code."""

    def generates_sources(self, effect: Effect) -> bool:
        """Whether a build step produces only source code, which the compiler reads."""


class PackageRemovals(Protocol):
    """Part `package_removals`: commands that remove files of installed packages."""

    def only_removes_package_files(self, given: Given, where: AtomKey, effects: Sequence[Effect]) -> bool:
        """Whether the command does nothing else, and only the builder needs to run it."""


class GlobalInstalls(Protocol):
    """Part `global_installs`: programs installed for all projects (npm install -g)."""

    def install_role(self, given: Given, effects: Sequence[Effect]) -> tuple[Role, Reason] | None:
        """The role of such an install and its reason; None if the programs that it installs decide."""

    def installed_regions(self, given: Given) -> Sequence[Artifact]:
        """Further paths that such installs leave and that run time reads."""
