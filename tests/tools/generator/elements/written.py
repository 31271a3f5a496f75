"""Elements: start scripts that steps write, that wait for others, or that are found by a link; jobs of cron."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
from random import Random

from tools.generator.elements.common import full
from tools.generator.elements.packages import install
from tools.generator.elements.starts import command
from tools.generator.project import Project, Run, element


def _tool(p: Project, random: Random) -> str:
    """A program that a script needs: one of the full base image, or one that is installed."""
    if full(p) and random.random() < 0.5:
        return random.choice(["git", "curl"])
    tool = random.choice(["jq", "rsync"])
    install(p, random, tool)
    return tool


def _written(lines: list[str], place: str, random: Random, *, interprets: bool) -> str:
    """A step that writes a script. `interprets`: the echo of its shell knows `\\n`."""
    quoted = [f"'{line}'" for line in lines]
    ways = [
        "RUN " + " && ".join(f"echo {q} {'>>' if n else '>'} {place}" for n, q in enumerate(quoted)),
        f"RUN printf '%s\\n' {' '.join(quoted)} > {place}",
        f"RUN (echo {quoted[0]}; " + "; ".join(f"echo {q}" for q in quoted[1:]) + f") > {place}",
        f"RUN echo {quoted[0]} | tee {place}" + "".join(f" && echo {q} | tee -a {place}" for q in quoted[1:]),
        f"RUN cat > {place} <<'EOF'\n" + "\n".join(lines) + "\nEOF",
        f"COPY <<'EOF' {place}\n" + "\n".join(lines) + "\nEOF",
        "RUN { \\\n" + "".join(f"    echo {q}; \\\n" for q in quoted) + f"    }} > {place}",
    ]
    if interprets:
        ways += ["RUN echo '" + "\\n".join(lines) + f"' > {place}"] * 2
    return random.choice(ways)


@element("start-script-written", "start", weight=4)
def _start_written(p: Project, random: Random) -> None:
    mounted = [] if "mounted" in p.facts else [p.path("start.sh")]
    place = random.choice(["/start.sh", "/usr/local/bin/start-app", *mounted])
    tool = random.choice([[f"{_tool(p, random)} --version > /dev/null"], []])
    words = " ".join(command(p))
    last = random.choice([f"exec {words}", words, f'[ -n "$APP_STAGE" ] && exec {words}'])
    lines = ["#!/bin/sh", "set -e", *tool, "export APP_STAGE=written", last]
    interprets = not p.alpine and not any("SHELL" in line for line in p.slots.get("settings", []))
    step = _written(lines, place, random, interprets=interprets)
    joined = step.startswith("RUN") and "EOF" not in step and random.random() < 0.6
    p.line("after", step + (f" && chmod +x {place}" if joined else f"\nRUN chmod 755 {place}"))
    ways = [f'CMD ["{place}"]', f'CMD ["sh", "{place}"]', f"CMD {place}"]
    p.line("start", random.choice([*ways, f'ENTRYPOINT ["{place}"]']))
    if "ENTRYPOINT" in p.slots["start"][-1]:
        p.facts["entrypoint"] = "program"
    p.probe("env", "APP_STAGE")


@element("start-waits", "start", weight=2, fits=lambda p: not p.alpine)
def _waits(p: Project, random: Random) -> None:
    """A script of the project waits for a service, with a tool that is installed for it."""
    tool = random.choice(["nc", "curl"])
    install(p, random, "netcat-openbsd" if tool == "nc" else "curl")
    first = random.choice(["#!/bin/sh", "#!/usr/bin/env bash", "#!/bin/bash"])
    text = f'{first}\nset -e\nhost="$1"\nshift\nif [ "$1" = "--" ]; then\n  shift\nfi\ncommand -v {tool} > /dev/null || exit 7\necho "waits for $host"\nexport APP_STAGE=waited\nexec "$@"\n'
    name = random.choice(["wait-for-it.sh", "bin/wait-for", "scripts/wait.sh"])
    p.add(name, text, 0o755)
    words = ["db:5432", "--", *command(p)]
    p.line("start", random.choice([
        f"CMD {json.dumps([f'./{name}', *words])}",
        f'ENTRYPOINT ["./{name}", "db:5432", "--"]\nCMD {json.dumps(command(p))}',
        f"CMD ./{name} {' '.join(words)}",
        f"CMD {json.dumps(['bash', name, *words])}",
    ]))  # fmt: skip
    p.probe("env", "APP_STAGE")


@element("start-by-link", "start", weight=2)
def _by_link(p: Project, random: Random) -> None:
    p.add("ops/run/env.sh", "export APP_STAGE=linked\n")
    tool = random.choice([f"{_tool(p, random)} --version > /dev/null\n", ""])
    text = f'#!/bin/sh\nset -e\n{tool}here=$(dirname "$(readlink -f "$0")")\n. "$here/env.sh"\nexec {" ".join(command(p))}\n'
    p.add("ops/run/start", text, 0o755)
    place = random.choice(["/usr/local/bin/start-app", "/start"])
    p.line("after", f"RUN ln -s {p.path('ops/run/start')} {place}")
    p.line("start", f'CMD ["{random.choice([place, place.removeprefix("/usr/local/bin/")])}"]')
    p.probe("env", "APP_STAGE")


@element("cron", "program", weight=2, fits=lambda p: not p.alpine and "user" not in p.facts)
def _cron(p: Project, random: Random) -> None:
    """A service of its own runs the jobs of a table, which the image has in one of the usual places."""
    tool = _tool(p, random)
    install(p, random, "cron")
    p.static_only = "does not end"
    p.add(
        "jobs/nightly.sh",
        f"#!/bin/sh\nset -e\ncd {p.home}\n{tool} --version > /dev/null\ncat jobs/rows.txt\n",
        0o755,
    )
    p.add("jobs/rows.txt", "rows\n")
    job = f"{p.home}/jobs/nightly.sh"
    way = random.choice(["copied", "written", "of-user", "of-user-written"])
    if way == "of-user-written" and any("SHELL" in line for line in p.slots.get("settings", [])):
        way = "of-user"  # a shell that ends at the first failure ends at a table that is not there
    if way == "copied":
        p.add("ops/crontab", f"# jobs\n0 3 * * * root {job}\n", application=False)
        p.line("after", "COPY ops/crontab /etc/cron.d/app\nRUN chmod 0644 /etc/cron.d/app")
    if way == "written":
        p.line("after", f"RUN echo '0 3 * * * root {job} >> /var/log/cron.log 2>&1' > /etc/cron.d/app")
    if way == "of-user":
        p.add("ops/crontab", f"*/5 * * * * {job}\n", application=False)
        p.line("after", "COPY ops/crontab /tmp/crontab\nRUN crontab /tmp/crontab && rm /tmp/crontab")
    if way == "of-user-written":
        p.line("after", f'RUN (crontab -l; echo "*/5 * * * * {job}") | crontab -')
    words = random.choice([["cron", "-f"], ["sh", "-c", "cron -f"]])
    p.compose("cron", Run("cron", words, entrypoint=[], reports=False), entrypoint=words)
