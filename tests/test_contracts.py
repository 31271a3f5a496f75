"""The import contracts of pyproject.toml: each is broken by an import that it is there to forbid."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from support import ROOT

TYPES = {"forbidden": ForbiddenContract, "independence": IndependenceContract, "layers": LayersContract}
PYPROJECT = str(ROOT / "pyproject.toml")

MISPLACED = [
    ("one way through", "slimify.model.plan", "slimify.facts"),
    ("one way through", "slimify.syntax.shell.parser", "slimify.context.scan"),
    ("one way through", "slimify.context.scan", "slimify.analysis.program"),
    ("one way through", "slimify.pipeline", "slimify.app.locate"),
    ("one way through", "slimify.app.check", "slimify.cli.console"),
    ("one way through", "slimify.engine.process", "slimify.context.scan"),
    ("one way through", "slimify.context.scan", "slimify.languages.go.planning.layouts"),
    ("languages are independent", "slimify.languages.go.planning.layouts", "slimify.languages.node"),
    ("languages are independent", "slimify.languages.python.planning.layouts", "slimify.languages.go"),
    ("commands use the public library", "slimify.cli.commands.rewrite", "slimify.pipeline"),
    ("commands use the public library", "slimify.cli.commands.check", "slimify.report.text"),
    ("commands use the public library", "slimify.cli.options", "slimify.config.options"),
    ("commands use the public library", "slimify.cli.exit_codes", "slimify.app.dockerfiles"),
    ("a library has one home", "slimify.app.locate", "typer"),
    ("a library has one home", "slimify.analyze.trees", "textual"),
    ("a library has one home", "slimify.report.text", "jinja2"),
    ("a library has one home", "slimify.context.scan", "libcst"),
    ("a library has one home", "slimify.analysis.program", "tree_sitter"),
    ("a library has one home", "slimify.syntax.shell.parser", "dockerfile_parse"),
    ("a library has one home", "slimify.config", "yaml"),
    ("few start programs or use the network", "slimify.context.scan", "subprocess"),
    ("few start programs or use the network", "slimify.languages.go.planning.layouts", "http"),
    ("few start programs or use the network", "slimify.image.archive", "socket"),
    ("validation imports no planner", "slimify.validation.validate", "slimify.planning.layout"),
    (
        "validation imports no planner",
        "slimify.validation.closed_worlds",
        "slimify.languages.go.planning.base",
    ),
]


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("slimify", include_external_packages=True, cache_dir=None)


@cache
def contracts() -> dict[str, Any]:
    options = read_configuration(PYPROJECT)
    return {
        o["name"]: TYPES[o["type"]](o["name"], options["session_options"], o)
        for o in options["contracts_options"]
    }


def is_kept(name: str, imports: grimp.ImportGraph) -> bool:
    return bool(contracts()[name].check(deepcopy(imports), verbose=False).kept)


def test_every_contract_is_kept_and_tested() -> None:
    assert contracts().keys() == {name for name, _, _ in MISPLACED}
    assert [name for name in contracts() if not is_kept(name, graph())] == []


@pytest.mark.parametrize(("contract", "importer", "imported"), MISPLACED)
def test_a_misplaced_import_breaks_the_contract(contract: str, importer: str, imported: str) -> None:
    assert importer in graph().modules
    changed = deepcopy(graph())
    if imported not in changed.modules:
        changed.add_module(imported, is_squashed=not imported.startswith("slimify."))
    changed.add_import(importer=importer, imported=imported)
    assert not is_kept(contract, changed)


@pytest.mark.slow
def test_an_import_inside_a_function_breaks_the_contract(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "slimify", tmp_path / "slimify", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PYPROJECT, tmp_path)
    with (tmp_path / "slimify" / "app" / "locate.py").open("a") as module:
        module.write("\ndef late() -> None:\n    import subprocess\n")
    lint = "from importlinter.cli import lint_imports_command as main; main()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.search(r"few start programs or use the network\s+BROKEN", done.stdout)
    assert "slimify.app.locate" in done.stdout


def test_only_the_forge_client_sends_requests() -> None:
    """Import-linter takes urllib.parse, which many use, for urllib.request."""
    sending = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "slimify").rglob("*.py")
        if re.search(r"\burllib\.request\b|from urllib import .*request", path.read_text("utf-8"))
    ]
    assert sending == ["slimify/publish/client.py"]
