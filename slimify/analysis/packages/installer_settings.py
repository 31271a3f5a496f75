"""Settings of package managers that only an install reads: registry, proxy, timeouts.

In a final stage that installs nothing, `npm config set registry …` would only leave an unused file, often
with a token. Settings that also affect how project scripts run (unsafe-perm) are kept if a package manager
runs scripts there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slimify.analysis.program import RuntimeNeeds
from slimify.facts.settings import configured_installers, installer_settings, setting_verbs
from slimify.languages import language
from slimify.model.effects import INSTALLS, Action, Effect


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


def changes_install_settings(effect: Effect, kind: str) -> bool:
    """Whether it only changes settings that an install reads; `kind` comes from `install_only_settings`."""
    known = installer_settings() | (installer_settings("scripts") if kind == "any" else frozenset())
    found = _changed_settings(effect)
    return bool(kind and found) and known.issuperset(found)


def _changed_settings(effect: Effect) -> Sequence[str]:
    """The settings that a command of a package manager changes; empty for other commands."""
    if effect.kind != "files" or effect.action not in (Action.CONFIG, Action.SET):
        return ()
    if effect.tool not in configured_installers():
        return ()
    words = [(w.value or w.text).strip("\"'") for w in effect.command.words]
    for at, word in enumerate(words):
        if word in setting_verbs():
            operands = [w for w in words[at + 1 :] if not w.startswith("-")]
            pairs = word != "set" or "=" in "".join(operands[:1])
            return tuple(_setting_names(operands if pairs else operands[:1]))
    return ()


def _setting_names(words: Iterable[str]) -> Iterable[str]:
    """Setting names without value, registry and scope."""
    for word in words:
        name = word.partition("=")[0]
        yield name.rpartition(":")[2] if name.startswith(("//", "@")) else name
