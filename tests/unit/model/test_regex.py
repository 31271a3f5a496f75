"""Regular expressions that are compiled when they are first used."""

import re
import time
from importlib import import_module

import pytest
from support import ROOT, slowness

from slimify.model.regex import regex

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "slimify").rglob("*.py")
    if "regex(" in path.read_text("utf-8")
)


def test_it_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    original = re.compile
    monkeypatch.setattr(re, "compile", lambda text, flags=0: compiled.append(text) or original(text, flags))
    pattern = regex("a(b)", re.IGNORECASE)
    assert (pattern.pattern, compiled) == ("a(b)", [])
    assert pattern.fullmatch("AB") is not None
    assert pattern.sub(r"\1", "xab") == "xb"
    assert compiled == ["a(b)"]
    with pytest.raises(AttributeError):
        _ = pattern.other  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", MODULES)
def test_each_of_a_module_is_valid(module: str) -> None:
    for value in vars(import_module(module)).values():
        if type(value) is type(regex("")):
            assert value.groups >= 0


# Texts of strangers that once took a pattern quadratic time: hours, for the megabyte that a file may have.
ENDLESS = [
    ("analysis.refusals", "_PLACEHOLDER", "{{"),
    ("analysis.refusals", "_PLACEHOLDER", "<%"),
    ("analysis.server_files", "_NAME", "_"),
    ("analysis.repository.run_commands", "_STAGE", "FROM \t"),
    ("context.build_scripts.jenkinsfile", "_SHELL", "\n"),
    ("context.build_scripts.jenkinsfile", "_FOLDER", "dir \n"),
    ("context.build_scripts.jenkinsfile", "_OPTION", "dir \n"),
    ("languages.go.commands.go_wrapper", "_COMMENT", "\n"),
]


@pytest.mark.parametrize(("module", "name", "piece"), ENDLESS)
def test_time_is_linear(module: str, name: str, piece: str) -> None:
    pattern = getattr(import_module(f"slimify.{module}"), name)
    start = time.process_time()
    for text in (piece * 50_000, piece + piece[-1] * 100_000 + "x"):
        pattern.search(text)
        pattern.findall(text)
    assert time.process_time() - start < 5 * slowness()
