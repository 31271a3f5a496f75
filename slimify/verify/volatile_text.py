"""What changes from one run of the same program to the next, taken out before answers are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from slimify.facts.language_files import all_files

# Every row: what it looks like, what stands in its place. The first ones are the longest. A zone stays: one
# that the other image does not know makes it another one, and that is no matter of the moment.
_VOLATILE = (
    (r"\x1b\[[0-9;]*[A-Za-z]", ""),  # colours
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[ ]?[+-]00:?00)?", "<time>"),
    (r"\d{1,2}/[A-Z][a-z]{2}/\d{4}[: ]\d\d:\d\d:\d\d(?: [+-]0000)?", "<time>"),
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?", "<time>"),
    (
        r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,? )?(?:\d{1,2} )?"
        r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?[ /-]\d{1,4},?"
        r"(?:[ /-]\d{4})?(?:[ :]?\d\d:\d\d:\d\d)?(?: (?:GMT|UTC|[+-]0000))?",
        "<time>",
    ),
    (r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
    (r"\b\d{4}-\d\d-\d\d\b", "<date>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
    (r"\b0x[0-9a-fA-F]+\b", "<address>"),
    (r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,}\b", "<id>"),
    # ports that the kernel chooses (ip_local_port_range); any other one is the program's own choice
    (r"\b(?:127\.0\.0\.1|localhost):(?:3[2-9]|[45]\d|6[0-5])\d{3}\b", "<here>"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}:(?:3[2-9]|[45]\d|6[0-5])\d{3}\b", "<address>"),
    (r"\b(?:10|172|192|169)(?:\.\d{1,3}){3}\b", "<address>"),
)

# Durations, sizes, process ids: only where the same program was seen to print others the next time.
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*(?: ?(?:ns|[µμ]s|us|ms|s|sec|secs|seconds)\b)?")

_MASKS = tuple((re.compile(pattern), stand_in) for pattern, stand_in in _VOLATILE)


# Process ids, in logs alone: which one a worker gets depends on what was forked before it (a look for a
# compiler that is not there any more, say). gunicorn's `[time] [7] [INFO] … pid: 7`, uvicorn's `process [7]`.
_PROCESS = re.compile(
    r"(?im)(\b(?:pid|process)(?: id)?\b[:=]? ?[\[(]?)\d+|((?:^|\] )\[)\d+(?=\] \[?[A-Z]+\b)"
)


def masked(text: str, own: Iterable[str] = ()) -> str:
    """The body of an answer, the output of a command or a log without what is volatile by its nature.

    `own` are the user's further patterns.
    """
    for pattern in own:
        text = re.sub(pattern, "<masked>", text)
    places, announced = _language_patterns()
    for compiled, stand_in in (*places, *_MASKS):
        text = compiled.sub(stand_in, text)
    return announced.sub("", text)


@cache
def _language_patterns() -> tuple[tuple[tuple[re.Pattern[str], str], ...], re.Pattern[str]]:
    """What stands for the places of packages and interpreters, and the lines in which package managers
    announce something about themselves."""
    places = tuple((re.compile(same.pattern), same.stand_in) for one in all_files() for same in one.same)
    told = "|".join(pattern for one in all_files() for pattern in one.announced)
    return places, re.compile(rf"^\W{{0,12}}(?:{told}).*(?:\n|\Z)", re.MULTILINE)


def log_shape(text: str, own: Iterable[str] = ()) -> frozenset[str]:
    """The shape of a log: its masked lines. Order and number of repetitions are no part of it,
    since threads, processes and retries mix lines differently every time."""
    text = _PROCESS.sub(r"\1\2<pid>", masked(text, own))
    found = (" ".join(line.split()) for line in text.splitlines())
    return frozenset(line for line in found if line)


def without_numbers(line: str) -> str:
    """A line with all its numbers alike."""
    return _NUMBERS.sub("#", line)


def differing_lines(
    before: frozenset[str], after: frozenset[str], *others: frozenset[str]
) -> tuple[str, ...]:
    """The lines that one log has and the other has not, `-` or `+` in front.

    `others` are the logs of further runs of the original: a line that came out with other numbers
    there, or did not come at all, proves nothing; of a line with other numbers, each number that was
    the same in all of them has to be there again.
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
    """Whether a line has the shape of others, and only such numbers of its own as differ among the runs, or
    tell how long something took."""
    shape, values = without_numbers(line), _NUMBERS.findall(line)
    found = [[_NUMBERS.findall(other) for other in run if without_numbers(other) == shape] for run in runs]
    if not all(found):
        return any(found)  # it comes at times
    for place, value in enumerate(values):
        seen = [{numbers[place] for numbers in run} for run in found]
        if value[-1].isdigit() and value not in set.union(*seen) and all(x == seen[0] for x in seen):
            return False
    return True
