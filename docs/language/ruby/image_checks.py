"""`verify` finds what sources require in both images: see `ImageChecks` in slimify/languages/parts.py."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from slimify.verify.disk import imports
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.model import Check


def image_checks(evidence: Evidence) -> Iterator[Check]:
    needs = evidence.runtime_needs
    yield imports.compare_imports(evidence, needs.sources.imports if needs else (), _search)


def _search(side: Side) -> imports.Search:
    above = f"{side.env.get('GEM_HOME', '/usr/local/bundle')}/gems"
    real = side.files.place(above)
    places = [f"{above}/{gem}/lib" for gem in (side.files.children(real) if real else ())]

    def located(name: str, file: str) -> str | None:
        paths = (posixpath.join(place, f"{name}.rb") for place in (*places, side.workdir))
        return next((path for path in paths if side.entry(path) is not None), None)

    return located
