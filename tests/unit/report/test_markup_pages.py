"""The pages of `scan` and `verify`: valid and whole whatever they show, and nothing in them is live."""

from __future__ import annotations

import html
import re

import html5lib
import htmlpages
import pytest
from msgspec.structs import replace
from reportpages import (
    DIFF,
    EQUAL,
    EVIL,
    FLEET,
    MIXED,
    OUTCOME,
    SIZES,
    SMALL,
    UNBUILT,
    check,
    fleet_page,
    proof,
    row,
)

from slimify.model.outcome import Rewritten, Unchanged
from slimify.report.fleet import html as fleet
from slimify.report.proof_html import page
from slimify.verify.model import Finding, Proof

PROOFS = [
    pytest.param([], id="nothing"),
    pytest.param([(OUTCOME, EQUAL)], id="equal"),
    pytest.param([(OUTCOME, MIXED)], id="different"),
    pytest.param([(OUTCOME, UNBUILT), (Unchanged(file="b"), None), (OUTCOME, EQUAL)], id="three"),
]
FLEETS = [
    pytest.param((), id="nothing"),
    pytest.param((row("one", saving=5),), id="one"),
    pytest.param(FLEET, id="several"),
]


@pytest.mark.parametrize("results", PROOFS)
def test_a_proof_needs_nothing_else(results: list[tuple[Rewritten, Proof | None]]) -> None:
    htmlpages.check_alone(page(results))


@pytest.mark.parametrize("rows", FLEETS)
def test_a_fleet_needs_nothing_else(rows: tuple[dict[str, object], ...]) -> None:
    text = fleet_page(*rows)
    rest = set(re.findall(r'href="(#d\d+)"', text))
    htmlpages.check_alone(text, "#files", *rest)
    assert all(f'id="{place[1:]}"' in text for place in rest)
    assert text.count("<details") == len(rows)


@pytest.mark.parametrize("name", ["fleet", "proof"])
@pytest.mark.parametrize("scheme", [pytest.param(0, id="light"), pytest.param(1, id="dark")])
def test_texts_can_be_read(name: str, scheme: int) -> None:
    colours = htmlpages.colours(name, scheme)
    for ground in ("sheet", "faint"):
        for text in ("good", "bad", "warn", "accent", "quiet"):
            assert htmlpages.contrast(colours[text], colours[ground]) >= 4.5
    for ground in ("plus", "minus"):
        assert htmlpages.contrast(colours["ink"], colours[ground]) >= 4.5


def test_nothing_of_a_row_is_live_and_no_secret_is_shown() -> None:
    one = row(EVIL, saving=9, reasons=[EVIL, "SL901: TOKEN=hunter2 x"], diff=f"-{EVIL}\n+ENV TOKEN hunter2\n")
    text = fleet_page(one, row("b", saving=1))
    html5lib.HTMLParser(strict=True).parse(text)
    assert "<img" not in text
    assert "hunter2" not in text
    assert not re.search("[\x1b\u202e]", text)


def test_nothing_of_a_proof_is_live_and_no_secret_is_shown() -> None:
    found = Finding(code="SL510", text=EVIL)
    hostile = proof(
        check(EVIL, found),
        scope=(EVIL,),
        problem=EVIL,
        log=f"{EVIL}\nTOKEN=hunter2 x",
        before=replace(SIZES, layers=((f"RUN NPM_TOKEN=hunter2 {EVIL}", 1),)),
        after=replace(SMALL, layers=((EVIL, 1),)),
    )
    text = page([(replace(OUTCOME, file=EVIL, after=f"FROM a\nLABEL a={EVIL}\n", warnings=(EVIL,)), hostile)])
    html5lib.HTMLParser(strict=True).parse(text)
    assert "<img" not in text
    assert "hunter2" not in text
    assert not re.search("[\x1b\u202e]", text)


# --- what they show -------------------------------------------------------------------------------


def plain(text: str) -> str:
    body = re.sub(r"<(style|script|title)>.*?</\1>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_a_fleet_begins_with_the_largest_saving_and_tests_come_last() -> None:
    text = fleet_page(*FLEET)
    order = re.findall(r'class="path">([^ <]*)', text)
    assert order[:3] == ["shop/web/Dockerfile", "mail/Dockerfile", "shop/Dockerfile"]
    assert order[-1] == "shop/tests/Dockerfile"
    shown = plain(text)
    assert "shop 1.40 GB 67 % mail 700 MB 33 %" in shown  # without tests
    assert "700 MB of 1.40 GB measured rewritten, slim equal Python" in shown
    assert "unchanged Java" in shown
    assert "SL908: git clone: no answer" in shown
    assert (
        '<code class="minus">-FROM python:3.12</code><code class="plus">+FROM python:3.12 AS builder</code>'
        in text
    )


def test_one_repository_is_shown_by_dockerfile() -> None:
    shown = plain(fleet_page(*FLEET[:2]))
    assert "Dockerfile To save Share shop/web/Dockerfile 900 MB 64 % shop/Dockerfile 500 MB 36 %" in shown


def test_many_repositories_are_summed_up() -> None:
    shown = plain(fleet_page(*(row(f"r{number}", saving=1_000_000) for number in range(14))))
    assert "2 more 2 MB 14 %" in shown


def test_a_page_has_room_for_the_diffs_of_the_largest_savings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "DIFF_BUDGET", len(DIFF))
    text = fleet_page(row("a", saving=1), row("b", saving=2), row("c"))
    assert text.count('<pre class="diff"') == 1
    assert text.index('<pre class="diff"') < text.index("The page is too large") < text.index("c/Dockerfile")


def test_a_proof_shows_what_differs_first_and_what_was_not_proven() -> None:
    shown = plain(page([(OUTCOME, MIXED)]))
    assert "Dockerfile: different , 1.10 GB → 110 MB (−90 %)" in shown
    assert "Checks 1 of 2 without a difference Breaks 1 needed" in shown
    assert shown.index("What was not proven POST requests were not sent") < shown.index("What was measured")
    assert "size on disk 1.10 GB 110 MB compressed 400 MB 40 MB files 9 3" in shown
    assert "Original: layers Instruction Size RUN apt-get install gcc 900 MB COPY . . 1 kB" in shown
    assert (
        "libraries breaks may matter cosmetic accepted"
        " breaks SL510 libpq.so.5 is missing the next rewrite keeps package libpq5"
        " may matter SL511 git is gone cosmetic SL511 a note accepted SL511 a cache is gone links same"
        in shown
    )
    assert 'keep-packages = ["libpq5"] Diff' in shown
    assert shown.index("+FROM python:3.12 AS builder") < shown.index("the end of a log")


def test_many_findings_of_a_check_are_cut() -> None:
    many = check("files", *(Finding(code="SL510", text=f"file {number}") for number in range(70)))
    shown = plain(page([(OUTCOME, proof(many))]))
    assert "70 breaks" in shown
    assert "file 49 … and 20 more" in shown


def test_a_file_that_was_not_compared_has_the_reason() -> None:
    shown = plain(page([(OUTCOME, UNBUILT), (Unchanged(file="web/Dockerfile"), None)]))
    assert "2 Dockerfiles: 1 not built, 1 unchanged" in shown
    assert "Dockerfile: not built the original does not build" in shown
    assert "web/Dockerfile: unchanged" in shown
    assert "What was measured" not in shown
