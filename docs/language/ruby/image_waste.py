"""`analyze` finds gems that only developing needs: see `ImageWaste` in slimify/languages/parts.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ruby import LANGUAGE
from ruby.packages import package_facts
from slimify.analyze.image_inputs import ImageInputs, WasteFinding, by_layer
from slimify.analyze.programs import mentioned_programs
from slimify.analyze.waste.development_packages import packages_finding

_GEM = re.compile(r"(/.*/gems/([\w.-]+?)-\d[\w.]*)/.*")


def package_commands(inputs: ImageInputs) -> frozenset[str]:
    names = {found[2] for item in inputs.stored if (found := _GEM.fullmatch(item.path))}
    return frozenset(command for name in names for command in package_facts(name).commands)


def development_packages(inputs: ImageInputs) -> Iterator[WasteFinding]:
    needless = {*LANGUAGE.facts("gems.toml")["development"]["names"]} - mentioned_programs(inputs)
    gems = [(item, found) for item in inputs.stored if (found := _GEM.fullmatch(item.path))]
    places = {found[1]: found[2] for _, found in gems if found[2] in needless}
    for files in by_layer([item for item, found in gems if found[1] in places]).values():
        yield packages_finding(inputs, files, places, min(places), "ruby")
