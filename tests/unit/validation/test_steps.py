"""A file that no planner made, held against the old one."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.compared_files import changed, differences

OLD = """FROM debian:bookworm
RUN apt-get update && apt-get install -y python3-pip gcc
COPY requirements.txt ./
RUN pip3 install --upgrade pip
RUN pip3 install -r requirements.txt
COPY app.py ./
CMD ["python3", "app.py"]
"""


def _swapped(old: str, new: str) -> str:
    assert old in OLD
    return OLD.replace(old, new)


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        pytest.param(OLD, "", id="the same"),
        pytest.param(
            _swapped("install -r", "install --no-cache-dir -r"), "", id="less is kept of the same command"
        ),
        pytest.param(
            _swapped(" gcc\n", " gcc && rm -rf /var/lib/apt/lists/*\n"), "", id="something is cleaned up"
        ),
        pytest.param(
            _swapped(" python3-pip gcc\n", " python3\n").replace(
                "RUN pip3 install -r", "RUN apt-get install -y python3-pip gcc && pip3 install -r"
            ),
            "`pip3 install --upgrade pip` calls a program of python3-pip",
            id="a program comes after its caller",
        ),
        pytest.param(
            _swapped("RUN pip3 install -r", "RUN apt-get purge -y python3-pip && pip3 install -r"),
            "`pip3 install -r requirements.txt` calls a program of python3-pip",
            id="a program goes before its caller",
        ),
        pytest.param(
            _swapped("COPY app.py ./\n", ""), "/app.py", id="a file does not come"
        ),
        pytest.param(
            _swapped("RUN pip3 install --upgrade pip\n", ""), "would be missing", id="a command is not there"
        ),
        pytest.param(
            _swapped("COPY requirements.txt ./\n", "").replace(
                "COPY app.py", "COPY requirements.txt ./\nCOPY app.py"
            ),
            "requirements.txt does not exist",
            id="a command comes before what it reads",
        ),
    ],
)  # fmt: skip
def test_what_would_be_otherwise(new: str, problem: str, tmp_path: Path) -> None:
    found = differences(OLD, new, {"requirements.txt": "cffi==1.17.1\n", "app.py": "import cffi\n"}, tmp_path)
    assert problem in found if problem else not found


# RUNs of both files that install, and whether the new one goes on after a failure that stopped the old one
JOINTS = {
    "the-same": ("apt-get update && apt-get install -y jq", "apt-get update && apt-get install -y jq", False),
    "errexit": (
        "set -e; apt-get update; apt-get install -y jq; rm -rf /var/lib/apt/lists/*",
        "set -e; apt-get update; apt-get install -y jq git; rm -rf /var/lib/apt/lists/*",
        False,
    ),
    "never-stopped": (
        "apt-get update; apt-get install -y jq",
        "apt-get update; apt-get install -y jq git",
        False,
    ),
    "install-before-it": (
        "apt-get update; apt-get install -y jq",
        "apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n"
        "RUN apt-get update; apt-get install -y libjq1 && rm -rf /var/lib/apt/lists/*",
        False,
    ),
    "stopped-before-it": (
        "apt-get update && apt-get install -y jq",
        "apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n"
        "RUN apt-get update; apt-get install -y libjq1 && rm -rf /var/lib/apt/lists/*",
        True,
    ),
    "stopped": ("apt-get update && apt-get install -y jq", "apt-get update; apt-get install -y jq git", True),
    "errexit-gone": (
        "set -e; apt-get update; apt-get install -y jq; touch /x",
        "apt-get update; apt-get install -y jq git; touch /x",
        True,
    ),
}


@pytest.mark.parametrize(("old", "new", "wrong"), JOINTS.values(), ids=JOINTS)
def test_what_stops_the_build(old: str, new: str, wrong: bool, tmp_path: Path) -> None:
    file = 'FROM debian:bookworm\nRUN {}\nCMD ["jq"]\n'
    found = differences(file.format(old), file.format(new), {}, tmp_path)
    assert ("would be joined" in found) == wrong, found


# A package source whose package brings programs that the distribution's does not, and files without it
NODESOURCE = """FROM python:3.11-bookworm
RUN curl -fsSL https://deb.nodesource.com/setup_18.x | bash - && apt-get install -y nodejs
COPY . .
RUN npm ci && npm run build
CMD ["python3", "app.py"]
"""
PACKAGED = {
    "the-same": ((), ""),
    "distribution": (((" nodejs", " nodejs npm"),), ""),
    "gone": (((" && apt-get install -y nodejs", ""),), "`npm ci` calls a program of nodejs"),
    "another": (((" nodejs", " sl"),), "`npm ci` calls a program of nodejs"),
    "late": (
        (
            (" && apt-get install -y nodejs", ""),
            ('CMD ["', 'RUN apt-get install -y nodejs\nCMD ["'),
        ),
        "`npm ci` calls a program of nodejs",
    ),
}


@pytest.mark.parametrize(("pairs", "problem"), PACKAGED.values(), ids=PACKAGED)
def test_programs_of_a_package_source(
    pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path
) -> None:
    files = {"package.json": '{"scripts": {"build": "node b.js"}}', "package-lock.json": "{}", "b.js": ""}
    found = differences(NODESOURCE, changed(NODESOURCE, *pairs), {**files, "app.py": ""}, tmp_path)
    assert problem in found if problem else "calls a program" not in found, found


TOOLS = """FROM python:3.12-bookworm
WORKDIR /app
COPY notes.txt ./
RUN <<EOF
set -e
useradd ada
chown ada /app
EOF
COPY . .
RUN pip install flask
USER ada
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="the same"),
        pytest.param((("set -e\n", ""),), "would be joined with `;`", id="a failure is ignored"),
        pytest.param((("useradd", "groupadd"),), "ada", id="a group is no account"),
        pytest.param((("useradd ada\nchown ada /app", "chown ada /app\nuseradd ada"),), "ada", id="late"),
    ],
)
def test_scripts_and_accounts(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    files = {"notes.txt": "", "app.py": "import flask\n"}
    found = differences(TOOLS, changed(TOOLS, *pairs), files, tmp_path)
    assert problem in found if problem else not found


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        pytest.param("chown app /srv", "", id="known"),
        pytest.param("sudo chown app /srv", "", id="behind sudo"),
        pytest.param("sudo chown -R app:app /srv", "", id="with options"),
        pytest.param("sudo chown other /srv", "other", id="not known"),
    ],
)
def test_accounts_that_chown_names(command: str, problem: str, tmp_path: Path) -> None:
    file = f'FROM {{}}\nRUN useradd app\nRUN {command}\nCMD ["python"]\n'
    found = differences(file.format("python:3.12"), file.format("python:3.12-slim"), {}, tmp_path)
    assert ("USER" in found) == bool(problem), found
    assert problem in found


SECRETIVE = """FROM python:3.12
WORKDIR /app
COPY . .
ARG SECRET_KEY
RUN python manage.py collect
CMD ["python", "app.py"]
"""
STAGES = """FROM python:3.12 AS builder
WORKDIR /app
COPY . .

FROM python:3.12-slim
"""


@pytest.mark.parametrize(
    ("new", "secret"),
    [
        pytest.param(changed(SECRETIVE, ("3.12", "3.12-slim")), False, id="as it was"),
        pytest.param(changed(SECRETIVE, ("SECRET_KEY", "OTHER_SECRET")), True, id="another"),
        pytest.param(
            changed(SECRETIVE, ("FROM python:3.12\n", STAGES)), True, id="another stage could have it"
        ),
    ],
)
def test_secrets(new: str, secret: bool, tmp_path: Path) -> None:
    found = differences(SECRETIVE, new, {"app.py": "", "manage.py": ""}, tmp_path)
    assert ("secret" in found) == secret, found


BUILT = """FROM python:3.12 AS builder
WORKDIR /app
COPY requirements.txt notes.txt ./
RUN apt-get update && apt-get install -y libpq-dev
RUN pip install -r requirements.txt

FROM python:3.12-slim
RUN apt-get update && apt-get install -y libpq5
WORKDIR /app
COPY --from=builder /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages
COPY notes.txt app.py ./
CMD ["python", "app.py"]
"""
SOURCE = """FROM python:3.12
WORKDIR /app
COPY requirements.txt notes.txt ./
RUN apt-get update && apt-get install -y libpq-dev
RUN pip install -r requirements.txt
COPY app.py ./
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        pytest.param((), "", id="packages are copied"),
        pytest.param(
            (("requirements.txt notes.txt ./", "requirements.txt ./"),),
            "`requirements.txt notes.txt ./` would be missing",
            id="a file less",
        ),
        pytest.param(
            (
                (
                    "COPY --from=builder /usr/local/lib/python3.12/site-packages "
                    "/usr/local/lib/python3.12/site-packages\n",
                    "COPY requirements.txt ./\nRUN pip install -r requirements.txt\n",
                ),
            ),
            "libpq-dev",
            id="they are compiled again without headers",
        ),
    ],
)
def test_builders(pairs: tuple[tuple[str, str], ...], problem: str, tmp_path: Path) -> None:
    files = {"requirements.txt": "psycopg2==2.9.9\n", "notes.txt": "", "app.py": "import psycopg2\n"}
    found = differences(SOURCE, changed(BUILT, *pairs), files, tmp_path)
    assert problem in found if problem else not found


@pytest.mark.parametrize(
    ("made", "missing"), [("echo 'app:x:9:9::/:/bin/sh' >> /etc/passwd", False), ("touch /etc/app", True)]
)
def test_accounts_that_a_command_writes(made: str, missing: bool, tmp_path: Path) -> None:
    file = f'FROM debian:bookworm\nRUN {made}\nUSER app\nCMD ["ls"]\n'
    assert ("USER app is not created" in differences(file, file, {}, tmp_path)) == missing


@pytest.mark.parametrize(
    ("installed", "removed", "wrong"),
    [
        pytest.param("gcc jq", "remove gcc", False, id="the same"),
        pytest.param("gcc jq && rm -rf /var/lib/apt/lists/*", "remove gcc", False, id="installed"),
        pytest.param("jq", "remove gcc", False, id="listed"),
        pytest.param("jq && rm -rf /var/lib/apt/lists/*", "remove gcc", True, id="neither"),
        pytest.param("jq && rm -rf /var/lib/apt/lists/*", "purge --auto-remove gcc", True, id="purged"),
        pytest.param("jq && rm -rf /var/lib/apt/lists/*", "remove jq", False, id="another one"),
        pytest.param("jq && rm -rf /var/lib/apt/lists/*", "remove vim", False, id="not known before either"),
    ],
)
def test_what_a_removal_knows(installed: str, removed: str, wrong: bool, tmp_path: Path) -> None:
    """Run on Debian 12: `apt-get remove gcc` without gcc and without lists is "Unable to locate package"."""
    file = "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y {}\nRUN apt-get -y {}\n"
    lists = "" if "vim" not in removed else " && rm -rf /var/lib/apt/lists/*"
    old, new = file.format(f"gcc jq{lists}", removed), file.format(installed, removed)
    assert ("would find no package lists" in differences(old, new, {}, tmp_path)) is wrong


@pytest.mark.parametrize("manager", ["apt", "apt-get"])
def test_an_upgrade_reads_package_lists(manager: str, tmp_path: Path) -> None:
    old = f'FROM python:3.12\nRUN {manager} update && {manager} upgrade -y\nCMD ["python3"]\n'
    new = old.replace("FROM python:3.12", "FROM python:3.12-slim").replace(f"{manager} update && ", "")
    assert "would find no package lists" in differences(old, new, {}, tmp_path)
    assert "lists" not in differences(old, old.replace("3.12", "3.12-slim"), {}, tmp_path)


SHELLS = """FROM continuumio/miniconda3
SHELL ["{shell}", "-c"]
RUN useradd -m anu
COPY app.py ./
USER anu
CMD ["python", "app.py"]
"""


@pytest.mark.parametrize("shell", ["/bin/bash", "conda"])
def test_accounts_that_an_unread_shell_makes(shell: str, tmp_path: Path) -> None:
    text = SHELLS.format(shell=shell)
    assert "anu" not in differences(text, text, {"app.py": ""}, tmp_path)
    gone = text.replace("RUN useradd -m anu\n", "")
    assert "USER anu" in differences(gone, gone, {"app.py": ""}, tmp_path)


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("cp /usr/share/zoneinfo/Asia/Tokyo /etc/localtime", True),
        ("head -5 /usr/share/dict/words > /etc/words", True),
        ("cp /app/a.txt /etc/a.txt", False),
        ("mkdir -p /etc/app.d", False),
    ],
)
def test_what_is_read_may_be_of_a_package_that_is_removed_again(
    command: str, wrong: bool, tmp_path: Path
) -> None:
    old = f"FROM alpine:3.20\nCOPY a.txt /app/a.txt\nRUN apk add tzdata && {command} && apk del tzdata\n"
    new = f"FROM alpine:3.20\nCOPY a.txt /app/a.txt\nRUN {command}\n"
    assert ("of tzdata" in differences(old, new, {"a.txt": ""}, tmp_path)) is wrong


CHECKED = """FROM python:3.12-slim{builder}
RUN apt-get update && apt-get install -y build-essential
RUN pip install uv
WORKDIR /app
COPY . .
RUN uv sync {options}
{final}RUN uv run python b.py
CMD ["python", "a.py"]
"""
SECOND = """
FROM python:3.12-slim
RUN pip install uv
WORKDIR /app
COPY . .
{copies}"""
VENV = "COPY --from=builder /app/.venv /app/.venv\n"


@pytest.mark.parametrize(
    ("options", "copies", "lost"),
    [
        pytest.param("--no-dev", VENV, False, id="it is there"),
        pytest.param("--no-dev", "", True, id="it is installed anew"),
        pytest.param("--no-dev --project b", VENV, True, id="of another project"),
    ],
)
def test_an_install_that_checks_another(options: str, copies: str, lost: bool, tmp_path: Path) -> None:
    project = '[project]\nname = "a"\nversion = "1"\n'
    files = {"pyproject.toml": project, "uv.lock": "version = 1\n", "a.py": "", "b.py": ""}
    files |= {"b/pyproject.toml": project}
    old = CHECKED.format(builder="", options=options, final="")
    final = SECOND.format(copies=copies)
    new = CHECKED.format(builder=" AS builder", options=options, final=final)
    assert ("calls a program of build-essential" in differences(old, new, files, tmp_path)) == lost
