"""Official images whose ONBUILD steps are published: what a FROM of them stands for."""

from __future__ import annotations

from slimify.facts.image_tables import image_tables
from slimify.facts.images import known_tag
from slimify.facts.references import parse_reference

_TAG = "-onbuild"


def written_out(reference: str) -> tuple[str, tuple[str, ...]] | None:
    """The image under one with ONBUILD steps, of the same version and release, and the instructions that the
    FROM stands for, CMD last; None if one of them is not known."""
    parts = parse_reference(reference)
    if parts is None or parts.digest or not parts.official or not parts.tag.endswith(_TAG):
        return None
    text = image_tables()["official"].get(parts.name, {}).get("onbuild", "")
    if not text:
        return None
    version, _, suite, release = known_tag(parts.name, parts.tag, pinned=False)
    if suite is None or release is None:
        return None
    for tag in (version, release, f"{release}-{suite}"):
        if tag and known_tag(parts.name, tag, pinned=False)[2:] == (suite, release):
            return parts.with_tag(tag), tuple(text.strip().splitlines())
    return None
