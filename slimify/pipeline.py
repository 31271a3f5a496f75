"""The phases, one after the other: bytes and a directory in, an outcome out. No decisions here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.roles.verdicts import verdicts
from slimify.config import Options
from slimify.model.decisions import Decision, Reason
from slimify.model.dockerfile import Dockerfile
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Estimate, Failed, Outcome, Refused, Rewritten, Unchanged
from slimify.model.plan import CompiledStart, NewStart, Plan

if TYPE_CHECKING:
    from slimify.analysis.evidence.built_image import BuiltImage
    from slimify.analysis.program import Program
    from slimify.context.scan import Context
    from slimify.image.model import Image


def rewrite(
    dockerfile: bytes | str,
    context: Path | str | None = None,
    *,
    name: str = "Dockerfile",
    options: Options | None = None,
    image: Image | None = None,
) -> Outcome:
    """Rewrite one Dockerfile.

    `context` is the directory of the build context; without one, nothing is known of what COPY brings, and
    less can be decided. `name` stands for the file in messages, `-` for one that has no name. `image` was
    built from it, as far as its history shows. Raises nothing for malformed input: its outcome is `failed`.
    """
    from slimify.analysis.advice.silenced import without_silenced
    from slimify.context.scan import Context, scan
    from slimify.syntax.dockerfile.parser import encode, parse

    data = encode(dockerfile) if isinstance(dockerfile, str) else dockerfile
    options = options or Options()
    try:
        file = parse(data, name)
    except SlimifyError as error:
        return _unread(data, name, error)
    where = scan(Path(context), Path(name) if name != "-" else None) if context else Context.empty()
    evidence: BuiltImage | str | None = None
    if image is not None:
        from slimify.analysis.evidence.built_image import image_evidence

        evidence = image_evidence(image, file)
    outcome = _planned(file, name, where, options, None if isinstance(evidence, str) else evidence)
    if isinstance(evidence, str):
        outcome = replace(outcome, warnings=(f"{NO_EVIDENCE}: {evidence}", *outcome.warnings))
    return without_silenced(outcome, file)


NO_EVIDENCE = "the image was not built from this file and is no evidence"


def _unread(data: bytes, name: str, error: SlimifyError) -> Outcome:
    """The outcome of a file that is no Dockerfile: malformed, or a template, which is no mistake."""
    before = data.decode("utf-8", "surrogateescape")
    if error.code != "SL006":
        return Failed(file=name, before=before, error=error)
    reason = Reason.of("SL401", "unreadable", at=error.line or 0, message=error.message)
    return Refused(file=name, before=before, decisions=stated((reason,)))


def _planned(
    file: Dockerfile, name: str, context: Context, options: Options, evidence: BuiltImage | None
) -> Outcome:
    """The outcome of a file that could be read."""
    from slimify.analysis.classify import classify
    from slimify.syntax.dockerfile.instructions import is_multi_stage
    from slimify.syntax.dockerfile.parser import encode, parse

    program = classify(file, context, name, options, evidence)
    outcome: Outcome = Unchanged(
        file=name,
        language=program.language,
        instructions=verdicts(program),
        before=file.text,
        warnings=context.notes,
    )

    def read(text: str) -> Program:
        made = parse(encode(text), name)
        return classify(made, context, name, options, evidence)

    several = is_multi_stage(file)
    if several:
        stages = Reason.of("SL404", "several")
        outcome = replace(outcome, decisions=stated((stages,)))
        if program.refusals:
            return outcome
    if program.refusals:
        return outcome.become(Refused, decisions=stated(program.refusals))
    made = _compiled_start(program) if not (several or options.single_stage) else None
    if made is not None:
        program = read(made.text)
    found = _first_proved(program, file, options, read, made.start if made is not None else None)
    if isinstance(found, _Found):
        before = (made.decision,) if made is not None else outcome.decisions
        return _with_ignore(program, _rewritten(outcome, found, before + program.findings), options)
    codes = {reason.code for reason in found.reasons}
    blocked = codes & _BLOCKING and not codes & _NEEDLESS
    decisions = (*outcome.decisions, *stated(found.reasons), *found.advice, *program.findings)
    outcome = outcome.become(Refused if blocked else Unchanged, decisions=decisions)
    return _with_ignore(program, outcome, options)


def _compiled_start(program: Program) -> CompiledStart | None:
    from slimify.languages import language

    known = language(program.language)
    part = known.compiled_start if known is not None else None
    return part.compiled(program) if part is not None else None


_BLOCKING = frozenset({"SL390", "SL392", "SL394", "SL409"})
# One way at least could have been taken, and gains nothing: better ones being barred is no refusal.
_NEEDLESS = frozenset({"SL406", "SL407"})


class _Found(Struct, frozen=True):
    """A plan that was proved, its text, and why better ones were not possible."""

    plan: Plan
    text: str
    reasons: tuple[Reason, ...]


class _Nothing(Struct, frozen=True):
    """Why there is no plan, and what could be done by hand all the same."""

    reasons: tuple[Reason, ...]
    advice: tuple[Decision, ...]


def _first_proved(
    program: Program,
    file: Dockerfile,
    options: Options,
    read: Callable[[str], Program],
    start: NewStart | None,
) -> _Found | _Nothing:
    """The best plan whose text passes the proof, or why there is none. `start` is what was changed of the
    file's start command before."""
    from slimify.planning.options.requested import with_requested_options

    reasons: list[Reason] = []
    advice: list[Decision] = []
    for plan in _plans(program, options, read):
        if isinstance(plan, Decision):
            advice.append(plan)
            continue
        wanted = with_requested_options(program, plan, options) if isinstance(plan, Plan) else plan
        if isinstance(wanted, Reason):
            reasons.append(wanted)
            continue
        wanted = replace(wanted, new_start=start)
        found = _proved(program, wanted, file, options)
        if isinstance(found, str):
            return _Found(*_told_once(program, wanted, found, options), tuple(reasons))
        reasons += found
    return _Nothing(tuple(reasons), tuple(advice))


def _plans(
    program: Program, options: Options, read: Callable[[str], Program]
) -> Iterator[Plan | Reason | Decision]:
    """Plans, best first, and between them why a better one was not possible; advice where one file has to be
    cleaned in place and nothing of it can be done."""
    from slimify.planning.estimates.measured import measured_layout
    from slimify.planning.proposal import small_saving
    from slimify.planning.propose import propose
    from slimify.planning.stages.assemble import assemble
    from slimify.syntax.dockerfile.instructions import is_multi_stage

    several = is_multi_stage(program.dockerfile)
    proposal = propose(program, options) if not (several or options.single_stage) else None
    yield from proposal.reasons if proposal is not None else ()
    for layout in (measured_layout(program, x) for x in (proposal.layouts if proposal is not None else ())):
        # what saves nothing is no rewrite, whatever the floor
        if layout.saving < max(options.min_saving.floor(layout.original), 1):
            yield small_saving(layout.rung, layout.saving, measured=layout.measured)
            # what stays, and why, may be all that is in the way
            yield from (d.reason for d in layout.decisions if d.code == "SL313")
        else:
            yield assemble(program, layout)
    plan, changed = _cleaned(program, options, read)
    floor = options.min_saving.in_place if proposal is None else options.min_saving.floor
    if changed and plan.saving >= floor(plan.original):
        yield plan
        return
    if changed and proposal is None:
        yield small_saving("cleanup", plan.saving)
    elif options.single_stage:
        yield Reason.of("SL407", "nothing_in_place")
    if proposal is None:
        yield from (d for d in plan.decisions if d.safety == "advice")


_MOST_EDITS = 50  # of one cleaner: each of them makes the file smaller, or its order better


def _cleaned(program: Program, options: Options, read: Callable[[str], Program]) -> tuple[Plan, bool]:
    """The file in one stage, or with its last stage, cleaned in place, and whether that changes it."""
    from slimify.planning.estimates.measured import measured_plan
    from slimify.planning.in_place import cleaners

    draft = cleaners.new_draft(program)
    for clean in cleaners.CLEANERS:
        for _ in range(_MOST_EDITS):
            edits = clean(draft.program, options)
            draft = draft.edited(edits)
            if not edits.changes:
                break
            draft = replace(draft, program=read(draft.text))
    plan = cleaners.cleaned_plan(draft, program)
    changed = draft.text != program.dockerfile.text
    return (measured_plan(program, plan) if changed else plan), changed


def _proved(program: Program, plan: Plan, file: Dockerfile, options: Options) -> str | list[Reason]:
    """The text of the new file, or what speaks against it."""
    from slimify.render import render
    from slimify.validation.validate import problems

    text = render(plan, file, annotate=options.annotate, templates=options.templates)
    if text == file.text:
        return [Reason.of("SL407", "same_text", rung=plan.rung)]
    found = problems(program, plan, text, file)
    return (
        [Reason.of("SL409", "rejected", rung=plan.rung, problem=problem) for problem in found]
        if found
        else text
    )


def _told_once(program: Program, plan: Plan, text: str, options: Options) -> tuple[Plan, str]:
    """The plan and its text with what both stages begin with in one of its own, where that reads better."""
    from slimify.planning.stages.shared_base import is_equivalent, with_shared_base
    from slimify.render import render

    shared = with_shared_base(program, plan, options.builder)
    if shared is None:
        return plan, text
    new = render(shared, program.dockerfile, annotate=options.annotate, templates=options.templates)
    return (shared, new) if is_equivalent(text, new) else (plan, text)


def _rewritten(outcome: Outcome, found: _Found, findings: tuple[Decision, ...]) -> Outcome:
    plan = found.plan
    done = {decision.code for decision in plan.decisions}
    findings = tuple(f for f in findings if f.code not in done)  # acted on: no advice any more
    advice = tuple(Decision.from_reason(r, "advice") for r in found.reasons)
    return outcome.become(
        Rewritten,
        rung=plan.rung,
        decisions=(*plan.decisions, *findings, *advice),
        stages=plan.stages,
        after=found.text,
        estimate=Estimate(original=plan.original, saving=plan.saving, measured=plan.measured),
    )


def _with_ignore(program: Program, outcome: Outcome, options: Options) -> Outcome:
    """The outcome with the ignore file that was proved, beside a new Dockerfile, else with that as advice."""
    from slimify.analysis.advice.assets import assets
    from slimify.analysis.advice.unimported import unimported_packages
    from slimify.planning.options.dockerignore import as_advice, ignore_file_proposal
    from slimify.planning.options.static_files import asset_decisions, asset_rows, with_exclusion_marks
    from slimify.validation.ignore_file import problems

    files = assets(program)
    more = asset_rows(files) if options.exclude_assets else ()
    found = ignore_file_proposal(program, options, more)
    if found is not None and problems(program, found[0]):
        found = ignore_file_proposal(program, options) if more else None
    files = with_exclusion_marks(
        files, found[0] if found is not None and isinstance(outcome, Rewritten) else None
    )
    outcome = replace(
        outcome,
        assets=files,
        decisions=(*outcome.decisions, *unimported_packages(program), *asset_decisions(files)),
    )
    if found is None or problems(program, found[0]):
        return outcome
    if not isinstance(outcome, Rewritten):
        return replace(outcome, decisions=(*outcome.decisions, as_advice(found)))
    return replace(outcome, ignore=found[0], decisions=(*outcome.decisions, found[1]))


def stated(reasons: Iterable[Reason]) -> tuple[Decision, ...]:
    """Reasons as decisions that were taken."""
    return tuple(dict.fromkeys(Decision.from_reason(r, "safe") for r in reasons))


explain = rewrite
