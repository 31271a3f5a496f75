"""Elements: the dependencies of a Python project."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

from random import Random

from tools.generator.elements.common import module, plain
from tools.generator.project import Project, Run, element
from tools.generator.simulation.probes import Probe, Program
from tools.generator.sources import filled, main_source

_PINS = {"six": "1.16.0", "idna": "3.7", "colorama": "0.4.6", "tabulate": "0.9.0", "click": "8.1.7"}


@element("no-dependencies", "install", "python")
def _none(p: Project, random: Random) -> None:
    return None


def _pip(random: Random, rest: str) -> str:
    return random.choice(
        [
            f"pip install {rest}",
            f"pip install --no-cache-dir {rest}",
            f"pip3 install {rest}",
            f"python -m pip install {rest}",
        ]
    )


def _requirements(p: Project, random: Random) -> list[str]:
    names = random.sample(sorted(_PINS), 2)
    p.add("requirements.txt", "".join(f"{n}=={_PINS[n]}\n" for n in names))
    p.line("install", "COPY requirements.txt .")
    module(p, random, names[0])
    return names


@element("requirements", "install", "python", weight=4, fits=plain)
def _requirements_file(p: Project, random: Random) -> None:
    _requirements(p, random)
    p.line("install", f"RUN {_pip(random, '-r requirements.txt')}")


@element("requirements-development", "install", "python", fits=plain)
def _development(p: Project, random: Random) -> None:
    _requirements(p, random)
    p.add("requirements-dev.txt", "-r requirements.txt\npyflakes==3.2.0\n")
    p.line("install", f"COPY requirements-dev.txt .\nRUN {_pip(random, '-r requirements-dev.txt')}")
    if random.random() < 0.5:
        p.line("build", "RUN python -m pyflakes app.py")


@element("requirements-mounted", "install", "python", weight=1, fits=plain)
def _mounted(p: Project, random: Random) -> None:
    _requirements(p, random)
    p.slots["install"].pop()
    p.line(
        "install",
        "RUN --mount=type=bind,source=requirements.txt,target=requirements.txt \\\n    pip install -r requirements.txt",
    )


@element("venv", "install", "python", fits=lambda p: not p.alpine or plain(p))
def _venv(p: Project, random: Random) -> None:
    _requirements(p, random)
    python = "python" if plain(p) else "python3"
    place = random.choice(["/opt/venv", "/venv"])
    p.line(
        "install",
        f"RUN {python} -m venv {place}\nENV PATH={place}/bin:$PATH\nRUN pip install -r requirements.txt",
    )
    p.facts["venv"] = place


@element("installed-by-name", "install", "python", fits=plain)
def _by_name(p: Project, random: Random) -> None:
    p.line("install", f"RUN {_pip(random, 'six==1.16.0 tabulate==0.9.0')}")
    module(p, random, "six")
    if random.random() < 0.5:
        p.probe("program", "tabulate", kind="program")


@element("installed-for-user", "install", "python", weight=1, fits=plain)
def _user(p: Project, random: Random) -> None:
    if "user" in p.facts:
        return
    _requirements(p, random)
    p.line("install", "RUN pip install --user -r requirements.txt")


@element("project", "install", "python", fits=plain)
def _project(p: Project, random: Random) -> None:
    editable = random.choice(["", "-e "])
    extra = random.choice(["", "[dev]"])
    p.add(
        "pyproject.toml",
        """[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "tool"
version = "1.0"
dependencies = ["six==1.16.0"]

[project.optional-dependencies]
dev = ["pyflakes==3.2.0"]

[tool.setuptools]
packages = ["tool"]
""",
    )
    p.add("tool/__init__.py", '"""A package."""\n')
    p.line("build", f"RUN {_pip(random, f'{editable}.{extra}')}")
    module(p, random, "six")
    module(p, random, "tool")


@element("uv", "install", "python", fits=plain)
def _uv(p: Project, random: Random) -> None:
    _requirements(p, random)
    p.line("install", "RUN pip install uv && uv pip install --system -r requirements.txt")


@element("console-script", "install", "python", weight=2, fits=plain)
def _console(p: Project, random: Random) -> None:
    p.add(
        "pyproject.toml",
        '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n\n[project]\nname = "gadget"\nversion = "1.0"\ndependencies = ["six==1.16.0"]\n\n[project.scripts]\ngadget = "gadget.cli:main"\n\n[tool.setuptools]\npackages = ["gadget"]\n',
    )
    p.add("gadget/__init__.py", '"""A gadget."""\n')
    body = filled("python", "module", {"what": "six", "bare": "six"})
    text = main_source("python", [("six", body)], title="gadget")
    p.script("gadget/cli.py", Program("gadget", "python", [Probe("six", "module", "six")]), text)
    p.line(
        "build",
        random.choice(["RUN pip install .", "RUN pip install --no-cache-dir .", "RUN pip install -e ."]),
    )
    p.compose("gadget", Run("console", ["gadget"], entrypoint=[]), entrypoint=["gadget"])


@element("development-requirement-needed", "install", "python", weight=2, fits=plain)
def _dev_needed(p: Project, random: Random) -> None:
    p.add("requirements.txt", "six==1.16.0\n")
    p.add("requirements-dev.txt", "-r requirements.txt\niniconfig==2.0.0\npyflakes==3.2.0\n")
    p.line("install", "COPY requirements*.txt ./\nRUN pip install -r requirements-dev.txt")
    p.probe(random.choice(["module", "module-named"]), "iniconfig", bare="iniconfig")
    p.probe("module", "six", bare="six")


@element("two-requirement-files", "install", "python", fits=plain)
def _two(p: Project, random: Random) -> None:
    p.add("requirements/base.txt", "six==1.16.0\n")
    p.add("requirements/prod.txt", "-r base.txt\nidna==3.7\n")
    p.line(
        "install",
        random.choice(
            [
                "COPY requirements requirements\nRUN pip install -r requirements/prod.txt",
                "COPY requirements/ /tmp/requirements/\nRUN pip install -r /tmp/requirements/prod.txt && rm -rf /tmp/requirements",
            ]
        ),
    )
    p.probe("module", "idna", bare="idna")


@element(
    "installed-elsewhere",
    "install",
    "python",
    weight=1,
    fits=lambda p: plain(p) and "shared/common_things.py" not in p.files,
)
def _elsewhere(p: Project, random: Random) -> None:
    p.add("requirements.txt", "six==1.16.0\n")
    p.line(
        "install",
        "COPY requirements.txt .\nRUN pip install --target=/opt/libs -r requirements.txt\nENV PYTHONPATH=/opt/libs",
    )
    p.probe("module", "six", bare="six")


# --- other managers


def _poetry_files(p: Project, random: Random) -> None:
    p.static_only = "no index for poetry"
    p.add(
        "pyproject.toml",
        '[tool.poetry]\nname = "app"\nversion = "0.1.0"\ndescription = ""\nauthors = []\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = "^3.11"\nsix = "1.16.0"\n\n[tool.poetry.group.dev.dependencies]\npyflakes = "3.2.0"\n',
    )
    p.add(
        "poetry.lock",
        '[[package]]\nname = "pyflakes"\nversion = "3.2.0"\n\n[[package]]\nname = "six"\nversion = "1.16.0"\n\n[metadata]\nlock-version = "2.0"\n',
    )
    p.line(
        "install", random.choice(["RUN pip install poetry", "RUN pip install --no-cache-dir poetry==1.8.3"])
    )
    p.line(
        "install",
        random.choice(["COPY pyproject.toml poetry.lock ./", "COPY pyproject.toml poetry.lock* ./"]),
    )
    module(p, random, "six")


@element("poetry", "install", "python", weight=2, fits=plain)
def _poetry(p: Project, random: Random) -> None:
    _poetry_files(p, random)
    options = random.choice(
        ["--no-interaction --no-ansi", "--no-root", "--only main", "--without dev", "--no-dev"]
    )
    p.line("install", random.choice([
        f"RUN poetry config virtualenvs.create false && poetry install {options}",
        f"RUN poetry config virtualenvs.create false\nRUN poetry install {options}",
        f"ENV POETRY_VIRTUALENVS_CREATE=false\nRUN poetry install {options} && rm -rf ~/.cache/pypoetry",
    ]))  # fmt: skip
    if random.random() < 0.4 and "user" not in p.facts:
        p.facts["start-prefix"] = "poetry run"


@element("poetry-environment", "install", "python", weight=1, fits=plain)
def _poetry_environment(p: Project, random: Random) -> None:
    if "user" in p.facts:
        return
    _poetry_files(p, random)
    p.line(
        "install",
        random.choice(
            [
                "RUN poetry install --no-root",
                "RUN poetry config virtualenvs.in-project true && poetry install --no-root",
            ]
        ),
    )
    p.facts["start-prefix"] = "poetry run"


@element("pipenv", "install", "python", weight=2, fits=plain)
def _pipenv(p: Project, random: Random) -> None:
    p.static_only = "a lock file without hashes"
    p.add(
        "Pipfile",
        '[[source]]\nurl = "https://pypi.org/simple"\nverify_ssl = true\nname = "pypi"\n\n[packages]\nsix = "==1.16.0"\n\n[dev-packages]\npyflakes = "==3.2.0"\n',
    )
    p.add(
        "Pipfile.lock",
        '{"_meta": {"hash": {"sha256": ""}}, "default": {"six": {"version": "==1.16.0"}}, "develop": {"pyflakes": {"version": "==3.2.0"}}}\n',
    )
    p.line("install", "RUN pip install pipenv\nCOPY Pipfile Pipfile.lock ./")
    choice = (
        random.choice(["system", "system-dev", "own", "in-project"]) if "user" not in p.facts else "system"
    )
    p.line("install", {
        "system": random.choice(["RUN pipenv install --system --deploy", "RUN pipenv sync --system"]),
        "system-dev": "RUN pipenv install --system --deploy --dev",
        "own": "RUN pipenv install --deploy",
        "in-project": "ENV PIPENV_VENV_IN_PROJECT=1\nRUN pipenv install --dev",
    }[choice])  # fmt: skip
    if choice in ("own", "in-project"):
        p.facts["start-prefix"] = "pipenv run"
    module(p, random, "six")


@element("uv-sync", "install", "python", weight=2, fits=plain)
def _uv_sync(p: Project, random: Random) -> None:
    p.static_only = "a lock file without hashes"
    p.add(
        "pyproject.toml",
        '[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = ["six==1.16.0"]\n\n[dependency-groups]\ndev = ["pyflakes==3.2.0"]\n',
    )
    p.add(
        "uv.lock",
        'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "six"\nversion = "1.16.0"\n\n[[package]]\nname = "pyflakes"\nversion = "3.2.0"\n',
    )
    p.line(
        "install",
        random.choice(
            [
                "RUN pip install uv",
                "COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/",
                "COPY --from=ghcr.io/astral-sh/uv:0.5.1 /uv /usr/local/bin/uv",
            ]
        ),
    )
    p.line("install", "COPY pyproject.toml uv.lock ./")
    p.line("install", random.choice([
        "RUN uv sync --frozen",
        "RUN uv sync --frozen --no-dev",
        "RUN --mount=type=cache,target=/root/.cache/uv \\\n    uv sync --locked --no-install-project",
        "ENV UV_COMPILE_BYTECODE=1\nRUN uv sync --frozen --no-cache",
    ]))  # fmt: skip
    if random.random() < 0.5:
        p.line("after", f"ENV PATH={p.path('.venv/bin')}:$PATH")
        p.facts["venv"] = p.path(".venv")
    else:
        p.facts["start-prefix"] = "uv run --no-sync"
    module(p, random, "six")


@element("uv-environment", "install", "python", weight=1, fits=plain)
def _uv_environment(p: Project, random: Random) -> None:
    _requirements(p, random)
    p.line(
        "install",
        "RUN pip install uv\nENV VIRTUAL_ENV=/opt/venv\nRUN uv venv /opt/venv && uv pip install -r requirements.txt\nENV PATH=/opt/venv/bin:$PATH",
    )
    p.facts["venv"] = "/opt/venv"


@element("prefix", "install", "python", weight=1, fits=plain)
def _prefix(p: Project, random: Random) -> None:
    _requirements(p, random)
    p.line("install", "RUN pip install --prefix=/install -r requirements.txt && cp -r /install/. /usr/local/")


@element("wheels", "install", "python", weight=1, fits=plain)
def _wheels(p: Project, random: Random) -> None:
    _requirements(p, random)
    p.line("install", random.choice([
        "RUN pip wheel -w /wheels -r requirements.txt && pip install --no-index --find-links=/wheels -r requirements.txt",
        "RUN pip wheel --wheel-dir /wheels -r requirements.txt\nRUN pip install --no-index --find-links=/wheels -r requirements.txt && rm -rf /wheels",
    ]))  # fmt: skip


@element("venv-activated", "install", "python", weight=2)
def _activated(p: Project, random: Random) -> None:
    if p.alpine and not plain(p):
        return
    _requirements(p, random)
    python = "python" if plain(p) else "python3"
    p.line(
        "install",
        f"RUN {python} -m venv /opt/own && . /opt/own/bin/activate && pip install -r requirements.txt",
    )
    p.facts["interpreter"] = "/opt/own/bin/python"
    p.facts["venv"] = "/opt/own"


@element("constraints", "install", "python", weight=1, fits=plain)
def _constraints(p: Project, random: Random) -> None:
    p.add("requirements.in", "six\n# tools\nidna  # names\n")
    p.add("constraints.txt", "six==1.16.0\nidna==3.7\n")
    p.line(
        "install",
        "COPY requirements.in constraints.txt /tmp/\nRUN pip install -c /tmp/constraints.txt -r /tmp/requirements.in",
    )
    module(p, random, "idna")


@element("several-installs", "install", "python", fits=plain)
def _several(p: Project, random: Random) -> None:
    _requirements(p, random)
    p.line("install", random.choice([
        "RUN pip install --upgrade pip setuptools wheel\nRUN pip install -r requirements.txt\nRUN pip install iniconfig==2.0.0",
        "RUN pip install -U pip && pip install -r requirements.txt iniconfig==2.0.0",
        "RUN set -ex; pip install --no-cache-dir -r requirements.txt; pip install --no-cache-dir iniconfig==2.0.0; rm -rf ~/.cache",
        "RUN pip install -r requirements.txt && for name in iniconfig pyflakes; do pip install $name; done",
    ]))  # fmt: skip
    module(p, random, "iniconfig")


@element("packaging-tools-upgraded", "install", "python", weight=2, fits=plain)
def _tools_upgraded(p: Project, random: Random) -> None:
    """Some requirement asks for newer packaging tools than the base image brings."""
    name = "setuptools"
    way = random.choice(["named", "file", "required", "pipenv", "wheel"])
    if way == "pipenv":
        p.line(
            "install",
            random.choice(["RUN pip install pipenv", "RUN pip install --upgrade pip && pip install pipenv"]),
        )
    elif way == "named":
        p.line("install", f"RUN {_pip(random, '--upgrade setuptools')}")
    elif way == "wheel":
        name = "wheel"
        p.line("install", f"RUN {_pip(random, '-U pip wheel')}")
    else:
        p.static_only = "large" if way == "required" else p.static_only
        p.add(
            "requirements.txt",
            "six==1.16.0\n" + ("grpcio-tools\n" if way == "required" else "setuptools>=70\n"),
        )
        p.line("install", "COPY requirements.txt .")
        p.line("install", f"RUN {_pip(random, '-r requirements.txt')}")
    p.probe("one-version", name)


@element("installed-as-user", "install", "python", weight=1, fits=plain)
def _as_user(p: Project, random: Random) -> None:
    if "early" not in p.facts:
        return
    _requirements(p, random)
    p.slots["install"].pop()
    p.line(
        "install",
        "COPY requirements.txt /tmp/\nUSER app\nRUN pip install --user -r /tmp/requirements.txt\nENV PATH=/home/app/.local/bin:$PATH\nUSER root",
    )
