"""`--builder`: syntax of the file that the chosen builder does not support."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.analysis.program import Program
from slimify.facts.builders import Feature, can, title
from slimify.model.decisions import Decision
from slimify.model.dockerfile import Instruction
from slimify.model.regex import regex

_MODE_IN_WORDS = regex(r"[ugoa]*[-+=][ugoarwxXst,=+-]*")


def unsupported_syntax(program: Program, builder: str) -> tuple[Decision, ...]:
    """One piece of advice per line: the rewrite leaves the user's own instructions unchanged."""
    used = ((s.line, feature, what) for s in program.steps for feature, what in _features(s.instruction))
    unknown = ((line, what) for line, feature, what in used if not can(builder, feature))
    of = title(builder)
    return tuple(Decision.of("SL337", "unsupported", line=n, syntax=what, builder=of) for n, what in unknown)


def _features(instruction: Instruction) -> Iterator[tuple[Feature, str]]:
    keyword = instruction.keyword
    if instruction.heredocs:
        yield "heredocs", f"heredocs in {keyword}"
    for flag in instruction.flags:
        if keyword == "RUN" and flag.name == "mount":
            yield "mounts", "RUN --mount"
        elif keyword == "RUN" and flag.name in ("network", "security"):
            yield "run_flags", f"RUN --{flag.name}"
        elif keyword in ("COPY", "ADD") and flag.name == "chmod":
            if _MODE_IN_WORDS.fullmatch(flag.value or ""):
                yield "chmod_words", f"{keyword} --chmod={flag.value}"
            else:
                yield "chmod", f"{keyword} --chmod"
