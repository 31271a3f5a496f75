"""Whatever the file holds: an outcome, never a crash, in a time that grows with its length."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import GOLDEN, ROOT, invoke, slowness
from tools.shaped import PLATFORMS

from slimify import pipeline
from slimify.config import MinSaving, Options
from slimify.facts.platforms import platform_files
from slimify.model.outcome import Outcome

OPTIONS = Options(min_saving=MinSaving(percent=0, bytes=0))
FILES = sorted(GOLDEN.glob("*/input/Dockerfile"))


def rewrite(data: bytes, context: Path | None = None) -> Outcome:
    outcome = pipeline.rewrite(data, name="Dockerfile", context=context, options=OPTIONS)
    assert (outcome.error is not None) == (outcome.kind == "failed")
    if outcome.kind == "rewritten":
        assert outcome.after is not None
        again = pipeline.rewrite(
            outcome.after.encode("utf-8", "surrogateescape"),
            name="Dockerfile",
            context=context,
            options=OPTIONS,
        )
        assert again.kind == "unchanged"
    return outcome


# --- references of images -------------------------------------------------------------------------

TAG = st.lists(
    st.sampled_from(
        "2 3 3.11 3.x 20 1.22 . .. - : @ $ ${ } x latest lts slim alpine alpine3. bookworm ² ٣ 99999".split()
    ),
    max_size=5,
).map("".join)
SOURCES = {
    "requirements.txt": "psycopg2==2.9.9\nsetuptools==75\n",
    "app.py": "import psycopg2\n",
    "package.json": '{"dependencies": {"express": "4"}, "scripts": {"build": "tsc"}}',
    "go.mod": "module example.org/a\n\ngo 1.22\n",
    "main.go": 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":80", nil) }\n',
}
STEPS = {
    "python": 'RUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n',
    "node": 'RUN npm install\nRUN npm run build\nCMD ["node", "dist/a.js"]\n',
    "golang": 'RUN go build -o /usr/local/bin/a .\nCMD ["a"]\n',
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sources")
    for name, text in SOURCES.items():
        (root / name).write_text(text)
    return root


@settings(max_examples=120)
@given(
    name=st.sampled_from(
        ["python", "node", "golang", "debian", "alpine", "x/python", "tiangolo/uvicorn-gunicorn"]
    ),
    tag=TAG,
)
def test_any_reference(sources: Path, name: str, tag: str) -> None:
    steps = STEPS.get(name.rpartition("/")[2], STEPS["python"])
    rewrite(f"FROM {name}:{tag}\nWORKDIR /app\nCOPY . .\n{steps}".encode(), sources)
    rewrite(f"ARG TAG={tag}\nFROM {name}:$TAG\nWORKDIR /app\nCOPY . .\n{steps}".encode(), sources)


# --- §9: bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line"),
    [
        pytest.param(b"", None, id="empty"),
        pytest.param(b"# nothing\n\n", None, id="comments only"),
        pytest.param(b"RUN ls\n", 1, id="no FROM"),
        pytest.param(b"FROM golang:1.24\n\ngo build -o app .\n", 3, id="instruction without RUN"),
        pytest.param(b"\x7fELF\x02\x01\x01\0\0\0", None, id="binary"),
        pytest.param(b"FROM x\nRUN <<EOF\nls\n", 2, id="heredoc without end"),
        pytest.param(b'FROM x\nSHELL ["a", \n', 2, id="bad JSON form"),
        pytest.param(b"FROM\n", 1, id="FROM without image"),
    ],
)
def test_malformed(tmp_path: Path, data: bytes, line: int | None) -> None:
    file = tmp_path / "Dockerfile"
    file.write_bytes(data)
    result = invoke("rewrite", "--write", cwd=tmp_path)
    assert (result.code, result.stdout) == (2, b"")
    place = "Dockerfile:" if line is None else f"Dockerfile:{line}:"
    assert result.stderr.startswith(place)
    assert "Traceback" not in result.stderr
    assert file.read_bytes() == data


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("FROM {{ base }}\nRUN make\n", id="braces"),
        pytest.param("FROM %%BASE%%\nRUN make\n", id="percent signs"),
        pytest.param("FROM node:20-onbuild\nRUN make\n", id="ONBUILD"),
        pytest.param("FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN dir\n", id="Windows"),
    ],
)
def test_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    result = invoke("rewrite", "--write", cwd=tmp_path)
    assert (result.code, result.stdout) == (3, b"")
    assert "refused" in result.stderr
    assert (tmp_path / "Dockerfile").read_text() == text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("analyze", "pipe"), "not a regular file"),
        (("explain", ".", "--image", "pipe"), "not a regular file"),
        (("rewrite", "--context", "pipe"), "not a directory"),
        (("rewrite", "large"), "larger than 1 MB"),
        (("rewrite", "-"), "larger than 1 MB"),
    ],
    ids=" ".join,
)
def test_pipes_and_large_files(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.12\n")
    (tmp_path / "large").write_text("FROM python:3.12\n" + "# a comment\n" * 100_000)
    os.mkfifo(tmp_path / "pipe")
    result = invoke(*words, cwd=tmp_path, stdin=(tmp_path / "large").read_bytes())
    assert (result.code, message in result.stderr) == (2, True), result.stderr


# --- properties -----------------------------------------------------------------------------------


@given(data=st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    rewrite(data)


KEYWORDS = ("FROM", "RUN", "COPY", "CMD", "ENV", "ARG", "USER a", "WORKDIR /b")
IMAGES = ("python:3.12", "golang:1.24", "node:20")
MARKS = (
    "\\\n",
    "\n",
    "\r\n",
    "&&",
    ";",
    "|",
    "'",
    '"',
    "$",
    "${X:-y}",
    "[",
    '["a"]',
    "<<EOF",
    "EOF",
    "#",
    "\\",
)
WORDS = ("--from=a", ".", "/app", "apt-get install -y gcc", "pip install x", "npm ci", "go build .", "\udcff")
words = st.sampled_from(KEYWORDS + IMAGES + MARKS + WORDS)


@settings(max_examples=200)
@given(tokens=st.lists(words, max_size=30), build_script=st.sampled_from([" ", ""]))
def test_any_words(tokens: list[str], build_script: str) -> None:
    rewrite(("FROM python:3.12\n" + build_script.join(tokens)).encode("utf-8", "surrogateescape"))


@settings(max_examples=100)
@given(data=st.data())
def test_any_broken_file(data: st.DataObject) -> None:
    """Real files with a line lost, doubled, moved or cut."""
    file = data.draw(st.sampled_from(FILES))
    lines = file.read_bytes().split(b"\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        to = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["lose", "double", "move", "cut"])):
            case "lose":
                lines[at] = b""
            case "double":
                lines.insert(to, lines[at])
            case "move":
                lines.insert(to, lines.pop(at))
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
    rewrite(b"\n".join(lines), file.parent)


@pytest.mark.skipif(sys.platform != "linux", reason="gives up its privileges as Linux does")
def test_the_search_for_hostile_inputs_runs() -> None:
    """Once each; .ci/run has a minute of it."""
    words = [sys.executable, str(ROOT / "tests" / "tools" / "fuzz.py"), "--seconds", "0.1", "--seed", "1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert (done.returncode, ", 0 with a problem" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_search_knows_a_file_for_each_platform() -> None:
    assert [row.files for row in platform_files() if not any(map(row.describes, PLATFORMS))] == []


# --- size -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("FROM python:3.12\n" + "RUN pip install x\n" * 10_000, id="instructions"),
        pytest.param(
            "FROM python:3.12\nRUN a \\\n" + " && pip install x \\\n" * 10_000 + " && b\n", id="commands"
        ),
        pytest.param("FROM python:3.12\nRUN true\n" + "# comment\n\n" * 10_000, id="comments"),
        pytest.param("FROM python:3.12\nRUN <<EOF\n" + "echo $X\n" * 10_000 + "EOF\n", id="heredoc"),
        pytest.param("FROM python:3.12\nENV " + "A=b \\\n" * 10_000 + "C=d\n", id="variables"),
        pytest.param(
            "FROM python:3.12\nRUN apt-get install -y " + "gcc \\\n" * 10_000 + "make\n", id="packages"
        ),
        pytest.param("FROM python:3.12\nRUN " + "$(" * 5_000 + ")" * 5_000 + "\n", id="nesting"),
    ],
)
def test_ten_thousand_lines(text: str) -> None:
    start = time.process_time()
    rewrite(text.encode())
    assert time.process_time() - start < 45 * slowness()


@pytest.mark.parametrize("name", ["{}", "[]", "1", "null"])
def test_names_of_workspaces_of_any_kind(tmp_path: Path, name: str) -> None:
    (tmp_path / "package.json").write_text('{"workspaces": ["web"], "scripts": {"build": "tsc"}}')
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_text(f'{{"name": {name}, "scripts": {{"build": "tsc"}}}}')
    rewrite(b"FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm run build --workspace web\n", tmp_path)


@pytest.mark.parametrize("name", ["package.json", "package-lock.json", "lerna.json", "tsconfig.json"])
def test_json_of_any_depth(tmp_path: Path, name: str) -> None:
    (tmp_path / "package.json").write_text('{"scripts": {"build": "tsc"}}')
    (tmp_path / name).write_text('{"dependencies": ' + "[" * 2000 + "]" * 2000 + "}")
    outcome = rewrite(
        b'FROM node:20\nCOPY . .\nRUN npm ci && npm run build\nCMD ["node", "a.js"]\n', tmp_path
    )
    assert outcome.error is None
