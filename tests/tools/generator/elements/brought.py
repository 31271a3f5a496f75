"""Elements: how files that the program reads come into the image."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import io
import tarfile
from random import Random

from tools.generator.elements.common import package
from tools.generator.elements.contents import own_module
from tools.generator.project import File, Project, element
from tools.generator.simulation.probes import Probe


@element("archive-with-owner", "read", weight=1)
def _archive_with_owner(p: Project, random: Random) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        row = tarfile.TarInfo("bundle/data.txt")
        row.size, row.mode = 4, 0o640
        archive.addfile(row, io.BytesIO(b"data"))
        row = tarfile.TarInfo("bundle/current.txt")
        row.type, row.linkname = tarfile.SYMTYPE, "data.txt"
        archive.addfile(row)
    p.add("bundle.tar", stream.getvalue(), application=False)
    p.line(
        "after",
        random.choice(
            [
                "ADD bundle.tar /opt/",
                "ADD bundle.tar /srv/../opt",
                "COPY bundle.tar /tmp/\nRUN mkdir -p /opt && tar xf /tmp/bundle.tar -C /opt",
            ]
        ),
    )
    if "user" not in p.facts:
        p.probe("read", "/opt/bundle/current.txt")
    p.probe("link", "/opt/bundle/current.txt")
    p.probe("stat", "/opt/bundle/data.txt")


@element("copied-with-link", "read", weight=1)
def _copy_link(p: Project, random: Random) -> None:
    p.add("ops/linked.txt", "linked\n", application=False)
    p.line(
        "after",
        random.choice(
            [
                "COPY --link ops/linked.txt /opt/linked/",
                "COPY --link --chmod=644 ops/linked.txt /opt/linked/linked.txt",
            ]
        ),
    )
    p.probe("read", "/opt/linked/linked.txt")


@element("modules-in-context", "read", "node", weight=1)
def _modules(p: Project, random: Random) -> None:
    """Packages that come with COPY, without any install step."""
    p.facts["modules"] = "yes"
    if (
        "dependencies" in package(p)
        or "devDependencies" in package(p)
        or "npm" in " ".join(p.slots.get("install", []))
    ):
        return
    p.add("node_modules/ms/package.json", '{"name": "ms", "version": "2.1.3", "main": "index.js"}\n')
    p.add("node_modules/ms/index.js", "module.exports = (text) => text;\n")
    p.probe("module", "ms")


@element("module-beside", "read", "go", weight=1, fits=own_module)
def _module_beside(p: Project, random: Random) -> None:
    p.files["go.mod"] = File(
        p.files["go.mod"].data
        + b"\nrequire example.com/stock v0.0.0\n\nreplace example.com/stock => ./stock\n"
    )
    p.slots["install"] = ["COPY go.mod ./"] if p.slots.get("install") else []
    p.add("stock/go.mod", "module example.com/stock\n\ngo 1.22\n")
    p.add(
        "stock/stock.go",
        'package stock\n\nimport "os"\n\nfunc Rows() (string, error) {\n\tfound, err := os.ReadFile("stock/rows.csv")\n\treturn string(found), err\n}\n',
    )
    p.add("stock/rows.csv", "1,2\n")
    label = f"stock-{len(p.parts)}"
    p.parts.append((label, "return stock.Rows()"))
    p.imports.append("_example.com/stock")
    p.main.probes.append(Probe(label, "read", "stock/rows.csv"))
