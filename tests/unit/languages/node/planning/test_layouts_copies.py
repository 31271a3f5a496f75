"""What is copied out of the builder, with which owner, and what does not come back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from unit.node_layouts import BUILD, DEV, final, rewrite


@pytest.mark.parametrize(
    ("owner", "later", "kept"),
    [
        pytest.param("chown -R app /srv/*", "chown -R app /srv/shop", False, id="given-again"),
        pytest.param("chmod 644 /srv/shop/*", "true", False, id="files-that-come-again"),
        pytest.param("chown -R app /srv/*", "true", None, id="whose-directory-it-is-is-not-known"),
        pytest.param(
            "mkdir -p /srv/shop/log && chmod 755 /srv/shop/*", "true", True, id="finds-something-there"
        ),
    ],
)
def test_a_pattern_in_front_of_the_install(tmp_path: Path, owner: str, later: str, kept: bool | None) -> None:
    text = (
        f"FROM node:20\nRUN useradd app\nCOPY package.json /srv/shop/\nRUN {owner}\nWORKDIR /srv/shop\n"
        f'RUN npm install\nCOPY . /srv/shop\nRUN {later}\nCMD ["node", "a.js"]\n'
    )
    outcome = rewrite(tmp_path, text, {"dependencies": {"express": "4"}}, {"a.js": ""})
    if kept is None:
        assert outcome.rung not in ("slim", "same-base")
    else:
        assert (owner.rpartition("&& ")[2] in final(outcome)) is kept


def test_what_lies_beside_a_project_is_there_for_its_build(tmp_path: Path) -> None:
    text = (
        "FROM node:20\nWORKDIR /src\nCOPY tsconfig.base.json ./\nCOPY start.sh /start.sh\nWORKDIR /src/app\n"
        'COPY package.json .\nRUN npm install\nCOPY app .\nRUN npm run build\nCMD ["node", "dist/a.js"]\n'
    )
    files = {"tsconfig.base.json": "{}", "app/a.ts": "", "start.sh": ""}
    after = rewrite(tmp_path, text, {"scripts": {"build": "tsc"}, **DEV}, files).after or ""
    assert after.count("COPY tsconfig.base.json ./") == 2
    assert after.count("COPY start.sh /start.sh") == 2


def test_a_package_of_a_directory_beside_is_there_for_the_install(tmp_path: Path) -> None:
    text = (
        "FROM node:20\nCOPY shared /shared\nWORKDIR /app\nCOPY package.json .\nRUN npm install\n"
        'COPY . .\nCMD ["node", "a.js"]\n'
    )
    files = {"shared/package.json": '{"name": "shared"}', "a.js": "require('shared')"}
    after = rewrite(tmp_path, text, {"dependencies": {"shared": "file:../shared"}}, files).after or ""
    assert after.count("COPY shared /shared") == 2  # npm leaves a link to it


def test_package_json_stays_beside_the_program(tmp_path: Path) -> None:
    text = (
        "FROM node:20\nWORKDIR /app\nCOPY package*.json ./\nRUN npm install --omit=dev\nCOPY src ./src\n"
        "CMD npm start\n"
    )
    package = {"scripts": {"start": "node src/a.js"}, "dependencies": {"express": "4"}}
    outcome = rewrite(tmp_path, text, package, {"src/a.js": ""})
    assert "COPY package*.json ./" in final(outcome)


@pytest.mark.parametrize(
    ("removal", "whole"),
    [
        pytest.param("true", False, id="nothing"),
        pytest.param("rm -rf client/node_modules", False, id="what-was-installed"),
        pytest.param("mv client/build public && rm -rf client", True, id="sources"),
    ],
)
def test_deleted_sources_do_not_come_back(tmp_path: Path, removal: str, whole: bool) -> None:
    text = (
        "FROM node:20\nWORKDIR /app\nCOPY package.json ./\nRUN npm install --omit=dev\nCOPY . .\n"
        "RUN cd client && npm install && npm run build && cd .. \\\n"
        f' && {removal}\nCMD ["node", "a.js"]\n'
    )
    package = {"dependencies": {"express": "4"}}
    client = {"scripts": {"build": "parcel build"}, "dependencies": {"parcel": "2"}}
    files = {"a.js": "", "client/a.js": "", "client/package.json": json.dumps(client)}
    after = final(rewrite(tmp_path, text, package, files))
    assert ("COPY --from=builder /app /app\n" in after) is whole
    assert ("COPY . ." in after) is not whole


def test_token_file_stays_in_the_builder(tmp_path: Path) -> None:
    text = (
        "FROM node:20\nARG NPM_TOKEN\nWORKDIR /app\nCOPY . .\nRUN echo $NPM_TOKEN > .npmrc\nRUN npm install\n"
        'RUN rm -f .npmrc\nCMD ["node", "a.js"]\n'
    )
    assert "npmrc" not in final(rewrite(tmp_path, text, {}, {"a.js": ""})).lower()


@pytest.mark.parametrize(
    ("adding", "owner"),
    [
        pytest.param("adduser -D -G staff me", "me:staff", id="busybox"),
        pytest.param("adduser -S me", "me:nogroup", id="busybox-system"),
        pytest.param("adduser -D me", "me:me", id="own-group"),
    ],
)
def test_owner_of_what_is_copied(tmp_path: Path, adding: str, owner: str) -> None:
    """The lock file changes hands where the install reads it, and nowhere else."""
    text = (
        f"FROM node:20-alpine\nRUN {adding}; exit 0\nWORKDIR /app\nCOPY package.json yarn.lock ./\n"
        "RUN apk add --no-cache --virtual .gyp g++ make && chown me /app\n"
        'RUN chown me yarn.lock\nUSER me\nRUN yarn install\nCOPY . .\nCMD ["node", "a.js"]\n'
    )
    package = {"dependencies": {"express": "4"}}
    after = final(rewrite(tmp_path, text, package, {"a.js": "", "yarn.lock": ""}))
    assert f"COPY --from=builder --chown={owner} /app/node_modules /app/node_modules\n" in after
    assert "yarn.lock" not in after
    assert "apk" not in after
    assert f"RUN {adding}; exit 0\n" in after


def test_project_in_the_root_directory(tmp_path: Path) -> None:
    text = 'FROM node:20\nCOPY . /\nRUN npm install\nRUN npm run build\nCMD ["node", "/dist/a.js"]\n'
    outcome = rewrite(tmp_path, text, {"scripts": {"build": "tsc"}, **DEV}, {})
    assert outcome.rung == "cleanup"


def test_owner_of_a_directory_that_other_steps_fill(tmp_path: Path) -> None:
    text = (
        "FROM node:20\nWORKDIR /app\nCOPY package.json yarn.lock ./\n"
        "RUN mkdir data && chown -R node /app\nUSER node\nRUN yarn install\nCOPY . .\n"
        'CMD ["node", "a.js"]\n'
    )
    package = {"dependencies": {"express": "4"}}
    assert "mkdir data && chown -R node /app" in final(
        rewrite(tmp_path, text, package, {"a.js": "", "yarn.lock": ""})
    )


def test_owners_inside_a_copied_project_are_not_set_again(tmp_path: Path) -> None:
    text = f"FROM node:20\nWORKDIR /app\nRUN mkdir -p /app/data && chown -R node:node /app/data\n{BUILD[25:]}"
    after = final(rewrite(tmp_path, f"{text}CMD node a.js\n", {"scripts": {"build": "tsc"}}, {"a.js": ""}))
    assert "chown" not in after
    assert "COPY --from=builder /app /app" in after


def test_a_directory_whose_owner_changes_is_there(tmp_path: Path) -> None:
    text = (
        "FROM node:20\nRUN mkdir -p /srv/app/data && useradd app\nRUN chown app /srv/app /srv/app/data\n"
        "WORKDIR /srv/app\nCOPY . .\nRUN npm install && npm run build\nCMD node a.js\n"
    )
    after = final(rewrite(tmp_path, text, {"scripts": {"build": "tsc"}}, {"a.js": ""}))
    assert "RUN mkdir -p /srv/app /srv/app/data && chown app /srv/app /srv/app/data\n" in after


@pytest.mark.parametrize(
    ("settings", "copied"),
    [
        pytest.param("nodeLinker: node-modules\n", "/app/node_modules", id="node-modules"),
        pytest.param("", "/app", id="plug-and-play"),
    ],
)
def test_yarn_of_today(tmp_path: Path, settings: str, copied: str) -> None:
    """Only files that are sure to be there are copied by name."""
    package = {"packageManager": "yarn@4.5.0", "dependencies": {"express": "4"}}
    text = "FROM node:22\nWORKDIR /app\nCOPY *.json *.yml .\nRUN yarn\nCOPY . .\nCMD yarn node app.js\n"
    outcome = rewrite(tmp_path, text, package, {".yarnrc.yml": settings, "app.js": "require('express');\n"})
    assert f"COPY --from=builder {copied} {copied}\n" in final(outcome)
    assert ".pnp" not in final(outcome)


@pytest.mark.parametrize(
    ("install", "package", "sure"),
    [
        pytest.param("npm install", {}, True, id="npm"),
        pytest.param("yarn install", {}, True, id="yarn"),
        pytest.param("yarn install", {"packageManager": "yarn@4.1.0"}, False, id="berry"),
        pytest.param("pnpm install", {}, False, id="pnpm"),
        pytest.param("bun install", {}, False, id="bun"),
    ],
)
def test_downloads_of_install_scripts(
    tmp_path: Path, install: str, package: dict[str, object], sure: bool
) -> None:
    text = f'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN {install}\nRUN npm run build\nCMD ["node", "a.js"]\n'
    package = {"scripts": {"build": "tsc"}, "dependencies": {"puppeteer": "22.0.0"}, **package}
    after = rewrite(tmp_path, text, package, {"a.js": "require('puppeteer').launch()"}).after or ""
    assert "COPY --from=builder /root/.cache/puppeteer /root/.cache/puppeteer\n" in after
    assert ("mkdir -p /root/.cache/puppeteer" not in after) is sure


@pytest.mark.parametrize(
    ("program", "started", "kept"),
    [
        pytest.param("grabber", "grabber", True, id="may-be-a-script"),
        pytest.param("grabber", "other", False, id="that-nothing-starts"),
        pytest.param("tini", "tini", False, id="that-starts-its-arguments"),
        pytest.param("gh", "gh", False, id="whose-programs-are-known"),
        pytest.param("yt-dlp", "yt-dlp", True, id="known-to-be-a-script"),
    ],
)
def test_the_interpreter_of_a_program_that_is_downloaded(
    tmp_path: Path, program: str, started: str, kept: bool
) -> None:
    text = (
        "FROM node:20-slim\nRUN apt-get update && apt-get install -y python3 make g++ curl\n"
        f"RUN curl -L https://example.org/{program} -o /usr/local/bin/{program}\nWORKDIR /app\n"
        'COPY . .\nRUN npm install\nCMD ["node", "a.js"]\n'
    )
    source = f'const {{ spawn }} = require("child_process");\nspawn("{started}", ["x"]);\n'
    outcome = rewrite(tmp_path, text, {"dependencies": {"bcrypt": "5"}}, {"a.js": source})
    assert ("python3" in final(outcome)) is kept


BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


@pytest.mark.parametrize(
    ("package", "named", "kept"),
    [
        pytest.param("git", f"ENV NODE_EXTRA_CA_CERTS={BUNDLE}\n", True, id="recommended-by-what-goes"),
        pytest.param("git", "", False, id="that-nothing-names"),
        pytest.param("make", f"ENV NODE_EXTRA_CA_CERTS={BUNDLE}\n", False, id="that-was-never-there"),
        pytest.param(
            "--no-install-recommends git", f"ENV NODE_EXTRA_CA_CERTS={BUNDLE}\n", False, id="not-recommended"
        ),
    ],
)
def test_certificates_that_came_along(tmp_path: Path, package: str, named: str, kept: bool) -> None:
    text = (
        f"FROM node:20-slim\nRUN apt-get update && apt-get install -y g++ {package}\n{named}"
        'WORKDIR /app\nCOPY . .\nRUN npm install\nCMD ["node", "a.js"]\n'
    )
    source = 'require("bcrypt");\n'
    outcome = rewrite(tmp_path, text, {"dependencies": {"bcrypt": "5"}}, {"a.js": source})
    assert ("install -y ca-certificates" in final(outcome)) is kept
