"""Outcomes as text: a summary, a page with the new file, a table of roles."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from slimify.codes import page as code_page
from slimify.model.counts import counted
from slimify.model.decisions import CommandVerdict, Decision, InstructionVerdict, Reason
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Outcome
from slimify.report.ansi import Paint, fit
from slimify.report.printable import masked, printable, shown

PLAIN = Paint()
WIDTH = 80

_KIND_COLOUR = {"rewritten": "green", "unchanged": "cyan", "refused": "yellow", "failed": "red"}
_ROLE_COLOUR = {"build": "yellow", "run": "green", "both": "cyan", "unknown": "magenta"}
_MARK = {"safe": "", "assumed": " (assumed)", "advice": ""}
_JOINT = "\N{NO-BREAK SPACE}"  # keeps words on one line
_NARROW = 60  # columns, below which a table of roles and reasons has no room
_TEXT_LINES = 3  # of one instruction or command in the table of roles


def summary(
    outcome: Outcome,
    *,
    width: int = WIDTH,
    paint: Paint = PLAIN,
    done_as: str = "would be rewritten",
    most: int | None = None,
) -> str:
    """The outcome and its decisions in a few lines, for standard error beside the diff.

    `done_as` is the word for a rewrite, such as "rewritten" or "can be rewritten". Of decisions and of
    advice, no more than `most` are shown.
    """
    if outcome.error is not None:
        return failure(outcome.file, outcome.error, paint=paint)
    done = [d for d in outcome.decisions if d.safety != "advice"]
    advice = [d for d in outcome.decisions if d.safety == "advice"]
    lines = _headline(outcome, done_as, width, paint)
    lines += _first(done, most, width, paint)
    if outcome.ignore is not None and len(set(map(size, outcome.ignore.sent))) > 1:
        before, after = map(size, outcome.ignore.sent)
        lines.append(f"  The build context shrinks from {before} to {after}.")
    if advice:
        lines.append("  Advice (not applied):")
        lines += _first(advice, most, width, paint)
    return "\n".join(lines) + "\n" + warnings(outcome, width=width, paint=paint)


def _first(made: list[Decision], most: int | None, width: int, paint: Paint) -> Iterator[str]:
    """The first decisions, and how many there are more."""
    end = len(made) if most is None or len(made) <= most + 1 else most
    yield from decisions(made[:end], width, paint)
    if end < len(made):
        yield f"  … and {len(made) - end} more: -v shows them"


def warnings(outcome: Outcome, *, width: int = WIDTH, paint: Paint = PLAIN) -> str:
    """The warnings about an outcome."""
    first = paint("  warning: ", "yellow")
    found = (hanging(first, "  warning: ", warning, width) for warning in outcome.warnings)
    return "".join(f"{line}\n" for lines in found for line in lines)


def page(
    outcome: Outcome, *, width: int = WIDTH, paint: Paint = PLAIN, done_as: str, most: int | None = None
) -> str:
    """The summary, followed by the new Dockerfile and ignore file, if any."""
    text = summary(outcome, width=width, paint=paint, done_as=done_as, most=most)
    if outcome.after is None or outcome.after == outcome.before:
        return text
    text = f"{text}\n{_ended(outcome.after)}"
    if outcome.ignore is not None:
        text += f"\n{shown(outcome.ignore.path)}:\n{_ended(outcome.ignore.after)}"
    return text


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def failure(file: str, error: SlimifyError, *, paint: Paint = PLAIN) -> str:
    """The error as `Dockerfile:7: unknown instruction "go"`, with its hint on a second line."""
    place = name_of(file)
    if error.line is not None:
        place = f"{place}:{error.line}"
    hint = f"  hint: {shown(error.hint)}\n" if error.hint else ""
    return f"{paint(f'{place}:', 'red')} {shown(error.message)}\n{hint}"


def name_of(file: str) -> str:
    """A Dockerfile as reports name it."""
    return "<stdin>" if file == "-" else shown(file)


def explanation(
    outcome: Outcome, *, width: int = WIDTH, paint: Paint = PLAIN, most: int | None = None
) -> str:
    """The summary and a table of all instructions and commands with roles and reasons."""
    if outcome.error is not None:
        return failure(outcome.file, outcome.error, paint=paint)
    rows = [row for verdict in outcome.instructions for row in _instruction_rows(verdict)]
    head = summary(outcome, width=width, paint=paint, done_as="can be rewritten", most=most)
    return head + "\n" + _table(rows, width, paint)


def total(outcomes: Sequence[Outcome], done_as: str) -> str:
    """How many files have which outcome, and what all rewrites save, in one line."""
    count = Counter[str](outcome.kind for outcome in outcomes)
    estimates = [o.estimate for o in outcomes if o.kind == "rewritten" and o.estimate is not None]
    saved = sum(e.saving for e in estimates)
    about = "" if all(e.measured for e in estimates) else "about "
    parts = [
        f"{count[kind]} {done_as if kind == 'rewritten' else kind}" for kind in _KIND_COLOUR if count[kind]
    ]
    saving = f"; saves {about}{size(saved)}" if saved else ""
    return f"{counted(len(outcomes), 'Dockerfile')}: {', '.join(parts)}{saving}\n"


def codes(entries: Mapping[str, Mapping[str, str]], paint: Paint = PLAIN) -> str:
    """Each code with its title, one on a line."""
    return "".join(f"{paint(name, 'bold')}  {entry['title']}\n" for name, entry in entries.items())


def code(name: str, entry: Mapping[str, str], *, width: int = WIDTH, paint: Paint = PLAIN) -> str:
    """What a reason code means; `entry` is what it means."""
    parts = [f"{paint(name, 'bold')}  {entry['title']}"]
    for label, key in (("Why", "why"), ("When not", "when_not"), ("Safety", "safety")):
        if entry.get(key):
            parts += ["", *hanging(paint(f"{label:9} ", "cyan"), " " * 10, entry[key], width)]
    parts += ["", paint("More      ", "cyan") + code_page(name)]
    return "\n".join(parts) + "\n"


def size(number: int) -> str:
    """A number of bytes in decimal units, like Docker's: `1.32 GB`, `790 MB`, `12 kB`."""
    for limit, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if abs(number) >= limit:
            value = number / limit
            return f"{value:.2f} {unit}" if value < 10 and unit == "GB" else f"{value:.0f} {unit}"
    return f"{number} bytes"


def percent(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.0f} %" if whole else "0 %"


def change(before: int, after: int) -> str:
    """The change, for example `−93 %`; "" if there is none. It is −100 % only if nothing remains."""
    if not before or before == after:
        return ""
    value = (after - before) * 100 / before
    return f"{value:+.{1 if -100 < value < -99 else 0}f} %".replace("-", "−")


def signed(number: int) -> str:
    """A number of bytes that are more or less."""
    return ("+" if number > 0 else "−" if number < 0 else "") + size(abs(number))


def _headline(outcome: Outcome, done_as: str, width: int, paint: Paint) -> list[str]:
    kind = done_as if outcome.kind == "rewritten" else outcome.kind
    parts = [kind]
    if outcome.kind == "rewritten":
        parts.append(f"rung {outcome.rung}")
    if outcome.language:
        parts.append(outcome.language)
    estimate = outcome.estimate
    if outcome.kind == "rewritten" and estimate is not None and estimate.saving > 0:
        original = estimate.original or 0
        of = f" of {size(original)}" if original > estimate.saving else ""
        about, how = ("", " (measured)") if estimate.measured else ("about ", "")
        if estimate.original is None and outcome.rung in ("slim", "minimal"):
            about = "at least "  # what the bases differ by is not known
        parts.append(f"saves {about}{size(estimate.saving)}{of}{how}")
    name = name_of(outcome.file)
    whole = ", ".join(part.replace(" ", _JOINT) for part in parts)
    lines = [
        line.replace(_JOINT, " ")
        for line in textwrap.wrap(
            whole, width, initial_indent=f"{name}: ", subsequent_indent="  ", break_long_words=False
        )
    ]
    place = len(f"{name}: ")
    head, tail = lines[0][:place], lines[0][place:]
    first = head + tail.replace(kind, paint(kind, _KIND_COLOUR[outcome.kind]), 1)
    return [*fit(first, width).split("\n"), *lines[1:]]


def decisions(made: Iterable[Decision], width: int, paint: Paint) -> Iterator[str]:
    """Decisions with their codes and lines."""
    for decision in made:
        line = "" if decision.line is None else f"line {decision.line}"
        plain = f"  {decision.code} {line:9} "
        yield from hanging(
            f"  {paint(decision.code, 'bold')} {line:9} ",
            plain,
            shown(decision.text) + _MARK[decision.safety],
            width,
        )


def hanging(first: str, plain: str, text: str, width: int) -> list[str]:
    """`text` wrapped with a hanging indent after `first`; `plain` is `first` without colours."""
    lines = _wrap(text, max(width - len(plain), 16))
    return [first + lines[0], *(" " * len(plain) + line for line in lines[1:])]


# A row: line, role, what, why.
_Row = tuple[str, str, str, str]


def _instruction_rows(verdict: InstructionVerdict) -> Iterator[_Row]:
    instruction = verdict.instruction
    value = " ".join(f"--{f.name}" + (f"={f.value}" if f.value else "") for f in instruction.flags)
    body = instruction.value if not verdict.commands else ""
    what = " ".join(part for part in (instruction.keyword, value, body) if part)
    yield str(instruction.line), verdict.role, masked(what), _why(verdict.reasons)
    for command in verdict.commands:
        yield from _command_rows(command)


def _command_rows(verdict: CommandVerdict) -> Iterator[_Row]:
    yield "", verdict.role, "  " + masked(verdict.text), _why(verdict.reasons)
    for package in verdict.packages:
        counterpart = " ".join(package.counterparts)
        name = f"{package.name} → {counterpart}" if counterpart else package.name
        yield "", package.role, "    " + name, _why(package.reasons)


def _why(reasons: tuple[Reason, ...]) -> str:
    return "\n".join(f"{reason.code} {shown(reason.text)}" for reason in reasons)


def _table(rows: Iterable[_Row], width: int, paint: Paint) -> str:
    left = 4 + 2 + 7 + 2
    if width < _NARROW:
        return "".join(f"{line}\n" for row in rows for line in _narrow_row(row, width, paint))
    what_width = max((width - left - 2) * 9 // 20, 20)
    why_width = max(width - left - 2 - what_width, 20)
    lines = [paint(f"{'Line':>4}  {'Role':7}  {'What':{what_width}}  Why", "bold")]
    for line, role, what, why in rows:
        indent = len(what) - len(what.lstrip())
        whats = _clipped(" ".join(what.split()), indent, what_width)
        whys = [part for reason in why.split("\n") for part in _wrap(reason, why_width)]
        for index in range(max(len(whats), len(whys))):
            first = index == 0
            role_cell = paint(f"{role:7}", _ROLE_COLOUR[role]) if first else " " * 7
            what_cell = whats[index] if index < len(whats) else ""
            why_cell = whys[index] if index < len(whys) else ""
            cells = f"{line if first else '':>4}  {role_cell}  {what_cell:{what_width}}  {why_cell}"
            lines.append(cells.rstrip())
    return "\n".join(lines) + "\n"


def _narrow_row(row: _Row, width: int, paint: Paint) -> Iterator[str]:
    """A row whose reasons are below what they are about."""
    line, role, what, why = row
    indent = len(what) - len(what.lstrip())
    whats = _clipped(" ".join(what.split()), indent, width - 15)
    yield f"{line:>4}  {paint(f'{role:7}', _ROLE_COLOUR[role])}  {whats[0]}"
    yield from (" " * 15 + text for text in whats[1:])
    for reason in why.split("\n") if why else ():
        yield from hanging(" " * (17 + indent), " " * (17 + indent), reason, width)


def _clipped(text: str, indent: int, width: int) -> list[str]:
    """`text` wrapped to `width` in at most _TEXT_LINES lines, indented by `indent` and shortened with …"""
    lines = _wrap(text, width - indent - 2)
    if len(lines) > _TEXT_LINES:
        lines = [*lines[: _TEXT_LINES - 1], lines[_TEXT_LINES - 1][: width - indent - 4] + " …"]
    return [" " * indent + (line if index == 0 else "  " + line) for index, line in enumerate(lines)]


def _wrap(text: str, width: int) -> list[str]:
    # a Dockerfile may contain terminal escape sequences
    return textwrap.wrap(printable(" ".join(text.split())), width, break_on_hyphens=False) or [""]
