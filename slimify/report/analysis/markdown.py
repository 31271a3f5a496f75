"""Image analyses as Markdown, for the comment of a pull request or the summary of a CI job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slimify.analyze.model import Analysis, Rule, Waste
from slimify.codes import page
from slimify.model.counts import counted
from slimify.report.analysis.file_differences import FileSet, difference
from slimify.report.analysis.text import figures, kinds, score
from slimify.report.proof import cell
from slimify.report.text import change, size

MARK = "<!-- slimify: sizes -->"  # by which a later run finds its comment
_MAX_ROWS = 10


def markdown(analyses: Sequence[Analysis], rules: Sequence[Rule] = ()) -> str:
    """One image, or two to compare: figures, limits, then what differs and what is avoidable, collapsed."""
    after = analyses[-1]
    lines = [MARK, *_headline(analyses), "", *_figures(analyses), *_rules(rules)]
    if len(analyses) > 1:
        found = difference(analyses[0], after)
        for title, part in (("removed", found.removed), ("added", found.added)):
            lines += _paths(title, part)
    lines += _avoidable(after)
    return "\n".join(lines) + "\n"


def _headline(analyses: Sequence[Analysis]) -> Iterator[str]:
    before, after = analyses[0], analyses[-1]
    name, whole = cell(after.name), size(after.size)
    if len(analyses) == 1:
        yield f"**{name}: {whole}**"
    elif before.size == after.size:
        yield f"**{name}: {whole}, as before**"
    else:
        less = after.size < before.size
        moved = f"{size(abs(after.size - before.size))} {'smaller' if less else 'larger'}"
        yield f"**{name}: {whole}, {moved} than before ({change(before.size, after.size)})**"


def _figures(analyses: Sequence[Analysis]) -> Iterator[str]:
    before, after = analyses[0], analyses[-1]
    names = [cell(one.name) for one in analyses]
    two = len(analyses) > 1
    yield f"| | {' | '.join(names)} |" + (" change |" if two else "")
    yield "| --- |" + " ---: |" * (len(names) + two)
    for name, values, in_bytes in figures(before, after):
        texts = [size(value) if in_bytes else f"{value:,}" for value in values[: len(names)]]
        yield f"| {name} | {' | '.join(texts)} |" + (f" {change(*values)} |" if two else "")
    scores = [score(one) for one in analyses]
    yield f"| efficiency | {' | '.join(scores)} |" + (" |" if two else "")


def _rules(rules: Sequence[Rule]) -> Iterator[str]:
    if rules:
        yield from ("", "| limit | allowed | found | |", "| --- | ---: | ---: | --- |")
    for rule in rules:
        word = "skipped" if not rule.found else "passed" if rule.ok else "**exceeded**"
        yield f"| {cell(rule.name)} | {cell(rule.limit)} | {cell(rule.found)} | {word} |"


def _paths(title: str, part: FileSet) -> Iterator[str]:
    if not part.files:
        return
    rows = part.rows[:_MAX_ROWS]
    yield from _details(f"{size(part.bytes)} {title} in {counted(part.files, 'file')}")
    yield from ("| path | size |", "| --- | ---: |")
    yield from (f"| {cell(row.path)} | {size(row.bytes)} |" for row in rows)
    rest = part.bytes - sum(row.bytes for row in rows)
    if rest:
        yield f"| elsewhere | {size(rest)} |"
    yield from ("", "</details>")


def _avoidable(analysis: Analysis) -> Iterator[str]:
    if not analysis.findings:
        return
    yield from _details(f"{size(analysis.avoidable)} of the image avoidable")
    yield from ("| path | size | | `slimify rewrite` |", "| --- | ---: | --- | --- |")
    yield from map(_waste, sorted(analysis.findings, key=lambda waste: -waste.bytes)[:_MAX_ROWS])
    yield from ("", "</details>")


def _waste(waste: Waste) -> str:
    code = f"[{waste.code}]({page(waste.code)}) {kinds()[waste.kind]}"
    return f"| {cell(waste.path)} | {size(waste.bytes)} | {code} | {'fixes it' if waste.rewrite else ''} |"


def _details(summary: str) -> Iterator[str]:
    yield from ("", f"<details><summary>{summary}</summary>", "")
