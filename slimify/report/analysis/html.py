"""Image analyses as a self-contained HTML page.

Figures, layers and findings are plain HTML and readable without JavaScript. The page's script draws the
treemap and the file tree from a block of JSON. A content security policy with the hashes of the style sheet
and the script prevents anything else from being loaded or run, whatever the file names of an image contain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from slimify.analyze.model import Analysis, LayerView, Waste
from slimify.facts import load
from slimify.model.counts import counted
from slimify.report.analysis.file_differences import Difference, FileSet, difference
from slimify.report.analysis.tree import columns
from slimify.report.markup import escaped, frame
from slimify.report.printable import masked
from slimify.report.text import change, percent, signed, size

TREE_BUDGET = 4_000_000  # characters of JSON for the file trees of a page
MAX_FINDINGS = 2_000  # rows
_MAX_NAMED = 2_000  # paths of findings that are never summed up with smaller files

_SCRIPTS = ("data", "treemap", "tree", "tables", "start")
_HUES = 8  # colours for own layers, reused in turn
_GREYS = 3  # colours for base layers


@cache
def kind_titles() -> dict[str, str]:
    """The kinds of findings, as titles."""
    return {kind: title for kind, (_, title) in load("waste.toml")["kinds"].items()}


def page(analysis: Analysis, other: Analysis | None = None) -> str:
    """The page for one image, or, with `other`, for the images before and after a change."""
    from slimify.render import render_page as template

    images = (analysis,) if other is None else (analysis, other)
    labels = ("",) if other is None else ("before", "after")
    values = {
        "title": " → ".join(image.name for image in images),
        "images": [_image(image, label, images) for image, label in zip(images, labels, strict=True)],
        "figures": [asdict(figure) for figure in _figures(images)],
        "findings": _findings(images, labels),
        "difference": None if other is None else _difference(analysis, other),
    }
    return template(
        "report/analysis.html.j2",
        **frame("analysis", *_SCRIPTS),
        data=_json(
            {
                "images": [_data(image, TREE_BUDGET // len(images)) for image in images],
                "places": [[number, finding.layer, finding.path] for finding, number in _sorted(images)],
            }
        ),
        **escaped(values),
    )


def _json(value: object) -> str:
    """JSON that is safe inside an HTML element. Lone surrogates are kept."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


# --- data for the script ----------------------------------------------------------------------------


def _data(analysis: Analysis, budget: int) -> Mapping[str, Any]:
    ordered = sorted(analysis.findings, key=lambda f: -f.bytes)
    named = [path for finding in ordered for path in (finding.path, *finding.paths)][:_MAX_NAMED]
    colours = _colours(analysis.layers)
    return {
        "name": analysis.name,
        "size": analysis.size,
        "layers": [
            {
                "text": _short(_instruction(layer)),
                "line": layer.line,
                "colour": colour,
                "size": layer.size,
            }
            for layer, colour in zip(analysis.layers, colours, strict=True)
        ],
        "waste": [
            [finding.layer, finding.bytes, finding.kind, [finding.path, *finding.paths[:50]]]
            for finding in ordered[:MAX_FINDINGS]
            if finding.path.strip("/")
        ],
        "tree": columns(analysis, budget=budget, keep=named),
    }


def _instruction(layer: LayerView) -> str:
    return masked(layer.instruction) or "(no instruction known)"


def _short(text: str, limit: int = 400) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _colours(layers: Sequence[LayerView]) -> list[str]:
    """The CSS class of each layer: hues for own layers, greys for base layers unless all are base layers."""
    alone = not any(layer.size and not layer.base for layer in layers)
    own = base = 0
    found = []
    for layer in layers:
        if not layer.size:
            found.append("none")
        elif layer.base and not alone:
            found.append(f"b{base % _GREYS}")
            base += 1
        else:
            found.append(f"l{own % _HUES}")
            own += 1
    return found


# --- values for the template ------------------------------------------------------------------------


class _Figure(Struct, frozen=True):
    """One line of the summary, with a text for each image."""

    name: str
    note: str
    texts: list[str]
    change: str = ""


def _figures(images: tuple[Analysis, ...]) -> list[_Figure]:
    def sizes(name: str, note: str, numbers: list[int], wholes: list[int] | None = None) -> _Figure:
        texts = [size(number) for number in numbers]
        if wholes is not None:
            pairs = zip(texts, numbers, wholes, strict=True)
            texts = [f"{text} ({percent(number, whole)})" for text, number, whole in pairs]
        return _Figure(name, note, texts, change(numbers[0], numbers[-1]))

    def counts(name: str, note: str, numbers: list[int]) -> _Figure:
        return _Figure(name, note, [f"{number:,}" for number in numbers], change(numbers[0], numbers[-1]))

    all_of = [image.size for image in images]
    found = [
        sizes("Size", "sum of the layers, uncompressed", all_of),
        sizes("Base image", "layers of the FROM image", [i.size - i.own_size for i in images], all_of),
        sizes("Own layers", "added above the base image", [i.own_size for i in images], all_of),
        sizes("Avoidable", "sum of all findings, without overlaps", [i.avoidable for i in images], all_of),
        _Figure("Efficiency", "as dive defines it", [f"{i.efficiency.score * 100:.1f} %" for i in images]),
        _wasted(images),
        counts("Files", "visible in a container", [i.files for i in images]),
    ]
    if any(image.packages for image in images):
        found.append(counts("Packages", "system packages", [image.packages for image in images]))
    if any(image.architecture for image in images):
        found.append(_Figure("Architecture", "", [image.architecture or "unknown" for image in images]))
    costs = [image.cost for image in images if image.cost is not None]
    if len(costs) == len(images):
        nodes, replicas = f"{costs[0].nodes:,} nodes", f"{costs[0].replicas:,} containers"
        found.append(sizes("Pulled", f"in one roll-out, by {nodes}", [cost.pulled for cost in costs]))
        found.append(sizes("Stored", f"on {nodes}, for {replicas}", [cost.stored for cost in costs]))
    return found


def _wasted(images: tuple[Analysis, ...]) -> _Figure:
    numbers = [image.efficiency.wasted for image in images]
    shares = [f"{image.efficiency.wasted_share * 100:.0f} %" for image in images]
    texts = [f"{size(number)} ({share})" for number, share in zip(numbers, shares, strict=True)]
    note = "as dive defines it: all copies of overwritten or removed files; share of own layers"
    return _Figure("Wasted", note, texts, change(numbers[0], numbers[-1]))


def _image(analysis: Analysis, label: str, images: tuple[Analysis, ...]) -> Mapping[str, Any]:
    """The values of an image for the template. Bars have the same scale in all `images`."""
    largest = max((layer.size for image in images for layer in image.layers), default=0) or 1
    colours = _colours(analysis.layers)
    wasted = sorted(analysis.efficiency.files, key=lambda row: -row[2])
    return {
        "name": analysis.name,
        "label": label,
        "size": size(analysis.size),
        "strip": _strip(analysis, max(image.size for image in images)),
        "layers": [
            _layer(layer, colour, largest) for layer, colour in zip(analysis.layers, colours, strict=True)
        ],
        "warnings": [masked(text) for text in analysis.warnings],
        "copies": [(path, f"{copies:,}", size(number)) for path, copies, number in wasted[:50]],
        "more_copies": f"{max(len(wasted) - 50, 0):,}",
    }


def _strip(analysis: Analysis, whole: int) -> list[tuple[str, str, str, str]]:
    """The layers side by side: colour, start and width in percent of `whole`, title."""
    found, start = [], 0
    for layer, colour in zip(analysis.layers, _colours(analysis.layers), strict=True):
        if layer.size and whole:
            place, width = (f"{number * 100 / whole:.3f}" for number in (start, layer.size))
            found.append((colour, place, width, f"layer {layer.index + 1}: {size(layer.size)}"))
        start += layer.size
    return found


def _layer(layer: LayerView, colour: str, largest: int) -> Mapping[str, Any]:
    return {
        "number": layer.index + 1,
        "colour": colour,
        "instruction": _instruction(layer),
        "line": layer.line,
        "size": size(layer.size),
        "bytes": f"{layer.size:,}",
        "compressed": "" if layer.compressed is None else size(layer.compressed),
        "bar": f"{layer.size * 100 / largest:.2f}",
        "changes": [f"{number:,}" for number in (layer.added, layer.modified, layer.removed)],
        "hidden": size(layer.hidden) if layer.hidden else "",
        "origin": "base" if layer.base else "own",
        "digest": layer.digest,
    }


def _sorted(images: tuple[Analysis, ...]) -> list[tuple[Waste, int]]:
    """The findings with the numbers of their images, the largest first."""
    rows = ((finding, number) for number, image in enumerate(images) for finding in image.findings)
    return sorted(rows, key=lambda row: (-row[0].bytes, row[0].code, row[0].path))[:MAX_FINDINGS]


def _findings(images: tuple[Analysis, ...], labels: tuple[str, ...]) -> Mapping[str, Any]:
    rows = _sorted(images)
    used = {finding.kind for finding, _ in rows}
    return {
        "rows": [_finding(finding, number, labels[number]) for finding, number in rows],
        "more": sum(len(image.findings) for image in images) - len(rows),
        "kinds": [(kind, title) for kind, title in kind_titles().items() if kind in used],
        "codes": sorted({finding.code for finding, _ in rows}),
    }


def _finding(finding: Waste, image: int, label: str) -> Mapping[str, Any]:
    marks = []
    if finding.safe:
        marks.append(("safe", "not needed at run time"))
    if finding.rewrite:
        marks.append(("fixed by rewrite", "slimify rewrite fixes this"))
    if finding.base:
        marks.append(("base image", "inherited from the base image"))
    return {
        "image": image,
        "label": label,
        "kind": finding.kind,
        "title": kind_titles().get(finding.kind, finding.kind),
        "code": finding.code,
        "bytes": size(finding.bytes),
        "path": finding.path,
        "layer": finding.layer + 1,
        "line": finding.line,
        "text": masked(finding.text),
        "remedy": masked(finding.remedy),
        "count": f"{finding.count:,}" if finding.count > 1 else "",
        "marks": marks,
        "paths": finding.paths[:50],
        "more": max(len(finding.paths) - 50, 0),
    }


def _difference(before: Analysis, after: Analysis) -> Mapping[str, Any]:
    found = difference(before, after)
    return {
        "steps": _steps(before, after, found),
        "parts": [("Removed", _part(found.removed)), ("Added", _part(found.added))],
    }


def _steps(before: Analysis, after: Analysis, found: Difference) -> list[tuple[str, str]]:
    rows = [
        ("Before", size(before.size)),
        (f"Removed: {counted(found.removed.files, 'file')}", signed(-found.removed.bytes)),
        (f"Added: {counted(found.added.files, 'file')}", signed(found.added.bytes)),
        (f"Resized: {counted(found.changed, 'file')}", signed(found.resized)),
        ("Hidden copies, overwritten or deleted by later layers", signed(found.hidden)),
        ("After", size(after.size)),
    ]
    return [row for number, row in enumerate(rows) if number < 3 or number == 5 or row[1] != "0 bytes"]


def _part(part: FileSet) -> Mapping[str, Any]:
    largest = max((row.bytes for row in part.rows), default=0) or 1
    return {
        "bytes": size(part.bytes),
        "files": f"{part.files:,}",
        "rows": [
            {
                "path": row.path + ("/" if row.directory else ""),
                "bytes": size(row.bytes),
                "files": f"{row.files:,}",
                "bar": f"{row.bytes * 100 / largest:.2f}",
            }
            for row in part.rows
        ],
        "more": f"{part.more:,}" if part.more else "",
        "more_bytes": size(part.more_bytes),
    }
