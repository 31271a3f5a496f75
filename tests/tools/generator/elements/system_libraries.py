"""Elements: packages of a language that are linked with libraries of the system."""

from __future__ import annotations

import codecs
from random import Random

from tools.generator.elements.common import full, needs, package, plain, save_package
from tools.generator.elements.packages import install
from tools.generator.project import Project, element

_HEADERS = "libcairo2-dev libpango1.0-dev libjpeg-dev libgif-dev librsvg2-dev"
_ALPINE_HEADERS = "cairo-dev pango-dev jpeg-dev giflib-dev librsvg-dev"


@element("module-built-on-headers", "install", "node", weight=2, fits=plain)
def _on_headers(p: Project, random: Random) -> None:
    """A module comes as a download, or is compiled where the headers are: nobody knows which it was."""
    p.static_only = "a download"
    if p.alpine:
        install(p, random, f"python3 make g++ {_ALPINE_HEADERS}")
    else:
        install(p, random, random.choice([f"build-essential {_HEADERS}", f"g++ make {_HEADERS}", _HEADERS]))
    data = package(p)
    data["dependencies"] = {"canvas": "2.11.2"}
    save_package(p, data)
    p.line("install", "COPY package.json ./")
    p.line("install", random.choice(["RUN npm install", "RUN npm install --build-from-source", "RUN yarn"]))
    needs(p, 'require("canvas");\nreturn "yes";', "libcairo.so.2", "librsvg-2.so.2")


@element("extension-compiled", "install", "python", weight=2, fits=lambda p: plain(p) and not p.alpine)
def _extension(p: Project, random: Random) -> None:
    """The headers are in the image, or are installed and, after the install, removed again: in the same RUN,
    or in a later one, for which a file may name a program of theirs. PowerShell writes lists in UTF-16."""
    names = "gcc libc6-dev libpq-dev"
    text = "psycopg2==2.9.10\nsix==1.16.0\n"
    p.add(
        "requirements.txt", codecs.BOM_UTF16_LE + text.encode("utf-16-le") if random.random() < 0.3 else text
    )
    if not full(p) or random.random() < 0.5:
        install(p, random, names)
    line = line_of_pip = "RUN pip install -r requirements.txt"
    if not full(p):
        p.facts["no-compiler"] = "yes"
        later = random.random() < 0.5
        install_all = f"RUN apt-get update && apt-get install -y {names} libpq5"
        remove = f"apt-get {'remove -y' if later else 'purge -y --auto-remove'} {names}"
        line = f"{install_all} && pip install --no-cache-dir -r requirements.txt && {remove}"
        if later:
            line = f"{install_all}\n{line_of_pip}\nRUN {remove} && rm -rf /var/lib/apt/lists/*"
            p.add("data/tools.json", '["gcc"]\n')
        p.slots["system"].pop()
    p.line("install", "COPY requirements.txt .\n" + line)
    needs(p, 'import psycopg2\nreturn psycopg2 and "yes"', "libpq.so.5")
