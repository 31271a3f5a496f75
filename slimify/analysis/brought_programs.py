"""The programs that commands bring into an image, by name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from slimify.facts.images import ImageFacts
from slimify.facts.packages import system_package
from slimify.languages import language
from slimify.model.effects import Action, Effect


def built_programs(effects: Iterable[Effect]) -> frozenset[str]:
    """Those that are built from sources, also under the names to which later steps move or copy them."""
    built: set[str] = set()
    for effect in effects:
        built.update(map(posixpath.basename, effect.outputs))
        moved = effect.action in (Action.MOVE, Action.COPY)
        if moved and not built.isdisjoint(map(posixpath.basename, effect.reads)):
            built.update(map(posixpath.basename, effect.writes))
    return frozenset(built)


def packaged_programs(
    effects: Iterable[Effect], base: ImageFacts | None, *, kind: str = ""
) -> frozenset[str]:
    """Those of system packages, of this kind if one is given."""
    names = {p.name for e in effects if e.kind == "packages" for p in e.packages}
    known = (facts for name in names if (facts := system_package(name, base)) is not None)
    return frozenset(c for f in known if kind in ("", f.kind) for c in (f.name, *f.commands))


def installed_programs(effect: Effect) -> frozenset[str]:
    """Those of packages that an installer of a language is given by name, and the names of these."""
    known, names = language(effect.ecosystem), [p.name for p in effect.packages]
    part = known.packages if known is not None else None
    return frozenset((*names, *(p for name in names if part is not None for p in part.programs(name))))
