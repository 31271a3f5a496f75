"""Finds large static files that no source names: media, archives and data."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from slimify.analyze.image_inputs import ImageInputs, StoredFile, WasteFinding, finding_text, waste_finding
from slimify.facts import load
from slimify.model.regex import regex

MAX_FILES = 200  # the largest files are checked
_WORD = regex(r"[\w.%@+-]+")


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """One finding for each directory and layer above the base image."""
    facts = load("waste.toml")
    least = facts["floors"]["static"]
    elsewhere = re.compile(facts["static"]["elsewhere"])
    endings = frozenset(facts["static"]["endings"])
    files = [
        item
        for item in inputs.stored
        if item.size >= least
        and posixpath.splitext(item.path)[1][1:].lower() in endings
        and not inputs.is_base(item.layer)
        and not elsewhere.search(item.path)
        and inputs.packages.owner_of(item.path) is None
    ]
    if not files or not inputs.sources_searchable:
        return
    words, texts = _source_words(inputs)
    groups: dict[tuple[str, int], list[StoredFile]] = {}
    for item in sorted(files, key=lambda item: -item.size)[:MAX_FILES]:
        if posixpath.basename(item.path) not in words:
            groups.setdefault((posixpath.dirname(item.path), item.layer), []).append(item)
    for (directory, _), items in groups.items():
        served = posixpath.basename(directory) in words
        looked = _search_result(texts)
        noun, it = ("file", "it") if len(items) == 1 else ("files", "them")
        hint = f", but the directory {posixpath.basename(directory)!r} may be served" if served else ""
        yield waste_finding(
            inputs,
            items,
            items[0].path if len(items) == 1 else directory,
            finding_text("static", files=noun, looked=looked, them=it, hint=hint),
        )


def _source_words(inputs: ImageInputs) -> tuple[frozenset[str], int]:
    """The words of all sources in the image and the build context, and the number of sources."""
    words: set[str] = set()
    count = 0
    for text in inputs.sources():
        count += 1
        words.update(_WORD.findall(text))
    return frozenset(words), count


def _search_result(texts: int) -> str:
    if texts == 1:
        return "the only source file searched does not name"
    return (
        f"none of the {texts:,} source files searched names" if texts else "there was no source file to name"
    )
