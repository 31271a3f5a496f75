"""Elements: how the container starts."""

from __future__ import annotations

import json
from random import Random

from tools.generator.elements.installs import package, save_package
from tools.generator.elements.surroundings import interpreter
from tools.generator.elements.tools import install
from tools.generator.project import MAIN, Project, element


def command(p: Project) -> list[str]:
    """What starts the program."""
    if p.language == "go":
        place = p.facts.get("binary", "server")
        return [place if place.startswith("/") else random_path(p, place)]
    return [interpreter(p), p.facts.get("started", MAIN[p.language])]


def random_path(p: Project, place: str) -> str:
    return f"./{place}" if "/" not in place else p.path(place)


def _exec_form(words: list[str]) -> str:
    return json.dumps(words)


@element("exec", "start", weight=5)
def _exec(p: Project, random: Random) -> None:
    p.line("start", f"CMD {_exec_form(command(p))}")


@element("entrypoint", "start", weight=2)
def _entrypoint(p: Project, random: Random) -> None:
    words = command(p)
    if len(words) > 1:
        p.line("start", f'ENTRYPOINT ["{words[0]}"]\nCMD {_exec_form(words[1:])}')
        for run in p.runs[1:]:
            if run.command and run.command[0] == words[0] and run.entrypoint is None:
                run.entrypoint, run.command = [], run.command
        if p.outer.get("docker-compose.yml", "").count("command: ["):
            p.outer["docker-compose.yml"] = p.outer["docker-compose.yml"].replace(
                "    command: [", "    entrypoint: ["
            )
    else:
        p.line("start", f"ENTRYPOINT {_exec_form(words)}")


@element("shell-form", "start", weight=2)
def _shell_form(p: Project, random: Random) -> None:
    p.line("start", f"CMD {' '.join(command(p))}")


@element("entry-script", "start", weight=4)
def _entry(p: Project, random: Random) -> None:
    shell = "bash" if not p.alpine and random.random() < 0.5 else "sh"
    p.add("docker/env.sh", "export APP_STAGE=live\n", application=False)
    p.add("docker/defaults.txt", "defaults\n", application=False)
    lines = [f"#!/bin/{shell}" if random.random() < 0.7 else f"#!/usr/bin/env {shell}", "set -e"]
    lines += random.choice(
        [[". /docker/env.sh"], ["if [ -f /docker/env.sh ]; then", "  . /docker/env.sh", "fi"]]
    )
    lines += random.choice([["mkdir -p /tmp/run"], ["cat /docker/defaults.txt > /tmp/defaults.txt"], []])
    lines += [random.choice(['exec "$@"', 'echo "starting $1"\nexec "$@"'])]
    p.add(
        "docker/entry.sh",
        "\n".join(lines) + "\n",
        0o755 if random.random() < 0.5 else 0o644,
        application=False,
    )
    executable = p.files["docker/entry.sh"].mode == 0o755
    p.line("after", "COPY docker /docker" + ("" if executable else "\nRUN chmod +x /docker/entry.sh"))
    p.line("start", f'ENTRYPOINT ["/docker/entry.sh"]\nCMD {_exec_form(command(p))}')
    p.probe("env", "APP_STAGE")


@element("entry-script-of-program", "start", weight=2)
def _entry_program(p: Project, random: Random) -> None:
    p.add("start.sh", f"#!/bin/sh\nset -e\nexport APP_STAGE=script\nexec {' '.join(command(p))}\n", 0o755)
    p.line(
        "start",
        random.choice(
            ['CMD ["sh", "start.sh"]', 'CMD ["./start.sh"]', 'ENTRYPOINT ["./start.sh"]', "CMD sh start.sh"]
        ),
    )
    if "ENTRYPOINT" in p.slots["start"][-1] and any(r.name == "compose" for r in p.runs):
        p.runs = [r for r in p.runs if r.name != "compose"]
        p.outer.pop("docker-compose.yml")
    p.probe("env", "APP_STAGE")


@element("tini", "start", weight=1)
def _tini(p: Project, random: Random) -> None:
    install(p, random, "tini")
    place = "/sbin/tini" if p.alpine else random.choice(["tini", "/usr/bin/tini"])
    p.line("start", f'ENTRYPOINT ["{place}", "--"]\nCMD {_exec_form(command(p))}')


@element("npm-start", "start", "node", weight=3)
def _npm_start(p: Project, random: Random) -> None:
    data = package(p)
    data["scripts"] = {**data.get("scripts", {}), "start": " ".join(command(p))}  # type: ignore[dict-item]
    save_package(p, data)
    p.line("start", 'CMD ["npm", "start"]')


@element("module-start", "start", "python", weight=1)
def _module_start(p: Project, random: Random) -> None:
    p.line("start", f'CMD ["{interpreter(p)}", "-m", "app"]')


@element("supervisor", "start", "python", weight=1, fits=lambda p: not p.alpine)
def _supervisor(p: Project, random: Random) -> None:
    install(p, random, "supervisor")
    p.static_only = "does not end"
    words = " ".join(["/usr/bin/env", *command(p)])
    p.add(
        "ops/supervisord.conf",
        f"[supervisord]\nnodaemon=true\n\n[program:app]\ncommand={words}\ndirectory={p.home}\n",
        application=False,
    )
    p.line("after", "COPY ops/supervisord.conf /etc/supervisor/app.conf")
    p.line("start", 'CMD ["supervisord", "-n", "-c", "/etc/supervisor/app.conf"]')


@element("manifest-start", "start", weight=1)
def _manifest(p: Project, random: Random) -> None:
    words = command(p)
    if len(words) == 1:
        words = [p.path(words[0])]
    p.service = p.service or "service"
    rows = _exec_form(words)
    p.outer["docker-compose.yml"] = f"services:\n  app:\n    build: ./{p.service}\n    command: {rows}\n"
    p.runs = [r for r in p.runs if r.name in ("probe", "by-hand")]
    from tools.generator.project import Run

    p.runs.insert(0, Run("manifest", words))
