"""Requirements files and extras for development: their tools leave the builder at its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from unit.python_layouts import Row, holds, lines

from slimify import pipeline

FILES: Mapping[str, str] = {
    "requirements.txt": "bottle==0.13.2\n",
    "requirements-dev.txt": "-r requirements.txt\npytest\npytest-cov\nwaitress\n",
    "app.py": "import bottle\n",
    "manage.py": "import bottle\n",
}
PROJECT = """[project]
name = "tide"
version = "1"
dependencies = ["bottle"]
[project.optional-dependencies]
dev = ["mypy", "pytest"]
docs = ["sphinx"]
"""


def _file(*steps: str, start: str = "python app.py") -> str:
    return lines("FROM python:3.11", "WORKDIR /app", "COPY . .", *steps, f"CMD {start}")


BOTH = "RUN pip install -r requirements.txt -r requirements-dev.txt"
GONE = ("RUN pytest \\", "    && pip uninstall -y pytest pytest-cov")
ROWS = [
    Row(
        id="no-list-for-development",
        file=_file("RUN pip install pytest", "RUN pytest"),
        files=FILES,
        builder=("RUN pytest",),
    ),
    Row(
        id="imported",
        file=_file(BOTH),
        files={**FILES, "app.py": "import bottle, pytest, pytest_cov\n"},
        reason="2 development dependencies are kept: app.py:1 imports pytest",
    ),
    Row(
        id="started",
        file=_file(BOTH, start="pytest && python app.py"),
        files=FILES,
        reason="`pytest` of pytest is started",
    ),
    Row(
        id="listed-for-all",
        file=_file(BOTH),
        files={**FILES, "requirements.txt": "bottle\npytest\npytest-cov\n"},
        builder=(BOTH,),
    ),
    Row(
        id="wanted-by-another",
        file=_file(BOTH),
        files={**FILES, "requirements.txt": "schemathesis\n", "requirements-dev.txt": "pytest\n"},
        reason="schemathesis loads pytest if it is installed",
    ),
    Row(
        id="a-development-server",
        file=_file(BOTH, start="python manage.py runserver"),
        files=FILES,
        reason="is a development server, beside which tools may be run",
    ),
    Row(
        id="as-another-user",
        file=_file(BOTH, "USER nobody", "RUN pytest"),
        files=FILES,
        builder=("RUN pytest",),
    ),
    Row(id="tests", file=_file(BOTH, "RUN pytest"), files=FILES, builder=(BOTH, *GONE)),
    Row(
        id="tests-beside-a-development-server",
        file=_file(BOTH, "RUN pytest", start="python manage.py runserver"),
        files=FILES,
        builder=(BOTH, *GONE),
    ),
    Row(
        id="one-of-them-imported",
        file=_file(BOTH, "RUN pytest"),
        files={**FILES, "app.py": "import bottle, pytest\n"},
        builder=("    && pip uninstall -y pytest-cov",),
        reason="1 development dependency is kept: app.py:1 imports pytest",
    ),
    Row(
        id="one-that-another-requires-which-stays",
        file=_file(BOTH, "RUN pytest"),
        files={
            **FILES,
            "requirements-dev.txt": "pytest\nfaker\nfactory-boy\n",
            "app.py": "import bottle, factory\n",
        },
        builder=("    && pip uninstall -y pytest",),
        reason="2 development dependencies are kept: app.py:1 imports factory-boy",
    ),
    Row(
        id="one-that-another-requires-which-goes",
        file=_file(BOTH, "RUN pytest"),
        files={**FILES, "requirements-dev.txt": "pytest\nfaker\nfactory-boy\n"},
        builder=("    && pip uninstall -y pytest faker factory-boy",),
    ),
    Row(
        id="the-list-includes-the-others",
        file=_file("RUN pip install -r requirements-dev.txt", "RUN pytest"),
        files=FILES,
        builder=GONE,
    ),
    Row(
        id="extras",
        file=_file("RUN pip install '.[dev,docs]'", "RUN mypy . && pytest"),
        files={"pyproject.toml": PROJECT, "app.py": "import bottle\n"},
        builder=("    && pip uninstall -y mypy pytest",),
    ),
    Row(
        id="an-environment",
        file=_file(
            "RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements-dev.txt",
            "RUN /opt/venv/bin/pytest",
            start="/opt/venv/bin/python app.py",
        ),
        files=FILES,
        builder=("    && /opt/venv/bin/pip uninstall -y pytest pytest-cov",),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_lists_for_development(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)


@pytest.mark.parametrize(
    ("step", "removed"),
    [
        pytest.param("", True, id="nothing-uses-it"),
        pytest.param("RUN python -m pyflakes app.py\n", True, id="the-builder-checks"),
        pytest.param("RUN python -m acme app.py\n", False, id="the-final-stage-runs-it"),
    ],
)
def test_tools_that_steps_run_as_modules(step: str, removed: bool, tmp_path: Path) -> None:
    """A step that may run code of the application is executed in the final stage."""
    tool = "acme" if "acme" in step else "pyflakes"
    (tmp_path / "requirements-dev.txt").write_text(f"six==1.16.0\n{tool}==1.0\n")
    (tmp_path / "requirements.txt").write_text("six==1.16.0\n")
    (tmp_path / "app.py").write_text("import six\n")
    install = "COPY requirements*.txt ./\nRUN pip install -r requirements-dev.txt\nCOPY . .\n"
    text = f'FROM python:3.11\nWORKDIR /app\n{install}{step}CMD ["python", "app.py"]\n'
    outcome = pipeline.rewrite(text.encode(), name="Dockerfile", context=tmp_path)
    assert (f"uninstall -y {tool}" in (outcome.after or "")) is removed, outcome.after
