"""The report of an analysis: what people read, what programs read, and that neither is harmed by an image."""

from __future__ import annotations

import json
import re
from typing import get_args

import jsonschema
import pytest
from articleimages import MB, article, directory, file, slimmer, with_cost
from msgspec.structs import replace
from support import ROOT

from slimify.analyze import model, rules
from slimify.analyze.model import Analysis, Efficiency, LayerView, Rule, Waste
from slimify.model.errors import SlimifyError
from slimify.report.analysis import json as analysis_json
from slimify.report.analysis import text as analysis_text
from slimify.report.analysis.largest_paths import findings_at, largest
from slimify.report.ansi import Paint

SCHEMA = json.loads((ROOT / "slimify" / "report" / "analysis.schema.json").read_text("utf-8"))
ESCAPES = re.compile(r"\x1b\[\d+m")


def bare() -> Analysis:
    """An image without anything: `FROM scratch` and metadata."""
    nothing = directory("")
    return Analysis(
        name="empty",
        size=0,
        own_size=0,
        layers=(),
        trees=(),
        merged=nothing,
        efficiency=Efficiency(score=1.0, wasted=0, wasted_share=float("nan")),
    )


def hostile() -> Analysis:
    """File names and an instruction that steer terminals, and bytes that are no UTF-8."""
    evil = "/srv/\x1b]0;gotcha\x07\x1b[2J\udcff\u202egnp.exe\n"
    whole = article()
    node = file(evil, 300 * MB)
    layer = LayerView(
        index=0,
        digest="",
        instruction="RUN echo \x1b[31m && curl -H 'Authorization: Bearer abcdefgh12345'",
        size=300 * MB,
    )
    waste = replace(whole.findings[0], path=evil, layer=0, text="\x1b[5mblink", remedy="\x07", paths=(evil,))
    return replace(
        whole,
        name="\x1b[1mname",
        size=300 * MB,
        own_size=300 * MB,
        layers=(layer,),
        trees=(directory("", directory("/srv", node)),),
        merged=directory("", directory("/srv", node)),
        findings=(waste,),
        warnings=("\x1b[2J",),
    )


PAGES = [
    pytest.param(lambda paint: analysis_text.page(bare(), paint=paint), id="empty"),
    pytest.param(lambda paint: analysis_text.page(article(), paint=paint), id="one"),
    pytest.param(lambda paint: analysis_text.page(with_cost(article(), 268, 20), paint=paint), id="cost"),
    pytest.param(lambda paint: analysis_text.page(hostile(), paint=paint), id="hostile"),
    pytest.param(lambda paint: analysis_text.comparison(article(), slimmer(), paint=paint), id="two"),
    pytest.param(lambda paint: analysis_text.comparison(bare(), hostile(), paint=paint), id="from nothing"),
    pytest.param(lambda paint: analysis_text.comparison(article(), article(), paint=paint), id="the same"),
    pytest.param(
        lambda paint: analysis_text.comparison(hostile(), replace(hostile(), name="x" * 300), paint=paint),
        id="long name",
    ),
]


@pytest.mark.parametrize("page", PAGES)
def test_text_has_eighty_columns_and_steers_no_terminal(page: object) -> None:
    plain, colourful = page(Paint()), page(Paint(on=True))  # type: ignore[operator]
    rows = plain.splitlines()
    assert [row for row in rows if len(row) > 80] == []
    assert [row for row in rows if row != row.rstrip()] == []
    assert all(char.isprintable() for row in rows for char in row)
    assert ESCAPES.sub("", colourful) == plain
    assert "\x1b" not in plain


def test_the_article_is_told() -> None:
    text = " ".join(analysis_text.page(article()).split())
    # the largest layers and paths, their instructions, what is not needed, and what `rewrite` fixes
    assert "309 MB 6 RUN make build/bin/server 237 MB /root/.cache/go-build" in text
    assert "237 MB /root/.cache/go-build SL701 cache line 6, layer 3: RUN make build/bin/server" in text
    assert "`slimify rewrite` fixes this." in text
    # what may be needed all the same is not said to be waste
    assert "→ if nothing needs it: serve them from elsewhere" in text


def test_the_base_image_is_kept_apart() -> None:
    text = analysis_text.page(article())
    assert re.search(r"base image +620 MB  1 layer\n  on top of it +355 MB  2 layers\n", text)


def test_secrets_come_first() -> None:
    secret = Waste(
        code="SL730",
        kind="secret",
        bytes=1700,
        path="/root/.ssh/id_rsa",
        layer=1,
        text="a key",
        remedy="revoke it",
    )
    text = analysis_text.page(replace(article(), findings=(*article().findings, secret)))
    found = text[text.index("Avoidable content") :]
    assert found.index("/root/.ssh/id_rsa") < found.index("go-build")


def test_many_findings_are_summed_up_and_none_is_lost() -> None:
    one = article().findings[0]
    many = tuple(replace(one, path=f"/srv/{number}", bytes=MB * (100 - number)) for number in range(50))
    analysis = replace(article(), findings=many, avoidable=sum(w.bytes for w in many))
    text = analysis_text.page(analysis)
    shown = re.compile(r"^ +\d+ MB  /srv/\d+ ", re.MULTILINE)
    (rest,) = re.findall(r"and (\d+) smaller findings", text)
    assert (len(shown.findall(text)), int(rest)) == (8, 42)
    whole = analysis_text.page(analysis, whole=True)
    assert (len(shown.findall(whole)), "smaller finding" in whole) == (50, False)


@pytest.mark.parametrize("width", [40, 50])
def test_a_narrow_terminal_is_no_failure(width: int) -> None:
    assert "/go-build" in analysis_text.page(article(), width=width).replace("\n", "")
    assert analysis_text.comparison(article(), article(), width=width)


def test_what_is_wasted_never_looks_like_nothing() -> None:
    assert "efficiency 99.99 %" in analysis_text.page(article())
    assert "efficiency 100.00 %" in analysis_text.page(slimmer())


def test_what_a_roll_out_moves() -> None:
    text = " ".join(analysis_text.page(with_cost(article(), 268, 20)).split())
    assert "268 containers on 20 nodes: one roll-out pulls 20 GB" in text
    alone = " ".join(analysis_text.page(with_cost(article(), 0, 20)).split())
    assert "about 237 MB. 20 nodes: one roll-out pulls 20 GB" in alone
    both = " ".join(
        analysis_text.comparison(with_cost(article(), 268, 20), with_cost(slimmer(), 268, 20)).split()
    )
    assert both.count("268 containers on 20 nodes: one roll-out pulls 20 GB → 1.44 GB") == 1


def test_two_images_say_what_went_and_what_came() -> None:
    text = analysis_text.comparison(article(), slimmer())
    assert re.search(r"^size +975 MB +72 MB +−93 %$", text, re.MULTILINE)
    assert re.search(
        r"^Removed: 903 MB in 5 files\n +620 MB  /usr/local/go.tar\n +237 MB  /root", text, re.MULTILINE
    )
    assert "2 of 2 findings resolved" in text
    back = analysis_text.comparison(slimmer(), article())
    assert "Added: 903 MB in 5 files" in back
    assert "Removed" not in back


def test_verdicts_name_the_rule_that_fails() -> None:
    given = (
        Rule(name="max-size", limit="500MB", found="600,000,000 bytes", ok=False),
        Rule(name="highestWastedBytes", limit=rules.OFF, found="", ok=True),
        Rule(name="min-efficiency", limit="0.9", found="0.9500", ok=True),
    )
    assert analysis_text.verdicts(given).splitlines() == [
        "FAIL  max-size: 600,000,000 bytes (limit 500MB)",
        "SKIP  highestWastedBytes (limit disabled)",
        "PASS  min-efficiency: 0.9500 (limit 0.9)",
        "FAIL: max-size",
    ]
    assert analysis_text.verdicts(given[1:]).splitlines()[-1] == "PASS"


@pytest.mark.parametrize(
    ("path", "room", "shown"),
    [
        pytest.param("/usr/bin", 8, "/usr/bin", id="fits"),
        pytest.param("/usr/local/lib/python3.11/site-packages", 20, "/usr/l…ite-packages", id="middle"),
        pytest.param("/usr", 2, "…r", id="hardly any room"),
    ],
)
def test_long_paths_keep_both_ends(path: str, room: int, shown: str) -> None:
    got = analysis_text.shorten(path, room)
    assert len(got) <= room
    assert got[-1] == shown[-1]
    assert "…" in got or got == path


# --- where the bytes are --------------------------------------------------------------------------


def spread(path: str, count: int, each: int) -> model.Node:
    return directory(path, *(file(f"{path}/{number:03}", each) for number in range(count)))


@pytest.mark.parametrize(
    ("tree", "paths"),
    [
        pytest.param(directory(""), [], id="nothing"),
        pytest.param(directory("", file("/small", 900_000)), [], id="too little to name"),
        pytest.param(
            directory("", directory("/a", directory("/a/b", file("/a/b/c", MB)))), ["/a/b/c"], id="file"
        ),
        pytest.param(
            directory("", directory("/root", directory("/root/.cache", spread("/root/.cache/go", 256, MB)))),
            ["/root/.cache/go"],
            id="a cache of many files",
        ),
        pytest.param(
            directory(
                "", directory("/usr", spread("/usr/a", 90, MB), spread("/usr/b", 60, MB), file("/usr/c", MB))
            ),
            ["/usr/a", "/usr/b"],
            id="two of them",
        ),
        pytest.param(
            directory("", directory("/usr", file("/usr/one", 20 * MB), spread("/usr/many", 15, MB))),
            ["/usr/one", "/usr/many"],
            id="a file beside a directory",
        ),
        pytest.param(
            directory("", file("/gone", 500 * MB, change="removed"), file("/new", 2 * MB)),
            ["/new"],
            id="what a layer takes away is none of its bytes",
        ),
    ],
)
def test_the_places_that_say_where_the_bytes_are(tree: model.Node, paths: list[str]) -> None:
    assert [node.path for node in largest(tree)] == paths


def test_places_do_not_overlap() -> None:
    for tree in article().trees:
        paths = [node.path for node in largest(tree, share=0.0, least=0)]
        assert [(one, other) for one in paths for other in paths if other.startswith(one + "/")] == []


@pytest.mark.parametrize(
    ("layer", "path", "codes"),
    [
        pytest.param(2, "/srv", [], id="of another layer"),
        pytest.param(2, "/root/.cache/go-buildx", [], id="a name that only begins alike"),
        pytest.param(2, "/root/.cache/go-build", ["SL701"], id="itself"),
        pytest.param(2, "/root", ["SL701"], id="above"),
        pytest.param(2, "/root/.cache/go-build/0", ["SL701"], id="below"),
        pytest.param(1, "/srv/EconReport.pdf", ["SL720"], id="one of several"),
    ],
)
def test_findings_at_a_place(layer: int, path: str, codes: list[str]) -> None:
    assert [waste.code for waste in findings_at(article(), layer, path)] == codes


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "images",
    [
        pytest.param((), id="none"),
        pytest.param((bare(),), id="empty"),
        pytest.param((with_cost(article(), 268, 20),), id="one"),
        pytest.param((hostile(),), id="hostile"),
        pytest.param((article(), slimmer()), id="two"),
        pytest.param((bare(), hostile()), id="from nothing"),
    ],
)
def test_json_is_as_the_schema_says(images: tuple[Analysis, ...]) -> None:
    given = (Rule(name="max-size", limit="1MB", found="2 bytes", ok=True),)
    for line in (
        analysis_json.to_json(images),
        analysis_json.to_json(images, given),
        analysis_json.to_json(images, (), SlimifyError("SL601", "no image", hint="save one")),
    ):
        assert "\n" not in line
        assert line.isascii()
        jsonschema.validate(json.loads(line), SCHEMA)


def test_json_has_the_figures_and_the_sums_fit() -> None:
    value = analysis_json.to_dict((article(), slimmer()))
    before, after = value["images"]
    assert (
        before["size"] == before["base"] + before["own"] == sum(layer["size"] for layer in before["layers"])
    )
    difference = value["difference"]
    assert difference["size"] == after["size"] - before["size"]
    assert (
        difference["new"]["bytes"]
        - difference["gone"]["bytes"]
        + difference["resized"]
        + difference["hidden"]
        == difference["size"]
    )


@pytest.mark.parametrize(
    ("oks", "passed"),
    [((), None), ((True,), True), ((True, False), False)],
    ids=["no rules", "all", "one fails"],
)
def test_json_says_whether_it_passed(oks: tuple[bool, ...], passed: object) -> None:
    given = [Rule(name="max-size", limit="1", found="1", ok=ok) for ok in oks]
    assert analysis_json.to_dict((article(),), given)["passed"] is passed


def test_secrets_of_instructions_are_in_no_report() -> None:
    assert "abcdefgh12345" not in analysis_json.to_json((hostile(),))
    assert "abcdefgh12345" not in analysis_text.page(hostile())


def test_the_schema_and_the_text_know_every_kind() -> None:
    kinds = list(get_args(model.Kind))
    assert SCHEMA["$defs"]["finding"]["properties"]["kind"]["enum"] == kinds
    assert list(analysis_text.kinds()) == kinds
