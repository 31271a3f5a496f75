"""Elements: bases, working directories, settings, accounts, styles of COPY, and what stands around a context."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

from random import Random

from tools.generator.project import Project, Run, element
from tools.generator.simulation.probes import Probe, Program
from tools.generator.sources import filled, main_source

ROOT = ("python", "node", "go")
_FULL = {
    "python": ("python:3.11", "python:3.11-bookworm"),
    "node": ("node:20", "node:20-bookworm"),
    "go": ("golang:1.24", "golang:1.24-bookworm"),
}


def use_base(p: Project, reference: str) -> None:
    p.base = reference
    p.line("from", f"FROM {reference}")


@element("base-full", "base", weight=6)
def _full(p: Project, random: Random) -> None:
    p.facts["full"] = "yes"
    use_base(p, random.choice(_FULL[p.language]))


@element("base-argument", "base")
def _argument(p: Project, random: Random) -> None:
    name, tag = _FULL[p.language][0].split(":")
    p.line("top", f"ARG VERSION={tag}")
    p.base = f"{name}:{tag}"
    p.line("from", f"FROM {name}:${{VERSION}}")


@element("base-slim", "base", "python node", weight=1)
def _slim(p: Project, random: Random) -> None:
    p.slim = True
    use_base(p, f"{_FULL[p.language][0]}-slim")


@element("base-alpine", "base", "go python node", weight=1)
def _alpine(p: Project, random: Random) -> None:
    p.alpine = True
    use_base(p, f"{_FULL[p.language][0]}-alpine")


@element("base-debian", "base", "python node go")
def _debian(p: Project, random: Random) -> None:
    use_base(p, random.choice(["debian:bookworm", "debian:bookworm-slim"]))
    packages = {
        "python": "python3 python3-pip python3-venv",
        "node": "nodejs npm",
        "go": "golang-go ca-certificates",
    }
    recommends = random.choice(["", "--no-install-recommends "])
    p.line("system", f"RUN apt-get update && apt-get install -y {recommends}{packages[p.language]}")
    p.facts["distribution-language"] = "yes"


@element("base-private", "base", weight=1)
def _private(p: Project, random: Random) -> None:
    p.static_only = "private base"
    use_base(p, f"registry.example.com/team/{_FULL[p.language][0]}")


@element("workdir", "place", weight=4)
def _workdir(p: Project, random: Random) -> None:
    p.home = random.choice(["/app", "/usr/src/app", "/srv/app", "/opt/tool"])
    p.line("workdir", f"WORKDIR {p.home}")


@element("workdir-relative", "place")
def _relative(p: Project, random: Random) -> None:
    p.home = "/srv/app"
    p.slots.setdefault("workdir", []).extend(["WORKDIR /srv", "WORKDIR app"])


@element("workdir-made", "place")
def _made(p: Project, random: Random) -> None:
    p.home = random.choice(["/app", "/opt/tool"])
    p.line("workdir", f"RUN mkdir -p {p.home}\nWORKDIR {p.home}")


@element("workdir-variable", "place")
def _variable(p: Project, random: Random) -> None:
    p.home = "/opt/tool"
    p.line("workdir", "ENV APP_HOME=/opt/tool\nWORKDIR $APP_HOME")
    p.probe("env", "APP_HOME")


# --- settings


@element("env", "setting", weight=3)
def _env(p: Project, random: Random) -> None:
    p.line(
        "settings",
        random.choice(
            ["ENV APP_MODE=production", "ENV APP_MODE production", 'ENV APP_MODE="production" OTHER=1']
        ),
    )
    p.probe("env", "APP_MODE")


@element("argument-to-env", "setting")
def _arg_env(p: Project, random: Random) -> None:
    p.line("settings", "ARG RELEASE=1.2.3\nENV RELEASE=$RELEASE")
    p.probe("env", "RELEASE")


@element("argument-to-file", "setting")
def _arg_file(p: Project, random: Random) -> None:
    p.line("settings", "ARG COMMIT=none")
    p.line("after", random.choice(['RUN echo "$COMMIT" > commit.txt', "RUN echo ${COMMIT} > ./commit.txt"]))
    p.probe("read", "commit.txt")


@element("cwd", "setting", weight=1)
def _cwd(p: Project, random: Random) -> None:
    p.probe("cwd", "")


@element("env-of-env", "setting")
def _env_env(p: Project, random: Random) -> None:
    p.line("settings", "ENV DATA_ROOT=/var/data\nENV DATA_FILE=$DATA_ROOT/list.txt")
    p.line("after", "RUN mkdir -p $DATA_ROOT && echo first > $DATA_FILE")
    p.probe("read-named", "DATA_FILE:/nowhere", variable="DATA_FILE", default="/nowhere")


@element("shell", "setting", weight=1, fits=lambda p: not p.alpine)
def _shell(p: Project, random: Random) -> None:
    p.line("settings", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]')


@element("shell-errexit", "setting", weight=1, fits=lambda p: not p.alpine)
def _shell_errexit(p: Project, random: Random) -> None:
    p.line("settings", 'SHELL ["/bin/bash", "-euxo", "pipefail", "-c"]')


@element("labels", "setting", weight=1)
def _labels(p: Project, random: Random) -> None:
    p.line("settings", 'LABEL org.opencontainers.image.title="app" maintainer="a@example.com"')
    p.line("expose", "EXPOSE 8080\nSTOPSIGNAL SIGINT")


@element("path-extended", "setting", "python node", weight=1)
def _path(p: Project, random: Random) -> None:
    p.line("settings", "ENV PATH=/opt/tools/bin:$PATH")
    p.line(
        "after",
        "RUN mkdir -p /opt/tools/bin && printf '#!/bin/sh\\necho tool\\n' > /opt/tools/bin/mytool && chmod +x /opt/tools/bin/mytool",
    )
    p.probe("program", "mytool")


# --- accounts


def _account(p: Project, name: str, slot: str, uid: int) -> None:
    p.facts["user"] = name
    p.facts["owner"] = p.facts["copy-owner"] = f"{name}:{name}"
    p.line(slot, f"USER {name}")
    p.probe("user", "")


@element("user-named", "account", weight=3)
def _named(p: Project, random: Random) -> None:
    if p.alpine:
        p.line(
            "account",
            random.choice(["RUN adduser -D -u 4321 app", "RUN addgroup -S app && adduser -S -G app app"]),
        )
    else:
        p.line(
            "account",
            random.choice(
                [
                    "RUN useradd -m -u 4321 app",
                    "RUN groupadd -r app && useradd -r -g app app",
                    "RUN useradd --create-home app",
                ]
            ),
        )
    _account(p, "app", "user", 4321)


@element("user-number", "account", weight=1)
def _number(p: Project, random: Random) -> None:
    p.line("user", "USER 4321:4321")
    p.facts["user"] = "4321"
    p.facts["owner"] = p.facts["copy-owner"] = "4321:4321"
    p.probe("user", "")


@element("user-of-base", "account", "node", fits=lambda p: "distribution-language" not in p.facts)
def _of_base(p: Project, random: Random) -> None:
    _account(p, "node", "user", 1000)


@element("user-late", "account", "python node", weight=1, fits=lambda p: not p.alpine)
def _late(p: Project, random: Random) -> None:
    p.line("after", f"RUN useradd -u 4321 app && chown -R app:app {p.home}")
    p.line("user", "USER app")
    p.facts["user"] = "app"
    p.facts["owner"] = "app:app"
    p.probe("user", "")
    p.probe("write", p.home)


# --- styles of COPY

for _style, _weight in (
    ("whole", 5),
    ("named", 3),
    ("glob", 2),
    ("chown", 2),
    ("add", 1),
    ("json", 1),
    ("absolute", 1),
    ("named-chown", 1),
    ("chmod", 1),
):

    def _set_style(p: Project, random: Random, style: str = _style) -> None:
        p.facts["copy"] = style

    element(f"copy-{_style}", "copy", weight=_weight)(_set_style)


# --- around the context


def _second(p: Project, name: str, form: str, what: str, probe: Probe) -> tuple[str, list[str]]:
    """A further program with one need; its file and its command."""
    body = filled(p.language, form, {"what": what})
    file = {"python": f"{name}.py", "node": f"{name}.js"}[p.language]
    program = Program(name, p.language, [probe])
    p.script(file, program, main_source(p.language, [(probe.label, body)], title=name))
    return file, [interpreter(p), file]


def interpreter(p: Project) -> str:
    return {"python": "python3" if "distribution-language" in p.facts else "python", "node": "node"}[
        p.language
    ]


@element("compose-command", "around", "python node")
def _compose(p: Project, random: Random) -> None:
    if "docker-compose.yml" in p.outer:
        return
    p.service = p.service or "service"
    p.add("data/jobs.txt", "every day\n")
    _, command = _second(p, "jobs", "read", "data/jobs.txt", Probe("jobs", "read", "data/jobs.txt"))
    rows = "".join(f'"{w}", ' for w in command).rstrip(", ")
    p.outer["docker-compose.yml"] = (
        f"services:\n  app:\n    build: ./{p.service}\n  jobs:\n    build: ./{p.service}\n    command: [{rows}]\n"
    )
    p.runs.append(Run("compose", command))


@element(
    "compose-healthcheck",
    "around",
    fits=lambda p: not (p.slim or p.alpine or "distribution-language" in p.facts),
)
def _compose_health(p: Project, random: Random) -> None:
    if "docker-compose.yml" in p.outer:
        return
    p.service = p.service or "service"
    p.outer["docker-compose.yml"] = (
        f"services:\n  app:\n    build:\n      context: ./{p.service}\n    healthcheck:\n"
        '      test: ["CMD", "curl", "-f", "http://localhost:8080/"]\n'
    )
    p.runs.append(Run("healthcheck", ["curl", "--version"], entrypoint=[], reports=False))


@element(
    "kubernetes-probe",
    "around",
    weight=1,
    fits=lambda p: not (p.slim or p.alpine or "distribution-language" in p.facts),
)
def _kubernetes(p: Project, random: Random) -> None:
    p.service = p.service or "service"
    p.outer["deploy/app.yaml"] = f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  selector:
    matchLabels: {{app: app}}
  template:
    metadata:
      labels: {{app: app}}
    spec:
      containers:
        - name: app
          image: {p.service}:latest
          livenessProbe:
            exec:
              command: ["git", "--version"]
"""
    p.runs.append(Run("probe", ["git", "--version"], entrypoint=[], reports=False))


@element(
    "healthcheck", "around", fits=lambda p: not (p.slim or p.alpine or "distribution-language" in p.facts)
)
def _health(p: Project, random: Random) -> None:
    tool = random.choice(["curl", "wget"])
    p.line(
        "expose",
        random.choice(
            [
                f"HEALTHCHECK CMD {tool} --version || exit 1",
                f'HEALTHCHECK --interval=30s CMD ["{tool}", "--version"]',
            ]
        ),
    )
    p.runs.append(Run("healthcheck", [tool, "--version"], entrypoint=[], reports=False))


@element("ignore-rules", "around", weight=3)
def _ignored(p: Project, random: Random) -> None:
    p.ignore += random.choice(
        [[".git", "*.md"], ["**/*.log", "docs"], [".git", "Dockerfile", ".dockerignore"]]
    )
    p.add("README.md", "# app\n", application=False)
    p.add("docs/notes.txt", "notes\n", application=False)


@element("ignored-by-git", "around", "python node")
def _hidden(p: Project, random: Random) -> None:
    p.add(".gitignore", "local.json\n", application=False)
    p.add("settings/local.json", '{"secret": 1}\n')
    p.add("settings/base.json", '{"secret": 0}\n')
    p.hidden.add("settings/local.json")
    p.probe(random.choice(["read", "read-path"]), "settings/local.json")
