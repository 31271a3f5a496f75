"""Elements: packages that lie in the repository beside the program."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

from random import Random

from tools.generator.elements.common import plain
from tools.generator.project import Project, element
from tools.generator.simulation.probes import Probe


@element("local-library", "install", "python", weight=2, fits=plain)
def _local(p: Project, random: Random) -> None:
    """A requirement is a directory of the repository, installed as it is or in place."""
    editable = random.choice(["", "-e "])
    p.add(
        "libs/common/pyproject.toml",
        '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n\n[project]\nname = "commonparts"\nversion = "1.0"\ndependencies = ["six==1.16.0"]\n\n[tool.setuptools]\npackages = ["commonparts"]\n',
    )
    p.add("libs/common/commonparts/__init__.py", '"""Parts."""\n')
    p.add("requirements.txt", f"tabulate==0.9.0\n{editable}./libs/common\n")
    p.line("install", "COPY requirements.txt .\nCOPY libs libs")
    p.line(
        "install",
        random.choice(
            [
                "RUN pip install -r requirements.txt",
                "RUN pip install --no-cache-dir --upgrade -r requirements.txt",
            ]
        ),
    )
    p.probe("module", "commonparts", bare="commonparts")
    p.probe("module", "six", bare="six")


@element("go-workspace", "install", "go", weight=2, fits=lambda p: "no-binary" not in p.facts)
def _workspace(p: Project, random: Random) -> None:
    p.add("go.mod", "module example.com/app\n\ngo 1.22\n")
    p.add("go.work", "go 1.22\n\nuse (\n\t.\n\t./kit\n)\n")
    p.add("kit/go.mod", "module example.com/kit\n\ngo 1.22\n")
    p.add(
        "kit/kit.go",
        'package kit\n\nimport "os"\n\nfunc Text() (string, error) {\n\tfound, err := os.ReadFile("kit/data/kit.txt")\n\treturn string(found), err\n}\n',
    )
    p.add("kit/data/kit.txt", "kit\n")
    p.line("install", "COPY go.mod go.work ./\nCOPY kit/go.mod ./kit/")
    label = f"kit-{len(p.parts)}"
    p.parts.append((label, "return kit.Text()"))
    p.imports.append("_example.com/kit")
    p.main.probes.append(Probe(label, "read", "kit/data/kit.txt"))
    p.facts["workspace"] = "yes"
