"""Development dependencies that are dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import changed, differences

LAST = (("RUN npm run build", "RUN npm run build && npm prune --omit=dev"),)
ALONE = (("RUN npm run build", "RUN npm run build && npm uninstall --no-save typescript"),)
EARLY = (("install\n", "install && npm prune --omit=dev\n"),)
OLD = """FROM node:20
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["npm", "start"]
"""
PACKAGE = """{"scripts": {"build": "tsc -p .", "start": "%s"}, "dependencies": {"polka": "0.5.2"},
 "devDependencies": {"ts-node": "10.9.2", "typescript": "5.4.5"}}"""


@pytest.mark.parametrize(
    ("start", "pairs", "gone"),
    [
        pytest.param("node server.js", LAST, "", id="nothing that is needed"),
        pytest.param("ts-node server.ts", LAST, "ts-node", id="the start needs one"),
        pytest.param("knex migrate:latest", LAST, "ts-node", id="the start loads one"),
        pytest.param("node server.js", ALONE, "", id="one alone that is not needed"),
        pytest.param("tsc -p .", ALONE, "typescript", id="the one that the start needs"),
        pytest.param("node server.js", EARLY, "typescript", id="the build needs one"),
        pytest.param("node server.js", (("install", "install --omit=dev"),), "typescript", id="left out"),
    ],
)
def test_what_is_needed(start: str, pairs: tuple[tuple[str, str], ...], gone: str, tmp_path: Path) -> None:
    files = {"package.json": PACKAGE % start, "server.ts": "", "knexfile.ts": "", "tsconfig.json": "{}"}
    found = differences(OLD, changed(OLD, *pairs), files, tmp_path)
    assert f"the development dependency {gone}" in found if gone else "development" not in found


@pytest.mark.parametrize(
    ("start", "gone"),
    [
        ('CMD ["npm", "start"]', False),
        ('CMD ["pm2-runtime", "npm", "--", "start"]', False),
        ('CMD ["pm2-runtime", "npm", "--", "run", "dev"]', True),
        ('CMD ["npm", "run", "absent"]', True),
        ('CMD ["npm", "run"]', True),
        ('CMD ["sh", "-c", "npm run $TASK"]', True),
        ('CMD ["sh", "-c", "nodemon -x \\"yarn $TASK\\""]', True),
    ],
)
def test_a_script_that_nobody_knows_may_need_any(start: str, gone: bool, tmp_path: Path) -> None:
    files = {"package.json": PACKAGE % "node server.js", "server.js": "", "tsconfig.json": "{}"}
    old = OLD.replace('CMD ["npm", "start"]', start)
    assert ("may need any of them" in differences(old, changed(old, *LAST), files, tmp_path)) is gone


def test_only_development_dependencies_are_uninstalled(tmp_path: Path) -> None:
    files = {"package.json": PACKAGE % "node server.js", "server.js": "", "tsconfig.json": "{}"}
    for name, wrong in (("ts-node", False), ("polka", True)):
        new = changed(OLD, ("RUN npm run build", f"RUN npm run build && npm uninstall --no-save {name}"))
        assert ("npm uninstall" in differences(OLD, new, files, tmp_path)) is wrong


def test_packages_are_pruned_where_they_were_installed(tmp_path: Path) -> None:
    files = {"package.json": PACKAGE % "node server.js", "tsconfig.json": "{}", "src/a.ts": ""}
    build = "RUN npm run build"
    for line, wrong in (("npm prune --omit=dev", False), ("cd src && npm prune --omit=dev", True)):
        found = differences(OLD, changed(OLD, (build, f"{build} && {line}")), files, tmp_path)
        assert ("npm prune" in found) is wrong


TWO = """FROM node:20
WORKDIR /app
COPY . .
RUN npm install
RUN cd portal && npm install && npm run build
CMD ["node", "server.js"]
"""


@pytest.mark.parametrize(
    ("place", "gone"),
    [
        pytest.param("/app", "", id="it is one of the other package only"),
        pytest.param("/app/portal", "polka", id="it is one of this package"),
    ],
)
def test_two_packages_in_one_image(place: str, gone: str, tmp_path: Path) -> None:
    files = {
        "package.json": '{"dependencies": {"polka": "0.5.2"}, "devDependencies": {"mocha": "10"}}',
        "portal/package.json": '{"scripts": {"build": "pack"}, "devDependencies": {"polka": "0.5.2"}}',
        "server.js": 'require("polka")().listen(80)\n',
    }
    new = TWO.replace("CMD", f"RUN cd {place} && npm prune --omit=dev\nCMD")
    found = differences(TWO, new, files, tmp_path)
    assert f"the development dependency {gone}" in found if gone else "development" not in found


UV = """FROM python:3.12
RUN pip install uv
WORKDIR /app
COPY . .
RUN uv sync --frozen
CMD ["/app/.venv/bin/python", "tide.py"]
"""
GROUPS = """[project]
name = "tide"
version = "1"
dependencies = ["bottle"]
[dependency-groups]
dev = ["pytest", "pyyaml"]
[tool.uv]
"""


@pytest.mark.parametrize(
    ("source", "step", "gone"),
    [
        pytest.param("import bottle\n", "", "", id="nothing that is needed"),
        pytest.param("import bottle, yaml\n", "", "pyyaml", id="a source imports one by another name"),
        pytest.param("import bottle\n", "RUN .venv/bin/pytest\n", "pytest", id="a test needs one"),
    ],
)
def test_groups_of_python(source: str, step: str, gone: str, tmp_path: Path) -> None:
    old = UV.replace("CMD", f"{step}CMD")
    files = {"pyproject.toml": GROUPS, "tide.py": source}
    found = differences(old, changed(old, ("--frozen", "--frozen --no-dev")), files, tmp_path)
    assert f"the development dependency {gone}" in found if gone else "development" not in found


LISTED = """FROM python:3.12
WORKDIR /app
COPY . .
RUN pip install -r requirements-dev.txt
CMD ["python", "tide.py"]
"""


@pytest.mark.parametrize(
    ("source", "names", "found"),
    [
        pytest.param("import bottle\n", "pytest", "", id="nothing that is needed"),
        pytest.param("import pytest\n", "pytest", "the development dependency pytest", id="imported"),
        pytest.param("import bottle\n", "pytest bottle", "would be new", id="another one, too"),
    ],
)
def test_lists_of_python(source: str, names: str, found: str, tmp_path: Path) -> None:
    files = {"requirements-dev.txt": "bottle\npytest\n", "tide.py": source}
    new = changed(LISTED, ("dev.txt", f"dev.txt && pip uninstall -y {names}"))
    problems = differences(LISTED, new, files, tmp_path)
    assert found in problems if found else "pip uninstall" not in problems and "development" not in problems


def test_a_prune_removes_what_no_manifest_lists(tmp_path: Path) -> None:
    files = {"package.json": PACKAGE % "node server.js", "server.js": "require('is-number')\n"}
    old = OLD.replace("RUN npm install\n", "RUN npm install\nRUN npm install is-number@7.0.0\n")
    assert "is-number" in differences(old, changed(old, *LAST), files, tmp_path)
    listed = files | {
        "package.json": files["package.json"].replace('"polka"', '"is-number": "7.0.0", "polka"')
    }
    assert "is-number" not in differences(old, changed(old, *LAST), listed, tmp_path)


def test_only_the_cache_of_a_build_is_deleted(tmp_path: Path) -> None:
    package = '{"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "14"}}'
    for place, wrong in ((".next/cache/webpack", False), (".next/cache", True), (".next", True)):
        new = changed(OLD, ("RUN npm run build", f"RUN npm run build && rm -rf /app/{place}"))
        assert ("rm -rf" in differences(OLD, new, {"package.json": package}, tmp_path)) is wrong
