"""Elements: files that nobody names in the sources of the project: a library's default, a setting, another image."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
from random import Random

from tools.generator.elements.common import full, package, plain, require, save_package
from tools.generator.project import Project, Run, element
from tools.generator.simulation.probes import Probe


@element("settings-by-default-name", "read", "python node", fits=plain)
def _default(p: Project, random: Random) -> None:
    """A library loads `.env` of the working directory; a step of the build makes it, or the context has it."""
    if p.language == "python":
        if "requirements.txt" not in p.files:
            return
        require(p, "python-dotenv==1.0.1")
        body = 'from dotenv import dotenv_values\n\nreturn "".join(f"{k}={v}\\n" for k, v in dotenv_values().items())'
    else:
        if "package-lock.json" in p.files or "RUN npm install" not in " ".join(p.slots.get("install", [])):
            return
        data = package(p)
        data["dependencies"] = {**data.get("dependencies", {}), "dotenv": "16.4.5"}  # type: ignore[dict-item]
        save_package(p, data)
        body = 'const { parsed } = require("dotenv").config();\nreturn Object.entries(parsed).map(([k, v]) => `${k}=${v}\\n`).join("");'
    p.static_only = "a package from the network"
    if random.random() < 0.7:
        p.add("env.example", "A=1\n")
        p.line("after", random.choice([
            "RUN cp env.example .env", "RUN mv env.example .env", "RUN cat env.example > .env", "RUN echo A=1 > .env",
        ]))  # fmt: skip
    else:
        p.add(".env", "A=1\n")
    label = f"default-{len(p.parts)}"
    p.parts.append((label, body))
    p.main.probes.append(Probe(label, "read", ".env"))


@element("command-in-settings", "read")
def _command_in_settings(p: Project, random: Random) -> None:
    """Both the program and its arguments stand in a file of settings."""
    p.add("data/queue/one.txt", "one\n")
    command = random.choice(["cat data/queue/one.txt", "wc -l data/queue/one.txt"])
    p.add("config/command.json", json.dumps({"name": command}) + "\n")
    p.probe("command-configured", command, config="config/command.json")


@element("linked-by-glob", "state", weight=1)
def _linked(p: Project, random: Random) -> None:
    p.add("sites/one.conf", "one\n")
    p.add("sites/two.conf", "two\n")
    p.line("after", f"RUN mkdir -p /etc/own/sites && ln -s {p.path('sites')}/*.conf /etc/own/sites/")
    p.probe("read", "/etc/own/sites/two.conf")
    p.probe("link", "/etc/own/sites/one.conf")


@element("base-of-another", "around", weight=1, fits=full)
def _base_of_another(p: Project, random: Random) -> None:
    """Another Dockerfile starts from this image, and uses what only the full base has."""
    p.service = p.service or "service"
    p.add("notes/left.txt", "left\n")
    p.outer["debug/Dockerfile"] = "FROM app:latest\nRUN git --version && cat notes/left.txt\n"
    p.outer[random.choice(["Makefile", "build.mk"]) if "Makefile" not in p.outer else "build.mk"] = (
        f"images:\n\tdocker build -t app:latest {p.service}\n\tdocker build -t app-debug debug\n"
    )
    text = "git --version && cat notes/left.txt"
    p.runs.append(Run("derived", ["-c", text], entrypoint=["sh"], reports=False))
