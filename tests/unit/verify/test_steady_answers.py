"""Two images that are asked until they are at rest: engines and clocks are made up, answers are scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from slimify.engine.containers import Engine
from slimify.engine.model import EngineProblem, RunOptions, State
from slimify.verify import behaviour, run_container, steady_answers, web
from slimify.verify.model import Check
from slimify.verify.observation import Observation
from slimify.verify.probes import Probe, Request
from slimify.verify.reruns import Reruns
from slimify.verify.web import Answer

ORIGINAL, REWRITTEN = "original", "rewritten"


def page(body: str, status: int = 200) -> Answer:
    return Answer(status=status, kind="text/html", body=body.encode())


OLD, NEW, GONE, WAIT = page("<p>old"), page("<p>new"), page("nothing", 404), page("wait", 503)
Script = tuple[Answer, ...]


@dataclass
class Pair:
    """Both images: what each answers from one question to the next, and what it has printed by then."""

    scripts: dict[str, Sequence[Answer]]
    printed: dict[str, Sequence[str]] = field(default_factory=dict)
    ends: bool = False
    refused: bool = False
    asked: dict[str, int] = field(default_factory=lambda: {ORIGINAL: 0, REWRITTEN: 0})
    now: float = 0

    def start(self, image: str, options: RunOptions) -> str:
        if self.refused and image == REWRITTEN:
            raise EngineProblem("run", "the port is taken")
        return image

    def state(self, container: str) -> State:
        ended = self.ends and self.asked[container] > 1
        return State(running=not ended, exit_code=1 if ended else None)

    def address(self, container: str, port: int) -> tuple[str, int]:
        return container, port

    def logs(self, container: str) -> str:
        texts = self.printed.get(container, ("",))
        return texts[min(self.asked[container], len(texts)) - 1]

    def remove(self, container: str) -> None:
        """It was never there."""

    def answer(self, host: str, port: int, request: Request, timeout: float = 0) -> Answer:
        script = self.scripts[host]
        self.asked[host] += 1
        return script[min(self.asked[host], len(script)) - 1]

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def did(answer: Answer, log: str = "") -> Observation:
    return Observation(exit_code=None, ready="listening on 80", start=1, answers={"GET /": answer}, log=log)


def compared(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, first: tuple[Observation, Observation], **probe: Any
) -> dict[str, Check]:
    clock = SimpleNamespace(monotonic=lambda: pair.now, sleep=pair.sleep)
    monkeypatch.setattr(steady_answers, "time", clock)
    monkeypatch.setattr(run_container, "time", clock)
    monkeypatch.setattr(web, "ask", pair.answer)
    monkeypatch.setattr(web, "listens", lambda host, port: True)
    engine, asking = cast(Engine, pair), Probe(**probe)
    checks = behaviour.compare(
        *first,
        asking,
        Reruns(lambda: first[0], lambda: first[0]),
        lambda: steady_answers.watch_until_steady(engine, (ORIGINAL, REWRITTEN), first, (80,), asking),
    )
    return {check.name: check for check in checks}


def tokens(text: str) -> tuple[Answer, ...]:
    return tuple(page(text.format(number)) for number in range(20))


COURSES: list[tuple[str, Script, Script, tuple[Answer, Answer], str]] = [
    ("both come to the same", (OLD, GONE, NEW), (OLD, OLD, GONE, GONE, NEW), (OLD, GONE), ""),
    ("one is there at once", (OLD, OLD, OLD, OLD, OLD, NEW), (NEW,), (OLD, NEW), ""),
    ("a status of the start", (WAIT, OLD), (WAIT, WAIT, OLD), (OLD, WAIT), ""),
    ("another page for good", (OLD,), (NEW,), (OLD, NEW), "'<p>old' became '<p>new'"),
    ("an error for good", (OLD,), (GONE,), (OLD, GONE), "status 200 became 404"),
    (
        "an error behind the same start",
        (WAIT,) * 5 + (OLD,),
        (WAIT,) * 5 + (GONE,),
        (OLD, GONE),
        "became 404",
    ),
    ("an error that comes later", (NEW,), (OLD, NEW, NEW, GONE), (NEW, OLD), "became 404"),
    ("it never rests", (OLD,), (OLD, GONE) * 20, (OLD, GONE), "the rewritten image kept changing"),
    ("the original never rests", (OLD, GONE) * 20, (OLD,), (GONE, OLD), "the original kept changing"),
    ("to and fro, both alike", (OLD, NEW) * 20, (NEW, OLD) * 20, (OLD, NEW), ""),
    (
        "to and fro, one elsewhere",
        (OLD, NEW) * 20,
        (OLD, GONE) * 20,
        (OLD, GONE),
        "both images kept changing",
    ),
    ("another word each time", tokens("t {} x"), tokens("t 9{} x"), (page("t a x"), page("t b x")), ""),
    (
        "another word each time, and another page",
        tokens("t {} x"),
        tokens("t {} y"),
        (page("t a x"), page("t b y")),
        "the body differs",
    ),
]


@pytest.mark.parametrize(
    ("original", "rewritten", "first", "wrong"), [row[1:] for row in COURSES], ids=[row[0] for row in COURSES]
)
def test_what_differs_is_asked_again_until_it_rests(
    original: Sequence[Answer],
    rewritten: Sequence[Answer],
    first: tuple[Answer, Answer],
    wrong: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = Pair({ORIGINAL: original, REWRITTEN: rewritten})
    check = compared(pair, monkeypatch, (did(first[0]), did(first[1])))["GET /"]
    assert check.ok is not bool(wrong)
    assert wrong in check.detail
    assert pair.now <= Probe().seconds + 2


def test_what_is_the_same_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair({ORIGINAL: (OLD,), REWRITTEN: (OLD,)})
    assert compared(pair, monkeypatch, (did(OLD), did(OLD)))["GET /"].ok
    assert pair.asked == {ORIGINAL: 0, REWRITTEN: 0}


def test_how_they_differed_at_once_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair({ORIGINAL: (OLD,), REWRITTEN: (GONE, OLD)})
    check = compared(pair, monkeypatch, (did(OLD), did(GONE)))["GET /"]
    assert check.detail.endswith("at first, before it settled: status 200 became 404: nothing")


def test_a_page_that_was_not_asked_for_before_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair({ORIGINAL: (page("<img src=/a>"), OLD), REWRITTEN: (page("<img src=/a>"), GONE)})
    answers = {
        ORIGINAL: {"/": page("<img src=/a>"), "/a": OLD},
        REWRITTEN: {"/": page("<img src=/a>"), "/a": GONE},
    }
    monkeypatch.setattr(
        Pair, "answer", lambda self, host, port, request, timeout=0: answers[host][request.path]
    )
    checks = compared(pair, monkeypatch, (did(page("<img src=/b>")), did(WAIT)))
    assert checks["GET /"].ok
    assert not checks["GET /a"].ok


@pytest.mark.parametrize("state", [{"ends": True}, {"refused": True}])
def test_without_both_running_a_difference_stays(
    state: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair({ORIGINAL: (OLD,), REWRITTEN: (OLD,)}, **state)  # type: ignore[arg-type]
    assert not compared(pair, monkeypatch, (did(OLD), did(GONE)))["GET /"].ok


LOGS: list[tuple[str, tuple[str, ...], tuple[str, ...], str, bool]] = [
    ("it was watched for longer", ("a", "a\nbuilt"), ("a", "a\nbuilt"), "a\nbuilt", True),
    ("it says more for good", ("a",), ("a\nfailed",), "a\nfailed", False),
    ("it says something else later", ("a",), ("a", "a\nbuilt\nfailed"), "a\nbuilt", False),
]


@pytest.mark.parametrize(
    ("original", "rewritten", "log", "same"), [row[1:] for row in LOGS], ids=[row[0] for row in LOGS]
)
def test_logs_are_compared_after_the_same_time(
    original: tuple[str, ...],
    rewritten: tuple[str, ...],
    log: str,
    same: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = Pair({ORIGINAL: (OLD,), REWRITTEN: (OLD,)}, printed={ORIGINAL: original, REWRITTEN: rewritten})
    check = compared(pair, monkeypatch, (did(OLD, "a"), did(OLD, log)))["log"]
    assert bool(check.findings) is not same
    assert {finding.grade for finding in check.findings} <= {"may-matter"}  # its answers are the same
