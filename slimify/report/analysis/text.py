"""Image analyses as text: layers with their instructions and largest paths, and findings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from msgspec.structs import replace

from slimify.analyze.model import Analysis, LayerView, Node, Rule, Waste
from slimify.facts import load
from slimify.model.counts import counted
from slimify.report.analysis.file_differences import Difference, FileSet, difference
from slimify.report.analysis.largest_paths import findings_at, largest
from slimify.report.ansi import Paint
from slimify.report.printable import masked, printable
from slimify.report.text import PLAIN, WIDTH, change, hanging, percent, signed, size

PATHS_PER_LAYER: Final = 4
MAX_FINDINGS: Final = 8
MIN_LAYER_SHARE: Final = 0.03  # of the image: the paths of larger layers are listed
MIN_FINDING_SHARE: Final = 0.1  # of a path: larger findings are marked beside it
MAX_ROWS: Final = 12  # of removed and added paths
_TEXT_COLUMN: Final = 22  # where instructions start
_PATH_COLUMN: Final = 10  # where paths of findings start


@cache
def kinds() -> dict[str, str]:
    """The kinds of findings, in a line."""
    return {kind: name for kind, (name, _) in load("waste.toml")["kinds"].items()}


def page(analysis: Analysis, *, width: int = WIDTH, paint: Paint = PLAIN, whole: bool = False) -> str:
    """The report about one image: figures, layers, findings (all if `whole`), cost."""
    lines = [*_summary(analysis, width, paint), "", *_layers(analysis, width, paint)]
    lines += ["", *_findings(analysis, width, paint, whole=whole)]
    lines += _cost((analysis,), width)
    lines += _warnings(analysis, width, paint)
    return "\n".join(lines) + "\n"


def comparison(before: Analysis, after: Analysis, *, width: int = WIDTH, paint: Paint = PLAIN) -> str:
    """The comparison of two images, followed by the report about the second one."""
    lines = [*_sides(before, after, width, paint), ""]
    lines += _difference(difference(before, after), width, paint)
    lines += _resolved(before, after, width, paint)
    lines += _cost((before, after), width)
    return "\n".join(lines) + "\n\n" + page(replace(after, cost=None), width=width, paint=paint)


def verdicts(rules: Sequence[Rule], *, paint: Paint = PLAIN) -> str:
    """The results of the CI rules, one line each, and the overall result."""
    lines = []
    for rule in rules:
        word, colour = ("PASS", "green") if rule.ok else ("FAIL", "red")
        if not rule.found:
            word, colour = "SKIP", "dim"
        found = f": {rule.found}" if rule.found else ""
        lines.append(f"{paint(word, colour)}  {rule.name}{found} (limit {rule.limit})")
    failed = [rule.name for rule in rules if not rule.ok]
    what = f"FAIL: {', '.join(failed)}" if failed else "PASS"
    return "\n".join([*lines, paint(what, "red" if failed else "green")]) + "\n"


# --- one image --------------------------------------------------------------------------------------


def _summary(analysis: Analysis, width: int, paint: Paint) -> Iterator[str]:
    where = f", {printable(analysis.architecture)}" if analysis.architecture else ""
    rest = f" in {counted(len(analysis.layers), 'layer')}{where}"
    whole = size(analysis.size)
    name = shorten(printable(analysis.name), max(width - len(rest) - len(whole) - 2, 20))
    yield f"{paint(name, 'bold')}: {paint(whole, 'bold')}{rest}"
    own = [layer for layer in analysis.layers if not layer.base]
    base = len(analysis.layers) - len(own)
    if base:
        yield _figure("base image", analysis.size - analysis.own_size, counted(base, "layer"))
        yield _figure("on top of it", analysis.own_size, counted(len(own), "layer"))
    part = f"{percent(analysis.avoidable, analysis.size)}, "
    found = counted(len(analysis.findings), "finding")
    yield _figure("avoidable", analysis.avoidable, part + found if analysis.findings else "", paint)
    yield _figure(
        "wasted", analysis.efficiency.wasted, f"efficiency {score(analysis)}, both as defined by dive"
    )
    packages = f" and {counted(analysis.packages, 'package')}" if analysis.packages else ""
    yield f"  {'contents':13}  {counted(analysis.files, 'file')}{packages}"


def _figure(name: str, count: int, text: str, paint: Paint = PLAIN) -> str:
    number = f"{size(count):>9}"
    return f"  {name:13}{paint(number, 'yellow') if count else number}  {text}".rstrip()


def _layers(analysis: Analysis, width: int, paint: Paint) -> Iterator[str]:
    has_lines = any(layer.line is not None for layer in analysis.layers)
    yield paint(f"  {'#':>3} {'Size':>9}  {'Line' if has_lines else '':4}  Instruction", "bold")
    for layer in analysis.layers:
        yield from _layer(analysis, layer, width, paint)
        if layer.size >= max(analysis.size * MIN_LAYER_SHARE, 1) and layer.index < len(analysis.trees):
            yield from _largest_paths(analysis, layer, width, paint)
        if layer.hidden:
            text = f"hides {size(layer.hidden)} of lower layers, which remain in the image"
            yield " " * _TEXT_COLUMN + paint(text, "dim")


def _layer(analysis: Analysis, layer: LayerView, width: int, paint: Paint) -> Iterator[str]:
    where = "base" if layer.base else "" if layer.line is None else f"{layer.line:>4}"
    text = masked(layer.instruction) or "(not recorded in the history)"
    rows = hanging("", "", printable(text), width - _TEXT_COLUMN)
    limit = 1 if layer.base else 2
    if len(rows) > limit:
        rows = [*rows[: limit - 1], rows[limit - 1][: width - _TEXT_COLUMN - 2] + " …"]
    number = f"{size(layer.size):>9}"
    colour = "yellow" if layer.size >= analysis.size * MIN_LAYER_SHARE and not layer.base else ""
    first = f"  {layer.index + 1:>3} {paint(number, colour) if colour else number}  {where:4}  "
    yield first + (paint(rows[0], "dim") if layer.base else rows[0])
    yield from (" " * _TEXT_COLUMN + row for row in rows[1:])


def _largest_paths(analysis: Analysis, layer: LayerView, width: int, paint: Paint) -> Iterator[str]:
    paths = largest(analysis.trees[layer.index])[:PATHS_PER_LAYER]
    for node in paths:
        mark = _mark(node, findings_at(analysis, layer.index, node.path))
        room = _room(width - _TEXT_COLUMN - 13 - (len(mark) + 2 if mark else 0))
        path = shorten(printable(node.path), room)
        row = " " * _TEXT_COLUMN + f"{size(node.size):>9}  {path:{room}}"
        yield f"{row}  {paint(mark, 'yellow')}" if mark else row.rstrip()


def _mark(node: Node, near: Sequence[Waste]) -> str:
    """The kind of the largest finding at a path, with its size unless it is nearly the whole path."""
    if not near or near[0].bytes < node.size * MIN_FINDING_SHARE:
        return ""
    mark = kinds()[near[0].kind]
    return mark if near[0].bytes >= node.size * (1 - MIN_FINDING_SHARE) else f"{size(near[0].bytes)} {mark}"


def _findings(analysis: Analysis, width: int, paint: Paint, *, whole: bool) -> Iterator[str]:
    if not analysis.findings:
        yield paint("No waste found.", "green")
        return
    text = f"Avoidable content: {size(analysis.avoidable)}"
    yield paint(text, "bold")
    # Secrets come first, whatever their size.
    ranked = sorted(analysis.findings, key=lambda waste: (waste.kind != "secret", -waste.bytes, waste.path))
    end = len(ranked) if whole or len(ranked) == MAX_FINDINGS + 1 else MAX_FINDINGS
    for waste in ranked[:end]:
        yield ""
        yield from _finding(analysis, waste, width, paint)
    rest = ranked[end:]
    if rest:
        yield ""
        what = f"and {counted(len(rest), 'smaller finding')}, {size(sum(waste.bytes for waste in rest))}"
        yield f"  {what} (all findings: -v, --format json or --html)"
    rewritable = [waste for waste in analysis.findings if waste.rewrite]
    if rewritable:
        total = min(sum(waste.bytes for waste in rewritable), analysis.avoidable)
        yield ""
        yield from hanging(
            "",
            "",
            f"`slimify rewrite` does away with {len(rewritable)} of these, about {size(total)}.",
            width,
        )


def _finding(analysis: Analysis, waste: Waste, width: int, paint: Paint) -> Iterator[str]:
    mark = f"{waste.code} {kinds()[waste.kind]}"
    room = _room(width - _PATH_COLUMN - 2 - len(mark) - 2)
    path = shorten(printable(waste.path), room)
    number = paint(f"{size(waste.bytes):>{_PATH_COLUMN}}", "yellow")
    yield f"{number}  {path:{room}}  {paint(mark, 'red' if waste.kind == 'secret' else 'cyan')}"
    indent = " " * (_PATH_COLUMN + 2)
    for text in (_origin(analysis, waste), _sentence(printable(waste.text)), _other_paths(waste)):
        if text:
            yield from hanging(indent, indent, text, width)
    remedy = printable(waste.remedy)
    if not waste.safe and remedy:
        remedy = f"if nothing needs it: {remedy}"
    if waste.rewrite:
        remedy = (
            f"{_sentence(remedy)} `slimify rewrite` fixes this."
            if remedy
            else "`slimify rewrite` fixes this."
        )
    if remedy:
        yield from hanging(indent + paint("→ ", "green"), indent + "→ ", remedy, width)


def _origin(analysis: Analysis, waste: Waste) -> str:
    if not 0 <= waste.layer < len(analysis.layers):
        return ""
    layer = analysis.layers[waste.layer]
    where = [f"layer {waste.layer + 1}"]
    if waste.line is not None:
        where.insert(0, f"line {waste.line}")
    elif waste.base or layer.base:
        where.insert(0, "base image")
    instruction = printable(masked(layer.instruction))
    instruction = instruction if len(instruction) <= 60 else instruction[:58] + " …"
    return f"{', '.join(where)}: {instruction}" if instruction else ", ".join(where)


def _other_paths(waste: Waste) -> str:
    others = [path for path in waste.paths if path != waste.path]
    if not others:
        return ""
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return "also " + ", ".join(shorten(printable(path), 60) for path in others[:3]) + more


def _warnings(analysis: Analysis, width: int, paint: Paint) -> Iterator[str]:
    for text in analysis.warnings:
        yield ""
        yield from hanging(paint("warning: ", "yellow"), "warning: ", printable(text), width)


def _cost(analyses: Sequence[Analysis], width: int) -> Iterator[str]:
    """The bytes pulled and stored by a roll-out; for one image, also the avoidable part."""
    costs = [analysis.cost for analysis in analyses]
    if any(cost is None for cost in costs):
        return
    first, last = costs[0], costs[-1]
    assert first is not None
    assert last is not None
    pulled, stored = _arrow(first.pulled, last.pulled), _arrow(first.stored, last.stored)
    who = f"{counted(first.replicas, 'container')} on " if first.replicas else ""
    text = f"{who}{counted(first.nodes, 'node')}: one roll-out pulls {pulled}"
    text += f" if the base image is already present, and stores {stored}"
    one = analyses[0]
    if len(analyses) == 1 and one.avoidable and one.size:
        part = one.avoidable / one.size
        text += f"; {size(int(first.stored * part))} of that is avoidable"
    yield ""
    yield from hanging("", "", text + ".", width)


# --- two images -------------------------------------------------------------------------------------


def _sides(before: Analysis, after: Analysis, width: int, paint: Paint) -> Iterator[str]:
    room = _room((width - 16 - 10) // 2)
    names = [shorten(printable(one.name), room - 2) for one in (before, after)]
    yield paint(f"{'':16}{names[0]:>{room}}{names[1]:>{room}}", "bold")
    for name, values, in_bytes in figures(before, after):
        texts = [size(value) if in_bytes else f"{value:,}" for value in values]
        part = change(*values)
        row = f"{name:16}{texts[0]:>{room}}{texts[1]:>{room}}"
        colour = "green" if values[1] < values[0] else "red"
        yield f"{row}  {paint(f'{part:>8}', colour)}" if part else row
    scores = [score(one) for one in (before, after)]
    yield f"{'efficiency':16}{scores[0]:>{room}}{scores[1]:>{room}}"


def figures(before: Analysis, after: Analysis) -> Iterator[tuple[str, tuple[int, int], bool]]:
    """The figures of two images: what each is, both values, and whether they are bytes."""
    yield "size", (before.size, after.size), True
    yield "base image", (before.size - before.own_size, after.size - after.own_size), True
    yield "on top of it", (before.own_size, after.own_size), True
    yield "avoidable", (before.avoidable, after.avoidable), True
    yield "wasted", (before.efficiency.wasted, after.efficiency.wasted), True
    yield "layers", (len(before.layers), len(after.layers)), False
    yield "files", (before.files, after.files), False
    yield "packages", (before.packages, after.packages), False


def _difference(found: Difference, width: int, paint: Paint) -> Iterator[str]:
    for title, part in (("Removed", found.removed), ("Added", found.added)):
        if part.files:
            yield from _part(title, part, width, paint)
            yield ""
    if found.resized:
        yield f"{counted(found.changed, 'file')} with a different size: {signed(found.resized)}"
    if found.hidden:
        yield f"Hidden by later layers: {signed(found.hidden)}"
    if found.resized or found.hidden:
        yield ""


def _part(title: str, part: FileSet, width: int, paint: Paint) -> Iterator[str]:
    colour = "green" if title == "Removed" else "yellow"
    yield f"{paint(title, 'bold')}: {paint(size(part.bytes), colour)} in {counted(part.files, 'file')}"
    for row in part.rows[:MAX_ROWS]:
        files = counted(row.files, "file") if row.directory else ""
        room = _room(width - _PATH_COLUMN - 2 - len(files) - 2)
        path = shorten(printable(row.path), room)
        yield f"{size(row.bytes):>{_PATH_COLUMN}}  {path:{room}}  {files}".rstrip()
    rest = part.rows[MAX_ROWS:]
    more = sum(row.bytes for row in rest) + part.more_bytes
    if rest or part.more:
        yield f"{size(more):>{_PATH_COLUMN}}  elsewhere"


def _resolved(before: Analysis, after: Analysis, width: int, paint: Paint) -> Iterator[str]:
    """The findings of the first image that the second one does not have."""
    left = {(waste.code, waste.path) for waste in after.findings}
    removed = [waste for waste in before.findings if (waste.code, waste.path) not in left]
    if not before.findings:
        return
    yield paint(f"{len(removed)} of {counted(len(before.findings), 'finding')} resolved", "bold")
    for waste in sorted(removed, key=lambda waste: -waste.bytes)[:MAX_ROWS]:
        mark = f"{waste.code} {kinds()[waste.kind]}"
        room = _room(width - _PATH_COLUMN - 2 - len(mark) - 2)
        yield f"{size(waste.bytes):>{_PATH_COLUMN}}  {shorten(printable(waste.path), room):{room}}  {mark}"


# --- words ------------------------------------------------------------------------------------------


def _room(columns: int) -> int:
    """The columns of a path in a narrow terminal: it is readable, though its line may be too long."""
    return max(columns, 12)


def shorten(path: str, room: int) -> str:
    """A path in at most `room` columns, with … in place of its middle."""
    if len(path) <= room:
        return path
    head = room // 3
    return path[:head] + "…" + path[len(path) - (room - head - 1) :]


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else text + "."


def score(analysis: Analysis) -> str:
    """dive's efficiency score, rounded down: 100 % means no waste at all."""
    return f"{math.floor(analysis.efficiency.score * 10_000) / 100:.2f} %"


def _arrow(before: int, after: int) -> str:
    return size(before) if before == after else f"{size(before)} → {size(after)}"
