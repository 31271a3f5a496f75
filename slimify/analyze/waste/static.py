"""Large files that no source names: media, archives and data that could lie elsewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from slimify.analyze.image_inputs import Description, Found, Sight, Stored, finding
from slimify.facts import load

MOST = 200  # files that are looked into, the largest
_WORD = re.compile(r"[\w.%@+-]+")


def find(sight: Sight) -> Iterator[Found]:
    """A finding for each directory and layer that has some above the base image."""
    facts = load("waste.toml")
    least = facts["floors"]["static"]
    elsewhere = re.compile(facts["static"]["elsewhere"])
    endings = frozenset(facts["static"]["endings"])
    files = [
        item
        for item in sight.stored
        if item.size >= least
        and posixpath.splitext(item.path)[1][1:].lower() in endings
        and not sight.is_base(item.layer)
        and not elsewhere.search(item.path)
        and sight.packages.owner_of(item.path) is None
    ]
    if not files or not sight.readable:
        return
    words, texts = _named(sight)
    groups: dict[tuple[str, int], list[Stored]] = {}
    for item in sorted(files, key=lambda item: -item.size)[:MOST]:
        if posixpath.basename(item.path) not in words:
            groups.setdefault((posixpath.dirname(item.path), item.layer), []).append(item)
    for (directory, _), items in groups.items():
        served = posixpath.basename(directory) in words
        looked = _looked(texts)
        it = "it" if len(items) == 1 else "them"
        hint = f", though {posixpath.basename(directory)!r} is named, which may be served" if served else ""
        yield finding(
            sight,
            items,
            items[0].path if len(items) == 1 else directory,
            Description(
                code="SL732",
                kind="static",
                text=f"Large static {'file' if len(items) == 1 else 'files'}: {looked} {it}{hint}.",
                remedy="list them in .dockerignore if nothing needs them; else object storage or a volume",
            ),
        )


def _named(sight: Sight) -> tuple[frozenset[str], int]:
    """The words of all sources, of the image and of the build context, and how many texts these are."""
    words: set[str] = set()
    count = 0
    for text in sight.sources():
        count += 1
        words.update(_WORD.findall(text))
    return frozenset(words), count


def _looked(texts: int) -> str:
    if texts == 1:
        return "the one text looked at does not name"
    return f"none of the {texts:,} texts looked at names" if texts else "there was no text to look for"
