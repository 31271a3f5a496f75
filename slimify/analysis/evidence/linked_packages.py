"""System packages whose libraries the ELF files of the application are linked with, read from a built
image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.analysis.program import RuntimeNeeds
from slimify.facts.system import is_libc_package
from slimify.model.sources import Use

if TYPE_CHECKING:
    from slimify.analysis.evidence.image_evidence import BuiltImage


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
