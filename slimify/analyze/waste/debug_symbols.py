"""Finds symbol tables and debugging sections of programs and libraries (ELF)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from slimify.analyze.image_inputs import (
    ImageInputs,
    StoredFile,
    WasteFinding,
    by_layer,
    finding_text,
    waste_finding,
)
from slimify.analyze.waste.duplicates import common_path
from slimify.facts.language_files import files_of
from slimify.languages import languages

MIN_OWN_FINDING: Final = 1024 * 1024  # bytes; larger files get their own finding


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """Findings for the bytes that stripping saves. Object files and archives require their symbols."""
    files = [
        item
        for path, elf in sorted(inputs.image.elves.items())
        if elf.symbols
        and elf.linking not in ("object", "other")
        and (item := inputs.file_at(path)) is not None
    ]
    for part in by_layer(files).values():
        rest = []
        for item in part:
            if inputs.image.elves[item.path].symbols >= MIN_OWN_FINDING:
                yield _finding(inputs, [item])
            else:
                rest.append(item)
        if rest:
            yield _finding(inputs, rest)


def _finding(inputs: ImageInputs, files: Sequence[StoredFile]) -> WasteFinding:
    return waste_finding(
        inputs,
        files,
        common_path(files),
        finding_text("symbols", remedy=_remedy()),
        bytes_each=[inputs.image.elves[item.path].symbols for item in files],
    )


def _remedy() -> str:
    own = [f"{known.title}: {how}" for known in languages() if (how := files_of(known.name).strip)]
    return "; ".join(["strip --strip-unneeded", *own, "Rust: strip = true in the release profile"])
