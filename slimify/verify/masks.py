"""What changes from one run of the same program to the next, taken out before answers are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Every row: what it looks like, what stands in its place. The first ones are the longest.
_VOLATILE = (
    (r"\x1b\[[0-9;]*[A-Za-z]", ""),  # colours
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[ ]?[+-]\d\d:?\d\d)?", "<time>"),
    (r"\d{1,2}/[A-Z][a-z]{2}/\d{4}[: ]\d\d:\d\d:\d\d(?: [+-]\d{4})?", "<time>"),
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?", "<time>"),
    (
        r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,? )?(?:\d{1,2} )?"
        r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?[ /-]\d{1,4},?"
        r"(?:[ /-]\d{4})?(?:[ :]?\d\d:\d\d:\d\d)?(?: (?:GMT|UTC|[+-]\d{4}))?",
        "<time>",
    ),
    (r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
    (r"\b\d{4}-\d\d-\d\d\b", "<date>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
    (r"\b0x[0-9a-fA-F]+\b", "<address>"),
    (r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,}\b", "<id>"),
    (r"\b(?:127\.0\.0\.1|localhost):\d{4,5}\b", "<here>"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}:\d{4,5}\b", "<address>"),
    (r"\b(?:10|172|192|169)(?:\.\d{1,3}){3}\b", "<address>"),
)

# Durations, sizes, process ids: only where the same program was seen to print others the next time.
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*(?: ?(?:ns|[µμ]s|us|ms|s|sec|secs|seconds)\b)?")

# What package managers announce about themselves when it has been a while and they reached the network.
_ANNOUNCED = re.compile(
    r"^\W{0,12}(?:npm (?:notice|warn (?:config|exec|deprecated))\b"
    r"|\[?notice\] (?:A new release of pip|To update)|Update available!"
    r"|Browserslist: caniuse-lite is outdated|! Corepack is about to download).*(?:\n|\Z)",
    re.MULTILINE,
)

# The same Python packages at another place are the same.
_PLACES = (
    (
        r"(?:/usr(?:/local)?|/opt/venv|/venv|/app/\.?venv|/root/\.local)/lib/python3(?:\.\d+)?"
        r"/(?:site|dist)-packages",
        "<site-packages>",
    ),
    (r"(?:/usr/local/bin|/usr/bin|/opt/venv/bin|/venv/bin)/(?=(?:python|node|go)\b)", ""),
)

_MASKS = tuple((re.compile(pattern), stand_in) for pattern, stand_in in (*_PLACES, *_VOLATILE))


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
    for compiled, stand_in in _MASKS:
        text = compiled.sub(stand_in, text)
    return _ANNOUNCED.sub("", text)


def lines(text: str, own: Iterable[str] = ()) -> frozenset[str]:
    """The shape of a log: its masked lines. Order and number of repetitions are no part of it,
    since threads, processes and retries mix lines differently every time."""
    text = _PROCESS.sub(r"\1\2<pid>", masked(text, own))
    found = (" ".join(line.split()) for line in text.splitlines())
    return frozenset(line for line in found if line)


def unnumbered(line: str) -> str:
    """A line with all its numbers alike."""
    return _NUMBERS.sub("#", line)


def differing(before: frozenset[str], after: frozenset[str], *others: frozenset[str]) -> tuple[str, ...]:
    """The lines that one log has and the other has not, `-` or `+` in front.

    `others` are the logs of further runs of the original: a line that came out with other numbers
    there, or did not come at all, proves nothing.
    """
    every = before.union(*others)
    steady = before.intersection(*others)
    moving = {unnumbered(line) for line in every - steady}
    gone = (line for line in steady - after if unnumbered(line) not in moving)
    new = (line for line in after - every if unnumbered(line) not in moving)
    return (*(f"- {line}" for line in sorted(gone)), *(f"+ {line}" for line in sorted(new)))
