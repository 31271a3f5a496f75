"""Facts about system packages of Debian, Ubuntu and Alpine.

`distro` is `debian`, `ubuntu` or `alpine`; `suite` is a codename or an Alpine release, as in `ImageFacts`.
Other distributions are unknown."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from slimify.facts import load
from slimify.facts.alpine import alpine_library, alpine_package
from slimify.facts.debian import PackageFacts, debian_package, library_package

if TYPE_CHECKING:
    from slimify.facts.images import ImageFacts


@cache
def package_facts(name: str, distro: str | None, suite: str | None) -> PackageFacts:
    """Facts about a package; its kind is `unknown` for an unknown distribution."""
    if distro in ("debian", "ubuntu"):
        return debian_package(name, suite)
    if distro == "alpine":
        return alpine_package(name, suite)
    return PackageFacts(name=name, kind="unknown")


def system_package(name: str, base: ImageFacts | None) -> PackageFacts | None:
    """Facts about a package in the distribution of a base image; None if the name is not known. An unknown
    distribution is treated as Debian, since tools have the same names elsewhere."""
    facts = package_facts(name, (base.distro if base else None) or "debian", base.suite if base else None)
    return None if facts.kind == "unknown" and not facts.commands else facts


def programs_in(name: str, base: ImageFacts | None) -> tuple[str, ...]:
    """The programs that a package brings, and its own name."""
    facts = system_package(name, base)
    return (name, *(facts.commands if facts is not None else ()))


def programs_calling(command: str) -> frozenset[str]:
    """The programs that start `command` on their own, without a source or script naming it."""
    return frozenset(load("packages-debian.toml")["callers"].get(command, ()))


def interpreters() -> frozenset[str]:
    """Packages and commands of interpreters, which users may run although nothing else does."""
    return frozenset(load("packages-debian.toml")["interpreters"]["names"])


def starts(command: str) -> tuple[str, ...]:
    """The programs that `command` starts on its own, without a package dependency."""
    return tuple(load("packages-debian.toml")["starts"].get(command, ()))


def soname_package(library: str, distro: str | None, suite: str | None) -> str | None:
    """The package of a shared library (`libmagic.so.1`, `magic`); None if unknown."""
    if distro in ("debian", "ubuntu"):
        return library_package(library, suite)
    return alpine_library(library) if distro == "alpine" else None
