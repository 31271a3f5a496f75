"""Elements: packages that the Dockerfile removes again, after it used them."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import io
import zipfile
from random import Random

from tools.generator.project import Project, element
from tools.generator.simulation.probes import Program

_ZONE = "cp /usr/share/zoneinfo/Europe/Paris /etc/localtime && echo Europe/Paris > /etc/timezone"


@element("package-removed-again", "system", weight=3, fits=lambda p: p.alpine or p.slim)
def _removed_again(p: Project, random: Random) -> None:
    """Only a copy of a package's file stays."""
    if p.alpine:
        p.line("system", random.choice([
            f"RUN apk add --no-cache tzdata && {_ZONE} && apk del tzdata",
            f"RUN apk add --no-cache --virtual .zone tzdata && {_ZONE} && apk del .zone",
            f"RUN apk add --no-cache tzdata\nRUN {_ZONE}\nRUN apk del tzdata",
            f"RUN apk --no-cache add tzdata && \\\n    {_ZONE} && \\\n    apk del --purge tzdata && \\\n    rm -rf /var/cache/apk/*",
        ]))  # fmt: skip
        p.probe("read", "/etc/timezone")
        p.probe("exists", "/etc/localtime")
        return
    copied = "cp /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf /opt/own.ttf"
    p.line("system", random.choice([
        f"RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core && {copied} && apt-get purge -y --auto-remove fonts-dejavu-core && rm -rf /var/lib/apt/lists/*",
        f"RUN apt-get update && apt-get install -y fonts-dejavu-core\nRUN {copied}\nRUN apt-get remove -y fonts-dejavu-core",
    ]))  # fmt: skip
    p.probe("exists", "/opt/own.ttf")


@element("tool-removed-again", "state", weight=2, fits=lambda p: p.slim and "user" not in p.facts)
def _tool_removed(p: Project, random: Random) -> None:
    """A tool of the system does its work in one RUN, and another one removes it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        row = zipfile.ZipInfo("tales/one.txt")
        row.external_attr = 0o644 << 16
        archive.writestr(row, "one\n")
    p.add("ops/tales.zip", stream.getvalue(), application=False)
    p.line("system", "RUN apt-get update && apt-get install -y --no-install-recommends unzip")
    p.line("after", "COPY ops/tales.zip /tmp/\nRUN unzip -q /tmp/tales.zip -d /opt && rm /tmp/tales.zip")
    p.line(
        "after",
        random.choice(["RUN apt-get purge -y unzip", "RUN apt-get remove -y unzip && apt-get autoremove -y"]),
    )
    p.probe("read", "/opt/tales/one.txt")


@element("group-removed-later", "build", "python go", weight=3, fits=lambda p: p.alpine)
def _group_later(p: Project, random: Random) -> None:
    """The pages are built with another language, which a later RUN removes with its group."""
    group = random.choice([".pages", "pages-deps"])
    p.line("system", f"RUN apk add --no-cache --virtual {group} nodejs npm")
    p.add(
        "front/package.json", '{"name": "front", "version": "1.0.0", "scripts": {"build": "node build.js"}}\n'
    )
    text = 'const fs = require("fs");\nfs.mkdirSync("dist", { recursive: true });\nfs.writeFileSync("dist/app.js", "app\\n");\n'
    p.script("front/build.js", Program("front", "node", writes={"dist/app.js": "app\n"}), text)
    p.line("build", random.choice([
        f"RUN cd front && npm install && npm run build && npm cache clean --force && apk del {group}",
        f"RUN cd front && npm install && npm run build\nRUN npm cache clean --force\nRUN apk del {group}",
        f"RUN cd front && npm install && npm run build\nRUN apk del {group} && rm -rf /root/.npm",
    ]))  # fmt: skip
    p.probe("read", "front/dist/app.js")
