"""The page of an analysis in a real browser: what it shows, with keys alone, in every width and scheme."""

from __future__ import annotations

import json
from collections.abc import Callable

import analyses
import pytest
from chromium import Chrome

from slimify.report.analysis.html import page
from slimify.report.printable import printable

pytestmark = pytest.mark.browser

FOCUS = "document.activeElement"
ACTIVE = "document.getElementById(tree.getAttribute('aria-activedescendant'))"
_CRUMBS = ".panel:first-child .crumbs > :not([aria-hidden])"
CRUMBS = f"[...document.querySelectorAll({json.dumps(_CRUMBS)})].map(element => element.textContent)"


@pytest.fixture
def show(open_page: Callable[..., Chrome]) -> Callable[..., Chrome]:
    return lambda *images, **options: open_page(page(*images), **options)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 400, 900, 1400])
@pytest.mark.parametrize("count", [1, 2])
def test_every_width_and_scheme(
    show: Callable[..., Chrome], quiet: Callable[[], None], count: int, width: int, scheme: str
) -> None:
    chrome = show(*(analyses.service(), analyses.rewritten())[:count], width=width, scheme=scheme)
    quiet()
    assert chrome.run("document.documentElement.scrollWidth") <= width
    assert chrome.run("document.querySelectorAll('.canvas svg').length") == count
    assert chrome.run("document.querySelectorAll('.canvas [role=button]').length") >= 6
    dark = chrome.run("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    assert dark == (scheme == "dark")


def test_areas_are_in_proportion(show: Callable[..., Chrome]) -> None:
    chrome = show(analyses.service())
    boxes = chrome.run(
        "[...document.querySelectorAll('.canvas [role=button]')].map(e => [e.getAttribute('aria-label'),"
        " e.width.baseVal.value * e.height.baseVal.value])"
    )
    sizes = {f"layer {layer.index + 1}": layer.size for layer in analyses.service().layers}
    shares = {label.split(",")[0].split(" in ")[-1]: area for label, area in boxes}
    whole = sum(shares.values())
    assert shares.keys() == {name for name, size in sizes.items() if size}
    for name, area in shares.items():
        assert area / whole == pytest.approx(sizes[name] / sum(sizes.values()), rel=0.02)


def test_two_images_have_one_scale(show: Callable[..., Chrome]) -> None:
    before, after = analyses.service(), analyses.rewritten()
    chrome = show(before, after)
    area = (
        "[...document.querySelectorAll('.canvas')].map(c => [...c.querySelectorAll('[role=button]')]"
        ".reduce((sum, e) => sum + e.width.baseVal.value * e.height.baseVal.value, 0))"
    )
    old, new = chrome.run(area)
    assert new / old == pytest.approx(after.size / before.size, rel=0.05)
    chrome.click("#map-controls [name=scale]")
    old, new = chrome.run(area)
    assert new == pytest.approx(old, rel=0.05)


def test_the_treemap_with_keys(show: Callable[..., Chrome], quiet: Callable[[], None]) -> None:
    chrome = show(analyses.service())
    chrome.run("document.querySelector('.canvas [tabindex=\"0\"]').focus()")
    first = chrome.run(f"{FOCUS}.getAttribute('aria-label')")
    assert "layer 3" in first
    assert "COPY /target/ /" in first
    assert chrome.run("document.querySelectorAll('.canvas [tabindex=\"0\"]').length") == 1
    chrome.press("ArrowRight")
    assert "layer 7" in chrome.run(f"{FOCUS}.getAttribute('aria-label')")
    chrome.press("Enter")
    assert chrome.run(CRUMBS)[1:] == ["layer 7 (298 MB)"]
    assert "/root/.cache/go-build" in chrome.run(f"{FOCUS}.getAttribute('aria-label')")
    assert "all waste" in chrome.run(f"{FOCUS}.getAttribute('aria-label')")
    chrome.press("Enter")
    assert chrome.run(CRUMBS)[2] == "root/.cache/go-build (237 MB)"
    chrome.press("Escape")
    assert chrome.run(CRUMBS)[1:] == ["layer 7 (298 MB)"]
    chrome.press("Backspace", "Escape", "Escape")
    assert len(chrome.run(CRUMBS)) == 1
    assert chrome.run(f"{FOCUS}.getAttribute('role')") == "button"
    quiet()


def test_a_place_of_the_treemap_is_that_of_the_tables(show: Callable[..., Chrome]) -> None:
    chrome = show(analyses.service())
    chrome.run("document.querySelector('.layers tr[data-layer=\"6\"] button').focus()")
    chrome.press("Enter")
    assert chrome.run("document.querySelector('.layers .selected').dataset.layer") == "6"
    assert chrome.run(f"{FOCUS}.getAttribute('aria-pressed')") == "true"
    assert chrome.run(CRUMBS)[1:] == ["layer 7 (298 MB)"]
    assert chrome.run("document.querySelector('#tree-controls [name=view]').value") == "6"
    chrome.run("document.querySelector('.canvas [tabindex=\"0\"]').focus()")
    chrome.press("Escape")
    assert chrome.run("document.querySelectorAll('.layers .selected').length") == 0
    assert chrome.run("document.querySelector('#tree-controls [name=view]').value") == "seen"


def test_the_tree_with_keys(show: Callable[..., Chrome], quiet: Callable[[], None]) -> None:
    chrome = show(analyses.service())
    chrome.run("document.getElementById('tree').focus()")
    assert chrome.run(f"{ACTIVE}.getAttribute('aria-expanded')") == "true"
    chrome.press("ArrowDown")
    assert "usr/" in chrome.run(f"{ACTIVE}.textContent")
    assert chrome.run(f"{ACTIVE}.getAttribute('aria-expanded')") == "false"
    chrome.press("ArrowRight", "ArrowRight")
    assert chrome.run(f"[{ACTIVE}.getAttribute('aria-level'), {ACTIVE}.getAttribute('aria-posinset')]") == [
        "3",
        "1",
    ]
    assert "local/" in chrome.run(f"{ACTIVE}.textContent")
    chrome.press("ArrowLeft", "ArrowLeft")
    assert chrome.run(f"{ACTIVE}.getAttribute('aria-expanded')") == "false"
    chrome.press("End")
    assert chrome.run(f"{ACTIVE}.id === 'row-' + (tree.getAttribute('aria-rowcount') - 1)")
    chrome.press("Home", "Enter")
    assert chrome.run("tree.getAttribute('aria-rowcount')") == "1"
    assert chrome.run(f"{FOCUS}.id") == "tree"
    quiet()


@pytest.mark.parametrize(
    ("word", "matches", "row"),
    [
        pytest.param("nothing-has-this", "0 matches", "/", id="none"),
        pytest.param("manual", "1 match", "manual.pdf", id="part"),
        pytest.param("*.zip", "1 match", "press-kit.zip", id="glob"),
        pytest.param("BUILD/bin/", "1 match", "server", id="path"),
        pytest.param(".git", "0 matches here, 1 in all stored files", "/", id="deleted"),
    ],
)
def test_search(show: Callable[..., Chrome], word: str, matches: str, row: str) -> None:
    chrome = show(analyses.service())
    chrome.run("document.querySelector('#tree-controls [name=text]').focus()")
    chrome.press(word)
    chrome.until(f"document.getElementById('hits').textContent === {json.dumps(matches)}")
    assert row in chrome.run(f"{ACTIVE}.querySelector('code').textContent")


def test_findings_are_filtered_and_found(show: Callable[..., Chrome]) -> None:
    chrome = show(analyses.service())
    rows = (
        "[...document.querySelectorAll('.findings tbody tr')]"
        ".filter(row => row.offsetHeight).map(row => row.dataset.code)"
    )
    assert len(chrome.run(rows)) == 9
    chrome.run(
        "filters.elements.kind.value = 'cache';"
        "filters.elements.kind.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    assert chrome.run(rows) == ["SL701", "SL702", "SL703"]
    chrome.run("filters.elements.text.focus()")
    chrome.press("modules")
    assert chrome.run(rows) == ["SL702"]
    assert chrome.run("found.textContent") == "1 of 9 findings"
    chrome.run("document.querySelector('.findings tr[data-code=SL730] [data-path]').click()")
    assert ".git/" in chrome.run(f"{ACTIVE}.textContent")  # deleted: no container sees it
    assert chrome.run("document.querySelector('#tree-controls [name=view]').value") == "4"


def test_what_is_selected_in_the_second_image(show: Callable[..., Chrome], quiet: Callable[[], None]) -> None:
    chrome = show(analyses.service(), analyses.rewritten())
    chrome.click("table[data-image='1'] tr[data-layer='2'] button")
    assert chrome.run("document.querySelector('#tree-controls [name=image]').value") == "1"
    assert chrome.run("document.querySelector('#tree-controls [name=view]').value") == "2"
    assert len(chrome.run(CRUMBS)) == 1
    quiet()


def test_colours_can_be_chosen(show: Callable[..., Chrome]) -> None:
    chrome = show(analyses.service(), scheme="dark")
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert chrome.run(scheme) == "light dark"
    seen = []
    for _ in range(3):
        chrome.click("#theme")
        seen.append(chrome.run(scheme))
    assert seen == ["light", "dark", "light dark"]


def test_on_paper(show: Callable[..., Chrome]) -> None:
    chrome = show(analyses.service(), analyses.rewritten(), scheme="dark")
    chrome.media("dark", "print")
    assert chrome.run("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert chrome.run("document.getElementById('files').offsetHeight") == 0
    assert chrome.run("document.querySelector('.layers').offsetHeight") > 100
    chrome.run("new Promise(done => setTimeout(done, 200))")
    assert min(chrome.run("[...document.querySelectorAll('.canvas svg')].map(e => e.clientHeight)")) > 100


def test_any_name(show: Callable[..., Chrome], quiet: Callable[[], None]) -> None:
    names = [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "a'b\"c",
        "new\nline",
        "tab\t",
        "\udcff\udc80",
        "\ud800",
        "\u202egpj.exe",
        "</title></style>",
        "{{ 7 * 7 }}",
        "&lt;&amp;",
        "\u2028",
        "\x00\x7f",
        "__proto__",
        "😀 é",
        " ",
    ]
    chrome = show(analyses.hostile(names))
    quiet()
    assert chrome.run("document.scripts.length") == 2
    rows = chrome.run("[...document.querySelectorAll('#tree .row code')].map(e => e.textContent)")
    assert sorted(rows) == sorted({"/", *(printable(name.split("/")[0]) + "/" for name in names)})
    paths = chrome.run("[...document.querySelectorAll('.findings p.path code')].map(e => e.textContent)")
    assert sorted(paths) == sorted(printable(f"/{name}/{name}") for name in names)


def test_without_scripts_the_figures_are_there(chrome: Chrome, show: Callable[..., Chrome]) -> None:
    chrome.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        show(analyses.service(), drawn=False)
        text = chrome.run("document.body.innerText")
    finally:
        chrome.send("Emulation.setScriptExecutionDisabled", value=False)
    assert "RUN make build/bin/server" in text
    assert "/root/.cache/go-build" in text
    assert "require JavaScript" in text
    assert "Sort by" not in text


@pytest.mark.slow
def test_fifty_thousand_files_open_at_once(show: Callable[..., Chrome], quiet: Callable[[], None]) -> None:
    chrome = show(analyses.service(55_000), analyses.service(50_000))
    quiet()
    taken = chrome.run("(e => e.domComplete - e.responseEnd)(performance.getEntriesByType('navigation')[0])")
    print(f"{taken:.0f} ms")
    assert taken < 5000  # a tenth of it where nothing else runs
