"""Which stage the repository deploys: each case is the names of the stages, files, and the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.analysis.deployed_stage import deployed_stage
from slimify.context.scan import scan
from slimify.syntax.dockerfile.parser import parse

BAKE = 'target "app" {\n  target = "%s"\n}\n'
COMPOSE = "services:\n  web:\n    build:\n      context: .\n      target: %s\n"
FLY = 'app = "a"\n[build]\n  build-target = "%s"\n'
MAKE = "image:\n\tdocker build --target %s -t a .\n"
STEP = "      - uses: docker/build-push-action@v5\n        with:\n          context: .\n"
WORKFLOW = f"jobs:\n  a:\n    steps:\n{STEP}%s"

CASES = {
    "one-stage": ("prod", {"fly.toml": FLY % "prod"}, ""),
    "no-file-says": ("prod dev", {}, ""),
    "the-last-one": ("dev prod", {"fly.toml": FLY % "prod"}, ""),
    "developers-build-another": ("dev prod", {"compose.yaml": COMPOSE % "dev"}, ""),
    "tests-build-another": ("test prod", {"Makefile": MAKE % "test"}, ""),
    "only-developers-build-it": ("cpu gpu", {"compose.yaml": COMPOSE % "cpu"}, ""),
    "the-last-one-as-well": (
        "prod dev",
        {"compose.yaml": COMPOSE % "prod", ".github/workflows/a.yml": WORKFLOW % ""},
        "",
    ),
    "two": ("web worker dev", {"docker-bake.hcl": BAKE % "web", "fly.toml": FLY % "worker"}, ""),
    "a-stage-that-is-not-there": ("prod dev", {"fly.toml": FLY % "release"}, ""),
    "another-file": ("prod dev", {"fly.toml": '[build]\ndockerfile = "x"\nbuild-target = "prod"\n'}, ""),
    "an-image": ("prod dev", {"fly.toml": '[build]\nimage = "x"\nbuild-target = "prod"\n'}, ""),
    "fly": ("prod dev", {"fly.toml": FLY % "prod"}, "prod"),
    "fly-before-any-other": ("cpu gpu", {"fly.toml": FLY % "cpu"}, "cpu"),
    "compose": ("prod dev", {"compose.yaml": COMPOSE % "Prod"}, "prod"),
    "compose-for-both": (
        "prod dev",
        {"compose.yaml": COMPOSE % "prod", "c/compose.yaml": COMPOSE % "dev"},
        "prod",
    ),
    "bake": ("prod other", {"docker-bake.hcl": BAKE % "prod"}, "prod"),
    "workflow": ("prod other", {".github/workflows/a.yml": WORKFLOW % "          target: prod\n"}, "prod"),
    "make": ("prod test", {"Makefile": MAKE % "prod"}, "prod"),
}


@pytest.mark.parametrize(("stages", "files", "deployed"), CASES.values(), ids=CASES)
def test_stages(stages: str, files: dict[str, str], deployed: str, tmp_path: Path) -> None:
    text = "".join(f"FROM alpine AS {name}\nRUN echo\n" for name in stages.split())
    for name, content in {"Dockerfile": text, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert deployed_stage(parse(text.encode()), scan(tmp_path), "Dockerfile") == deployed
