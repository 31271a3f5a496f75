"""Development groups that the installs of a project leave out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from unit.python_layouts import Row, holds, lines

UV = """[project]
name = "tide"
version = "1"
dependencies = ["bottle", "flask[async]"]
[dependency-groups]
dev = ["pytest", "pyyaml"]
"""
LOCK = """version = 1
[[package]]
name = "bottle"
version = "0.13.2"
[[package]]
name = "flask"
version = "3.0.0"
dependencies = [{ name = "click" }]
[package.optional-dependencies]
async = [{ name = "asgiref" }]
[[package]]
name = "asgiref"
version = "3.8.1"
[[package]]
name = "click"
version = "8.1.8"
[[package]]
name = "pytest"
version = "8.3.4"
dependencies = [{ name = "pluggy" }, { name = "click" }, { name = "asgiref" }]
[[package]]
name = "pluggy"
version = "1.5.0"
[[package]]
name = "pyyaml"
version = "6.0.2"
"""
MORE_GROUPS = f'{UV}lint = ["ruff"]\n[tool.uv]\ndefault-groups = ["dev", "lint"]\n'
POETRY = """[tool.poetry]
name = "tide"
version = "1"
[tool.poetry.dependencies]
python = "^3.11"
bottle = "*"
[tool.poetry.group.dev.dependencies]
pytest = "*"
pyyaml = "*"
"""
PDM = """[project]
name = "tide"
version = "1"
dependencies = ["bottle"]
[tool.pdm.dev-dependencies]
test = ["pytest"]
"""
APP = "import bottle, click, asgiref\n"


def _files(app: str = APP, project: str = UV, **more: str) -> Mapping[str, str]:
    return {"pyproject.toml": project, "uv.lock": LOCK, "app.py": app, **more}


def _uv(*steps: str, install: str = "uv sync --frozen", start: str = '"python", "app.py"') -> str:
    return lines(
        "FROM python:3.11",
        "RUN pip install uv",
        "WORKDIR /app",
        "COPY . .",
        f"RUN {install}",
        *steps,
        'ENV PATH="/app/.venv/bin:$PATH"',
        f"CMD [{start}]",
    )


def _poetry(install: str, poetry: str = "poetry", *, base: str = "python:3.11") -> str:
    return lines(
        f"FROM {base}",
        "ENV POETRY_VERSION=1.1.13",
        f"RUN {poetry}",
        "WORKDIR /app",
        "COPY . .",
        f"RUN poetry config virtualenvs.create false && {install}",
        'CMD ["python", "app.py"]',
    )


_PIP = "pip install poetry"
INSTALLER = "curl -sSL https://install.python-poetry.org | POETRY_VERSION=1.8.3 python3 -"
_OLD = {"pyproject.toml": POETRY, "app.py": "import bottle\n"}
STAY = [
    Row(id="imported", file=_uv(), files=_files("import yaml\n"), reason="app.py:1 imports pyyaml"),
    Row(
        id="imported-of-an-unknown-package",
        file=_poetry("poetry install", _PIP),
        files={**_OLD, "app.py": "import weather\n"},
        reason="app.py:1 imports weather, and no other dependency is known to provide it",
    ),
    Row(
        id="imported-by-a-similar-name",
        file=_uv(),
        files=_files("import _pluggy_core\n"),
        reason="app.py:1 imports _pluggy_core, and no other dependency is known to provide it",
    ),
    Row(
        id="named-in-settings",
        file=_uv(),
        files=_files(**{"logging.ini": "[handler]\nclass = yaml.Handler\n"}),
        reason="logging.ini names pyyaml",
    ),
    Row(
        id="started",
        file=_uv(start='"sh", "-c", "pytest; python app.py"'),
        files=_files(),
        reason="`pytest` of pytest is",
    ),
    Row(
        id="tests-beside-another-install",
        file=_uv("RUN uv pip install gunicorn && .venv/bin/pytest"),
        files=_files(),
        reason="line 6 runs `pytest`",
    ),
    Row(
        id="tests-of-the-project-that-only-they-install",
        file=_uv("RUN uv run pytest", install="uv sync --frozen --no-install-project"),
        files=_files(),
        reason="kept: line 6 runs",
    ),
    Row(
        id="tests-as-another-user",
        file=_uv("USER nobody", "RUN .venv/bin/pytest"),
        files=_files(),
        reason="line 7 runs `pytest`",
    ),
    Row(
        id="tests-in-the-system",
        file=_poetry("poetry install && pytest", _PIP),
        files=_OLD,
        reason="line 6 runs `pytest`",
    ),
    Row(
        id="installs-at-the-start-by-an-older-uv",
        file=_uv(start='"uv", "run", "app.py"').replace("install uv", "install uv==0.8.6"),
        files=_files(),
        reason="`uv` installs them again at every start",
    ),
    Row(
        id="installs-other-groups-at-the-start",
        file=_uv(start='"uv", "run", "app.py"'),
        files=_files(project=MORE_GROUPS),
        reason="`uv` installs them again at every start",
    ),
    Row(
        id="asks-for-them-at-the-start",
        file=_uv(start='"uv", "run", "--dev", "app.py"'),
        files=_files(),
        reason="`uv` installs them again at every start",
    ),
    Row(id="asked-for", file=_uv(install="uv sync --frozen --dev"), files=_files(), reason="line 5 says"),
    Row(
        id="other-groups-too-of-an-older-uv",
        file=_uv().replace("install uv", "install uv==0.5.20"),
        files=_files(project=MORE_GROUPS),
        reason="the installer has no option",
    ),
    Row(
        id="loaded-by-another",
        file=_uv(),
        files=_files(project=UV.replace('"pyyaml"', '"python-dotenv"')),
        reason="flask loads python-dotenv if it is installed",
    ),
    Row(
        id="a-choice-at-build-time",
        file=_poetry('poetry install $(test "$STAGE" = prod && echo --no-dev)', _PIP),
        files=_OLD,
        reason="kept",
    ),
    Row(
        id="an-unknown-release-of-poetry",
        file=_poetry("poetry install", "pip install 'poetry<2'"),
        files=_OLD,
        reason="the installer has no option",
    ),
    Row(
        id="a-python-without-new-releases-of-poetry",
        file=_poetry("poetry install", _PIP, base="python:3.6"),
        files=_OLD,
        reason="the installer has no option",
    ),
    Row(
        id="installed-by-another-stage",
        file=lines(
            "FROM python:3.11 AS deps",
            "RUN pip install --user poetry==1.1.15",
            "WORKDIR /app",
            "COPY . .",
            "RUN poetry install",
            "FROM python:3.11",
            "WORKDIR /app",
            "COPY --from=deps /root /root",
            "COPY --from=deps /app /app",
            "RUN poetry install",
            'CMD ["poetry", "run", "python", "app.py"]',
        ),
        files=_OLD,
        reason="another stage has installed them",
    ),
]
LEFT_OUT = [
    Row(id="uv", file=_uv(), files=_files(), builder=("RUN uv sync --frozen --no-dev",)),
    Row(
        id="an-import-that-the-lock-file-does-not-know",
        file=_uv(),
        files=_files("try:\n    import weather\nexcept ImportError:\n    weather = None\n"),
        builder=("RUN uv sync --frozen --no-dev",),
    ),
    Row(
        id="uv-that-installs-at-the-start",
        file=_uv(start='"sh", "-c", "uv run db.py && uv run app.py"'),
        files=_files(**{"db.py": "", "alembic.ini": "# ruff.module = pytest.main\n"}),
        builder=("ENV UV_NO_DEV=1", "RUN uv sync --frozen"),
        final=("ENV UV_NO_DEV=1",),
        reason="UV_NO_DEV leaves out 3 development dependencies, at the start as well",
    ),
    Row(
        id="uv-more-groups",
        file=_uv(),
        files=_files(project=MORE_GROUPS),
        builder=("RUN uv sync --frozen --no-default-groups",),
    ),
    Row(
        id="uv-of-an-image",
        file=_uv().replace("RUN pip install uv", "COPY --from=ghcr.io/astral-sh/uv:0.7.2 /uv /bin/"),
        files=_files(project=MORE_GROUPS),
        builder=("RUN uv sync --frozen --no-default-groups",),
    ),
    Row(
        id="tests-of-uv",
        file=_uv("RUN uv run pytest"),
        files=_files(),
        builder=("RUN uv sync --frozen", "RUN uv run pytest \\", "    && uv sync --frozen --no-dev"),
        reason="3 development dependencies are pruned after the build",
    ),
    Row(
        id="tests-of-poetry",
        file=_poetry("poetry install -E full", "pip install poetry==1.8.3")
        .replace("virtualenvs.create false", "virtualenvs.in-project true")
        .replace("CMD [", 'RUN poetry run pytest\nCMD ["/app/.venv/bin/')
        .replace('/"python', "/python"),
        files={**_OLD, "poetry.lock": LOCK},
        builder=(
            "RUN poetry config virtualenvs.in-project true && poetry install -E full",
            "RUN poetry run pytest \\",
            "    && poetry install -E full --sync --only main",
        ),
    ),
    Row(
        id="uv-twice",
        file=_uv("RUN uv sync --frozen -v", install="uv sync --frozen --no-install-project && rm -rf /tmp/x"),
        files=_files(),
        builder=(
            "RUN uv sync --frozen --no-install-project --no-dev && rm -rf /tmp/x",
            "RUN uv sync --frozen -v --no-dev",
        ),
    ),
    Row(
        id="poetry",
        file=_poetry("poetry install", _PIP),
        files=_OLD,
        builder=("RUN poetry config virtualenvs.create false && poetry install --only main \\",),
    ),
    Row(
        id="poetry-of-a-variable",
        file=_poetry("poetry install -n", "pip install poetry==$POETRY_VERSION"),
        files=_OLD,
        builder=("RUN poetry config virtualenvs.create false && poetry install -n --no-dev \\",),
    ),
    Row(
        id="poetry-of-an-installer",
        file=_poetry("poetry install", INSTALLER),
        files=_OLD,
        builder=("RUN poetry config virtualenvs.create false && poetry install --only main",),
    ),
    Row(
        id="pdm",
        file=lines(
            "FROM python:3.11",
            "RUN pip install pdm",
            "WORKDIR /app",
            "COPY . .",
            "RUN pdm install --frozen-lockfile",
            'CMD ["/app/.venv/bin/python", "app.py"]',
        ),
        files={"pyproject.toml": PDM, "app.py": "import bottle\n"},
        builder=("RUN pdm install --frozen-lockfile --prod",),
    ),
]


@pytest.mark.parametrize("row", STAY, ids=lambda row: row.id)
def test_stay(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)


@pytest.mark.parametrize("row", LEFT_OUT, ids=lambda row: row.id)
def test_left_out(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)
