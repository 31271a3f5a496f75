"""Which settings of package managers a command changes, and whether only installs read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slimify.facts.settings import configured_installers, installer_settings, setting_verbs
from slimify.model.effects import Action, Effect


def changes_install_settings(effect: Effect, kind: str) -> bool:
    """Whether it only changes settings that an install reads; `kind` comes from `install_only_settings`."""
    known = installer_settings() | (installer_settings("scripts") if kind == "any" else frozenset())
    found = _changed_settings(effect)
    return bool(kind and found) and known.issuperset(found)


def _changed_settings(effect: Effect) -> Sequence[str]:
    """The settings that a command of a package manager changes; empty for other commands."""
    if effect.kind != "files" or effect.action.partition(" ")[0] not in (Action.CONFIG, Action.SET):
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
