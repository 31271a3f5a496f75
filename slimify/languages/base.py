"""What a language provides: one folder, asked through a `Language` value.

Shared code never names a language. It asks `languages()` for all of them or `language(name)` for one, and a
`Language` for its parts. A part is a module of the language's folder, imported when it is first asked for,
and satisfies a protocol of `parts`; a folder that lacks a part has nothing to say about it.
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
    """A module of a language's folder as an attribute of the `Language`, None where the folder has none."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, language: Language, owner: type[Language]) -> _P | None:
        found: _P | None = language.part(self._name)
        return found


class Language(Struct, frozen=True, kw_only=True):
    """A language as its folder describes it."""

    name: str  # what effects, facts, plans and outcomes carry
    title: str  # what people read
    package: str  # the dotted name of the folder

    # how a project is recognised: files that show one, the surest first; words of a start command
    markers: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    image_names: tuple[str, ...] = ()  # further names that images give to the language

    # a module of the folder -> the programs whose calls it interprets, in words separated by blanks: the
    # module is imported when one of them is met
    commands: Mapping[str, str] = {}
    versioned: tuple[str, ...] = ()  # programs whose file names may carry a version (python3.11)
    lock_files: tuple[str, ...] = ()  # files that installers alone write and read
    runtime_manifests: tuple[str, ...] = ()  # manifests that the program reads, too

    # how an image shows that it brings the language: a program, and a file that names the version
    program: str = ""
    version_file: str = ""
    interpreters: tuple[str, ...] = ()  # the programs that run code of the language
    installs_on_path: bool = False  # a shell finds the programs of installed packages by their names
    installed: tuple[str, ...] = ()  # names of directories that installs fill with files of others

    managers: tuple[str, ...] = ()  # its installers, by the names that effects carry
    prepares: tuple[str, ...] = ()  # actions of theirs that only make the place for what is installed later
    owner_keeping: tuple[str, ...] = ()  # those that give what they write to the directory's owner
    installers: tuple[str, ...] = ()  # packages that do nothing but install others
    runners: tuple[str, ...] = ()  # packages whose programs run the application's code, or serve its files

    endings: tuple[str, ...] = ()  # of source files
    compiled: bool = False  # a program needs none of its sources when it runs
    # an application runs in its project's directory, which is copied whole: what its own scripts write there
    # comes along
    copies_project: bool = False
    quoted_imports: str = ""  # a pattern for lines of sources that are no more than a quoted name to import
    no_sources: str = ""  # a pattern for paths that are no sources of an application
    # its sources are read for every application, since programs in any language start scripts in this one
    read_always: bool = False

    # modules of the folder: see the protocols in `parts`
    compiled_start = Part["parts.StartPart"]("planning.compiled_start")
    development = Part["parts.Development"]("planning.development")
    install_inputs = Part["parts.InstallInputs"]("planning.install_inputs")
    installer_caches = Part["parts.InstallerCaches"]("planning.caches")
    layouts = Part["parts.Layouts"]("planning.layouts")
    generators = Part["parts.Generators"]("generators")
    global_installs = Part["parts.GlobalInstalls"]("global_installs")
    image_checks = Part["parts.ImageChecks"]("image_checks")
    image_waste = Part["parts.ImageWaste"]("image_waste")
    installed_packages = Part["parts.InstalledPackages"]("installed_packages")
    installed_version = Part["parts.InstalledVersion"]("installed_version")
    linking = Part["parts.Linking"]("linking")
    local_sources = Part["parts.LocalSources"]("commands.local_sources")
    package_removals = Part["parts.PackageRemovals"]("package_removals")
    packages = Part["parts.Packages"]("packages")
    places = Part["parts.Places"]("commands.places")
    project = Part["parts.Project"]("project")
    sourced_files = Part["parts.SourcedFiles"]("commands.sourced_files")
    sources = Part["parts.Sources"]("sources.reader")
    started_programs = Part["parts.StartedPrograms"]("started_programs")
    tools = Part["parts.Tools"]("commands.tools")
    unused_files = Part["parts.UnusedFiles"]("unused_files")

    def part(self, name: str) -> Any:
        """The module `name` of the folder, or None where it has none."""
        return _part(f"{self.package}.{name}")

    def facts(self, name: str) -> dict[str, Any]:
        """The content of a file of the folder's `facts`, e.g. `packages.toml`; {} without such a file."""
        from slimify.facts import load_file

        path = _folder(self.package) / "facts" / name
        return load_file(path) if path.exists() else {}


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
