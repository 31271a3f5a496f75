"""Which packages that the user installed by name a new image may lack."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import differences

OLD = """FROM python:3.11-slim{builder}
RUN apt-get update && apt-get install -y git make build-essential
RUN git clone https://example.com/scanner /opt/scanner
{final}WORKDIR /app
COPY app.py ./
CMD ["python", "app.py"]
"""
FINAL = """
FROM python:3.11-slim
RUN apt-get update && apt-get install -y {packages}
COPY --from=builder /opt/scanner /opt/scanner
"""
KNOWN, UNREAD = "print(1)\n", 'import subprocess\nsubprocess.run(["python", "/opt/scanner/scan.py"])\n'


@pytest.mark.parametrize(
    ("packages", "program", "lost"),
    [
        pytest.param("git make build-essential", UNREAD, "", id="the same"),
        pytest.param("git make", UNREAD, "", id="compilers go"),
        pytest.param("git build-essential", UNREAD, "", id="a package brings another one"),
        pytest.param("git", UNREAD, "make", id="what is started by hand as well stays"),
        pytest.param("make build-essential", UNREAD, "git", id="a client stays"),
        pytest.param("curl", KNOWN, "", id="all programs are known"),
    ],
)
def test_programs_that_an_unread_one_may_start(
    packages: str, program: str, lost: str, tmp_path: Path
) -> None:
    new = OLD.format(builder=" AS builder", final=FINAL.format(packages=packages))
    found = differences(OLD.format(builder="", final=""), new, {"app.py": program}, tmp_path)
    assert lost in found if lost else not found


TASKS = """FROM python:3.11-slim
RUN apt-get update && apt-get install -y {packages}
COPY . .
CMD ["make", "serve"]
"""


@pytest.mark.parametrize(
    ("packages", "recipe", "lost"),
    [
        pytest.param("build-essential", "python a.py", "", id="the same"),
        pytest.param("make", "python a.py", "", id="the package that is called"),
        pytest.param("gcc", "python a.py", "make", id="another one"),
        pytest.param("make", "gcc a.c", "gcc", id="what is called as well"),
        pytest.param("make", "", "build-essential", id="what it starts is unknown"),
    ],
)
def test_packages_that_come_along(packages: str, recipe: str, lost: str, tmp_path: Path) -> None:
    files = {"a.py": "", **({"Makefile": f"serve:\n\t{recipe}\n"} if recipe else {})}
    old, new = (TASKS.format(packages=names) for names in ("build-essential", packages))
    found = differences(old, new, files, tmp_path)
    assert lost in found if lost else not found


CLOCK = """FROM golang:{tag}{builder}
WORKDIR /src
COPY . .
RUN go build -o /usr/local/bin/clock .
{final}CMD ["clock"]
"""
ZONES = "/usr/local/go/lib/time/zoneinfo.zip"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
LOOKS_UP = 'net.LookupPort("tcp", os.Getenv("PORT"))'
ASKS, ZONED = 'http.Get("https://example.com")', 'time.LoadLocation("Asia/Tokyo")'


@pytest.mark.parametrize(
    ("tag", "base", "uses", "copied", "lost"),
    [
        pytest.param("1.24-alpine", "alpine:3.23", "", "", "", id="no zones are read"),
        pytest.param("1.24-alpine", "alpine:3.23", ZONED, ZONES, "", id="zones"),
        pytest.param("1.24-alpine", "alpine:3.23", ZONED, "", "tzdata", id="without zones"),
        pytest.param("1.24-alpine", "alpine:3.23", ASKS, "", "", id="Alpine has certificates"),
        pytest.param("1.24-bookworm", "debian:bookworm-slim", ZONED, "", "", id="Debian has zones"),
        pytest.param("1.24-bookworm", "debian:bookworm-slim", ASKS, CERTIFICATES, "", id="certificates"),
        pytest.param(
            "1.24-bookworm", "debian:bookworm-slim", ASKS, "", "ca-certificates", id="without certificates"
        ),
        pytest.param("1.24-bookworm", "debian:bookworm-slim", LOOKS_UP, "", "netbase", id="without services"),
    ],
)
def test_data_of_the_base_image(
    tag: str, base: str, uses: str, copied: str, lost: str, tmp_path: Path
) -> None:
    copies = "".join(f"COPY --from=builder {p} {p}\n" for p in (copied, "/usr/local/bin/clock") if p)
    final = f"\nFROM {base}\n{copies}WORKDIR /src\nCOPY . .\n"
    package = uses.partition(".")[0]
    imports = {"http": 'import "net/http"', "time": 'import "time"', "net": 'import ("net"; "os")'}.get(
        package, ""
    )
    files = {
        "go.mod": "module a.b/c\n",
        "main.go": f"package main\n\n{imports}\n\nfunc main() {{ {uses} }}\n",
    }
    old, new = (CLOCK.format(tag=tag, builder=a, final=b) for a, b in (("", ""), (" AS builder", final)))
    found = differences(old, new, files, tmp_path)
    assert f"package {lost} " in found if lost else not found


@pytest.mark.parametrize(
    ("imports", "copied", "lost"),
    [("mimetypes", True, False), ("mimetypes", False, True), ("json", False, False)],
)
def test_the_table_of_media_types(imports: str, copied: bool, lost: bool, tmp_path: Path) -> None:
    table = "/etc/mime.types"
    final = 'WORKDIR /srv\nCOPY app.py ./\nCMD ["python", "app.py"]\n'
    copy = f"COPY --from=builder {table} {table}\n" if copied else ""
    new = f"FROM python:3.12 AS builder\n\nFROM python:3.12-slim\n{copy}{final}"
    found = differences(f"FROM python:3.12\n{final}", new, {"app.py": f"import {imports}\n"}, tmp_path)
    assert (table in found) is lost


@pytest.mark.parametrize("there", [True, False])
def test_a_manifest_that_the_context_lacks(there: bool, tmp_path: Path) -> None:
    """What its packages load is not known: the slim base may lack it."""
    install = "COPY requirements.txt ./\nRUN pip install -r requirements.txt\n"
    packages = "/usr/local/lib/python3.12/site-packages"
    copies = "".join(f"COPY --from=builder {p} {p}\n" for p in (packages, "/usr/local/bin"))
    final = 'COPY app.py ./\nCMD ["python", "app.py"]\n'
    new = f"FROM python:3.12 AS builder\n{install}\nFROM python:3.12-slim\n{copies}{final}"
    files = {"app.py": "import os\n", **({"requirements.txt": "flask\n"} if there else {})}
    found = differences(f"FROM python:3.12\n{install}{final}", new, files, tmp_path)
    assert ("packages of requirements.txt, which is not in the build context" in found) is not there


def test_an_application_that_nobody_read(tmp_path: Path) -> None:
    old = 'FROM node:22\nRUN npm install -g wader\nCMD ["wader"]\n'
    copy = "COPY --from=builder /usr/local/lib/node_modules /usr/local/lib/node_modules\n"
    new = f'FROM node:22 AS builder\nRUN npm install -g wader\n\nFROM node:22-slim\n{copy}CMD ["wader"]\n'
    assert "wader, whose sources were not read" in differences(old, new, {}, tmp_path)


SYNC = """FROM python:3.11{builder}
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
{final}COPY . .
CMD ["./start"]
"""
SLIM = """
FROM python:3.11-slim
{installs}WORKDIR /app
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
"""
DEBIANS, LOADS, CLONES = "./prepare", "perl -MJSON::PP -e 1", 'git clone "$UPSTREAM" /data'


@pytest.mark.parametrize(
    ("line", "packages", "lost"),
    [
        pytest.param("perl -pe s/a/b/ x; python app.py", "", "", id="what both have"),
        pytest.param(DEBIANS, "python3", "", id="Debian's interpreter"),
        pytest.param(DEBIANS, "", "/usr/bin/python3", id="the image's own is another one"),
        pytest.param(LOADS, "perl", "", id="modules"),
        pytest.param(LOADS, "", "perl", id="the part of perl has other modules"),
        pytest.param(CLONES, "git openssh-client", "", id="ssh"),
        pytest.param(CLONES, "git", "ssh", id="git without ssh"),
        pytest.param("convert a.svg a.png", "imagemagick libmagickcore-7.q16-10-extra", "", id="coders"),
        pytest.param("convert a.svg a.png", "imagemagick", "-extra", id="only some coders"),
    ],
)
def test_programs_of_the_full_base(line: str, packages: str, lost: str, tmp_path: Path) -> None:
    installs = f"RUN apt-get update && apt-get install -y --no-install-recommends {packages}\n"
    final = SLIM.format(installs=installs if packages else "")
    files = {
        "requirements.txt": "requests\n",
        "start": f"#!/bin/sh\n{line}\n",
        "prepare": "#!/usr/bin/python3\n",
        "app.py": "import requests\n",
    }
    new = SYNC.format(builder=" AS builder", final=final)
    found = differences(SYNC.format(builder="", final=""), new, files, tmp_path)
    assert lost in found if lost else not found


@pytest.mark.parametrize(
    ("requirement", "packages", "lost"),
    [
        pytest.param("requests", "g++", "", id="no headers"),
        pytest.param("psycopg2-binary", "g++", "", id="a wheel"),
        pytest.param("psycopg2", "g++ libpq-dev", "", id="headers"),
        pytest.param("psycopg2", "g++ libpq5", "libpq-dev", id="headers are missing"),
    ],
)
def test_headers_of_installs(requirement: str, packages: str, lost: str, tmp_path: Path) -> None:
    old = (
        'FROM python:3.11\nCOPY . .\nRUN pip install -r requirements.txt || true\nCMD ["python", "app.py"]\n'
    )
    install = (
        f"RUN apt-get update && apt-get install -y --no-install-recommends {packages} git make pkgconf\n"
    )
    new = old.replace("3.11\n", f"3.11-slim\n{install}")
    files = {"requirements.txt": f"{requirement}\n", "app.py": "print(1)\n"}
    found = differences(old, new, files, tmp_path)
    assert lost in found if lost else "libpq" not in found


PINNED = """FROM python:3.12
RUN apt-get update && apt-get install -y nginx=1.22.* tini
COPY app.py ./
CMD ["tini", "python", "app.py"]
"""


@pytest.mark.parametrize(("release", "problem"), [("bullseye", False), ("buster", True)])
def test_packages_that_a_release_does_not_know(release: str, problem: bool, tmp_path: Path) -> None:
    old = PINNED.replace("python:3.12", f"python:3.9-slim-{release}")
    found = differences(old, old.replace("tini\n", "tini media-types\n"), {"app.py": KNOWN}, tmp_path)
    assert ("has no package" in found) is problem, found


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        pytest.param("tini", "tini", False, id="the same"),
        pytest.param("nginx=1.22.* tini", "tini nginx=1.22.*", False, id="another order"),
        pytest.param("nginx=1.22.*", "nginx", True, id="without a version"),
        pytest.param("nginx=1.22.*", "nginx=1.24.*", True, id="another version"),
        pytest.param("tini", "tini=0.19", True, id="a version more"),
    ],
)
def test_versions_of_packages(old: str, new: str, problem: bool, tmp_path: Path) -> None:
    found = differences(PINNED, PINNED.replace(old, new), {"app.py": KNOWN}, tmp_path)
    assert ("instead of" in found) is problem, found
