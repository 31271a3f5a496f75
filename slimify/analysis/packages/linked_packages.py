"""System packages whose libraries the ELF files of the application are linked with, read from a built
image."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.analysis.graph.graph import AtomKey
from slimify.analysis.program import RuntimeNeeds
from slimify.facts.system import is_libc_package
from slimify.model.decisions import PackageVerdict, Reason
from slimify.model.sources import Use

if TYPE_CHECKING:
    from slimify.analysis.evidence.image_evidence import BuiltImage
    from slimify.image.packages import Packages


_NAME = re.compile(r"[^\s(<>=~|]+")


def with_linked_packages(runtime_needs: RuntimeNeeds, evidence: BuiltImage) -> RuntimeNeeds:
    """Adds the packages of libraries that the application's own ELF files are linked with. Files of the base
    image and of packages are not its own."""
    elves = [
        path
        for path in evidence.image.elves
        if (evidence.files.layer(path) or 0) >= evidence.first_own_layer
        and evidence.packages.owner_of(path) is None
    ]
    found = {
        package.name: Use(name=path, file="Dockerfile", line=0)
        for path, package in evidence.libraries(elves)
        if not is_libc_package(package.name)
    }
    return (
        replace(runtime_needs, system_packages={**found, **runtime_needs.system_packages})
        if found
        else runtime_needs
    )


def with_counterparts(
    verdicts: Mapping[AtomKey, tuple[PackageVerdict, ...]],
    runtime_needs: RuntimeNeeds,
    evidence: BuiltImage,
    base: frozenset[str],
) -> Mapping[AtomKey, tuple[PackageVerdict, ...]]:
    """The verdicts with counterparts: if a build-only package depends on a library that run time is linked
    with, that library is installed instead. Packages of the base image are left out."""
    named = {v.name for found in verdicts.values() for v in found}
    wanted = runtime_needs.system_packages.keys() - named - base
    return {
        key: tuple(_with_linked_counterparts(v, wanted, runtime_needs, evidence.packages) for v in found)
        for key, found in verdicts.items()
    }


def _with_linked_counterparts(
    verdict: PackageVerdict,
    wanted: frozenset[str] | set[str],
    runtime_needs: RuntimeNeeds,
    packages: Packages,
) -> PackageVerdict:
    # a -dev package that is kept only because its runtime package is unknown: the image shows it
    unsure = verdict.role == "run" and verdict.name.endswith("-dev") and verdict.reasons[0].code == "SL203"
    if not wanted or not (verdict.role == "build" or unsure):
        return verdict
    more = sorted((dependency_closure(packages, (verdict.name,)) & wanted) - {*verdict.counterparts})
    if not more:
        return verdict
    user = runtime_needs.system_packages[more[0]].name
    return replace(
        verdict,
        role="build",
        counterparts=(*verdict.counterparts, *more),
        reasons=(Reason.of("SL204", "linked", counterparts=(*verdict.counterparts, *more), user=user),),
    )


def dependency_closure(packages: Packages, names: Sequence[str]) -> frozenset[str]:
    """The packages and all their dependencies. Of alternatives and virtual packages, the installed ones."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        package = packages.get(waiting.pop())
        if package is None or package.name in found:
            continue
        found.add(package.name)
        for item in package.depends:
            for option in item.split("|"):
                match = _NAME.match(option.strip())
                name = match[0] if match else ""
                # python3:any is an architecture, so:libz.so.1 a name
                waiting += packages.providers(name) or packages.providers(name.partition(":")[0])
    return frozenset(found)
