"""Findings of `check` as a code quality report of GitLab.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format: an array of objects with
description, check_name, fingerprint, severity and location.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from slimify.lint.findings import Checked
from slimify.report.findings.text import advice, sentence
from slimify.report.printable import printable


def report(items: Iterable[Checked]) -> str:
    """The report as a JSON document."""
    rows = [row for item in items if (row := _row(item)) is not None]
    return json.dumps(rows, indent=2) + "\n"


def _row(item: Checked) -> dict[str, Any] | None:
    error, finding = item.outcome.error, item.finding
    path = item.place if item.place is not None else item.outcome.file
    if error is not None:
        identity = json.dumps([error.code, path, error.message])
        return {
            "description": printable(error.message) + (f" ({error.hint})" if error.hint else ""),
            "check_name": error.code,
            "fingerprint": hashlib.sha256(identity.encode()).hexdigest()[:32],
            "severity": "critical",
            "location": {"path": path, "lines": {"begin": error.line or 1}},
        }
    if finding is None or finding.known:
        return None
    return {
        "description": f"{sentence(finding)}. {advice(item)}",
        "check_name": finding.code,
        "fingerprint": finding.fingerprint,
        "severity": "minor",
        "location": {"path": path, "lines": {"begin": finding.line, "end": finding.end_line}},
    }
