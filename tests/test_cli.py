"""The command line, with a pipeline that knows a few words: what is printed where, and exit codes."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import types
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace
from support import ROOT, invoke

import slimify
from slimify.config import MinSaving, Options
from slimify.image.model import Image
from slimify.model.decisions import Decision
from slimify.model.errors import SlimifyError
from slimify.model.outcome import Estimate, Outcome, Refused, Rewritten, Unchanged
from slimify.model.plan import Stage

BEFORE = "FROM python:3.12\nCOPY . .\n"
AFTER = "FROM python:3.12-slim\nCOPY . .\n"
SCHEMA = json.loads((ROOT / "slimify" / "report" / "schema.json").read_text("utf-8"))


class Pipeline(types.ModuleType):
    """Rewrites python:3.12 to its slim variant; other words in a file make it do other things."""

    def __init__(self) -> None:
        super().__init__("slimify.pipeline")
        self.calls: list[tuple[str, Path | None, Options]] = []

    def rewrite(
        self,
        data: bytes,
        *,
        name: str,
        context: Path | None,
        options: Options,
        image: Image | None = None,
        shared: object = None,
    ) -> Outcome:
        self.calls.append((name, context, options))
        text = data.decode("utf-8", "surrogateescape")
        if "malformed" in text:
            raise SlimifyError("SL002", 'unknown instruction "go"', line=7, hint="did you mean RUN go …?")
        if "crash" in text:
            raise ZeroDivisionError("division by zero\nin two lines")
        if "interrupt" in text:
            raise KeyboardInterrupt
        base = Unchanged(file=name, before=text, language="python")
        if "template" in text:
            reason = Decision.of("SL401", "placeholder", safety="safe", line=1, at=1)
            return base.become(Refused, decisions=(reason,))
        after = text.replace("FROM python:3.12\r\n", "FROM python:3.12-slim\r\n")
        after = after.replace("FROM python:3.12\n", "FROM python:3.12-slim\n")
        if after == text:
            reason = Decision.of("SL402", "inherited", safety="safe", base="node:onbuild")
            return replace(base, decisions=(reason,))
        return base.become(
            Rewritten,
            rung="slim",
            after=after,
            decisions=(
                Decision.of(
                    "SL301", "same", safety="assumed", line=1, base="python:3.12-slim", language="Python"
                ),
            ),
            stages=(Stage(name="", base="python:3.12-slim", purpose="run", items=()),),
            estimate=Estimate(original=1_020_000_000, saving=900_000_000),
        )

    explain = rewrite


@pytest.fixture(autouse=True)
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    stub = Pipeline()
    monkeypatch.setitem(sys.modules, "slimify.pipeline", stub)
    monkeypatch.setattr(slimify, "pipeline", stub, raising=False)
    return stub


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(BEFORE, newline="")
    return tmp_path


def objects(stdout: bytes) -> list[dict[str, object]]:
    """The JSON lines of standard output, each checked against the schema."""
    values = [json.loads(line) for line in stdout.splitlines()]
    for value in values:
        jsonschema.validate(value, SCHEMA)
    return values


# --- rewrite: what goes where ---------------------------------------------------------------------


def test_diff_is_the_default(project: Path) -> None:
    result = invoke("rewrite", cwd=project)
    assert result.code == 0
    assert result.stdout.decode() == (
        "--- Dockerfile\n+++ Dockerfile\n@@ -1,2 +1,2 @@\n"
        "-FROM python:3.12\n+FROM python:3.12-slim\n COPY . .\n"
    )
    assert (
        "Dockerfile: would be rewritten, rung slim, python, saves about 900 MB of 1.02 GB\n" in result.stderr
    )
    assert "SL301 line 1    the final stage starts from python:3.12-slim" in result.stderr
    assert (project / "Dockerfile").read_text() == BEFORE


@pytest.mark.skipif(shutil.which("patch") is None, reason="no patch here")
@pytest.mark.parametrize("end", ["\n", "", "\r\n"], ids=["newline", "no newline", "crlf"])
@pytest.mark.parametrize("name", ["Dockerfile", "my Dockerfile", "docker/Dockerfile"])
def test_diff_goes_through_patch(tmp_path: Path, end: str, name: str) -> None:
    text = f"FROM python:3.12{end or chr(10)}COPY . .{end}"
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, newline="")
    for argument in (name, str(file)):
        file.write_text(text, newline="")
        patch = invoke("rewrite", argument, cwd=tmp_path).stdout
        subprocess.run(["patch", "-p0", "-s"], input=patch, cwd=tmp_path, check=True)
        assert file.read_bytes() == text.replace("python:3.12", "python:3.12-slim").encode()


def test_bytes_survive(project: Path) -> None:
    raw = b"\xef\xbb\xbfFROM python:3.12\r\n# caf\xe9 \x0c\r\nCOPY . ."
    (project / "Dockerfile").write_bytes(raw)
    assert invoke("rewrite", "--write", cwd=project).code == 0
    assert (project / "Dockerfile").read_bytes() == raw.replace(b"3.12", b"3.12-slim")


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        pytest.param(AFTER, 0, "Dockerfile: unchanged, python\n  SL402", id="unchanged"),
        pytest.param("template", 3, "Dockerfile: refused, python\n  SL401 line 1", id="refused"),
        pytest.param("malformed", 2, 'Dockerfile:7: unknown instruction "go"\n  hint: did', id="malformed"),
        pytest.param("crash", 4, "Dockerfile: internal error, the file is unchanged", id="crash"),
        pytest.param("interrupt", 130, "", id="interrupted"),
    ],
)
@pytest.mark.parametrize("extra", [(), ("--write",), ("--output", "new")], ids=["diff", "write", "output"])
def test_nothing_to_change(project: Path, text: str, code: int, message: str, extra: tuple[str, ...]) -> None:
    (project / "Dockerfile").write_text(text)
    result = invoke("rewrite", *extra, cwd=project)
    assert (result.code, result.stdout) == (code, b"")
    assert result.stderr.startswith(message)
    assert (project / "Dockerfile").read_text() == text
    # what is unchanged can be built from all the same
    assert (project / "new").exists() == (code == 0 and "--output" in extra)


def test_crash_in_one_line_unless_debugging(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "Dockerfile").write_text("crash")
    plain = invoke("rewrite", cwd=project).stderr
    assert plain.splitlines()[0].endswith("ZeroDivisionError: division by zero in two lines")
    assert "Traceback" not in plain
    monkeypatch.setenv("SLIMIFY_DEBUG", "1")
    assert "Traceback" in invoke("rewrite", cwd=project).stderr


def test_write(project: Path) -> None:
    (project / "Dockerfile").chmod(0o640)
    result = invoke("rewrite", "--write", cwd=project)
    assert (result.code, result.stdout) == (0, b"")
    assert "SL301" in result.stderr
    assert result.stderr.startswith("Dockerfile: rewritten, rung slim")
    assert result.stderr.endswith("  wrote Dockerfile\n")
    assert (project / "Dockerfile").read_text() == AFTER
    if os.name == "posix":
        assert stat.S_IMODE((project / "Dockerfile").stat().st_mode) == 0o640


def test_write_and_diff(project: Path) -> None:
    assert b"+FROM python:3.12-slim" in invoke("rewrite", "--write", "--format", "diff", cwd=project).stdout


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_write_to_a_read_only_file(project: Path) -> None:
    (project / "Dockerfile").chmod(0o444)
    result = invoke("rewrite", "--write", cwd=project)
    assert result.code == 4
    assert "read-only" in result.stderr
    assert (project / "Dockerfile").read_text() == BEFORE


def test_output(project: Path) -> None:
    result = invoke("rewrite", "--output", "Dockerfile.slim", cwd=project)
    assert result.code == 0
    assert result.stderr.endswith("  wrote Dockerfile.slim\n")
    assert (project / "Dockerfile.slim").read_text() == AFTER
    assert (project / "Dockerfile").read_text() == BEFORE
    assert invoke("rewrite", "--output", "-", "Dockerfile", cwd=project).stdout == AFTER.encode()


def test_output_into_a_missing_directory(project: Path) -> None:
    result = invoke("rewrite", "--output", "build/Dockerfile", cwd=project)
    assert result.code == 4
    assert "cannot write build/Dockerfile: No such file or directory" in result.stderr
    assert "hint: mkdir -p build" in result.stderr


def test_text(project: Path) -> None:
    result = invoke("rewrite", "--format", "text", cwd=project)
    assert result.stdout.decode().endswith("\n\n" + AFTER)
    assert "SL301" in result.stdout.decode()
    assert result.stderr == "to apply: slimify rewrite --write --format text\n"


def test_json(project: Path) -> None:
    (value,) = objects(invoke("rewrite", "--format", "json", cwd=project).stdout)
    assert value["dockerfile"] == AFTER
    assert value["estimate"] == {"original": 1_020_000_000, "saving": 900_000_000, "measured": False}
    (told,) = objects(invoke("explain", "--format", "json", cwd=project).stdout)
    assert value.keys() - told.keys() == {"dockerfile", "dockerignore", "diff"}


# --- several files --------------------------------------------------------------------------------


def test_every_file_gets_its_object(tmp_path: Path) -> None:
    texts = {"a": BEFORE, "b": "malformed", "c": "template", "d": AFTER}
    for name, text in texts.items():
        (tmp_path / f"Dockerfile.{name}").write_text(text)
    result = invoke("rewrite", "--format", "json", ".", "missing", cwd=tmp_path)
    values = objects(result.stdout)
    assert [(v["file"], v["outcome"]) for v in values] == [
        ("Dockerfile.a", "rewritten"),
        ("Dockerfile.b", "failed"),
        ("Dockerfile.c", "refused"),
        ("Dockerfile.d", "unchanged"),
        ("missing", "failed"),
    ]
    assert values[1]["error"] == {
        "code": "SL002",
        "message": 'unknown instruction "go"',
        "line": 7,
        "hint": "did you mean RUN go …?",
    }
    assert 'Dockerfile.b:7: unknown instruction "go"' in result.stderr
    assert "missing: no such file" in result.stderr


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        pytest.param((BEFORE, AFTER), 0, id="fine"),
        pytest.param((BEFORE, "template"), 3, id="refused"),
        pytest.param(("template", "malformed", BEFORE), 2, id="malformed"),
        pytest.param(("crash", "malformed", "template"), 4, id="crash"),
    ],
)
def test_worst_exit_code(tmp_path: Path, texts: tuple[str, ...], code: int) -> None:
    for number, text in enumerate(texts):
        (tmp_path / f"Dockerfile.{number}").write_text(text)
    assert invoke("rewrite", ".", cwd=tmp_path).code == code


def test_output_of_several(tmp_path: Path) -> None:
    for name in ("Dockerfile", "Containerfile"):
        (tmp_path / name).write_text(BEFORE)
    result = invoke("rewrite", ".", "--output", "x", cwd=tmp_path)
    assert result.code == 2
    assert not (tmp_path / "x").exists()


# --- standard input, usage ------------------------------------------------------------------------


def test_standard_input(pipeline: Pipeline, tmp_path: Path) -> None:
    result = invoke("rewrite", "-", stdin=BEFORE.encode())
    assert result.stdout.startswith(b"--- Dockerfile\n")
    assert invoke("rewrite", "-", "--context", str(tmp_path), stdin=BEFORE.encode()).code == 0
    assert [context for _, context, _ in pipeline.calls] == [None, tmp_path]
    assert "<stdin>:7: unknown" in invoke("rewrite", "-", stdin=b"malformed").stderr
    (tmp_path / "slimify.toml").write_text("nonroot = true\n")
    invoke("rewrite", "-", "--context", str(tmp_path), "--builder", "kaniko", stdin=BEFORE.encode())
    assert (pipeline.calls[-1][2].nonroot, pipeline.calls[-1][2].builder) == (True, "kaniko")


@pytest.mark.parametrize(
    "args",
    [
        ("rewrite", "--write", "--output", "x"),
        ("rewrite", "--write", "-"),
        ("rewrite", "--context", "nowhere"),
        ("rewrite", "--base", "tiny"),
        ("rewrite", "--min-saving", "much"),
        ("rewrite", "nowhere/Dockerfile"),
        ("rewrite", "empty"),
        ("rewrite",),
        ("explain", "SL000"),
        ("frobnicate",),
    ],
    ids=" ".join,
)
def test_wrong_usage(tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "empty").mkdir()
    result = invoke(*args, cwd=tmp_path)
    assert (result.code, result.stdout) == (2, b"")
    assert result.stderr


def test_options_over_settings(project: Path, pipeline: Pipeline) -> None:
    settings = 'base = "slim"\nannotate = true\nkeep-packages = ["git"]\n'
    (project / "slimify.toml").write_text(settings)
    invoke("rewrite", "--base", "same", "--min-saving", "0", "--build-arg", "A=b=c", cwd=project)
    (_, context, options) = pipeline.calls[0]
    assert context == Path()
    assert replace(options, settings="") == Options(
        base="same",
        annotate=True,
        keep_packages=("git",),
        min_saving=MinSaving(percent=0, bytes=0),
        build_args={"A": "b=c"},
    )
    (project / "slimify.toml").write_text('base = "tiny"\n')
    result = invoke("rewrite", cwd=project)
    assert result.code == 2
    assert 'setting "base": must be one of' in result.stderr


def test_context_above(project: Path, pipeline: Pipeline) -> None:
    (project / ".git").mkdir()
    (project / "docker").mkdir()
    (project / "app.py").touch()
    (project / "docker" / "Dockerfile").write_text("FROM python:3.12\nCOPY app.py .\n")
    result = invoke("rewrite", "docker/Dockerfile", cwd=project)
    assert pipeline.calls[0][1] == project.resolve()
    assert "the build context is assumed to be .," in result.stderr


# --- explain --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"), [(BEFORE, 0), ("template", 0), ("malformed", 2), ("crash", 4)], ids=str
)
def test_explain_exit_codes(project: Path, text: str, code: int) -> None:
    (project / "Dockerfile").write_text(text)
    for format in ("text", "json"):
        result = invoke("explain", "--format", format, cwd=project)
        assert result.code == code
        assert bool(result.stderr) == (code != 0)


# --- as a process ---------------------------------------------------------------------------------


def slimify_process(*args: str, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "slimify", *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload]


def test_version() -> None:
    with slimify_process("--version") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.decode().split() == ["slimify", slimify.__version__]


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_reader_that_leaves(project: Path) -> None:
    for number in range(20):
        (project / f"Dockerfile.{number}").write_text(AFTER + "# long\n" * 20_000)
    with slimify_process("rewrite", "--format", "json", ".", cwd=project) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
    assert process.returncode == 141
    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors
