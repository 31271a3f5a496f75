"""Findings of `check` as a SARIF 2.1.0 log.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; for GitHub's support see
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support.
The log is reproducible: it has no times or machine names, so the same findings give the same bytes.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from slimify import __version__
from slimify.codes import known, page
from slimify.lint.findings import RULES, Checked, Finding
from slimify.lint.place import place
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome
from slimify.report.diff import lines_of
from slimify.report.findings.text import advice, sentence
from slimify.report.printable import printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_BOM = "\ufeff"  # not counted as a column
_MALFORMED = ("SL001", "SL002", "SL003", "SL004", "SL005")
_RULES = (*_MALFORMED, *RULES.values())
_FAILURES = ("SL901", "SL904", "SL905", "SL999")


def log(items: Sequence[Checked]) -> str:
    """The log. Problems of a Dockerfile are results, other failures are notifications."""
    codes = known()
    failures = [item for item in items if item.outcome.error and item.outcome.error.code not in _RULES]
    run = {
        "tool": {
            "driver": {
                "name": "slimify",
                "version": __version__,
                "rules": [_rule(code, codes[code]) for code in _RULES],
                "notifications": [_descriptor(code, codes[code]) for code in _FAILURES],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not failures,
                "toolExecutionNotifications": [_notification(item) for item in failures],
            }
        ],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [result for item in items if (result := _result(item)) is not None],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


# --- rules --------------------------------------------------------------------------------------------


def _descriptor(code: str, entry: Mapping[str, str]) -> dict[str, Any]:
    title = entry["title"]
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in title.replace("'", "").replace("-", " ").split()),
        "shortDescription": {"text": title[0].upper() + title[1:]},
        "fullDescription": {"text": entry["why"]},
        "helpUri": page(code),
    }


def _rule(code: str, entry: Mapping[str, str]) -> dict[str, Any]:
    wrong = code in _MALFORMED
    return _descriptor(code, entry) | {
        "defaultConfiguration": {"level": "error" if wrong else "warning"},
        "help": _help(code, entry, wrong),
        "properties": {
            "tags": ["dockerfile", "correctness" if wrong else "image-size"],
            "precision": "very-high" if wrong else "high",
            "problem.severity": "error" if wrong else "recommendation",
        },
    }


def _help(code: str, entry: Mapping[str, str], wrong: bool) -> dict[str, str]:
    parts = [entry["why"]]
    rich = [entry["why"]]
    if "when_not" in entry:
        parts.append(f"When not: {entry['when_not']}")
        rich.append(f"**When not:** {entry['when_not']}")
    if not wrong:
        steps = (
            ("slimify rewrite FILE", "shows the change, `--write` applies it"),
            ("slimify verify FILE", "builds both images and compares them"),
            ("slimify explain FILE", "shows the purpose of every step"),
        )
        parts += [f"{command} {what.replace('`', '')}." for command, what in steps]
        rich.append("\n".join(f"- `{command}` {what}" for command, what in steps))
        parts.append(f"# slimify: ignore {code} REASON above FROM suppresses the finding.")
        rich.append(f"`# slimify: ignore {code} REASON` above `FROM` suppresses the finding.")
    return {"text": "\n".join(parts), "markdown": "\n\n".join(rich)}


# --- results -------------------------------------------------------------------------------------------


def _result(item: Checked) -> dict[str, Any] | None:
    error, finding = item.outcome.error, item.finding
    if error is not None:
        return _malformed(item, error) if error.code in _RULES else None
    return _found(item, finding) if finding is not None else None


def _malformed(item: Checked, error: SlimifyError) -> dict[str, Any]:
    hint = f" ({error.hint})" if error.hint else ""
    return {
        **_about(error.code, printable(error.message) + hint, "error"),
        "locations": [_location(item, error.line or 1, error.line or 1)],
    }


def _found(item: Checked, finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        **_about(finding.code, f"{sentence(finding)}.\n{advice(item)}.", "warning"),
        "locations": [_location(item, finding.line, finding.end_line)],
        "relatedLocations": [
            _location(item, detail.line, detail.line)
            | {"id": number, "message": {"text": f"{detail.code}: {printable(detail.text)}"}}
            for number, detail in enumerate((d for d in finding.details if d.line is not None), start=1)
            if detail.line is not None
        ],
        # GitHub identifies results by the second one
        "partialFingerprints": {
            "slimify/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint[:16]}:1",
        },
        "properties": {
            "savingBytes": finding.saving,
            "originalBytes": finding.original,
            "measured": finding.measured,
        },
    }
    changes = _changes(item, item.outcome)
    if changes:
        result["fixes"] = [
            {"description": {"text": "Apply the change of slimify rewrite"}, "artifactChanges": changes}
        ]
    if finding.known:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": "in the baseline"}
        ]
    return result


def _about(code: str, message: str, level: str) -> dict[str, Any]:
    return {"ruleId": code, "ruleIndex": _RULES.index(code), "level": level, "message": {"text": message}}


def _changes(item: Checked, outcome: Outcome) -> list[dict[str, Any]]:
    """The changes of the Dockerfile and of an existing ignore file: a SARIF fix can't create files."""
    pairs = [(_artifact(item), outcome.before, outcome.after)]
    ignore = outcome.ignore
    if ignore is not None and ignore.before is not None:
        pairs.append((_uri(place(Path(ignore.path))), ignore.before, ignore.after))
    changes = []
    for artifact, before, after in pairs:
        edits = replacements(before, after or "")
        if edits is None:
            return []
        changes.append({"artifactLocation": artifact, "replacements": edits})
    return changes


def _location(item: Checked, line: int, end_line: int) -> dict[str, Any]:
    region = {"startLine": line, "endLine": end_line}
    return {"physicalLocation": {"artifactLocation": _artifact(item), "region": region}}


def _notification(item: Checked) -> dict[str, Any]:
    error = item.outcome.error
    assert error is not None
    hint = f" ({error.hint})" if error.hint else ""
    return {
        "descriptor": {"id": error.code},
        "level": "error",
        "message": {"text": f"{item.outcome.file}: {printable(error.message)}{hint}"},
    }


def _artifact(item: Checked) -> dict[str, str]:
    assert item.place is not None  # standard input is not reported in this format
    return _uri(item.place)


def _uri(place: str) -> dict[str, str]:
    return {"uri": quote(os.fsencode(place)), "uriBaseId": ROOT}


# --- replacements of lines ------------------------------------------------------------------------------


def replacements(before: str, after: str) -> list[dict[str, Any]] | None:
    """The replacements; None if a text has bytes that are not UTF-8, which JSON can't represent."""
    if any("\udc80" <= char <= "\udcff" for char in before + after):
        return None
    old, new = lines_of(before.removeprefix(_BOM)), lines_of(after.removeprefix(_BOM))
    edits = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    return [
        {"deletedRegion": _region(old, a, b), "insertedContent": {"text": "".join(new[c:d])}}
        for kind, a, b, c, d in edits
        if kind != "equal"
    ]


def _region(lines: list[str], first: int, last: int) -> dict[str, int]:
    """The region of lines from `first` to `last` (exclusive); if both are equal, the point before them."""
    start, column = _point(lines, first)
    end, end_column = _point(lines, last)
    return {"startLine": start, "startColumn": column, "endLine": end, "endColumn": end_column}


def _point(lines: list[str], index: int) -> tuple[int, int]:
    """Line and column (from 1) before a line; at the end of a text without a final newline, its end."""
    if index == len(lines) and lines and not lines[-1].endswith("\n"):
        return len(lines), len(lines[-1]) + 1
    return index + 1, 1
