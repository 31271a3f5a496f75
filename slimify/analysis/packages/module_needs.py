"""Programs and shared libraries that installed language packages need at run time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from slimify.facts.carried import carried
from slimify.facts.images import ImageFacts
from slimify.facts.native import runtime_packages
from slimify.languages import language, prepares_install
from slimify.model.effects import INSTALLS, Action, Effect
from slimify.model.sources import Module, Use
from slimify.semantics.context_files import ContextView

if TYPE_CHECKING:
    from slimify.languages.parts import Packages


class ModuleNeeds(Struct, frozen=True, kw_only=True):
    """Commands and system packages, each with the module that needs it. `unresolved`: libraries and header
    packages whose runtime package in this release is not known."""

    commands: Mapping[str, Use]
    packages: Mapping[str, Use]
    unresolved: Mapping[str, Use]


def installed_modules(effects: Iterable[Effect], view: ContextView) -> tuple[Module, ...]:
    """The language packages that RUN steps install, as named by commands and manifests."""
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
        for manifest in effect.manifests:
            path = view.context_path(manifest)
            for module in own.packages.listed_packages(view, path) if path is not None else ():
                found.setdefault(module.use.name, module)
    return tuple(found.values())


def package_facts_of(module: Module) -> Packages:
    """The package facts of the module's language."""
    own = language(module.language)
    assert own is not None
    assert own.packages is not None
    return own.packages


def module_needs(modules: Sequence[Module], base: ImageFacts | None, headers: Iterable[str]) -> ModuleNeeds:
    """What the modules need at run time on the release of `base`. `headers` are the development packages that
    RUN steps install; those of a full base image count too."""
    commands: dict[str, Use] = {}
    packages: dict[str, Use] = {}
    unresolved: dict[str, Use] = {}
    distro, suite = (base.distro, base.suite) if base else (None, None)
    present = frozenset(headers) | (carried(base).packages if base else frozenset())
    for module in modules:
        packages_of = package_facts_of(module)
        facts = packages_of.package_facts(module.use.name)
        if not facts.known:
            continue
        for command in facts.commands:
            commands.setdefault(command, module.use)
        compiled = packages_of.is_compiled(module.use.name, module.version, base)
        found, lost = runtime_packages(facts.native, distro, suite, compiled=compiled, headers=present)
        for package in found:
            packages.setdefault(package, module.use)
        for name in lost:
            unresolved.setdefault(name, module.use)
    return ModuleNeeds(commands=commands, packages=packages, unresolved=unresolved)
