"""Settings that only the build reads: git configuration, passwords in ~/.netrc, an installer's registry.

In a final stage that installs nothing, `npm config set registry …` would only leave an unused file, often
with a token. Settings that also affect how project scripts run (unsafe-perm) are kept if a package manager
runs scripts there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from slimify.analysis.login_shells import is_idle_login_file
from slimify.analysis.program import RuntimeNeeds
from slimify.facts.commands import readers_of
from slimify.facts.settings import configured_installers
from slimify.languages import language
from slimify.model.effects import INSTALLS, Effect

if TYPE_CHECKING:
    from slimify.analysis.packages.package_usage import PackageUsage
    from slimify.analysis.roles.model import Artifact, Given
    from slimify.semantics.effects.state import State


def has_reader(made: Artifact, usage: PackageUsage, end: State) -> bool:
    """Whether run time may read what the build left at a path: not if it is only for programs of which
    none is started or imported, where all programs that are started are known."""
    known = usage.unknown_programs is None
    if known and is_idle_login_file(made.path, made.kind, usage.needs, end):
        return False
    readers, needs = readers_of(made.path, usage.application), usage.needs
    used = {*needs.commands, *(use.name for use in needs.sources.imports)}
    return not readers or not known or not used.isdisjoint(readers)


def build_only_reader(given: Given, paths: Sequence[str]) -> str:
    """The program that reads these settings files, if neither run time nor a package of the final stage needs
    it; "" otherwise. Such files often hold secrets that must not enter the image."""
    known = [readers_of(path, given.usage.application) for path in paths]
    stay = {v.name for verdicts in given.packages.values() for v in verdicts if v.role != "build"}
    unused = not any(n in given.runtime_commands or n in stay for names in known for n in names)
    return known[0][0] if known and all(known) and unused else ""


def install_only_settings(runtime_needs: RuntimeNeeds) -> str:
    """Which settings only an install reads: "any" if nothing at run time starts a package manager, "install"
    if one only runs scripts, "" if that is not known."""
    started = configured_installers() & runtime_needs.commands.keys()
    installs = any(_has_known_settings(e) for e in runtime_needs.start)
    kept = any(runtime_needs.commands[name].file == "slimify.toml" for name in started)
    called = {use.name.rpartition("/")[2] for use in runtime_needs.sources.commands}
    if runtime_needs.dynamic or installs or kept or called & configured_installers():
        return ""
    return "install" if started else "any"


def _has_known_settings(effect: Effect) -> bool:
    """Whether it installs with a package manager whose settings are known."""
    own = language(effect.ecosystem) if effect.kind in INSTALLS | {"prune"} else None
    return own is not None and bool(own.facts("settings.toml").get("commands"))
