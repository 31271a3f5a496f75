"""What the Node strategy must hold to and needs no golden case: a Dockerfile and a tiny context."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.node_layouts import BUILD, DEV, NOTHING, final, rewrite

from slimify.config import Options

COMPOSE = "services:\n  a:\n    build: .\n    command: npm {0}\n"


def test_an_image_to_work_in_keeps_its_base(tmp_path: Path) -> None:
    text = 'FROM node:20\nWORKDIR /src\nCOPY . .\nCMD ["/bin/bash"]\n'
    assert rewrite(tmp_path, text, {"name": "a"}, {}).kind == "unchanged"


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
    ("files", "slim"),
    [
        pytest.param({}, False, id="nothing-else-is-started"),
        pytest.param({"server.js": "require('http')\n"}, True, id="the-default-of-npm"),
        pytest.param({"compose.yaml": COMPOSE.format("run serve")}, True, id="a-service-starts-another"),
        pytest.param({"compose.yaml": COMPOSE.format("run other")}, False, id="a-service-starts-none-either"),
    ],
)
def test_a_start_without_its_script(files: dict[str, str], slim: bool, tmp_path: Path) -> None:
    package = {"scripts": {"build": "tsc", "serve": "node dist/a.js"}}
    outcome = rewrite(tmp_path, BUILD + "CMD npm start\n", package, files)
    assert ("node:20-slim" in (outcome.after or "")) is slim


def test_an_install_that_a_source_may_start_is_said_to_be_one(tmp_path: Path) -> None:
    source = "const add = () => require('child_process').execSync('npm install x')\n"
    outcome = rewrite(
        tmp_path, BUILD + "CMD node add.js\n", {"scripts": {"build": "tsc"}}, {"add.js": source}
    )
    assert any("add.js:1 may start `npm install x`" in d.text for d in outcome.decisions)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("FROM node:20\nWORKDIR /app\n", "SL407", id="nothing-is-built"),
        pytest.param(BUILD, "SL407", id="same-base-possible"),
        pytest.param(BUILD + "CMD npm install && npm start\n", "SL406", id="installs-at-start"),
        pytest.param(
            "FROM node:20-alpine\nRUN npm install -g nodemon\nWORKDIR /app\nCOPY . .\nRUN npm install\n"
            "CMD npm install && npm start\n",
            "SL406",
            id="cache-serves-the-start",
        ),
        pytest.param(
            "FROM node:20\nRUN apt-get update && apt-get install -y build-essential\nWORKDIR /app\nCOPY . .\n"
            'RUN npm install && /opt/prepare\nRUN npm run build\nCMD ["node", "a.js"]\n',
            "SL392",
            id="unknown-step-between-builds",
        ),
    ],
)
def test_left_alone(tmp_path: Path, text: str, code: str) -> None:
    package = {"scripts": {"build": "tsc", "start": "node dist/a.js"}, "dependencies": {"express": "4"}}
    outcome = rewrite(tmp_path, text, package, {})
    assert outcome.kind == "unchanged"
    assert code in {d.code for d in outcome.decisions}


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


def test_unknown_step_behind_the_build(tmp_path: Path) -> None:
    """It finds in the final stage all that it found in the file: compilers, and what is unpruned."""
    text = (
        "FROM node:20-alpine\nRUN apk add --no-cache build-base curl\nWORKDIR /app\nCOPY package.json ./\n"
        'RUN bun install\nCOPY . .\nRUN npm run build\nRUN /opt/finish\nCMD ["node", "dist/a.js"]\n'
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


def test_step_that_calls_what_run_time_calls(tmp_path: Path) -> None:
    """A program that build steps and run time call is installed in both stages."""
    text = (
        "FROM node:22-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y git\nCOPY package.json .\n"
        "RUN bun i\nRUN git clone https://example.org/data.git data\nCOPY . .\nCMD node app.js\n"
    )
    files = {"app.js": "require('child_process').execSync('git log');\n"}
    many: dict[str, object] = {f"lib{n}": "1" for n in range(9)}
    outcome = rewrite(tmp_path, text, {"dependencies": many}, files)
    assert outcome.after is not None
    assert outcome.after.count("apt-get install -y git") == 2


@pytest.mark.parametrize(("path", "copied"), [("/etc/motd", False), ("/etc/mime.types", True)])
def test_the_table_of_media_types_by_its_path(tmp_path: Path, path: str, copied: bool) -> None:
    text = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm i\nCMD node a.js\n"
    sources = {"a.js": f"require('fs').readFileSync('{path}');\n"}
    outcome = rewrite(tmp_path, text, {"dependencies": {"express": "4"}}, sources)
    assert (f"COPY --from=builder {path} {path}" in final(outcome)) == copied


def test_programs_of_tests_that_nothing_starts(tmp_path: Path) -> None:
    """Cypress's own program may never have come: a step took it out of package.json."""
    package = {"scripts": {"build": "tsc"}, "devDependencies": {"cypress": "13"}}
    text = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm i && npm run build\nCMD node dist/main.js\n"
    outcome = rewrite(tmp_path, text, package, {})
    assert "Cypress" not in final(outcome)


@pytest.mark.parametrize(
    ("install", "has", "lacks"),
    [
        pytest.param("yt-dlp", "python3-pip", "g++", id="nothing-to-compile"),
        pytest.param("pycrypto", "g++", "", id="may-be-compiled"),
        pytest.param("pycurl", "libcurl4-openssl-dev", "", id="headers-of-the-base"),
        pytest.param("-r tools.txt", "g++", "", id="a-list"),
    ],
)
def test_pip_beside_an_application_is_executed_where_that_runs(
    tmp_path: Path, install: str, has: str, lacks: str
) -> None:
    command = f"pip3 install --break-system-packages {install}"
    text = (
        "FROM node:20-bookworm\nRUN apt-get update\n"
        "RUN apt-get install -y --no-install-recommends python3-pip\n"
        f"COPY tools.txt /tmp/tools.txt\nRUN {command}\n"
        "WORKDIR /app\nCOPY package.json ./\nRUN npm install --omit=dev\nCOPY . .\nCMD node a.js\n"
    )
    files = {"a.js": "require('child_process').execFile('yt-dlp', ['-U'])\n", "tools.txt": "supervisor\n"}
    outcome = rewrite(tmp_path, text, {"dependencies": {"express": "4"}}, files)
    last = final(outcome)
    assert f" {command.replace('install', 'install --no-cache-dir')}" in last
    assert has in last, last
    assert not lacks or lacks not in last
    assert outcome.rung == "slim"


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
    ],
)
def test_settings_of_installs(tmp_path: Path, setting: str, start: str, behind: str, kept: bool) -> None:
    text = f"FROM node:20\nRUN {setting}\nWORKDIR /app\nCOPY . .\nRUN npm install && npm run build\n"
    scripts = {"build": "tsc", "start": "node a.js"}
    after = rewrite(tmp_path, f"{text}RUN {behind}\nCMD {start}\n", {"scripts": scripts, **DEV}, {"a.js": ""})
    assert (setting in final(after)) is kept


def test_programs_of_the_project_are_started_in_it(tmp_path: Path) -> None:
    text = (
        "FROM node:20\nRUN useradd shots\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\n"
        "RUN npx playwright install-deps chromium\nUSER shots\nCOPY --chown=shots . .\nRUN npm run build\n"
        'CMD ["node", "dist/a.js"]\n'
    )
    package = {"scripts": {"build": "tsc"}, "dependencies": {"playwright": "1"}, **DEV}
    after = final(rewrite(tmp_path, text, package, {"a.ts": "import { chromium } from 'playwright'\n"}))
    assert " /app /app\nRUN npx playwright install-deps" in after


@pytest.mark.parametrize(
    ("install", "removal", "stays"),
    [
        pytest.param(
            "apk add --no-cache --virtual .build gcc musl-dev python3-dev", "apk del .build", True, id="group"
        ),
        pytest.param("apk add --no-cache gcc musl-dev", "apk del gcc musl-dev", True, id="names"),
        pytest.param("apk add --no-cache --virtual .other make", "true", False, id="never-removed"),
    ],
)
def test_compilers_of_an_install_that_the_final_stage_repeats(
    tmp_path: Path, install: str, removal: str, stays: bool
) -> None:
    text = (
        f"FROM node:20-alpine\nWORKDIR /app\nRUN {install}\nRUN apk add --no-cache python3 py3-pip\n"
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
            "apk add --no-cache py3-pip && apk add --no-cache -t .b gcc "
            "&& pip3 install --no-cache-dir apprise && apk del .b",
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


def test_hooks_of_git_are_no_artifact(tmp_path: Path) -> None:
    """Without a .git, which an image rarely has, husky writes nothing that a COPY could find."""
    text = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install && npm run build\nCMD node a.js\n"
    scripts = {"build": "tsc", "prepare": "cd .. && husky app/.husky"}
    after = rewrite(tmp_path, text, {"scripts": scripts, **DEV}, {"a.js": ""})
    assert "COPY --from=builder /app /app" in final(after)
    assert "/.git" not in final(after)


@pytest.mark.parametrize(
    ("step", "compiles"),
    [
        ("npm install -g nobody-knows", True),
        ("npm install -g nobody/knows", True),
        ("npm link", False),
        ("npm install -g .", False),
        ("npm i -g", False),
    ],
)
def test_what_is_linked_is_not_compiled(tmp_path: Path, step: str, compiles: bool) -> None:
    text = f'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nRUN {step}\nCMD ["begin"]\n'
    package = {"bin": {"begin": "a.js"}, "dependencies": {"express": "4"}}
    last = final(rewrite(tmp_path, text, package, {"a.js": ""}))
    assert f"RUN {step}" in last
    assert ("g++" in last) is compiles


@pytest.mark.parametrize("hook", ["prepare", "postinstall"])
@pytest.mark.parametrize("link", ["npm link", "npm install -g .", "npm i -g", "cd / && npm i --global ./app"])
def test_a_link_whose_scripts_build_is_copied(tmp_path: Path, hook: str, link: str) -> None:
    """`npm link` runs them, and the final stage has neither compilers nor development dependencies."""
    text = f'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install && {link}\nCMD ["begin"]\n'
    package = {"bin": {"begin": "a.js"}, "scripts": {hook: "tsc"}, **DEV}
    last = final(rewrite(tmp_path, text, package, {"a.js": ""}))
    assert link not in last
    assert "COPY --from=builder /usr/local/bin /usr/local/bin" in last


@pytest.mark.parametrize(
    ("build", "start", "removed"),
    [
        pytest.param("next build", "next start", True, id="served"),
        pytest.param("next build && cp -r public .next/", "next start", True, id="among-others"),
        pytest.param("next build && rm -rf .next/cache", "next start", False, id="removed-by-the-script"),
        pytest.param("next build", "next dev", False, id="development-server"),
        pytest.param("next build", "next build && next start", False, id="builds-at-the-start"),
        pytest.param("tsc", "next start", False, id="built-by-something-else"),
    ],
)
def test_caches_of_builds(tmp_path: Path, build: str, start: str, removed: bool) -> None:
    package = {"scripts": {"build": build, "start": start}, "dependencies": {"next": "15"}}
    for options in (Options(), Options(single_stage=True)):
        after = rewrite(tmp_path, BUILD + 'CMD ["npm", "start"]\n', package, {}, options).after or ""
        assert ("rm -rf /app/.next/cache/webpack" in after) is removed
