"""Runs both images side by side and asks them until their answers settle.

The answers of a program that is still starting change over time, and the two images were first asked at
different times after their start. Differences that remain are reported, answers that never settle, too.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from slimify.engine.containers import Engine
from slimify.engine.model import EngineProblem
from slimify.verify import run_container, volatile_text, web
from slimify.verify.observation import Observation
from slimify.verify.probes import Probe, Request
from slimify.verify.web import Answer

_INTERVAL = 2.0  # seconds between two requests
_STEADY = 3  # equal answers in a row to count as settled
_STEADY_DIFFERENCE = 6  # the same, if the two images differ


class AnswerHistory(Struct, frozen=True, kw_only=True):
    """All answers of one image over time, and its log at each time."""

    answers: tuple[Mapping[str, Answer], ...]
    logs: tuple[str, ...]

    @property
    def log(self) -> str:
        """The last log."""
        return self.logs[-1]

    def answers_to(self, name: str) -> tuple[Answer, ...]:
        """The answers to one request over time."""
        return tuple(found[name] for found in self.answers if name in found)


AnswerHistories = tuple[AnswerHistory, AnswerHistory]  # the original's, the rewritten image's


def watch_until_steady(
    engine: Engine,
    images: tuple[str, str],
    first: tuple[Observation, Observation],
    asked: tuple[int, ...],
    probe: Probe,
) -> AnswerHistories | None:
    """Starts both images and asks them until their answers settle.

    They are asked three times at least, and for the probe's time limit at most. `first` are their earlier
    observations: the images only count as equal once both have given the answers that differed. None if one
    of them ends, or if both can't run side by side.
    """
    if any(one.problem or one.exit_code is not None for one in first):
        return None
    with contextlib.ExitStack() as stack:
        try:
            both = [
                stack.enter_context(run_container.running(engine, image, asked, probe)) for image in images
            ]
        except EngineProblem as problem:
            if problem.kind != "run":
                raise
            return None
        answers: tuple[list[Mapping[str, Answer]], ...] = ([], [])
        logs: tuple[list[str], ...] = ([], [])
        end = time.monotonic() + probe.seconds
        while True:
            for one, heard, said in zip(both, answers, logs, strict=True):
                heard.append(run_container.ask(engine, one, asked, probe))
                said.append(engine.logs(one.container))
            if not all(engine.state(one.container).running for one in both):
                return None
            before, after = (
                AnswerHistory(answers=tuple(x), logs=tuple(y)) for x, y in zip(answers, logs, strict=True)
            )
            enough = len(before.answers) >= _STEADY and time.monotonic() > end
            if enough or _both_steady(before, after, first, probe):
                return before, after
            time.sleep(_INTERVAL)


def request_named(name: str, probe: Probe) -> Request:
    """The user's request of that name, else a plain one."""
    return next((one for one in probe.http if one.name == name), Request(path="/"))


def unsteady_images(
    one: Request, before: Sequence[Answer], after: Sequence[Answer], own: Collection[str]
) -> str:
    """The image whose answers never settled ("both images", "the original", "the rewritten image"), or ""."""
    original, rewritten = (not answers_steady(one, course[-_STEADY:], own) for course in (before, after))
    if original and rewritten:
        return "both images"
    return "the original" if original else "the rewritten image" if rewritten else ""


def alternates(one: Request, before: Sequence[Answer], after: Sequence[Answer], own: Collection[str]) -> bool:
    """Whether both images alternate between the same answers. More than one change is not a start-up
    effect."""
    for here, there in ((before, after), (after, before)):
        if sum(bool(web.difference(one, a, b, own)) for a, b in pairwise(here)) < 2:
            return False
        if not all(any(not web.difference(one, a, b, own) for b in there) for a in here):
            return False
    return True


def answers_steady(one: Request, answers: Sequence[Answer], own: Collection[str]) -> bool:
    """Whether the answers are equal except for words that change every time."""
    if len(answers) < _STEADY:
        return False
    if all(not web.difference(one, a, b, own) for a, b in pairwise(answers)):
        return True
    return all(
        web.same_but_volatile(one, answers[i], answers[i - 1], answers[i - 2], own)
        for i in range(len(answers))
    )


def _both_steady(
    before: AnswerHistory, after: AnswerHistory, first: tuple[Observation, Observation], probe: Probe
) -> bool:
    """Whether both settled: briefly if they are equal, for longer if they differ."""
    if not (_is_steady(before, probe, _STEADY) and _is_steady(after, probe, _STEADY)):
        return False
    alike = before.answers[-1].keys() == after.answers[-1].keys() and all(
        _same_answers(request_named(name, probe), before.answers_to(name), after.answers_to(name), probe.mask)
        for name in before.answers[-1]
    )
    if alike:
        return _differences_repeated(before, after, first, probe)
    return _is_steady(before, probe, _STEADY_DIFFERENCE) and _is_steady(after, probe, _STEADY_DIFFERENCE)


def _differences_repeated(
    before: AnswerHistory, after: AnswerHistory, first: tuple[Observation, Observation], probe: Probe
) -> bool:
    """Whether both images have given the answers again in which they differed at first."""
    old, new = (one.answers for one in first)
    for name in old.keys() & new.keys():
        one = request_named(name, probe)
        if not web.difference(one, old[name], new[name], probe.mask):
            continue
        for answer, course in ((old[name], before), (new[name], after)):
            if all(web.difference(one, answer, other, probe.mask) for other in course.answers_to(name)):
                return False
    return True


def _is_steady(course: AnswerHistory, probe: Probe, times: int) -> bool:
    if len(course.answers) < times:
        return False
    if len({volatile_text.log_shape(log, probe.mask) for log in course.logs[-times:]}) > 1:
        return False
    last = course.answers[-times:]
    return all(found.keys() == last[0].keys() for found in last) and all(
        answers_steady(request_named(name, probe), [found[name] for found in last], probe.mask)
        for name in last[0]
    )


def _same_answers(
    one: Request, before: Sequence[Answer], after: Sequence[Answer], own: Collection[str]
) -> bool:
    old, new = before[-1], after[-1]
    return not web.difference(one, old, new, own) or web.same_but_volatile(one, old, before[-2], new, own)
