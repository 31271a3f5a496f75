"""System packages of any distribution: one door to Debian's, Ubuntu's and Alpine's facts.

A `distro` is `debian`, `ubuntu` or `alpine`, a `suite` a codename or an Alpine release, as in
`ImageFacts`; for any other distribution nothing is known.
"""

from __future__ import annotations

from slimify.facts import load
from slimify.facts.alpine import (
    alpine_command,
    alpine_counterparts,
    alpine_library,
    alpine_package,
    busybox_commands,
)
from slimify.facts.debian import PackageFacts, counterparts, debian_command, debian_package, library_package

__all__ = [
    "PackageFacts",
    "alpine_command",
    "alpine_counterparts",
    "alpine_library",
    "alpine_package",
    "busybox_commands",
    "callers",
    "command_package",
    "counterparts",
    "debian_command",
    "debian_package",
    "interpreters",
    "library_package",
    "package_facts",
    "soname_package",
    "starts",
]


def package_facts(name: str, distro: str | None, suite: str | None) -> PackageFacts:
    """Facts about a package, of kind `unknown` where the distribution is."""
    if distro in ("debian", "ubuntu"):
        return debian_package(name, suite)
    if distro == "alpine":
        return alpine_package(name, suite)
    return PackageFacts(name=name, kind="unknown", known=False)


def callers(command: str) -> frozenset[str]:
    """The programs that start a program by themselves, as no source or script shows."""
    return frozenset(load("packages-debian.toml")["callers"].get(command, ()))


def interpreters() -> frozenset[str]:
    """Packages that are interpreters, which people may call though nothing else does, and their commands."""
    return frozenset(load("packages-debian.toml")["interpreters"]["names"])


def starts(command: str) -> tuple[str, ...]:
    """The programs that a program starts by itself, where no package of it says so."""
    return tuple(load("packages-debian.toml")["starts"].get(command, ()))


def command_package(command: str, distro: str | None, suite: str | None) -> str | None:
    """The package to install for a command, None where none is known (or busybox has it)."""
    if distro in ("debian", "ubuntu"):
        return debian_command(command, suite)
    return alpine_command(command) if distro == "alpine" else None


def soname_package(library: str, distro: str | None, suite: str | None) -> str | None:
    """The package with a shared library (`libmagic.so.1`, `magic`), None where none is known."""
    if distro in ("debian", "ubuntu"):
        return library_package(library, suite)
    return alpine_library(library) if distro == "alpine" else None
