"""A language: one folder, described by a `Language` value.

Shared code never names a language. It asks `languages()` for all of them or `language(name)` for one, and a
`Language` for its parts. A part is a module of the folder that implements a protocol of `parts`. It is
imported on first use; a folder without the module has no such part.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from slimify.languages import parts  # noqa: F401 - what the strings below name

_P = TypeVar("_P")


class Part(Generic[_P]):
    """A module of the folder as an attribute of `Language`; None if the folder has no such module."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[str, _P | None] = {}  # by package: asked for each command of a file

    def __get__(self, language: Language, owner: type[Language]) -> _P | None:
        if language.package not in self._found:
            self._found[language.package] = language.part(self._name)
        return self._found[language.package]


class Language(Struct, frozen=True, kw_only=True):
    """The description of a language: names, files, programs and parts."""

    name: str  # identifies the language in effects, facts, plans and outcomes
    title: str  # for messages
    package: str  # the dotted name of the folder

    # how a project is recognised: by files, the most specific first, and by words of the start command
    project_files: tuple[str, ...] = ()
    start_words: tuple[str, ...] = ()
    image_names: tuple[str, ...] = ()  # other names of the language in image names (golang)

    versioned_programs: tuple[str, ...] = ()  # programs whose file names may carry a version (python3.11)
    lock_files: tuple[str, ...] = ()  # files that only installers read and write
    runtime_manifests: tuple[str, ...] = ()  # manifests that are also read at run time

    # how an image with the language is recognised: by a program, and a file that names the version
    program: str = ""
    version_file: str = ""
    # the parts of the version in the path of that program or in that file, else the variable with it
    version_pattern: str = ""
    version_variable: str = ""
    interpreters: tuple[str, ...] = ()  # the programs that run code of the language
    installs_on_path: bool = False  # programs of installed packages are on PATH
    own_certificates: bool = False  # official images of the language read no certificates of the system
    install_directories: tuple[str, ...] = ()  # names of directories of installed packages (node_modules)

    # where its named places are, as patterns of directories that hold all of a place (`@site-packages`). The
    # programs of the group `prefix` have to be on PATH of the base image
    places: Mapping[str, str] = {}

    # options of its installers that only leave out caches or development dependencies
    lean_options: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()  # its installers, as effects name them
    prepares: tuple[str, ...] = ()  # their actions that only prepare a later install (venv)
    packs: tuple[str, ...] = ()  # their actions that make files for a later install (wheel)
    installers: tuple[str, ...] = ()  # packages that only install other packages
    runs_hooks: bool = False  # its installs start programs that the packages bring
    runners: tuple[str, ...] = ()  # packages whose programs run the application's code or serve its files

    source_suffixes: tuple[str, ...] = ()
    compiler_files: str = ""  # a pattern for context paths that only compilers and build tools read
    is_compiled: bool = False  # a program does not need its sources at run time
    # an application runs in its project directory, which is copied whole, including files that its
    # scripts write there
    copies_project: bool = False
    quoted_imports: str = ""  # a pattern for source lines that consist of a quoted import
    excluded_sources: str = ""  # a pattern for source paths that are not part of the application
    # read the sources in every project: programs in any language start scripts in this one
    always_read: bool = False

    # the parts: see the protocols in `parts`
    compiled_start = Part["parts.CompiledStarts"]("planning.compiled_start")
    development = Part["parts.Development"]("planning.development")
    install_inputs = Part["parts.InstallInputs"]("planning.install_inputs")
    installer_caches = Part["parts.InstallerCaches"]("planning.caches")
    layouts = Part["parts.Layouts"]("planning.layouts")
    generators = Part["parts.Generators"]("generators")
    global_installs = Part["parts.GlobalInstalls"]("global_installs")
    image_checks = Part["parts.ImageChecks"]("image_checks")
    image_waste = Part["parts.ImageWaste"]("image_waste")
    installed_packages = Part["parts.InstalledPackages"]("installed_packages")
    linking = Part["parts.Linking"]("linking")
    local_sources = Part["parts.LocalSources"]("commands.local_sources")
    package_removals = Part["parts.PackageRemovals"]("package_removals")
    packages = Part["parts.Packages"]("packages")
    install_root = Part["parts.InstallRoot"]("commands.install_root")
    project = Part["parts.Project"]("project")
    sourced_files = Part["parts.SourcedFiles"]("commands.sourced_files")
    sources = Part["parts.Sources"]("sources.reader")
    started_programs = Part["parts.StartedPrograms"]("started_programs")
    tools = Part["parts.Tools"]("commands.tools")
    unused_files = Part["parts.UnusedFiles"]("unused_files")

    def part(self, name: str) -> Any:
        """The module `name` of the folder, or None if there is no such module."""
        return _part(f"{self.package}.{name}")

    def facts(self, name: str) -> dict[str, Any]:
        """The content of a file in the folder's `facts`, e.g. `packages.toml`; {} without such a file."""
        return _facts(self.package, name)

    def words(self, name: str, *keys: str) -> tuple[str, ...]:
        """The words of an entry of such a file that lists them in one string."""
        return _words(self.package, name, *keys)


@cache
def _facts(package: str, name: str) -> dict[str, Any]:
    from slimify.facts import load_file

    path = _folder(package) / "facts" / name
    return load_file(path) if path.exists() else {}


@cache
def _words(package: str, name: str, *keys: str) -> tuple[str, ...]:
    entry: Any = _facts(package, name)
    for key in keys:
        entry = entry[key]
    return tuple(entry.split())


@cache
def _part(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the part is there, and lacks something itself
        return None


@cache
def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))
