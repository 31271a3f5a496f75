"""Settings of package managers that only an install reads: a registry, a proxy, how long to wait for it.

Executed again in a final stage that installs nothing, `npm config set registry …` would leave a file that
nothing reads, and often a token. What also says how a script of the project is run (unsafe-perm) stays
wherever a package manager runs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.roles.role_state import RoleState, assign_role
from slimify.facts.settings import configured_installers, installer_settings, setting_verbs
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.effects import CHANGES_FILES, CHANGES_SYSTEM_STATE, INSTALLS, INSTALLS_NOTHING, Effect

# What is executed in the final stage and installs with none of these managers.
_ELSEWHERE = INSTALLS_NOTHING | CHANGES_SYSTEM_STATE | CHANGES_FILES | {"packages"}


def install_only_settings(runtime_needs: RuntimeNeeds) -> str:
    """Which settings only an install reads: of kind "any" where nothing that runs starts a package manager,
    of kind "install" where one only runs scripts, "" where what starts it is not known."""
    started = configured_installers() & runtime_needs.commands.keys()
    installs = any(_has_settings(e) for e in runtime_needs.start)
    if (
        runtime_needs.dynamic
        or installs
        or any(runtime_needs.commands[name].file == "slimify.toml" for name in started)
    ):
        return ""
    if any(use.name.rpartition("/")[2] in configured_installers() for use in runtime_needs.sources.commands):
        return ""
    return "install" if started else "any"


def _has_settings(effect: Effect) -> bool:
    """Whether it installs with a package manager whose settings are known."""
    own = language(effect.ecosystem) if effect.kind in INSTALLS | {"prune"} else None
    return own is not None and bool(own.facts("settings.toml").get("commands"))


def assign_installer_settings(state: RoleState, kind: str) -> None:
    """Gives steps that set nothing else to the build, where no later step of the final stage installs."""
    if not kind or state.unread:
        return
    known = installer_settings() | (installer_settings("scripts") if kind == "any" else frozenset())
    for visit in reversed(state.visits):
        for number in reversed(range(len(visit.effects))):
            where, effects = (visit.index, number), visit.effects[number]
            if state.atoms[where] == "build":
                continue
            keys = [_keys(e) for e in effects]
            if (
                visit.index not in state.keep
                and keys
                and all(found and known.issuperset(found) for found in keys)
            ):
                assign_role(
                    state, where, "build", Reason.of("SL205", "installer_setting", tool=effects[0].tool)
                )
            elif {e.kind for e in effects} - _ELSEWHERE:
                return


def _keys(effect: Effect) -> Sequence[str]:
    """The names of the settings that a command of a package manager changes; none of any other command."""
    if effect.kind != "files" or effect.action not in ("config", "set"):
        return ()
    if effect.tool not in configured_installers():
        return ()
    words = [(w.value or w.text).strip("\"'") for w in effect.command.words]
    for at, word in enumerate(words):
        if word in setting_verbs():
            operands = [w for w in words[at + 1 :] if not w.startswith("-")]
            pairs = word != "set" or "=" in "".join(operands[:1])
            return tuple(_plain(operands if pairs else operands[:1]))
    return ()


def _plain(words: Iterable[str]) -> Iterable[str]:
    """Names without their value, and without the registry or scope that they hold for."""
    for word in words:
        name = word.partition("=")[0]
        yield name.rpartition(":")[2] if name.startswith(("//", "@")) else name
