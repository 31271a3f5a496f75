"""Environment variables that only installers or toolchains read, of all languages."""

from __future__ import annotations

from functools import cache, partial
from typing import Literal

from slimify.languages import languages


@cache
def _named(key: str) -> frozenset[str]:
    return frozenset(name for known in languages() for name in known.facts("settings.toml").get(key, ()))


toolchain_settings = partial(_named, "toolchain")  # variables that toolchains read, but not what they compile
library_settings = partial(_named, "library")  # those that a program with its libraries reads as well
development_settings = partial(_named, "development")  # those by which installers leave out groups
configured_installers = partial(_named, "commands")  # the package managers whose settings are known
setting_verbs = partial(_named, "changes")  # the subcommands of package managers that change settings


def installer_settings(kind: Literal["install", "scripts"] = "install") -> frozenset[str]:
    """Settings of package managers that only installs read; with kind `scripts`, those that also affect how
    scripts of the project run."""
    return _named(kind)
