"""The baseline of known findings, a JSON file under version control: only new findings count.

A known finding counts again once its saving has grown by the minimum saving of a finding. So the baseline
accepts what an old Dockerfile wastes, but not what later changes add.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from slimify.config import MinSaving
from slimify.context.values import json_of
from slimify.lint.findings import Checked, Finding

SCHEMA = 1


class Entry(Struct, frozen=True, kw_only=True):
    """One known finding. `file` is relative to the repository root, `saving` is in bytes."""

    file: str
    code: str
    fingerprint: str
    saving: int
    measured: bool


Baseline = Mapping[str, Entry]  # by fingerprint


def read(text: str) -> Baseline:
    """The entries of a baseline file. Raises ValueError with a message if it is invalid."""
    document: Any = json_of(text)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError("it is not a baseline of this version of slimify")
    found: dict[str, Entry] = {}
    for row in document.get("findings", []):
        try:
            entry = Entry(
                file=str(row["file"]),
                code=str(row["code"]),
                fingerprint=str(row["fingerprint"]),
                saving=int(row["saving"]),
                measured=bool(row["measured"]),
            )
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"this is not a finding: {json.dumps(row)[:80]}") from None
        found[entry.fingerprint] = entry
    return found


def written(entries: Iterable[Entry]) -> str:
    """The text of a baseline file, sorted and with one entry per line, so that diffs are small."""
    rows = [json.dumps(asdict(e)) for e in sorted(entries, key=lambda e: (e.file, e.fingerprint))]
    body = ",\n    ".join(rows)
    inner = f"\n    {body}\n  " if rows else ""
    return f'{{\n  "schema": {SCHEMA},\n  "findings": [{inner}]\n}}\n'


def compared(item: Checked, baseline: Baseline, growth: MinSaving) -> Checked:
    """`item` with its finding marked as known if the baseline has it and its saving has not grown."""
    finding = item.finding
    entry = baseline.get(finding.fingerprint) if finding is not None else None
    if finding is None or entry is None or _grown(finding, entry, growth):
        return item
    return replace(item, finding=replace(finding, known=True))


def _grown(finding: Finding, entry: Entry, growth: MinSaving) -> bool:
    # estimates and measurements can't be compared
    comparable = finding.measured == entry.measured
    return comparable and finding.saving - entry.saving >= max(growth.floor(finding.original or 0), 1)


def updated(baseline: Baseline, items: Sequence[Checked], gone: frozenset[str]) -> tuple[Entry, ...]:
    """The entries after a run: its findings, and the old entries of files that it did not check.

    `gone` are files of the baseline that no longer exist.
    """
    settled = _settled(items) | gone
    kept = {e.fingerprint: e for e in baseline.values() if e.file not in settled}
    for item in items:
        if item.finding is not None and item.place is not None:
            kept[item.finding.fingerprint] = Entry(
                file=item.place,
                code=item.finding.code,
                fingerprint=item.finding.fingerprint,
                saving=item.finding.saving,
                measured=item.finding.measured,
            )
    return tuple(kept.values())


def stale(baseline: Baseline, items: Sequence[Checked], gone: frozenset[str]) -> tuple[Entry, ...]:
    """The outdated entries: their files no longer exist, or were checked without this finding."""
    settled = _settled(items) | gone
    found = {item.finding.fingerprint for item in items if item.finding is not None}
    return tuple(e for e in baseline.values() if e.file in settled and e.fingerprint not in found)


def _settled(items: Sequence[Checked]) -> frozenset[str]:
    """The files that the run checked conclusively."""
    sure = (i for i in items if i.outcome.error is None and (i.proof is None or i.proof.verdict == "equal"))
    return frozenset(item.place for item in sure if item.place is not None)
