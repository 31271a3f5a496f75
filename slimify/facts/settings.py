"""Settings that only an install or a toolchain reads, and no program: those of all languages."""

from __future__ import annotations

from functools import cache
from typing import Literal

from slimify.languages import languages


@cache
def toolchain_settings() -> frozenset[str]:
    """Environment variables that the toolchain of a language reads, and no program that it compiled."""
    return _named("toolchain")


@cache
def installer_settings(kind: Literal["install", "scripts"] = "install") -> frozenset[str]:
    """Settings of package managers that only installs read; of kind `scripts` those that also say how a
    script of the project is run, or what is printed then."""
    return _named(kind)


@cache
def configured_installers() -> frozenset[str]:
    """The package managers whose settings are known."""
    return _named("commands")


@cache
def setting_verbs() -> frozenset[str]:
    """Their verbs that change settings."""
    return _named("changes")


def _named(key: str) -> frozenset[str]:
    return frozenset(name for known in languages() for name in known.facts("settings.toml").get(key, ()))
