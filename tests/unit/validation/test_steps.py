"""A file that no planner made, held against the old one."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.syntax.dockerfile.parser import parse
from slimify.validation.comparison import Comparison
from slimify.validation.validate import comparison_problems

OLD = """FROM debian:bookworm
RUN apt-get update && apt-get install -y python3-pip gcc
COPY requirements.txt ./
RUN pip3 install --upgrade pip
RUN pip3 install -r requirements.txt
COPY app.py ./
CMD ["python3", "app.py"]
"""


def _swapped(old: str, new: str) -> str:
    assert old in OLD
    return OLD.replace(old, new)


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        pytest.param(OLD, "", id="the same"),
        pytest.param(
            _swapped("install -r", "install --no-cache-dir -r"), "", id="less is kept of the same command"
        ),
        pytest.param(
            _swapped(" gcc\n", " gcc && rm -rf /var/lib/apt/lists/*\n"), "", id="something is cleaned up"
        ),
        pytest.param(
            _swapped(" python3-pip gcc\n", " python3\n").replace(
                "RUN pip3 install -r", "RUN apt-get install -y python3-pip gcc && pip3 install -r"
            ),
            "`pip3 install --upgrade pip` calls a program of python3-pip",
            id="a program comes after its caller",
        ),
        pytest.param(
            _swapped("RUN pip3 install -r", "RUN apt-get purge -y python3-pip && pip3 install -r"),
            "`pip3 install -r requirements.txt` calls a program of python3-pip",
            id="a program goes before its caller",
        ),
        pytest.param(
            _swapped("COPY app.py ./\n", ""), "/app.py", id="a file does not come"
        ),
        pytest.param(
            _swapped("RUN pip3 install --upgrade pip\n", ""), "would be missing", id="a command is not there"
        ),
        pytest.param(
            _swapped("COPY requirements.txt ./\n", "").replace(
                "COPY app.py", "COPY requirements.txt ./\nCOPY app.py"
            ),
            "requirements.txt does not exist",
            id="a command comes before what it reads",
        ),
    ],
)  # fmt: skip
def test_what_would_be_otherwise(new: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("cffi==1.17.1\n")
    (tmp_path / "app.py").write_text("import cffi\n")
    found = _problems(OLD, new, tmp_path)
    assert problem in found if problem else not found


def _problems(old: str, new: str, context: Path) -> str:
    program = classify(parse(old.encode(), "Dockerfile"), scan(context, None), "Dockerfile", Options(), None)
    new_machine = program.executed(parse(new.encode(), "Dockerfile"))
    compared = Comparison(old=program.machine, new=new_machine, program=program)
    return "; ".join(map(str, comparison_problems(compared)))


# RUNs of both files that install, and whether the new one goes on after a failure that stopped the old one
JOINTS = {
    "the-same": ("apt-get update && apt-get install -y jq", "apt-get update && apt-get install -y jq", False),
    "errexit": (
        "set -e; apt-get update; apt-get install -y jq; rm -rf /var/lib/apt/lists/*",
        "set -e; apt-get update; apt-get install -y jq git; rm -rf /var/lib/apt/lists/*",
        False,
    ),
    "never-stopped": (
        "apt-get update; apt-get install -y jq",
        "apt-get update; apt-get install -y jq git",
        False,
    ),
    "stopped": ("apt-get update && apt-get install -y jq", "apt-get update; apt-get install -y jq git", True),
    "errexit-gone": (
        "set -e; apt-get update; apt-get install -y jq; touch /x",
        "apt-get update; apt-get install -y jq git; touch /x",
        True,
    ),
}


@pytest.mark.parametrize(("old", "new", "wrong"), JOINTS.values(), ids=JOINTS)
def test_what_stops_the_build(old: str, new: str, wrong: bool, tmp_path: Path) -> None:
    file = 'FROM debian:bookworm\nRUN {}\nCMD ["jq"]\n'
    found = _problems(file.format(old), file.format(new), tmp_path)
    assert ("would be joined" in found) == wrong, found
