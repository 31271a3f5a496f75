"""Elements: images in which people develop, tools that are installed for people, repositories without git."""

from __future__ import annotations

from random import Random

from tools.generator.elements.bases import use_base
from tools.generator.elements.common import full, plain
from tools.generator.elements.packages import install
from tools.generator.project import Project, Run, element


@element("base-of-development", "base", "go", weight=1)
def _development(p: Project, random: Random) -> None:
    """The image compiles at each start, and a service mounts the sources, which have changed since."""
    p.static_only = "sources are mounted"
    p.sealed = {"setting", "account", "read", "program", "build", "compile", "state", "stage", "copy"}
    p.alpine = random.random() < 0.5
    use_base(p, "golang:1.24-alpine" if p.alpine else "golang:1.24")
    p.facts |= {"binary": "go run .", "no-binary": "yes", "mounted": "yes"}
    install(p, random, "make git" if p.alpine else "tree")
    tool = "git" if p.alpine else "tree"
    p.line("install", random.choice(["COPY go.mod ./", "COPY go.mod ./\nRUN go mod download"]))
    if random.random() < 0.5:
        p.facts["copy"] = "nothing"  # the sources only come with the mount
        p.sealed.add("around")
        p.runs.clear()
    p.runs.append(Run("by-hand", [tool, "--version"], entrypoint=[], reports=False))
    p.runs.append(Run("mounted", mounted=True))
    p.compose("app")


@element("tool-for-people", "program", "go", weight=2, fits=plain)
def _tool_for_people(p: Project, random: Random) -> None:
    p.static_only = "a download"
    name, command = random.choice([
        ("migrate", "go install -tags postgres github.com/golang-migrate/migrate/v4/cmd/migrate@latest"),
        ("goose", "go install github.com/pressly/goose/v3/cmd/goose@v3.20.0"),
        ("dlv", "CGO_ENABLED=0 go install github.com/go-delve/delve/cmd/dlv@latest"),
    ])  # fmt: skip
    p.line("install", f"RUN {command}")
    p.runs.append(Run("by-hand", [name, "--version"], entrypoint=[], reports=False))


@element("without-repository", "around", weight=2, fits=full)
def _without_repository(p: Project, random: Random) -> None:
    """An archive of the sources: nothing says where the repository begins."""
    p.facts["no-repository"] = "yes"
    words = ["sh", "-c", random.choice(["git --version", "curl --version"])]
    p.compose("daily", Run("daily", words, reports=False), command=words)
