"""Outcomes as JSON, one object per line, according to schema.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from slimify.model.decisions import CommandVerdict, Decision, InstructionVerdict, PackageVerdict, Reason
from slimify.model.outcome import Outcome
from slimify.model.plan import Stage
from slimify.report.diff import diff
from slimify.report.fields import fields
from slimify.report.printable import masked

if TYPE_CHECKING:
    from slimify.verify.model import Proof

SCHEMA = 1


def to_json(outcome: Outcome, *, texts: bool = True, proof: Proof | None = None, **more: object) -> str:
    """The object in one line, without the newline. `texts=False` omits dockerfile, dockerignore and diff;
    `proof` adds the results of `verify`; `more` are further fields.

    The line is ASCII: bytes of the Dockerfile that are not UTF-8 are lone surrogates (`\\udcXX`), which can't
    be encoded otherwise.
    """
    result = to_dict(outcome, texts=texts)
    if proof is not None:
        from slimify.report import proof as report

        result.update(report.to_dict(proof))
    return json.dumps({**result, **more}, ensure_ascii=True)


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
        told = "path bytes line action excluded"
        result["assets"] = [fields(a, told, evidence=a.evidence.text) for a in outcome.assets]
    if texts:
        result["dockerfile"] = _dockerfile(outcome)
        result["dockerignore"] = outcome.ignore.after if outcome.ignore is not None else None
        result["diff"] = diff(outcome)
    if outcome.error is not None:
        result["error"] = fields(outcome.error, "code message line hint")
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
    packages = [_package(package) for package in verdict.packages]
    text, reasons = masked(verdict.text), _reasons(verdict.reasons)
    return fields(verdict, "text role") | {"text": text, "reasons": reasons, "packages": packages}


def _package(verdict: PackageVerdict) -> dict[str, Any]:
    counterpart = " ".join(verdict.counterparts) or None
    return fields(verdict, "name role", counterpart=counterpart, reasons=_reasons(verdict.reasons))


def _decision(decision: Decision) -> dict[str, Any]:
    return fields(decision, "code safety text line") | {"text": masked(decision.text)}


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": masked(reason.text)} for reason in reasons]


def _stage(stage: Stage) -> dict[str, str]:
    return {"name": stage.name, "from": stage.base, "purpose": stage.purpose}
