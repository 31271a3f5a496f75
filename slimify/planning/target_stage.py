"""A file up to the stage that is deployed, and what follows it.

The stages behind it stay as they are. Where one builds on it or copies from it, the user's stage stays, too,
under another name: the deployed one starts from it, and gets smaller as any last stage that does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.decisions import Decision, InstructionVerdict, Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.outcome import Outcome, Rewritten
from slimify.syntax.dockerfile.instructions import from_parts, split_stages, text_up_to
from slimify.syntax.dockerfile.parser import encode, parse

_NAMES = ("full", "complete")


class TargetSplit(Struct, frozen=True, kw_only=True):
    """`head` is a file whose last stage is the deployed one, `tail` the text of the stages behind it."""

    head: str
    tail: str


def of_stage(
    file: Dockerfile,
    stage: str,
    outcome_of: Callable[[Dockerfile], Outcome],
    problems: Callable[[Dockerfile, Dockerfile, str], Iterable[Reason]],
) -> Outcome | None:
    """The outcome of the file up to a stage, in the whole file; None where the stages behind it could not
    stay as they are."""
    split = split_at_stage(file, stage)
    if split is None:
        return None
    outcome = outcome_of(parse(encode(split.head)))
    why = Reason.of("SL404", "target", stage=stage)
    told = Decision.from_reason(why, "safe")
    kept = (d for d in outcome.decisions if d.code not in ("SL345", "SL346"))  # other stages read files, too
    verdicts = _verdicts(file, stage, outcome.instructions, why)
    outcome = replace(outcome, before=file.text, instructions=verdicts, decisions=(told, *kept))
    if not isinstance(outcome, Rewritten):
        return outcome
    after = f"{outcome.after.rstrip()}{file.newline * 2}{split.tail.lstrip()}"
    if any(problems(file, parse(encode(after)), stage)):
        return None
    return replace(outcome, after=after, ignore=None)


def _verdicts(
    file: Dockerfile, stage: str, found: Sequence[InstructionVerdict], why: Reason
) -> tuple[InstructionVerdict, ...]:
    """Those of the file as it is: up to the stage what was found, behind it that they remain."""
    stages = split_stages(file)
    end = next(i for i, one in enumerate(stages) if from_parts(one[0]).alias == stage)
    later = [x for one in stages[end + 1 :] for x in one]
    own = {x.line: x for x in file.instructions if x.line < later[0].line}
    heads = (replace(v, instruction=x) for v in found if (x := own.get(v.instruction.line)) is not None)
    return (*heads, *(InstructionVerdict(instruction=x, role="both", reasons=(why,)) for x in later))


def split_at_stage(file: Dockerfile, stage: str) -> TargetSplit | None:
    """The file split behind a stage; None where what the others take from it is not known by its name."""
    stages = split_stages(file)
    names = [from_parts(x[0]).alias or "" for x in stages]
    number = names.index(stage)
    lines = text_up_to(file, number).splitlines(keepends=True)
    while lines[-1].strip() == "" or lines[-1].lstrip().startswith("#"):  # of the stage behind it
        lines.pop()
    head = "".join(lines)
    tail, later = file.text[len(head) :], [x for one in stages[number + 1 :] for x in one]
    if any(re.search(r"from=(\d|\S*\$)", x.raw) for x in later) or any("$" in x.value for x in _heads(later)):
        return None
    if not any(_takes_from(x, stage) for x in later):
        return TargetSplit(head=head, tail=tail)
    own = next((name for name in _NAMES if name not in names), "")
    if not own:
        return None
    begin = stages[number][0]
    renamed = re.sub(r"(?i)(\sas\s+)\S+(\s*)$", rf"\g<1>{own}\g<2>", begin.raw)
    head = (
        head.replace(begin.raw, renamed, 1).rstrip()
        + f"{file.newline * 2}FROM {own} AS {stage}{file.newline}"
    )
    for instruction in later:
        if _takes_from(instruction, stage):
            tail = tail.replace(instruction.raw, _with_stage(instruction.raw, stage, own), 1)
    return TargetSplit(head=head, tail=tail)


def _heads(instructions: Sequence[Instruction]) -> list[Instruction]:
    return [x for x in instructions if x.keyword == "FROM"]


def _pattern(stage: str) -> str:
    return rf"(?i)(\bfrom=|^\s*FROM\s+(?:--\S+\s+)*){re.escape(stage)}(?=[\s,]|$)"


def _takes_from(instruction: Instruction, stage: str) -> bool:
    return re.search(_pattern(stage), instruction.raw) is not None


def _with_stage(text: str, stage: str, name: str) -> str:
    return re.sub(_pattern(stage), rf"\g<1>{name}", text)
