"""Elements: the dependencies of a project, by the package managers of its language."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
from random import Random

from tools.generator.project import Project, element

_PINS = {"six": "1.16.0", "idna": "3.7", "colorama": "0.4.6", "tabulate": "0.9.0", "click": "8.1.7"}
_NPM = {"ms": "2.1.3", "picocolors": "1.1.1", "is-number": "7.0.0"}


def plain(p: Project) -> bool:
    return "distribution-language" not in p.facts


@element("no-dependencies", "install", "python")
def _none(p: Project, random: Random) -> None:
    return None


def _module(p: Project, random: Random, name: str) -> None:
    form = random.choice(["module", "module", "module-named"]) if p.language == "python" else "module"
    p.probe(form, name, bare=name)


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
    _module(p, random, names[0])
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
    _module(p, random, "six")
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
    _module(p, random, "six")
    _module(p, random, "tool")


@element("uv", "install", "python", fits=plain)
def _uv(p: Project, random: Random) -> None:
    _requirements(p, random)
    p.line("install", "RUN pip install uv && uv pip install --system -r requirements.txt")


# --- Node


def package(p: Project) -> dict[str, object]:
    if "package.json" in p.files:
        return dict(json.loads(p.files["package.json"].data))
    return {"name": "app", "version": "1.0.0"}


def save_package(p: Project, data: dict[str, object]) -> None:
    p.add("package.json", json.dumps(data, indent=2) + "\n")


def _packages(p: Project, random: Random, *, development: bool = False) -> None:
    names = random.sample(sorted(_NPM), 2)
    data = package(p)
    data["dependencies"] = {n: _NPM[n] for n in names}
    rows: dict[str, object] = {f"node_modules/{n}": {"version": _NPM[n], "license": "MIT"} for n in names}
    root: dict[str, object] = {"name": "app", "version": "1.0.0", "dependencies": data["dependencies"]}
    if development:
        data["devDependencies"] = root["devDependencies"] = {"prettier": "3.3.3"}
        rows["node_modules/prettier"] = {
            "version": "3.3.3",
            "dev": True,
            "bin": {"prettier": "bin/prettier.cjs"},
        }
    save_package(p, data)
    lock = {
        "name": "app",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {"": root, **rows},
    }
    p.add("package-lock.json", json.dumps(lock, indent=2) + "\n")
    _module(p, random, names[0])


@element("no-packages", "install", "node")
def _no_packages(p: Project, random: Random) -> None:
    save_package(p, package(p))


@element("npm-ci", "install", "node", weight=4)
def _npm_ci(p: Project, random: Random) -> None:
    _packages(p, random, development=random.random() < 0.5)
    p.line("install", random.choice(["COPY package*.json ./", "COPY package.json package-lock.json ./"]))
    p.line(
        "install",
        random.choice(
            [
                "RUN npm ci",
                "RUN npm ci && npm cache clean --force",
                "RUN npm ci --omit=dev",
                "RUN npm ci --no-audit --no-fund",
            ]
        ),
    )


@element("npm-install", "install", "node", weight=3)
def _npm_install(p: Project, random: Random) -> None:
    _packages(p, random, development=random.random() < 0.5)
    p.line("install", "COPY package.json ./")
    p.line(
        "install",
        random.choice(
            ["RUN npm install", "RUN npm i", "RUN npm install --production", "RUN npm install --silent"]
        ),
    )


@element("npm-after-copy", "install", "node")
def _after(p: Project, random: Random) -> None:
    _packages(p, random, development=True)
    p.line("build", random.choice(["RUN npm install", "RUN npm ci", "RUN npm ci && npm run check"]))
    data = package(p)
    data["scripts"] = {**data.get("scripts", {}), "check": "prettier --version"}  # type: ignore[dict-item]
    save_package(p, data)


@element("npm-environment", "install", "node")
def _environment(p: Project, random: Random) -> None:
    _packages(p, random, development=True)
    p.line("install", "COPY package*.json ./\nRUN npm ci")
    p.line("after", "ENV NODE_ENV=production")
    p.probe("env", "NODE_ENV")


@element("npm-global", "install", "node", weight=1)
def _global(p: Project, random: Random) -> None:
    save_package(p, package(p))
    p.line("install", "RUN npm install -g semver@7.6.3")
    p.probe("program", "semver")


# --- Go


@element("go-modules", "install", "go", weight=3)
def _modules(p: Project, random: Random) -> None:
    p.add("go.mod", "module example.com/app\n\ngo 1.22\n")
    if random.random() < 0.5:
        p.line("install", "COPY go.mod ./\nRUN go mod download")


@element("go-module-copied", "install", "go")
def _copied(p: Project, random: Random) -> None:
    p.add("go.mod", "module example.com/app\n\ngo 1.22\n")
    p.line("install", "COPY go.* ./")
