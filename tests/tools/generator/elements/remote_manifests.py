"""Elements: files that list packages, or by which a project is found, where one does not look for them: above
the working directory, at a place that a variable names, made by a step, or not in the checkout."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import posixpath
from random import Random

from tools.generator.elements.common import full, module, needs, package, plain, save_package, starts_command
from tools.generator.elements.packages import install
from tools.generator.project import Project, element
from tools.generator.simulation.probes import Program


@element("uv-workspace", "install", "python", weight=3, fits=lambda p: plain(p) and "early" not in p.facts)
def _uv_workspace(p: Project, random: Random) -> None:
    """The context is a member; its workspace, with the environment, lies above the working directory."""
    p.static_only = "a lock file without hashes"
    root, member = p.home, random.choice(["packages/api", "services/web"])
    p.add(
        "pyproject.toml",
        '[project]\nname = "member"\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = ["six==1.16.0"]\n\n[dependency-groups]\ndev = ["pyflakes==3.2.0"]\n',
    )
    p.add(
        "workspace/pyproject.toml",
        f'[project]\nname = "shop"\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = []\n\n[tool.uv.workspace]\nmembers = ["{posixpath.dirname(member)}/*"]\n',
        application=False,
    )
    p.add(
        "workspace/uv.lock",
        'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "six"\nversion = "1.16.0"\n\n[[package]]\nname = "pyflakes"\nversion = "3.2.0"\n',
        application=False,
    )
    p.home = posixpath.join(root, member)
    p.line("workdir", random.choice([f"WORKDIR {p.home}", f"WORKDIR {member}"]))
    p.line(
        "install",
        random.choice(["RUN pip install uv", "COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/"]),
    )
    p.line("install", f"COPY workspace/pyproject.toml workspace/uv.lock {root}/\nCOPY pyproject.toml ./")
    p.line(
        "install",
        random.choice(["RUN uv sync --frozen", "RUN uv sync --frozen --no-dev --no-install-project"]),
    )
    if random.random() < 0.3:
        p.line("after", f"ENV PATH={root}/.venv/bin:$PATH")
        p.facts["venv"] = f"{root}/.venv"
    else:
        p.facts["start-prefix"] = "uv run --no-sync"
    module(p, random, "six")


@element("environment-of-a-developer", "around", "python", weight=4, fits=lambda p: "uv.lock" in p.files)
def _of_a_developer(p: Project, random: Random) -> None:
    """Who builds the image has an own environment in the context. The step after COPY makes it anew."""
    for name, text in (("pyvenv.cfg", "home = /home/dev/bin\n"), ("bin/python", "of another system\n")):
        p.add(f".venv/{name}", text, application=False)
        p.hidden.add(f".venv/{name}")
    p.add(".gitignore", ".venv\n", application=False)
    p.slots.setdefault("after", []).insert(
        0, random.choice(["RUN uv sync --frozen", "RUN uv sync --frozen --no-dev"])
    )


@element("project-above", "program", "python", weight=4, fits=lambda p: "start-prefix" in p.facts)
def _project_above(p: Project, random: Random) -> None:
    """A script goes into a directory below that of the project file, and starts a program by the manager."""
    text = 'import six\n\nprint(open("rows.txt").read(), six)\n'
    p.programs[text.encode()] = Program("nightly", "python", reads=["rows.txt"], modules=["six"])
    p.add("jobs/nightly.py", text)
    p.add("jobs/rows.txt", "rows\n")
    start = f"{p.facts['start-prefix']} python nightly.py"
    p.add("jobs/nightly.sh", random.choice([
        f"#!/bin/sh\nset -e\ncd jobs\nexec {start}\n",
        f'#!/bin/sh\ncd "$(dirname "$0")" && {start}\n',
    ]), 0o755)  # fmt: skip
    starts_command(p, "sh", "jobs/nightly.sh")


# --- lists of packages


def _list(p: Project, random: Random) -> str:
    """The text of a list; one package may be linked with a library of the full image."""
    if full(p) and "no-compiler" not in p.facts and random.random() < 0.5:
        needs(p, 'import psycopg2\nreturn psycopg2 and "yes"', "libpq.so.5")
        return "psycopg2==2.9.10\nsix==1.16.0\n"
    module(p, random, "six")
    return "idna==3.7\nsix==1.16.0\n"


@element("list-made-by-a-step", "install", "python", weight=2, fits=plain)
def _made(p: Project, random: Random) -> None:
    text = _list(p, random)
    first, second = text.split()
    p.add("requirements.in", f"# of the team\n{text}")
    pip = "pip install --no-cache-dir -r"
    way = random.choice(["echo", "apart", "filtered", "written", "stage"])
    if way == "stage":
        p.slots.setdefault("stage", []).append(
            f"FROM {p.base} AS lists\nCOPY requirements.in /lists/\nRUN grep -v '^#' /lists/requirements.in > /lists/requirements.txt"
        )
    p.line("install", {
        "echo": f"RUN echo {first} > requirements.txt && echo {second} >> requirements.txt && {pip} requirements.txt",
        "apart": f"RUN echo '{first}' >> /tmp/list.txt; echo '{second}' >> /tmp/list.txt\nRUN {pip} /tmp/list.txt",
        "filtered": f"COPY requirements.in ./\nRUN grep -v '^#' requirements.in > requirements.txt && {pip} requirements.txt",
        "written": f"COPY <<EOF /tmp/list.txt\n{text}EOF\nRUN {pip} /tmp/list.txt",
        "stage": f"COPY --from=lists /lists/requirements.txt /tmp/\nRUN {pip} /tmp/requirements.txt",
    }[way])  # fmt: skip


@element("list-ignored-by-git", "install", "python", weight=2, fits=full)
def _ignored(p: Project, random: Random) -> None:
    """Only the checkout of whoever builds the image has it."""
    p.add("requirements.txt", _list(p, random))
    p.add(".gitignore", "requirements.txt\n", application=False)
    p.hidden.add("requirements.txt")
    p.line("install", "COPY requirements.txt .\nRUN pip install -r requirements.txt")


@element("list-by-argument", "install", "python", weight=3, fits=plain)
def _by_argument(p: Project, random: Random) -> None:
    text = _list(p, random)
    directory, lines = random.choice([
        ("ops", "ARG LISTS=ops\nCOPY ./$LISTS/requirements.txt ./"),
        ("ops", "ARG LIST=ops/requirements.txt\nCOPY ${LIST} requirements.txt"),
        ("ops/live", "ARG KIND=live\nARG LISTS=ops/${KIND}\nCOPY ${LISTS}/requirements.txt requirements.txt"),
        ("ops", "ENV LISTS=ops\nCOPY $LISTS/*.txt ./"),
    ])  # fmt: skip
    p.add(f"{directory}/requirements.txt", text, application=False)
    p.line("install", f"{lines}\nRUN pip install -r requirements.txt")


@element("package-file-by-argument", "install", "node", weight=2, fits=plain)
def _package_by_argument(p: Project, random: Random) -> None:
    data = package(p)
    save_package(p, {**data, "dependencies": {"ms": "2.1.3"}, "devDependencies": {"prettier": "3.3.3"}})
    p.line("install", random.choice([
        "ARG PROJECT=.\nCOPY ${PROJECT}/package*.json ./\nRUN npm install",
        "ARG LIST=package.json\nCOPY $LIST ./\nRUN npm install --omit=dev",
    ]))  # fmt: skip
    p.probe("module", "ms")


# --- what comes along with packages


@element(
    "linked-with-what-came-along",
    "install",
    "python",
    weight=4,
    fits=lambda p: plain(p) and p.slim and "system-late" not in p.facts,
)
def _came_along(p: Project, random: Random) -> None:
    """A build takes the libraries whose headers it finds, which other headers bring."""
    p.static_only = "compiles for long"
    install(p, random, random.choice(["gcc python3-dev", "build-essential python3-dev", "gcc libexpat1-dev"]))
    p.add("requirements.txt", "uwsgi==2.0.28\nsix==1.16.0\n")
    p.line("install", "COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt")
    starts_command(p, "uwsgi", "--version")
    module(p, random, "six")


@element(
    "media-type-that-came-along",
    "program",
    "python",
    weight=4,
    fits=lambda p: plain(p) and p.slim and "no-compiler" not in p.facts,
)
def _media_type(p: Project, random: Random) -> None:
    install(p, random, random.choice(["python3-dev", "gcc python3-dev", "python3"]))
    p.probe("media-type", "/etc/mime.types", kind="exists", name=random.choice(["odt", "epub", "m4v"]))


# --- programs of the project itself


@element(
    "program-of-project", "install", "node", weight=4, fits=lambda p: plain(p) and "early" not in p.facts
)
def _own_program(p: Project, random: Random) -> None:
    """The project is installed globally, as a link to its directory; hooks may need development packages."""
    data = package(p)
    data |= {
        "bin": {"owntool": "bin/own.js"},
        "dependencies": {"ms": "2.1.3"},
        "devDependencies": {"prettier": "3.3.3"},
    }
    if random.random() < 0.6:
        data["scripts"] = {**data.get("scripts", {}), "prepare": "prettier --version"}  # type: ignore[dict-item]
    save_package(p, data)
    text = '#!/usr/bin/env node\nconst ms = require("ms");\nconst path = require("path");\n\nconsole.log(require("fs").readFileSync(path.join(__dirname, "own.txt"), "utf8"), ms);\n'
    p.programs[text.encode()] = Program("own", "node", modules=["ms"])
    p.add("bin/own.js", text, 0o755)
    p.add("bin/own.txt", "own\n")
    p.line("build", "RUN npm install")
    p.line("after", random.choice([
        "RUN npm install -g .", "RUN npm link", "RUN npm i --global . && npm cache clean --force",
    ]))  # fmt: skip
    starts_command(p, "owntool")
