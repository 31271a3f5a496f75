"""What `check` makes of an outcome: whether it is a finding, what it is recognised by, what is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from slimify.config import MinSaving
from slimify.lint import baseline
from slimify.lint.baseline import Entry
from slimify.lint.findings import Checked, Finding, checked, fingerprint
from slimify.lint.place import place
from slimify.model.decisions import Decision, InstructionVerdict
from slimify.model.dockerfile import Instruction
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Estimate, Failed, Outcome, Refused, Rewritten, Unchanged
from slimify.verify.model import Proof, Sizes

FROM = Instruction(
    kind="instruction",
    raw="FROM python:3.12\n",
    line=3,
    end_line=3,
    keyword="FROM",
    value="python:3.12",
)
REWRITTEN = Rewritten(
    file="web/Dockerfile",
    rung="slim",
    instructions=(InstructionVerdict(instruction=FROM, role="both"),),
    decisions=(
        Decision.of("SL301", "release", safety="safe", base="python:3.12-slim", base_ref="python:3.12"),
        Decision.of("SL310", "copied", safety="safe", line=7, path="/venv"),
        Decision.of("SL206", "unused", safety="advice", line=5, names=("git",), steps=1),
    ),
    before="FROM python:3.12\n",
    after="FROM python:3.12-slim\n",
    estimate=Estimate(original=1_000_000_000, saving=900_000_000, measured=False),
)
PLACE = "web/Dockerfile"
EQUAL = Proof(
    file="web/Dockerfile",
    verdict="equal",
    before=Sizes(disk=1_100_000_000, compressed=1),
    after=Sizes(disk=200_000_000, compressed=1),
    min_saving=55_000_000,
)


def look(outcome: Outcome = REWRITTEN, proof: Proof | None = None) -> Checked:
    return checked(outcome, PLACE, "slimify rewrite web/Dockerfile", proof)


@pytest.mark.parametrize(
    ("outcome", "proof", "remark"),
    [
        pytest.param(REWRITTEN.become(Unchanged), None, "", id="unchanged"),
        pytest.param(REWRITTEN.become(Refused), None, "", id="refused"),
        pytest.param(Failed(file="f", error=SlimifyError("SL002", "unknown")), None, "", id="malformed"),
        pytest.param(
            replace(REWRITTEN, decisions=REWRITTEN.decisions[1:]), None, "", id="silenced by a comment"
        ),
        pytest.param(
            REWRITTEN,
            replace(EQUAL, verdict="different"),
            "not counted, because verification failed: the images differ",
            id="different",
        ),
        pytest.param(
            REWRITTEN,
            replace(EQUAL, verdict="not built", problem="no space left"),
            "not measured: no space left",
            id="not built",
        ),
        pytest.param(
            REWRITTEN,
            replace(EQUAL, min_saving=950_000_000),
            "the measured saving is below",
            id="measured: too small",
        ),
    ],
)
def test_no_finding(outcome: Outcome, proof: Proof | None, remark: str) -> None:
    item = look(outcome, proof)
    assert item.finding is None
    assert item.remark.startswith(remark)
    assert bool(item.remark) == bool(remark)
    assert item.unproven == (proof is not None and proof.verdict == "not built")


def test_a_finding() -> None:
    assert look().finding == Finding(
        code="SL301",
        line=3,
        end_line=3,
        text="the final stage starts from python:3.12-slim, the release that python:3.12 is based on",
        saving=900_000_000,
        original=1_000_000_000,
        measured=False,
        fingerprint=fingerprint("web/Dockerfile", "python:3.11"),
        details=(REWRITTEN.decisions[1],),
    )


@pytest.mark.parametrize(
    ("outcome", "proof", "figures"),
    [
        pytest.param(REWRITTEN, None, (900_000_000, 1_000_000_000, False), id="estimated"),
        pytest.param(REWRITTEN, EQUAL, (900_000_000, 1_100_000_000, True), id="built"),
        pytest.param(
            replace(REWRITTEN, estimate=Estimate(original=9, saving=7, measured=True)),
            None,
            (7, 9, True),
            id="the image itself was looked at",
        ),
    ],
)
def test_figures(outcome: Outcome, proof: Proof | None, figures: tuple[int, int, bool]) -> None:
    finding = look(outcome, proof).finding
    assert finding is not None
    assert (finding.saving, finding.original, finding.measured) == figures


def test_the_last_stage_is_what_the_image_starts_from() -> None:
    above = replace(FROM, value="golang:1.24 AS build", line=1, end_line=1)
    stages = tuple(InstructionVerdict(instruction=x, role="both") for x in (above, FROM))
    finding = look(replace(REWRITTEN, instructions=stages)).finding
    assert finding is not None
    assert (finding.line, finding.fingerprint) == (3, fingerprint("web/Dockerfile", "python:3.12"))


# --- fingerprints ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "base", "same"),
    [
        pytest.param("web/Dockerfile", "python:3.12", True, id="nothing changed"),
        pytest.param("web/Dockerfile", "python:3.13-bookworm", True, id="another release"),
        pytest.param("web/Dockerfile", "python", True, id="no tag"),
        pytest.param("web/Dockerfile", "python@sha256:0123", True, id="a digest"),
        pytest.param("web/Dockerfile", "python:3.12@sha256:0123", True, id="a tag and a digest"),
        pytest.param("web/Dockerfile", "python:3.12 AS app", True, id="a named stage"),
        pytest.param("web/Dockerfile", "python:${VERSION}", True, id="a variable as tag"),
        pytest.param("web/Dockerfile", "node:20", False, id="another image"),
        pytest.param("web/Dockerfile", "mirror.example:5000/python:3.12", False, id="another registry"),
        pytest.param("api/Dockerfile", "python:3.12", False, id="another file"),
        pytest.param("web/Dockerfile", "", False, id="no image"),
    ],
)
def test_what_a_finding_is_recognised_by(path: str, base: str, same: bool) -> None:
    assert (fingerprint(path, base) == fingerprint("web/Dockerfile", "python:3.12")) == same


def test_a_port_is_no_tag() -> None:
    one, other = (fingerprint("f", f"mirror.example:5000/python{tag}") for tag in (":3.12", ""))
    assert one == other != fingerprint("f", "mirror.example:5001/python")


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "repo" / "services" / "web"
    inner.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (inner / "Dockerfile").touch()
    (inner / "link").symlink_to(tmp_path / "elsewhere" / "real")
    monkeypatch.chdir(inner.parent)
    assert place(Path("web/Dockerfile")) == "web/Dockerfile"  # no repository at all
    (tmp_path / "repo" / ".git").mkdir()
    whole = "services/web/Dockerfile"
    assert place(Path("web/Dockerfile")) == whole
    assert place(Path("web/../web/Dockerfile")) == whole
    assert place(Path("web/link")) == "services/web/link"
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert place(inner / "Dockerfile") == whole
    (inner / ".git").touch()  # a submodule
    monkeypatch.chdir(inner.parent)
    assert place(Path("web/Dockerfile")) == whole


# --- the baseline ---------------------------------------------------------------------------------

GROWTH = MinSaving()  # 5 % of 1 GB: 50 MB
ENTRY = Entry(
    file="web/Dockerfile",
    code="SL301",
    fingerprint=fingerprint("web/Dockerfile", "python"),
    saving=900_000_000,
    measured=False,
)


@pytest.mark.parametrize(
    ("entry", "known"),
    [
        pytest.param(replace(ENTRY, fingerprint="other"), False, id="another finding"),
        pytest.param(ENTRY, True, id="the same"),
        pytest.param(replace(ENTRY, code="SL302"), True, id="it would go less far then"),
        pytest.param(replace(ENTRY, saving=2_000_000_000), True, id="it became better"),
        pytest.param(replace(ENTRY, saving=850_000_001), True, id="grown by less than a finding"),
        pytest.param(replace(ENTRY, saving=850_000_000), False, id="grown by a finding"),
        pytest.param(replace(ENTRY, saving=1, measured=True), True, id="measured then, estimated now"),
    ],
)
def test_what_is_known(entry: Entry, known: bool) -> None:
    finding = baseline.compared(look(), {entry.fingerprint: entry}, GROWTH).finding
    assert finding is not None
    assert finding.known == known


OTHERS = [
    replace(ENTRY, file=f"{name}/Dockerfile", fingerprint=fingerprint(f"{name}/Dockerfile", "node"))
    for name in ("api", "gone")
]
ALL = {entry.fingerprint: entry for entry in (ENTRY, *OTHERS)}


@pytest.mark.parametrize(
    ("items", "files"),
    [
        pytest.param([], ["api", "web"], id="nothing was looked at"),
        pytest.param([look()], ["api", "web"], id="found again"),
        pytest.param([look(REWRITTEN.become(Unchanged))], ["api"], id="mended"),
        pytest.param(
            [look(Failed(file="f", error=SlimifyError("SL002", "unknown")))],
            ["api", "web"],
            id="malformed: nobody knows",
        ),
        pytest.param(
            [look(REWRITTEN, replace(EQUAL, verdict="not built"))], ["api", "web"], id="could not be built"
        ),
    ],
)
def test_update(items: list[Checked], files: list[str]) -> None:
    gone = frozenset({"gone/Dockerfile"})
    after = baseline.updated(ALL, items, gone)
    assert sorted(entry.file for entry in after) == [f"{name}/Dockerfile" for name in files]
    stale = baseline.stale(ALL, items, gone)
    assert {entry.file for entry in stale} == {entry.file for entry in ALL.values()} - {e.file for e in after}


def test_the_file_is_read_as_it_was_written() -> None:
    text = baseline.written(ALL.values())
    assert baseline.read(text) == ALL
    assert [line.count('"file"') for line in text.splitlines()].count(1) == 3
    assert baseline.read(baseline.written(())) == {}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "findings": [{}]}', '{"schema": 1, "findings": [1]}'],
)
def test_what_is_no_baseline(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        baseline.read(text)
    assert json.loads(baseline.written([ENTRY]))["findings"][0]["saving"] == 900_000_000
