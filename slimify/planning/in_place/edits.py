"""The edits of a cleaner, and the draft of the file that they apply to.

The draft is parsed again after every cleaner, so that the next one sees the changed file. Each item's
`origin` refers to the instruction of the user's file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.analysis.program import Program, Step
from slimify.model.decisions import Decision, Line, Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.plan import Item, Plan, Stage
from slimify.planning.stages.items import keyword, with_line_end
from slimify.syntax.dockerfile.instructions import from_parts
from slimify.syntax.shell.script import EditRefused


class Edits(Struct, frozen=True, kw_only=True):
    """Changes by instruction index: its new text ("" removes it), new instructions before it, and the
    instruction that a moved one is placed before. `saving` is in bytes. `removes_again` means that
    a RUN installs what it removes afterwards, which a second stage has no need of. `unseen`: the saving is
    of files that no estimate of the image counts.
    """

    texts: Mapping[int, str] = field(default_factory=dict)
    before: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    moved: Mapping[int, int] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    saving: int = 0
    removes_again: bool = False
    unseen: bool = False

    @property
    def changes(self) -> bool:
        return bool(self.texts or self.before or self.moved)


class Pruned(Struct, frozen=True, kw_only=True):
    """The instructions that drop development packages at the end of a stage, and the places of packages that
    they change. `saving` is in bytes, `names` are the packages where others stay."""

    lines: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    saving: int = 0

    def with_decision(self, decision: Decision) -> Pruned:
        return replace(self, decisions=(*self.decisions, decision))


def step_line(step: Step) -> Line:
    """The line of a step as an argument of a decision. It is a line of the draft until `Draft.edited` maps
    it to the user's file."""
    return Line(step.line)


_T = TypeVar("_T")


def first_edits(
    cases: Iterable[_T], make: Callable[[_T], Edits | Reason | None], told: Callable[[_T, Reason], Decision]
) -> Edits:
    """The first edits that `make` finds; else advice on the cases in which there is a reason against them,
    as `told` words it."""
    advice: list[Decision] = []
    for case in cases:
        try:
            found = make(case)
        except EditRefused as error:
            found = Reason.of("SL356", "edit", why=error.reason)
        if isinstance(found, Edits):
            return found
        if found is not None:
            advice.append(told(case, found))
    return Edits(decisions=tuple(advice))


class Draft(Struct, frozen=True, kw_only=True):
    """A file being cleaned: `items` are its instructions with the text above them, `lines` the line of each
    in the user's file. `removed_again` and `unseen` are the parts of `saving` that come from such edits."""

    program: Program
    items: tuple[Item, ...]
    lines: tuple[int, ...]
    tail: str  # the text below the last instruction
    decisions: tuple[Decision, ...] = ()
    saving: int = 0
    removed_again: int = 0
    unseen: int = 0

    @property
    def text(self) -> str:
        return "".join(item.text for item in self.items) + self.tail

    @property
    def stages(self) -> tuple[Stage, ...]:
        return tuple(_stages(self))

    def edited(self, edits: Edits) -> Draft:
        """The draft with the edits applied. Its `program` is still that of the text before."""
        items = tuple(_items(self, edits)) if edits.changes else self.items
        decisions = (*self.decisions, *self.user_decisions(edits))
        saving = self.saving + edits.saving
        again = self.removed_again + (edits.saving if edits.removes_again else 0)
        unseen = self.unseen + (edits.saving if edits.unseen else 0)
        return replace(
            self, items=items, decisions=decisions, saving=saving, removed_again=again, unseen=unseen
        )

    def without_advice(self) -> Draft:
        """The draft with the decisions about what was changed."""
        return replace(self, decisions=tuple(d for d in self.decisions if d.safety != "advice"))

    def user_decisions(self, edits: Edits) -> tuple[Decision, ...]:
        """The decisions of edits, with the lines of the user's file."""
        lines = _user_lines(self)
        return tuple(replace(d, line=lines.get(d.line or 0), args=d.at_lines(lines)) for d in edits.decisions)

    def kept_stages(self, program: Program) -> Decision:
        """What is said of a file that keeps its stages: whether it gets one more. `program` is the file as
        it was."""
        old = {stage.name for stage in new_draft(program).stages}
        added = next((stage.name for stage in self.stages if stage.name not in old), "")
        return Decision.of("SL303", "added", stage=added) if added else Decision.of("SL303", "in_place")

    def plan(self, original: int, *decisions: Decision) -> Plan:
        """The plan of one file that is cleaned in place; `decisions` precede those of the cleaners."""
        return Plan(
            rung="cleanup",
            language=self.program.language or "",
            stages=self.stages,
            decisions=(*decisions, *self.decisions),
            saving=self.saving,
            original=original + (self.unseen if self.program.image_evidence is None else 0),
        )


def new_draft(program: Program) -> Draft:
    """The draft of a file without any changes."""
    leads, tail = texts_above(program.dockerfile)
    instructions = program.dockerfile.instructions
    items = tuple(
        Item(text=lead + x.raw, origin=i) for i, (lead, x) in enumerate(zip(leads, instructions, strict=True))
    )
    return Draft(program=program, items=items, lines=tuple(x.line for x in instructions), tail=tail)


def texts_above(file: Dockerfile) -> tuple[list[str], str]:
    """The text above each instruction, and the text below the last one."""
    leads: list[str] = []
    text = ""
    for node in file.nodes:
        if isinstance(node, Instruction):
            leads.append(text)
            text = ""
        else:
            text += node.raw
    return leads, text


def _items(draft: Draft, edits: Edits) -> Iterator[Item]:
    file = draft.program.dockerfile
    leads, _ = texts_above(file)
    pending = ""
    for index in range(len(file.instructions)):
        space, comments = _split_preamble(leads[index])
        for other in (i for i, place in edits.moved.items() if place == index):
            yield replace(
                draft.items[other],
                text=_split_preamble(leads[other])[1] + _instruction_text(file, edits, other),
            )
        space, pending = space or pending, ""
        new = [Item(text=with_line_end(text, file.newline)) for text in edits.before.get(index, ())]
        text = "" if index in edits.moved else _instruction_text(file, edits, index)
        new += [replace(draft.items[index], text=comments + text)] if text else []
        for position, item in enumerate(new):
            apart = not position or keyword(item) == "FROM"
            yield replace(item, text=space + item.text) if apart else item
        pending = "" if new else space


def _instruction_text(file: Dockerfile, edits: Edits, index: int) -> str:
    text = edits.texts.get(index, file.instructions[index].raw)
    return with_line_end(text, file.newline) if text else ""


def _split_preamble(lead: str) -> tuple[str, str]:
    """The text above an instruction up to the last blank line, and the comments directly above it."""
    lines = lead.splitlines(keepends=True)
    last = max((i for i, line in enumerate(lines) if not line.strip()), default=-1)
    return "".join(lines[: last + 1]), "".join(lines[last + 1 :])


def _user_lines(draft: Draft) -> Mapping[int, int]:
    """The lines in the user's file, by the lines of the draft."""
    pairs = zip(draft.program.dockerfile.instructions, draft.items, strict=True)
    return {x.line: draft.lines[item.origin] for x, item in pairs if item.origin is not None}


def _stages(draft: Draft) -> Iterator[Stage]:
    """The stages of the draft. Blank lines between them are left to the template, which adds one."""
    instructions = draft.program.dockerfile.instructions
    end = draft.program.dockerfile.newline
    heads = [i for i, x in enumerate(instructions) if x.keyword == "FROM"]
    items = list(draft.items)
    for head in heads[1:]:
        text = items[head].text
        if text.startswith(end):
            items[head] = replace(items[head], text=text.removeprefix(end))
        else:
            items[head - 1] = replace(items[head - 1], text=items[head - 1].text.removesuffix(end))
    if draft.tail:
        items.append(Item(text=draft.tail))
    for head, following in zip(heads, [*heads[1:], len(items)], strict=True):
        last = head == heads[-1]
        own = tuple(items[0 if head == heads[0] else head : following])
        parts = from_parts(instructions[head])
        yield Stage(name=parts.alias or "", base=parts.image, purpose="run" if last else "build", items=own)
