"""`--annotate`: a short comment above each stage that the plan adds, and above each step that it moves or
changes, in the style of the file's own comments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import chain, islice, takewhile

from msgspec import Struct
from msgspec.structs import replace

from slimify import codes
from slimify.analysis.program import Program, Step
from slimify.model.decisions import Decision
from slimify.model.dockerfile import Dockerfile
from slimify.model.effects import BUILDS, LEAVES_ARTIFACTS, RUNS_CODE
from slimify.model.plan import Item, Plan
from slimify.model.regex import regex
from slimify.planning.stages.item_text import split_comments
from slimify.planning.stages.items import keyword
from slimify.semantics.paths import overlap

_BASES = ("SL300", "SL301", "SL302")
_BUILDER_EDITS = ("SL312", "SL347")  # of the last steps of the builder, where they have no line of their own
_MAKERS = BUILDS | LEAVES_ARTIFACTS | RUNS_CODE
_MOST_WORDS, _MOST_NAMES = 3, 3  # of a command, of packages

_PROSE = regex(
    r"[ \t]*(?P<mark>#+[ \t]?)(?P<text>(?![A-Z]{3})[A-Za-z']+,? [a-z\d`][^=\n]*)"
)  # no directive, no instruction
_FOR_LINTERS = regex(r"[ \t]*#\s*(hadolint|slimify|check)\b")  # belong directly above the instruction
_ARG, _FROM = regex(r"(?i)[ \t]*ARG\b"), regex(r"(?im)^[ \t]*FROM\b")
_PLAIN_WORD = regex(r"[\w./:@+][\w./:@+-]*")


class _Style(Struct, frozen=True, kw_only=True):
    """How a file writes its comments: as most of them."""

    mark: str = "# "
    capital: bool = True
    period: bool = False

    def comment(self, note: str, end: str) -> str:
        first = note[0] if self.capital else note[0].lower()
        return f"{self.mark}{first}{note[1:]}{'.' * self.period}{end}"


def annotated(program: Program, plan: Plan, *others: Dockerfile) -> Plan:
    """The plan with comments. Steps that stay as the user wrote them, in the file or in `others`, get
    none."""
    files = (program.dockerfile, *others)
    known = {_words(x.raw) for file in files for x in file.instructions}
    style, end = _style(files), program.dockerfile.newline
    notes = _notes(program, plan, known)
    stages = []
    for stage in plan.stages:
        items: list[Item] = []
        last: tuple[str, ...] = ()
        for item in stage.items:
            found = notes.get(id(item), ())
            above = [style.comment(note, end) for note in found if note not in last]
            items.append(_with_comments(item, above) if above else item)
            last = found
        stages.append(replace(stage, items=tuple(items)))
    return replace(plan, stages=tuple(stages))


def _notes(program: Program, plan: Plan, known: Collection[str]) -> dict[int, tuple[str, ...]]:
    """The notes on each item that is new or changed, by its identity: two may be equal."""
    final = plan.stages[-1]
    base = next((d.code for d in plan.decisions if d.code in _BASES), "run")
    built = {item.origin for stage in plan.stages[:-1] for item in stage.items} - {None}
    changed = [
        (stage, item)
        for stage in plan.stages
        for item in stage.items
        if keyword(item) and _words(_split(item)[1]) not in known
    ]
    notes: dict[int, list[str]] = {id(item): [] for _, item in changed}
    for stage, item in changed:
        if item is stage.items[0]:
            notes[id(item)].append(codes.notes()[base if stage.purpose == "run" else stage.purpose])
        elif stage is final and item.origin in built and _is_shortened(program, item):
            notes[id(item)].append(codes.notes()["part"])
    for decision in plan.decisions:
        if decision.code not in codes.notes() or decision.code in _BASES or decision.safety == "advice":
            continue
        found = [item for _, item in changed if _is_about(program, decision, item)]
        if not found and decision.code in _BUILDER_EDITS:
            free = (i for s, i in changed if s.purpose == "build" and not notes[id(i)])
            found = [item for item in free if keyword(item) == "RUN"]
        note = _note(program, plan, decision)
        for item in found if note else ():
            notes[id(item)].append(note)
    return {key: tuple(dict.fromkeys(found)) for key, found in notes.items()}


def _is_shortened(program: Program, item: Item) -> bool:
    """Whether a step of the user lacks some of its words."""
    whole = program.dockerfile.instructions[item.origin or 0].raw
    return bool(set(whole.split()) - {*item.text.split(), "\\"})


def _is_about(program: Program, decision: Decision, item: Item) -> bool:
    """Whether a decision is about a step: the one at its line, or a new one that names its path or
    package."""
    if keyword(item) in ("FROM", "ARG") or (decision.code == "SL310" and keyword(item) != "COPY"):
        return False
    if decision.line is not None and item.origin is not None:
        return program.dockerfile.instructions[item.origin].line == decision.line
    named = decision.get("path") or decision.get("package") or decision.get("url")
    return named is not None and str(named) in item.text.split()


def _note(program: Program, plan: Plan, decision: Decision) -> str:
    """The note on a decision; "" if there is nothing to say."""
    command, stage = "", next((s.name for s in plan.stages[-2::-1] if s.purpose == "build"), "")
    if decision.code == "SL310":
        step = next((s for s in program.steps if s.line == decision.line), None)
        command = _command(step, str(decision.get("path"))) if step is not None else ""
        if not (command and stage):
            return ""
    names = decision.names("names")
    more = len(names) - _MOST_NAMES
    return codes.notes()[decision.code].format(
        command=command,
        stage=stage,
        base=decision.get("base") or plan.stages[-1].base,
        names=", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else ""),
        them="it" if len(names) == 1 else "them",
    )


def _command(step: Step, path: str) -> str:
    """The command of a step that makes a path, without its options: `go build`, `pip install`."""
    makers = [(a, e) for a in step.atoms for e in a.effects if e.kind in _MAKERS and step.script.atoms]
    sure = ((a, e) for a, e in makers if any(overlap(path, p) for p in (*e.outputs, *e.writes)))
    for atom, _ in chain(sure, makers):
        for command in step.script.atoms[atom.index].commands:
            plain = takewhile(lambda w: _PLAIN_WORD.fullmatch(w.text), command.words)
            words = [word.text for word in islice(plain, _MOST_WORDS)]
            if words:
                return " ".join(words)
    return ""


def _with_comments(item: Item, comments: Iterable[str]) -> Item:
    """The item with comments directly above its instruction and those of the user for linters."""
    above, text = _split(item)
    lines = above.splitlines(keepends=True)
    while lines and _FOR_LINTERS.match(lines[-1]):
        lines.pop()
    indent = text[: len(text) - len(text.lstrip())]
    at = sum(map(len, lines))
    return replace(item, text=item.text[:at] + "".join(indent + c for c in comments) + item.text[at:])


def _split(item: Item) -> tuple[str, str]:
    """What is above an instruction, and the instruction. Comments and ARGs may be above the first FROM."""
    above = split_comments(item.text)[0]
    start = [*_FROM.finditer(item.text)][-1:] if _ARG.match(item.text, len(above)) else []
    at = start[0].start() if start else len(above)
    return item.text[:at], item.text[at:]


def _style(files: Iterable[Dockerfile]) -> _Style:
    """The style of most comments that are sentences."""
    found = [
        _Style(mark=m["mark"], capital=m["text"][0].isupper(), period=m["text"].rstrip().endswith("."))
        for file in files
        for node in file.nodes
        if node.kind == "comment" and (m := _PROSE.match(node.raw)) and not _FOR_LINTERS.match(node.raw)
    ]
    return Counter(found).most_common(1)[0][0] if found else _Style()


def _words(text: str) -> str:
    return " ".join(text.split())
