"""Reports of `check`: escapes of workflow commands, replacements that lead to the new text."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from slimify.lint.findings import Checked, Finding
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Failed, Rewritten
from slimify.report.findings import github
from slimify.report.findings import text as findings
from slimify.report.findings.sarif import replacements

FINDING = Finding(
    code="SL301",
    line=3,
    end_line=4,
    text="the final stage starts from python:3.12-slim",
    saving=900_000_000,
    original=1_000_000_000,
    measured=False,
    fingerprint="f" * 32,
)
FOUND = Checked(
    outcome=Rewritten(file="web/Dockerfile", after="FROM x\n"),
    place="web/Dockerfile",
    command="slimify rewrite web/Dockerfile",
    finding=FINDING,
)


def failed(error: SlimifyError) -> Checked:
    return replace(FOUND, finding=None, outcome=Failed(file="web/Dockerfile", error=error))


# --- workflow commands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "line"),
    [
        pytest.param(replace(FOUND, finding=None), "", id="nothing found"),
        pytest.param(replace(FOUND, finding=replace(FINDING, known=True)), "", id="known"),
        pytest.param(
            FOUND,
            "::warning file=web/Dockerfile,line=3,endLine=4,"
            "title=slimify SL301%3A about 900 MB of 1.00 GB (90 %25) would be saved::"
            "the final stage starts from python:3.12-slim%0A"
            "slimify rewrite web/Dockerfile shows the change, --write applies it\n",
            id="found",
        ),
        pytest.param(
            failed(SlimifyError("SL002", "50% of\r\nit, ::error::no", line=7, hint="RUN?")),
            "::error file=web/Dockerfile,line=7,endLine=7,title=slimify SL002::"
            "50%25 of\\r\\nit, ::error::no%0Ahint: RUN?\n",
            id="malformed",
        ),
        pytest.param(
            replace(failed(SlimifyError("SL001", "no")), place="a,b: 100%/Docker\nfile"),
            "::error file=a%2Cb%3A 100%25/Docker%0Afile,title=slimify SL001::no\n",
            id="a name with everything",
        ),
    ],
)
def test_annotations(item: Checked, line: str) -> None:
    assert github.annotation(item) == line
    assert line.count("\n") <= 1


# --- text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        pytest.param(FINDING, "about 900 MB of 1.00 GB (90 %)", id="estimated"),
        pytest.param(replace(FINDING, measured=True), "900 MB of 1.00 GB (90 %)", id="measured"),
        pytest.param(replace(FINDING, original=None), "about 900 MB", id="of an unknown size"),
    ],
)
def test_amounts(finding: Finding, text: str) -> None:
    assert findings.amount(finding) == text


@pytest.mark.parametrize(
    ("items", "text"),
    [
        pytest.param([], "0 Dockerfiles: nothing to save\n", id="none"),
        pytest.param([replace(FOUND, finding=None)], "1 Dockerfile: nothing to save\n", id="nothing"),
        pytest.param(
            [FOUND, replace(FOUND, finding=replace(FINDING, measured=True))],
            "2 Dockerfiles: 2 could be slimmer, by about 1.80 GB\n",
            id="estimates and measurements",
        ),
        pytest.param(
            [replace(FOUND, finding=replace(FINDING, measured=True))],
            "1 Dockerfile: 1 could be slimmer, by 900 MB\n",
            id="measured",
        ),
        pytest.param(
            [
                replace(FOUND, finding=None, remark="the images differ"),
                replace(FOUND, finding=replace(FINDING, known=True)),
                failed(SlimifyError("SL002", "unknown")),
            ],
            "3 Dockerfiles: nothing new to save, 1 known, 1 not proven, 1 failed\n",
            id="everything else",
        ),
    ],
)
def test_summary(items: list[Checked], text: str) -> None:
    assert findings.summary(items) == text


# --- replacements ------------------------------------------------------------------------------------------


def applied(before: str, edits: list[dict[str, Any]]) -> str:
    """What a reader of SARIF would make of it: columns count characters, only a line feed ends a line."""
    starts = [0]
    for line in before.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + column - 1

    for edit in reversed(edits):
        region = edit["deletedRegion"]
        start = offset(region["startLine"], region["startColumn"])
        end = offset(region["endLine"], region["endColumn"])
        assert 0 <= start <= end <= len(before)
        before = before[:start] + edit["insertedContent"]["text"] + before[end:]
    return before


@pytest.mark.parametrize(
    ("before", "after", "number"),
    [
        pytest.param("", "", 0, id="nothing at all"),
        pytest.param("a\n", "a\n", 0, id="nothing changed"),
        pytest.param("a\n", "b\n", 1, id="a line"),
        pytest.param("a\nb\n", "a\nx\nb\n", 1, id="a new line"),
        pytest.param("a\n", "a\nb\n", 1, id="a new last line"),
        pytest.param("a", "a\nb", 1, id="no newline at the end"),
        pytest.param("a\nb", "a", 1, id="the last line goes"),
        pytest.param("", "a\n", 1, id="from nothing"),
        pytest.param("a\nb\nc\n", "x\nb\ny\n", 2, id="two places"),
        pytest.param("a\r\nb\r\n", "a\r\nc\r\n", 1, id="carriage returns"),
        pytest.param("a\u2028b\n\x0cc\n", "a\u2028b\nd\n", 1, id="what other programs take for line ends"),
    ],
)
def test_replacements(before: str, after: str, number: int) -> None:
    edits = replacements(before, after)
    assert edits is not None
    assert len(edits) == number
    assert applied(before, edits) == after


TEXTS = st.lists(st.sampled_from(["FROM a", "RUN b", "", "ü", "\r"]), max_size=8).map("\n".join)


@given(TEXTS, TEXTS)
def test_replacements_lead_to_the_new_text(before: str, after: str) -> None:
    edits = replacements(before, after)
    assert edits is not None
    assert applied(before, edits) == after


def test_a_byte_order_mark_has_no_column() -> None:
    (edit,) = replacements("\ufeffa\n", "\ufeffb\n") or ()
    assert edit["insertedContent"] == {"text": "b\n"}
    assert edit["deletedRegion"]["startColumn"] == 1


def test_bytes_that_are_no_text_cannot_be_carried() -> None:
    assert replacements("a\udcff\n", "b\n") is None
