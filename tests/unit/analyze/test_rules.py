"""Limits for CI: what is understood, and on which side of a limit an image is."""

from __future__ import annotations

import pytest
from articleimages import article
from msgspec.structs import replace

from slimify.analyze import rules
from slimify.analyze.model import Analysis, Efficiency
from slimify.analyze.rules import Limit, Limits
from slimify.model.errors import SlimifyError


def image(**values: object) -> Analysis:
    figures: dict[str, object] = {"score": 0.95, "wasted": 20_000_000, "wasted_share": 0.1} | values
    efficiency = Efficiency(**figures)  # type: ignore[arg-type]
    return replace(article(), size=500_000_000, avoidable=50_000_000, efficiency=efficiency)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("0", 0, id="none"),
        pytest.param("20000000", 20_000_000, id="bare"),
        pytest.param("1B", 1, id="byte"),
        pytest.param("50kB", 50_000, id="kilo"),
        pytest.param("20Mb", 20_000_000, id="any case"),
        pytest.param("20M", 20_000_000, id="no B"),
        pytest.param("1.5 GB", 1_500_000_000, id="space"),
        pytest.param("20MiB", 20_971_520, id="binary"),
        pytest.param("2Gi", 2_147_483_648, id="binary without B"),
        pytest.param("1,000 kB", 1_000_000, id="commas, as dive reads them"),
    ],
)
def test_sizes(text: str, count: int) -> None:
    assert rules.parse_size(text) == count


@pytest.mark.parametrize("text", ["", "MB", "20 pounds", "-1", "1e3", "20iB", "20%", "nan", "٣MB MB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        rules.parse_size(text)


@pytest.mark.parametrize("text", ["1.01", "-0.1", "101%", "nan", "inf", "much", ""])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        rules.parse_share(text)


@pytest.mark.parametrize(
    ("limits", "passes"),
    [
        pytest.param(Limits(max_size=Limit(text="", bytes=500_000_000)), True, id="size at the limit"),
        pytest.param(Limits(max_size=Limit(text="", bytes=499_999_999)), False, id="size above it"),
        pytest.param(Limits(max_wasted=rules.parse_limit("20MB")), True, id="wasted at the limit"),
        pytest.param(Limits(max_wasted=rules.parse_limit("19.9MB")), False, id="wasted above it"),
        pytest.param(Limits(max_wasted=rules.parse_limit("10%")), True, id="share at the limit"),
        pytest.param(Limits(max_wasted=rules.parse_limit("9.9%")), False, id="share above it"),
        pytest.param(Limits(max_avoidable=rules.parse_limit("10%")), True, id="avoidable share at the limit"),
        pytest.param(Limits(max_avoidable=rules.parse_limit("49MB")), False, id="avoidable above it"),
        pytest.param(Limits(min_efficiency=0.95), True, id="efficiency at the limit"),
        pytest.param(Limits(min_efficiency=0.9500001), False, id="efficiency below it"),
    ],
)
def test_limits(limits: Limits, passes: bool) -> None:
    assert limits.any
    assert [rule.ok for rule in rules.check_limits(image(), limits)] == [passes]


def test_no_limits_judge_nothing() -> None:
    assert not Limits().any
    assert rules.check_limits(image(), Limits()) == ()


def test_an_empty_image_breaks_no_share() -> None:
    empty = replace(article(), size=0, avoidable=0)
    assert [rule.ok for rule in rules.check_limits(empty, Limits(max_avoidable=rules.parse_limit("0%")))] == [
        True
    ]


def test_a_failing_ratio_never_looks_like_its_limit() -> None:
    (rule,) = rules.check_limits(image(score=0.94999999), Limits(min_efficiency=0.95))
    assert (rule.ok, rule.found) == (False, "0.9499")


def verdicts(text: str, analysis: Analysis) -> dict[str, object]:
    values = rules.parse_dive_rules(text, ".dive-ci")
    return {
        rule.name: rule.ok if rule.limit != rules.OFF else None
        for rule in rules.check_dive_rules(analysis, values)
    }


@pytest.mark.parametrize(
    ("text", "efficient", "wasted", "part"),
    [
        pytest.param("", True, None, True, id="nothing: dive's defaults"),
        pytest.param("# only\n---\n", True, None, True, id="comments"),
        pytest.param("rules:\n", True, None, True, id="no rules"),
        pytest.param("rules:\n  highestWastedBytes: 20MB\n", True, True, True, id="the others by default"),
        pytest.param(
            "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n"
            "  highestUserWastedPercent: 0.10\n",
            *(True, True, True),
            id="equal passes",
        ),
        pytest.param(
            "rules:\n  lowestEfficiency: 0.99\n  highestWastedBytes: 1B\n  highestUserWastedPercent: 0.01\n",
            *(False, False, False),
            id="all fail",
        ),
        pytest.param(
            "rules:\n  lowestEfficiency: disabled\n  highestWastedBytes: 'off'\n"
            "  highestUserWastedPercent: false\n",
            *(None, None, None),
            id="all off",
        ),
        pytest.param(
            "rules:\n  lowestEfficiency: off\n  highestUserWastedPercent:\n  highestWastedBytes: Disabled\n",
            *(None, None, None),
            id="off in YAML's own words",
        ),
        pytest.param(
            "plugins:\n  - plugin1\nrules:\n  highestWastedBytes: 20Mb\n  plugin1/rule1: error\n",
            *(True, True, True),
            id="plug-ins",
        ),
        pytest.param('rules:\n  lowestEfficiency: "0.96"\n', False, None, True, id="quoted"),
    ],
)
def test_rules_of_dive(text: str, efficient: object, wasted: object, part: object) -> None:
    assert verdicts(text, image()) == {
        "lowestEfficiency": efficient,
        "highestWastedBytes": wasted,
        "highestUserWastedPercent": part,
    }


def test_an_image_of_its_base_alone_breaks_no_share_of_dive() -> None:
    assert verdicts("", image(wasted_share=float("nan")))["highestUserWastedPercent"] is True


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("rules: [1]\n", id="a list"),
        pytest.param("lowestEfficiency 0.95\n", id="no mapping"),
        pytest.param("- rules\n", id="a list of rules"),
        pytest.param("rules: {\n", id="malformed"),
        pytest.param("\x00", id="binary"),
        pytest.param("rules:\n  lowestEfficiency: 95\n", id="percent as a number"),
        pytest.param("rules:\n  highestWastedBytes: much\n", id="no size"),
        pytest.param("rules:\n  highestUserWastedPercent: [0.1]\n", id="nested"),
    ],
)
def test_what_is_no_file_of_rules(text: str) -> None:
    with pytest.raises(SlimifyError) as caught:
        rules.parse_dive_rules(text, "ci/.dive-ci")
    assert caught.value.code == "SL754"
    assert "ci/.dive-ci" in caught.value.message
