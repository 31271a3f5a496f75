"""Use case `rewrite --interactive`: parts of a rewrite, chosen by the user and validated as a whole."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.app import locate
from slimify.app.dockerfiles import Source
from slimify.model.decisions import Decision, Reason
from slimify.model.outcome import Outcome, Refused, Rewritten, Unchanged
from slimify.model.plan import Plan
from slimify.report.diff import lines_of

if TYPE_CHECKING:
    from slimify.analysis.program import Program


_IGNORE_FILE = "SL345"  # is about another file
_BASES = ("SL300", "SL301", "SL302")  # say which base the final stage starts from


class Hunk(Struct, frozen=True, kw_only=True):
    """Lines of the old file that are replaced by lines of the new one, and the decisions about them. `line`
    is the number of the first of them, or of the line behind the place of new ones."""

    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()


def hunks(outcome: Outcome) -> tuple[Hunk, ...]:
    """The hunks of a rewrite, in order. Each decision belongs to those at its line, or that name its path,
    package or base, else to the one that repeats most of its line, or adds most."""
    if outcome.after is None:
        return ()
    plain = [hunk for hunk in _segments(outcome) if hunk.before != hunk.after]
    made = [d for d in outcome.decisions if d.safety != "advice" and d.code != _IGNORE_FILE]
    old = lines_of(outcome.before)

    def nearest(decision: Decision) -> list[Hunk]:
        line = set(old[decision.line - 1].split()) if decision.line is not None else set()
        return [max(plain, key=lambda hunk: (len(line & _added(hunk)), len(hunk.after)))] if plain else []

    own = {id(d): [hunk for hunk in plain if _is_about(d, hunk)] or nearest(d) for d in made}
    return tuple(
        replace(hunk, decisions=tuple(d for d in made if any(x is hunk for x in own[id(d)])))
        for hunk in plain
    )


def with_choice(
    outcome: Outcome,
    source: Source,
    chosen: Sequence[bool],
    context: Path | None,
    settings: dict[str, object],
    *,
    ignore_file: bool = True,
) -> Outcome:
    """The outcome with the chosen hunks only: refused with the reasons if validation rejects the file that
    they make. `chosen` says of each hunk whether it is applied, `ignore_file` whether that is written, too;
    `context` and `settings` are those of `rewrite_files`."""
    if not ignore_file and isinstance(outcome, Rewritten):
        rest = tuple(d for d in outcome.decisions if d.code != _IGNORE_FILE)
        outcome = replace(outcome, ignore=None, decisions=rest)
    if outcome.after is None or all(chosen):
        return outcome
    if not any(chosen):
        return outcome.become(Unchanged, estimate=None)
    wanted = iter(chosen)
    parts = ((hunk, hunk.before == hunk.after or next(wanted)) for hunk in _segments(outcome))
    text = "".join(line for hunk, applied in parts for line in (hunk.after if applied else hunk.before))
    found = _problems(outcome, source, text, context, settings)
    if found:
        reasons = dict.fromkeys((Reason.of("SL409", "choice"), *found))
        decisions = tuple(Decision.from_reason(reason, "safe") for reason in reasons)
        return outcome.become(Refused, decisions=decisions, estimate=None)
    kept = zip(hunks(outcome), chosen, strict=True)
    made = {id(d) for hunk, applied in kept if applied for d in hunk.decisions}
    decisions = tuple(
        d for d in outcome.decisions if d.safety == "advice" or d.code == _IGNORE_FILE or id(d) in made
    )
    rung = outcome.rung if any(d.code in _BASES for d in decisions) else "cleanup"
    return outcome.become(Rewritten, after=text, decisions=decisions, estimate=None, rung=rung)


def _segments(outcome: Outcome) -> Iterator[Hunk]:
    """The whole file: hunks, and between them lines that stay."""
    old, new = lines_of(outcome.before), lines_of(outcome.after or "")
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for _, first, last, start, end in matcher.get_opcodes():
        yield Hunk(line=first + 1, before=tuple(old[first:last]), after=tuple(new[start:end]))


def _is_about(decision: Decision, hunk: Hunk) -> bool:
    if decision.line is not None and hunk.line <= decision.line < hunk.line + len(hunk.before):
        return True
    named = {str(value) for name in ("path", "package", "base") if (value := decision.get(name)) is not None}
    return bool(named & _added(hunk))


def _added(hunk: Hunk) -> set[str]:
    return {word for line in hunk.after for word in line.split()}


def _problems(
    outcome: Outcome, source: Source, text: str, context: Path | None, settings: dict[str, object]
) -> tuple[Reason, ...]:
    """Why validation rejects a file between the old and the new one; () if it does not."""
    from slimify.analysis.classify import classify
    from slimify.analysis.whole_last_stage import whole_program
    from slimify.context.scan import Context, scan
    from slimify.model.errors import SlimifyError
    from slimify.pipeline import compiled_start
    from slimify.planning.in_place.edits import new_draft
    from slimify.syntax.dockerfile.instructions import is_multi_stage
    from slimify.syntax.dockerfile.parser import encode, parse
    from slimify.validation.validate import problems

    options = locate.options_for(source.target, context, settings)
    place = context or locate.build_context(source.target, source.data)[0]
    scanned = scan(place, source.target.path) if place is not None else Context.empty()
    file = parse(source.data, source.name)

    def read(content: str) -> Program:
        return classify(parse(encode(content), source.name), scanned, source.name, options, None)

    try:
        stages = new_draft(read(text)).stages
    except SlimifyError as error:
        return (Reason.of("SL409", "unreadable", message=error.message),)
    plan = Plan(
        rung=outcome.rung,
        language=outcome.language or "",
        stages=stages,
        decisions=outcome.decisions,
        kept=options.keep_paths,
    )
    program = whole_program(read(file.text), options, None)
    compiled = compiled_start(program) if not (is_multi_stage(file) or options.single_stage) else None
    readings = [(program, None), *([(read(compiled.text), compiled.start)] if compiled is not None else [])]
    user = next((str(d.get("user")) for d in outcome.decisions if d.code == "SL330"), "")
    found: tuple[Reason, ...] = ()
    for (old, start), runs_as in product(readings, dict.fromkeys(("", user))):
        found = problems(old, replace(plan, new_start=start, user=runs_as), text, file)
        if not found:
            return ()
    return found
