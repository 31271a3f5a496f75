"""Image analyses as JSON, according to analysis.schema.json.

In file names, bytes that are not UTF-8 are lone surrogates (`\\udcXX`). Values in instructions that look like
passwords or tokens are masked.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

from slimify.analyze.model import Analysis, Cost, Efficiency, LayerView, Node, Rule, Waste
from slimify.model.errors import SlimifyError
from slimify.report.analysis.file_differences import FileSet, difference
from slimify.report.analysis.largest_paths import largest
from slimify.report.printable import masked

SCHEMA: Final = 1


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
        "rules": [_rule(rule) for rule in rules],
        "passed": all(rule.ok for rule in rules) if rules else None,
        "difference": _difference(*analyses) if len(analyses) == 2 else None,
    }
    if error is not None:
        result["error"] = {"code": error.code, "message": error.message, "hint": error.hint}
    return result


def _image(analysis: Analysis) -> dict[str, Any]:
    return {
        "name": analysis.name,
        "architecture": analysis.architecture,
        "size": analysis.size,
        "base": analysis.size - analysis.own_size,
        "own": analysis.own_size,
        "avoidable": analysis.avoidable,
        "files": analysis.files,
        "packages": analysis.packages,
        "efficiency": _efficiency(analysis.efficiency),
        "layers": [_layer(analysis, layer) for layer in analysis.layers],
        "findings": [_finding(waste) for waste in analysis.findings],
        "cost": _cost(analysis.cost) if analysis.cost is not None else None,
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
        "index": layer.index,
        "digest": layer.digest,
        "instruction": masked(layer.instruction),
        "line": layer.line,
        "base": layer.base,
        "size": layer.size,
        "compressed": layer.compressed,
        "added": layer.added,
        "modified": layer.modified,
        "removed": layer.removed,
        "hidden": layer.hidden,
        "largest": [_place(node) for node in largest(tree)] if tree is not None else [],
    }


def _place(node: Node) -> dict[str, Any]:
    return {"path": node.path, "kind": node.kind, "size": node.size}


def _finding(waste: Waste) -> dict[str, Any]:
    return {
        "code": waste.code,
        "kind": waste.kind,
        "bytes": waste.bytes,
        "path": waste.path,
        "paths": list(waste.paths),
        "count": waste.count,
        "layer": waste.layer,
        "line": waste.line,
        "base": waste.base,
        "text": waste.text,
        "remedy": waste.remedy,
        "safe": waste.safe,
        "rewrite": waste.rewrite,
    }


def _cost(cost: Cost) -> dict[str, int]:
    return {
        "replicas": cost.replicas,
        "nodes": cost.nodes,
        "pulled": cost.pulled,
        "stored": cost.stored,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {"name": rule.name, "limit": rule.limit, "found": rule.found, "ok": rule.ok}


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
    return {
        "bytes": part.bytes,
        "files": part.files,
        "largest": [{"path": row.path, "bytes": row.bytes, "files": row.files} for row in part.rows],
    }
