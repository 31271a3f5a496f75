"""Findings of `check` as a Markdown table, for the summary of a CI job."""

from __future__ import annotations

from collections.abc import Sequence

from slimify.codes import page
from slimify.lint.findings import Checked, Finding
from slimify.report.findings.text import summary
from slimify.report.proof import cell
from slimify.report.text import percent, size


def table(items: Sequence[Checked]) -> str:
    """The size of each image before and after, largest saving first, below the numbers of all files."""
    found = [(item, item.finding) for item in items if item.finding is not None and not item.finding.known]
    lines = ["### slimify", "", summary(items).splitlines()[0]]
    if found:
        lines += ["", "| Dockerfile | before | after | saved | |", "| --- | ---: | ---: | ---: | --- |"]
    for item, finding in sorted(found, key=lambda pair: -pair[1].saving):
        lines.append(_row(item, finding))
    return "\n".join(lines) + "\n"


def _row(item: Checked, finding: Finding) -> str:
    before, after, share = "", "", size(finding.saving)
    if finding.original is not None and finding.original >= finding.saving:
        before, after = size(finding.original), size(finding.original - finding.saving)
        share += f" ({percent(finding.saving, finding.original)})"
    about = "" if finding.measured else "about "
    what = f"[{finding.code}]({page(finding.code)}) {cell(finding.text)}"
    return f"| {cell(item.place or item.outcome.file)} | {before} | {after} | {about}{share} | {what} |"
