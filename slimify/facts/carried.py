"""What a slim image lacks, compared with the full image of its family and release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import cast

from msgspec import Struct, field

from slimify.facts.debian import (
    GENERATED,
    companions,
    copied_program,
    image_packages,
    name_in_suite,
    provided_by,
)
from slimify.facts.image_tables import image_tables
from slimify.facts.images import ImageFacts
from slimify.facts.mediatypes import TABLE, contains_table
from slimify.facts.system import distribution_program


class SlimLosses(Struct, frozen=True, kw_only=True):
    """The packages that a slim image lacks.

    `commands` maps commands and `libraries` maps sonames to packages; a library's package is None if its name
    in this suite is unknown. `companions` are packages that others require in practice (certificates for
    git). `known` False: the difference is unknown, which does not mean that there is none.
    """

    packages: frozenset[str] = frozenset()
    companions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    libraries: Mapping[str, str | None] = field(default_factory=dict)
    known: bool = True

    def library_package(self, name: str) -> str | None:
        """The package of a library that is loaded as `magic`, `libmagic` or `libmagic.so.1`."""
        bare = name if name.startswith("lib") else f"lib{name}"
        start = bare.removesuffix(".so") + ".so"
        return next((p for n, p in self.libraries.items() if n == bare or n.startswith(start)), None)


def carried(image: ImageFacts) -> SlimLosses:
    """What the slim image lacks compared with `image`; for images with a compiler, the slim image is
    debian:SUITE-slim. `known` is False unless `image` is a full Debian image of a known family.
    """
    pair = image_tables()["carried"].get(image.family)
    if pair is None or image.distro != "debian" or image.suite is None or image.variant != "full":
        return SlimLosses(known=False)
    return _carried(*pair, image.suite)


@cache
def _carried(full_image: str, slim_image: str, suite: str) -> SlimLosses:
    full, slim = image_packages(full_image, suite), image_packages(slim_image, suite)
    own = suite in GENERATED
    commands: dict[str, str] = {}
    libraries: dict[str, str | None] = {}
    for package in sorted(full - slim):
        names, sonames = provided_by(package, suite)
        for command in names:
            commands.setdefault(command, package)
        for soname in sonames:
            libraries.setdefault(soname, package if own else name_in_suite(package, suite))
    kept = {command for package in slim for command in provided_by(package, suite)[0]}
    return SlimLosses(
        packages=full - slim,
        companions={
            package: lost
            for package in sorted(full - slim)
            if (lost := tuple(name for name in companions(package) if name in full - slim))
        },
        commands={command: package for command, package in commands.items() if command not in kept},
        libraries=libraries,
    )


def lost_package(image: ImageFacts, command: str) -> str | None:
    """The package of a program, called by name or by path, that `image` has and its slim variant lacks. By
    its name, the language's own comes first."""
    if command in image.commands:
        return None
    return carried(image).commands.get(distribution_program(command) if "/" in command else command)


def data_files(image: ImageFacts) -> frozenset[str]:
    """Data files of an image that can be copied to a smaller one, and files of programs that have to be."""
    table = {TABLE} if any(map(contains_table, carried(image).packages)) else set[str]()
    programs = (path for command in carried(image).commands for path in copied_program(command, image.suite))
    return frozenset({*named_data_files(image.family).values(), *table, *programs})


def unpacked_data_files(places: Iterable[str]) -> frozenset[str]:
    """The data files that a toolchain brings, unpacked to one of the places."""
    files = {f for family in image_tables()["data-files"].values() for f in family.values()}
    return frozenset(f for place in places if place != "/" for f in files if f.startswith(f"{place}/"))


def named_data_files(family: str) -> Mapping[str, str]:
    """The data files that only images of the family have, by kind."""
    return cast("Mapping[str, str]", image_tables()["data-files"].get(family, {}))


def installed(image: ImageFacts, *, nearest: bool = False) -> frozenset[str]:
    """The packages in an official image; none if there are no lists for its suite (with `nearest`: those of
    the nearest suite known)."""
    if image.distro != "debian" or image.suite is None or (image.suite not in GENERATED and not nearest):
        return frozenset()
    pair = image_tables()["carried"].get(image.family)
    if pair is None or image.variant not in ("full", "slim"):
        return frozenset()
    return image_packages(pair[image.variant == "slim"], image.suite)
