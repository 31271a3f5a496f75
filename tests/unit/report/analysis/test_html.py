"""The page of an analysis: valid whatever an image holds, whole by itself, small, and without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import analyses
import html5lib
import htmlpages
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from slimify.analyze.model import Analysis, Node
from slimify.render import render_page as template
from slimify.report.analysis.file_differences import difference
from slimify.report.analysis.html import TREE_BUDGET, kind_titles, page
from slimify.report.analysis.tree import CHANGES, REST, VISIBLE, columns
from slimify.report.analysis.tree import KINDS as FILE_KINDS
from slimify.report.printable import printable


def data(text: str) -> Any:
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


def below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from below(child)


EMPTY = analyses.image("scratch", [])
PAGES = [
    pytest.param((EMPTY,), id="no layers"),
    pytest.param((analyses.image("one", [("COPY a /", False, {"/a": 0})]),), id="one empty file"),
    pytest.param((analyses.service(200),), id="one image"),
    pytest.param((analyses.service(200), analyses.rewritten()), id="two images"),
    pytest.param((EMPTY, analyses.service(200)), id="from nothing"),
]


@pytest.mark.parametrize("images", PAGES)
def test_the_page_is_whole_and_valid(images: tuple[Analysis, ...]) -> None:
    text = page(*images)
    reader = htmlpages.read(text)
    assert reader.ids.count("tree") == 1
    assert [image["name"] for image in data(text)["images"]] == [image.name for image in images]


@pytest.mark.parametrize("images", PAGES)
def test_a_strict_parser_finds_nothing(images: tuple[Analysis, ...]) -> None:
    html5lib.HTMLParser(strict=True).parse(page(*images))


def test_the_page_needs_nothing_else() -> None:
    htmlpages.check_alone(page(analyses.service(200), analyses.rewritten()), "#layers")


# --- any name -------------------------------------------------------------------------------------

_NAMES = st.text(st.characters(exclude_characters="/"), min_size=1, max_size=12).filter(
    lambda n: n not in {".", ".."}
)
_SPECIAL = st.sampled_from(
    [
        "</script>",
        "<!--",
        "]]>",
        "<script>",
        "'\"",
        "\n",
        "\udcff",
        "\ud800",
        "\u202e",
        "{{x}}",
        "{% x %}",
        "&amp;",
        "\0",
    ]
)


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(_NAMES, _SPECIAL.map(lambda n: n.replace("/", "\u2044")), _SPECIAL), min_size=1, max_size=6
    )
)
def test_any_name_survives(names: list[str]) -> None:
    analysis = analyses.hostile(names)
    text = page(analysis, analysis)
    reader = htmlpages.read(text)
    assert [tag for tag, _ in reader.attributes].count("script") == 2
    tree = data(text)["images"][0]["tree"]
    parts = {part for name in names for part in name.split("/") if part}
    assert parts <= set(tree["names"])
    codes = "".join(reader.texts["code"])
    for name in names:
        assert printable(f"/{name}/{name}") in codes


# --- secrets --------------------------------------------------------------------------------------


def test_secrets_are_not_on_the_page() -> None:
    text = "|1 NPM_TOKEN=hunter2 /bin/sh -c npm ci"
    image = analyses.image("x", [(text, False, {"/a": 1})])
    finding = replace(analyses.service(200).findings[0], kind="secret", text=text, remedy=text)
    assert "hunter2" not in page(replace(image, findings=(finding,), warnings=(text,)))


# --- figures and trees ----------------------------------------------------------------------------

_TREES = st.dictionaries(
    st.lists(st.sampled_from(["a", "b", "c", "dd", "e\n"]), min_size=1, max_size=4).map(
        lambda p: "/" + "/".join(p)
    ),
    st.one_of(st.none(), st.integers(0, 5000)),
    max_size=12,
)


def _apart(changes: dict[str, int | None]) -> dict[str, int | None]:
    """Without files that are directories of others."""
    return {p: n for p, n in changes.items() if not any(other.startswith(p + "/") for other in changes)}


_IMAGES = st.lists(_TREES.map(_apart), min_size=1, max_size=4).map(
    lambda layers: analyses.image("x", [("RUN x", False, changes) for changes in _consistent(layers)])
)


def _consistent(layers: list[dict[str, int | None]]) -> list[dict[str, int | None]]:
    """Only what is there is removed, and a file of one layer is no directory of another."""
    paths = {path for layer in layers for path in layer}
    files = {p for p in paths if not any(other.startswith(p + "/") for other in paths)}
    seen: set[str] = set()
    found = []
    for layer in layers:
        kept = {p: n for p, n in layer.items() if p in files and (n is not None or p in seen)}
        seen = (seen | kept.keys()) - {p for p, n in kept.items() if n is None}
        found.append(kept)
    return found


def sums(tree: Any) -> tuple[dict[int, int], int, int]:
    """Bytes of each layer, bytes and files that a container sees, by the columns."""
    layers: dict[int, int] = {}
    seen = files = 0
    numbers = tree["occurrences"]
    for layer, code, size, last in zip(*(numbers[at::4] for at in range(4)), strict=True):
        kind, change = code & 7, code >> 3 & 3
        if kind == FILE_KINDS["directory"] or change == CHANGES["removed"]:
            continue
        layers[layer] = layers.get(layer, 0) + size
        if code & VISIBLE:
            seen += size
            files += last if kind == REST else 1
    return layers, seen, files


@given(_IMAGES, st.integers(0, 900))
def test_nothing_is_lost_in_columns(analysis: Analysis, budget: int) -> None:
    tree = columns(analysis, budget=budget)
    layers, seen, files = sums(tree)
    for layer in analysis.layers:
        assert layers.get(layer.index, 0) == layer.size
    assert seen == analysis.merged.size
    assert files == sum(node.kind == "file" for node in below(analysis.merged))
    assert len(tree["names"]) == len(tree["depths"]) == len(tree["counts"])
    assert sum(tree["counts"]) * 4 == len(tree["occurrences"])
    deepest = -1
    for depth in tree["depths"]:  # in pre-order nobody is deeper than one below the one before
        assert depth <= deepest + 1
        deepest = depth


def test_what_has_room_is_not_summed_up() -> None:
    analysis = analyses.service(400)
    tree = columns(analysis, budget=TREE_BUDGET)
    assert (tree["threshold"], tree["summed"]) == (0, 0)
    paths = {node.path for layer in analysis.trees for node in below(layer)}
    assert len(tree["names"]) == len(paths)


def test_the_smallest_are_summed_up_first_but_for_those_of_findings() -> None:
    analysis = analyses.service(4000)
    tree = columns(analysis, budget=20_000, keep=["/app/.npmrc", "/nowhere", "/etc"])
    assert ".npmrc" in tree["names"]
    assert "manual.pdf" in tree["names"]
    assert tree["threshold"] > 10_000
    assert len(json.dumps(tree, separators=(",", ":"))) < 40_000
    assert tree["names"].count("") > 5


def test_a_large_image_is_a_small_page() -> None:
    long = {f"/srv/{at % 97}/{'é' * 60}{at}": at for at in range(60_000)}
    analysis = analyses.image("x", [("COPY . /srv", False, long)])
    text = page(analysis, analysis)
    assert len(text.encode()) < 6_000_000
    assert data(text)["images"][0]["tree"]["summed"] > 10_000


def test_a_deep_path_is_no_problem() -> None:
    chain: Node | None = None
    for at in range(1500, 0, -1):
        kind = "file" if chain is None else "directory"
        children = () if chain is None else (chain,)
        chain = Node(name="d", path="/d" * at, kind=kind, change="added", size=5, children=children)
    assert chain is not None
    root = Node(name="/", path="/", kind="directory", change="added", size=5, children=(chain,))
    analysis = replace(analyses.image("x", [("RUN x", False, {"/a": 5})]), trees=(root,), merged=root)
    assert len(data(page(analysis, analysis))["images"][0]["tree"]["names"]) == 1501


@given(_IMAGES, _IMAGES)
def test_what_went_and_what_came_make_the_difference(before: Analysis, after: Analysis) -> None:
    found = difference(before, after)
    assert before.size - found.removed.bytes + found.added.bytes + found.resized + found.hidden == after.size
    old, new = ({n.path: n for n in below(i.merged) if n.kind == "file"} for i in (before, after))
    assert found.removed.files == len(old.keys() - new.keys())
    assert found.removed.bytes == sum(old[path].size for path in old.keys() - new.keys())
    assert found.added.bytes == sum(new[path].size for path in new.keys() - old.keys())
    assert found.changed == sum(old[path].size != new[path].size for path in old.keys() & new.keys())
    for part in (found.removed, found.added):
        assert sum(row.bytes for row in part.rows) + part.more_bytes == part.bytes
        assert sum(row.files for row in part.rows) + part.more == part.files


def test_what_is_gone_is_said_by_its_largest_parts() -> None:
    rows = difference(analyses.service(), analyses.rewritten()).removed.rows
    assert not {"/usr", "/root", "/"} & {row.path for row in rows}
    assert [row.bytes for row in rows] == sorted((row.bytes for row in rows), reverse=True)


def test_figures_of_two_images() -> None:
    text = re.sub(r"<[^>]+>", "|", page(analyses.service(400), analyses.rewritten()))
    assert re.search(r"Size\|+sum of the layers, uncompressed\|+1\.26 GB\|+92 MB\|+−93 %", text)
    assert "Removed: " in text


def test_findings_are_sorted_and_say_everything() -> None:
    analysis = analyses.service(400)
    text = page(analysis)
    codes = re.findall(r'data-kind="[\w-]+" data-code="(\w+)"', text)
    assert codes == [f.code for f in sorted(analysis.findings, key=lambda f: -f.bytes)]
    codes_at = {path: layer for _, layer, path in data(text)["places"]}
    assert codes_at["/root/.cache/go-build"] == 6
    plain = "".join(part for parts in htmlpages.read(text).texts.values() for part in parts)
    for finding in analysis.findings:
        assert finding.path in plain
        assert finding.remedy in plain
    assert {finding.kind for finding in analysis.findings} <= kind_titles().keys()


# --- looks ----------------------------------------------------------------------------------------


def test_style_and_scripts_are_no_templates() -> None:
    from slimify.render import template_dir

    report = template_dir() / "report"
    for path in (*report.rglob("*.css"), *report.rglob("*.js")):
        text = path.read_text("utf-8")
        assert template(path.relative_to(report.parent).as_posix()) == text.removesuffix("\n")
        assert "</" not in text.replace("</script>", "</")


def test_the_script_has_the_tables_of_the_columns() -> None:
    text = template("report/analysis/data.js")
    kinds = re.search(r"const KIND = (\[.*\]);", text)
    assert kinds is not None
    assert json.loads(kinds[1]) == [*sorted(FILE_KINDS, key=FILE_KINDS.__getitem__), "rest"]
    changes = re.search(r"const CHANGE = (\[.*\]);", text)
    assert changes is not None
    assert json.loads(changes[1]) == sorted(CHANGES, key=CHANGES.__getitem__)
    numbers = [FILE_KINDS["directory"], REST, CHANGES["removed"], VISIBLE]
    assert f"[DIRECTORY, REST, REMOVED, VISIBLE] = {numbers}" in text


@pytest.mark.parametrize("scheme", [pytest.param(0, id="light"), pytest.param(1, id="dark")])
def test_texts_can_be_read(scheme: int) -> None:
    colours = htmlpages.colours("analysis", scheme)
    layers = [colour for name, colour in colours.items() if re.fullmatch(r"[lb]\d", name)]
    assert len(layers) == 11
    for colour in layers:
        assert htmlpages.contrast(colours["on"], colour) >= 4.5
    for ground in ("paper", "sheet", "faint", "mark"):
        assert htmlpages.contrast(colours["ink"], colours[ground]) >= 4.5
    for ground in ("paper", "sheet", "faint"):
        for name in ("quiet", "accent"):
            assert htmlpages.contrast(colours[name], colours[ground]) >= 4.5
