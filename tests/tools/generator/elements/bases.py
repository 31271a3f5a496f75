"""Elements: base images and working directories."""

from __future__ import annotations

from random import Random

from tools.generator.project import Project, element

FULL = {
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
    use_base(p, random.choice(FULL[p.language]))


@element("base-argument", "base")
def _argument(p: Project, random: Random) -> None:
    name, tag = FULL[p.language][0].split(":")
    p.line("top", f"ARG VERSION={tag}")
    p.base = f"{name}:{tag}"
    p.line("from", f"FROM {name}:${{VERSION}}")


@element("base-slim", "base", "python node", weight=1)
def _slim(p: Project, random: Random) -> None:
    p.slim = True
    use_base(p, f"{FULL[p.language][0]}-slim")


@element("base-alpine", "base", "go python node", weight=1)
def _alpine(p: Project, random: Random) -> None:
    p.alpine = True
    use_base(p, f"{FULL[p.language][0]}-alpine")


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
    use_base(p, f"registry.example.com/team/{FULL[p.language][0]}")


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


@element("base-moving-tag", "base", weight=1)
def _moving(p: Project, random: Random) -> None:
    tags = {
        "python": ["python:3", "python:latest"],
        "node": ["node:lts", "node"],
        "go": ["golang:1", "golang"],
    }
    p.static_only = "a moving tag"
    use_base(p, random.choice(tags[p.language]))


@element("base-with-digest", "base", weight=1)
def _digest(p: Project, random: Random) -> None:
    p.static_only = "a digest"
    use_base(p, f"{FULL[p.language][0]}@sha256:{'0123456789abcdef' * 4}")


@element("base-with-platform", "base", weight=1)
def _platform(p: Project, random: Random) -> None:
    p.base = FULL[p.language][0]
    p.line("from", f"FROM --platform=linux/amd64 {p.base}")


@element("base-by-argument", "base", weight=1)
def _by_argument(p: Project, random: Random) -> None:
    # whoever builds it gives another base, which has no variants
    p.static_only = "private base"
    p.arguments["BASE"] = f"registry.example.com/team/{FULL[p.language][0]}"
    p.line("top", f"ARG BASE={FULL[p.language][0]}")
    p.base = FULL[p.language][0]
    p.line("from", "FROM ${BASE}")
    p.compose("app", build={"context": "./service", "args": {"BASE": p.arguments["BASE"]}})


@element("workdir-by-argument", "place", weight=1)
def _workdir_argument(p: Project, random: Random) -> None:
    p.home = "/srv/tool"
    p.line("workdir", "ARG PLACE=/srv/tool\nWORKDIR ${PLACE}")
