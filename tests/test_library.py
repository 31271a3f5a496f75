"""The functions of the package, as a program calls them."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import GOLDEN

import slimify

INPUT = GOLDEN / "go-plain" / "input"
EXPECTED = GOLDEN / "go-plain" / "expected.Dockerfile"


@pytest.mark.parametrize("kind", [str, bytes])
def test_a_text_and_its_context(kind: type) -> None:
    data = (INPUT / "Dockerfile").read_bytes()
    outcome = slimify.rewrite(data if kind is bytes else data.decode(), str(INPUT))
    assert (outcome.kind, outcome.after) == ("rewritten", EXPECTED.read_text())
    assert slimify.diff(outcome).startswith("--- Dockerfile\n+++ Dockerfile\n")
    assert slimify.to_dict(outcome)["dockerfile"] == outcome.after


def test_a_text_alone_is_enough_to_say_no() -> None:
    assert slimify.rewrite("FROM alpine\n").kind == "unchanged"
    failed = slimify.rewrite("FORM alpine\n")
    assert failed.error is not None
    assert (failed.kind, failed.error.code) == ("failed", "SL002")


def test_options_are_those_of_the_command_line() -> None:
    data = (INPUT / "Dockerfile").read_bytes()
    options = slimify.Options(min_saving=slimify.MinSaving(bytes=10**12))
    assert slimify.rewrite(data, INPUT, options=options).kind == "unchanged"


def test_a_file_has_its_settings(tmp_path: Path) -> None:
    for file in INPUT.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    assert slimify.rewrite_file(tmp_path / "Dockerfile").rung == "minimal"
    (tmp_path / "slimify.toml").write_text('base = "slim"\n')
    assert slimify.rewrite_file(tmp_path / "Dockerfile").rung == "slim"
    assert slimify.rewrite_file(tmp_path / "Dockerfile", base="minimal").rung == "minimal"
    assert slimify.rewrite_file(tmp_path / "Nowhere").kind == "failed"


def test_several_files(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine\n")
    (tmp_path / "bad.Dockerfile").write_text("FORM alpine\n")
    todo = list(slimify.find([str(tmp_path), str(tmp_path / "none")]))
    results = list(slimify.rewrite_files(todo))
    assert [outcome.kind for _, outcome, _ in results] == ["unchanged", "failed", "failed"]
    explained = [outcome.kind for _, outcome in slimify.explain_files(todo)]
    assert explained == ["unchanged", "failed", "failed"]


def test_what_a_check_finds_can_be_accepted(tmp_path: Path) -> None:
    for file in INPUT.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    todo = list(slimify.find([str(tmp_path)]))
    options = slimify.CheckOptions(settings={"base": "slim"})
    (item,) = slimify.check_files(todo, options)
    assert item.finding is not None
    assert "--base slim" in item.command
    record = slimify.read_baseline(tmp_path / "known.json", new=True)
    accepted = list(slimify.compare_baseline([item], record, accept=True))
    assert slimify.update_baseline(record, accepted) == 1
    (again,) = slimify.compare_baseline([item], slimify.read_baseline(tmp_path / "known.json"))
    assert again.finding is not None
    assert again.finding.known


def test_a_code() -> None:
    entry = slimify.explain_code("SL204")
    assert entry is not None
    assert entry["page"].endswith("/SL204.html")
    assert slimify.explain_code("SL000") is None


def test_a_fleet() -> None:
    (row,) = [row for row in slimify.scan([str(INPUT)], processes=1) if row["file"].endswith("/Dockerfile")]
    assert (row["outcome"], row["rung"]) == ("rewritten", "minimal")


def test_a_proof_without_anything_to_compare(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine\n")
    outcome, proof = slimify.prove_file(tmp_path / "Dockerfile")
    assert (outcome.kind, proof) == ("unchanged", None)


def test_everything_that_is_promised_is_there_and_typed() -> None:
    assert [name for name in slimify.__all__ if not hasattr(slimify, name)] == []
    assert set(slimify.__all__) == {name for names in slimify._MODULES.values() for name in names}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        slimify.nothing  # noqa: B018


def test_no_name_is_that_of_a_module() -> None:
    # once imported, a module takes the place of the name in the package
    modules = {module.name for module in pkgutil.iter_modules(slimify.__path__)}
    assert sorted(modules & set(slimify.__all__)) == []


def test_an_import_alone_costs_nothing() -> None:
    script = "import slimify, sys; print([m for m in sys.modules if m.startswith('slimify.')])"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "[]\n"
