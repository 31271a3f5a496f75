"""New commands: they only clean up, or do what the plan says, and they can run."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import changed, differences

OLD = """FROM python:3.12-bookworm
RUN apt-get update && apt-get install -y gcc libmagic1
WORKDIR /app
COPY requirements.txt app.py ./
RUN pip install -r requirements.txt
RUN chown -R nobody /app
USER nobody
CMD ["python", "app.py"]
"""
FILES = {"requirements.txt": "python-magic==0.4.27\n", "app.py": "import magic\n"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param("RUN rm -rf /var/lib/apt/lists/*", "", id="package lists"),
        pytest.param("RUN apt-get purge -y gcc", "", id="a compiler"),
        pytest.param("RUN apt-get purge -y libmagic1", "apt-get purge -y libmagic1", id="a library"),
        pytest.param("RUN cd /app && rm -rf /root/.cache", "", id="in a directory that is there"),
        pytest.param("RUN cd /app/src && rm -rf /root/.cache", "cd /app/src", id="in no directory"),
    ],
)
def test_a_line_before_the_user(line: str, problem: str, tmp_path: Path) -> None:
    found = differences(OLD, changed(OLD, ("USER", f"{line}\nUSER")), FILES, tmp_path)
    assert problem in found if problem else not found


def test_only_root_changes_owners(tmp_path: Path) -> None:
    copied = changed(OLD, ("COPY", "COPY --chown=nobody"), ("chown -R nobody", "chown nobody"))
    assert not differences(OLD, copied, FILES, tmp_path)
    late = changed(copied, ("USER nobody\n", ""), ("RUN chown", "USER nobody\nRUN chown"))
    assert "chown nobody /app" in differences(OLD, late, FILES, tmp_path)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        pytest.param("/app/app.py", "", id="a COPY brings it"),
        pytest.param("/app/data/a.txt", "", id="a step makes it"),
        pytest.param("/app/other.txt", "chown 0:0 /app/other.txt", id="only code may make it"),
    ],
)
def test_the_owner_of_what_is_certain(path: str, problem: str, tmp_path: Path) -> None:
    old = changed(OLD, ("RUN chown", "RUN mkdir data && touch data/a.txt\nRUN python app.py\nRUN chown"))
    found = differences(old, changed(old, ("USER", f"RUN chown 0:0 {path}\nUSER")), FILES, tmp_path)
    assert problem in found if problem else "chown 0:0" not in found
