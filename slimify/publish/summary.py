"""Reports of publishing, as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome
from slimify.publish.model import Offer, Report
from slimify.report.ansi import Paint
from slimify.report.diff import colour
from slimify.report.printable import masked, shown
from slimify.report.text import hanging, name_of

if TYPE_CHECKING:
    from slimify.verify.model import Proof

_COLOURS = {"opened": "green", "updated": "green", "left alone": "yellow", "withdrawn": "yellow"}
_FEW = 3
_DRY = {"opened": "would be opened", "updated": "would be updated", "withdrawn": "would be withdrawn"}


def text(
    offer: Offer,
    report: Report | None,
    results: Sequence[tuple[Outcome, Proof | None]],
    *,
    width: int,
    paint: Paint,
    dry: bool,
) -> str:
    """The report in a few lines; for a dry run, also the diff, the description and the calls."""
    lines: list[str] = []
    if report is not None and offer.changes:
        done = _DRY.get(report.done, report.done) if dry else report.done
        url = f" {shown(report.url)}" if report.url else ""
        first = f"{_files(offer)}: {paint(done, _COLOURS.get(report.done, 'cyan'))}{url}"
        lines += [first, *_reason(report, width)]
        if dry and report.done in _DRY:
            lines += _whole(offer, report, paint)
    elif report is not None and report.done in ("withdrawn", "left alone"):
        done = _DRY.get(report.done, report.done) if dry else report.done
        lines += [f"{offer.branch}: {done} {shown(report.url)}", *_reason(report, width)]
    lines += _idle(results, width)
    return "".join(f"{line}\n" for line in lines)


def _files(offer: Offer) -> str:
    names = [name_of(file) for file in offer.files]
    return ", ".join(names) if len(names) <= _FEW else f"{names[0]} and {len(names) - 1} more"


def _reason(report: Report, width: int) -> Iterator[str]:
    if report.why:
        first = f"  {report.code} " if report.code else "  "
        yield from hanging(first, " " * len(first), report.why, width)
    for remark in report.remarks:
        yield from hanging("  warning: ", " " * 11, remark, width)


def _whole(offer: Offer, report: Report, paint: Paint) -> Iterator[str]:
    yield from (
        "",
        f"branch  {offer.branch}, pushed to {report.target}, for {report.base}",
        f"title   {offer.title}",
        "",
    )
    yield colour(report.diff.rstrip("\n"), paint)
    yield from ("", report.body.rstrip("\n"), "")
    body = json.dumps(report.body, ensure_ascii=False)
    for call in report.calls:
        yield from (call.replace(body, '"(the description above)"'), "")


def _idle(results: Iterable[tuple[Outcome, Proof | None]], width: int) -> Iterator[str]:
    """The reasons why files are not offered. Failures are reported elsewhere."""
    for outcome, proof in results:
        if outcome.error is not None or (
            outcome.after is not None and (not proof or proof.verdict == "equal")
        ):
            continue
        reason = next((f"{d.code} {d.text}" for d in outcome.decisions if d.safety != "advice"), "")
        what = f"{proof.verdict}, not offered" if proof is not None else f"{outcome.kind}: {reason}"
        yield from hanging(f"{name_of(outcome.file)}: ", "  ", what.rstrip(": "), width)


def to_json(
    offer: Offer,
    report: Report | None,
    error: SlimifyError | None,
    outcomes: Sequence[Outcome],
    *,
    dry: bool,
) -> str:
    """The report as a JSON object in one line."""
    done = report.done if report is not None else "failed" if error is not None else "nothing to offer"
    document = {
        "schema": 1,
        "done": done,
        "dry_run": dry,
        "files": [{"file": item.file, "outcome": item.kind} for item in outcomes],
        "title": offer.title,
        "branch": offer.branch or None,
        "base": report.base if report is not None else None,
        "url": (masked(report.url) or None) if report is not None else None,
        "code": (report.code or None) if report is not None else None,
        "why": report.why if report is not None else "",
        "remarks": list(map(masked, report.remarks)) if report is not None else [],
        "body": (report.body or None) if report is not None else None,
        "diff": report.diff if report is not None else "",
        "requests": list(report.calls) if report is not None else [],
        "error": None
        if error is None
        else {"code": error.code, "message": masked(error.message), "hint": error.hint},
    }
    return json.dumps(document)
