"""What COPY --from names exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import changed, differences

OLD = """FROM python:3.12
RUN curl -fsSL https://example.com/tides.tar.gz | tar -xz -C /opt/tides
COPY . /opt/abacus
RUN pip install -r /opt/abacus/requirements.txt
WORKDIR /opt/abacus
CMD ["gunicorn", "--config", "/opt/tides/settings.py", "abacus:app"]
"""
FILES = {"requirements.txt": "gunicorn==23.0.0\nbottle==0.13\n", "abacus.py": "import bottle\n"}
SITE = "/usr/local/lib/python3.12/site-packages"
NEW = f"""FROM python:3.12 AS builder
RUN curl -fsSL https://example.com/tides.tar.gz | tar -xz -C /opt/tides
COPY . /opt/abacus
RUN pip install -r /opt/abacus/requirements.txt

FROM python:3.12-slim
COPY --from=builder /opt/tides /opt/tides
COPY --from=builder /opt/abacus /opt/abacus
COPY --from=builder {SITE} {SITE}
COPY --from=builder /usr/local/bin /usr/local/bin
WORKDIR /opt/abacus
CMD ["gunicorn", "--config", "/opt/tides/settings.py", "abacus:app"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="directories that steps make"),
        pytest.param(
            (("/usr/local/bin /usr/local/bin", "/usr/local/bin/gunicorn /usr/local/bin/gunicorn"),),
            "",
            id="a program that is started",
        ),
        pytest.param(
            (("/usr/local/bin /usr/local/bin", "/usr/local/bin/abacus /usr/local/bin/gunicorn"),),
            "/usr/local/bin/abacus",
            id="a program that no package is known to bring",
        ),
        pytest.param(
            (("/opt/tides /opt/tides", "/opt/tides/data /opt/tides/data"),),
            "/opt/tides/data",
            id="a file that an archive may lack",
        ),
        pytest.param(
            ((f"COPY --from=builder {SITE} {SITE}\n", ""),),
            "would be missing",
            id="a directory of the application does not hold the packages",
        ),
    ],
)
def test_what_is_copied(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    found = differences(OLD, changed(NEW, *pairs), FILES, tmp_path)
    assert problem in found if problem else not found


PRUNED = """FROM node:20{builder}
WORKDIR /srv
COPY package.json ./
RUN npm install && npm prune --omit=dev
{final}COPY tide.js ./
CMD ["node", "tide.js"]
"""


@pytest.mark.parametrize(("part", "lost"), [("", False), ("/no/such/part", True), ("/express", True)])
def test_what_a_prune_leaves_is_not_known_by_name(part: str, lost: bool, tmp_path: Path) -> None:
    copy = f"COPY --from=builder /srv/node_modules{part} /srv/node_modules\n"
    new = PRUNED.format(
        builder=" AS builder", final=f"FROM node:20-slim\nWORKDIR /srv\nCOPY package.json ./\n{copy}"
    )
    files = {"package.json": '{"dependencies": {"express": "4"}}', "tide.js": 'require("express")\n'}
    found = differences(PRUNED.format(builder="", final=""), new, files, tmp_path)
    assert (f"/srv/node_modules{part}" in found) is lost


STAGES = """FROM node:20 AS pages
WORKDIR /web
COPY build.js ./
RUN node build.js

FROM python:3.12
WORKDIR /srv
COPY --from=pages /web/dist ./static
COPY abacus.py ./
CMD ["python", "abacus.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="the same"),
        pytest.param((("=pages", "=pages --chown=0:0"),), "", id="a flag is added to a copy of the user's"),
        pytest.param(
            (("/web/dist", "/web/out"),), "/web/out", id="a path that the user's file does not copy"
        ),
        pytest.param((("COPY --from=pages /web/dist ./static\n", ""),), "/srv/static", id="a copy is gone"),
        pytest.param((("./static", "./pages"),), "/srv/static", id="a copy arrives elsewhere"),
    ],
)
def test_copies_of_the_users_file(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    files = {"build.js": "x()\n", "abacus.py": "print(1)\n"}
    found = differences(STAGES, changed(STAGES, *pairs), files, tmp_path)
    assert problem in found if problem else not found


EXPORTED = """FROM python:3.12
WORKDIR /srv
COPY requirements.txt ./
RUN pip install -r requirements.txt
COPY abacus.py ./
CMD ["sh", "-c", "chown -R 10 /srv && exec python abacus.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="the same"),
        pytest.param((("COPY req", "COPY --chown=0:0 req"),), "", id="the user's copy with another option"),
        pytest.param((("COPY abacus.py ./", "COPY abacus.py extra.py ./"),), "extra.py", id="a new copy"),
        pytest.param((("abacus.py ./", "https://example.com/abacus.py ./"),), "example.com", id="an address"),
        pytest.param((("abacus.py ./\n", "*.py ./\n"),), "", id="a pattern that finds files"),
    ],
)
def test_copies_of_files_that_are_not_in_the_checkout(
    pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path
) -> None:
    found = differences(EXPORTED, changed(EXPORTED, *pairs), {"abacus.py": "print(1)\n"}, tmp_path)
    assert problem in found if problem else not found


@pytest.mark.parametrize(("named", "problem"), [("", ""), ("requirements.txt", "requirements.txt")])
def test_a_manifest_that_only_installs_read(named: str, problem: str, tmp_path: Path) -> None:
    new = f"""FROM python:3.12 AS builder
WORKDIR /srv
COPY requirements.txt ./
RUN pip install -r requirements.txt

FROM python:3.12
WORKDIR /srv
COPY --from=builder {SITE} {SITE}
COPY --from=builder /usr/local/bin /usr/local/bin
COPY abacus.py ./
CMD ["sh", "-c", "chown -R 10 /srv && exec python abacus.py"]
"""
    files = {"requirements.txt": "bottle\n", "abacus.py": f"open({named!r})\n" if named else "print(1)\n"}
    found = differences(EXPORTED, new, files, tmp_path)
    assert problem in found if problem else not found


INTO = """FROM golang:1.24 AS tools
WORKDIR /src
COPY go.mod main.go ./
RUN go build -o /out/gate .

FROM debian:trixie
RUN mkdir /app
COPY --from=tools /out/gate /app
WORKDIR /app
CMD ["/app/gate"]
"""


@pytest.mark.parametrize(
    ("old", "pairs", "problem"),
    [
        pytest.param(INTO, (), "", id="the directory is made"),
        pytest.param(INTO, (("RUN mkdir /app\n", ""), ("gate /app\n", "gate /app/\n")), "", id="a slash"),
        pytest.param(
            INTO, (("RUN mkdir /app\n", ""),), "/app would be a file", id="the directory is not made"
        ),
        pytest.param(
            changed(INTO, ("--from=tools /out/gate /app", "<<rows /app\n{}\nrows")),
            (("RUN mkdir /app\n", ""),),
            "/app would be a file",
            id="a heredoc",
        ),
        pytest.param(
            changed(INTO, ("COPY --from=tools /out/gate", "ADD https://example.com/gate")),
            (("RUN mkdir /app\n", ""),),
            "/app would be a file",
            id="an address",
        ),
        pytest.param(
            changed(INTO, ("--from=tools /out/gate", "go.mod")),
            (("RUN mkdir /app\n", ""),),
            "/app would be a file",
            id="a file of the context",
        ),
        pytest.param(
            changed(INTO, ("/out/gate /app\n", "/out /app\n")),
            (("RUN mkdir /app\n", ""),),
            "",
            id="the content of a directory",
        ),
        pytest.param(
            changed(INTO, ("RUN mkdir /app\n", ""), ("gate /app\nWORKDIR /app\n", "gate /app\n")),
            (("debian:trixie", "debian:trixie-slim"),),
            "",
            id="it was a file before",
        ),
    ],
)
def test_files_that_are_copied_into_a_directory(
    old: str, pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path
) -> None:
    files = {"go.mod": "module example.com/gate\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
    found = differences(old, changed(old, *pairs), files, tmp_path)
    assert problem in found if problem else "would be a file" not in found


SEVERAL = """FROM node:20
WORKDIR /app
COPY {} {}
CMD ["node", "a.js"]
"""


@pytest.mark.parametrize(
    ("sources", "dest", "problem"),
    [
        pytest.param("a.js b.js", "/app/lib/", False, id="a slash"),
        pytest.param("a.js b.js", "/app", False, id="the working directory"),
        pytest.param("a.js b.js", ".", False, id="a dot"),
        pytest.param("a.js b.js", "/opt", False, id="a directory of the base image"),
        pytest.param("a.js", "/app/lib", False, id="one file"),
        pytest.param("a.js b.js", "/app/lib", True, id="no directory"),
    ],
)
def test_several_files_go_into_a_directory(sources: str, dest: str, problem: bool, tmp_path: Path) -> None:
    old = SEVERAL.format("a.js b.js", "./")
    found = differences(old, SEVERAL.format(sources, dest), {"a.js": "", "b.js": ""}, tmp_path)
    assert ("not known to be a directory" in found) is problem, found
