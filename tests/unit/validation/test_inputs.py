"""What a command of the new file reads and starts is there when it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import changed, differences

OLD = """FROM python:3.12
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
RUN playwright install --with-deps chromium
COPY shot.py .
CMD ["python", "shot.py"]
"""
FILES = {"requirements.txt": "playwright==1.49.0\n", "shot.py": "import playwright\n"}
SITE = "/usr/local/lib/python3.12/site-packages"
PROGRAMS = "COPY --from=builder /usr/local/bin /usr/local/bin\n"
STEP = "RUN playwright install --with-deps chromium\n"
NEW = f"""FROM python:3.12 AS builder
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt

FROM python:3.12-slim
WORKDIR /app
COPY --from=builder {SITE} {SITE}
{PROGRAMS}{STEP}COPY shot.py .
CMD ["python", "shot.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="its program is copied before"),
        pytest.param(((PROGRAMS, ""),), "bin", id="its program is not copied"),
        pytest.param(((PROGRAMS + STEP, STEP + PROGRAMS),), "bin", id="its program is copied after it"),
        pytest.param(((PROGRAMS, PROGRAMS.replace("/bin\n", "/out\n")),), "bin", id="it is elsewhere"),
    ],
)
def test_programs_of_packages(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    found = differences(OLD, changed(NEW, *pairs), FILES, tmp_path)
    assert problem in found if problem else not found


TOOLS = """FROM golang:1.24
RUN mkdir /usr/share/signs && curl -fsSL -o /usr/share/signs/list https://example.com/list
WORKDIR /src
COPY go.mod run.sh ./
RUN go mod download
RUN chmod +x run.sh && ./run.sh
COPY . .
RUN go build -o /usr/bin/gate .
CMD ["gate"]
"""
TOOLS_FILES = {
    "go.mod": "module example.com/gate\n\ngo 1.24\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "run.sh": "#!/bin/sh\necho ready\n",
}


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="the same"),
        pytest.param((("RUN mkdir /usr/share/signs &&", "RUN"),), "/usr/share/signs", id="no directory"),
        pytest.param(
            (("WORKDIR /src\nCOPY go.mod run.sh ./", "COPY go.mod run.sh ./\nWORKDIR /src"),),
            "/src/go.mod",
            id="a manifest is elsewhere",
        ),
        pytest.param((("chmod +x run.sh && ", ""),), "/src/run.sh", id="a script can't be executed"),
        pytest.param(
            (("FROM golang:1.24\n", "FROM golang:1.24\nWORKDIR /usr/share/signs\n"),),
            "/usr/share/signs is there already",
            id="a directory is made twice",
        ),
    ],
)
def test_what_a_command_finds(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    found = differences(TOOLS, changed(TOOLS, *pairs), TOOLS_FILES, tmp_path)
    assert problem in found if problem else not found


READERS = """FROM golang:1.24
WORKDIR /src
COPY go.mod main.go ./
RUN go build -o /usr/bin/gate .
COPY list ./list
COPY scripts ./scripts
RUN sh scripts/build.sh
CMD ["gate"]
"""


@pytest.mark.parametrize(
    ("script", "narrower", "problem"),
    [
        pytest.param("cat list/a > all", "list ./list", "", id="the same"),
        pytest.param("touch all", "list/a ./list/", "", id="not read"),
        pytest.param("cat list/a > all", "list/a ./list/", "", id="another one is missing"),
        pytest.param("cat list/b > all", "list/a ./list/", "/src/list/b", id="read by its name"),
        pytest.param("for f in list/*; do cat $f > all; done", "list/a ./list/", "build.sh", id="in a loop"),
        pytest.param("for f in $X; do cat $f > all; done", "list/a ./list/", "/", id="unknown name"),
        pytest.param(". ./list/b", "list/a ./list/", "/src/list/b", id="sourced"),
        pytest.param("ln -s /src/list/* /opt/", "list/a ./list/", "/src/list/*", id="linked by a glob"),
    ],
)
def test_what_a_repeated_script_reads(script: str, narrower: str, problem: str, tmp_path: Path) -> None:
    files = {**TOOLS_FILES, "list/a": "a\n", "list/b": "b=1\n", "scripts/build.sh": f"#!/bin/sh\n{script}\n"}
    found = differences(READERS, changed(READERS, ("list ./list", narrower)), files, tmp_path)
    assert problem in found if problem else not found


SHOP = """FROM alpine
COPY . /go/src/shop
RUN apk upgrade && apk add bash go && cd /go/src/shop && go build -o /bin/shop . && date > /day
CMD ["shop"]
"""


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        pytest.param("RUN apk upgrade && apk add bash && date > /day", "", id="not needed"),
        pytest.param(
            "RUN apk upgrade && apk add bash && cd /go/src/shop && date > /day", "/go/src/shop", id="absent"
        ),
        pytest.param(
            "RUN mkdir -p /go/src/shop && apk upgrade && apk add bash && cd /go/src/shop && date > /day",
            "",
            id="made before",
        ),
    ],
)
def test_a_directory_that_a_step_changes_to(step: str, problem: str, tmp_path: Path) -> None:
    builder = SHOP.replace("alpine", "alpine AS builder").rpartition("CMD")[0]
    new = f'{builder}\nFROM alpine\n{step}\nCOPY --from=builder /bin/shop /bin/shop\nCMD ["shop"]\n'
    files = {"go.mod": "module example.com/shop\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}
    found = differences(SHOP, new, files, tmp_path)
    assert problem in found if problem else not found


STATE = """FROM python:3.12
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /app
USER nobody
RUN date | tee /tmp/built
USER root
COPY requirements.txt app.py ./
RUN pip install -r requirements.txt
ENV PLACE=sea
COPY <<EOF /etc/app.conf
place=$PLACE
EOF
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="the same"),
        pytest.param((("SHELL", "# SHELL"),), "date | tee /tmp/built", id="another shell"),
        pytest.param((("USER nobody\n", ""),), "date | tee /tmp/built", id="root in place of a user"),
        pytest.param((("USER root\n", ""),), "pip install", id="a user in place of root"),
        pytest.param((("<<EOF", "<<'EOF'"),), "/etc/app.conf", id="a variable is not replaced"),
        pytest.param((("PLACE=sea", "PLACE=air"),), "/etc/app.conf", id="a variable has another value"),
    ],
)
def test_the_state_of_commands(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    files = {"requirements.txt": "bottle==0.13\n", "app.py": 'import bottle\nopen("/etc/app.conf")\n'}
    found = differences(STATE, changed(STATE, *pairs), files, tmp_path)
    assert problem in found if problem else not found


OWNED = """FROM python:3.12
WORKDIR /app
COPY bin ./bin
COPY app.py ./
RUN chmod 755 bin/*.sh
RUN chown 10 app.py
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="the same"),
        pytest.param((("./bin", "./bin/"), ("app.py ./", "app.py /app/")), "", id="other words"),
        pytest.param(
            (("COPY bin ./bin", "COPY bin ./tools"),), "/app/bin/*.sh", id="a pattern finds nothing"
        ),
        pytest.param((("COPY app.py ./", "COPY app.py /srv/"),), "/app/app.py", id="a file is elsewhere"),
        pytest.param((("WORKDIR /app\n", "WORKDIR /app\nRUN chmod 700 app.py\n"),), "new", id="too early"),
        pytest.param((("COPY app.py ./\n", "COPY app.py ./\nRUN mkdir bin\n"),), "already", id="made again"),
        pytest.param((("COPY app.py ./\n", "COPY app.py ./\nRUN mkdir -p bin\n"),), "", id="may be there"),
    ],
)
def test_owners_and_directories(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    files = {"bin/run.sh": "", "app.py": "print(1)\n"}
    found = differences(OWNED, changed(OWNED, *pairs), files, tmp_path)
    assert problem in found if problem else not found, found


PARENT = """FROM python:3.12 AS base
WORKDIR /srv
COPY app.py start.sh ./
RUN {step}
FROM base
CMD ["python", "app.py"]
"""
COPIED = """FROM python:3.12-slim
WORKDIR /srv
COPY --from=base /srv /srv
RUN {step}
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        pytest.param("chmod +x start.sh", False, id="the same once more"),
        pytest.param("mkdir -p /srv/data", False, id="a directory that may be there"),
        pytest.param("mkdir /srv/data", True, id="a directory that must not be there"),
        pytest.param("ln -sf start.sh /srv/run", False, id="a link that is replaced"),
        pytest.param("ln -s start.sh /srv/run", True, id="a link that is there"),
        pytest.param("echo 80 >> /srv/ports", True, id="a line is added again"),
        pytest.param("sed -i s/a/aa/ /srv/app.py", True, id="a file is edited again"),
    ],
)
def test_what_the_parent_did(step: str, problem: bool, tmp_path: Path) -> None:
    old = PARENT.format(step=step)
    new = old.partition("FROM base\n")[0] + COPIED.format(step=step)
    found = differences(old, new, {"app.py": "", "start.sh": "#!/bin/sh\n"}, tmp_path)
    assert ("there already" in found) == problem


ENTERED = """FROM golang:1.24
WORKDIR /src
COPY . .
RUN {} sh words.sh
RUN cp {} /var/lib/list
CMD ["cat", "/var/lib/list"]
"""


@pytest.mark.parametrize(
    ("entered", "file", "problem"),
    [
        pytest.param("cd tools &&", "/src/list", "", id="a path that is the same everywhere"),
        pytest.param("cd tools && true && cd .. &&", "list", "", id="the same directory again"),
        pytest.param("", "list", "", id="nothing is entered"),
        pytest.param("cd tools &&", "list", "/src/list", id="another file of that name"),
        pytest.param("cd tools &&", "other", "/src/other", id="no file of that name"),
    ],
)
def test_a_command_joins_one_that_enters_a_directory(
    entered: str, file: str, problem: str, tmp_path: Path
) -> None:
    files = {"list": "", "other": "", "words.sh": "", "tools/words.sh": "", "tools/list": ""}
    old = ENTERED.format(entered, file)
    found = differences(old, changed(old, ("\nRUN cp", " && cp")), files, tmp_path)
    assert problem in found if problem else not found, found


SET = """FROM python:3.12
WORKDIR /srv
COPY . .
RUN {}
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        pytest.param("set -x && mkdir a", "set -x && mkdir a", False, id="the same"),
        pytest.param("A=1 && export A && mkdir a", "mkdir a", False, id="variables that it does not use"),
        pytest.param(
            "set -e; apt-get update; rm -rf /var/lib/apt/lists/*\nRUN apt-get update && mkdir a",
            "apt-get update && mkdir a && rm -rf /var/lib/apt/lists/*",
            False,
            id="caches that another RUN removes",
        ),
        pytest.param("umask 077 && mkdir a", "mkdir a", True, id="without umask"),
        pytest.param("umask 077 && mkdir a", "umask 077\nRUN mkdir a", True, id="in another RUN"),
        pytest.param("set -o pipefail && cat b | sort > c", "cat b | sort > c", True, id="without pipefail"),
    ],
)
def test_settings_of_the_shell(old: str, new: str, problem: bool, tmp_path: Path) -> None:
    found = differences(SET.format(old), SET.format(new), {"app.py": "", "b": ""}, tmp_path)
    assert ("different state" in found) is problem, found
