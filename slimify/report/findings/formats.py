"""Reports of `check` in all formats: one part per file, or one document for all files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from slimify.lint.findings import Checked
from slimify.report.ansi import Paint
from slimify.report.fields import fields
from slimify.report.text import PLAIN

Form = Literal["text", "json", "github", "sarif", "gitlab"]


def part(
    item: Checked, form: Form, *, width: int | None = None, excerpt: bool = True, paint: Paint = PLAIN
) -> str:
    """The report of one file; "" in a format that is one document. `width` and `excerpt` are for text."""
    if form == "json":
        from slimify.report import json

        return json.to_json(item.outcome, proof=item.proof, findings=_findings(item)) + "\n"
    if form == "github":
        from slimify.report.findings import github

        return github.annotation(item)
    if form == "text":
        from slimify.report.findings import text

        return text.text(item, width=width, excerpt=excerpt, paint=paint)
    return ""


def _findings(item: Checked) -> list[dict[str, Any]]:
    finding = item.finding
    if finding is None:
        return []
    told = fields(finding, "line end_line text saving original measured fingerprint known")
    return [{"code": finding.code, "path": item.place, **told, "command": item.command}]


def document(items: Sequence[Checked], form: Form) -> str:
    """The document for all files; "" in a format with one part per file."""
    if form == "sarif":
        from slimify.report.findings import sarif

        return sarif.log(items)
    if form == "gitlab":
        from slimify.report.findings import gitlab

        return gitlab.report(items)
    return ""


def whole(items: Sequence[Checked], form: Form) -> str:
    """The complete report, for writing to a file."""
    return document(items, form) or "".join(part(item, form) for item in items)
