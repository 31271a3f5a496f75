"""Options of the command line: one definition each, the same in every command, with completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import invoke

from slimify import config
from slimify.cli import app

# Other options of the same name: what verify builds with, whose image analyze reads, what rewrite asks.
OTHERS = {("verify", "--builder"), ("analyze", "--engine"), ("rewrite", "--interactive")}
# What a command does with the answer is its own.
OWN_HELP = {"--format", "--html", "--output", "--platform", "--timeout", "--verify", "--write"}

GIVEN: dict[str, object] = {
    "base": "slim",
    "min_saving": config.MinSaving(percent=3, bytes=0),
    "build_args": {"A": "b=c", "D": ""},
    "builder": "kaniko",
    "cache_mounts": True,
    "nonroot": True,
    "debug_target": False,
    "drop_unused": True,
    "no_recommends": True,
    "lean": True,
    "single_stage": True,
    "dockerignore": False,
    "exclude_assets": True,
}


def options(command: str) -> dict[str, Any]:
    return {flag: o for o in app.command(command).params for flag in o.opts if flag.startswith("--")}


def test_an_option_is_the_same_in_every_command() -> None:
    seen: dict[str, tuple[object, ...]] = {}
    for command in app.COMMANDS:
        for flag, option in options(command).items():
            if flag not in OWN_HELP | {"--help"} and (command, flag) not in OTHERS:
                shown = (option.help, option.metavar, option.default, option.show_default)
                assert seen.setdefault(flag, shown) == shown, flag


def test_settings_on_the_command_line_are_read_back(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").touch()
    result = invoke("config", "--format", "json", *config.words(GIVEN), cwd=tmp_path)
    shown = json.loads(result.stdout)["settings"]
    given = {name: row["value"] for name, row in shown.items() if row["from"] == ["command line"]}
    assert given == {
        name.replace("_", "-"): value.text if isinstance(value, config.MinSaving) else value
        for name, value in GIVEN.items()
    }
    flags = {f"--{name.replace('_', '-')}".replace("args", "arg") for name in GIVEN}
    others = "--color --config --exclude --format --help --isolated --quiet --verbose".split()
    assert flags == options("config").keys() - {*others}


def test_defaults_of_the_settings_are_shown() -> None:
    help_ = " ".join(invoke("rewrite", "--help").stdout.decode().split())
    assert "--base <auto|minimal|slim|same>" in help_
    for default in (
        "(auto)",
        "(5%,5MB)",
        "(buildkit)",
        "(dockerignore)",
        "(the directory of the Dockerfile)",
    ):
        assert f"[default: {default}]" in help_


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rewrite", "--repair"), "--repair needs --verify"),
        (("scan", ".", "--no-run", "--engine", "podman"), "--no-run and --engine need --verify"),
        (("merge", "a", "--probe", "/"), "--probe needs --verify"),
    ],
    ids=str,
)
def test_options_of_a_proof_need_one(arguments: tuple[str, ...], message: str) -> None:
    result = invoke(*arguments)
    assert (result.code, result.stdout) == (2, b"")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("shell", "words", "completions"),
    [
        ("bash", ["ve"], ["verify"]),
        ("bash", ["rewrite", "--bu"], ["--build-arg", "--builder"]),
        ("bash", ["explain", "SL20"], ["SL200", "SL205"]),
        ("bash", ["explain", "SL200", "SL301", "sl20"], ["sl200", "sl205"]),
        ("zsh", ["check", "--base", "s"], ["slim", "same"]),
        ("zsh", ["check", "--exit"], ["--exit-zero"]),
        ("zsh", ["explain", "SL36"], ['"SL361":"static file excluded from the image"']),
        ("fish", ["explain", "SL36"], ["SL361\tstatic file excluded from the image"]),
        ("fish", ["ci", "g"], ["github", "gitlab"]),
    ],
    ids=str,
)
def test_completion(shell: str, words: list[str], completions: list[str]) -> None:
    line = " ".join(["slimify", *words])
    environment = os.environ | {
        "_SLIMIFY_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words)),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(
        [sys.executable, "-m", "slimify"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert [word for word in completions if word not in done.stdout] == []
    assert "rewrite" not in done.stdout


@pytest.mark.parametrize("word", ["", "s", "src/", "SL30/", "--fo"])
def test_completion_of_codes_leaves_other_words_alone(word: str) -> None:
    from slimify.cli.commands.explain import _complete

    assert list(_complete(word)) == []
