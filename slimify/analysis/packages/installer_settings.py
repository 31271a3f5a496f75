"""Settings of package managers that only an install reads: registry, proxy, timeouts.

In a final stage that installs nothing, `npm config set registry …` would only leave an unused file, often
with a token. Settings that also affect how project scripts run (unsafe-perm) are kept if a package manager
runs scripts there.
"""

from __future__ import annotations

from slimify.analysis.program import RuntimeNeeds
from slimify.facts.settings import configured_installers
from slimify.languages import language
from slimify.model.effects import INSTALLS, Effect


def install_only_settings(runtime_needs: RuntimeNeeds) -> str:
    """Which settings only an install reads: "any" if nothing at run time starts a package manager, "install"
    if one only runs scripts, "" if that is not known."""
    started = configured_installers() & runtime_needs.commands.keys()
    installs = any(_has_known_settings(e) for e in runtime_needs.start)
    if (
        runtime_needs.dynamic
        or installs
        or any(runtime_needs.commands[name].file == "slimify.toml" for name in started)
    ):
        return ""
    if any(use.name.rpartition("/")[2] in configured_installers() for use in runtime_needs.sources.commands):
        return ""
    return "install" if started else "any"


def _has_known_settings(effect: Effect) -> bool:
    """Whether it installs with a package manager whose settings are known."""
    own = language(effect.ecosystem) if effect.kind in INSTALLS | {"prune"} else None
    return own is not None and bool(own.facts("settings.toml").get("commands"))
