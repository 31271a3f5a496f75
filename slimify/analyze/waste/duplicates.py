"""Finds files that are stored more than once, and files that a later layer removes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Final

from slimify.analyze.image_inputs import (
    ImageInputs,
    StoredFile,
    WasteFinding,
    by_layer,
    finding_text,
    waste_finding,
)
from slimify.facts.language_files import all_files
from slimify.image.tree import HiddenFile
from slimify.model.regex import regex

MIN_SIZE: Final = 16 * 1024  # bytes; small equal files are common and not reported
GROUP_DEPTH: Final = 3  # path components by which equal files are grouped
_OWNERS = regex(r"\b(?:chown|chmod|chgrp|setfacl|fix-permissions)\b")


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """Findings for replaced and removed files. Of N copies, N-1 are waste."""
    groups: dict[tuple[int, int, str], list[HiddenFile]] = {}
    gone = {(lost.entry.directory, lost.entry.name) for lost in inputs.files.hidden}
    later = {
        (e.directory, e.name, index): e
        for index, layer in enumerate(inputs.image.layers if gone else ())
        for e in layer.entries
        if e.kind == "file" and (e.directory, e.name) in gone
    }
    for lost in inputs.files.hidden:
        again = later.get((lost.entry.directory, lost.entry.name, lost.by))
        if again is None:
            how = "removed"
        else:
            same = bool(again.digest) and again.digest == lost.entry.digest
            how = "again" if same else "replaced"
        groups.setdefault((lost.layer, lost.by, how), []).append(lost)
    for (layer, by, how), items in groups.items():
        if layer != by:
            files = [StoredFile(item.entry, item.layer) for item in items]
            names = {"by": _layer_name(inputs, by), "layer": _layer_name(inputs, layer)}
            told = finding_text(how, **names, **_stored_again(inputs, layer, by))
            found = None if how == "removed" else by
            yield waste_finding(inputs, files, common_path(files), told, layer=found)


def _stored_again(inputs: ImageInputs, layer: int, by: int) -> dict[str, str]:
    """Why a layer stores the files of another one again, and what to do."""
    owners = _OWNERS.search(inputs.origin.instructions[by])
    why = f"{owners[0]} stores each file again" if owners else "The same content is stored again"
    copied = inputs.origin.instructions[layer].startswith(("COPY", "ADD"))
    remedy = "COPY --chown=… --chmod=…" if copied else "change it in the instruction that creates the files"
    return {"why": why, "remedy": f"{remedy} instead of a separate step" if owners else "store it once"}


def equal_files(inputs: ImageInputs, gone: Collection[tuple[str, int]]) -> Iterator[WasteFinding]:
    """Findings for files with the same content at several paths, grouped by directory.

    `gone` are files (path, layer) that other findings remove entirely; they don't count as copies.
    """
    first: dict[str, StoredFile] = {}
    groups: dict[tuple[str, str], list[StoredFile]] = {}
    for item in inputs.stored:
        digest = item.entry.digest
        if item.size < MIN_SIZE or not digest or (item.path, item.layer) in gone:
            continue
        known = first.setdefault(digest, item)
        if known is item or _installation(known.path) == _installation(item.path):
            continue
        if inputs.packages.owner_of(item.path) is None:
            groups.setdefault((_group_directory(known.path), _group_directory(item.path)), []).append(item)
    for (original, _), files in groups.items():
        for part in by_layer(files).values():
            yield waste_finding(
                inputs,
                part,
                common_path(part),
                finding_text("equal", original=original),
            )


def common_path(files: Sequence[StoredFile]) -> str:
    """The path of a single file, or the common directory of several; if that is a top-level directory, the
    directory in it with most of the bytes."""
    if len(files) == 1:
        return files[0].path
    shared = posixpath.commonpath([posixpath.dirname(item.path) for item in files])
    return shared if shared.count("/") > 1 else _largest_directory(files)


def _largest_directory(files: Sequence[StoredFile]) -> str:
    """The deepest directory or file with more than half of the bytes."""
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


def _installation(path: str) -> str:
    """The installation that a file belongs to. Equal files within one are up to the package manager."""
    inside = _installations().match(path)
    return inside[0] if inside else path


@cache
def _installations() -> re.Pattern[str]:
    known = all_files()
    places = "|".join(re.escape(place) for one in known for place in (*one.packages, *one.fetched))
    toolchains = [place for one in known for place in one.toolchain_directories if place.startswith("/usr/")]
    system = "|".join(["/usr/(?:local/)?(?:include|lib|share)/", *map(re.escape, toolchains)])
    return re.compile(rf".*?(?:{places}|/\.git/)|{system}")


def _group_directory(path: str) -> str:
    return "/".join(posixpath.dirname(path).split("/")[: GROUP_DEPTH + 1]) or "/"


def _layer_name(inputs: ImageInputs, layer: int) -> str:
    line = inputs.line(layer)
    word = inputs.origin.instructions[layer].split(" ", 1)[0]
    where = f" in line {line}" if line else ""
    return f"layer {layer + 1} ({word}{where})" if word else f"layer {layer + 1}"
