"""The phases, one after the other: bytes and a directory in, an outcome out. No decisions here."""

from __future__ import annotations

from pathlib import Path

from slimify.config import Options
from slimify.model import Decision, Outcome, Plan, Reason, SlimifyError


def rewrite(data: bytes, *, name: str, context: Path | None, options: Options) -> Outcome:
    """Rewrite one Dockerfile. Raises nothing for malformed input: that is a `failed` outcome."""
    from slimify.check import problems
    from slimify.classify import classify
    from slimify.context.scan import Context, scan
    from slimify.render import render
    from slimify.strategies import cleanup, propose
    from slimify.strategies.assemble import assemble
    from slimify.strategies.gorun import compiled
    from slimify.syntax.dockerfile import parse

    try:
        file = parse(data, name)
    except SlimifyError as error:
        if error.code == "SL006":  # a template is a reason, not a mistake
            reason = Reason(code="SL401", text=f"line {error.line}: {error.message}")
            return Outcome(kind="refused", file=name, before=_text(data), decisions=_stated((reason,)))
        return Outcome(kind="failed", file=name, before=_text(data), error=error)
    where = scan(context, context / name if context else None) if context else Context.empty()
    program = classify(file, where, name, options)
    common = {
        "file": name,
        "language": program.language,
        "instructions": program.verdicts,
        "before": file.text,
        "warnings": where.notes,
    }
    if file.instructions and sum(x.keyword == "FROM" for x in file.instructions) > 1:
        stages = Reason(code="SL404", text="the file has several stages already")
        return Outcome(kind="unchanged", decisions=_stated((stages,)), **common)  # type: ignore[arg-type]
    stated: tuple[Decision, ...] = ()
    if program.refusals:
        return Outcome(kind="refused", decisions=_stated(program.refusals), **common)  # type: ignore[arg-type]
    made = compiled(program)
    if made is not None:
        program = classify(parse(made[0].encode("utf-8", "surrogateescape"), name), where, name, options)
        stated = (made[1],)
    proposal = propose(program, options)
    reasons = list(proposal.reasons)
    for layout in proposal.layouts:
        if layout.saving < options.min_saving.floor(layout.original):
            reasons.append(_too_small(layout.rung, layout.saving))
            continue
        plan = assemble(program, layout)
        if isinstance(plan, Reason):
            reasons.append(plan)
            continue
        text = render(plan, file, annotate=options.annotate)
        if text == file.text:
            reasons.append(Reason(code="SL407", text=f"{plan.rung}: nothing would change"))
            continue
        found = problems(program, plan, text)
        if found:
            reasons += [Reason(code="SL409", text=f"{plan.rung}: {p}") for p in found]
            continue
        return _rewritten(plan, text, common, tuple(reasons), stated + program.findings)
    plan = cleanup.plan(program)
    if plan is not None and plan.saving >= options.min_saving.floor(plan.original):
        text = render(plan, file, annotate=options.annotate)
        found = problems(program, plan, text)
        if not found:
            return _rewritten(plan, text, common, tuple(reasons), stated + program.findings)
        reasons += [Reason(code="SL409", text=f"cleanup: {p}") for p in found]
    kind = "refused" if any(r.code in _BLOCKING for r in reasons) else "unchanged"
    return Outcome(kind=kind, decisions=(*_stated(reasons), *program.findings), **common)  # type: ignore[arg-type]


_BLOCKING = frozenset({"SL390", "SL392", "SL394", "SL409"})


def _rewritten(
    plan: Plan, text: str, common: dict[str, object], reasons: tuple[Reason, ...], findings: tuple[Decision, ...]
) -> Outcome:
    advice = tuple(Decision(code=r.code, safety="advice", text=r.text) for r in reasons)
    return Outcome(
        kind="rewritten",
        rung=plan.rung,
        decisions=(*plan.decisions, *findings, *advice),
        stages=plan.stages,
        after=text,
        meta={"saving": plan.saving, "original": plan.original},
        **common,  # type: ignore[arg-type]
    )


def _too_small(rung: str, saving: int) -> Reason:
    return Reason(code="SL407", text=f"{rung}: about {max(saving, 0) // 1_000_000} MB would be saved, too little to pay")


def _stated(reasons: object) -> tuple[Decision, ...]:
    return tuple(Decision(code=r.code, safety="safe", text=r.text) for r in reasons)  # type: ignore[attr-defined]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


explain = rewrite
