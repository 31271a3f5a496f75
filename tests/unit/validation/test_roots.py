"""What the image starts from, in two files that no planner made."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import differences

OLD = 'FROM python:3.12\n{env}COPY app.py ./\nCMD ["python", "app.py"]\n'
SHORT = "ENV PATH=/usr/local/bin:/usr/bin:/bin\n"


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        pytest.param("", "", "", id="the base's"),
        pytest.param(SHORT, SHORT, "", id="the old one lacks them, too"),
        pytest.param("", SHORT, "PATH would lack /usr/sbin", id="lost"),
    ],
)
def test_directories_of_the_base_stay_in_path(before: str, after: str, problem: str, tmp_path: Path) -> None:
    new = OLD.format(env=after).replace("python:3.12", "python:3.12-slim")
    found = differences(OLD.format(env=before), new, {"app.py": ""}, tmp_path)
    assert problem in found if problem else not found
