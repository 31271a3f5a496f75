"""Decisions that state facts from a built image or from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from slimify.facts.basemap import BaseMap
from slimify.facts.images import ImageFacts
from slimify.languages import language
from slimify.model.decisions import Decision
from slimify.model.dockerfile import Instruction

if TYPE_CHECKING:
    from slimify.analysis.evidence.image_evidence import BuiltImage


def evidence_decisions(
    evidence: BuiltImage | None, base: ImageFacts | None, seen: Mapping[int, tuple[str, ...]]
) -> tuple[Decision, ...]:
    """`base` are base image facts known only from the built image. `seen` maps the lines of RUNs with unknown
    effects to the paths they left."""
    if evidence is None:
        return ()
    found = []
    if base is not None:
        found.append(_base_decision(base))
    for line, paths in seen.items():
        found.append(
            Decision.of("SL341", "left", line=line, paths=paths)
            if paths
            else Decision.of("SL341", "left_nothing", line=line)
        )
    return tuple(found)


def base_mapping_decisions(start: Instruction, reference: str, names: BaseMap) -> tuple[Decision, ...]:
    """States that the settings map the image name in FROM to another one."""
    known = names.known(reference)
    if known == reference:
        return ()
    return (Decision.of("SL342", "renamed", line=start.line, reference=reference, known=known),)


def _base_decision(base: ImageFacts) -> Decision:
    system = " ".join(filter(None, (base.distro, base.suite)))
    libc = " ".join(filter(None, (base.libc, base.libc_version)))
    known = language(base.language)
    brings = f"{known.title} {base.version or ''}".strip() if known is not None else ""
    shown = tuple(word for word in (system, libc, base.manager, brings) if word)
    reference = base.reference
    if system:
        return Decision.of("SL340", "base", reference=reference, shown=shown)
    if shown:
        return Decision.of("SL340", "base_partly", reference=reference, shown=shown)
    return Decision.of("SL340", "base_unknown", reference=reference)
