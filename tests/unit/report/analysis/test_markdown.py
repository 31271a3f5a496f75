"""Analyses as Markdown: what the comment of a pull request shows, and names of an image are no markup."""

from __future__ import annotations

from articleimages import MB, article, slimmer
from msgspec.structs import replace

from slimify.analyze.model import Rule, Waste
from slimify.report.analysis.markdown import MARK, markdown


def test_two_images() -> None:
    before, after = article(), slimmer()
    lines = markdown((before, after)).splitlines()
    assert lines[0] == MARK
    assert lines[1].endswith(" smaller than before (−93 %)**")
    assert lines[3] == f"| | {before.name} | {after.name} | change |"
    assert [line.count("|") for line in lines[3:14]] == [5] * 11
    assert any(" removed in " in line for line in lines)


def test_a_larger_image_and_an_equal_one() -> None:
    assert "larger than before (+" in markdown((slimmer(), article())).splitlines()[1]
    assert markdown((article(), article())).splitlines()[1].endswith(", as before**")


def test_one_image() -> None:
    lines = markdown((article(),)).splitlines()
    assert lines[3] == f"| | {article().name} |"
    assert "change" not in lines[3]


def test_limits_are_told() -> None:
    rules = (
        Rule(name="size", limit="500 MB", found="1.11 GB", ok=False),
        Rule(name="wasted", limit="20 MB", found="9 MB", ok=True),
    )
    text = markdown((article(),), rules)
    assert "| size | 500 MB | 1.11 GB | **exceeded** |" in text
    assert "| wasted | 20 MB | 9 MB | passed |" in text


def test_findings_lead_to_their_pages_and_names_are_no_markup() -> None:
    waste = Waste(
        code="SL701",
        kind="cache",
        path="/a|b<img>",
        bytes=87 * MB,
        layer=0,
        text="x",
        remedy="",
        rewrite=True,
    )
    text = markdown((replace(article(), findings=(waste,), name="[x](y)"),))
    assert "| /a\\|b\\<img\\> | 87 MB | [SL701](https://" in text
    assert "SL701.html) cache | fixes it |" in text
    assert "**\\[x\\](y): " in text
