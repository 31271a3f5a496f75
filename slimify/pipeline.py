"""The phases in order: bytes and a directory in, an outcome out. No decisions are made here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.config import Options
from slimify.model.decisions import Decision, Reason
from slimify.model.dockerfile import Dockerfile
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Estimate, Failed, Outcome, Refused, Rewritten, Unchanged
from slimify.model.plan import CompiledStart, NewStart, Plan

if TYPE_CHECKING:
    from slimify.analysis.evidence.image_evidence import BuiltImage
    from slimify.analysis.program import Program
    from slimify.context.scan import Context, Contexts
    from slimify.image.model import Image
    from slimify.planning.in_place.edits import Draft
    from slimify.planning.layout import Layout
    from slimify.semantics.machine.stages import Machine


def rewrite(
    dockerfile: bytes | str,
    context: Path | str | None = None,
    *,
    name: str = "Dockerfile",
    options: Options | None = None,
    image: Image | None = None,
    shared: Contexts | None = None,
) -> Outcome:
    """Rewrite one Dockerfile.

    `context` is the directory of the build context. Without it, slimify cannot see what COPY copies and can
    decide less. `name` identifies the file in messages; `-` is a file without a name. `image` is an image
    built from the file; its history is checked. `shared` is that of `scan`. Malformed input is `Failed`.
    """
    from slimify.analysis.advice.silenced import without_silenced
    from slimify.analysis.published_triggers import with_triggers
    from slimify.context.scan import Context, scan
    from slimify.syntax.dockerfile.parser import encode, parse

    data = encode(dockerfile) if isinstance(dockerfile, str) else dockerfile
    options = options or Options()
    try:
        file = parse(data, name)
    except SlimifyError as error:
        return _parse_failure(data, name, error)
    path = None if name == "-" else Path(name)
    scanned = scan(Path(context), path, shared=shared) if context else Context.empty()
    evidence: BuiltImage | Reason | None = None
    if image is not None:
        from slimify.analysis.evidence.image_evidence import image_evidence

        evidence = image_evidence(image, file)
    shown = None if isinstance(evidence, Reason) else evidence
    outcome = with_triggers(file, name, lambda whole: _outcome(whole, name, scanned, options, shown))
    if isinstance(evidence, Reason):
        warning = Reason.of("SL340", "no_evidence", why=evidence).text
        outcome = replace(outcome, warnings=(warning, *outcome.warnings))
    return without_silenced(outcome, file)


def _parse_failure(data: bytes, name: str, error: SlimifyError) -> Outcome:
    """The outcome of a file that is not a Dockerfile: `Failed` if it is malformed, `Refused` if it is a
    template."""
    before = data.decode("utf-8", "surrogateescape")
    if error.code != "SL401":
        return Failed(file=name, before=before, error=error)
    reason = Reason.of("SL401", "unreadable", at=error.line or 0, message=error.message)
    return Refused(file=name, before=before, decisions=safe_decisions((reason,)))


def _outcome(
    file: Dockerfile, name: str, context: Context, options: Options, evidence: BuiltImage | None
) -> Outcome:
    """The outcome of a file that could be parsed."""
    from slimify.analysis.classify import classify, context_path
    from slimify.analysis.deployed_stage import deployed_stage
    from slimify.analysis.roles.executed_roles import verdicts
    from slimify.analysis.whole_last_stage import whole_program
    from slimify.planning.target_stage import of_stage
    from slimify.syntax.dockerfile.instructions import is_multi_stage
    from slimify.syntax.dockerfile.parser import encode, parse
    from slimify.validation.later_stages import later_stage_problems

    several = is_multi_stage(file)
    stage = deployed_stage(file, context, context_path(context, name)) if several and not evidence else ""
    if stage:
        deployed = of_stage(
            file, stage, lambda head: _outcome(head, name, context, options, None), later_stage_problems
        )
        if deployed is not None:
            return deployed
    users = program = classify(file, context, name, options, evidence)
    outcome: Outcome = Unchanged(
        file=name,
        language=program.language,
        before=file.text,
        warnings=(*context.notes, *(context.repository.notes if context.repository else ())),
    )

    def read(text: str) -> Program:
        parsed = parse(encode(text), name)
        return classify(parsed, context, name, options, evidence)

    if program.refusals:
        outcome = replace(outcome, instructions=verdicts(users), decisions=safe_decisions(program.refusals))
        return outcome if several else outcome.become(Refused)
    program = whole_program(users, options, evidence) if several else users
    compiled = compiled_start(program) if not (several or options.single_stage) else None
    if compiled is not None:
        program = read(compiled.text)
    start = compiled.start if compiled is not None else None
    whole = program if program.parent else None
    result = _best_plan(program, users if whole else program, file, options, read, start)
    at_start = ("SL406", "compiles_at_start")  # it is for building, or installs and compiles when it starts
    builds = compiled is not None or any({r.code, r.form} & {*at_start} for r in result.reasons)
    if isinstance(result, _ValidPlan):
        new = program.executed(parse(encode(result.text), name))
        roles = verdicts(users, result.plan, new, whole=whole, builds=builds)
        outcome = replace(outcome, instructions=roles)
        before = (compiled.decision,) if compiled is not None else ()
        outcome = _rewritten(program, outcome, result, before + program.findings)
        return _with_ignore_file(program, outcome, options, new)
    stages = (Reason.of("SL404", "several"),) if several else ()
    decisions = (*safe_decisions((*stages, *result.reasons)), *result.advice, *program.findings)
    outcome = replace(outcome, instructions=verdicts(users, whole=whole, builds=builds), decisions=decisions)
    return _with_ignore_file(program, outcome, options, None)


def compiled_start(program: Program) -> CompiledStart | None:
    from slimify.languages import language

    known = language(program.language)
    part = known.compiled_start if known is not None else None
    return part.compiled_start(program) if part is not None else None


_SHOWN = 5  # problems of a rejected plan that are shown


class _ValidPlan(Struct, frozen=True):
    """A validated plan, its text, and why better plans were not possible."""

    plan: Plan
    text: str
    reasons: tuple[Reason, ...] = ()


class _NoPlan(Struct, frozen=True):
    """Why there is no plan, and what can be done by hand instead."""

    reasons: tuple[Reason, ...]
    advice: tuple[Decision, ...]


def _best_plan(
    program: Program,
    cleanable: Program,
    file: Dockerfile,
    options: Options,
    read: Callable[[str], Program],
    start: NewStart | None,
) -> _ValidPlan | _NoPlan:
    """The best plan that passes validation, or why there is none. `cleanable` is the program without what
    its last stage has from others, `start` the start command that was already replaced in the file."""
    from slimify.planning.in_place.last_stage import cleaned_first, partly_clean_last_stages
    from slimify.planning.options.requested import with_requested_options
    from slimify.render import render

    def write(plan: Plan) -> Program:
        return read(render(plan, file, templates=options.templates))

    reasons: list[Reason] = []
    advice: list[Decision] = []
    for plan in _plans(program, cleanable, options, read):
        if isinstance(plan, Decision):
            advice.append(plan)
            continue
        candidate = with_requested_options(program, plan, options) if isinstance(plan, Plan) else plan
        if isinstance(candidate, Reason):
            reasons.append(candidate)
            continue
        candidate = replace(candidate, new_start=start)
        rejected: list[Reason] = []
        for one in cleaned_first(program, candidate, options, write, read):
            text = _validated_text(program, one, file, options)
            if isinstance(text, str):
                if rejected and one is candidate:
                    parts = partly_clean_last_stages(program, one, options, read(text), read)
                    texts = ((x, _validated_text(program, x, file, options)) for x in parts)
                    one, text = next(((x, t) for x, t in texts if isinstance(t, str)), (one, text))
                told = (r for r in reasons if not any(_is_about_owners(v) for _, v in r.args))
                return replace(_finished(program, one, text, file, options), reasons=tuple(told))
            rejected = text
        reasons += rejected
    return _NoPlan(tuple(reasons), tuple(advice))


def _is_about_owners(problem: object) -> bool:
    """Whether it says why one owner for all that is copied is not valid, which is no obstacle to a plan."""
    return isinstance(problem, Reason) and (problem.code, problem.form) == ("SL409", "owner")


def _plans(
    program: Program, cleanable: Program, options: Options, read: Callable[[str], Program]
) -> Iterator[Plan | Reason | Decision]:
    """Yields plans, best first, and between them the reasons why better ones were not possible. If a file can
    only be cleaned in place and nothing can be, yields advice. Layouts that gain nothing over cleaning in
    place come after it."""
    from slimify.planning.estimates.measured import measured_layout
    from slimify.planning.in_place.plans import cleaned_in_place, partly_cleaned
    from slimify.planning.layout import Layout
    from slimify.planning.lean_installs import lean_draft, lean_layout, lean_plan
    from slimify.planning.proposal import gains_over, small_saving
    from slimify.planning.propose import pays_after, propose
    from slimify.planning.stages.assemble import assemble
    from slimify.syntax.dockerfile.instructions import is_multi_stage

    lean = lean_draft(program, options, read)
    proposal = propose(lean.program, options) if not options.single_stage else None
    layouts = (lean_layout(x, lean) for x in (proposal.layouts if proposal is not None else ()))

    least = options.min_saving

    def made(layout: Layout) -> Iterator[Plan | Reason]:
        first = lean_plan(lean, layout)
        yield first
        whole = lean_plan(lean, replace(layout, whole_builder=True))
        if whole != first:
            yield whole
        if any(copy.owner for copy in layout.copies):
            yield lean_plan(lean, layout.with_owners_of_builder())
        fuller = layout.fuller() if layout.fuller is not None else None
        if isinstance(fuller, Layout) and fuller.saves(least):
            yield lean_plan(lean, fuller)
        if lean.program is not program:  # with the user's own installs
            own = (measured_layout(program, x) for x in propose(program, options).layouts)
            yield from (assemble(program, x) for x in own if x.rung == layout.rung and x.saves(least))

    def changes(draft: Draft) -> bool:
        return draft.text != cleanable.dockerfile.text

    yield from proposal.reasons if proposal is not None else ()
    cleaned: tuple[Draft, Plan] | None = None
    behind: list[Layout] = []
    for layout in (measured_layout(program, x) for x in layouts):
        if not layout.saves(least):
            yield small_saving(layout.rung, layout.saving, measured=layout.measured)
            # report what had to be kept: it may be the only obstacle
            yield from (d.reason for d in layout.decisions if d.code == "SL313")
            continue
        if layout.rung == "same-base":  # any other base is what cleaning in place can't save
            cleaned = cleaned or cleaned_in_place(cleanable, options, read)
            draft, plan = cleaned
            gains = gains_over(layout, plan, draft.removed_again, options)
            if changes(draft) and not gains and not pays_after(draft.program, options):
                behind.append(layout)
                continue
        yield from made(layout)
    if cleaned is None or program.parent:
        cleaned = cleaned_in_place(cleanable, options, read, parents=True)
    draft, plan = cleaned
    changed = changes(draft)
    if changed and plan.saving >= least.in_place(plan.original):
        told = (Decision.of("SL407", "no_gain", safety="advice", rung=x.rung) for x in behind)
        yield plan.told(*told)
        yield from (plan for layout in behind for plan in made(layout))
        yield from partly_cleaned(cleanable, options, read, draft)
        return
    in_place = proposal is None or is_multi_stage(program.dockerfile)  # by choice, or as the user does
    if changed and in_place:
        yield small_saving("cleanup", plan.saving)
    elif options.single_stage:
        yield Reason.of("SL407", "nothing_in_place")
    if in_place:
        yield from (d for d in plan.decisions if d.safety == "advice" or d.code == "SL313")


def _validated_text(program: Program, plan: Plan, file: Dockerfile, options: Options) -> str | list[Reason]:
    """The text of the new file, or the reasons to reject it."""
    from slimify.analysis.other_arguments import other_programs
    from slimify.render import own_comments, render
    from slimify.validation.validate import problems

    text = render(plan, file, templates=options.templates)
    if text == file.text or (program.parent and _has_same_last_stage(program, text)):
        return [Reason.of("SL407", "same_text", rung=plan.rung)]
    comments = own_comments(options.templates)
    programs = chain((program,), other_programs(program, file, text, options))
    found = next(filter(None, (problems(one, plan, text, file, comments) for one in programs)), ())
    if not found:
        return text
    if all(map(_is_about_owners, found)):
        found = found[:1]
    shown = [Reason.of("SL409", "rejected", rung=plan.rung, problem=problem) for problem in found[:_SHOWN]]
    more = len(found) - len(shown)
    return [*shown, Reason.of("SL409", "more", rung=plan.rung, count=more)] if more > 1 else shown


def _has_same_last_stage(program: Program, text: str) -> bool:
    """Whether the last stage says what it did together with the stages that it builds on."""
    from slimify.syntax.dockerfile.instructions import split_stages
    from slimify.syntax.dockerfile.parser import encode, parse

    files = program.dockerfile, parse(encode(text))
    old, new = ([" ".join(x.raw.split()) for x in split_stages(file)[-1]] for file in files)
    return old == new


def _finished(program: Program, plan: Plan, text: str, file: Dockerfile, options: Options) -> _ValidPlan:
    """The plan and its text with what reads better, as far as that is valid, too."""
    from slimify.planning.options.requested import readable_changes

    for change in readable_changes(program, options):
        better = change(plan)
        new = _validated_text(program, better, file, options) if better is not None else None
        if better is not None and isinstance(new, str):
            plan, text = better, new
    return _ValidPlan(plan, text)


def _rewritten(
    program: Program, outcome: Outcome, found: _ValidPlan, findings: tuple[Decision, ...]
) -> Outcome:
    from slimify.planning.estimates.estimate import knows_size

    plan, said = found.plan, [decision.reason for decision in found.plan.decisions]
    findings = tuple(f for f in findings if f.code not in {r.code for r in said})  # already acted on
    advice = dict.fromkeys(Decision.from_reason(r, "advice") for r in found.reasons if r not in said)
    return outcome.become(
        Rewritten,
        rung=plan.rung,
        decisions=(*plan.decisions, *findings, *advice),
        stages=plan.stages,
        after=found.text,
        estimate=Estimate(
            original=plan.original if plan.measured or knows_size(program) else None,
            saving=plan.saving,
            measured=plan.measured,
        ),
    )


def _with_ignore_file(program: Program, outcome: Outcome, options: Options, new: Machine | None) -> Outcome:
    """Adds the validated ignore file to an outcome with a new file, or as advice to any other."""
    from slimify.analysis.advice.assets import assets
    from slimify.analysis.advice.unimported_packages import unimported_packages
    from slimify.planning.options.dockerignore import as_advice, ignore_file_proposal
    from slimify.planning.options.static_files import asset_decisions, asset_rows, with_exclusion_marks
    from slimify.validation.ignore_file import problems

    files = assets(program)
    more = asset_rows(files) if options.exclude_assets else ()
    found = ignore_file_proposal(program, options, new, more)
    if found is not None and problems(program, found[0]):
        found = ignore_file_proposal(program, options, new) if more else None
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


def safe_decisions(reasons: Iterable[Reason]) -> tuple[Decision, ...]:
    """Reasons as decisions of safety "safe", without duplicates."""
    return tuple(dict.fromkeys(Decision.from_reason(r, "safe") for r in reasons))


explain = rewrite
