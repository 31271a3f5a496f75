"""Elements: tools of packages that somebody starts in the image, and the settings that they read."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
import shlex
from random import Random

from tools.generator.elements.common import full, package, plain, require, save_package
from tools.generator.elements.packages import install
from tools.generator.elements.starts import command
from tools.generator.elements.surroundings import second
from tools.generator.project import Project, Run, element
from tools.generator.simulation.probes import Probe


def _may_install(p: Project) -> bool:
    """Whether the packages of a Node project are still to be installed."""
    return (
        plain(p)
        and not p.slots.get("install")
        and "package-lock.json" not in p.files
        and "user" not in p.facts
    )


def _installs(
    p: Project, dependencies: tuple[str, ...] = (), development: tuple[str, ...] = (), **scripts: str
) -> None:
    data = package(p)
    data["dependencies"] = {**data.get("dependencies", {}), **{n: _RELEASES[n] for n in dependencies}}  # type: ignore[dict-item]
    data["devDependencies"] = {**data.get("devDependencies", {}), **{n: _RELEASES[n] for n in development}}  # type: ignore[dict-item]
    data["scripts"] = {**data.get("scripts", {}), **scripts}  # type: ignore[dict-item]
    save_package(p, data)
    p.slots["install"] = ["COPY package.json ./\nRUN npm install"]
    p.facts["own-tree"] = "yes"


_RELEASES = {
    "knex": "3.1.0", "prisma": "5.22.0", "@prisma/client": "5.22.0", "cross-env": "7.0.3", "npm-run-all": "4.1.5", "next": "14.2.5",
    "dotenv": "16.4.5", "nodemon": "3.1.4", "prettier": "3.3.3", "ms": "2.1.3", "pm2": "5.4.2",
    "launch-it": "1.0.0",
}  # fmt: skip


@element("database-tool", "program", "node", weight=2, fits=_may_install)
def _knex(p: Project, random: Random) -> None:
    p.static_only = "needs a database"
    _installs(p, ("knex",), random.choice([(), ("prettier",)]))
    p.add(
        "knexfile.js",
        'const settings = require("./config/database.json");\n\nmodule.exports = { ...settings, migrations: { directory: "./db/steps" } };\n',
    )
    p.add("config/database.json", '{"client": "sqlite3"}\n')
    p.add("db/steps/1_first.js", "exports.up = () => {};\n")
    words = random.choice([["npx", "knex", "migrate:latest"], ["npm", "run", "steps"]])
    data = package(p)
    save_package(p, {**data, "scripts": {**data.get("scripts", {}), "steps": "knex migrate:latest"}})  # type: ignore[dict-item]
    p.compose("steps", Run("steps", words, entrypoint=[], reports=False), entrypoint=words)


@element("generated-client", "program", "node", weight=2, fits=lambda p: _may_install(p) and not p.alpine)
def _prisma(p: Project, random: Random) -> None:
    """A client that a step generates into node_modules, and migrations at the start."""
    p.static_only = "needs a database"
    if p.slim:
        install(p, random, "openssl")
    development = random.random() < 0.5
    _installs(
        p, ("@prisma/client", *(() if development else ("prisma",))), ("prisma",) if development else ()
    )
    p.add(
        "prisma/schema.prisma",
        'datasource db {\n  provider = "sqlite"\n  url      = "file:./live.db"\n}\n\ngenerator client {\n  provider = "prisma-client-js"\n}\n',
    )
    p.add("prisma/migrations/1_first/migration.sql", "-- first\n")
    p.line("build", "RUN npx prisma generate")
    label = f"client-{len(p.parts)}"
    p.parts.append(
        (label, 'const { PrismaClient } = require("@prisma/client");\nreturn PrismaClient && "yes";')
    )
    p.main.probes.append(Probe(label, "path", f"{p.path('node_modules/.prisma/client/index.js')}"))
    if random.random() < 0.6:
        words = ["npx", "prisma", "migrate", "deploy"]
        p.compose("migrations", Run("migrations", words, entrypoint=[], reports=False), entrypoint=words)


@element("preloaded-package", "start", "node", weight=2, fits=_may_install)
def _preloaded(p: Project, random: Random) -> None:
    development = random.random() < 0.5
    _installs(p, *(((), ("dotenv",)) if development else (("dotenv",), ())))
    first, *words = command(p)
    p.line("start", random.choice([
        f"CMD {json.dumps([first, '-r', 'dotenv/config', *words])}",
        f"CMD {first} --require dotenv/config {' '.join(words)}",
    ]))  # fmt: skip


@element("starts-through-package", "start", "node", weight=3, fits=_may_install)
def _through(p: Project, random: Random) -> None:
    """The start script begins with a program of a package, which may be one for development."""
    words = " ".join(command(p))
    tool = random.choice(["cross-env", "npm-run-all"])
    where: tuple[tuple[str, ...], tuple[str, ...]] = random.choice([((tool,), ()), ((), (tool,))])
    if tool == "cross-env":
        _installs(p, *where, start=f"cross-env APP_STAGE=crossed {words}")
        p.probe("env", "APP_STAGE")
    else:
        _installs(p, *where, start="run-s before live", before="node --version", live=words)
    p.line("start", random.choice(['CMD ["npm", "start"]', "CMD npm run start"]))


# Programs that are told to start a script: by the words behind them, in one word, or by a file. Nobody knows `launch-it`.
_LAUNCHES = (
    ("pm2", ("pm2-runtime", "npm", "--", "start")),
    ("pm2", ("pm2-runtime", "start", "npm", "--", "run", "start")),
    ("pm2", ("pm2-runtime", "ecosystem.config.js")),
    ("nodemon", ("nodemon", "--exec", "npm start")),
    ("launch-it", ("launch-it", "npm", "start")),
    ("launch-it", ("launch-it", "--", "npm", "start")),
    ("launch-it", ("launch-it", "npm run start")),
)


@element("launched-script", "start", "node", weight=2, fits=_may_install)
def _launched(p: Project, random: Random) -> None:
    """A program that is told to start the script, which begins with a program of a development dependency."""
    p.static_only = "does not end"
    tool, words = random.choice(_LAUNCHES)
    _installs(p, (), ("cross-env",), start=f"cross-env APP_STAGE=crossed {' '.join(command(p))}")
    p.probe("env", "APP_STAGE")
    p.add("ecosystem.config.js", 'module.exports = { apps: [{ script: "npm", args: "start" }] };\n')
    p.line("system", f"RUN npm install -g {tool}@{_RELEASES[tool]}")
    p.line("start", random.choice([f"CMD {json.dumps(words)}", f"CMD {shlex.join(words)}"]))


@element("framework", "program", "node", weight=2, fits=lambda p: _may_install(p) and not p.parts)
def _next(p: Project, random: Random) -> None:
    """A framework builds the application, and its server reads what it built, settings and public files."""
    p.static_only = "large"
    _installs(p, ("next",), random.choice([(), ("prettier",)]), build="next build")
    p.add("next.config.js", "module.exports = {};\n")
    p.add("pages/index.js", "export default () => null;\n")
    p.add("public/logo.txt", "logo\n")
    p.line("build", random.choice(["RUN npm run build", "RUN npx next build"]))
    label = f"framework-{len(p.parts)}"
    p.parts.append((label, 'const next = require("next")({ dev: false });\nreturn next && "yes";'))
    p.main.probes += [
        Probe(label, "module", "next"),
        Probe(f"{label}-built", "exists", p.path(".next/BUILD_ID")),
        Probe(f"{label}-settings", "exists", p.path("next.config.js")),
        Probe(f"{label}-public", "exists", p.path("public/logo.txt")),
    ]


@element("compose-mounted", "around", "node", weight=2, fits=_may_install)
def _mounted(p: Project, random: Random) -> None:
    """For development, a service mounts the sources, keeps the packages of the image and restarts at changes."""
    p.add("data/dev.txt", "dev\n")
    file, _ = second(p, "dev", "read", "data/dev.txt", Probe("dev", "read", "data/dev.txt"))
    _installs(p, ("ms",), ("nodemon",), dev=f"nodemon {file}")
    p.static_only = "does not end"
    words = random.choice([["npm", "run", "dev"], ["npx", "nodemon", file]])
    p.compose("dev", Run("dev", words, entrypoint=[], mounted=True, keeps="node_modules"), entrypoint=words)
    p.services["dev"]["volumes"] = [f"./{p.service}:{p.home}", p.path("node_modules")]


@element("migration-tool", "program", "python", weight=3, fits=plain)
def _alembic(p: Project, random: Random) -> None:
    lines = " ".join(p.slots.get("install", []))
    apart = (
        any(word in lines for word in ("--user", "--target", "--prefix", "packages", "/tmp/"))
        or "interpreter" in p.facts
    )
    if "requirements.txt" not in p.files or apart or "-r" not in lines:
        return
    p.static_only = "large"
    require(p, "alembic==1.13.2")
    ini, option = random.choice([("alembic.ini", []), ("conf/alembic.ini", ["-c", "conf/alembic.ini"])])
    place = random.choice(["db/alembic", "migrations"])
    p.add(ini, f"[alembic]\nscript_location = {place}\n")
    p.add(f"{place}/env.py", "from alembic import context\n")
    p.add(f"{place}/versions/1_first.py", 'revision = "1"\n')
    words = ["alembic", *option, "upgrade", "head"]
    p.compose("migrations", Run("migrations", words, entrypoint=[], reports=False), entrypoint=words)


@element("flask-start", "start", "python", weight=2, fits=plain)
def _flask(p: Project, random: Random) -> None:
    lines = " ".join(p.slots.get("install", []))
    apart = (
        any(word in lines for word in ("--user", "--target", "--prefix", "packages", "/tmp/"))
        or "interpreter" in p.facts
    )
    if (
        "requirements.txt" not in p.files
        or apart
        or "-r" not in lines
        or {"start-arguments", "start-prefix"} & set(p.facts)
    ):
        return
    p.static_only = "does not end"
    require(p, "flask==3.0.3")
    p.line("start", random.choice([
        'ENV FLASK_APP=app.py\nCMD ["flask", "run", "--host", "0.0.0.0"]',
        'CMD ["flask", "--app", "app", "run"]',
        "CMD flask run",
        'CMD ["python", "-m", "flask", "run"]',
    ]))  # fmt: skip


@element("compose-with-anchors", "around", weight=2, fits=full)
def _anchors(p: Project, random: Random) -> None:
    p.service = p.service or "service"
    tool = random.choice(["git", "curl"])
    p.add("data/anchors.txt", "anchors\n")
    how = random.choice([
        f"    entrypoint: [sh, -c]\n    command:\n      - |\n        {tool} --version &&\n        cat data/anchors.txt\n",
        f"    entrypoint: sh -c '{tool} --version && cat data/anchors.txt'\n",
        f"    entrypoint: >-\n      sh -c\n      '{tool} --version && cat data/anchors.txt'\n",
    ])  # fmt: skip
    p.outer["docker-compose.jobs.yml"] = (
        f"x-app: &app\n  build: {{context: ./{p.service}}}\n  environment: {{QUEUE: low}}\n\nservices:\n  jobs:\n    <<: *app\n{how}"
    )
    p.runs.append(
        Run("by-hand", ["-c", f"{tool} --version && cat data/anchors.txt"], entrypoint=["sh"], reports=False)
    )


@element("chart", "around", weight=2, fits=full)
def _chart(p: Project, random: Random) -> None:
    p.service = p.service or "service"
    tool = random.choice(["git", "curl"])
    p.outer["deploy/chart/Chart.yaml"] = "apiVersion: v2\nname: service\nversion: 0.1.0\n"
    p.outer["deploy/chart/values.yaml"] = (
        f"image:\n  repository: registry.example.org/team/{p.service}\n  tag: latest\n"
    )
    use = random.choice([
        f"          livenessProbe:\n            exec:\n              command: [{tool}, --version]\n",
        f'          lifecycle:\n            postStart:\n              exec:\n                command: ["{tool}", "--version"]\n',
    ])  # fmt: skip
    p.outer["deploy/chart/templates/deployment.yaml"] = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  template:\n    spec:\n      containers:\n        - name: app\n"
        '          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n' + use
    )
    p.runs.append(Run("by-hand", ["--version"], entrypoint=[tool], reports=False))


@element("go-mounted", "compile", "go", weight=2)
def _go_mounted(p: Project, random: Random) -> None:
    """The sources are mounted for the build; what run time reads is copied as well."""
    home = "/root/.cache/go-build"
    p.line("build", random.choice([
        f"RUN --mount=type=cache,target={home} go build -o /usr/local/bin/server .",
        f"RUN --mount=type=bind,target=. \\\n    --mount=type=cache,target={home} \\\n    go build -o /usr/local/bin/server .",
    ]))  # fmt: skip
    p.facts["binary"] = "/usr/local/bin/server"
