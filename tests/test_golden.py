"""golden/<case>/: a build context, what slimify makes of its Dockerfile, and what that has to hold.

    input/                 the build context with its Dockerfile
    expected.Dockerfile    the new file; absent: the file must stay as it is
    expected.dockerignore  what goes with it, where a .dockerignore is proposed
    case.toml              see Case below

`SLIMIFY_UPDATE=1 pytest tests/test_golden.py [-k go-]` rewrites expected.Dockerfile. Read the diff
like code: nobody else checks that it is right.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from operator import ne
from pathlib import Path
from typing import Any

import pytest
from support import GOLDEN, context_with, invoke

from slimify.model.dockerfile import Instruction
from slimify.model.errors import SlimifyError
from slimify.report.printable import masked
from slimify.syntax.dockerfile import parser
from slimify.syntax.dockerfile.instructions import from_parts, split_stages
from slimify.syntax.dockerfile.words import expand

UPDATE = "SLIMIFY_UPDATE"


@dataclass(frozen=True, kw_only=True)
class Case:
    """case.toml. `engine` is for the tests that build and run both images."""

    directory: Path
    title: str
    outcome: str  # rewritten, unchanged, refused, failed
    rung: str = "unchanged"
    language: str | None = None
    args: tuple[str, ...] = ()  # of `slimify rewrite`
    builder: str = ""  # inside input/: `slimify merge` makes one file of it and `file`
    codes: tuple[str, ...] = ()  # that must be among the reasons
    file: str = "Dockerfile"  # inside input/
    dockerignore: bool = False  # what goes with it is looked at, too
    source: str = "hand-written"
    media: tuple[tuple[str, int], ...] = ()  # files of input/ that are written when the test runs, with bytes
    engine: Mapping[str, Any] = field(default_factory=dict)

    @property
    def context(self) -> Path:
        own = self.directory / "input"
        return context_with(own, self.media) if self.media else own

    @property
    def text(self) -> bytes:
        return (self.context / self.file).read_bytes()

    def expected(self, part: str = "dockerfile") -> Path:
        names = {"dockerfile": "expected.Dockerfile", "dockerignore": "expected.dockerignore"}
        return self.directory / names[part]


def _read(directory: Path) -> Case:
    values = tomllib.loads((directory / "case.toml").read_text("utf-8"))
    for name in ("args", "codes"):
        values[name] = tuple(values.get(name, ()))
    values["media"] = tuple(values.get("media", {}).items())
    return Case(directory=directory, **values)


CASES = [_read(path.parent) for path in sorted(GOLDEN.glob("*/case.toml"))]
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.directory.name)
rewritten = pytest.mark.parametrize(
    "case", [c for c in CASES if c.outcome == "rewritten"], ids=lambda case: case.directory.name
)


def rewrite(case: Case, text: bytes | None = None) -> dict[str, Any]:
    """The JSON object for the Dockerfile of `case`, or for `text` in its place."""
    file = str(case.context / case.file) if text is None else "-"
    what = ("merge", str(case.context / case.builder)) if case.builder else ("rewrite",)
    args = (*what, file, "--format", "json", "--context", str(case.context), *case.args)
    args = args if case.dockerignore or case.builder else (*args, "--no-dockerignore")
    result = invoke(*args, stdin=text or b"")
    assert result.stdout, result.stderr
    return json.loads(result.stdout)


@functools.cache
def _first_run(name: str) -> dict[str, Any]:
    return rewrite(_read(GOLDEN / name))


def result_of(case: Case) -> dict[str, Any]:
    return _first_run(case.directory.name)


def new_text(case: Case) -> bytes:
    result = result_of(case)
    assert result["outcome"] == "rewritten", result.get("error")
    return encoded(result["dockerfile"])


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@cases
def test_outcome(case: Case) -> None:
    result = result_of(case)
    assert (result["outcome"], result["rung"], result["language"]) == (
        case.outcome,
        case.rung,
        case.language,
    ), json.dumps(result, indent=1)


@cases
def test_codes(case: Case) -> None:
    assert set(case.codes) <= _codes(result_of(case))


@cases
def test_each_reason_is_said_once(case: Case) -> None:
    result = result_of(case)
    said = [(d["code"], d["line"], d["text"]) for d in (*result["decisions"], *result["warnings"])]
    assert len(said) == len({*said})


@cases
def test_roles_say_where_steps_are_executed(case: Case) -> None:
    result = result_of(case)
    if result["instructions"]:
        # cleaned in place, each step stays in its stage
        staged = result["outcome"] == "rewritten" and result["rung"] != "cleanup"
        found = misplaced(result["instructions"], case.text, new_text(case) if staged else case.text)
        assert list(found) == []


@cases
@pytest.mark.parametrize("part", ["dockerfile", "dockerignore"])
def test_text(case: Case, part: str) -> None:
    result = result_of(case)
    new = encoded(result[part]) if result["outcome"] == "rewritten" and result[part] is not None else None
    file = case.expected(part)
    if os.environ.get(UPDATE):
        if new is not None:
            file.write_bytes(new)
        elif part != "dockerfile" or case.outcome != "rewritten":  # else it went wrong: nothing to accept
            file.unlink(missing_ok=True)
    assert _lines(new) == _lines(file.read_bytes() if file.exists() else None)


@rewritten
def test_second_run_changes_nothing(case: Case) -> None:
    again = rewrite(case, new_text(case))
    assert (again["outcome"], again["diff"]) == ("unchanged", "")


@rewritten
def test_line_ends_make_no_difference(case: Case) -> None:
    if b"\r" in case.text or b"<<" in case.text:
        pytest.skip("a carriage return in a heredoc is content")
    windows = rewrite(case, case.text.replace(b"\n", b"\r\n"))
    assert encoded(windows["dockerfile"]) == new_text(case).replace(b"\n", b"\r\n")


@rewritten
def test_comments_are_all_that_annotate_adds(case: Case) -> None:
    plain = new_text(case).decode("utf-8", "surrogateescape").splitlines()
    commented = rewrite(replace(case, args=(*case.args, "--annotate")))["dockerfile"]
    lines = iter(commented.splitlines())
    added = [line for want in plain for line in takewhile(partial(ne, want), lines)]
    assert list(lines) == []
    assert [line for line in added if not line.lstrip().startswith("#")] == []
    starts = (line for line in plain if line.upper().startswith("FROM "))
    own = case.text.decode("utf-8", "surrogateescape").splitlines()
    if case.builder:
        own += (case.context / case.builder).read_text("utf-8").splitlines()
    new = [line for line in starts if line not in own]
    assert added or "--annotate" in case.args or not new
    again = rewrite(case, encoded(commented))
    assert (again["outcome"], again["diff"]) == ("unchanged", "")


@cases
def test_read_and_written_back(case: Case) -> None:
    texts = [case.text]
    if case.expected().exists():
        texts.append(case.expected().read_bytes())
    for text in texts:
        try:
            parsed = parser.parse(text)
        except SlimifyError:
            assert case.outcome in ("failed", "refused")
            continue
        assert parser.encode("".join(node.raw for node in parsed.nodes)) == text


@rewritten
def test_builder_accepts_it(case: Case) -> None:
    oracle = pytest.importorskip("e2b_dockerfile_utils")
    ours = parser.parse(new_text(case))
    theirs = oracle.parse_dockerfile_ast(new_text(case).decode())
    assert [i.name for i in theirs.instructions] == [i.keyword for i in ours.instructions]


@rewritten
def test_hadolint_finds_nothing_new(case: Case) -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("no hadolint for this platform")
    before = _findings(hadolint, case.text)
    if case.builder:
        before |= _findings(hadolint, (case.context / case.builder).read_bytes())
    runs_it = (case.context / ".hadolint.yaml").exists()
    assert _findings(hadolint, new_text(case)) - (set() if runs_it else _SILENCED) <= before


_SILENCED = {"DL3006", "DL3008", "DL3018"}  # by comments, where a repository runs hadolint


def _findings(hadolint: str, text: bytes) -> set[str]:
    command = [hadolint, "--no-fail", "--no-color", "-f", "json", "-"]
    output = subprocess.run(command, input=text, capture_output=True, check=True).stdout
    return {finding["code"] for finding in json.loads(output)}


def misplaced(verdicts: list[dict[str, Any]], before: bytes, after: bytes) -> Iterator[str]:
    """The steps of a file whose role contradicts the file that executes them: called `run` or `both` though
    the final image does not have them, or `build` though it has. A file that keeps one stage has all."""
    own = {x.line: x for x in parser.parse(before).instructions}
    image = _image(after)
    final = [_squeezed(x) for x in image]
    options = [x.raw for x in image]  # COPY --chown does what a chown did
    others = {name for s in split_stages(parser.parse(after)) if (name := from_parts(s[0]).alias)}
    taken = {x.flag("from") or "" for x in image}
    one_stage = not any(x in others or x.isdigit() for x in taken)  # or several on each other
    steps = [(_squeezed(own[v["line"]]), v) for v in verdicts if not v["commands"]]
    steps += [(command["text"], command) for v in verdicts for command in v["commands"]]
    named = Counter(" ".join(text.split()) for text, step in steps if step["role"] != "build")
    for text, step in steps:
        codes = {reason["code"] for reason in step["reasons"]}
        program, text = text.partition(" ")[0], " ".join(text.split())
        refreshes = re.fullmatch(r'apt-get update|\["apt-get", "update"\]', text)
        if codes & _OF_NEIGHBOURS or program in ("FROM", "ARG", "WORKDIR") or refreshes:
            continue  # packages that are put back have the same words before them
        # as a command, not as one of its words: `make` is no package
        whole = re.compile(rf"(?:^|(?:RUN(?: --\S+)*|[&|;]|do|then) ){re.escape(text)}(?= (&&|;)|;|$)")
        there = sum(bool(whole.search(line)) for line in final) > named[text]
        if step["role"] == "build" and there and not one_stage:
            yield f"build, but in the final image: {text}"
        words = (program, "COPY" if program == "ADD" else program)  # no file of another stage can be added
        # a loop over constant words may be written out
        words = tuple(text.split()) if program in ("for", "if", "case", "while") else words
        if step["role"] != "build" and not any(word in x for word in words for x in (*final, *options)):
            yield f"{step['role']}, but not in the final image: {text}"


# Beside others of its RUN; removed in the same RUN; part of the base.
_OF_NEIGHBOURS = {"SL218", "SL220", "SL201"}


def _squeezed(instruction: Instruction) -> str:
    origin = f"--from={stage} " if (stage := instruction.flag("from")) else ""
    parts = (instruction.keyword, origin, instruction.value, *(h.body for h in instruction.heredocs))
    return masked(" ".join(" ".join(parts).split()))  # as `explain` shows it


def _image(text: bytes) -> list[Instruction]:
    """The instructions of the last stage, and of the stages that it builds on."""
    file = parser.parse(text)
    stages = split_stages(file)
    found = stages.pop()
    given = (x.value.partition("=") for x in file.instructions if x.keyword == "ARG")
    values = {name: value.strip("\"'") for name, _, value in given if value}

    def image(start: Instruction) -> str:
        return (expand(from_parts(start).image, values) or "").lower()

    while parents := [s for s in stages if from_parts(s[0]).alias == image(found[0])]:
        found = [*parents[-1], *found[1:]]
    return found


def _codes(result: dict[str, Any]) -> set[str]:
    """Every code of an object, wherever in it."""
    if isinstance(result, dict):
        own = {result["code"]} if isinstance(result.get("code"), str) else set()
        return own.union(*map(_codes, result.values()))
    return set().union(*map(_codes, result)) if isinstance(result, list) else set()


def _lines(text: bytes | None) -> list[bytes] | None:
    return None if text is None else text.split(b"\n")
