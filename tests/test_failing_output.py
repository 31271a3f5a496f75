"""A full disk and closed streams: a message and exit code 4, never a traceback or the code of findings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import GOLDEN

ROWS = [
    ("rewrite > /dev/full", 4, "No space left on device"),
    ("rewrite 2> /dev/full > /dev/null", 4, ""),
    ("rewrite > /dev/full 2>&1", 4, ""),
    ("rewrite >&-", 4, "cannot write the output"),
    ("rewrite 2>&- > /dev/null", 4, ""),
    ("rewrite >&- 2>&-", 4, ""),
    ("rewrite --write --format text > /dev/full", 4, "No space left on device"),
    ("explain --format json > /dev/full", 4, "No space left on device"),
    ("check > /dev/full", 4, "No space left on device"),
    ("config . > /dev/full", 4, "No space left on device"),
    ("--version > /dev/full", 4, "No space left on device"),
    ("rewrite --help > /dev/full", 4, "No space left on device"),
    ("rewrite --output /dev/full", 4, "not a regular file"),
    ("rewrite | true", 0, ""),
    ("rewrite nothing >&-", 2, "no such file"),
]


@pytest.mark.parametrize(
    "command", ["rewrite -", "check .", "scan .", "config", f"rewrite {GOLDEN}/go-plain/input"]
)
def test_a_working_directory_that_was_deleted(tmp_path: Path, command: str) -> None:
    (tmp_path / "gone").mkdir()
    done = subprocess.run(
        ["sh", "-c", f'rmdir ../gone; echo FROM golang | "{sys.executable}" -m slimify {command}'],
        cwd=tmp_path / "gone",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "slimify: cannot enter the working directory: No such file or directory\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize(("command", "code", "message"), ROWS, ids=[row[0] for row in ROWS])
def test_output_that_fails(tmp_path: Path, command: str, code: int, message: str) -> None:
    shutil.copytree(GOLDEN / "go-plain" / "input", tmp_path, dirs_exist_ok=True)
    done = subprocess.run(
        ["sh", "-c", f'exec 3>&1; "{sys.executable}" -m slimify {command}'],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
