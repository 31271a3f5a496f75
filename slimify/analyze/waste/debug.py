"""Symbol tables and debugging sections of programs and libraries (ELF)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from slimify.analyze.image_inputs import Description, Found, Sight, Stored, by_layer, finding
from slimify.analyze.waste.stored import common
from slimify.facts.language_files import files_of
from slimify.languages import languages

ALONE: Final = 1024 * 1024  # bytes from which on a file gets a finding of its own


def find(sight: Sight) -> Iterator[Found]:
    """What stripping would save. Object files and archives need their symbols and are left out."""
    files = [
        item
        for item in sight.stored
        if (elf := sight.image.elves.get(item.path))
        and elf.symbols
        and elf.linking not in ("object", "other")
    ]
    for part in by_layer(files).values():
        rest = []
        for item in part:
            if sight.image.elves[item.path].symbols >= ALONE:
                yield _finding(sight, [item])
            else:
                rest.append(item)
        if rest:
            yield _finding(sight, rest)


def _finding(sight: Sight, files: Sequence[Stored]) -> Found:
    return finding(
        sight,
        files,
        common(files),
        Description(
            code="SL733",
            kind="debug",
            text="Symbol tables and debugging sections, which only a debugger reads.",
            remedy=_remedy(),
            safe=True,
        ),
        bytes_each=[sight.image.elves[item.path].symbols for item in files],
    )


def _remedy() -> str:
    own = [f"{known.title}: {how}" for known in languages() if (how := files_of(known.name).strip)]
    return "; ".join(["strip --strip-unneeded", *own, "Rust: strip = true in the release profile"])
