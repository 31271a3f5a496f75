"""`slimify config`, and templates of a project."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support import GOLDEN, invoke


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    shutil.copytree(GOLDEN / "go-plain" / "input", tmp_path / "web")
    return tmp_path


def test_where_settings_come_from(project: Path) -> None:
    (project / "slimify.toml").write_text(
        'keep-packages = ["git"]\nnonroot = true\n'
        '[bases]\n"debian" = "corp/debian"\n'
        '[files."web"]\nkeep-packages = ["curl"]\nmin-saving = "20MB"\n'
    )
    result = invoke("config", "web", "--base", "slim", "--format", "json", cwd=project)
    shown = json.loads(result.stdout)
    assert (result.code, shown["file"]) == (0, "web/Dockerfile")
    assert shown["settings_file"] == str(project / "slimify.toml")
    general, special = "slimify.toml", 'slimify.toml [files."web"]'
    expected = {
        "base": ("slim", ["command line"]),
        "keep-packages": (["git", "curl"], [general, special]),
        "min-saving": ("20MB", [special]),
        "nonroot": (True, [general]),
        "bases": ({"debian": "corp/debian"}, [general]),
        "builder": ("buildkit", ["default"]),
    }
    assert {name: tuple(shown["settings"][name].values()) for name in expected} == expected
    text = invoke("config", "web", cwd=project).stdout.decode().splitlines()
    assert text[0] == f"# web/Dockerfile: {project / 'slimify.toml'}"
    assert [" ".join(line.split()) for line in text if line.startswith("keep-packages")] == [
        f'keep-packages = ["git", "curl"] # {general}, {special}'
    ]


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [(["web"], "base = 1", "must be one of"), (["elsewhere"], "", "no such file")],
)
def test_no_settings_to_show(project: Path, arguments: list[str], settings: str, message: str) -> None:
    (project / "slimify.toml").write_text(settings)
    if arguments == ["elsewhere"]:
        arguments = ["elsewhere/"]
        (project / "elsewhere").mkdir()
        message = "no Dockerfile in this directory"
    result = invoke("config", *arguments, cwd=project)
    assert result.code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    "template",
    [
        pytest.param('{% include "stages.Dockerfile.j2" %}', id="the built-in one"),
        pytest.param(
            "{% for s in stages %}{{ '' if loop.first else newline }}{% for i in s['items'] %}"
            "{% if i.spaced and not loop.first %}{{ i.gap or newline }}{% endif %}{{ i.text }}"
            "{% endfor %}{% endfor %}",
            id="own loops",
        ),
    ],
)
def test_templates_that_lay_out_as_slimify_does(project: Path, template: str) -> None:
    expected = invoke("rewrite", "web", cwd=project).stdout
    assert b"+FROM golang:1.24 AS builder" in expected
    (project / "slimify.toml").write_text('templates = "layout"\n')
    (project / "layout" / "go").mkdir(parents=True)
    (project / "layout" / "go" / "stages.Dockerfile.j2").write_text(template)
    assert invoke("rewrite", "web", cwd=project).stdout == expected


@pytest.mark.parametrize(
    ("template", "code", "message"),
    [
        pytest.param(
            '{% include "stages.Dockerfile.j2" %}RUN true', 0, "SL409", id="says more than the plan"
        ),
        pytest.param("{{ ''.__class__.__mro__ }}", 2, "unsafe", id="reaches for Python"),
        pytest.param("{% for x in %}", 2, "Expected an expression", id="is malformed"),
        pytest.param("{{ nothing }}", 2, "undefined", id="names what is not there"),
        pytest.param("{% include '../secret' %}", 2, "../secret", id="leaves its directory"),
        pytest.param("# {% include 'go/link' %}", 2, "is a symlink", id="follows a link"),
        pytest.param(
            "# {% include 'linked/secret' %}", 2, "is a symlink", id="follows a link to a directory"
        ),
        pytest.param("# {% include 'go/large' %}", 2, "larger than 1 MB", id="reads much"),
        pytest.param("{% include 'go/stages.Dockerfile.j2' %}", 2, "recursion", id="includes itself"),
        pytest.param("{{ 'x' * 10**10 }}", 2, "MemoryError", id="writes much"),
        pytest.param(
            "{% for a in range(9999) %}{{ 'x' * 2999 }}{% endfor %}", 2, "10 MB", id="never stops writing"
        ),
        pytest.param(
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            2,
            "3 s",
            id="never ends",
        ),
        pytest.param("{{ 1 // 0 }}", 2, "by zero", id="divides by zero"),
        pytest.param(
            '# syntax=evil/x\n{% include "stages.Dockerfile.j2" %}', 0, "SL409", id="has another frontend"
        ),
        pytest.param(
            '{% include "stages.Dockerfile.j2" %}{{ "#" ~ " hunter2" }}', 0, "# hunter2", id="makes a comment"
        ),
    ],
)
def test_templates_that_are_not_used(
    project: Path, monkeypatch: pytest.MonkeyPatch, template: str, code: int, message: str
) -> None:
    (project / "slimify.toml").write_text('templates = "layout"\n')
    (project / "layout" / "go").mkdir(parents=True)
    (project / "layout" / "go" / "stages.Dockerfile.j2").write_text(template)
    (project / "secret").write_text("hunter3")
    (project / "layout" / "go" / "link").symlink_to(project / "secret")
    (project / "layout" / "linked").symlink_to(project)
    (project / "layout" / "go" / "large").write_bytes(b"#" * 1_000_001)
    monkeypatch.setattr("slimify.render.limits._SECONDS", 3)
    result = invoke("rewrite", "web", cwd=project)
    assert (result.code, result.stdout) == (code, b"")
    assert message in result.stderr
    assert "hunter3" not in result.stderr


def test_scan_takes_no_templates_from_a_repository(project: Path) -> None:
    (project / "slimify.toml").write_text('templates = "layout"\n')
    (project / "layout" / "go").mkdir(parents=True)
    (project / "layout" / "go" / "stages.Dockerfile.j2").write_text("{{ nothing }}")
    (row,) = map(
        json.loads, invoke("scan", "--jobs", "1", "--format", "json", ".", cwd=project).stdout.splitlines()
    )
    assert row["outcome"] == "rewritten"
    assert 'templates = "layout" writes files in your name' in row["reasons"][-1]
    words = ("scan", "--jobs", "1", "--format", "json", "--config", "slimify.toml", ".")
    (row,) = map(json.loads, invoke(*words, cwd=project).stdout.splitlines())
    assert row["outcome"] == "failed"
