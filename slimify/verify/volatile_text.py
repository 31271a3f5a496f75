"""Masks what changes between two runs of the same program, so that answers and logs can be compared."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache

from slimify.config.files import invalid
from slimify.facts import load
from slimify.facts.language_files import all_files
from slimify.model.regex import regex
from slimify.render.limits import limited

_MAX_TEXT = 100_000_000  # bytes of a text that patterns of the settings mask

# Durations, sizes, process ids: ignored only if another run of the same program printed other numbers.
_NUMBERS = regex(r"\d+(?:[.,]\d+)*(?: ?(?:ns|[µμ]s|us|ms|s|sec|secs|seconds)\b)?")

# Process ids, masked in logs only: a worker's id depends on what was forked before it. Examples: gunicorn's
# `[time] [7] [INFO] … pid: 7`, uvicorn's `process [7]`.
_PROCESS = regex(r"(?im)(\b(?:pid|process)(?: id)?\b[:=]? ?[\[(]?)\d+|((?:^|\] )\[)\d+(?=\] \[?[A-Z]+\b)")


def masked(text: str, own: Collection[str] = ()) -> str:
    """`text` (a body, output or log) with volatile parts replaced. `own` are patterns of the settings. Raises
    SlimifyError if they take too long."""
    if own:
        text = _without(own, text)
    volatile, announced = _volatile_patterns()
    for compiled, stand_in in volatile:
        text = compiled.sub(stand_in, text)
    return announced.sub("", text)


def _without(own: Collection[str], text: str) -> str:
    def replaced() -> str:
        found = text
        for pattern in own:
            found = re.sub(pattern, "<masked>", found)
        return found

    try:
        return limited(replaced, most=_MAX_TEXT)
    except ValueError as error:
        raise invalid(
            f'"mask" of the probes: {error}', hint="write patterns without nested repetitions"
        ) from None


@cache
def _volatile_patterns() -> tuple[tuple[tuple[re.Pattern[str], str], ...], re.Pattern[str]]:
    """Replacements for paths of packages and interpreters and for what changes, and the pattern of update
    notices that package managers print."""
    places = ((same.pattern, same.stand_in) for one in all_files() for same in one.same)
    masks = (*places, *load("messages.toml")["volatile"]["masks"])
    notices = "|".join(pattern for one in all_files() for pattern in one.announced)
    volatile = tuple((re.compile(pattern), stand_in) for pattern, stand_in in masks)
    return volatile, re.compile(rf"^\W{{0,12}}(?:{notices}).*(?:\n|\Z)", re.MULTILINE)


def log_shape(text: str, own: Collection[str] = ()) -> frozenset[str]:
    """The set of a log's masked lines. Order and repetitions don't count: threads, processes and retries
    interleave lines differently every time."""
    text = _PROCESS.sub(r"\1\2<pid>", masked(text, own))
    found = (" ".join(line.split()) for line in text.splitlines())
    return frozenset(line for line in found if line)


def without_numbers(line: str) -> str:
    """A line with every number replaced by `#`."""
    return _NUMBERS.sub("#", line)


def differing_lines(
    before: frozenset[str], after: frozenset[str], *others: frozenset[str]
) -> tuple[str, ...]:
    """The lines that only one of two logs has, prefixed with `-` or `+`.

    `others` are logs of further runs of the original. A line that is missing in one of them proves nothing.
    Of a line whose numbers vary, the numbers that all runs share must appear again.
    """
    runs = (before, *others)
    steady = frozenset.intersection(*runs)
    shapes = [{without_numbers(line) for line in run} for run in runs]
    moving = {without_numbers(line) for line in frozenset.union(*runs) - steady}
    there = {without_numbers(line) for line in after}
    gone = {line for line in steady - after if without_numbers(line) not in moving & there}
    lost = set.intersection(*shapes) & moving - there
    gone |= {min(line for line in before if without_numbers(line) == shape) for shape in lost}
    new = (line for line in after.difference(*runs) if not _is_expected(line, runs))
    return (*(f"- {line}" for line in sorted(gone)), *(f"+ {line}" for line in sorted(new)))


def _is_expected(line: str, runs: Iterable[frozenset[str]]) -> bool:
    """Whether the runs have a line of this shape whose numbers vary where they differ from this line's.
    Durations may always differ."""
    shape, values = without_numbers(line), _NUMBERS.findall(line)
    found = [[_NUMBERS.findall(other) for other in run if without_numbers(other) == shape] for run in runs]
    if not all(found):
        return any(found)  # not every run prints it
    for place, value in enumerate(values):
        seen = [{numbers[place] for numbers in run} for run in found]
        if value[-1].isdigit() and value not in set.union(*seen) and all(x == seen[0] for x in seen):
            return False
    return True
