"""What native code of a package needs of the system: headers and compilers to be built, libraries to run.

The rows are the languages' own (`languages/<language>/facts`); here is what they have in common.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from msgspec import Struct

from slimify.facts.packages import package_facts, soname_package


class Native(Struct, frozen=True, kw_only=True):
    """What it takes to compile something and to run it afterwards.

    `build` are Debian's packages, `alpine` Alpine's; `optional` headers of either that are used where
    they are there. `libraries` (sonames without `lib` and version) are loaded at run time whether it
    was compiled or not.
    """

    build: tuple[str, ...] = ()
    alpine: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


def runtime_packages(
    native: Native, distro: str | None, suite: str | None, *, compiled: bool, headers: Container[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(packages to install, what could not be resolved) for something native at run time.

    `compiled`: it was built here, so it is linked with the counterparts of its headers, and with those
    of the optional ones that are among `headers`, the packages of the builder.
    """
    packages: list[str] = []
    unknown: list[str] = []
    for library in native.libraries:
        package = soname_package(library, distro, suite)
        if package:
            packages.append(package)
        else:
            unknown.append(library)
    build = native.alpine if distro == "alpine" else native.build
    linked = [*build, *(name for name in native.optional if name in headers)] if compiled else []
    for name in linked:
        facts = package_facts(name, distro, suite)
        if facts.counterparts is not None:
            packages.extend(facts.counterparts)
        elif facts.kind == "run" and name.startswith("lib"):
            packages.append(name)
        elif name.endswith("-dev"):
            unknown.append(name)
    return tuple(dict.fromkeys(packages)), tuple(dict.fromkeys(unknown))


def native_of(row: Mapping[str, Any], libraries: Iterable[str]) -> Native:
    """A row of a language's table, with the libraries that the row or another table names."""
    return Native(
        build=tuple(row.get("build", ())),
        alpine=tuple(row.get("alpine", ())),
        optional=tuple(row.get("optional", ())),
        libraries=tuple(libraries),
    )


def inverted(rows: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    """The names by each of their values, in the order of the rows."""
    index: dict[str, tuple[str, ...]] = {}
    for name, values in rows.items():
        for value in values:
            index[value] = (*index.get(value, ()), name)
    return index
