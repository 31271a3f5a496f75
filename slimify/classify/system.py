"""One view of system packages over Debian, Ubuntu and Alpine."""

from __future__ import annotations

from slimify.facts.debian import PackageFacts, debian_package

_DEBIAN = frozenset({"debian", "ubuntu"})


def system_package(name: str, distro: str | None, suite: str | None) -> PackageFacts | None:
    """Facts about a package of a distribution release; None where nothing is known about the name."""
    if distro in _DEBIAN or distro is None:
        facts = debian_package(name, suite)
    elif distro == "alpine":
        from slimify.facts.alpine import alpine_package

        facts = alpine_package(name, suite)
    else:
        return None
    return None if facts.kind == "unknown" and not facts.commands else facts
