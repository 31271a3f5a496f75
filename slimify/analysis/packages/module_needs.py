"""Programs and shared libraries that installed language packages need at run time."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.analysis.packages.context_mentions import mentions_in
from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.sources import is_source
from slimify.context.scan import Context
from slimify.facts.carried import carried
from slimify.facts.debian import font_packages
from slimify.facts.images import ImageFacts
from slimify.facts.native import runtime_packages
from slimify.facts.packages import starts
from slimify.facts.recommends import brought_along
from slimify.languages import Language, language, languages, prepares_install
from slimify.model.effects import INSTALLS, Action, Effect, Package, SystemManager
from slimify.model.sources import Module, Use
from slimify.semantics.context_files import ContextView

if TYPE_CHECKING:
    from slimify.analysis.program import Program
    from slimify.languages.parts import Packages


def installed_modules(
    effects: Iterable[Effect], view: ContextView, *, development: bool = False
) -> tuple[Module, ...]:
    """The language packages that RUN steps install, as named by commands and manifests. With `development`,
    those that manifests list for development."""
    found: dict[str, Module] = {}
    for effect in effects:
        own = language(effect.ecosystem) if effect.kind in INSTALLS else None
        if (
            own is None
            or own.packages is None
            or effect.action == Action.UNINSTALL
            or prepares_install(effect)
        ):
            continue
        for package in effect.packages:
            use = Use(name=package.name, file="Dockerfile", line=0)
            version = own.packages.pinned_release(package.text)
            found.setdefault(use.name, Module(use=use, language=own.name, version=version))
            for name in _brought_by_extras(own.packages, package):
                more = Module(use=replace(use, name=name), language=own.name, required=True)
                found.setdefault(name, more)
        for manifest in effect.manifests:
            path = view.manifest(manifest)
            if path is not None:
                for module in own.packages.listed_packages(view, path, development=development):
                    found.setdefault(module.use.name, module)
    return tuple(_with_required(found).values())


def _brought_by_extras(packages: Packages, package: Package) -> Iterator[str]:
    """What the extras of a requirement in an install command are known to bring: `name[extra, other]`."""
    extras = package.text.partition("[")[2].partition("]")[0]
    for extra in filter(None, map(str.strip, extras.split(","))):
        yield from packages.package_facts(f"{package.name}[{extra}]").requires


def _with_required(found: dict[str, Module]) -> dict[str, Module]:
    """The packages with those that are known to be installed with them."""
    waiting = list(found.values())
    while waiting:
        module = waiting.pop()
        for name in package_facts_of(module).package_facts(module.use.name).requires:
            use = replace(module.use, name=name)
            required = Module(use=use, language=module.language, required=True)
            if found.setdefault(name, required) is required:
                waiting.append(required)
    return found


def present_modules(
    effects: Sequence[Effect], view: ContextView, imports: Iterable[Use], application: str | None
) -> tuple[Module, ...]:
    """The language packages that the image contains: those that RUNs install, and those that sources import
    without being named, which come along with others. Where no RUN installs any of the application's
    language, a COPY brought them: those whose own manifests are files of the image, and those that manifests
    name."""
    found = {m.use.name: m for m in installed_modules(effects, view)}
    own = language(application)
    if own is None or own.packages is None:
        return tuple(found.values())
    installs = any(e.does("install", own.name) for e in effects)
    for path in view.context.files if not installs else ():
        name = own.packages.package_at(path)
        listed: Iterable[Module] = (_module(own, name, Use(name=name, file=path, line=0)),) if name else ()
        if not name and path.rpartition("/")[2] in own.project_files:
            listed = own.packages.listed_packages(view, path)
        for module in listed if view.image_paths(path) else ():
            found.setdefault(module.use.name, module)
    sources = [path for path in view.context.files if installs and path.endswith(own.source_suffixes)]
    local = {part.partition(".")[0] for path in sources for part in path.split("/")}
    for use in _first_uses(imports):
        names = own.packages.providers(use.name) if is_source(view.context, use.file, own) else ()
        if not (installs and (found.keys() & {*names} or use.name in local)):
            for name in names:
                found.setdefault(name, _module(own, name, use))
    return tuple(_with_required(found).values())


def _first_uses(imports: Iterable[Use]) -> Iterable[Use]:
    """The first use of each name in files with the same extension."""
    found: dict[tuple[str, str], Use] = {}
    for use in imports:
        found.setdefault((use.name, use.file.rpartition(".")[2]), use)
    return found.values()


def _module(own: Language, name: str, use: Use) -> Module:
    return Module(use=replace(use, name=name), language=own.name)


def needs_of_programs(modules: Iterable[Module]) -> RuntimeNeeds:
    """What the programs that the modules install start, where any of them may be started."""
    programs = ((m.use, p) for m in modules for p in package_facts_of(m).programs(m.use.name))
    return RuntimeNeeds(commands={name: use for use, program in programs for name in starts(program)})


def standard_libraries(
    imports: Iterable[Use], context: Context, env: Mapping[str, str | None]
) -> dict[str, Use]:
    """Shared libraries that modules of the standard libraries load, each with the import, or the variable
    that makes a module, or the loader, load it."""
    preloaded = [name.rpartition("/")[2] for name in re.split(r"[:\s]+", env.get("LD_PRELOAD") or "")]
    found = {name: Use(name="LD_PRELOAD", file="Dockerfile", line=0) for name in filter(None, preloaded)}
    for variable, value in env.items():
        use = Use(name=f"{variable}={value}", file="Dockerfile", line=0)
        parts = (known.packages for known in languages() if known.packages is not None)
        found |= {library: use for part in parts for library in part.standard_libraries(use.name)}
    for use in _first_uses(imports):
        own = next((known for known in languages() if is_source(context, use.file, known)), None)
        for library in own.packages.standard_libraries(use.name) if own is not None and own.packages else ():
            found.setdefault(library, use)
    return found


def with_development_packages(program: Program, gone: Container[str] = ()) -> Program:
    """The program with the needs of the development packages that its manifests list: all but those that are
    gone stay in the image."""
    effects = (e for e in program.effects if e.dev)
    listed = installed_modules(effects, program.end_state.view, development=True)
    modules = [module for module in listed if module.use.name not in gone]
    more = module_needs(modules, program.base, ())
    return replace(program, runtime_needs=program.runtime_needs.and_those(more))


def fonts(modules: Iterable[Module], context: Context) -> dict[str, Use]:
    """The packages of fonts, if a module draws text with those of the system."""
    for module in modules:
        said = package_facts_of(module).package_facts(module.use.name, module.version).native.fonts
        if said is not None and (not said or mentions_in(context).file_with(said)):
            return dict.fromkeys(font_packages(), module.use)
    return {}


def package_facts_of(module: Module) -> Packages:
    """The package facts of the module's language."""
    own = language(module.language)
    assert own is not None
    assert own.packages is not None
    return own.packages


def compiled_with(effects: Iterable[Effect], view: ContextView, base: ImageFacts | None) -> Mapping[str, Use]:
    """The packages of Debian with which installs compile on the release of `base`, as far as they are known,
    each with the module."""
    found: dict[str, Use] = {}
    for module in installed_modules(effects, view):
        packages = package_facts_of(module)
        facts = packages.package_facts(module.use.name, module.version)
        if facts.known and packages.is_compiled(module.use.name, module.version, base):
            found |= dict.fromkeys(facts.native.build, module.use)
    return found


def installed_packages(effects: Iterable[Effect], base: ImageFacts | None) -> frozenset[str]:
    """The system packages that commands install, and those that apt is known to install beside them: what is
    compiled also finds the headers that python3-dev brings."""
    found: set[str] = set()
    for effect in (e for e in effects if e.kind == "packages"):
        for name in (package.name for package in effect.packages):
            found.add(name)
            if effect.manager == SystemManager.APT and base is not None:
                found |= brought_along(name, base.suite, recommended=not effect.sparing)
    return frozenset(found)


def module_needs(modules: Sequence[Module], base: ImageFacts | None, headers: Iterable[str]) -> RuntimeNeeds:
    """The commands and system packages that the modules need at run time on the release of `base`, each with
    its module. `headers` are the development packages that RUN steps install; those of a full base image
    count too."""
    commands: dict[str, Use] = {}
    packages: dict[str, Use] = {}
    unresolved: dict[str, Use] = {}
    distro, suite = (base.distro, base.suite) if base else (None, None)
    named = frozenset(headers)
    present = named | (carried(base).packages if base else frozenset())
    for module in modules:
        packages_of = package_facts_of(module)
        facts = packages_of.package_facts(module.use.name, module.version)
        if not (facts.known or facts.commands):
            continue
        compiled = packages_of.is_compiled(module.use.name, module.version, base)
        found, lost = runtime_packages(
            facts.native, distro, suite, compiled=compiled, headers=present, named=named
        )
        for needs, names in ((commands, facts.commands), (packages, found), (unresolved, lost)):
            for name in names:
                needs.setdefault(name, module.use)
    return RuntimeNeeds(commands=commands, system_packages=packages, unresolved=unresolved)
