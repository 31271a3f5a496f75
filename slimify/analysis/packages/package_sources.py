"""Package sources: which commands add one, and whether run time installs from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slimify.facts import merged
from slimify.facts.system import is_package_source
from slimify.model.decisions import PackageVerdict
from slimify.model.effects import CHANGES_FILES, LEAVES_NOTHING, Effect
from slimify.semantics.walk import Visit


def adds_source(effects: Sequence[Effect]) -> bool:
    """Whether the commands only add a package source: lists, keys, and downloads for them."""
    kinds = {e.kind for e in effects}
    if "source" in kinds:
        return kinds <= LEAVES_NOTHING | {"source", "fetch", "files"}
    writes = [w for e in effects for w in e.writes]
    return (
        bool(writes)
        and kinds <= LEAVES_NOTHING | CHANGES_FILES | {"fetch"}
        and all(map(is_package_source, writes))
    )


def serves_build_only(
    visit: Visit, number: int, packages: Mapping[tuple[int, int], tuple[PackageVerdict, ...]]
) -> bool:
    """Whether only the build needs the packages that are installed from the source."""
    text = visit.script.source_of(number)
    offered = merged("package-sources.toml")["offered"]
    names = {name for word, found in offered.items() if word in text for name in found}
    verdicts = [v for found in packages.values() for v in found if v.name in names]
    return bool(verdicts) and all(v.role == "build" for v in verdicts)
