"""Codes, their meaning, and the sentences of decisions."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from slimify import codes
from slimify.config import Options
from slimify.model.decisions import Decision, Line, Reason
from slimify.model.sources import Use
from slimify.pipeline import rewrite

PACKAGE = Path(codes.__file__).parents[1]
TABLE = tomli.loads((PACKAGE / "codes" / "codes.toml").read_text("utf-8"))
GOLDEN = PACKAGE.parent / "golden"


def test_one_code_is_read_as_the_whole_file_is() -> None:
    assert codes.known().keys() == TABLE.keys()
    for code, row in TABLE.items():
        assert codes.meaning(code) == codes.known()[code] == {k: v for k, v in row.items() if k != "text"}
    assert codes.meaning("SL0") is None


@pytest.mark.parametrize(
    ("code", "form", "args", "text"),
    [
        ("SL310", "copied", {"path": "/app"}, "/app is copied from the builder"),
        (
            "SL201",
            "needed",
            {"user": Use(name="npm", file="Dockerfile", line=3)},
            "needed by `npm` (line 3), not called at run time",
        ),
        (
            "SL341",
            "left",
            {"paths": ("/a", "/b", "/c", "/d", "/e")},
            "the built image shows that this step creates /a, /b, /c and 2 more",
        ),
        ("SL341", "left", {"paths": ("/a", "/b")}, "the built image shows that this step creates /a, /b"),
        (
            "SL206",
            "unused",
            {"names": ("git",), "steps": 2},
            "`git`: neither the 2 RUN steps nor anything reachable at run time calls it",
        ),
        (
            "SL206",
            "unused",
            {"names": ("git", "vim"), "steps": 2},
            "`git`, `vim`: neither the 2 RUN steps nor anything reachable at run time calls them",
        ),
        (
            "SL300",
            "moving",
            {
                "final": Reason.of("SL300", "alpine", base="alpine"),
                "base": "golang",
                "suite": "trixie",
            },
            "the final stage starts from alpine, the same Alpine without Go; golang is based on trixie "
            "today: name the release in the tag to keep them in sync",
        ),
    ],
)
def test_sentences(code: str, form: str, args: dict[str, object], text: str) -> None:
    assert codes.sentence(code, form, args.items()) == text


def test_nothing_reads_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def sentence(*args: object) -> str:
        raise AssertionError(f"the sentence of {args} is made, and nothing is shown")

    monkeypatch.setattr(codes, "sentence", sentence)
    every = Options(nonroot=True, cache_mounts=True, debug_target=True, exclude_assets=True)
    files = [file for file in sorted(GOLDEN.glob("*/input/Dockerfile")) if file.is_file()]
    for number, file in enumerate(files):
        rewrite(file.read_bytes(), file.parent, options=every if number % 2 else Options())


def test_a_sentence_needs_every_argument() -> None:
    with pytest.raises(KeyError):
        codes.sentence("SL310", "copied", ())


def test_a_decision_takes_the_words_of_its_reason() -> None:
    reason = Reason.of("SL310", "copied", path="/app")
    decision = Decision.from_reason(reason, "safe", 7)
    assert (decision.text, decision.line, decision.get("path")) == (reason.text, 7, "/app")
    assert decision.get("line") is None


def test_a_line_of_the_file_or_a_new_step() -> None:
    assert [str(Line(3)), str(Line(None))] == ["line 3", "a step of its own"]
