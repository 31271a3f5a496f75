"""The pages of `scan` and `verify` in a real browser: every width and scheme, keys alone, no scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chromium import Chrome
from reportpages import FLEET, MIXED, OUTCOME, UNBUILT, fleet_page

from slimify.report.proof_html import page

pytestmark = pytest.mark.browser

SHOWN = (
    "[...document.querySelectorAll('.files > li')].filter(row => row.offsetHeight)"
    ".map(row => row.querySelector('.path').firstChild.textContent.trim())"
)
FOCUS = "document.activeElement"
DARK = "getComputedStyle(document.body).backgroundColor === 'rgb(20, 23, 26)'"
PROOF = page([(OUTCOME, MIXED), (OUTCOME, UNBUILT)])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 420, 900, 1400])
@pytest.mark.parametrize("text", [fleet_page(*FLEET), PROOF], ids=["fleet", "proof"])
def test_every_width_and_scheme(
    open_page: Callable[..., Chrome], quiet: Callable[[], None], text: str, width: int, scheme: str
) -> None:
    chrome = open_page(text, width=width, scheme=scheme)
    chrome.run("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    quiet()
    assert chrome.run("document.documentElement.scrollWidth") <= width
    assert chrome.run(DARK) is (scheme == "dark")


def test_bars_are_in_proportion(open_page: Callable[..., Chrome]) -> None:
    chrome = open_page(fleet_page(*FLEET))
    bars = "[...document.querySelectorAll('#d1 .bar rect, #d3 .bar rect')].map(e => e.width.baseVal.value)"
    left, saved, other_left, other_saved = chrome.run(bars)
    assert saved == pytest.approx(left, rel=0.02)  # half of the image
    assert other_saved / saved == pytest.approx(5 / 9, rel=0.02)
    assert other_left / left == pytest.approx(5 / 9, rel=0.02)


def test_rows_with_keys(open_page: Callable[..., Chrome], quiet: Callable[[], None]) -> None:
    chrome = open_page(fleet_page(*FLEET))
    chrome.run("document.querySelector('#d1 summary').focus()")
    assert chrome.run("document.querySelector('#d1 .diff').checkVisibility()") is False
    chrome.press("Enter")
    assert chrome.run("document.querySelector('#d1 .diff').checkVisibility()") is True
    assert "+FROM python:3.12 AS builder" in chrome.run("document.querySelector('#d1').innerText")
    chrome.press("ArrowDown")
    assert chrome.run(f"{FOCUS}.parentElement.id") == "d2"
    chrome.press(" ")
    assert chrome.run("d2.open") is True
    chrome.press("ArrowUp", "ArrowUp")
    assert chrome.run(f"{FOCUS}.parentElement.id") == "d1"
    quiet()


def test_rows_are_filtered_and_sorted(open_page: Callable[..., Chrome]) -> None:
    chrome = open_page(fleet_page(*FLEET))
    assert len(chrome.run(SHOWN)) == len(FLEET)
    choose = (
        "(e => {{ e.value = '{}'; e.dispatchEvent(new Event('{}', {{bubbles: true}})) }})"
        "(controls.elements.{})"
    )
    chrome.run(choose.format("programs", "input", "place"))
    assert "shop/tests/Dockerfile" not in chrome.run(SHOWN)
    chrome.run("controls.elements.text.focus()")
    chrome.press("as BUILDER")
    assert chrome.run(SHOWN) == ["shop/web/Dockerfile", "mail/Dockerfile", "shop/Dockerfile"]
    chrome.run(choose.format("name", "change", "sort"))
    assert chrome.run(SHOWN) == ["mail/Dockerfile", "shop/Dockerfile", "shop/web/Dockerfile"]
    chrome.run(choose.format("failed", "input", "outcome"))
    assert chrome.run(SHOWN) == []
    assert chrome.run("document.getElementById('count').textContent") == "0 of 7 Dockerfiles"


def test_a_bar_of_the_chart_leads_to_its_rows(open_page: Callable[..., Chrome]) -> None:
    chrome = open_page(fleet_page(*FLEET))
    chrome.run("document.querySelector('[data-group=mail]').focus()")
    chrome.press("Enter")
    chrome.until("d2.open")
    assert chrome.run(SHOWN) == ["mail/Dockerfile"]
    assert chrome.run(f"{FOCUS}.parentElement.id") == "d2"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param(fleet_page(*FLEET), ("shop/web/Dockerfile", "1.40 GB"), id="fleet"),
        pytest.param(PROOF, ("What was not proven", "libpq.so.5 is missing"), id="proof"),
    ],
)
def test_without_scripts(
    chrome: Chrome, open_page: Callable[..., Chrome], text: str, seen: tuple[str, ...]
) -> None:
    chrome.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        open_page(text, drawn=False)
        chrome.click("summary")
        shown = chrome.run("document.body.innerText")
    finally:
        chrome.send("Emulation.setScriptExecutionDisabled", value=False)
    assert all(part in shown for part in seen)
    assert "+FROM python:3.12 AS builder" in shown
    assert "Sort by" not in shown
    assert "Colours" not in shown
