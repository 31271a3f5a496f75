"""Compares the HTTP answers of both images.

Answers that differ are requested again: from a second run of the original, from both images side by side
until they settle, and from a second build of the original.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from msgspec import Struct

from slimify.verify import steady_answers, web
from slimify.verify.behaviour_check import behaviour_check
from slimify.verify.model import Check
from slimify.verify.observation import Observation
from slimify.verify.probes import Probe
from slimify.verify.reruns import Reruns
from slimify.verify.steady_answers import AnswerHistories
from slimify.verify.web import Answer

ANSWERS = "SL541"

_VOLATILE = "equal except for values that change on every run"


class _Comparison(Struct, frozen=True, kw_only=True):
    """How the answers to one request differ (`wrong`, "" if they don't), and what was answered."""

    wrong: str = ""
    detail: str = ""
    old: Answer | None = None
    new: Answer | None = None  # None if another answer of the original can't explain the difference


class AnswerComparison(Struct, frozen=True):
    """The answers of both images, and ways to look into a difference, each slower than the one before.

    `settled` asks both images until their answers settle.
    """

    before: Observation
    after: Observation
    probe: Probe
    reruns: Reruns
    settled: Callable[[], AnswerHistories | None]

    def checks(self) -> Iterator[Check]:
        """One check for each request."""
        first = {name: self._at_once(name) for name in self.before.answers}
        courses = self.settled() if any(found.wrong for found in first.values()) else None
        rest = courses[0].answers[-1] if courses else {}
        for name in dict.fromkeys((*first, *rest)):
            found = first.get(name, _Comparison())
            if courses and name in rest:
                found = self._at_rest(name, found, courses)
            elif courses and self._led(name):
                found = _Comparison(detail="no page of the settled original links to it")
            if found.wrong and found.old and found.new:
                found = self._against(name, self.reruns.rebuilt_run.answers.get(name), found)
            yield self._check(name, found)
        if not courses:
            yield from self._led_astray(self.before.answers, self.after.answers)
        else:
            yield from self._led_astray(rest, courses[1].answers[-1])

    def _led_astray(self, before: Mapping[str, Answer], after: Mapping[str, Answer]) -> Iterator[Check]:
        """Paths that only the rewritten image's pages link to and that fail, provided that every link of the
        original's pages works."""
        if any(_failed(answer) for name, answer in before.items() if self._led(name)):
            return
        for name, answer in after.items():
            if name not in before and self._led(name) and _failed(answer):
                text = f"{name}, which a page of the rewritten image links to: {web.describe(answer)}"
                yield behaviour_check(name, ANSWERS, text, "", self.probe)

    def _at_once(self, name: str) -> _Comparison:
        """Compares the first answers."""
        old, new = self.before.answers[name], self.after.answers.get(name)
        found = self._compared(name, old, new)
        if found.new:
            return self._against(name, self.reruns.second_run.answers.get(name), found)
        return found

    def _at_rest(self, name: str, first: _Comparison, courses: AnswerHistories) -> _Comparison:
        request, own = steady_answers.request_named(name, self.probe), self.probe.mask
        before, after = (course.answers_to(name) for course in courses)
        found = self._compared(name, before[-1], courses[1].answers[-1].get(name))
        if found.new and steady_answers.alternates(request, before, after, own):
            return _Comparison(detail="alternates between the same answers in both images")
        if who := steady_answers.unsteady_images(request, before, after, own):
            wrong = found.wrong or first.wrong
            return _Comparison(wrong=wrong and f"{wrong}; when asked repeatedly, {who} kept changing")
        if found.new:
            found = self._against(name, before[-2], found)
        if first.wrong and not found.wrong:
            return _Comparison(detail=f"{found.detail}; at first, before it settled: {first.wrong}")
        return found

    def _compared(self, name: str, old: Answer, new: Answer | None) -> _Comparison:
        if new is None:
            if self._led(name):
                # if the page differs in more than a name, its own check says so
                return _Comparison(detail="the page of the rewritten image links elsewhere")
            return _Comparison(wrong=f"no answer, the original answers {old.status}", old=old)
        request = steady_answers.request_named(name, self.probe)
        unmet = web.unmet_demand(request, new)
        wrong = unmet or web.difference(request, old, new, self.probe.mask)
        explicable = wrong and not unmet and old.status == new.status
        return _Comparison(wrong=wrong, detail=web.describe(old), old=old, new=new if explicable else None)

    def _against(self, name: str, third: Answer | None, found: _Comparison) -> _Comparison:
        """Drops a difference if `third`, another answer of the original, differs in the same words."""
        request = steady_answers.request_named(name, self.probe)
        if third is None or found.old is None or found.new is None:
            return found
        if not web.same_but_volatile(request, found.old, third, found.new, self.probe.mask):
            return found
        return _Comparison(detail=f"{found.old.status}, {_VOLATILE}")

    def _led(self, name: str) -> bool:
        """Whether the request comes from a link, not from the user or the port."""
        return not self.probe.http and name.split()[1] != "/"

    def _check(self, name: str, found: _Comparison) -> Check:
        unmet = (
            web.unmet_demand(steady_answers.request_named(name, self.probe), found.old) if found.old else ""
        )
        wrong = found.wrong + (f" (the original: {unmet})" if unmet else "")
        text = f"{name}: {wrong}" if found.wrong else ""
        return behaviour_check(name, ANSWERS, text, found.detail, self.probe, original=bool(unmet))


def _failed(answer: Answer) -> bool:
    return answer.status is None or answer.status >= HTTPStatus.BAD_REQUEST
