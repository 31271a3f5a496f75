"""The new image holds what the old one held."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from unit.compared_files import changed, differences

OLD = """FROM node:20-bookworm
RUN apt-get update && apt-get install -y nginx
WORKDIR /build
COPY package.json ./
RUN npm install
COPY client/package.json client/
RUN cd client && npm install
COPY . .
RUN npm run build && cp -r out/* /var/www/html/
CMD ["nginx", "-g", "daemon off;"]
"""
FILES = {"package.json": '{"scripts": {"build": "pack"}}', "client/package.json": "{}", "site.js": ""}
NEW = """FROM node:20-bookworm AS builder
RUN apt-get update && apt-get install -y nginx
WORKDIR /build
COPY package.json ./
RUN npm install
COPY client/package.json client/
RUN cd client && npm install
COPY . .
RUN npm run build && cp -r out/* /var/www/html/

FROM node:20-bookworm-slim
RUN apt-get update && apt-get install -y nginx
WORKDIR /build
COPY --from=builder /var/www/html /var/www/html
CMD ["nginx", "-g", "daemon off;"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="a server of files needs no packages"),
        pytest.param(
            (("html /var/www/html", "html /var/www/html-old"),), "/var/www/html", id="the pages are elsewhere"
        ),
        pytest.param(
            (("COPY --from=builder /var/www/html /var/www/html\n", ""),), "/var/www", id="the pages are gone"
        ),
    ],
)
def test_below_what_is_served(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    found = differences(OLD, changed(NEW, *pairs), FILES, tmp_path)
    assert problem in found if problem else not found


APP = """FROM node:20
WORKDIR /app
COPY package.json ./
RUN npm install
COPY client/package.json client/
RUN cd client && npm install
COPY site.js ./
CMD ["node", "site.js"]
"""
APP_FILES = {
    "package.json": '{"dependencies": {"polka": "0.5.2"}}',
    "client/package.json": '{"dependencies": {"preact": "10.24.3"}}',
    "site.js": "require('polka')\n",
}
APP_NEW = """FROM node:20 AS builder
WORKDIR /app
COPY package.json ./
RUN npm install
COPY client/package.json client/
RUN cd client && npm install

FROM node:20-slim
WORKDIR /app
COPY package.json ./
COPY --from=builder /app/node_modules /app/node_modules
COPY --from=builder /app/client /app/client
COPY site.js ./
CMD ["node", "site.js"]
"""


def test_an_install_in_another_directory_is_another_one(tmp_path: Path) -> None:
    assert not differences(APP, APP_NEW, APP_FILES, tmp_path)
    without = changed(APP_NEW, ("COPY --from=builder /app/node_modules /app/node_modules\n", ""))
    assert "/app/node_modules" in differences(APP, without, APP_FILES, tmp_path)


CLEARED_NEW = """FROM node:20 AS builder
COPY . /app
WORKDIR /app
RUN npm install
RUN cd client && npm run build

FROM node:20-slim
COPY --from=builder /app /app
WORKDIR /app
CMD ["node", "site.js"]
"""
CLEARED = CLEARED_NEW.replace("\nFROM node:20-slim\nCOPY --from=builder /app /app\nWORKDIR /app\n", "")
MERGED = "COPY . /app\nCOPY --from=builder /app/node_modules /app/node_modules\n"
MERGED += "COPY --from=builder /app/client /app/client"


@pytest.mark.parametrize(
    ("script", "ignored", "merged", "problem"),
    [
        pytest.param("pack", "", True, False, id="no-op-nothing-is-deleted"),
        pytest.param("rm -rf out && pack", "", False, False, id="no-op-copied-whole"),
        pytest.param("rm -rf out && pack", "client/out", True, False, id="no-op-no-context-has-it"),
        pytest.param("rm -rf out && pack", "", True, True, id="this-context-has-it"),
        pytest.param("rimraf dist && pack", "", True, True, id="another-context-may-have-it"),
        pytest.param("react-scripts build", "", True, True, id="the-tool-deletes"),
    ],
)
def test_what_a_build_deletes_stays_deleted(
    script: str, ignored: str, merged: bool, problem: bool, tmp_path: Path
) -> None:
    files = {"client/package.json": json.dumps({"scripts": {"build": script}}), "client/out/old.js": ""}
    new = changed(CLEARED_NEW, *([("COPY --from=builder /app /app", MERGED)] if merged else ()))
    found = differences(CLEARED, new, {**APP_FILES, **files, ".dockerignore": ignored}, tmp_path)
    assert ("again" in found) == problem, found


@pytest.mark.parametrize(
    "command", ["cc a.c -o tool && mv tool /usr/local/bin/", "find . -name 'site*' -delete"]
)
def test_what_a_step_deletes_of_its_own_is_not_there_again(command: str, tmp_path: Path) -> None:
    """Nor is what the new file deletes as well."""
    steps = f'FROM node:20\nCOPY . /app\nWORKDIR /app\nRUN {command}\nCMD ["tool"]\n'
    new = steps
    if "tool" in command:
        copied = "FROM node:20-slim\nCOPY . /app\nWORKDIR /app\n"
        copied += "COPY --from=b /usr/local/bin/tool /usr/local/bin/tool\n"
        new = changed(steps, ("node:20", "node:20 AS b"), ("CMD", f"\n{copied}CMD"))
    assert "again" not in differences(steps, new, {"a.c": "", "site.js": ""}, tmp_path)


USER = """FROM python:3.12
RUN useradd --create-home ada
USER ada
WORKDIR /home/ada/app
COPY requirements.txt app.py ./
RUN pip install --user -r requirements.txt
CMD ["python", "app.py"]
"""
USER_FILES = {"requirements.txt": "bottle==0.13\n", "app.py": "import bottle\n"}
USER_NEW = """FROM python:3.12 AS builder
RUN useradd --create-home ada
USER ada
WORKDIR /home/ada/app
COPY requirements.txt app.py ./
RUN pip install --user -r requirements.txt

FROM python:3.12-slim
RUN useradd --create-home ada
USER ada
WORKDIR /home/ada/app
COPY --from=builder --chown=ada:ada /home/ada/.local /home/ada/.local
COPY app.py ./
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize("part", ["", "/bin", "/lib"])
def test_a_part_of_what_an_installer_leaves(part: str, tmp_path: Path) -> None:
    place = f"/home/ada/.local{part}"
    new = changed(USER_NEW, ("/home/ada/.local /home/ada/.local", f"{place} {place}"))
    found = differences(USER, new, USER_FILES, tmp_path)
    assert "/home/ada/.local" in found if part else not found


SYSTEM = """FROM python:3.12-bookworm
RUN apt-get update && apt-get install -y cron nginx
RUN groupadd tidy && useradd --gid tidy tidy
RUN rm /etc/nginx/sites-enabled/default
WORKDIR /srv
COPY requirements.txt app.py crontab ./
RUN pip install -r requirements.txt
RUN crontab crontab
RUN playwright install-deps
RUN pytest app.py
RUN chown tidy /srv
USER tidy
CMD ["python", "app.py"]
"""
SYSTEM_FILES = {"requirements.txt": "playwright==1.49\npytest==8.3\n", "app.py": "", "crontab": ""}


@pytest.mark.parametrize(
    "gone",
    [
        "",
        "RUN crontab crontab\n",
        "RUN groupadd tidy && useradd --gid tidy tidy\n",
        "groupadd tidy && ",
        "RUN rm /etc/nginx/sites-enabled/default\n",
        "RUN playwright install-deps\n",
        "RUN pytest app.py\n",
        "RUN chown tidy /srv\n",
    ],
)
def test_what_no_path_of_the_application_shows(gone: str, tmp_path: Path) -> None:
    found = differences(SYSTEM, changed(SYSTEM, (gone, "")), SYSTEM_FILES, tmp_path)
    assert bool(found) == bool(gone), found


VENV_NEW = """FROM python:3.12 AS builder
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
RUN pip install -r requirements.txt

FROM python:3.12-slim
WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
COPY app.py ./
CMD ["python", "app.py"]
"""
VENV = """FROM python:3.12
WORKDIR /app
COPY requirements.txt ./
RUN pip install -r requirements.txt
COPY app.py ./
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="an environment that is on PATH"),
        pytest.param(
            (('venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\nCOPY', "venv /opt/venv\nCOPY"),),
            "site-packages",
            id="it is not on PATH",
        ),
        pytest.param((("RUN python -m venv /opt/venv\n", ""),), "site-packages", id="no step makes it"),
        pytest.param((("-m venv /opt/venv", "-m venv /srv/venv"),), "/opt/venv", id="another one is made"),
    ],
)
def test_an_install_in_an_environment(
    pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path
) -> None:
    found = differences(VENV, changed(VENV_NEW, *pairs), USER_FILES, tmp_path)
    assert problem in found if problem else not found


GIVEN = """FROM python:3.12
RUN useradd app
WORKDIR /srv
COPY --chown=app app.py ./
CMD {}
"""


@pytest.mark.parametrize(
    ("start", "counts"),
    [
        ('["python", "app.py"]', False),  # root reads and writes whatever the owner is
        ('["gosu", "app", "python", "app.py"]', True),
        ('["sh", "-c", "exec gosu app python app.py"]', True),
    ],
)
def test_owners_count_where_run_time_takes_another_account(start: str, counts: bool, tmp_path: Path) -> None:
    old = GIVEN.format(start)
    found = differences(old, changed(old, ("--chown=app ", "")), {"app.py": "print(1)\n"}, tmp_path)
    assert ("would belong to" in found) is counts, found


OWNED = """FROM node:20 AS pages
RUN mkdir /web && echo a > /web/index.html

FROM node:20
RUN useradd app
COPY --from=pages --chown=app /web /srv/web
USER app
CMD ["node", "/srv/server.js"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), False, id="unchanged"),
        pytest.param((("FROM node:20\n", "FROM node:20-slim\n"),), False, id="on another base"),
        pytest.param(((" --chown=app", ""),), True, id="without its owner"),
        pytest.param(((" --chown=app", " --chown=4321"),), True, id="another owner"),
    ],
)
def test_owner_of_what_another_stage_made(
    pairs: tuple[tuple[str, str], ...], problem: bool, tmp_path: Path
) -> None:
    found = differences(OWNED, changed(OWNED, *pairs), {}, tmp_path)
    assert ("/srv/web would belong" in found) == problem


DEEP = """FROM node:20
RUN useradd app
WORKDIR /app
RUN mkdir -p var/cache && chown -R app /app
USER app
CMD ["node", "server.js"]
"""


@pytest.mark.parametrize(
    ("paths", "lost"),
    [
        ("-R app /app", ""),
        ("app /app /app/var /app/var/cache", ""),
        ("app /app /app/var/cache", "/app/var would"),  # mkdir -p makes it too
        ("app /app /app/var", "/app/var/cache would"),
    ],
)
def test_owners_of_all_that_mkdir_makes(paths: str, lost: str, tmp_path: Path) -> None:
    found = differences(DEEP, changed(DEEP, ("-R app /app", paths)), {"server.js": ""}, tmp_path)
    assert lost in found if lost else not found


TOLD = """FROM python:3.12
ARG BUILD_USER
ENV keeper=app
RUN useradd app && mkdir /srv/log && chown -R app /srv/log
COPY --chown=app app.py /srv/
USER app
CMD ["python", "/srv/app.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((("-R app", "-R $keeper"),), "", id="variable that is known"),
        pytest.param((("--chown=app", "--chown=$keeper"),), "", id="variable of COPY that is known"),
        pytest.param((("-R app", "-R $BUILD_USER"),), "/srv/log would belong to an unknown user", id="ARG"),
        pytest.param((("--chown=app", "--chown=$BUILD_USER"),), "/srv/app.py would", id="ARG of COPY"),
        pytest.param((("-R app", "-R $(id -un)"),), "/srv/log would", id="output of a command"),
    ],
)
def test_owners_by_a_variable(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    found = differences(TOLD, changed(TOLD, *pairs), {"app.py": "open('/srv/log/a', 'w')\n"}, tmp_path)
    assert problem in found if problem else not found, found


def test_an_unknown_owner_in_both_is_no_difference(tmp_path: Path) -> None:
    old = changed(TOLD, ("-R app", "-R $BUILD_USER"))
    assert not differences(old, old, {"app.py": "open('/srv/log/a', 'w')\n"}, tmp_path)


JUPYTER = """FROM python:3.11 AS builder
COPY requirements.txt ./
RUN pip install -r requirements.txt
FROM python:3.11-slim
COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY --from=builder /usr/local/share /usr/local/share
COPY --from=builder /usr/local/etc /usr/local/etc
CMD ["jupyter", "lab"]
"""


@pytest.mark.parametrize(
    ("lost", "requirements", "missing"),
    [
        pytest.param("", "jupyterlab\n", False, id="all is copied"),
        pytest.param("/usr/local/etc", "nbconvert\n", False, id="nothing is there"),
        pytest.param("/usr/local/share", "jupyterlab\n", True, id="data"),
        pytest.param("/usr/local/etc", "jupyter_server\n", True, id="settings"),
        pytest.param("", "tbb\n", True, id="libraries"),
    ],
)
def test_data_that_wheels_have_beside_their_packages(
    lost: str, requirements: str, missing: bool, tmp_path: Path
) -> None:
    first = JUPYTER.partition("FROM python:3.11-slim")[0].replace(" AS builder", "")
    old = first + 'CMD ["jupyter", "lab"]\n'
    new = JUPYTER.replace(f"COPY --from=builder {lost} {lost}\n", "") if lost else JUPYTER
    found = differences(old, new, {"requirements.txt": requirements}, tmp_path)
    assert ("pip install" in found) is missing, found


TOOL = """FROM python:3.11 AS builder
WORKDIR /app
RUN python -m venv tools && tools/bin/pip install yt-dlp
COPY app.py ./
FROM python:3.11-slim
WORKDIR /app
COPY app.py ./
COPY --from=builder /app/tools /app/tools
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("program", "missing"),
    [
        pytest.param("tools/bin/yt-dlp", True, id="below the install"),
        pytest.param("/app/tools/bin/yt-dlp", True, id="absolute"),
        pytest.param("/usr/bin/env", False, id="of the base image"),
    ],
)
def test_programs_that_are_started_by_their_path(program: str, missing: bool, tmp_path: Path) -> None:
    files = {"app.py": f"import subprocess\nsubprocess.run(['{program}'])\n"}
    first = TOOL.partition("FROM python:3.11-slim")[0].replace(" AS builder", "")
    lost = TOOL.replace("COPY --from=builder /app/tools /app/tools\n", "")
    assert not differences(first + 'CMD ["python", "app.py"]\n', TOOL, files, tmp_path)
    found = differences(first + 'CMD ["python", "app.py"]\n', lost, files, tmp_path)
    assert ("run time needs /app/tools/bin/yt-dlp" in found) is missing, found


OPEN = """FROM golang:1.24
COPY go.mod main.go src/app/
RUN cd src/app && go build -o /usr/local/bin/gate .
RUN useradd gate
USER gate
CMD ["gate"]
"""
OPEN_NEW = """FROM golang:1.24 AS builder
COPY go.mod main.go src/app/
RUN cd src/app && go build -o /usr/local/bin/gate .

FROM debian:trixie-slim
RUN install -d -m 1777 /go
WORKDIR /go
COPY --from=builder /usr/local/bin/gate /usr/local/bin/gate
RUN useradd gate
USER gate
CMD ["gate"]
"""
_ANYBODY = "RUN install -d -m 1777 /go\n"
_WRITES = "os.WriteFile(os.Args[1], nil, 0o644)"


@pytest.mark.parametrize(
    ("source", "instead", "problem"),
    [
        pytest.param(_WRITES, _ANYBODY, "", id="everybody may write there"),
        pytest.param(_WRITES, "", "/go would have the mode", id="only root may"),
        pytest.param(_WRITES, "RUN mkdir /go\n", "/go would have the mode", id="without a mode"),
        pytest.param(_WRITES, "RUN mkdir -p -m 777 /go\n", "", id="another command"),
        pytest.param('os.WriteFile("a", nil, 0o644)', "", "/go would have the mode", id="a known name"),
        pytest.param('os.MkdirAll("a/b", 0o755)', "", "/go would have the mode", id="a directory"),
        pytest.param('os.WriteFile("/tmp/a", nil, 0o644)', "", "", id="it writes elsewhere"),
    ],
)
def test_directories_that_an_image_leaves_open(
    source: str, instead: str, problem: str, tmp_path: Path
) -> None:
    files = {
        "go.mod": "module example.com/gate\n\ngo 1.24\n",
        "main.go": f'package main\n\nimport "os"\n\nfunc main() {{ {source} }}\n',
    }
    found = differences(OPEN, changed(OPEN_NEW, (_ANYBODY, instead)), files, tmp_path)
    assert problem in found if problem else not found


ROOT = """FROM golang:1.24
WORKDIR /app
COPY go.mod main.go ./
RUN go build -o /usr/local/bin/gate .
CMD ["gate"]
"""
ROOT_NEW = """FROM golang:1.24 AS builder
WORKDIR /app
COPY go.mod main.go ./
RUN go build -o /usr/local/bin/gate .

FROM debian:trixie-slim
WORKDIR /app
COPY --from=builder /usr/local/bin/gate /usr/local/bin/gate
CMD ["gate"]
"""


@pytest.mark.parametrize(
    ("path", "added", "problem"),
    [
        pytest.param("/tmp/a", "", "", id="elsewhere"),
        pytest.param("a", "", "", id="in the working directory"),
        pytest.param("/go/src/a", "RUN mkdir -p /go/src\n", "", id="made"),
        pytest.param("/go/src/a", "WORKDIR /go/src\nWORKDIR /app\n", "", id="made by WORKDIR"),
        pytest.param("/go/src/a", "", "/go/src, a directory of golang:1.24, would be", id="missing"),
        pytest.param("/go/src/a", "RUN mkdir /go\n", "/go/src, a directory of", id="only that above it"),
        pytest.param("/go/a", "", "/go, a directory of golang:1.24, would be", id="the upper one"),
    ],
)
def test_directories_of_the_base_that_root_writes_to(
    path: str, added: str, problem: str, tmp_path: Path
) -> None:
    source = f'package main\n\nimport "os"\n\nfunc main() {{ os.Create("{path}") }}\n'
    files = {"go.mod": "module example.com/gate\n\ngo 1.24\n", "main.go": source}
    new = changed(ROOT_NEW, ("COPY --from", f"{added}COPY --from")) if added else ROOT_NEW
    found = differences(ROOT, new, files, tmp_path)
    assert problem in found if problem else not found


@pytest.mark.parametrize(
    ("path", "added", "problem"),
    [
        pytest.param("/var/lib/a", "", "", id="in every image"),
        pytest.param("/srv/a", "COPY --from=builder /srv /srv\n", "", id="copied"),
        pytest.param("/srv/a", "WORKDIR /srv\nWORKDIR /app\n", "", id="made by WORKDIR"),
        pytest.param("/srv/a", "", "/srv, a directory of golang:1.24, would be missing", id="missing"),
        pytest.param("/srv/a/b", "", "", id="in neither image"),
    ],
)
def test_directories_that_distroless_lacks(path: str, added: str, problem: str, tmp_path: Path) -> None:
    source = f'package main\n\nimport "os"\n\nfunc main() {{ os.Create("{path}") }}\n'
    files = {"go.mod": "module example.com/gate\n\ngo 1.24\n", "main.go": source}
    new = changed(ROOT_NEW, ("debian:trixie-slim", "gcr.io/distroless/static-debian13"))
    found = differences(
        ROOT, changed(new, ("COPY --from", f"{added}COPY --from")) if added else new, files, tmp_path
    )
    assert problem in found if problem else not found


def test_a_file_for_a_directory_that_distroless_lacks(tmp_path: Path) -> None:
    source = 'package main\n\nimport "os"\n\nfunc main() { os.ReadFile("/opt/a.yml") }\n'
    files = {"go.mod": "module example.com/gate\n\ngo 1.24\n", "main.go": source, "a.yml": "a: 1\n"}
    old, new = (changed(text, ("CMD", "COPY a.yml /opt\nCMD")) for text in (ROOT, ROOT_NEW))
    assert not differences(old, new, files, tmp_path)
    new = changed(new, ("debian:trixie-slim", "gcr.io/distroless/static-debian13"))
    assert "/opt/a.yml" in differences(old, new, files, tmp_path)


@pytest.mark.parametrize(
    ("command", "lost"), [("npm prune --omit=dev", False), ("rm -rf node_modules && npm ci", True)]
)
def test_a_patched_package_outlives_a_prune(command: str, lost: bool, tmp_path: Path) -> None:
    patch = "RUN echo patched >> node_modules/ms/index.js\n"
    package = '{"dependencies": {"ms": "2"}, "devDependencies": {"jest": "29"}}'
    files = {"package.json": package, "package-lock.json": "{}", "a.js": "require('ms')\n"}
    old = f'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\n{patch}CMD ["node", "a.js"]\n'
    found = differences(old, old.replace(patch, f"{patch}RUN {command}\n"), files, tmp_path)
    assert ("ms/index.js" in found) is lost, found


SHARED = """FROM node:20
RUN apt-get update && apt-get install -y nginx
RUN useradd app
WORKDIR /app
COPY package.json site.js ./
RUN npm install
RUN chown -R app:app /app /etc/nginx
WORKDIR /app/uploads
WORKDIR /app
USER app
CMD ["node", "site.js"]
"""
SHARED_NEW = """FROM node:20 AS builder
RUN apt-get update && apt-get install -y nginx
RUN useradd app
WORKDIR /app
COPY package.json site.js ./
RUN npm install
RUN chown -R app:app /app /etc/nginx
WORKDIR /app/uploads

FROM node:20-slim
RUN apt-get update && apt-get install -y nginx
RUN useradd app
WORKDIR /app
RUN chown -R app:app /app /etc/nginx
COPY --from=builder /app /app
WORKDIR /app/uploads
WORKDIR /app
USER app
CMD ["node", "site.js"]
"""
_OWN, _COPY = "RUN chown -R app:app /app /etc/nginx\n", "COPY --from=builder /app /app\n"


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="what the builder made comes with its owners"),
        pytest.param(((_OWN + _COPY, _COPY + _OWN),), "/app/uploads", id="root made it later"),
    ],
)
def test_owners_of_a_copied_tree(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    found = differences(SHARED, changed(SHARED_NEW, *pairs), APP_FILES, tmp_path)
    assert problem in found if problem else not found


HIDDEN = """FROM node:20-bookworm{builder}
WORKDIR /app
COPY package.json ./
RUN npm install
COPY . .
{again}{final}CMD ["node", "site.js"]
"""
MODULES = "COPY --from=builder /app/node_modules /app/node_modules\n"


@pytest.mark.parametrize(
    ("again", "copies", "ignored", "hidden"),
    [
        pytest.param("", f"{MODULES}COPY . .\n", "", False, id="hidden in both"),
        pytest.param("RUN npm install\n", f"COPY . .\n{MODULES}", "", False, id="in front of the builder's"),
        pytest.param("RUN npm install\n", f"{MODULES}COPY . .\n", "node_modules\n", False, id="not sent"),
        pytest.param("RUN npm install\n", f"{MODULES}COPY site.js ./\n", "", False, id="a file"),
        pytest.param("RUN npm install\n", f"{MODULES}COPY . .\n", "", True, id="behind the builder's"),
    ],
)
def test_sources_that_may_hide_an_install(
    again: str, copies: str, ignored: str, hidden: bool, tmp_path: Path
) -> None:
    final = f"\nFROM node:20-bookworm-slim\nWORKDIR /app\n{copies}"
    old = HIDDEN.format(builder="", again=again, final="")
    new = HIDDEN.format(builder=" AS builder", again=again, final=final)
    files = {"package.json": '{"dependencies": {"ms": "2"}}', "site.js": ""}
    files |= {".dockerignore": ignored} if ignored else {}
    assert ("may hide /app/node_modules" in differences(old, new, files, tmp_path)) is hidden


PLACED = """FROM golang:1.24 AS build
WORKDIR /src
COPY main.go ./
RUN go build -o /out/wheels main.go && mkdir /pages && touch /pages/a

FROM debian:13
COPY --from=build /out/wheels /bin/wheels
COPY --from=build /pages /pages
CMD ["wheels"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="unchanged"),
        pytest.param((("/pages\nCMD", "/pages/\nCMD"),), "", id="a directory with a slash"),
        pytest.param((("/bin/wheels\n", "/bin/\n"),), "", id="the file in its directory"),
        pytest.param((("/bin/wheels\n", "/bin/wheels/\n"),), "/bin/wheels", id="in a directory of its name"),
        pytest.param((("/pages /pages\n", "/pages/a /pages/a\n"),), "/pages", id="a part of a directory"),
    ],
)
def test_what_another_stage_made_arrives_as_it_was(
    pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path
) -> None:
    files = {"main.go": "package main\n\nfunc main() {}\n"}
    found = differences(PLACED, changed(PLACED, *pairs), files, tmp_path)
    assert problem in found if problem else not found, found


WIDE = """FROM node:20
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY server.js ./
RUN chown -R node /app
USER node
CMD ["node", "server.js"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), False, id="the same"),
        pytest.param((("-R node /app", "-R node:node /app/"),), False, id="with a group"),
        pytest.param((("-R node /app", "-R node /app/node_modules /app"),), False, id="also by name"),
        pytest.param((("chown -R", "chown"),), True, id="the directory alone"),
        pytest.param((("-R node /app", "node /app /app/node_modules"),), True, id="two directories alone"),
    ],
)
def test_owners_of_what_a_tree_holds(
    pairs: tuple[tuple[str, str], ...], problem: bool, tmp_path: Path
) -> None:
    files = {"package.json": "{}", "package-lock.json": "{}", "server.js": ""}
    found = differences(WIDE, changed(WIDE, *pairs), files, tmp_path)
    assert ("would belong to root instead of node" in found) is problem, found
