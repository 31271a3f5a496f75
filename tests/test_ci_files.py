"""What others' CI takes from this repository: the pre-commit hook, the GitHub action, the GitLab component.

They are read against the schemas of their services, and their shell steps are run as the services run them.
With `-m index` slimify is installed by them, too, as it is for users.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from imagefiles import docker_members, member, tar
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support import GOLDEN, ROOT, invoke

GUIDE = (ROOT / "docs" / "how-to" / "ci.md").read_text("utf-8")
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HEADER, COMPONENT = yaml.safe_load_all((ROOT / "templates" / "check.yml").read_text("utf-8"))
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
SMALL = "FROM alpine:3.20\nCMD echo hello\n"
PROGRAMS = Path(sys.executable).parent

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shells of POSIX")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a Dockerfile that can be smaller, and one that can't."""
    project = tmp_path / "project"
    shutil.copytree(GOLDEN / "go-plain" / "input", project / "a web")
    (project / "Dockerfile.small").write_text(SMALL)
    subprocess.run(["git", "init", "--quiet", project], check=True)
    subprocess.run(["git", "add", "."], cwd=project, check=True)
    return project


def schema(name: str) -> dict[str, Any]:
    """A schema that check-jsonschema brings; its code is not run."""
    spec = importlib.util.find_spec("check_jsonschema")
    if spec is None or spec.origin is None:
        pytest.skip("check-jsonschema is not installed")
    file = Path(spec.origin).parent / "builtin_schemas" / "vendor" / f"{name}.json"
    return json.loads(file.read_text("utf-8"))  # type: ignore[no-any-return]


def environment(**values: str) -> dict[str, str]:
    """What a program of ours needs, and nothing else of this machine."""
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "REQUESTS_")) or k == "HOME"}
    return {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", **kept, **values}


# --- pre-commit --------------------------------------------------------------------------------------------


def test_the_hook_is_one() -> None:
    pytest.importorskip("pre_commit")
    done = subprocess.run(
        [PROGRAMS / "pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"],
        capture_output=True,
        env={name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"},
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert [hook["id"] for hook in HOOKS if f"id: {hook['id']}" in GUIDE] == ["slimify-check"]
    assert all(f"| `{hook['id']}` |" in GUIDE for hook in HOOKS)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("main.go", False),
        ("Dockerfile.dockerignore", False),
        ("web/vendor/x/Dockerfile", False),
        ("node_modules/x/Dockerfile", False),
        ("Dockerfile", True),
        ("web/Dockerfile.small", True),
        ("web/small.Dockerfile", True),
        ("vendors/Containerfile", True),
    ],
)
def test_the_hook_takes_dockerfiles(name: str, taken: bool) -> None:
    identify = pytest.importorskip("identify.identify")
    for hook in HOOKS:
        kind = set(hook["types"]).issubset(identify.tags_from_filename(name))
        assert (kind and not re.search(hook["exclude"], name)) == taken


@pytest.mark.index
def test_pre_commit(project: Path, tmp_path: Path) -> None:
    pytest.importorskip("pre_commit")

    def run(*options: str, hook: str = "slimify-check") -> tuple[int, str]:
        done = subprocess.run(
            [PROGRAMS / "pre-commit", "try-repo", ROOT, hook, *options],
            cwd=project,
            env=environment(PRE_COMMIT_HOME=str(tmp_path / "hooks")),
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout

    code, text = run("--files", "Dockerfile.small", "a web/main.go")
    assert (code, re.search(r"slimify check\.+Passed", text) is not None) == (0, True), text
    code, text = run("--all-files")
    assert (code, "a web/Dockerfile:1: SL300 about 989 MB" in text) == (1, True), text
    assert "2 Dockerfiles: 1 could be slimmer" in text
    code, text = run("--all-files", hook="slimify-rewrite")
    assert (code, "files were modified by this hook" in text) == (1, True), text
    expected = (GOLDEN / "go-plain" / "expected.Dockerfile").read_bytes()
    assert (project / "a web" / "Dockerfile").read_bytes() == expected
    assert run("--all-files", hook="slimify-rewrite")[0] == 0


# --- GitHub ------------------------------------------------------------------------------------------------


def test_the_action_is_one() -> None:
    jsonschema.validate(ACTION, schema("github-actions"))
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    # an expression in a script is text of others that becomes a program
    assert not any("${{" in script for script in scripts)
    text = (ROOT / "action.yml").read_text("utf-8")
    assert set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", text)) == set(ACTION["inputs"])
    assert [name for name in ACTION["inputs"] if f"`{name}`" not in GUIDE] == []


class Runner:
    """Runs the steps of the action that are scripts, with what it puts in for their expressions."""

    def __init__(self, project: Path, scratch: Path, **inputs: str) -> None:
        self.project, self.scratch = project, scratch
        defaults = {name: str(value.get("default", "")) for name, value in ACTION["inputs"].items()}
        self.inputs = defaults | {name.replace("_", "-"): value for name, value in inputs.items()}
        self.outputs: dict[str, str] = {}

    def run(self, *names: str) -> subprocess.CompletedProcess[str]:
        for step in ACTION["runs"]["steps"]:
            if "run" in step and step["id"] in names:
                done = self._step(step)
                if done.returncode != 0:
                    break
        return done

    def _step(self, step: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        output = self.scratch / "output"
        output.write_text("")
        values = {name: self._value(text) for name, text in step.get("env", {}).items()}
        runner = {
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.scratch / "summary.md"),
            "GITHUB_REPOSITORY": "acme/shop",
            "RUNNER_TEMP": str(self.scratch),
            "GITHUB_ACTION_PATH": str(ROOT),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.project,
            env=environment(**values, **runner),
            capture_output=True,
            text=True,
        )
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            self.outputs[f"{step['id']}.{name}"] = value
        return done

    def _value(self, text: str) -> str:
        found = re.fullmatch(r"\$\{\{ (.*) \}\}", text)
        assert found is not None
        for term in found[1].split(" || "):
            kind, name, *rest = term.split(".")
            if kind == "github":
                return "7"  # the number of the pull request
            value = self.inputs[name] if kind == "inputs" else self.outputs.get(f"{name}.{rest[1]}", "")
            if value:
                return value
        return ""


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    directory = tmp_path / "runner temp"
    directory.mkdir()
    return directory


def installed(project: Path, scratch: Path, **inputs: str) -> Runner:
    """A runner on which slimify is there already."""
    runner = Runner(project, scratch, **inputs)
    runner.outputs["install.slimify"] = str(PROGRAMS / "slimify")
    return runner


@pytest.mark.parametrize(
    ("inputs", "code", "outcome"),
    [
        pytest.param({"paths": "Dockerfile.small"}, 0, "0", id="nothing found"),
        pytest.param({}, 1, "1", id="found"),
        pytest.param({"fail": "false"}, 0, "1", id="found, and that is no failure"),
        pytest.param({"paths": "\na web\n"}, 1, "1", id="a path with a blank"),
        pytest.param({"paths": "a web\nDockerfile.small\n", "min_saving": "99%"}, 0, "0", id="too little"),
        pytest.param({"options": "--base=same\n--min-saving=100MB"}, 0, "0", id="options"),
        pytest.param({"paths": "missing", "fail": "false"}, 2, "2", id="an error is always one"),
        pytest.param({"paths": "--help"}, 2, "2", id="a path is no option"),
        pytest.param({"paths": "$(touch x)`touch x`"}, 2, "2", id="nor a script"),
    ],
)
def test_the_action_checks(
    project: Path, scratch: Path, inputs: dict[str, str], code: int, outcome: str
) -> None:
    runner = installed(project, scratch, **inputs)
    done = runner.run("check")
    assert (done.returncode, runner.outputs["check.code"]) == (code, outcome), done.stderr
    assert ("::warning file=a web/Dockerfile,line=1," in done.stdout) == (outcome == "1")
    assert not (project / "x").exists()
    if outcome in "01":
        summary = (scratch / "summary.md").read_text()
        assert summary.startswith("### slimify\n\n")
        row = r"^\| a web/Dockerfile \| 1\.\d+ GB \| \d+ MB \| about 9\d\d MB "
        assert (re.search(row, summary, re.MULTILINE) is not None) == (outcome == "1")


def test_the_action_writes_sarif(project: Path, scratch: Path) -> None:
    done = installed(project, scratch, sarif="out.sarif").run("check")
    assert (done.returncode, done.stdout[:17]) == (1, "a web/Dockerfile:")
    assert len(json.loads((project / "out.sarif").read_text())["runs"][0]["results"]) == 1


def test_the_action_knows_a_baseline(project: Path, scratch: Path) -> None:
    made = installed(project, scratch, baseline="known.json", options="--update-baseline").run("check")
    again = installed(project, scratch, baseline="known.json").run("check")
    assert (made.returncode, again.returncode, again.stdout) == (0, 0, "")


def test_the_action_finds_python(project: Path, scratch: Path) -> None:
    runner = Runner(project, scratch)
    assert runner.run("found").returncode == 0
    version = [runner.outputs["found.python"], "-c", "import sys; print(sys.version_info >= (3, 11))"]
    assert subprocess.run(version, capture_output=True, check=True).stdout == b"True\n"


@pytest.mark.parametrize("known", ["", "42"], ids=["first run", "later run"])
def test_the_action_comments_sizes(
    project: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    """With a `gh` that records what it is called with, and knows the comment of the run before or none."""
    programs = scratch / "programs"
    programs.mkdir()
    called = scratch / "called"
    (programs / "gh").write_text(
        f'#!/bin/sh\necho "$@" >>"{called}"\ncase "$*" in *--jq*) printf "%s" "{known}" ;; esac\n'
    )
    (programs / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    for name in ("old", "new"):
        members = docker_members([tar(member("srv/x", name.encode()))], names=(f"app:{name}",))
        (scratch / f"{name}.tar").write_bytes(tar(*(member(key, data) for key, data in members.items())))
    images = f"{scratch}/old.tar\n{scratch}/new.tar\n"
    done = installed(project, scratch, images=images, token="t").run("compare")
    assert done.returncode == 0, done.stderr
    report = (scratch / "slimify-sizes.md").read_text()
    assert report.startswith("<!-- slimify: sizes -->\n")
    assert (scratch / "summary.md").read_text() == report
    look, send = called.read_text().splitlines()
    assert look.startswith("api repos/acme/shop/issues/7/comments --paginate ")
    way = "PATCH repos/acme/shop/issues/comments/42" if known else "POST repos/acme/shop/issues/7/comments"
    assert send == f"api --method {way} --field body=@{scratch}/slimify-sizes.md --silent"


@pytest.mark.index
def test_the_action_from_its_first_step_to_its_last(project: Path, scratch: Path) -> None:
    done = Runner(project, scratch).run("found", "name", "install", "check")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::warning file=a web/Dockerfile,line=1,")
    assert (scratch / "slimify" / "bin" / "slimify").exists()


# --- GitLab ------------------------------------------------------------------------------------------------


def interpolated(value: Any, inputs: dict[str, Any]) -> Any:
    """What GitLab makes of `$[[ inputs.… ]]`: what stands alone keeps its type."""
    if isinstance(value, dict):
        return {interpolated(k, inputs): interpolated(v, inputs) for k, v in value.items()}
    if isinstance(value, list):
        return [interpolated(item, inputs) for item in value]
    if not isinstance(value, str):
        return value
    alone = re.fullmatch(r"\$\[\[ inputs\.([\w-]+) \]\]", value)
    if alone is not None:
        return inputs[alone[1]]
    return re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: str(inputs[found[1]]), value)


def job(**inputs: str) -> dict[str, Any]:
    defaults = {name: (value or {}).get("default") for name, value in HEADER["spec"]["inputs"].items()}
    values = defaults | {name.replace("_", "-"): value for name, value in inputs.items()}
    whole = interpolated(COMPONENT, values)
    jsonschema.validate(whole, schema("gitlab-ci"))
    (found,) = whole.values()
    return found  # type: ignore[no-any-return]


def test_the_component_is_one() -> None:
    jsonschema.validate(HEADER, schema("gitlab-ci"))
    inputs = HEADER["spec"]["inputs"]
    assert [name for name, value in inputs.items() if "default" not in value] == ["package"]
    text = (ROOT / "templates" / "check.yml").read_text("utf-8")
    assert set(re.findall(r"\$\[\[ inputs\.([\w-]+) \]\]", text)) == set(inputs)
    assert [name for name in inputs if f"`{name}`" not in GUIDE] == []
    assert job(package="slimify")["allow_failure"] is False
    # what an input says is no place for the values of others
    assert all(variable["expand"] is False for variable in job(package="slimify")["variables"].values())
    # GitLab takes files of this name and template.yml in directories for components
    others = [path.name for path in (ROOT / "templates").rglob("*.yml")]
    assert others == ["check.yml"]


def scripted(
    job: dict[str, Any], project: Path, *, before: str = "", steps: slice
) -> subprocess.CompletedProcess[str]:
    """The lines of a job are one script of a shell that stops at the first failure."""
    lines = "\n".join([before, *job["script"][steps]])
    values = {name: str(variable["value"]) for name, variable in job["variables"].items()}
    return subprocess.run(
        ["sh", "-e", "-c", lines], cwd=project, env=environment(**values), capture_output=True, text=True
    )


@pytest.fixture
def venv(tmp_path: Path) -> Iterator[Path]:
    """Where slimify is there already."""
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "bin").symlink_to(PROGRAMS)
    return tmp_path / "venv"


@pytest.mark.parametrize(
    ("inputs", "code", "number"),
    [
        pytest.param({"paths": "Dockerfile.small"}, 0, 0, id="nothing found"),
        pytest.param({}, 1, 1, id="found"),
        pytest.param({"min_saving": "99%"}, 0, 0, id="too little"),
        pytest.param({"options": "--base=same --min-saving=100MB"}, 0, 0, id="options"),
        pytest.param({"baseline": "missing.json"}, 2, None, id="no baseline"),
    ],
)
def test_the_component_checks(
    project: Path, venv: Path, inputs: dict[str, str], code: int, number: int | None
) -> None:
    found = job(package="slimify", **inputs)
    done = scripted(found, project, before=f"venv={venv}", steps=slice(3, None))
    assert done.returncode == code, done.stderr
    report = project / found["artifacts"]["reports"]["codequality"]
    assert (len(json.loads(report.read_text())) if report.exists() else None) == number


def test_workflows_are_ones_and_have_few_rights() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text("utf-8"))
        # to YAML, `on` is a truth value
        jsonschema.validate({"on": workflow.pop(True), **workflow}, schema("github-workflows"))
        assert workflow["permissions"] in ({}, {"contents": "read"})
        for job in workflow["jobs"].values():
            wide = {right for right, level in job.get("permissions", {}).items() if level == "write"}
            assert wide <= {"attestations", "id-token", "packages"}
            assert "timeout-minutes" in job


def test_the_site_is_built_as_it_is_checked() -> None:
    settings = yaml.safe_load((ROOT / "docs" / ".readthedocs.yaml").read_text("utf-8"))
    jsonschema.validate(settings, schema("readthedocs"))
    assert settings["sphinx"] == {"configuration": "docs/conf.py", "fail_on_warning": True}


def test_the_image_of_slimify_is_what_slimify_makes() -> None:
    result = invoke("rewrite", "container/careless.Dockerfile", "--output", "-", cwd=ROOT)
    assert result.stdout == (ROOT / "container" / "Dockerfile").read_bytes()


def test_actions_are_named_by_commit() -> None:
    files = [ROOT / "action.yml", *(ROOT / ".github" / "workflows").glob("*.yml")]
    uses = [line for file in files for line in file.read_text("utf-8").splitlines() if "uses:" in line]
    assert [line for line in uses if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d", line)] == []
    assert uses


@pytest.mark.parametrize("groups", [[], ["dev"], ["dev", "docs"]], ids=["runtime", "dev", "docs"])
def test_what_is_locked_is_whole(groups: list[str]) -> None:
    lines = subprocess.run(
        [sys.executable, ROOT / ".ci" / "locked.py", *groups], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    names = [line.partition("==")[0] for line in lines if "==" in line and "--hash" not in line]
    assert len(names) == len(set(names))
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*table["project"]["dependencies"], *table["build-system"]["requires"]]
    wanted += [text for group in groups for text in table["dependency-groups"][group]]
    assert {canonicalize_name(Requirement(text).name) for text in wanted} <= set(names)
    pinned = dict(line.split(" ;")[0].split(" \\")[0].split("==") for line in lines if "--hash" not in line)
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])
    assert all(line.startswith("    --hash=sha256:") for line in lines if "--hash" in line)
    assert sum("--hash" in line for line in lines) >= len(names)


@pytest.mark.index
def test_the_component_installs_what_is_locked(project: Path, tmp_path: Path) -> None:
    locked = subprocess.run(
        [sys.executable, ROOT / ".ci" / "locked.py"], capture_output=True, text=True, check=True
    ).stdout
    (tmp_path / "locked.txt").write_text(locked)
    done = scripted(
        job(package=str(ROOT), requirements=str(tmp_path / "locked.txt")), project, steps=slice(None)
    )
    assert done.returncode == 1, done.stderr
    (tmp_path / "locked.txt").write_text(re.sub(r"sha256:\w+", "sha256:" + "0" * 64, locked))
    done = scripted(
        job(package=str(ROOT), requirements=str(tmp_path / "locked.txt")), project, steps=slice(None)
    )
    assert (done.returncode, "HASH" in done.stderr.upper()) == (1, True)


@pytest.mark.index
def test_the_component_from_its_first_line_to_its_last(project: Path) -> None:
    """What its wheel lists is installed, by hashes."""
    done = scripted(job(package=str(ROOT)), project, before="set -x", steps=slice(None))
    assert done.returncode == 1, done.stderr
    assert re.search(r"install --require-hashes -r \S+/slimify/requirements.txt", done.stderr)
    assert done.stdout.startswith("a web/Dockerfile:1: SL300 ")
