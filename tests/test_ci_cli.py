"""`slimify ci`: new CI files, and those that are there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from support import GOLDEN, invoke


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    shutil.copytree(GOLDEN / "go-plain" / "input", tmp_path / "web")
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "file", "lines"),
    [
        pytest.param(
            "kaniko",
            "cloudbuild.yaml",
            [
                "--dockerfile=/workspace/web/Dockerfile",
                "--context=dir:///workspace/web",
                "--destination=eu.example/shop/web:1",
                "--cache=true",
                "--cache-ttl=48h",
            ],
            id="kaniko",
        ),
        pytest.param(
            "github",
            ".github/workflows/image.yml",
            [
                "registry: eu.example",
                "cache-from: type=gha,scope=web",
                "cache-to: type=gha,mode=max,scope=web",
            ],
            id="github",
        ),
        pytest.param(
            "gitlab",
            ".gitlab-ci.yml",
            [
                "--cache-to type=registry,ref=eu.example/shop/web:buildcache,mode=max",
                "--file web/Dockerfile",
                "image-web:",
            ],
            id="gitlab",
        ),
    ],
)
def test_a_new_file(project: Path, kind: str, file: str, lines: list[str]) -> None:
    arguments = ("ci", kind, "web", "--tag", "eu.example/shop/web:1", "--cache-ttl", "48")
    shown = invoke(*arguments, cwd=project)
    text = shown.stdout.decode()
    assert (shown.code, not (project / file).exists()) == (0, True)
    assert [line for line in lines if line not in text] == []
    assert yaml.safe_load(text)
    assert "eu.example/shop/web:1" in text
    written = invoke(*arguments, "--write", cwd=project)
    assert (written.code, written.stdout, (project / file).read_text()) == (0, b"", text)
    again = invoke(*arguments, "--write", "--format", "json", cwd=project)
    assert json.loads(again.stdout)["outcome"] == "unchanged"
    assert (project / file).read_text() == text


@pytest.mark.parametrize("kind", ["kaniko", "github", "gitlab", "buildx"])
def test_names_that_the_ci_gives(project: Path, kind: str) -> None:
    text = invoke("ci", kind, "Dockerfile", cwd=project / "web").stdout.decode()
    names = {
        "kaniko": "--destination=${_LOCATION}-docker.pkg.dev/$PROJECT_ID/${_REPOSITORY}/web",
        "github": "images: ghcr.io/${{ github.repository }}/web",
        "gitlab": "--tag $CI_REGISTRY_IMAGE/web:$CI_COMMIT_SHORT_SHA",
        "buildx": "--cache-from type=registry,ref=$IMAGE-buildcache",
    }
    assert names[kind] in text


def test_an_existing_file_is_changed_in_place(project: Path) -> None:
    old = "# ours\nsteps:\n- {name: gcr.io/kaniko-project/executor, args: [--destination=x, --context=web]}\n"
    (project / "cloudbuild.yaml").write_text(old)
    result = invoke("ci", "kaniko", "web/Dockerfile", cwd=project)
    assert result.stdout.decode().splitlines()[:2] == ["--- cloudbuild.yaml", "+++ cloudbuild.yaml"]
    assert (project / "cloudbuild.yaml").read_text() == old
    assert invoke("ci", "kaniko", "web/Dockerfile", "--write", cwd=project).code == 0
    new = old.replace("--context=web]", "--context=web, --cache=true, --cache-ttl=168h]")
    assert (project / "cloudbuild.yaml").read_text() == new


def test_an_existing_file_that_is_left_alone(project: Path) -> None:
    old = "build:\n  script:\n    - docker build -t x web\n"
    (project / ".gitlab-ci.yml").write_text(old)
    shown = invoke("ci", "gitlab", "web", cwd=project)
    assert shown.code == 0
    assert "belongs at line 3" in " ".join(shown.stderr.split())
    assert yaml.safe_load(shown.stdout)["image-web"]["script"]
    assert invoke("ci", "gitlab", "web", "--write", cwd=project).code == 3
    assert (project / ".gitlab-ci.yml").read_text() == old


def test_templates_of_the_project(project: Path) -> None:
    (project / "slimify.toml").write_text('templates = "ours"\n')
    (project / "ours" / "ci").mkdir(parents=True)
    (project / "ours" / "ci" / "buildx.j2").write_text("make image FILE={{ build.dockerfile }}\n")
    assert invoke("ci", "buildx", "web", cwd=project).stdout == b"make image FILE=web/Dockerfile\n"


@pytest.mark.parametrize("link", [".gitlab-ci.yml", ".github"])
def test_links_out_of_the_repository(
    project: Path, link: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (project / link).symlink_to(outside / "secret" if link.endswith("yml") else outside)
    kind = "gitlab" if link.endswith("yml") else "github"
    if kind == "gitlab":
        (outside / "secret").write_text("key: hunter2\n")
    shown = invoke("ci", kind, "web", "--write", cwd=project)
    assert shown.code == 4
    assert "is a symlink that leads out of the repository" in shown.stderr
    assert "hunter2" not in shown.stdout.decode() + shown.stderr
    assert [path.name for path in outside.iterdir()] == ["secret"] * (kind == "gitlab")
    assert kind == "github" or (outside / "secret").read_text() == "key: hunter2\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("kaniko", "nothing"), "no such file"), (("kaniko", "-"), "the path"), (("travis",), "travis")],
)
def test_wrong(project: Path, arguments: tuple[str, ...], message: str) -> None:
    result = invoke("ci", *arguments, cwd=project)
    assert result.code == 2
    assert message in result.stderr
