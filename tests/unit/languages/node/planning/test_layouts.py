"""What the Node strategy must hold to and needs no golden case: a Dockerfile and a tiny context."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import MinSaving, Options
from slimify.model.outcome import Outcome

# What cleaning in place saves has to reach 5 % here, so that the rows show what stages can do.
_DEFAULT = Options(min_saving=MinSaving(percent=5, bytes=5_000_001))
NOTHING = MinSaving(percent=0, bytes=0)
DEV = {"devDependencies": {"typescript": "5", "ts-node": "10", "jest": "29", "nock": "13"}}
BUILD = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nRUN npm run build\n"


def rewrite(
    tmp_path: Path,
    text: str,
    package: dict[str, object],
    files: dict[str, str],
    options: Options = _DEFAULT,
) -> Outcome:
    (tmp_path / "package.json").write_text(json.dumps(package))
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return pipeline.rewrite(text.encode(), name="Dockerfile", context=tmp_path, options=options)


def final(outcome: Outcome) -> str:
    assert outcome.after is not None, outcome.decisions
    return outcome.after.rpartition("FROM ")[2]


@pytest.mark.parametrize(
    ("start", "files", "pruned"),
    [
        pytest.param("node dist/index.js", {}, True, id="nothing-needs-them"),
        pytest.param("node dist/index.js", {"karma.conf.js": "require('jest')"}, True, id="test-config"),
        pytest.param("node dist/index.js", {"src/__test__/a.js": "require('nock')"}, True, id="test"),
        pytest.param("node dist/index.js", {"src/a.mock.ts": "import n from 'nock'"}, True, id="stand-in"),
        pytest.param(
            "node dist/index.js",
            {"src/a.mock.ts": "import n from 'nock'", "src/b.ts": "import m from './a.mock'"},
            False,
            id="stand-in-of-a-source",
        ),
        pytest.param("node dist/index.js", {"run_tests.js": "require('nock')"}, True, id="runs-tests"),
        pytest.param("node run_tests.js", {"run_tests.js": "require('nock')"}, False, id="runs-tests-only"),
        pytest.param("node dist/index.js", {"src/index.js": "require('nock')"}, False, id="source"),
        pytest.param("ts-node src/index.ts", {}, False, id="started"),
        pytest.param("cross-env A=1 npm run inner", {}, False, id="nested-script"),
        pytest.param("run-s inner", {}, False, id="runner"),
        pytest.param("node -r ts-node/register src/index.ts", {}, False, id="preloaded"),
        pytest.param("nps", {"package-scripts.js": "({a: 'ts-node a.ts'})"}, False, id="task-runner"),
        pytest.param("webpack serve", {}, False, id="only-a-peer-brings-it"),
        pytest.param("gulp", {"Gulpfile.js": "run('tsc')"}, False, id="task-runner-command"),
        pytest.param("nps", {"package-scripts.js": "({a: 'node a.js'})"}, True, id="task-runner-plain"),
    ],
)
def test_development_dependencies(tmp_path: Path, start: str, files: dict[str, str], pruned: bool) -> None:
    scripts = {"build": "tsc", "start": start, "inner": "ts-node src/migrate.ts"}
    outcome = rewrite(tmp_path, BUILD + 'CMD ["npm", "start"]\n', {"scripts": scripts, **DEV}, files)
    assert ("npm prune" in (outcome.after or "")) is pruned


def test_an_image_to_work_in_keeps_its_base(tmp_path: Path) -> None:
    text = 'FROM node:20\nWORKDIR /src\nCOPY . .\nCMD ["/bin/bash"]\n'
    assert rewrite(tmp_path, text, {"name": "a"}, {}).kind == "unchanged"


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


def test_a_package_file_is_fetched_where_it_is_installed(tmp_path: Path) -> None:
    fetch = "RUN wget https://example.org/tool-1.apk && apk add --allow-untrusted tool-1.apk\n"
    text = f"FROM node:20-alpine\nWORKDIR /app\n{fetch}{BUILD.partition('COPY')[2]}"
    text = text.replace(" . .", "COPY . .", 1) + 'CMD ["node", "dist/index.js"]\n'
    outcome = rewrite(tmp_path, text, {"scripts": {"build": "tsc"}, **DEV}, {})
    assert "wget https://example.org/tool-1.apk && apk add" in final(outcome)
    assert "COPY --from=builder /app/tool-1.apk" not in final(outcome)


def test_a_tool_in_plain_javascript_needs_no_compiler_where_it_is_installed_again(tmp_path: Path) -> None:
    install = "COPY package.json .\nRUN npm install -g jest\nRUN npm install\nCOPY . .\n"
    text = f'FROM node:20\nWORKDIR /app\n{install}CMD ["jest"]\n'
    outcome = rewrite(tmp_path, text, {"dependencies": {"express": "4"}}, {})
    assert "RUN npm install -g jest" in final(outcome)
    assert "g++" not in final(outcome)


@pytest.mark.parametrize(
    ("path", "pruned"),
    [("/app/node_modules/nock", False), ("/app/data", True)],
)
def test_a_package_to_be_kept_keeps_what_it_came_with(tmp_path: Path, path: str, pruned: bool) -> None:
    package = {"scripts": {"build": "tsc", "start": "node dist/index.js"}, **DEV}
    text = BUILD + 'CMD ["npm", "start"]\n'
    outcome = rewrite(tmp_path, text, package, {"data/a": ""}, Options(keep_paths=(path,)))
    assert ("npm prune" in (outcome.after or "")) is pruned


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
    client = {"scripts": {"build": "vite build"}, "dependencies": {"vite": "5"}}
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
    ("text", "reason"),
    [
        pytest.param(BUILD, "what the image runs is unknown", id="no-start"),
        pytest.param(BUILD + "CMD npm install && npm start\n", "runs at every start", id="installs"),
        pytest.param(BUILD + "CMD npm run other\n", "has no script other", id="unknown-script"),
    ],
)
def test_full_base_stays(tmp_path: Path, text: str, reason: str) -> None:
    package = {"scripts": {"build": "tsc", "start": "node dist/a.js"}}
    outcome = rewrite(tmp_path, text, package, {})
    assert "node:20-slim" not in (outcome.after or "")
    assert any(reason in d.text for d in outcome.decisions)


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        pytest.param("FROM node:20\nWORKDIR /app\n", "unchanged", "SL407", id="nothing-is-built"),
        pytest.param(BUILD, "unchanged", "SL407", id="same-base-possible"),
        pytest.param(BUILD + "CMD npm install && npm start\n", "unchanged", "SL406", id="installs-at-start"),
        pytest.param(
            "FROM node:20-alpine\nRUN npm install -g nodemon\nWORKDIR /app\nCOPY . .\nRUN npm install\n"
            "CMD npm install && npm start\n",
            "unchanged",
            "SL406",
            id="cache-serves-the-start",
        ),
        pytest.param(
            "FROM node:20\nRUN apt-get update && apt-get install -y build-essential\nWORKDIR /app\nCOPY . .\n"
            'RUN npm install && /opt/prepare\nRUN npm run build\nCMD ["node", "a.js"]\n',
            "refused",
            "SL392",
            id="unknown-step-between-builds",
        ),
    ],
)
def test_left_alone(tmp_path: Path, text: str, kind: str, code: str) -> None:
    package = {"scripts": {"build": "tsc", "start": "node dist/a.js"}, "dependencies": {"express": "4"}}
    outcome = rewrite(tmp_path, text, package, {})
    assert outcome.kind == kind
    assert code in {d.code for d in outcome.decisions}


COREPACK = "FROM node:22\nWORKDIR /app\nRUN corepack enable\nCOPY . .\nRUN pnpm install\nRUN npm run build\n"


@pytest.mark.parametrize(
    ("before", "start", "copied"),
    [
        pytest.param("", "node dist/a.js", "", id="not-started"),
        pytest.param("", "pnpm start", "/root/.cache/node/corepack", id="started"),
        pytest.param("ENV COREPACK_HOME=/opt/corepack\n", "pnpm start", "/opt/corepack", id="elsewhere"),
        pytest.param("RUN corepack prepare pnpm@9 --activate\n", "pnpm start", "/root/.cache", id="prepared"),
    ],
)
def test_corepack_cache_goes_along(tmp_path: Path, before: str, start: str, copied: str) -> None:
    """pnpm starts without the network, as it did; what fills its cache is not executed again."""
    package = {"scripts": {"build": "tsc", "start": "node dist/a.js"}, "dependencies": {"express": "4"}}
    at = "RUN corepack enable\n"
    first, second = (before, "") if before.startswith("ENV") else ("", before)
    text = COREPACK.replace(at, f"{first}{at}{second}") + f"CMD {start}\n"
    end = final(rewrite(tmp_path, text, package, {}))
    assert (f"COPY --from=builder {copied}" if copied else "corepack /") in end or not copied
    assert ("/corepack /" in end) is bool(copied)
    assert ("RUN corepack enable" in end) is bool(copied)
    assert "prepare" not in end


def test_unknown_place_of_corepack_cache(tmp_path: Path) -> None:
    text = COREPACK.replace("COPY . .\n", "ARG PLACE\nENV COREPACK_HOME=$PLACE\nCOPY . .\n")
    package = {"scripts": {"build": "tsc", "start": "node dist/a.js"}, "dependencies": {"express": "4"}}
    outcome = rewrite(tmp_path, text + "CMD pnpm start\n", package, {})
    assert outcome.kind == "refused", outcome.decisions


@pytest.mark.parametrize(
    ("middle", "joined"),
    [
        pytest.param("", True, id="comment-above"),
        pytest.param("RUN npm run lint\n", True, id="side-by-side-already"),
        pytest.param("RUN cd /app && npm run build\n", False, id="directory-changes"),
        pytest.param('RUN ["npm", "run", "build"]\n', False, id="exec-form"),
    ],
)
def test_pruning_joins_the_last_run(tmp_path: Path, middle: str, joined: bool) -> None:
    text = BUILD.replace("RUN npm run build\n", "# Bundle\nRUN npm run build\n") + middle
    package = {"scripts": {"build": "tsc", "lint": "tsc"}, "dependencies": {"express": "4"}, **DEV}
    outcome = rewrite(tmp_path, text + 'CMD ["node", "dist/a.js"]\n', package, {})
    assert ("&& npm prune" in (outcome.after or "")) is joined
    assert ("\nRUN npm prune" in (outcome.after or "")) is not joined


def test_lists_of_a_manager_that_the_base_has_not(tmp_path: Path) -> None:
    """A script that knows apt and apk leaves no lists of apt where apk is called."""
    script = (
        "if [ -f /etc/alpine-release ]; then apk add python3\n"
        "else apt-get update && apt-get install -y python3; fi\n"
    )
    text = (
        "ARG TAG\nFROM acme/node:$TAG\nRUN apk add --no-cache build-base\nCOPY setup.sh /srv/\n"
        "RUN sh /srv/setup.sh\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\n"
        'COPY a.js ./\nCMD ["node", "a.js"]\n'
    )
    many: dict[str, object] = {f"lib{n}": "1" for n in range(9)}
    outcome = rewrite(tmp_path, text, {"dependencies": many}, {"a.js": "", "setup.sh": script})
    assert "RUN sh /srv/setup.sh\n" in final(outcome)


@pytest.mark.parametrize(
    ("bundle", "conf", "start", "copied"),
    [
        pytest.param("cp -r dist/* /var/www/html/", "", '["nginx"]', False, id="copied-out"),
        pytest.param("cp -r dist/* /var/www/html/", "root /site/dist;", '["nginx"]', True, id="configured"),
        pytest.param("cp -r dist/* /var/www/html/", "", '["nginx", "-c", "n/x.conf"]', True, id="relative"),
        pytest.param("cp -r dist/* /var/www/html/", "", '["node", "a.js"]', True, id="node-started"),
        pytest.param("ln -s /site/dist /var/www/html/site", "", '["nginx"]', True, id="linked"),
        pytest.param("true", "", '["nginx"]', True, id="nothing-copied-out"),
    ],
)
def test_project_behind_a_web_server(
    tmp_path: Path, bundle: str, conf: str, start: str, copied: bool
) -> None:
    text = (
        "FROM node:20\nRUN apt-get update && apt-get install -y nginx && rm -rf /var/lib/apt/lists/*\n"
        f"WORKDIR /site\nCOPY . .\nRUN npm install\nRUN npm run build && {bundle}\n"
        f"COPY site.conf /etc/nginx/conf.d/\nCMD {start}\n"
    )
    package = {"scripts": {"build": "vite build"}, "dependencies": {"vite": "5"}}
    end = final(rewrite(tmp_path, text, package, {"site.conf": conf}))
    assert (" /site" in end.replace("WORKDIR /site", "")) is copied


def test_unknown_step_behind_the_build(tmp_path: Path) -> None:
    """It finds in the final stage all that it found in the file: compilers, and what is unpruned."""
    text = (
        "FROM node:20-alpine\nRUN apk add --no-cache build-base curl\nWORKDIR /app\nCOPY package.json ./\n"
        'RUN npm install\nCOPY . .\nRUN npm run build\nRUN /opt/finish\nCMD ["node", "dist/a.js"]\n'
    )
    many: dict[str, object] = {f"lib{n}": "1" for n in range(9)}
    package = {"scripts": {"build": "tsc"}, "dependencies": many, **DEV}
    outcome = rewrite(tmp_path, text, package, {"src/a.ts": ""})
    assert final(outcome).splitlines()[1:] == [
        "RUN apk add --no-cache build-base curl",
        "WORKDIR /app",
        "COPY --from=builder /app /app",
        "RUN /opt/finish",
        'CMD ["node", "dist/a.js"]',
    ]
    assert "prune" not in (outcome.after or "")
    assert "finish" not in (outcome.after or "").split("FROM")[1]


def test_group_of_packages_that_is_removed_again(tmp_path: Path) -> None:
    text = (
        "FROM node:20-alpine\nRUN apk add --no-cache --virtual .deps python3 make g++\nWORKDIR /app\n"
        'COPY . .\nRUN npm install\nRUN apk del .deps\nCMD ["node", "a.js"]\n'
    )
    assert "apk" not in final(rewrite(tmp_path, text, {}, {"a.js": ""}))


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
    assert outcome.after is None


@pytest.mark.parametrize(
    ("start", "files"),
    [
        pytest.param('["node", "server"]', {}, id="comes-with-a-package"),
        pytest.param('["./run.sh"]', {"run.sh": "#!/bin/sh\ncd $WHERE\n./more.sh\n"}, id="unknown-script"),
    ],
)
def test_what_is_started_is_not_known(tmp_path: Path, start: str, files: dict[str, str]) -> None:
    text = f"FROM node:20\nWORKDIR /app\nCOPY *.sh ./\nRUN npm install some-server\nCMD {start}\n"
    outcome = rewrite(tmp_path, text, {}, {"x.sh": "", **files})
    assert outcome.rung != "slim"


def test_removal_of_what_the_slim_image_lacks(tmp_path: Path) -> None:
    text = BUILD + (
        'RUN apt-get remove -y build-essential && rm -r /var/lib/apt/lists/*\nCMD ["node", "dist/a.js"]\n'
    )
    outcome = rewrite(tmp_path, text, {"scripts": {"build": "tsc"}, **DEV}, {})
    assert outcome.rung == "slim"
    assert "apt-get" not in final(outcome)


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


TOOLS = "FROM node:22-alpine\nRUN apk add --no-cache g++ make python3\nWORKDIR /app\n"
MEMBER = {
    "package.json": '{"packageManager": "pnpm@9.4.0"}',
    "pnpm-workspace.yaml": "packages:\n  - apps/*\n",
    "apps/web/package.json": '{"name": "web", "scripts": {"start": "next start", "build": "next build"},'
    ' "dependencies": {"next": "14"}}',
}


@pytest.mark.parametrize(
    ("text", "files", "there"),
    [
        pytest.param(
            "RUN npm i -g pnpm\nCOPY . .\nRUN pnpm install\nRUN pnpm build\nCMD pnpm start\n",
            {"package.json": '{"scripts": {"build": "tsc"}, "dependencies": {"express": "4"}}'},
            "RUN npm i -g pnpm",
            id="launcher",
        ),
        pytest.param(
            "RUN npm i -g turbo\nRUN npm i -g pnpm\nCOPY . .\nRUN pnpm i\nRUN turbo build\nCMD turbo start\n",
            MEMBER,
            "RUN npm i -g pnpm",
            id="behind-turbo",
        ),
        pytest.param(
            "RUN npm i -g pnpm\nCOPY . .\nWORKDIR /app/apps/web\nRUN pnpm i\nRUN pnpm build\nCMD npm start\n",
            MEMBER,
            "COPY --from=builder /app /app",
            id="member",
        ),
        pytest.param(
            "COPY package.json .\nRUN npm i\nRUN npm i -g pm2\nRUN pm2 install typescript\nCOPY . .\n"
            "CMD pm2-runtime src/server.ts\n",
            {"package.json": '{"dependencies": {"express": "4"}}', "src/server.ts": "import 'express';\n"},
            "RUN pm2 install typescript",
            id="module-of-pm2",
        ),
        pytest.param(
            "COPY package.json .\nRUN npm i -g pnpm && pnpm i\nCOPY . .\n"
            "RUN printf '%s\\n' '#!/bin/sh' 'pnpm start' > /begin.sh && chmod +x /begin.sh\nCMD /begin.sh\n",
            {"package.json": '{"dependencies": {"express": "4"}}', "server.js": "require('express');\n"},
            "npm i -g pnpm",
            id="script-out-of-a-step",
        ),
        pytest.param(
            "COPY package.json /tmp/\nRUN cd /tmp && npm i\nCOPY . .\nRUN ln -s /tmp/node_modules\n"
            "RUN npm run build\nCMD node dist/main.js\n",
            {"package.json": '{"scripts": {"build": "tsc"}, "dependencies": {"express": "4"}}'},
            "COPY --from=builder /tmp/node_modules /tmp/node_modules",
            id="behind-a-link",
        ),
    ],
)
def test_final_stage_has(tmp_path: Path, text: str, files: dict[str, str], there: str) -> None:
    """What the started program reaches by way of another one goes along."""
    outcome = rewrite(tmp_path, TOOLS + text, {}, files)
    assert there in final(outcome)


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


def test_step_that_calls_what_run_time_calls(tmp_path: Path) -> None:
    """A program that build steps and run time call is installed in both stages."""
    text = (
        "FROM node:22-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y git\nCOPY package.json .\n"
        "RUN npm i\nRUN git clone https://example.org/data.git data\nCOPY . .\nCMD node app.js\n"
    )
    files = {"app.js": "require('child_process').execSync('git log');\n"}
    outcome = rewrite(tmp_path, text, {"dependencies": {"express": "4"}}, files)
    assert outcome.after is not None
    assert outcome.after.count("apt-get install -y git") == 2


def test_programs_of_tests_that_nothing_starts(tmp_path: Path) -> None:
    """Cypress's own program may never have come: a step took it out of package.json."""
    package = {"scripts": {"build": "tsc"}, "devDependencies": {"cypress": "13"}}
    text = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm i && npm run build\nCMD node dist/main.js\n"
    outcome = rewrite(tmp_path, text, package, {})
    assert "Cypress" not in final(outcome)


@pytest.mark.parametrize(
    ("base", "copied", "command", "lock", "pruned"),
    [
        ("node:20", "package*.json", "npm ci", "package-lock.json", "npm prune --omit=dev"),
        ("node:20", "*.json", "npm ci", "npm-shrinkwrap.json", "npm prune --omit=dev"),
        ("node:20", "package.json", "npm install", "", "npm prune --omit=dev --no-package-lock"),
        ("node:20", "package.json", "npm i", "package-lock.json", "npm prune --omit=dev --no-package-lock"),
        ("node:14", "package.json", "npm install", "", "npm prune --production --no-package-lock"),
        (
            "node:20", "package.json yarn.lock", "yarn", "yarn.lock",
            "yarn install --production --ignore-scripts --prefer-offline",
        ),
        ("node:20", "package.json", "yarn", "yarn.lock", ""),
        ("node:20", "package.json pnpm-lock.yaml", "pnpm i", "pnpm-lock.yaml", "pnpm prune --prod"),
        ("node:20", "package.json", "pnpm i", "pnpm-lock.yaml", ""),
    ],
)  # fmt: skip
def test_pruning_changes_no_version(
    tmp_path: Path, base: str, copied: str, command: str, lock: str, pruned: str
) -> None:
    """A lock file that comes after the install says other versions than were installed."""
    text = (
        f"FROM {base}\nWORKDIR /app\nRUN npm i -g pnpm\nCOPY {copied} ./\nRUN {command}\n"
        'COPY . .\nRUN npx tsc\nCMD ["node", "a.js"]\n'
    )
    package = {"dependencies": {"express": "4"}, "devDependencies": {"typescript": "5"}}
    content = (
        "lockfileVersion: '9.0'\n" if lock.endswith("yaml") else "{}" if lock.endswith("json") else "# v1\n"
    )
    outcome = rewrite(tmp_path, text, package, {"a.js": "", **({lock: content} if lock else {})})
    lines = [line.strip().removeprefix("&& ") for line in (outcome.after or "").splitlines()]
    found = [line for line in lines if line.startswith(("npm prune", "pnpm prune", "yarn install --prod"))]
    assert found == ([pruned] if pruned else [])


@pytest.mark.parametrize(
    ("install", "has", "lacks"),
    [
        pytest.param("yt-dlp", "python3-pip", "gcc", id="nothing-to-compile"),
        pytest.param("pycurl", "gcc", "", id="may-be-compiled"),
        pytest.param("-r tools.txt", "gcc", "", id="a-list"),
    ],
)
def test_pip_beside_an_application_is_executed_where_that_runs(
    tmp_path: Path, install: str, has: str, lacks: str
) -> None:
    command = f"RUN pip3 install --break-system-packages {install}"
    text = (
        "FROM node:20-bookworm\nRUN apt-get update && apt-get install -y python3-pip\n"
        f"COPY tools.txt /tmp/tools.txt\n{command}\n"
        "WORKDIR /app\nCOPY package.json ./\nRUN npm install --omit=dev\nCOPY . .\nCMD node a.js\n"
    )
    files = {"a.js": "require('child_process').execFile('yt-dlp', ['-U'])\n", "tools.txt": "supervisor\n"}
    outcome = rewrite(tmp_path, text, {"dependencies": {"express": "4"}}, files)
    last = final(outcome)
    assert f"\n{command.replace('install', 'install --no-cache-dir')}\n" in last
    assert has in last, last
    assert not lacks or lacks not in last
    assert outcome.rung == "slim"


@pytest.mark.parametrize(
    ("start", "more", "only"),
    [
        pytest.param('["serve", "-s", "dist"]', "", True, id="by-name"),
        pytest.param('["serve", "-l", "80", "/app/dist"]', "", True, id="with-a-port"),
        pytest.param('["npm", "run", "site"]', "", False, id="by-a-script"),
        pytest.param('["npm", "start"]', "", False, id="by-a-script-that-builds-first"),
        pytest.param('["serve", "-c", "serve.json", "dist"]', "", False, id="with-settings"),
        pytest.param('["serve"]', "", False, id="all-of-the-project"),
        pytest.param('["sh", "-c", "node env.js && serve dist"]', "", False, id="among-others"),
        pytest.param('["serve", "dist"]', "ENV DATA=/app/data\n", False, id="a-variable-names-more"),
    ],
)
def test_of_a_project_whose_bundle_is_handed_out(tmp_path: Path, start: str, more: str, only: bool) -> None:
    package: dict[str, object] = {
        "scripts": {"build": "vite build", "site": "serve -s dist", "start": "vite build && serve dist"},
        "dependencies": {"react": "18"},
        "devDependencies": {"vite": "5"},
    }
    text = f"{BUILD}{more}RUN npm install -g serve\nCMD {start}\n"
    after = final(rewrite(tmp_path, text, package, {"env.js": "", "serve.json": "{}"}))
    assert ("COPY --from=builder /app/dist /app/dist" in after) is only, after
    assert ("COPY --from=builder /app /app" in after) is not only


REGISTRY = "npm config set registry https://npm.example.org"


@pytest.mark.parametrize(
    ("setting", "start", "behind", "kept"),
    [
        pytest.param(REGISTRY, "node a.js", "true", False, id="no-package-manager"),
        pytest.param(
            "npm config set registry=https://a.example.org -g", "npm start", "true", False, id="npm"
        ),
        pytest.param("npm set //npm.example.org/:_authToken=x", "npm start", "true", False, id="password"),
        pytest.param("yarn config set network-timeout 9000 -g", "yarn start", "true", False, id="yarn"),
        pytest.param("npm config set fund=false audit=false", "npm start", "true", False, id="several"),
        pytest.param("npm config set unsafe-perm true", "node a.js", "true", False, id="no-script-is-run"),
        pytest.param("npm config set unsafe-perm true", "npm start", "true", True, id="how-a-script-is-run"),
        pytest.param("npm config set audit=false loglevel=error", "npm start", "true", True, id="one-of-two"),
        pytest.param("npm config set shape round", "npm start", "true", True, id="not-known"),
        pytest.param(REGISTRY, "node a.js", "npm i -g pm2", True, id="installs-later"),
        pytest.param(REGISTRY, "node plugins.js", "true", True, id="installs-itself"),
    ],
)
def test_settings_of_installs(tmp_path: Path, setting: str, start: str, behind: str, kept: bool) -> None:
    text = f"FROM node:20\nRUN {setting}\nWORKDIR /app\nCOPY . .\nRUN npm install && npm run build\n"
    scripts = {"build": "tsc", "start": "node a.js"}
    sources = {"a.js": ""}
    if start == "node plugins.js":
        sources = {"plugins.js": "require('child_process').execSync('npm install left-pad')"}
    after = rewrite(tmp_path, f"{text}RUN {behind}\nCMD {start}\n", {"scripts": scripts, **DEV}, sources)
    assert (setting in final(after)) is kept


def test_programs_of_the_project_are_started_in_it(tmp_path: Path) -> None:
    text = (
        "FROM node:20\nRUN useradd shots\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\n"
        "RUN npx playwright install-deps chromium\nUSER shots\nCOPY --chown=shots . .\nRUN npm run build\n"
        'CMD ["node", "dist/a.js"]\n'
    )
    package = {"scripts": {"build": "tsc"}, "dependencies": {"playwright": "1"}, **DEV}
    after = final(rewrite(tmp_path, text, package, {"a.ts": "import { chromium } from 'playwright'\n"}))
    assert (
        "COPY --from=builder --chown=shots:shots /app /app\nWORKDIR /app\nRUN npx playwright install-deps"
        in after
    )


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
    ("setup", "sure"),
    [
        pytest.param("corepack enable && corepack prepare pnpm@9.1.0 --activate", True, id="prepared"),
        pytest.param("corepack enable", True, id="filled-by-the-shim"),
        pytest.param("corepack enable && npm install -g pnpm@9", False, id="replaced"),
    ],
)
def test_cache_of_corepack(tmp_path: Path, setup: str, sure: bool) -> None:
    text = f"FROM node:20\nRUN {setup}\nWORKDIR /app\nCOPY . .\nRUN pnpm install\nRUN pnpm run build\n"
    text += "CMD pnpm start\n"
    package = {"scripts": {"build": "tsc", "start": "node a.js"}}
    after = rewrite(tmp_path, text, package, {"a.js": ""}).after or ""
    assert "COPY --from=builder /root/.cache/node/corepack" in after
    assert ("mkdir -p /root/.cache/node/corepack" not in after) is sure


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
    ("install", "removal", "stays"),
    [
        pytest.param("apk add --virtual .build gcc musl-dev python3-dev", "apk del .build", True, id="group"),
        pytest.param("apk add gcc musl-dev", "apk del gcc musl-dev", True, id="names"),
        pytest.param("apk add --virtual .other make", "true", False, id="never-removed"),
    ],
)
def test_compilers_of_an_install_that_the_final_stage_repeats(
    tmp_path: Path, install: str, removal: str, stays: bool
) -> None:
    text = (
        f"FROM node:20-alpine\nWORKDIR /app\nRUN {install}\nRUN apk add python3 py3-pip\n"
        f"RUN pip3 install apprise\nCOPY . .\nRUN npm install\nRUN npm run build\nRUN {removal}\n"
        'CMD ["node", "dist/a.js"]\n'
    )
    package = {"scripts": {"build": "tsc"}, **DEV}
    sources = {"a.ts": "import { execFile } from 'child_process'\nexecFile('apprise')\n"}
    after = rewrite(tmp_path, text, package, sources, Options(base="same", min_saving=NOTHING)).after or text
    assert (f"RUN {install}" in after.rpartition("FROM ")[2]) is stays


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "apk add py3-pip && apk add -t .b gcc && pip3 install apprise && apk del .b",
            "apk add py3-pip && apk add -t .b gcc && pip3 install --no-cache-dir apprise && apk del .b",
            id="pip",
        ),
        pytest.param("npm install -g serve", "npm install -g serve && npm cache clean --force", id="npm"),
    ],
)
def test_an_install_that_the_final_stage_repeats_leaves_no_cache(
    tmp_path: Path, before: str, after: str
) -> None:
    text = (
        f"FROM node:20-alpine\nWORKDIR /app\nRUN {before}\nCOPY . .\nRUN npm install\nRUN npm run build\n"
        'CMD ["node", "dist/a.js"]\n'
    )
    sources = {"a.ts": "import { execFile } from 'child_process'\nexecFile('apprise'); execFile('serve')\n"}
    options = Options(base="same", min_saving=NOTHING)
    outcome = rewrite(tmp_path, text, {"scripts": {"build": "tsc"}, **DEV}, sources, options)
    assert f"\nRUN {after}\n" in final(outcome)


SERVES = "const e = require('express')\nconst app = e()\napp.use('/lib', e.static({0}))\napp.listen(80)\n"


@pytest.mark.parametrize(
    ("directory", "page", "pruned"),
    [
        pytest.param("'public'", "<p>", True, id="no-package"),
        pytest.param("'node_modules'", "<p>", False, id="all-packages"),
        pytest.param("__dirname + '/node_modules/typescript/lib'", "<p>", False, id="a-development-package"),
        pytest.param(
            "'public'", '<script src="/node_modules/typescript/lib/a.js">', False, id="a-page-loads-one"
        ),
    ],
)
def test_packages_that_pages_load_stay(directory: str, page: str, pruned: bool, tmp_path: Path) -> None:
    text = (
        'FROM node:20\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\nCMD ["node", "a.js"]\n'
    )
    package: dict[str, object] = {
        "dependencies": {"express": "4"},
        "devDependencies": {"typescript": "5", "ava": "6"},
    }
    files = {"a.js": SERVES.format(directory), "public/index.html": page}
    assert ("npm prune" in (rewrite(tmp_path, text, package, files).after or "")) is pruned
