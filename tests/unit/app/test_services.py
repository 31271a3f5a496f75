"""Compose and bake files on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.app.locate import build_context, options_for, targets
from slimify.app.services import Build, builds
from slimify.model.errors import SlimifyError

NOTHING = [
    ("compose.yaml", ""),
    ("compose.yaml", "services: 3"),
    ("compose.yaml", "services: {db: {image: postgres}}"),
    ("compose.yaml", "services: {web: {build: {dockerfile_inline: FROM scratch}}}"),
    ("compose.yaml", "services: {web: {build: 'https://example.com/web.git'}}"),
    ("compose.yaml", "services: {web: {build: '${WEB}'}}"),
    ("compose.yaml", "services: {web: {build: ., extends: {service: web}}}"[:30]),
    ("docker-bake.hcl", 'group "default" { targets = ["web"] }'),
    ("docker-bake.json", "["),
]


@pytest.mark.parametrize(("name", "text"), NOTHING)
def test_nothing_is_built(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SlimifyError, match="no service of this file builds"):
        builds(tmp_path / name)


SERVICES = [
    ("services: {web: {build: .}}", {}),
    ("services: {web: {build: {context: web}}}", {"context": "web", "dockerfile": "web/Dockerfile"}),
    ("services: {web: {build: {dockerfile: d/Web}}}", {"dockerfile": "d/Web"}),
    ("services: {web: {build: {args: {A: 3, B: '${B}'}}}}", {"args": {"A": "3"}}),
    ("services: {web: {build: {args: ['A=3', B]}}}", {"args": {"A": "3"}}),
    ("services: {web: {build: {target: base}}}", {"stage": "base"}),
    (
        "services: {web: {extends: {service: web, file: other/base.yaml}, build: {args: {A: '1'}}}}",
        {"context": "other/src", "dockerfile": "other/src/Dockerfile", "args": {"A": "1", "B": "2"}},
    ),
    (
        "services: {web: {extends: {service: web, file: other/base.yaml}, build: {args: ['A=1']}}}",
        {"context": "other/src", "dockerfile": "other/src/Dockerfile", "args": {"A": "1", "B": "2"}},
    ),
    (
        "include: [other/base.yaml]",
        {"context": "other/src", "dockerfile": "other/src/Dockerfile", "args": {"B": "2"}},
    ),
]


@pytest.mark.parametrize(("text", "wanted"), SERVICES)
def test_services(tmp_path: Path, text: str, wanted: dict[str, object]) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "base.yaml").write_text("services: {web: {build: {context: src, args: {B: '2'}}}}")
    (tmp_path / "compose.yaml").write_text(text)
    (build,) = builds(tmp_path / "compose.yaml")
    values = {"context": ".", "dockerfile": "Dockerfile", **wanted}
    places = {name: tmp_path / str(values.pop(name)) for name in ("context", "dockerfile")}
    assert build == Build(service="web", **places, **values)


def test_nothing_outside_the_repository_is_read(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("services: {web: {build: web}}")
    (tmp_path / "app" / ".git").mkdir(parents=True)
    (tmp_path / "app" / "compose.yaml").write_text(
        "services: {web: {extends: {service: web, file: ../base.yaml}}}"
    )
    with pytest.raises(SlimifyError, match="no service of this file builds"):
        builds(tmp_path / "app" / "compose.yaml")


OUTSIDE = [
    ("compose.yaml", "services: {web: {build: ../secret}}"),
    ("compose.yaml", "services: {web: {build: {context: ., dockerfile: ../secret/Dockerfile}}}"),
    ("compose.yaml", "services: {web: {build: {context: ., dockerfile: {top}/secret/Dockerfile}}}"),
    ("compose.yaml", "services: {web: {build: link}}"),
    ("docker-bake.hcl", 'target "default" { dockerfile = "{top}/secret/Dockerfile" }'),
]


@pytest.mark.parametrize(("name", "text"), OUTSIDE)
def test_nothing_outside_the_repository_is_built(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "Dockerfile").write_text("SECRET")
    (tmp_path / "app" / ".git").mkdir(parents=True)
    (tmp_path / "app" / "link").symlink_to("../secret")
    (tmp_path / "app" / name).write_text(text.replace("{top}", str(tmp_path)))
    with pytest.raises(SlimifyError, match="no service of this file builds"):
        builds(tmp_path / "app" / name)
    (tmp_path / ".git").mkdir()  # in one repository, all of it is the stranger's
    (tmp_path / "app" / ".git").rmdir()
    assert len(builds(tmp_path / "app" / name)) == 1


def test_a_file_that_leads_out_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {build: .}}")
    (tmp_path / "app" / ".git").mkdir(parents=True)
    (tmp_path / "app" / "compose.yaml").symlink_to("../compose.yaml")
    with pytest.raises(SlimifyError, match="cannot read"):
        builds(tmp_path / "app" / "compose.yaml")


def test_override_file_is_read_as_compose_does(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {build: web}}")
    (tmp_path / "compose.override.yaml").write_text("services: {web: {build: {args: {A: '1'}}}}")
    (build,) = builds(tmp_path / "compose.yaml")
    assert (build.context, build.args) == (tmp_path / "web", {"A": "1"})


def test_services_that_share_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM a AS base\nFROM b\n")
    services = (
        "{one: {build: {context: ., args: {A: 1, B: 2}}}, two: {build: {context: ., args: {A: 1, B: 3}}}}"
    )
    (tmp_path / "compose.yaml").write_text(f"services: {services}")
    (target,) = targets("compose.yaml")
    assert target.name == "Dockerfile"
    assert options_for(target, None, {}).build_args == {"A": "1"}
    assert options_for(target, None, {"build_args": {"A": "9"}}).build_args == {"A": "9"}


@pytest.mark.parametrize(
    ("stage", "remark"),
    [
        ("", ""),
        ("last", ""),
        ("LAST", ""),
        ("1", ""),
        ("base", "web builds the stage base; only the last stage"),
    ],
)
def test_other_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, remark: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docker-bake.hcl").write_text(f'target "web" {{ target = "{stage}" }}')
    (target,) = targets("docker-bake.hcl")
    context, said = build_context(target, b"FROM a AS base\nFROM b AS last\n")
    assert context == Path()
    assert said.startswith(remark)
    assert bool(said) == bool(remark)
