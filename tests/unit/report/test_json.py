"""The JSON object and its schema."""

from __future__ import annotations

import json

import jsonschema
import pytest
from support import ROOT

from slimify.model.decisions import CommandVerdict, Decision, InstructionVerdict, PackageVerdict, Reason
from slimify.model.dockerfile import Instruction
from slimify.model.errors import SlimifyError
from slimify.model.ignore_file import IgnoreFile
from slimify.model.outcome import Estimate, Failed, Outcome, Refused, Rewritten, Unchanged
from slimify.model.plan import Stage
from slimify.report.json import to_dict, to_json

SCHEMA = json.loads((ROOT / "slimify" / "report" / "schema.json").read_text("utf-8"))

RUN = Instruction(
    kind="instruction",
    raw="RUN apt-get install -y gcc libpq-dev && \\\n    make\n",
    line=3,
    end_line=4,
    keyword="RUN",
    value="apt-get install -y gcc libpq-dev &&     make",
)
FULL = Rewritten(
    file="web/Dockerfile",
    language="python",
    rung="slim",
    instructions=(
        InstructionVerdict(
            instruction=RUN,
            role="both",
            reasons=(Reason.of("SL203", "some"),),
            commands=(
                CommandVerdict(
                    text="apt-get install -y gcc libpq-dev",
                    role="both",
                    packages=(
                        PackageVerdict(name="gcc", role="build"),
                        PackageVerdict(
                            name="libpq-dev",
                            role="build",
                            counterparts=("libpq5",),
                            reasons=(Reason.of("SL202", "runtime"),),
                        ),
                    ),
                ),
            ),
        ),
    ),
    decisions=(Decision.of("SL310", "copied", safety="safe", line=3, path="/app"),),
    stages=(
        Stage(name="builder", base="python:3.12", purpose="build", items=()),
        Stage(name="", base="python:3.12-slim", purpose="run", items=()),
    ),
    before="FROM python:3.12\n",
    after="FROM python:3.12-slim\n",
    warnings=("COPY x: not in the context",),
    ignore=IgnoreFile(path=".dockerignore", before=None, after=".git\n", sent=(9, 4)),
    estimate=Estimate(original=2, saving=1),
)
FAILED = Failed(file="-", error=SlimifyError("SL002", "unknown", line=7, hint="RUN"))


@pytest.mark.parametrize("outcome", [FULL, FAILED, Refused(file="x")], ids=lambda o: o.kind)
@pytest.mark.parametrize("texts", [True, False])
def test_schema(outcome: Outcome, texts: bool) -> None:
    jsonschema.validate(json.loads(to_json(outcome, texts=texts)), SCHEMA)


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "change",
    [{"outcome": "done"}, {"rung": "tiny"}, {"schema": 2}, {"more": 1}, {"outcome": "failed"}],
    ids=str,
)
def test_schema_rejects(change: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**to_dict(FULL), **change}, SCHEMA)


def test_the_promised_form() -> None:
    value = to_dict(FULL)
    assert value["instructions"] == [
        {
            "line": 3,
            "end_line": 4,
            "instruction": "RUN",
            "role": "both",
            "reasons": [{"code": "SL203", "text": "some of the packages are needed at run time"}],
            "commands": [
                {
                    "text": "apt-get install -y gcc libpq-dev",
                    "role": "both",
                    "reasons": [],
                    "packages": [
                        {"name": "gcc", "role": "build", "counterpart": None, "reasons": []},
                        {
                            "name": "libpq-dev",
                            "role": "build",
                            "counterpart": "libpq5",
                            "reasons": [{"code": "SL202", "text": "runs the application"}],
                        },
                    ],
                }
            ],
        }
    ]
    assert value["stages"][0] == {"name": "builder", "from": "python:3.12", "purpose": "build"}
    assert value["dockerignore"] == ".git\n"
    assert value["context"] == {"ignore_file": ".dockerignore", "before": 9, "after": 4}
    assert value["diff"].startswith("--- web/Dockerfile\n")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Rewritten(file="x", before="a\n", after="b\n"), "b\n"),
        (Unchanged(file="x", before="a\n"), "a\n"),
        (Refused(file="x", before="a\n"), "a\n"),
        (Failed(file="x", before="a\n", error=SlimifyError("SL001", "no")), None),
    ],
)
def test_the_file_to_build_from(outcome: Outcome, expected: str | None) -> None:
    assert to_dict(outcome)["dockerfile"] == expected


def test_one_line_of_ascii_and_every_byte_comes_back() -> None:
    before = "# \u2028 caf\udce9\n"
    line = to_json(Unchanged(file="x", before=before))
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["dockerfile"] == before
