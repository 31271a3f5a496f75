"""Habits of command lines: options of every command, searches, totals, what comes next."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from support import GOLDEN, invoke

from slimify.cli import terminal

GO, PYTHON = GOLDEN / "go-plain" / "input", GOLDEN / "py-psycopg2" / "input"
SMALL = "FROM alpine:3.20\nCMD echo hello\n"
COLORED = "\x1b["


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with two Dockerfiles that can be smaller, and one that can't."""
    (tmp_path / ".git").mkdir()
    shutil.copytree(GO, tmp_path / "web")
    shutil.copytree(PYTHON, tmp_path / "api")
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "Dockerfile").write_text(SMALL)
    return tmp_path


def names(output: str) -> list[str]:
    return [line.partition(":")[0] for line in output.splitlines() if "ockerfile" in line.partition(":")[0]]


# --- options of every command -------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version(flag: str) -> None:
    assert invoke(flag).stdout.startswith(b"slimify ")


@pytest.mark.parametrize("args", [("-q", "rewrite"), ("rewrite", "--quiet")], ids=" ".join)
def test_quiet_prints_results_and_errors_only(project: Path, args: tuple[str, ...]) -> None:
    result = invoke(*args, "web", "api", cwd=project)
    assert result.stdout.count(b"\n+++ ") == 2
    assert result.stderr == ""
    (project / "web" / "Dockerfile").write_text("FROM {{ base }}\n")
    (project / "api" / "Dockerfile").write_text("go build\n")
    result = invoke(*args, "web", "api", cwd=project)
    assert "web/Dockerfile: refused" in result.stderr
    assert "api/Dockerfile:1: unknown instruction" in result.stderr


def test_quiet_check_prints_one_line_for_each_finding(project: Path) -> None:
    result = invoke("check", "-q", ".", cwd=project)
    assert [line.split(":")[0] for line in result.stdout.decode().splitlines()] == [
        "api/Dockerfile",
        "web/Dockerfile",
    ]
    assert (result.code, result.stderr) == (1, "")


def test_verbose_shows_every_decision(project: Path) -> None:
    several = "".join(f"ARG TOKEN_{number}\nENV TOKEN_{number}=$TOKEN_{number}\n" for number in range(12))
    file = project / "api" / "Dockerfile"
    file.write_text(file.read_text().replace("\nRUN", f"\n{several}RUN", 1))
    short, whole = (invoke("rewrite", *flag, "api", cwd=project).stderr for flag in ((), ("-v",)))
    assert short.count("SL323") == 10
    assert "more: -v shows them\n" in short
    assert whole.count("SL323") == 24
    assert "more: -v" not in whole


@pytest.mark.parametrize(
    ("flags", "environment", "colored"),
    [
        pytest.param((), {}, False, id="no terminal"),
        pytest.param(("--color", "always"), {}, True, id="always"),
        pytest.param((), {"FORCE_COLOR": "1"}, True, id="forced"),
        pytest.param((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="no color wins"),
        pytest.param(("--color", "never"), {"FORCE_COLOR": "1"}, False, id="never"),
        pytest.param(("--color", "always"), {"NO_COLOR": "1"}, True, id="the option wins"),
    ],
)
def test_colors(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    environment: dict[str, str],
    colored: bool,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for args in (("rewrite", *flags), (*flags, "rewrite")):
        result = invoke(*args, "api", cwd=project)
        assert (COLORED in result.stdout.decode(), COLORED in result.stderr) == (colored, colored)


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
def test_the_width_is_that_of_the_terminal_where_the_text_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl
    import pty
    import struct
    import termios

    monkeypatch.delenv("COLUMNS", raising=False)
    controller, end = pty.openpty()
    with os.fdopen(end, "w") as stream:
        for width, used in ((50, 50), (30, 40), (300, 120), (0, 80)):
            fcntl.ioctl(controller, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
            assert terminal.columns(stream) == used
        monkeypatch.setenv("COLUMNS", "100")
        assert terminal.columns(stream) == 100
    os.close(controller)


# --- searches -----------------------------------------------------------------------------------


def test_what_git_ignores_is_not_searched(project: Path) -> None:
    shutil.copytree(project / "web", project / "out" / "web")
    (project / ".gitignore").write_text("out/\n/api/Dockerfile\n")
    assert names(invoke("check", "-q", ".", cwd=project).stdout.decode()) == ["web/Dockerfile"]
    # what is named is read all the same
    for path, file in (("out", "out/web/Dockerfile"), ("api/Dockerfile", "api/Dockerfile")):
        assert names(invoke("check", "-q", path, cwd=project).stdout.decode()) == [file]


@pytest.mark.parametrize(
    ("globs", "wanted"),
    [
        (("api",), ["small", "web"]),
        (("*b",), ["api", "small"]),
        (("web/Dockerfile", "api/"), ["small"]),
        (("Dockerfile.*",), ["api", "small", "web"]),
    ],
)
@pytest.mark.parametrize("command", ["rewrite", "explain", "config"])
def test_exclude(project: Path, command: str, globs: tuple[str, ...], wanted: list[str]) -> None:
    flags = [word for glob in globs for word in ("--exclude", glob)]
    form = ("--format", "json")
    result = invoke(command, ".", *flags, *form, cwd=project)
    assert result.stdout.count(b'"schema": 1') == len(wanted)
    for name in wanted:
        assert f'"file": "{name}/Dockerfile"'.encode() in result.stdout


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Dockerfile.md", False),
        ("Dockerfile.txt", False),
        ("Dockerfile.bak", False),
        ("Dockerfile.orig", False),
        ("Dockerfile.dockerignore", False),
        ("web.Dockerfile~", False),
        ("Dockerfile.go", True),
        ("Dockerfile.prod", True),
        ("web.Dockerfile", True),
        ("Containerfile", True),
    ],
)
def test_names_of_dockerfiles(tmp_path: Path, name: str, found: bool) -> None:
    (tmp_path / name).write_text(SMALL)
    result = invoke("check", ".", cwd=tmp_path)
    assert ("no Dockerfile in this directory" in result.stderr) != found


# --- totals, and what comes next ----------------------------------------------------------------


def test_total_of_several_files(project: Path) -> None:
    preview = invoke("rewrite", ".", cwd=project).stderr.splitlines()
    assert preview[-2:] == [
        "3 Dockerfiles: 2 would be rewritten, 1 unchanged; saves about 1.97 GB",
        "to apply: slimify rewrite --write .",
    ]
    written = invoke("rewrite", ".", "--write", cwd=project).stderr.splitlines()
    assert written[-1] == "3 Dockerfiles: 2 rewritten, 1 unchanged; saves about 1.97 GB"
    assert "  wrote web/Dockerfile" in written
    again = invoke("rewrite", ".", cwd=project).stderr.splitlines()
    assert again[-1] == "3 Dockerfiles: 3 unchanged"


def test_written_files_include_the_ignore_file(project: Path) -> None:
    (project / "api" / ".venv").mkdir()
    (project / "api" / ".venv" / "pyvenv.cfg").write_text("home = /usr\n")
    file = project / "api" / "Dockerfile"
    file.write_text(file.read_text().replace("COPY people.py ./", "COPY . ./"))
    assert invoke("rewrite", "-w", "api", cwd=project).stderr.endswith(
        "  wrote api/Dockerfile, api/.dockerignore\n"
    )
    assert (project / "api" / ".dockerignore").exists()


def test_the_command_that_applies_a_preview_has_its_options(project: Path) -> None:
    result = invoke("--quiet", "rewrite", "--base", "same", "web", cwd=project)
    assert "to apply" not in result.stderr
    result = invoke("rewrite", "--base", "slim", "web", cwd=project)
    assert result.stderr.endswith("to apply: slimify rewrite --write --base slim web\n")
    assert invoke("rewrite", "--write", "--base", "slim", "web", cwd=project).code == 0
    assert "FROM debian" in (project / "web" / "Dockerfile").read_text()


@pytest.mark.parametrize("command", ["rewrite", "explain", "verify", "check", "config"])
def test_hints_name_the_command(tmp_path: Path, command: str) -> None:
    result = invoke(command, "nowhere", cwd=tmp_path)
    assert result.code == 2
    assert result.stderr.startswith(
        f"nowhere: no such file\n  hint: name a Dockerfile, or a directory to search: slimify {command} .\n"
    )


@pytest.mark.parametrize("command", ["rewrite", "check", "explain", "pr", "scan"])
def test_usage_says_that_several_paths_may_be_given(command: str) -> None:
    usage = invoke(command, "--help").stdout.decode().splitlines()[0]
    assert usage.endswith(("PATH]...", "CODE]...", "PATH..."))


# --- check --------------------------------------------------------------------------------------


def test_statistics(project: Path) -> None:
    result = invoke("check", "--statistics", ".", cwd=project)
    assert result.stdout.decode().splitlines() == [
        "    1  SL301    977 MB  slim base",
        "    1  SL300    989 MB  minimal base",
    ]
    assert result.code == 1
    assert invoke("check", "--statistics", "--format", "json", ".", cwd=project).code == 2
    (project / "small" / "Dockerfile").write_text("go\n")
    assert "unknown instruction" in invoke("check", "--statistics", ".", cwd=project).stderr


def test_exit_zero_is_for_findings_only(project: Path) -> None:
    assert invoke("check", "--exit-zero", ".", cwd=project).code == 0
    (project / "small" / "Dockerfile").write_text("go\n")
    assert invoke("check", "--exit-zero", ".", cwd=project).code == 2


def test_one_line_of_help_at_the_end(project: Path) -> None:
    result = invoke("check", "--exclude", "small", "--base", "slim", ".", cwd=project)
    assert "shows" not in result.stdout.decode()
    assert result.stderr.splitlines()[-1] == (
        "slimify rewrite --base slim --exclude small . shows the changes, --write applies them"
    )


# --- other languages, samples, units -----------------------------------------------------------------------


JAVA = """\
FROM maven:3.9 AS build
COPY . .
RUN mvn package
FROM eclipse-temurin:21
COPY --from=build /app.jar /app.jar
CMD ["java", "-jar", "/app.jar"]
"""


def test_a_language_that_is_not_supported_yet_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(JAVA)
    result = invoke("check", cwd=tmp_path)
    assert (result.code, result.stderr) == (0, "1 Dockerfile: 1 not supported yet (Java)\n")
    assert "Java is not supported yet (supported: Go, Node.js, Python)" in " ".join(
        invoke("rewrite", cwd=tmp_path).stderr.split()
    )
    scanned = invoke("scan", cwd=tmp_path).stdout
    assert scanned.startswith(b"1 Dockerfile in 1 repository, nothing to save\n")
    assert b"1  not supported yet (Java)\n" in scanned
    (tmp_path / "Dockerfile.small").write_text(SMALL)
    assert "2 Dockerfiles: nothing to save, 1 not supported yet (Java)\n" in (
        invoke("check", ".", cwd=tmp_path).stderr
    )


def test_scan_counts_tests_and_examples_apart(project: Path) -> None:
    (project / "tests" / "data").mkdir(parents=True)
    shutil.move(project / "web", project / "tests" / "data")
    text = invoke("scan", ".", cwd=project).stdout.decode()
    assert text.startswith("2 Dockerfiles in 1 repository, about 977 MB to save\n")
    assert "Not counted: 1 Dockerfile below tests and examples, about 989 MB to save\n" in text
    assert "web/Dockerfile" not in text
    # no excuse where the samples themselves are asked for
    assert invoke("scan", "tests/data", cwd=project).stdout.decode().startswith("1 Dockerfile in 1 repos")


def test_windows_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell"]\nRUN dir\n'
    )
    assert invoke("rewrite", cwd=tmp_path).stderr.count("SL403") == 1


# --- explain ------------------------------------------------------------------------------------


def test_several_codes() -> None:
    text = invoke("explain", "sl301", "SL302").stdout.decode()
    assert ("SL301  slim base\n" in text, "SL302  same base image\n" in text) == (True, True)
    objects = invoke("explain", "SL301", "SL302", "--format", "json").stdout.splitlines()
    assert len(objects) == 2


def test_all_codes() -> None:
    lines = invoke("explain", "--list").stdout.decode().splitlines()
    assert lines[0] == "SL001  malformed Dockerfile"
    assert len(lines) > 100
    assert invoke("explain", "--list", "SL301").code == 2


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("301", "did you mean SL301?"),
        ("SL3O1", "did you mean SL301?"),
        ("SL3100", "did you mean SL300 or SL310"),
        ("SL1", "slimify explain --list lists all codes"),
    ],
)
def test_typing_errors_in_codes(tmp_path: Path, typed: str, hint: str) -> None:
    result = invoke("explain", "SL301", typed, cwd=tmp_path)
    assert result.code == 2
    assert b"SL301  slim base" in result.stdout
    assert f"slimify: unknown code {typed}\n  hint: {hint}" in result.stderr


def test_codes_and_paths_are_different_questions(project: Path) -> None:
    assert invoke("explain", "SL301", "web", cwd=project).code == 2
