"""Asks which hunks of a rewrite to apply, as `git add -p` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from slimify.cli import terminal

if TYPE_CHECKING:
    from slimify import Hunk, Outcome

_HELP = """\
y - apply this hunk
n - do not apply this hunk
a - apply this hunk and all later ones of the file
d - apply neither this hunk nor any later one of the file
k - go back to the previous hunk
q - quit: apply nothing of this file and of later ones
? - print this help
"""
_AROUND = 3  # lines that are shown above a hunk


class QuitError(Exception):
    """The user wants to stop."""


def chosen_hunks(outcome: Outcome, hunks: Sequence[Hunk]) -> list[bool]:
    """Whether to apply each hunk. Raises QuitError."""
    answers: list[bool] = []
    while (number := len(answers)) < len(hunks):
        _show(outcome, hunks[number])
        answer = _ask(f"({number + 1}/{len(hunks)}) Apply this hunk [y,n,a,d,k,q,?]? ")
        if answer in ("y", "n"):
            answers.append(answer == "y")
        elif answer in ("a", "d"):
            answers += [answer == "a"] * (len(hunks) - number)
        elif answer == "k":
            answers = answers[:-1]
        elif answer == "q":
            raise QuitError
        else:
            terminal.write_report(_HELP)
    return answers


def wants_ignore_file(outcome: Outcome) -> bool:
    """Whether to write the ignore file. Raises QuitError."""
    from slimify.report import diff, text

    style = terminal.style(sys.stdout)
    about = [d for d in outcome.decisions if d.code == "SL345"]
    terminal.write_report("\n" + diff.colour(diff.ignore_diff(outcome), style["paint"]))
    terminal.write_report("".join(f"{line}\n" for line in text.decisions(about, **style)))
    path = outcome.ignore.path if outcome.ignore else ""
    while (answer := _ask(f"Write {path} as well [y,n,q,?]? ")) not in ("y", "n"):
        if answer == "q":
            raise QuitError
        terminal.write_report("y - write it\nn - do not write it\nq - quit: apply nothing of this file\n")
    return answer == "y"


def _ask(question: str) -> str:
    """The first letter of the answer; the end of the input is a wish to quit."""
    terminal.write_report(terminal.painter(sys.stdout)(question, "bold"))
    sys.stdout.flush()
    line = sys.stdin.readline()
    return line.strip().lower()[:1] if line else "q"


def _show(outcome: Outcome, hunk: Hunk) -> None:
    """Prints a hunk with the lines above it, and the reasons for it."""
    from slimify.report import diff, text

    style = terminal.style(sys.stdout)
    above = diff.lines_of(outcome.before)[max(hunk.line - 1 - _AROUND, 0) : hunk.line - 1]
    marked = ((" ", above), ("-", hunk.before), ("+", hunk.after))
    lines = "".join(f"{mark}{line}" for mark, part in marked for line in part)
    lines = lines if lines.endswith("\n") else f"{lines}\n"
    head = f"@@ {text.name_of(outcome.file)}:{hunk.line} @@\n"
    terminal.write_report("\n" + diff.colour(head + lines, style["paint"]))
    terminal.write_report("".join(f"{line}\n" for line in text.decisions(hunk.decisions, **style)))
