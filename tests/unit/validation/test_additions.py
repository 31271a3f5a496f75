"""New commands: they only clean up, or do what the plan says, and they can run."""

from __future__ import annotations

import re
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


MOUNTED = """FROM python:3.12-bookworm
RUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y gcc
COPY app.py ./
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        pytest.param("RUN apt-get update && apt-get install -y libmagic1", False, id="another package"),
        pytest.param("RUN apt-get update && apt-get install -y gcc", True, id="the same package"),
    ],
)
def test_package_lists_without_their_cache(line: str, wrong: bool, tmp_path: Path) -> None:
    found = differences(MOUNTED, re.sub("(?m)^RUN .*", line, MOUNTED), FILES, tmp_path)
    assert ("would lack the mount" in found) is wrong


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


@pytest.mark.parametrize(
    ("copy", "problem"),
    [
        ("/usr/local/lib/python3.12/site-packages", ""),
        ("/usr/local", ""),
        ("/usr/local/bin", "would be new"),
    ],
)
def test_packages_go_where_a_copy_brings_them_anew(copy: str, problem: str, tmp_path: Path) -> None:
    old = 'FROM python:3.12\nRUN pip install flask\nCMD ["python", "-m", "flask"]\n'
    site = "RUN rm -rf /usr/local/lib/python3.12/site-packages"
    first = old.replace("python:3.12", "python:3.12 AS builder").partition("CMD")[0]
    new = (
        f"{first}FROM python:3.12-slim\n{site}\nCOPY --from=builder {copy} {copy}\n{old[old.index('CMD') :]}"
    )
    found = differences(old, new, {}, tmp_path)
    assert ("would be new" in found) == bool(problem), found


@pytest.mark.parametrize(
    ("removed", "problem"),
    [("apk del .other", ""), ("apk del .build", "would be new"), ("apk del npm", "would be new")],
)
def test_a_cleaning_needs_its_program(removed: str, problem: str, tmp_path: Path) -> None:
    old = f"FROM python:3.12-alpine\nRUN apk add --virtual .build npm\nRUN npm install -g a && {removed}\n"
    new = old.replace(removed, f"{removed} && npm cache clean --force")
    found = differences(old, new, {}, tmp_path)
    assert problem in found if problem else not found
