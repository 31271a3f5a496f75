"""Image analyses as JSON, according to analysis.schema.json.

In file names, bytes that are not UTF-8 are lone surrogates (`\\udcXX`). Values in instructions that look like
passwords or tokens are masked.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import asdict

from slimify.analyze.model import Analysis, Efficiency, LayerView, Rule
from slimify.model.errors import SlimifyError
from slimify.report.analysis.file_differences import FileSet, difference
from slimify.report.analysis.largest_paths import largest
from slimify.report.fields import fields
from slimify.report.printable import masked

SCHEMA: Final = 1
_FINDING = "code kind bytes path paths count layer line base text remedy safe rewrite"


def to_json(
    analyses: Sequence[Analysis], rules: Sequence[Rule] = (), error: SlimifyError | None = None
) -> str:
    """The object in one line, without the newline. With two analyses it includes their difference."""
    return json.dumps(to_dict(analyses, rules, error), ensure_ascii=True, allow_nan=False)


def to_dict(
    analyses: Sequence[Analysis], rules: Sequence[Rule] = (), error: SlimifyError | None = None
) -> dict[str, Any]:
    """The object as a dictionary."""
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "images": [_image(analysis) for analysis in analyses],
        "rules": [fields(rule, "name limit found ok") for rule in rules],
        "passed": all(rule.ok for rule in rules) if rules else None,
        "difference": _difference(*analyses) if len(analyses) == 2 else None,
    }
    if error is not None:
        result["error"] = fields(error, "code message hint")
    return result


def _image(analysis: Analysis) -> dict[str, Any]:
    return {
        **fields(analysis, "name architecture size"),
        "base": analysis.size - analysis.own_size,
        "own": analysis.own_size,
        **fields(analysis, "avoidable files packages"),
        "efficiency": _efficiency(analysis.efficiency),
        "layers": [_layer(analysis, layer) for layer in analysis.layers],
        "findings": [fields(waste, _FINDING) for waste in analysis.findings],
        "cost": asdict(analysis.cost) if analysis.cost is not None else None,
        "warnings": list(analysis.warnings),
    }


def _efficiency(found: Efficiency) -> dict[str, Any]:
    # Without layers above the base, dive divides by zero.
    share = found.wasted_share if math.isfinite(found.wasted_share) else None
    return {
        "score": found.score,
        "wasted": found.wasted,
        "wasted_share": share,
        "files": [{"path": path, "copies": copies, "size": size} for path, copies, size in found.files],
    }


def _layer(analysis: Analysis, layer: LayerView) -> dict[str, Any]:
    tree = analysis.trees[layer.index] if layer.index < len(analysis.trees) else None
    return {
        **fields(layer, "index digest", instruction=masked(layer.instruction)),
        **fields(layer, "line base size compressed added modified removed hidden"),
        "largest": [fields(node, "path kind size") for node in largest(tree)] if tree is not None else [],
    }


def _difference(before: Analysis, after: Analysis) -> dict[str, Any]:
    found = difference(before, after)
    return {
        "size": after.size - before.size,
        "gone": _part(found.removed),
        "new": _part(found.added),
        "resized": found.resized,
        "hidden": found.hidden,
    }


def _part(part: FileSet) -> dict[str, Any]:
    return fields(part, "bytes files", largest=[fields(row, "path bytes files") for row in part.rows])
