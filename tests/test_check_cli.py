"""`slimify check`: exit codes, what is printed where, the baseline."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from madeimages import MB, Content
from support import GOLDEN, ROOT, invoke
from unit.analysis.evidence.test_image_evidence import DYNAMIC, OPAQUE, SOURCES, opaque

SCHEMA = json.loads((ROOT / "slimify" / "report" / "schema.json").read_text("utf-8"))
GO = GOLDEN / "go-plain" / "input"
SMALL = "FROM alpine:3.20\nCMD echo hello\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a Dockerfile that can be smaller."""
    (tmp_path / ".git").mkdir()
    shutil.copytree(GO, tmp_path / "web")
    return tmp_path


def objects(stdout: bytes) -> list[dict[str, Any]]:
    values = [json.loads(line) for line in stdout.splitlines()]
    for value in values:
        jsonschema.validate(value, SCHEMA)
    return values


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("text", "code", "summary"),
    [
        pytest.param(SMALL, 0, "1 Dockerfile: nothing to save\n", id="nothing to do"),
        pytest.param(
            "FROM {{ base }}\n",
            0,
            "1 Dockerfile: 1 refused\n  slimify explain shows why",
            id="refused",
        ),
        pytest.param("# slimify: ignore\n{}", 0, "1 Dockerfile: 1 refused\n", id="left alone"),
        pytest.param("# slimify: ignore SL300 not ours\n{}", 0, "nothing to save\n", id="silenced"),
        pytest.param("{}", 1, "1 could be slimmer, by about 989 MB\n", id="finding"),
        pytest.param("go build -o x\n{}", 2, 'Dockerfile:1: unknown instruction "go"\n', id="malformed"),
        pytest.param("go build -o x\n{}", 2, "1 Dockerfile: 1 failed\n", id="malformed, counted"),
    ],
)
def test_exit_codes(project: Path, text: str, code: int, summary: str) -> None:
    file = project / "web" / "Dockerfile"
    file.write_text(text.replace("{}", file.read_text()))
    before = file.read_bytes()
    for form in ("text", "json"):
        result = invoke("check", "--format", form, cwd=project / "web")
        assert result.code == code
        assert summary in result.stderr
        assert bool(result.stdout) == (code == 1 or form == "json")
    assert file.read_bytes() == before


def test_the_gravest_exit_code_and_one_line_a_finding(project: Path) -> None:
    (project / "Dockerfile.small").write_text(SMALL)
    (project / "Dockerfile.template").write_text("FROM {{ base }}\n")
    assert invoke("check", ".", cwd=project).code == 1
    (project / "Dockerfile.wrong").write_text("FROM\n")
    result = invoke("check", ".", "missing", cwd=project)
    assert result.code == 2
    finding, excerpt = result.stdout.decode().splitlines()
    assert finding.startswith("web/Dockerfile:1: SL300 about 989 MB of 1.08 GB (91 %) would be saved: ")
    assert excerpt == "     1 | FROM golang:1.24"
    help_line = "slimify rewrite web/Dockerfile shows the change, --write applies it\n"
    assert result.stderr.endswith(help_line)
    assert "missing: no such file" in result.stderr
    assert "5 Dockerfiles: 1 could be slimmer, by about 989 MB, 1 refused, 2 failed\n" in result.stderr


@pytest.mark.parametrize(
    ("floor", "code"),
    [("99%", 0), ("990MB", 0), ("5%,990MB", 0), ("980MB", 1), ("90%", 1), ("0", 1)],
)
def test_min_saving(project: Path, floor: str, code: int) -> None:
    assert invoke("check", "--min-saving", floor, "web", cwd=project).code == code


def test_the_command_leads_to_the_same_change(project: Path) -> None:
    (project / "web").rename(project / "web shop")
    options = ("--context", "web shop", "--base", "slim", "--min-saving", "1%,2MB")
    options = (*options, *("--builder", "kaniko", "--no-dockerignore", "--build-arg", "A=b c"))
    (value,) = objects(invoke("check", *options, "--format", "json", "web shop", cwd=project).stdout)
    command = shlex.split(value["findings"][0]["command"])
    assert command == ["slimify", "rewrite", *options, "web shop/Dockerfile"]
    assert invoke(*command[1:], cwd=project).stdout.decode() == value["diff"] != ""


def test_an_image_as_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {**SOURCES, "Dockerfile": OPAQUE}.items():
        (tmp_path / name).write_text(content)
    made = opaque(opt__app__server=Content(size=9 * MB, elf=DYNAMIC))
    monkeypatch.setattr("slimify.app.analyze.read_image", lambda name: made)
    assert invoke("check", cwd=tmp_path).code == 0
    result = invoke("check", "--image", "shop:7", "--format", "json", cwd=tmp_path)
    (finding,) = objects(result.stdout)[0]["findings"]
    assert (result.code, finding["measured"]) == (1, True)
    assert finding["command"] == "slimify rewrite --image shop:7 Dockerfile"


def test_json(project: Path) -> None:
    (project / "Dockerfile").write_text(SMALL)
    small, web = objects(invoke("check", "--format", "json", ".", cwd=project).stdout)
    assert (small["file"], small["findings"]) == ("Dockerfile", [])
    (finding,) = web["findings"]
    fingerprint = finding.pop("fingerprint")
    assert finding.pop("text").startswith("the final stage starts from gcr.io/distroless/base-debian13, ")
    assert finding == {
        "code": "SL300",
        "path": "web/Dockerfile",
        "line": 1,
        "end_line": 1,
        "saving": web["estimate"]["saving"],
        "original": web["estimate"]["original"],
        "measured": False,
        "known": False,
        "command": "slimify rewrite web/Dockerfile",
    }
    # seen from another directory it is the same
    (inside,) = objects(invoke("check", "--format", "json", cwd=project / "web").stdout)
    assert (inside["file"], inside["findings"][0]["path"]) == ("Dockerfile", "web/Dockerfile")
    assert inside["findings"][0]["fingerprint"] == fingerprint


def test_standard_input(project: Path) -> None:
    text = (project / "web" / "Dockerfile").read_bytes()
    result = invoke("check", "--context", "web", "-", cwd=project, stdin=text)
    assert result.code == 1
    assert result.stdout.decode().startswith("<stdin>:1: SL300 ")


@pytest.mark.parametrize(
    "arguments",
    [("--update-baseline",), ("--repair",), ("--no-run",), ("--format", "yaml"), ("--min-saving", "much")],
    ids=" ".join,
)
def test_wrong_usage(project: Path, arguments: tuple[str, ...]) -> None:
    result = invoke("check", *arguments, "web", cwd=project)
    assert (result.code, result.stdout) == (2, b"")


# --- edits that leave a finding what it was -------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        pytest.param("FROM", "# a comment\n\nFROM", True, id="lines above"),
        pytest.param("COPY go.mod", "# why\nCOPY go.mod", True, id="lines below"),
        pytest.param("EXPOSE 8080", 'LABEL team="web"\nEXPOSE 8080', True, id="another instruction"),
        pytest.param(
            "RUN go build", "RUN apt-get update && apt-get install -y gcc\nRUN go build", True, id="step"
        ),
        pytest.param("golang:1.24", "golang:1.23-bookworm", True, id="another release"),
        pytest.param("golang:1.24", "corp/golang:1.24", False, id="another image"),
    ],
)
def test_fingerprints(project: Path, old: str, new: str, same: bool) -> None:
    def fingerprint() -> str:
        (value,) = objects(
            invoke("check", "--min-saving", "0", "--format", "json", "web", cwd=project).stdout
        )
        return str(value["findings"][0]["fingerprint"])

    before = fingerprint()
    edit(project / "web" / "Dockerfile", old, new)
    assert (fingerprint() == before) == same


# --- the baseline -------------------------------------------------------------------------------------------


def test_baseline(project: Path) -> None:
    arguments = ("check", ".", "--baseline", "known.json")
    missing = invoke(*arguments, cwd=project)
    assert (missing.code, missing.stdout) == (2, b"")
    assert "known.json: no such file\n  hint: --update-baseline creates it" in missing.stderr

    made = invoke(*arguments, "--update-baseline", cwd=project)
    assert (made.code, made.stdout) == (0, b"")
    assert made.stderr.endswith("known.json: 1 known finding\n")
    content = (project / "known.json").read_bytes()

    # old work does not block new work, neither does an edit of it
    edit(project / "web" / "Dockerfile", "FROM", "# moved\n\nFROM")
    again = invoke(*arguments, cwd=project)
    assert (again.code, again.stdout) == (0, b"")
    assert again.stderr == "1 Dockerfile: nothing new to save, 1 known\n"
    (value,) = objects(invoke(*arguments, "--format", "json", cwd=project).stdout)
    assert value["findings"][0]["known"] is True
    assert invoke(*arguments, "--update-baseline", cwd=project).code == 0
    assert (project / "known.json").read_bytes() == content

    # what is new is found
    shutil.copytree(GO, project / "api")
    new = invoke(*arguments, cwd=project)
    assert (new.code, new.stdout.count(b"\n")) == (1, 2)
    assert new.stdout.startswith(b"api/Dockerfile:1: ")
    # a run that looks at some files keeps what is known of the others
    assert invoke("check", "api", "--baseline", "known.json", "--update-baseline", cwd=project).code == 0
    assert invoke(*arguments, cwd=project).code == 0


def test_entries_that_are_not_found_any_more(project: Path) -> None:
    shutil.copytree(GO, project / "api")
    arguments = ("check", ".", "--baseline", "known.json")
    invoke(*arguments, "--update-baseline", cwd=project)
    (project / "web" / "Dockerfile").write_text(SMALL)
    told = invoke(*arguments, cwd=project)
    assert told.code == 0
    assert "  baseline: web/Dockerfile SL300 is no longer found\n  --update-baseline removes" in told.stderr
    shutil.rmtree(project / "web")
    # also seen from elsewhere in the repository, by a run that does not look at it
    told = invoke("check", ".", "--baseline", "../known.json", cwd=project / "api")
    assert (told.code, "web/Dockerfile SL300" in told.stderr) == (0, True)
    invoke("check", ".", "--baseline", "../known.json", "--update-baseline", cwd=project / "api")
    assert re.findall(r'"file": "(.*?)"', (project / "known.json").read_text()) == ["api/Dockerfile"]


def test_waste_that_is_added_to_a_known_finding_counts(project: Path) -> None:
    arguments = ("check", "web", "--baseline", "known.json")
    invoke(*arguments, "--update-baseline", cwd=project)
    step = "RUN apt-get update && apt-get install -y {}\nRUN go build"
    edit(project / "web" / "Dockerfile", "RUN go build", step.format("make"))
    assert invoke(*arguments, cwd=project).code == 0
    edit(project / "web" / "Dockerfile", "make", "make clang")
    assert invoke(*arguments, cwd=project).code == 1
    assert invoke(*arguments, "--min-saving", "1200MB", cwd=project).code == 0


def test_a_baseline_that_is_none(project: Path) -> None:
    (project / "known.json").write_text("[]")
    for more in ((), ("--update-baseline",)):
        result = invoke("check", "web", "--baseline", "known.json", *more, cwd=project)
        assert (result.code, "cannot read the baseline" in result.stderr) == (2, True)
    assert (project / "known.json").read_text() == "[]"


def test_a_baseline_that_leads_out_of_the_repository(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "known.json"
    assert invoke("check", "web", "--baseline", "known.json", "--update-baseline", cwd=project).code == 0
    (project / "known.json").rename(outside)
    (project / "known.json").symlink_to(outside)
    before = outside.read_bytes()
    for more in ((), ("--update-baseline",)):
        result = invoke("check", ".", "--baseline", "known.json", *more, cwd=project)
        assert (result.code, "leads out of the repository" in result.stderr) == (2, True)
    assert outside.read_bytes() == before
