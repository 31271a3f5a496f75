"""Needless Python packages in images."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from slimify.analyze.image_inputs import ImageInputs, StoredFile, WasteFinding, by_layer
from slimify.analyze.programs import mentioned_programs
from slimify.analyze.waste.development_packages import packages_finding
from slimify.languages.python.package_facts import pypi
from slimify.model.regex import regex

_METADATA = regex(r"(.*/(?:site|dist)-packages)/([^/]+?)-[^/-]+\.dist-info/METADATA")
_IMPORT = regex(r"^[ \t]*(?:import|from)[ \t]+([^\n#]+)", re.MULTILINE)


def package_commands(inputs: ImageInputs) -> frozenset[str]:
    """The programs that installed packages start: git for GitPython, a compiler for Triton."""
    names = {match[2] for _, match in _metadata(inputs)}
    return frozenset(command for name in names for command in pypi(name).commands)


def _metadata(inputs: ImageInputs) -> Iterator[tuple[StoredFile, re.Match[str]]]:
    for item in inputs.stored:
        if item.entry.name == "METADATA" and (match := _METADATA.fullmatch(item.path)):
            yield item, match


def development_packages(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """Well-known test and lint tools that neither the start command nor a source of the program uses."""
    words = mentioned_programs(inputs)
    modules = _modules(inputs)
    places: dict[str, str] = {}
    for item, match in _metadata(inputs):
        facts = pypi(match[2])
        if facts is None or not facts.development or words & {facts.name, *facts.scripts}:
            continue
        own = {module.split(".")[0] for module in facts.imports}
        if inputs.packages.owner_of(item.path) is None and not modules & own:
            places[posixpath.dirname(item.path)] = facts.name
            places.update(
                (f"{match[1]}/{name}{ending}", facts.name) for name in own for ending in ("", ".py")
            )
    files = [item for place in sorted(places) for item in inputs.files_below(place)]
    for part in by_layer(files).values():
        yield packages_finding(inputs, part, places, posixpath.dirname(next(iter(places))), "python")


def _modules(inputs: ImageInputs) -> frozenset[str]:
    """The modules that the program's own Python sources import, by their first part."""
    lines = (line for text in inputs.sources_of("python") for line in _IMPORT.findall(text))
    return frozenset(word.split(".")[0] for line in lines for word in line.replace(",", " ").split())
