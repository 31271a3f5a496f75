"""Environment variables that only installers or toolchains read, of all languages."""

from __future__ import annotations

from functools import cache
from typing import Literal

from slimify.languages import languages


@cache
def toolchain_settings() -> frozenset[str]:
    """Environment variables that toolchains read, but not the programs that they compile."""
    return _named("toolchain")


@cache
def installer_settings(kind: Literal["install", "scripts"] = "install") -> frozenset[str]:
    """Settings of package managers that only installs read; with kind `scripts`, those that also affect how
    scripts of the project run."""
    return _named(kind)


@cache
def configured_installers() -> frozenset[str]:
    """The package managers whose settings are known."""
    return _named("commands")


@cache
def setting_verbs() -> frozenset[str]:
    """The subcommands of package managers that change settings."""
    return _named("changes")


def _named(key: str) -> frozenset[str]:
    return frozenset(name for known in languages() for name in known.facts("settings.toml").get(key, ()))
