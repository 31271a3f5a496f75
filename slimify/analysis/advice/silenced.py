"""`# slimify: ignore SL204 reason`: findings that a comment in the Dockerfile suppresses.

A comment above an instruction applies to that instruction, one above FROM to the whole file. A suppressed
finding is neither reported, nor acted on, nor counted for the exit code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from slimify.model.decisions import Decision
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.outcome import Outcome, Refused, Unchanged
from slimify.model.regex import regex

_COMMENT = regex(r"#\s*slimify:\s*ignore\b[ \t]*(?P<rest>.*)", re.IGNORECASE)
_CODE_LIST = regex(r"SL\d{3}(?:\s*,\s*SL\d{3})*(?!\w)", re.IGNORECASE)


class Silenced(Struct, frozen=True, kw_only=True):
    """Suppressed codes: in the whole file, and by line.

    `remarks` list comments that could not be parsed.
    """

    everywhere: frozenset[str] = frozenset()
    at: Mapping[int, frozenset[str]]
    remarks: tuple[str, ...] = ()

    def covers(self, decision: Decision) -> bool:
        """Whether a decision is silenced."""
        return decision.code in self.everywhere | self.at.get(decision.line or 0, frozenset())


def silenced(file: Dockerfile) -> Silenced:
    """The codes that the comments of a file suppress."""
    everywhere: set[str] = set()
    at: dict[int, frozenset[str]] = {}
    remarks: list[str] = []
    pending: set[str] = set()
    above = True
    for node in file.nodes:
        comment = _COMMENT.search(node.raw) if node.kind == "comment" else None
        if comment is not None:
            codes, remark = _named_codes(comment["rest"].strip())
            pending |= codes
            remarks += [f"line {node.line}: {remark}"] if remark else []
        elif isinstance(node, Instruction):
            if above:
                everywhere |= pending
            elif pending:
                at |= dict.fromkeys(range(node.line, node.end_line + 1), frozenset(pending))
            pending = set()
            above = above and node.keyword == "ARG"
    return Silenced(everywhere=frozenset(everywhere), at=at, remarks=tuple(remarks))


def _named_codes(rest: str) -> tuple[set[str], str]:
    """The codes that a comment names, and what is wrong with it. No codes: the whole file."""
    if not rest:
        return set(), ""
    named = _CODE_LIST.match(rest)
    if named is None:
        return set(), "`# slimify: ignore` is followed by neither a code nor the end of the line"
    codes = {code.upper() for code in re.split(r"\s*,\s*", named[0])}
    from slimify.codes import meaning

    unknown = ", ".join(code for code in sorted(codes) if meaning(code) is None)
    return codes, f"{unknown} is no code of slimify" if unknown else ""


def without_silenced(outcome: Outcome, file: Dockerfile) -> Outcome:
    """The outcome without suppressed decisions. A refusal without remaining reasons becomes `Unchanged`."""
    found = silenced(file)
    left = tuple(d for d in outcome.decisions if not found.covers(d))
    stated = any(d.safety != "advice" for d in left)
    if isinstance(outcome, Refused) and not stated:
        outcome = outcome.become(Unchanged)
    return replace(outcome, decisions=left, warnings=(*outcome.warnings, *found.remarks))
