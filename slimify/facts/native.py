"""System packages that native code in a language package requires to build and to run.

The rows are located in `languages/<language>/facts`; this module contains the shared code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct

from slimify.facts.debian import typelibs
from slimify.facts.packages import package_facts, soname_package


class Native(Struct, frozen=True, kw_only=True):
    """What native code requires.

    `build` are Debian's build packages, `alpine` Alpine's; `optional` are headers that are used if installed.
    `libraries` (sonames without `lib` and version) are loaded at run time even if nothing was compiled.
    `introspects`: it loads any library that a typelib describes. `downloads`: its install fetches what
    others compiled, and compiles where there is none for the platform. `fonts`: it draws text with the fonts
    of the system if this pattern is found in a source; None for never.
    """

    build: tuple[str, ...] = ()
    alpine: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    introspects: bool = False
    downloads: bool = False
    fonts: str | None = None


def runtime_packages(
    native: Native,
    distro: str | None,
    suite: str | None,
    *,
    compiled: bool,
    headers: Collection[str] = (),
    named: Collection[str] = (),
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(runtime packages to install, unresolved names) for native code.

    `compiled`: it was built in this image, so it is linked with the counterparts of its headers, and of
    optional headers that are among `headers`, the packages of the builder. So it may be where its headers are
    among those that steps install (`named`): somebody's platform has nothing to download.
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
    asked = native.downloads and any(name in named for name in build if name.endswith("-dev"))
    linked = [*build, *(n for n in native.optional if n in headers)] if compiled or asked else []
    for name in linked:
        facts = package_facts(name, distro, suite)
        if facts.counterparts is not None:
            packages.extend(facts.counterparts)
        elif facts.kind == "run" and name.startswith("lib"):
            packages.append(name)
        elif name.endswith("-dev"):
            unknown.append(name)
    if native.introspects and distro != "alpine":
        packages += (described for name in sorted(headers) for described in typelibs(name, suite))
    return tuple(dict.fromkeys(packages)), tuple(dict.fromkeys(unknown))


def native_of(row: Mapping[str, Any], libraries: Iterable[str]) -> Native:
    """The needs in a row of a language's table, with `libraries`."""
    return Native(
        build=tuple(row.get("build", ())),
        alpine=tuple(row.get("alpine", ())),
        optional=tuple(row.get("optional", ())),
        libraries=tuple(libraries),
        introspects=row.get("introspects", False),
        downloads=row.get("prebuilt") == "download",
        fonts=row.get("fonts"),
    )


def invert(rows: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    """The names for each value, in the order of the rows."""
    index: dict[str, tuple[str, ...]] = {}
    for name, values in rows.items():
        for value in values:
            index[value] = (*index.get(value, ()), name)
    return index
