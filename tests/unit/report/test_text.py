"""What people read: nothing lost, nothing wider than the terminal, no foreign escape sequences."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import GOLDEN

import slimify
from slimify.model.decisions import CommandVerdict, Decision, InstructionVerdict, PackageVerdict, Reason
from slimify.model.dockerfile import Flag, Instruction
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Estimate, Failed, Rewritten, Unchanged
from slimify.model.plan import Rung
from slimify.report.ansi import Paint
from slimify.report.text import code, explanation, failure, page, size, summary


def verdict(value: str, *commands: CommandVerdict, why: str = "because", line: int = 3) -> InstructionVerdict:
    instruction = Instruction(
        kind="instruction",
        raw=f"RUN {value}\n",
        line=line,
        end_line=line,
        keyword="RUN",
        value=value,
        flags=(Flag(name="network", value="none"),),
    )
    reasons = (Reason.of("SL221", "effect", why=why),)
    return InstructionVerdict(instruction=instruction, role="both", reasons=reasons, commands=commands)


OUTCOME = Rewritten(
    file="Dockerfile",
    language="python",
    rung="slim",
    before="FROM a\n",
    after="FROM b",
    instructions=(
        verdict(
            "apt-get install -y gcc libpq-dev && make",
            CommandVerdict(
                text="apt-get install -y gcc libpq-dev",
                role="both",
                packages=(PackageVerdict(name="libpq-dev", role="build", counterparts=("libpq5",)),),
            ),
            CommandVerdict(text="make", role="build"),
        ),
    ),
    decisions=(
        Decision.of("SL310", "copied", safety="safe", line=3, path="/app"),
        Decision.of("SL390", "not_possible", safety="advice", why="no builder"),
    ),
    warnings=("COPY x: not in the context",),
)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (12_300, "12 kB"),
        (790_000_000, "790 MB"),
        (1_320_000_000, "1.32 GB"),
        (12_345_000_000, "12 GB"),
    ],
)
def test_size(number: int, expected: str) -> None:
    assert size(number) == expected


def test_summary() -> None:
    assert summary(OUTCOME) == (
        "Dockerfile: would be rewritten, rung slim, python\n"
        "  SL310 line 3    /app is copied from the builder\n"
        "  Advice (not applied):\n"
        "  SL390           this layout is not possible: no builder\n"
        "  warning: COPY x: not in the context\n"
    )


def test_page_ends_in_the_new_file() -> None:
    assert page(OUTCOME, done_as="rewritten") == summary(OUTCOME, done_as="rewritten") + "\nFROM b\n"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            SlimifyError("SL002", "unknown", line=7, hint="RUN go?"),
            "Dockerfile:7: unknown\n  hint: RUN go?\n",
        ),
        (SlimifyError("SL901", "no such file"), "Dockerfile: no such file\n"),
    ],
)
def test_failure(error: SlimifyError, expected: str) -> None:
    assert failure("Dockerfile", error) == expected
    failed = Failed(file="Dockerfile", error=error)
    assert summary(failed) == explanation(failed) == expected


def test_explanation() -> None:
    head, table = explanation(OUTCOME).split("\n\n")
    assert head.startswith("Dockerfile: can be rewritten, rung slim")
    assert [line.split()[:2] for line in table.splitlines()[1:]] == [
        ["3", "both"],
        ["both", "apt-get"],
        ["libpq-dev"],
        ["build", "libpq-dev"],
        ["build", "make"],
    ]
    assert "RUN --network=none" in table
    assert "libpq-dev → libpq5" in table


texts = st.text(max_size=120)


@given(value=texts, why=texts, width=st.integers(60, 120))
def test_fits_and_stays_plain(value: str, why: str, width: int) -> None:
    command = CommandVerdict(text=value, role="unknown")
    outcome = Unchanged(
        file="Dockerfile",
        instructions=(verdict(value, why=why), verdict(value, command, line=12_345)),
        decisions=(Decision.of("SL221", "effect", safety="assumed", line=3, why=why),),
    )
    shown = explanation(outcome, width=width)
    assert all(len(line) <= width for line in shown.split("\n"))
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_a_long_command_is_cut_short_but_its_reason_is_not() -> None:
    reason = "word " * 60
    outcome = Unchanged(file="x", instructions=(verdict("step " * 500, why=reason),))
    shown = explanation(outcome)
    assert shown.count("word") == 60
    assert shown.count("step") < 30
    assert "…" in shown


def test_colours_change_nothing_else() -> None:
    painted = explanation(OUTCOME, paint=Paint(True))
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[\d*m", "", painted) == explanation(OUTCOME)


def test_code() -> None:
    entry = {"title": "compiler stays behind", "why": "x " * 60, "when_not": "", "safety": "safe"}
    shown = code("SL204", entry)
    assert shown.startswith("SL204  compiler stays behind\n\nWhy       x x")
    assert "When not" not in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("original", "rung", "said"),
    [
        (500_000_000, "slim", "saves about 300 MB of 500 MB"),
        (None, "slim", "saves at least 300 MB"),
        (None, "cleanup", "saves about 300 MB"),
    ],
)
def test_an_unknown_size_is_not_told(original: int | None, rung: Rung, said: str) -> None:
    estimate = Estimate(original=original, saving=300_000_000)
    outcome = Rewritten(file="D", after="FROM scratch\n", language="python", rung=rung, estimate=estimate)
    assert explanation(outcome).split("\n\n")[0].endswith(f"python, {said}")


def test_a_long_headline_is_wrapped() -> None:
    outcome = Rewritten(
        file="services/notifications/Dockerfile",
        after="FROM scratch\n",
        language="python",
        rung="same-base",
        estimate=Estimate(original=1_140_000_000, saving=977_000_000),
    )
    head = explanation(outcome).split("\n\n")[0]
    assert all(len(line) <= 80 for line in head.splitlines())
    assert " ".join(head.split()).endswith("python, saves about 977 MB of 1.14 GB")


@pytest.mark.parametrize("width", [40, 59])
def test_explanations_fit_in_a_narrow_terminal(width: int) -> None:
    text = (GOLDEN / "py-psycopg2" / "input" / "Dockerfile").read_text()
    outcome = slimify.rewrite(text, GOLDEN / "py-psycopg2" / "input")
    lines = explanation(outcome, width=width).splitlines()
    assert [line for line in lines if len(line) > width] == []
    assert any(line.endswith("COPY people.py ./") for line in lines)


@pytest.mark.parametrize(("number", "wanted"), [(0, "0 kB"), (400_000, "400 kB"), (999_999, "1 MB")])
def test_small_sizes_in_messages(number: int, wanted: str) -> None:
    assert Reason.of("SL407", "small", rung="slim", size=number).text.startswith(
        f"slim: would save about {wanted}, "
    )
