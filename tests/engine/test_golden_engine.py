"""Every golden case with an [engine] table: both images are built and proven equal, as `verify` does it.

    [engine]                      # the keys of `[tool.slimify.probes]`, and
    ci = true                     # it stands for the others: `pytest -m "engine and ci"`
    skip = "why it can't be built here"
    build_args = { PORT = "80" }
    max_ratio = 0.25              # rewritten to original, in bytes
    exit = 0                      # with what the original ends, if it does
    log = ["listening"]           # what the original prints

A case without an expected file has nothing to compare with: its Dockerfile has to equal itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import context_with

from slimify.config import Options
from slimify.engine.containers import Engine
from slimify.engine.detect import detect
from slimify.engine.model import BuildOptions
from slimify.verify import probes, proof_request
from slimify.verify.model import Proof
from slimify.verify.proof_request import ProofRequest
from slimify.verify.session import Session

pytestmark = [pytest.mark.engine, pytest.mark.slow]

GOLDEN = Path(__file__).parents[2] / "golden"


@dataclass(frozen=True, kw_only=True)
class Golden:
    """What a case's table says beside its probe."""

    dockerfile: Path
    context: Path
    expected: Path
    probe: probes.Probe
    build_args: Mapping[str, str]
    log: tuple[str, ...] = ()
    exit: int | None = None
    max_ratio: float = 1.0

    @property
    def subject(self) -> ProofRequest:
        return proof_request.proof_request(
            self.dockerfile.read_bytes(),
            name=str(self.dockerfile),
            context=self.context,
            options=Options(build_args=self.build_args),
            probe=self.probe,
            build=BuildOptions(build_args=self.build_args, timeout=900),
        )

    @property
    def rewritten(self) -> bytes:
        return (self.expected if self.expected.exists() else self.dockerfile).read_bytes()


def golden(directory: Path, values: Mapping[str, Any]) -> Golden:
    """A case from its `[engine]` table. Raises ValueError for a key that means nothing."""
    table = {key: value for key, value in values["engine"].items() if key not in ("ci", "skip")}
    own = {key: table.pop(key) for key in ("exit", "max_ratio") if key in table}
    log, build_args = tuple(table.pop("log", ())), table.pop("build_args", {})
    # What a case asks succeeds, unless it says otherwise.
    for key, success in (("http", {"status": 200}), ("exec", {"exit": 0}), ("run", {"exit": 0})):
        table[key] = [{**success, **row} for row in table.get(key, ())]
    context = directory / "input"
    if "media" in values:
        context = context_with(context, tuple(values["media"].items()))
    return Golden(
        dockerfile=context / values.get("file", "Dockerfile"),
        context=context,
        expected=directory / "expected.Dockerfile",
        probe=probes.parse_table(table),
        build_args=build_args,
        log=log,
        **own,
    )


def rows() -> list[object]:
    """The cases with a table; one that can't be built here carries its reason as a skip mark."""
    found: list[object] = []
    for file in sorted(GOLDEN.glob("*/case.toml")):
        values = tomllib.loads(file.read_text("utf-8"))
        if "engine" not in values or "builder" in values:  # merged ones: test_merge_engine.py
            continue
        skip, ci = values["engine"].get("skip"), values["engine"].get("ci")
        marks = [pytest.mark.skip(reason=skip)] if skip else []
        marks += [pytest.mark.ci] if ci else []
        found.append(pytest.param(golden(file.parent, values), id=file.parent.name, marks=marks))
    return found


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with detect() as found:
        yield found
    assert found.leftovers == ()


@pytest.fixture(scope="module")
def sizes() -> dict[str, int]:
    """The compressed sizes of layers, which many cases share."""
    return {}


@pytest.mark.parametrize("golden", rows())
def test_both_images_do_the_same(engine: Engine, sizes: dict[str, int], golden: Golden) -> None:
    with Session(engine, golden.subject, sizes=sizes) as session:
        proof = session.prove(golden.rewritten)
        seen = session.observation
    assert proof.problem == ""
    assert differences(proof) == ()
    assert proof.verdict == "equal"
    assert seen is not None
    assert seen.exit_code == golden.exit
    assert [text for text in golden.log if text not in seen.log] == []
    assert proof.before is not None
    assert proof.after is not None
    assert proof.after.disk / proof.before.disk <= golden.max_ratio


def differences(proof: Proof) -> tuple[str, ...]:
    return tuple(item.text for check in proof.checks for item in check.findings if not item.accepted)
