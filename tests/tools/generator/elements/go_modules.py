"""Elements: the modules of a Go project."""

from __future__ import annotations

from random import Random

from tools.generator.project import Project, element
from tools.generator.simulation.probes import Probe


@element("go-modules", "install", "go", weight=3)
def _modules(p: Project, random: Random) -> None:
    p.add("go.mod", "module example.com/app\n\ngo 1.22\n")
    if random.random() < 0.5:
        p.line("install", "COPY go.mod ./\nRUN go mod download")


@element("go-module-copied", "install", "go")
def _copied(p: Project, random: Random) -> None:
    p.add("go.mod", "module example.com/app\n\ngo 1.22\n")
    p.line("install", "COPY go.* ./")


@element("go-vendored", "install", "go", weight=2)
def _vendored(p: Project, random: Random) -> None:
    p.add("go.mod", "module example.com/app\n\ngo 1.22\n\nrequire example.com/colour v1.0.0\n")
    p.add("vendor/modules.txt", "# example.com/colour v1.0.0\n## explicit; go 1.22\nexample.com/colour\n")
    p.add("vendor/example.com/colour/colour.go", 'package colour\n\nfunc Name() string { return "red" }\n')
    p.parts.append(("colour", "return colour.Name(), nil"))
    p.imports.append("_example.com/colour")
    p.main.probes.append(Probe("colour", "constant", "red"))


@element("go-vendored-opener", "install", "go", weight=2)
def _vendored_opener(p: Project, random: Random) -> None:
    """A vendored package opens a file that only who starts the image knows."""
    p.add("go.mod", "module example.com/app\n\ngo 1.22\n\nrequire example.com/seeds v1.0.0\n")
    p.add("vendor/modules.txt", "# example.com/seeds v1.0.0\n## explicit; go 1.22\nexample.com/seeds\n")
    opens = random.choice(["os.ReadFile(name)", 'os.ReadFile("./" + name)'])
    p.add(
        "vendor/example.com/seeds/seeds.go",
        'package seeds\n\nimport "os"\n\nfunc Load(name string) (string, error) {\n'
        f"\tfound, err := {opens}\n\treturn string(found), err\n}}\n",
    )
    p.add("seeds/first.txt", "first\n")
    p.parts.append(("seeds", 'return seeds.Load(os.Getenv("SEEDS_FILE"))'))
    p.imports.append("_example.com/seeds")
    p.main.probes.append(Probe("seeds", "read-named", "SEEDS_FILE:"))
    p.given["SEEDS_FILE"] = "seeds/first.txt"


@element("go-module-made", "install", "go", weight=1, fits=lambda p: "no-binary" not in p.facts)
def _made(p: Project, random: Random) -> None:
    """The module is made by the build."""
    p.facts["module"] = "dispatch"
    p.line("build", random.choice(["RUN go mod init dispatch", "RUN go mod init dispatch && go mod tidy"]))


@element("go-module-version", "install", "go", weight=1)
def _version(p: Project, random: Random) -> None:
    p.facts["module"] = "tool"
    p.add("go.mod", "module github.com/example/tool/v2\n\ngo 1.22\n")
    p.line("install", random.choice(["COPY go.mod ./\nRUN go mod download", "RUN go version"]))
