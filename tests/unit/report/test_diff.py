"""The diff: patch makes the new file of the old one."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import slowness

from slimify.model.outcome import Outcome, Rewritten
from slimify.report.ansi import Paint
from slimify.report.diff import colour, diff


def outcome(before: str, after: str | None, file: str = "Dockerfile") -> Outcome:
    return Rewritten(file=file, before=before, after=after)


@pytest.mark.parametrize("after", [None, "FROM a\n"])
def test_nothing_changed(after: str | None) -> None:
    assert diff(outcome("FROM a\n", after)) == ""


def test_missing_newline_is_marked() -> None:
    assert diff(outcome("FROM a", "FROM b\n")) == (
        "--- Dockerfile\n+++ Dockerfile\n@@ -1 +1 @@\n-FROM a\n\\ No newline at end of file\n+FROM b\n"
    )


def test_file_is_named_as_seen_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {
        "-": "Dockerfile",
        "a/Dockerfile": "a/Dockerfile",
        str(tmp_path / "a" / "Dockerfile"): "a/Dockerfile",
        "/elsewhere/Dockerfile": "/elsewhere/Dockerfile",
        "ä b/Dockerfile": "ä b/Dockerfile\t",
        "a\\c/Dockerfile": '"a\\\\c/Dockerfile"',
        "a\n+++ b\x1b/Dockerfile": '"a\\012+++ b\\033/Dockerfile"',
        "\u202eä\udcff": '"\\342\\200\\256\\303\\244\\377"',
    }
    for file, shown in names.items():
        assert diff(outcome("a\n", "b\n", file)).startswith(f"--- {shown}\n+++ {shown}\n")


lines = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\n\0", exclude_categories=["Cs"]), max_size=8),
    max_size=12,
)


@pytest.mark.skipif(shutil.which("patch") is None, reason="no patch here")
@settings(max_examples=60)
@given(before=lines, after=lines, end=st.sampled_from(["", "\n"]))
def test_patch_agrees(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], after: list[str], end: str
) -> None:
    old, new = "\n".join(before) + end, "\n".join(after) + end
    if not old or not new or old == new:
        return  # an empty file is no Dockerfile, and patch would delete it
    file = tmp_path_factory.mktemp("patch") / "Dockerfile"
    file.write_bytes(old.encode())
    patch = diff(outcome(old, new)).encode()
    subprocess.run(["patch", "-p0", "-s", "--binary"], input=patch, cwd=file.parent, check=True)
    assert file.read_bytes() == new.encode()


def test_long_files_take_no_longer_than_they_are() -> None:
    before = "".join(f"RUN step {number % 7} && \\\n" for number in range(20_000))
    after = before.replace("step 3", "step three", 5) + "CMD x\n"
    start = time.process_time()
    assert diff(outcome(before, after))
    assert time.process_time() - start < 5 * slowness()


def test_colours() -> None:
    text = diff(outcome("a\nb\n", "a\nc\n"))
    assert colour(text, Paint(False)) == text
    painted = colour(text, Paint(True))
    assert "\x1b[31m-b\x1b[0m\n\x1b[32m+c\x1b[0m\n" in painted
