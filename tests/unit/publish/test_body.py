"""What a request says."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from support import GOLDEN

from slimify import pipeline
from slimify.config import Options
from slimify.model.outcome import Outcome
from slimify.publish import body as bodies
from slimify.publish.body import RunDetails, body, mark_as_withdrawn, parse_marker, replace_section
from slimify.publish.model import Change, Offer

RUN = RunDetails(commit="0123456789ab", forge="GitHub")


def outcome(text: str | None = None, case: str = "node-plain-npm", name: str = "Dockerfile") -> Outcome:
    folder = GOLDEN / case / "input"
    data = (folder / "Dockerfile").read_bytes() if text is None else text.encode()
    return replace(pipeline.rewrite(data, name=name, context=folder, options=Options()), file=name)


def offer(*outcomes: Outcome) -> Offer:
    return Offer(branch="slimify/x", title="Slim", changes=tuple(Change(outcome=item) for item in outcomes))


def text(*outcomes: Outcome, run: RunDetails = RUN) -> str:
    return body(offer(*outcomes), "abc123", run)


def cells(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row)) - 1


def test_every_part_is_there() -> None:
    shown = text(outcome())
    for part in (
        "| before | after |",
        "**Estimated**",
        "What moved and why",
        "**Checked**",
        "**Not checked**",
    ):
        assert part in shown
    for part in (
        "How to reproduce",
        "At 0123456789ab, with slimify",
        "slimify rewrite Dockerfile",
        "# slimify: ignore",
    ):
        assert part in shown
    assert "Assumed: 1 development dependency is not installed" in shown
    assert parse_marker(shown) == bodies.Marker("abc123", False, False)


def test_it_reads_as_markdown() -> None:
    lines = text(outcome(), outcome(name="b/Dockerfile")).splitlines()
    tables = [line for line in lines if line.startswith("|")]
    assert {cells(line) for line in tables} == {4}
    # GitHub makes a break of every line end: paragraphs are one line each
    plain = [line for line in lines if line and not re.match(r"[|#<*-]|```|slimify ", line)]
    assert all(line[0].isupper() or line[0] in "`…" for line in plain), plain
    assert not any(one == two == "" for one, two in itertools.pairwise(lines))


def test_nobody_is_called_and_nothing_is_told() -> None:
    source = (GOLDEN / "node-plain-npm" / "input" / "Dockerfile").read_text()
    step = "RUN npm install -g @nestjs/cli typescript && curl -H 'Authorization: Bearer abcdefgh12345' https://u:pw@x.y/z\n"
    found = outcome(source.replace("RUN npm ci", step + "RUN npm ci"))
    shown = text(found) if found.after is not None else ""
    assert shown, found.decisions
    assert "abcdefgh12345" not in shown
    assert "u:pw@" not in shown
    unquoted = re.sub(r"`[^`]*`", "", shown)
    assert re.findall(r"@\w+", unquoted) == []


def test_names_for_a_shell() -> None:
    shown = text(outcome(name="my app/$x`/Dockerfile"))
    assert "\nslimify rewrite 'my app/$x`/Dockerfile'  # this change\n" in shown


def test_it_is_never_too_long_for_a_forge() -> None:
    one = outcome()
    many = [replace(one, file=f"service-{number}/Dockerfile") for number in range(500)]
    shown = text(*many)
    assert len(shown) < 65_536
    assert "… and 460 more.\n" in shown
    assert parse_marker(shown) is not None


def test_owners() -> None:
    shown = text(outcome(), run=replace(RUN, owners=("@ann", "@acme/web")))
    assert "GitHub requests reviews from the owners in CODEOWNERS (ann, acme/web)." in shown


def test_what_people_wrote_around_it_stays() -> None:
    old, new = text(outcome()), body(offer(outcome()), "def456", RUN)
    assert replace_section(f"Before.\n{old}\nAfter.", new) == f"Before.\n{new}\nAfter."


@pytest.mark.parametrize(
    "rewritten", ["", "Just do it.", "<!-- slimify: end -->", "<!-- slimify: content=a measured=no -->"]
)
def test_a_text_that_is_not_ours(rewritten: str) -> None:
    assert parse_marker(rewritten) is None


def test_a_request_that_was_taken_back() -> None:
    found = parse_marker(mark_as_withdrawn(text(outcome())))
    assert found is not None
    assert found.withdrawn


def test_where_a_copied_source_went_is_what_the_plan_says(tmp_path: Path) -> None:
    shown = text(outcome(case="go-plain"))
    assert "| 8 | `COPY . .` | builder stage only | executed in the builder only: " in shown
