"""Facts about system packages of Debian, Ubuntu and Alpine."""

from __future__ import annotations

from slimify.facts.packages import PackageFacts, package_facts


def system_package(name: str, distro: str | None, suite: str | None) -> PackageFacts | None:
    """Facts about a package in a release of a distribution; None if the name is not known.

    An unknown distribution is treated as Debian, since tools have the same names elsewhere.
    """
    facts = package_facts(name, distro or "debian", suite)
    return None if facts.kind == "unknown" and not facts.commands else facts
