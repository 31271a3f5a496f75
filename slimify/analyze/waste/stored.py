"""Files that are stored more than once, and files that a later layer hides but the image still carries."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Final

from slimify.analyze.image_inputs import Description, Found, Sight, Stored, by_layer, finding
from slimify.facts.language_files import all_files
from slimify.image.tree import HiddenFile

SMALLEST: Final = 16 * 1024  # equal files below this size are everywhere, and not worth a thought
PARTS: Final = 3  # components of a directory's path by which equal files are put together
_OWNERS = re.compile(r"\b(?:chown|chmod|chgrp|setfacl|fix-permissions)\b")


def find(sight: Sight) -> Iterator[Found]:
    """Replaced and removed files. Of N copies N-1 are waste."""
    groups: dict[tuple[int, int, str], list[HiddenFile]] = {}
    later = [
        {entry.path: entry for entry in layer.entries if entry.kind == "file"} for layer in sight.image.layers
    ]
    for lost in sight.files.hidden:
        again = later[lost.by].get(lost.entry.path)
        if again is None:
            how = "removed"
        else:
            same = bool(again.digest) and again.digest == lost.entry.digest
            how = "again" if same else "replaced"
        groups.setdefault((lost.layer, lost.by, how), []).append(lost)
    for (layer, by, how), items in groups.items():
        if layer != by:
            files = [Stored(i.entry.path, i.layer, i.entry.size, i.entry.digest) for i in items]
            yield {"removed": _removed, "again": _again, "replaced": _replaced}[how](sight, files, by)


def _removed(sight: Sight, files: Sequence[Stored], by: int) -> Found:
    return finding(
        sight,
        files,
        common(files),
        Description(
            code="SL722",
            kind="deleted",
            text=f"Removed by {_named(sight, by)}, but the layer that has it is still part of the image.",
            remedy="remove it in the same instruction that makes it, or make it in a stage of its own",
            safe=True,
        ),
    )


def _again(sight: Sight, files: Sequence[Stored], by: int) -> Found:
    owners = _OWNERS.search(sight.origin.instructions[by])
    why = f"{owners[0]} stores each file again" if owners else "The same content is stored again"
    below = sight.origin.instructions[files[0].layer]
    copied = below.startswith(("COPY", "ADD"))
    remedy = "COPY --chown=… --chmod=…" if copied else "change it in the instruction that makes the files"
    return finding(
        sight,
        files,
        common(files),
        Description(
            code="SL720",
            kind="duplicate",
            text=f"{why}: the copy of {_named(sight, files[0].layer)} is still carried.",
            remedy=f"{remedy} instead of a step of its own" if owners else "store it once",
            safe=True,
        ),
        layer=by,
    )


def _replaced(sight: Sight, files: Sequence[Stored], by: int) -> Found:
    return finding(
        sight,
        files,
        common(files),
        Description(
            code="SL721",
            kind="duplicate",
            text=f"Overwritten here; what {_named(sight, files[0].layer)} stored is still carried.",
            remedy="write it once: one RUN for what belongs together, or a base that has the newer version",
            safe=True,
        ),
        layer=by,
    )


def equal(sight: Sight, gone: Collection[tuple[str, int]]) -> Iterator[Found]:
    """Files with the same content at several places, put together by the directories they lie in.

    `gone` are files (path, layer) that had better not be there: the one copy that is left is no waste.
    """
    first: dict[str, Stored] = {}
    groups: dict[tuple[str, str], list[Stored]] = {}
    for item in sight.stored:
        if item.size < SMALLEST or not item.digest or (item.path, item.layer) in gone:
            continue
        known = first.setdefault(item.digest, item)
        if known is item or _tree(known.path) == _tree(item.path):
            continue
        if sight.packages.owner_of(item.path) is None:
            groups.setdefault((_place(known.path), _place(item.path)), []).append(item)
    for (original, _), files in groups.items():
        for part in by_layer(files).values():
            yield finding(
                sight,
                part,
                common(part),
                Description(
                    code="SL723",
                    kind="duplicate",
                    text=f"The same content also lies in {original}.",
                    remedy="keep one of them and link to it, or don't copy the directory twice",
                ),
            )


def common(files: Sequence[Stored]) -> str:
    """The path of the one file, or the directory that all of them are in; where that is a directory of
    the system with all sorts of things, the one in it that has most of the bytes."""
    if len(files) == 1:
        return files[0].path
    shared = posixpath.commonpath([posixpath.dirname(item.path) for item in files])
    return shared if shared.count("/") > 1 else _heaviest(files)


def _heaviest(files: Sequence[Stored]) -> str:
    """The deepest directory, or the file, that has more than half of the bytes."""
    total = sum(item.size for item in files)
    here = ""
    while True:
        below: dict[str, int] = {}
        for item in files:
            if item.path.startswith(f"{here}/"):
                name = item.path[len(here) + 1 :].partition("/")[0]
                below[name] = below.get(name, 0) + item.size
        name = max(below, key=lambda name: below[name], default="")
        if not name or 2 * below[name] <= total:
            return here or max(files, key=lambda item: item.size).path
        here = f"{here}/{name}"


def _tree(path: str) -> str:
    """The installation that a file is part of: within one, equal files are the package manager's affair."""
    inside = _installations().match(path)
    return inside[0] if inside else path


@cache
def _installations() -> re.Pattern[str]:
    known = all_files()
    places = "|".join(re.escape(place) for one in known for place in (*one.packages, *one.fetched))
    toolchains = [place for one in known for place in one.toolchain_directories if place.startswith("/usr/")]
    system = "|".join(["/usr/(?:local/)?(?:include|lib|share)/", *map(re.escape, toolchains)])
    return re.compile(rf".*?(?:{places}|/\.git/)|{system}")


def _place(path: str) -> str:
    return "/".join(posixpath.dirname(path).split("/")[: PARTS + 1]) or "/"


def _named(sight: Sight, layer: int) -> str:
    line = sight.line(layer)
    word = sight.origin.instructions[layer].split(" ", 1)[0]
    where = f" in line {line}" if line else ""
    return f"layer {layer + 1} ({word}{where})" if word else f"layer {layer + 1}"
