"""Outcomes as JSON, one object per line, according to schema.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from slimify.model.decisions import CommandVerdict, Decision, InstructionVerdict, PackageVerdict, Reason
from slimify.model.errors import SlimifyError
from slimify.model.ignore_file import Asset
from slimify.model.outcome import Outcome
from slimify.model.plan import Stage
from slimify.report.diff import diff

if TYPE_CHECKING:
    from slimify.verify.model import Proof

SCHEMA = 1


def to_json(outcome: Outcome, *, texts: bool = True, proof: Proof | None = None) -> str:
    """The object in one line, without the newline. `texts=False` omits dockerfile, dockerignore and diff;
    `proof` adds the results of `verify`.

    The line is ASCII: bytes of the Dockerfile that are not UTF-8 are lone surrogates (`\\udcXX`), which can't
    be encoded otherwise.
    """
    result = to_dict(outcome, texts=texts)
    if proof is not None:
        from slimify.report import proof as report

        result.update(report.to_dict(proof))
    return json.dumps(result, ensure_ascii=True)


def to_dict(outcome: Outcome, *, texts: bool = True) -> dict[str, Any]:
    """The object as a dictionary."""
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "file": outcome.file,
        "outcome": outcome.kind,
        "language": outcome.language,
        "rung": outcome.rung,
        "instructions": [_instruction(verdict) for verdict in outcome.instructions],
        "decisions": [_decision(decision) for decision in outcome.decisions],
        "stages": [_stage(stage) for stage in outcome.stages],
        "warnings": list(outcome.warnings),
    }
    if outcome.estimate is not None:
        result["estimate"] = asdict(outcome.estimate)
    if outcome.ignore is not None:
        before, after = outcome.ignore.sent
        result["context"] = {"ignore_file": outcome.ignore.path, "before": before, "after": after}
    if outcome.assets:
        result["assets"] = [_asset(asset) for asset in outcome.assets]
    if texts:
        result["dockerfile"] = _dockerfile(outcome)
        result["dockerignore"] = outcome.ignore.after if outcome.ignore is not None else None
        result["diff"] = diff(outcome)
    if outcome.error is not None:
        result["error"] = _error(outcome.error)
    return result


def _dockerfile(outcome: Outcome) -> str | None:
    """The Dockerfile to build: the new one, else the original; None if that could not be read."""
    if outcome.kind == "failed":
        return None
    return outcome.before if outcome.after is None else outcome.after


def _instruction(verdict: InstructionVerdict) -> dict[str, Any]:
    return {
        "line": verdict.instruction.line,
        "end_line": verdict.instruction.end_line,
        "instruction": verdict.instruction.keyword,
        "role": verdict.role,
        "reasons": _reasons(verdict.reasons),
        "commands": [_command(command) for command in verdict.commands],
    }


def _command(verdict: CommandVerdict) -> dict[str, Any]:
    return {
        "text": verdict.text,
        "role": verdict.role,
        "reasons": _reasons(verdict.reasons),
        "packages": [_package(package) for package in verdict.packages],
    }


def _package(verdict: PackageVerdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "role": verdict.role,
        "counterpart": " ".join(verdict.counterparts) or None,
        "reasons": _reasons(verdict.reasons),
    }


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": reason.text} for reason in reasons]


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "code": decision.code,
        "safety": decision.safety,
        "text": decision.text,
        "line": decision.line,
    }


def _asset(asset: Asset) -> dict[str, Any]:
    return {
        "path": asset.path,
        "bytes": asset.bytes,
        "line": asset.line,
        "evidence": asset.evidence.text,
        "action": asset.action,
        "excluded": asset.excluded,
    }


def _stage(stage: Stage) -> dict[str, str]:
    return {"name": stage.name, "from": stage.base, "purpose": stage.purpose}


def _error(error: SlimifyError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "line": error.line, "hint": error.hint}
