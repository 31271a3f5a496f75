"""Results of `check` as JSON: the object of schema.json with findings."""

from __future__ import annotations

import json
from typing import Any

from slimify.lint.findings import Checked
from slimify.report import json as outcome_json
from slimify.report.fields import fields


def to_json(item: Checked) -> str:
    """The object in one line of ASCII, without the newline."""
    result = outcome_json.to_dict(item.outcome)
    if item.proof is not None:
        from slimify.report import proof

        result.update(proof.to_dict(item.proof))
    result["findings"] = _findings(item)
    return json.dumps(result, ensure_ascii=True)


def _findings(item: Checked) -> list[dict[str, Any]]:
    finding = item.finding
    if finding is None:
        return []
    told = fields(finding, "line end_line text saving original measured fingerprint known")
    return [{"code": finding.code, "path": item.place, **told, "command": item.command}]
