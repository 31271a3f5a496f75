"""Which directory counts as the repository where no version control says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify.context.repository import repository_of

COMPOSE = "services:\n  shop:\n    build: {0}\n"
BAKE = 'target "shop" {{\n  context = "{0}"\n}}\n'
CONTEXT = "apps/shop"


@pytest.mark.parametrize(
    ("files", "prefix"),
    [
        pytest.param({}, "", id="nothing"),
        pytest.param({"compose.yaml": COMPOSE.format(".")}, "", id="it-builds-its-own-directory"),
        pytest.param({"compose.yaml": COMPOSE.format("./apps/other")}, "", id="it-builds-another-one"),
        pytest.param({"compose.yaml": "services:\n  a:\n    image: shop\n"}, "", id="it-builds-nothing"),
        pytest.param({"compose.yaml": "services: [\n"}, "", id="it-is-malformed"),
        pytest.param({"values.yaml": COMPOSE.format("./apps/shop")}, "", id="another-name"),
        pytest.param({"ops/compose.yaml": COMPOSE.format("../apps/shop")}, "", id="beside-the-way-up"),
        pytest.param({"compose.yaml": COMPOSE.format("./apps/shop")}, CONTEXT, id="compose"),
        pytest.param({"docker-compose.yml": COMPOSE.format("{context: apps/shop}")}, CONTEXT, id="a-table"),
        pytest.param({"docker-bake.hcl": BAKE.format("apps/shop")}, CONTEXT, id="bake"),
        pytest.param({"apps/compose.yaml": COMPOSE.format("shop")}, "shop", id="the-nearest"),
    ],
)
def test_root(files: Mapping[str, str], prefix: str, tmp_path: Path) -> None:
    found = repository_of(_written(tmp_path, files))
    assert found.prefix == prefix
    assert bool(found.notes) is bool(prefix)


NAMED = {"compose.yaml": COMPOSE.format("./apps/shop")}


def test_directories_of_others_are_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = _written(tmp_path, NAMED)
    assert repository_of(context).root == tmp_path
    tmp_path.chmod(0o777)
    assert repository_of(context).root == context
    tmp_path.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(context, 4242, 4242)
        assert repository_of(context).root == context
        os.chown(context, 0, 0)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert repository_of(context).root == context
    monkeypatch.setenv("HOME", str(tmp_path / "apps"))
    assert repository_of(context).root == context


def test_version_control_comes_first(tmp_path: Path) -> None:
    context = _written(tmp_path, NAMED)
    (tmp_path / "apps" / ".git").mkdir()
    found = repository_of(context)
    assert (found.root, found.notes) == (tmp_path / "apps", ())


def test_links_are_not_followed(tmp_path: Path) -> None:
    context = _written(tmp_path / "a", {})
    (tmp_path / "compose.yaml").write_text(NAMED["compose.yaml"])
    (tmp_path / "a" / "compose.yaml").symlink_to(tmp_path / "compose.yaml")
    assert repository_of(context).root == context


def _written(root: Path, files: Mapping[str, str]) -> Path:
    context = root / CONTEXT
    context.mkdir(parents=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return context
