"""Text of RUN that a shell reads otherwise, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slimify.model.dockerfile import Instruction

from .kinds import Change, kind
from .subject import Subject, with_command


@kind("run-does-not-parse", "the shell reports a syntax error")
def run_does_not_parse(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for run in s.runs(stage):
            if run.heredocs:
                continue
            raw = run.raw.rstrip("\r\n")
            yield (
                "`; &&`",
                s.replaced(run, re.sub(r"\s*\\?\s*&&", "; &&", raw, count=1))
                if ("&&" in raw)
                else s.replaced(run, raw + "; && true"),
            )
            yield "ends in &&", s.replaced(run, raw + " &&")
            for quote, other in ("\"'", "'\""):
                if quote in raw and other not in raw:
                    yield f"without a {quote}", s.replaced(run, raw.replace(quote, "", 1))
            yield "with a (", s.replaced(run, raw + " && (true")


@kind("continuation-lost", "the rest of a command is read as an instruction")
def continuation_lost(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for x in stage:
            if not x.heredocs and "\\\n" in x.raw:
                yield x.value[:50], s.replaced(x, x.raw.replace("\\\n", "\n", 1))


@kind("failure-ignored", "`;` in place of `&&`: the build goes on after a failure")
def failure_ignored(s: Subject) -> Iterator[Change]:
    yield from _operators(s, "&&", ";")


@kind("failure-added", "`&&` in place of `;`: the build stops where it went on")
def failure_added(s: Subject) -> Iterator[Change]:
    yield from _operators(s, ";", "&&")


def _operators(s: Subject, old: str, new: str) -> Iterator[Change]:
    for stage in s.stages:
        for run, number, part in s.commands(stage):
            stops = new == ";" and _stops_at_failures(stage, run)  # whatever joins the commands
            if number and part.operator == old and not run.heredocs and not stops:
                parts = [(p.operator, p.text) for p in s.parts(run)]
                # what cleans up may fail; what comes in front of it may not
                parts[number] = (new, part.text)
                yield f"{new} {part.text[:50]}", s.with_parts(run, parts)


def _stops_at_failures(stage: list[Instruction], run: Instruction) -> bool:
    """Whether the shell of a RUN has the option -e."""
    shells = [x.value for x in stage[: stage.index(run)] if x.keyword == "SHELL"]
    return bool(shells) and re.search(r'"-\w*e\w*"', shells[-1]) is not None


@kind("option-of-another-program", "a program gets an option that it does not take")
def option_of_another_program(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for run, number, part in s.commands(stage):
            if run.heredocs:
                continue
            if re.match(
                r"(?:make|go build|go install|apt-get install|apk add|useradd|mkdir|tar)\b", part.text
            ):
                yield (
                    f"--no-cache-dir for {part.text[:40]}",
                    with_command(s, run, number, part.text + " --no-cache-dir --no-cache-dir"),
                )
            if re.match(r"(?:\S*/)?pip3?\s+install\b", part.text):
                yield (
                    f"--omit=dev for {part.text[:40]}",
                    with_command(s, run, number, part.text + " --omit=dev"),
                )
