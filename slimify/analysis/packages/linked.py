"""System packages that the application's ELF files are linked with, as a built image shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.roles.role_state import AtomKey
from slimify.facts.system import is_libc_package
from slimify.model.decisions import PackageVerdict, Reason
from slimify.model.sources import Use

if TYPE_CHECKING:
    from slimify.analysis.evidence.built_image import BuiltImage
    from slimify.image.packages import Packages


_NAME = re.compile(r"[^\s(<>=~|]+")


def with_linked_packages(runtime_needs: RuntimeNeeds, evidence: BuiltImage) -> RuntimeNeeds:
    """What run time needs, with the packages of libraries that ELF files of the image's own layers, and of
    no package, are linked with."""
    elves = [
        path
        for path in evidence.image.elves
        if (evidence.files.layer(path) or 0) >= evidence.first_own
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
    """The verdicts, where packages that only the build needs bring libraries that run time is linked with:
    these are needed instead. What the base image has needs no installing."""
    named = {v.name for found in verdicts.values() for v in found}
    wanted = runtime_needs.system_packages.keys() - named - base
    return {
        where: tuple(_with(v, wanted, runtime_needs, evidence.packages) for v in found)
        for where, found in verdicts.items()
    }


def _with(
    verdict: PackageVerdict,
    wanted: frozenset[str] | set[str],
    runtime_needs: RuntimeNeeds,
    packages: Packages,
) -> PackageVerdict:
    # headers that stay because no table knows what run time needs of them: the image shows it
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
    """Packages with all that they depend on; of alternatives and virtual packages those that are there."""
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
