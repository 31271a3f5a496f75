"""One view of system packages over Debian, Ubuntu and Alpine."""

from __future__ import annotations

from slimify.facts.packages import PackageFacts, package_facts


def system_package(name: str, distro: str | None, suite: str | None) -> PackageFacts | None:
    """Facts about a package of a distribution release; None where nothing is known about the name.

    An unknown distribution is taken for Debian: the names of its tools are the same elsewhere.
    """
    facts = package_facts(name, distro or "debian", suite)
    return None if facts.kind == "unknown" and not facts.commands else facts
