"""`slimify rewrite --interactive`: what is asked, what is written, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import GOLDEN, Result, invoke

STAGES, CACHES = GOLDEN / "py-psycopg2", GOLDEN / "py-pip-cache"


@pytest.fixture
def stages(tmp_path: Path) -> Path:
    """Two hunks: the name of the builder, and the final stage that copies from it."""
    return Path(shutil.copytree(STAGES / "input", tmp_path / "people"))


@pytest.fixture
def caches(tmp_path: Path) -> Path:
    """Two hunks that have nothing to do with each other."""
    return Path(shutil.copytree(CACHES / "input", tmp_path / "eigen"))


def answer(directory: Path, answers: str, *options: str) -> Result:
    lines = "".join(f"{letter}\n" for letter in answers)
    return invoke("rewrite", "-i", *options, cwd=directory, stdin=lines.encode())


def text(directory: Path) -> str:
    return (directory / "Dockerfile").read_text()


def test_all_hunks_make_what_write_makes(stages: Path) -> None:
    for answers in ("yy", "a"):
        (stages / "Dockerfile").write_text((STAGES / "input" / "Dockerfile").read_text())
        result = answer(stages, answers, "--no-dockerignore")
        assert (result.code, text(stages)) == (0, (STAGES / "expected.Dockerfile").read_text())
        assert result.stderr.endswith("  wrote Dockerfile\n")


def test_reasons_stand_beside_their_hunks(stages: Path) -> None:
    first, second, _ = answer(stages, "yn", "--no-dockerignore").stdout.decode().split("Apply this hunk")
    assert "+FROM python:3.11 AS builder" in first
    assert "SL301" not in first
    assert "SL301           the final stage starts from python:3.11-slim" in second
    assert "SL310 line 10" in second


def test_a_reason_without_a_place_stands_beside_the_lines_that_repeat_its_step(tmp_path: Path) -> None:
    directory = Path(shutil.copytree(GOLDEN / "article-debian" / "input", tmp_path / "toodle"))
    first, second, *_ = answer(directory, "yn", "--no-dockerignore").stdout.decode().split("Apply this hunk")
    assert "SL317" not in first
    assert "SL317 line 2 " in second


def test_a_choice_claims_no_other_base_than_it_has(stages: Path) -> None:
    result = answer(stages, "yn", "--no-dockerignore")
    assert result.stderr.startswith("Dockerfile: rewritten, rung cleanup, python\n")


@pytest.mark.parametrize(
    ("answers", "replaced"),
    [
        ("yn", ("libgomp1", "libgomp1 && rm -rf /var/lib/apt/lists/*")),
        ("ny", ("pip install", "pip install --no-cache-dir")),
        ("yd", ("libgomp1", "libgomp1 && rm -rf /var/lib/apt/lists/*")),
        ("ykny", ("pip install", "pip install --no-cache-dir")),
        ("?ny", ("pip install", "pip install --no-cache-dir")),
    ],
)
def test_one_of_two_hunks(caches: Path, answers: str, replaced: tuple[str, str]) -> None:
    before = text(caches)
    result = answer(caches, answers, "--no-dockerignore")
    assert (result.code, text(caches)) == (0, before.replace(*replaced))
    assert ("y - apply this hunk" in result.stdout.decode()) == ("?" in answers)
    assert ("SL317" in result.stderr, "SL314" in result.stderr) == (
        "lists" in text(caches),
        "no-cache" in text(caches),
    )


def test_a_choice_that_breaks_the_image_is_refused(stages: Path) -> None:
    before = text(stages)
    result = answer(stages, "ny", "--no-dockerignore")
    assert (result.code, text(stages)) == (3, before)
    assert "SL409           the chosen hunks do not work without the others" in result.stderr
    assert "SL409           COPY --from=builder names an image" in result.stderr
    assert "wrote" not in result.stderr


@pytest.mark.parametrize("answers", ["", "q", "y", "yq", "nn", "d"])
def test_nothing_is_written_before_all_is_answered(stages: Path, answers: str) -> None:
    before = text(stages)
    assert answer(stages, answers, "--no-dockerignore").code == 0
    assert text(stages) == before
    assert not (stages / ".dockerignore").exists()


@pytest.mark.parametrize(("answers", "written"), [("ay", True), ("an", False), ("d", False)])
def test_the_ignore_file_is_a_question_of_its_own(caches: Path, answers: str, written: bool) -> None:
    assert answer(caches, answers).code == 0
    assert (caches / ".dockerignore").exists() == written


def test_the_ignore_file_is_shown_before_it_is_written(caches: Path) -> None:
    shown = answer(caches, "ay").stdout.decode()
    assert "+++ .dockerignore\n@@ -0,0 +1" in shown
    assert shown.index("SL345") < shown.index("Write .dockerignore as well")


def test_output_goes_to_another_file(caches: Path) -> None:
    before = text(caches)
    assert answer(caches, "yn", "--no-dockerignore", "--output", "new").code == 0
    assert text(caches) == before
    assert "rm -rf" in (caches / "new").read_text()


@pytest.mark.parametrize("options", [("--format", "json"), ("--verify",), ("-",)], ids=" ".join)
def test_what_does_not_go_together(caches: Path, options: tuple[str, ...]) -> None:
    assert answer(caches, "a", *options).code == 2
