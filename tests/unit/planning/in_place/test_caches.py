"""Caches: what is cleaned in place, and where that is better than another stage."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options, parse_min_saving


def test_what_stages_cannot_do_is_cleaned_in_place(tmp_path: Path) -> None:
    """Also where that saves less than 5 % of the image."""
    file = 'FROM python:3.12\nRUN V="$(uname -m)"; pip install flask; echo "$V" > /v\nCMD ["python", "-m", "flask"]\n'
    outcome = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False))
    assert outcome.rung == "cleanup"
    assert "pip install --no-cache-dir flask" in (outcome.after or "")
    assert any(d.code == "SL390" for d in outcome.decisions)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("npm install", "npm install && npm cache clean --force"),
        ('["npm", "install"]', "npm install && npm cache clean --force"),
        ('[ "npm", "install", "a b" ]', '[ "npm", "install", "a b" ]'),
        ("env CI=1 npm install", "env CI=1 npm install && npm cache clean --force"),
        ("sudo npm install", "sudo npm install && sudo npm cache clean --force"),
        (
            "sudo -E env CI=1 npm install",
            "sudo -E env CI=1 npm install && sudo -E env CI=1 npm cache clean --force",
        ),
        (
            "npm install --cache=/opt/c",
            "npm install --cache=/opt/c && npm cache clean --force --cache /opt/c",
        ),
        (
            "npm_config_cache=/opt/c npm install",
            "npm_config_cache=/opt/c npm install && npm_config_cache=/opt/c npm cache clean --force",
        ),
        ("npm install --cache /opt/c && rm -rf /opt/c", "npm install --cache /opt/c && rm -rf /opt/c"),
        ("npm install --cache $CACHE", "npm install --cache $CACHE"),
        ("lerna bootstrap", "lerna bootstrap && yarn cache clean"),
        ("sudo -u app npm install", "sudo -u app npm install"),
        ("sudo npm cache verify && npm install", "sudo npm cache verify && npm install"),
        ("su app -c 'npm install'", "su app -c 'npm install'"),
    ],
)
def test_a_cache_is_cleaned_where_and_as_it_was_filled(run: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"express": "4"}}')
    (tmp_path / "lerna.json").write_text('{"npmClient": "yarn"}')
    file = f'FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN {run}\nCMD ["node", "a.js"]\n'
    options = Options(dockerignore=False, base="same", min_saving=parse_min_saving("0"))
    outcome = pipeline.rewrite(file, tmp_path, options=options)
    assert f"RUN {expected}\n" in (outcome.after or file)


@pytest.mark.parametrize(
    ("settings", "cleaned"),
    [
        ("nodeLinker: node-modules\n", True),
        ("enableGlobalCache: false\n", False),
        ("yarnPath: .yarn/releases/yarn-3.6.1.cjs\n", False),
    ],
)
def test_the_cache_of_plug_and_play_is_what_was_installed(
    settings: str, cleaned: bool, tmp_path: Path
) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"express": "4"}}')
    (tmp_path / "yarn.lock").write_text("__metadata:\n  version: 8\n")
    (tmp_path / ".yarnrc.yml").write_text(settings)
    file = 'FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN yarn install\nCMD ["yarn", "node", "a.js"]\n'
    options = Options(dockerignore=False, single_stage=True, min_saving=parse_min_saving("0"))
    assert ("yarn cache clean" in (pipeline.rewrite(file, tmp_path, options=options).after or "")) is cleaned


UNKNOWN = "registry.example.com/team/python"


@pytest.mark.parametrize(
    ("base", "run", "expected"),
    [
        # what a block does is done where it stands, and cleaned behind it
        ("python:3.12-slim", "(pip install flask) || exit 1", "(pip install --no-cache-dir flask) || exit 1"),
        ("python:3.12-slim", "pip install a || pip install b", "pip install --no-cache-dir a || pip install --no-cache-dir b"),
        ("python:3.12-slim", "f() { pip install a; }; f", "f() { pip install a; }; f"),
        ("node:20-slim", "{ npm ci || npm install; }", "{ npm ci || npm install; } && npm cache clean --force"),
        ("node:20-slim", "if [ -f a ]; then npm ci; fi", "if [ -f a ]; then npm ci; fi && npm cache clean --force"),
        ("node:20-slim", "set -e; for x in a b; do npm install $x; done", "set -e; for x in a b; do npm install $x; done"),
        ("python:3.12-slim", "apt-get update && apt-get install -y jq || true", "apt-get update && apt-get install -y jq || true && rm -rf /var/lib/apt/lists/*"),
        ("python:3.12-slim", "apt-get update && apt-get install -y jq & wait", "apt-get update && apt-get install -y jq & wait"),
        # package managers that can clean what they keep
        ("fedora:40", "dnf install -y jq", "dnf install -y jq && dnf clean all"),
        ("fedora:40", "dnf install -y jq && dnf clean all", "dnf install -y jq && dnf clean all"),
        ("centos:7", "yum install -y jq && rm -rf /var/cache/yum", "yum install -y jq && rm -rf /var/cache/yum"),
        ("centos:7", "yum update -y; sudo yum install -y jq", "yum update -y; sudo yum install -y jq && sudo yum clean all"),
        ("centos:7", "yum remove -y jq", "yum remove -y jq"),
        ("fedora:40", "--mount=type=cache,target=/var/cache/libdnf5 dnf install -y jq", "--mount=type=cache,target=/var/cache/libdnf5 dnf install -y jq"),
        ("redhat/ubi9-minimal", "microdnf install -y jq", "microdnf install -y jq && microdnf clean all"),
        ("registry.access.redhat.com/ubi9/ubi-minimal", "microdnf install -y jq", "microdnf install -y jq && microdnf clean all"),
        ("opensuse/leap:15", "zypper -n install jq", "zypper -n install jq && zypper clean --all"),
        # the home directory of an image that is not known, and the tools of other languages
        (UNKNOWN, "pipenv install --system", "pipenv install --system"),
        ("python:3.12-slim", "pipenv install --system", "pipenv install --system && rm -rf /root/.cache/pipenv /root/.cache/pip"),
        (UNKNOWN, "npm i --silent", "npm i --silent && npm cache clean --force"),
        ("python:3.12-slim", "npm i --silent", "npm i --silent && npm cache clean --force"),
    ],
)  # fmt: skip
def test_caches_of_the_last_stage(base: str, run: str, expected: str, tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text('{"dependencies": {"express": "4"}}')
    (tmp_path / "Pipfile").write_text('[packages]\nflask = "*"\n')
    last = f'FROM {base}\nWORKDIR /app\nCOPY . .\nCOPY --from=made /made /made\nRUN {run}\nCMD ["./start"]\n'
    options = Options(single_stage=True, dockerignore=False, min_saving=parse_min_saving("0"))
    file = f"FROM alpine AS made\nRUN mkdir /made\n\n{last}"
    after = pipeline.rewrite(file, tmp_path, options=options).after or file
    assert f"RUN {expected}\n" in after.replace(" \\\n    ", " ")
    assert pipeline.rewrite(after, tmp_path, options=options).after is None


def test_package_lists_are_deleted_as_the_account_that_fetched_them(tmp_path: Path) -> None:
    install = "sudo apt-get update && sudo apt-get install -y curl"
    file = f"FROM node:20\nUSER node\nRUN {install}\nCMD node a.js\n"
    outcome = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False, base="same"))
    assert "&& sudo rm -rf /var/lib/apt/lists/*" in (outcome.after or "")


@pytest.mark.parametrize(
    ("lock", "run"),
    [
        pytest.param(
            "# yarn lockfile v1\n", "yarn install && yarn cache clean", id="packages are copied from it"
        ),
        pytest.param("__metadata:\n  version: 8\n", "yarn install", id="packages are run from it"),
    ],
)
def test_a_cache_that_holds_the_packages(lock: str, run: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(
        '{"dependencies": {"express": "4"}, "packageManager": "yarn@4.1.0"}'
    )
    if lock.startswith("#"):
        (tmp_path / "package.json").write_text('{"dependencies": {"express": "4"}}')
    (tmp_path / "yarn.lock").write_text(lock)
    file = (
        'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN yarn install\nCMD ["node", "-r", "./.pnp.cjs", "a.js"]\n'
    )
    options = Options(single_stage=True, dockerignore=False, min_saving=parse_min_saving("0"))
    after = pipeline.rewrite(file, tmp_path, options=options).after or file
    assert f"RUN {run}\n" in after


@pytest.mark.parametrize(
    ("home", "steps"),
    [
        pytest.param("/app", "RUN npm run build", id="it is elsewhere"),
        pytest.param(
            "/root", "RUN npm run build \\\n    && npm cache clean --force", id="in the copied directory"
        ),
    ],
)
def test_caches_are_not_copied(home: str, steps: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"express": "4"}, "scripts": {"build": "tsc"}}')
    file = f'FROM node:20\nWORKDIR {home}\nCOPY . .\nRUN npm install\nRUN npm run build\nCMD ["node", "dist/a.js"]\n'
    after = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False)).after or ""
    assert f"{steps}\n\nFROM node:20-slim\n" in after
