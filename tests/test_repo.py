"""What the project promises about itself: budgets, documentation, reason codes, golden cases."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from support import GOLDEN, ROOT

from slimify.cli import app

PACKAGE = ROOT / "slimify"
MODULES = sorted(PACKAGE.rglob("*.py"))
CODE = re.compile(r"""["'](SL\d{3})["']""")

PARSERS = {"jinja2", "libcst", "msgspec", "packaging", "pydantic", "rich.console", "tree_sitter", "yaml"}
PLANNING = {"msgspec", "tree_sitter"}


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        pytest.param(["--version"], set(), id="version"),
        pytest.param(["--help"], set(), id="help"),
        pytest.param(["explain", "SL310"], {"msgspec"}, id="code"),
        pytest.param(["rewrite", "go-plain"], PLANNING, id="go"),
        pytest.param(["rewrite", "node-plain-npm"], PLANNING, id="node"),
        pytest.param(["rewrite", "py-requirements"], PLANNING | {"libcst"}, id="python"),
        pytest.param(["check", "go-plain"], PLANNING, id="check"),
        pytest.param(["check", "go-plain", "--format", "json"], PLANNING, id="check as json"),
    ],
)
def test_start_up_imports_only_what_the_command_needs(
    arguments: list[str], needed: set[str], tmp_path: Path
) -> None:
    script = (
        "import sys; from slimify.__main__ import main\n"
        "try: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    language = ""
    if arguments[0] in ("rewrite", "check"):
        command, case, *options = arguments
        language = {"py": "python"}.get(case.partition("-")[0], case.partition("-")[0])
        # by itself: the workflows of this repository are no part of the case
        shutil.copytree(GOLDEN / case / "input", tmp_path / case)
        arguments = [command, str(tmp_path / case), *options]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == (1 if arguments[0] == "check" else 0)
    loaded = set(done.stderr.splitlines()[-1].split())
    version = arguments == ["--version"]
    assert ("slimify.cli.app" in loaded, "typer" in loaded) == (not version, not version)
    assert PARSERS & loaded <= needed
    # what the other languages need
    names = ("go", "node", "python")
    makes = "slimify.semantics.effects.make"  # no example calls make
    assert makes not in loaded
    plans = {
        name: {f"slimify.languages.{name}.planning.{part}" for part in ("layouts", "development")}
        for name in names
    }
    assert {name for name in names if plans[name] & loaded} == ({language} if language else set())
    assert "slimify.image.model" not in loaded
    if arguments[0].startswith("--"):
        ours = {
            "slimify.__main__",
            "slimify.cli",
            "slimify.cli.terminal",
            *([] if version else ["slimify.cli.app"]),
        }
        assert {name for name in loaded if name.startswith("slimify.")} == ours


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_one_thing(module: Path) -> None:
    assert len(module.read_text("utf-8").splitlines()) <= 400


def test_unit_tests_have_the_names_of_modules() -> None:
    unit = ROOT / "tests" / "unit"
    names = {m.relative_to(PACKAGE).with_suffix("").as_posix().removesuffix("/__init__") for m in MODULES}
    strange = []
    for path in unit.rglob("test_*.py"):
        place = path.relative_to(unit)
        about = (place.parent / place.stem.removeprefix("test_")).as_posix()
        # a module with many cases has further files behind its name: test_layouts_copies
        if not any(about == name or about.startswith(f"{name}_") for name in names) and place not in _OTHERS:
            strange.append(place.as_posix())
    assert strange == []


# About the tests' own servers, and about a package as a whole.
_OTHERS = {Path("publish/test_forge_contracts.py"), Path("config/test_config.py")}


def test_every_directory_of_modules_is_a_package() -> None:
    # import-linter does not see the others
    assert [m for m in {module.parent for module in MODULES} if not (m / "__init__.py").exists()] == []


def test_the_update_flag_is_off_where_it_would_hide_failures() -> None:
    assert not (os.environ.get("SLIMIFY_UPDATE") and os.environ.get("CI"))


# --- documentation --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", app.COMMANDS)
def test_help_says_of_a_command_what_its_own_help_begins_with(name: str) -> None:
    assert (app.command(name).help or "").split("\n")[0] == app.COMMANDS[name]


# --- reason codes ---------------------------------------------------------------------------------


def known_codes() -> dict[str, dict[str, Any]]:
    return tomllib.loads((PACKAGE / "codes" / "codes.toml").read_text("utf-8"))


def used_codes() -> set[str]:
    """Codes that stand in the source or in facts other than the list of codes itself."""
    files = [*MODULES, *PACKAGE.glob("**/facts/*.toml")]
    return {code for file in files for code in CODE.findall(file.read_text("utf-8"))}


def test_every_code_is_explained_and_used() -> None:
    assert sorted(used_codes() ^ known_codes().keys()) == []


def test_codes_say_what_explain_prints() -> None:
    for code, entry in known_codes().items():
        assert re.fullmatch(r"SL\d{3}", code)
        assert {"title", "why", "safety"} <= entry.keys() <= {"title", "why", "when_not", "safety", "text"}
        assert all(entry.values()), code
        assert entry["safety"] in {"safe", "assumed", "advice", "refusal", "error"}, code


OWN = {"safety", "line"}  # arguments of Decision.of that are no part of the sentence


@cache
def made() -> tuple[tuple[str, ast.Call], ...]:
    """Every call of Reason.of and Decision.of, with its place."""
    return tuple(_calls())


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for path in MODULES:
        source = path.read_text("utf-8")
        for node in ast.walk(ast.parse(source)) if ".of(" in source else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "of":
                of = node.func.value
                if isinstance(of, ast.Name) and of.id in ("Reason", "Decision"):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node


def wanted(template: str) -> set[str]:
    """The arguments of a wording."""
    return {name.partition(".")[0] for _, name, _, _ in Formatter().parse(template) if name}


def test_every_decision_has_a_wording_and_gives_what_it_asks_for() -> None:
    wrong, table = [], known_codes()
    for place, call in made():
        code, form = (a.value if isinstance(a, ast.Constant) else None for a in call.args)
        template = table.get(code, {}).get("text", {}).get(form)
        given = {k.arg for k in call.keywords} - OWN
        if template is None or given != wanted(template):
            wrong.append((place, code, form, given, template))
    assert wrong == []


def test_every_wording_is_used() -> None:
    used = {tuple(a.value for a in call.args if isinstance(a, ast.Constant)) for _, call in made()}
    listed = {(code, form) for code, row in known_codes().items() for form in row.get("text", ())}
    assert sorted(listed - used) == []


# --- golden cases, strategies, packaging ----------------------------------------------------------


@pytest.mark.parametrize("case", sorted(GOLDEN.iterdir()), ids=lambda path: path.name)
def test_golden_cases_are_whole(case: Path) -> None:
    values = tomllib.loads((case / "case.toml").read_text("utf-8"))
    assert (case / "input" / values.get("file", "Dockerfile")).is_file()
    assert (case / "expected.Dockerfile").exists() == (values["outcome"] == "rewritten")


def test_engine_cases_that_stand_for_the_others() -> None:
    values = [tomllib.loads(path.read_text("utf-8")) for path in GOLDEN.glob("*/case.toml")]
    chosen = [value for value in values if value.get("engine", {}).get("ci")]
    assert len(chosen) <= 12
    assert {value["language"] for value in chosen} == {"go", "node", "python"}
    assert {value["rung"] for value in chosen} == {"minimal", "slim", "same-base", "cleanup"}


def test_lock_file_names_only_the_public_index() -> None:
    lock = (ROOT / "uv.lock").read_text("utf-8")
    assert set(re.findall(r"https?://([^/\"]+)", lock)) == {"files.pythonhosted.org", "pypi.org"}


def test_schema_names_every_rung_and_role() -> None:
    from typing import get_args

    from slimify.model import decisions, plan

    schema = json.loads((PACKAGE / "report" / "schema.json").read_text("utf-8"))
    assert schema["properties"]["rung"]["enum"] == list(get_args(plan.Rung))
    assert schema["$defs"]["role"]["enum"] == list(get_args(decisions.Role))
    safety = schema["$defs"]["decision"]["properties"]["safety"]["enum"]
    assert safety == list(get_args(decisions.Safety))
