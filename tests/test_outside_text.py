"""Names and texts of strangers in reports: visible, and never live."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import GOLDEN, invoke

EVIL = "a\n::error::live\x1b[2J\u202eb\r##[group]"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN / "go-plain" / "input", tmp_path / EVIL)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def is_live(text: str) -> bool:
    """Whether a terminal or a CI would do something. In diffs and data, the older syntax of GitHub stays."""
    lines = [line.strip() for line in text.split("\n")]
    commands = [
        line for line in lines if line.startswith("::") or ("##[" in line and line[:1] not in '-+{["')
    ]
    allowed = ("::warning file=", "::error file=")
    return not all(line.startswith(allowed) for line in commands) or any(c in text for c in "\x1b\u202e\r")


COMMANDS = [
    "rewrite", "rewrite --format text", "rewrite --format json", "explain", "explain --format json", "config",
    "check", "check --format github", "check --format json", "check --format gitlab", "scan --jobs 1",
    "scan --jobs 1 --format json",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_names_of_files(project: Path, command: str) -> None:
    result = invoke(*command.split(), ".", cwd=project)
    text = result.stdout.decode() + result.stderr
    assert not is_live(text)
    assert "live" in text


@pytest.mark.parametrize("words", [("rewrite",), ("check", "--format", "github"), ("explain",)], ids=" ".join)
@pytest.mark.parametrize(
    "text",
    [
        "FROM golang\n{}\n",
        "FROM golang:1.24\nRUN {} && go build\nCOPY {} /x\n",
        "FROM {}\nRUN x\n",
        'FROM golang:1.24\nCOPY . .\nRUN go build -o /x . # {}\nENV A={}\nCMD ["/x"]\n',
    ],
    ids=["instruction", "command", "base", "comment"],
)
def test_texts_of_dockerfiles(project: Path, words: tuple[str, ...], text: str) -> None:
    path = project / EVIL / "Dockerfile"
    path.write_text(text.replace("{}", "\x1b[2J\u202e ##[group]"))
    result = invoke(*words, str(path.relative_to(project)), cwd=project)
    shown = result.stderr if words == ("rewrite",) else result.stdout.decode() + result.stderr
    assert not is_live(shown)


@pytest.mark.parametrize(
    "settings",
    [f"{json.dumps(EVIL)} = 1", f"base = {json.dumps(EVIL)}", f"[probes]\noptions = [{json.dumps(EVIL)}]"],
)
def test_texts_of_settings(project: Path, settings: str) -> None:
    (project / "slimify.toml").write_text(settings)
    for words in (("rewrite", "."), ("config", ".")):
        result = invoke(*words, cwd=project)
        assert not is_live(result.stdout.decode() + result.stderr)


# A line that a runner would take for a command, and whether it is one; `rewrite` shows it as it is.
LINES = [
    (" ::add-mask::e", True),
    ("\t::set-output name=code::0", True),
    ("echo '##[add-mask]e'", True),
    ("::1 localhost", False),
    ("a::b::c", False),
    ("## [a]", False),
]


@pytest.mark.parametrize(("line", "is_command"), LINES)
@pytest.mark.parametrize("form", [(), ("--output", "-")], ids=["diff", "file"])
def test_commands_in_the_log_of_a_runner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, is_command: bool, form: tuple[str, ...]
) -> None:
    shutil.copytree(GOLDEN / "go-plain" / "input", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "Dockerfile"
    path.write_text(path.read_text().replace("EXPOSE", f"COPY <<EOF /motd\n{line}\nEOF\nEXPOSE"))
    words = ("rewrite", ".", *form)
    plain = invoke(*words, cwd=tmp_path)
    assert (plain.code, line.encode() in plain.stdout) == (0, True)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert invoke(*words, cwd=tmp_path).code == (4 if is_command else 0)
    with (tmp_path / "new").open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "slimify", *words],
            cwd=tmp_path,
            stdout=file,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, (tmp_path / "new").read_bytes()) == (0, plain.stdout)


def test_secrets_are_masked_in_explanations(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.12\nARG NPM_TOKEN=hunter2\nENV DB_PASSWORD=hunter2\n"
        "RUN pip install -i https://me:hunter2@index.example/simple flask\n"
        "RUN curl -u me:hunter2 https://x.example && API_KEY=hunter2 ./run\nCMD python app.py\n"
    )
    for words in (
        ("explain", "."),
        ("explain", ".", "--format", "json"),
        ("check", "."),
        ("scan", "--jobs", "1", "."),
    ):
        result = invoke(*words, cwd=tmp_path)
        assert "hunter2" not in result.stdout.decode() + result.stderr, words
