"""Generated projects: what their programs need at run time is in the image of the new Dockerfile.

`tests/tools/projects.py` makes them; its simulation builds and runs both files in memory.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tools.generator.project import Case
from tools.generator.reduce import reduced, write_case
from tools.generator.simulation.builder import Build
from tools.generator.simulation.files import Files
from tools.generator.static import Simulation, Verdict, examine, rewrite
from tools.projects import cases, counts

COUNT = 150


@cache
def _verdicts() -> tuple[Verdict, ...]:
    return tuple(examine(case) for case in cases("a fixed seed", COUNT))


def test_the_simulation_knows_every_command() -> None:
    assert [(v.case.seed, v.gap) for v in _verdicts() if v.gap] == []


def test_most_are_rewritten() -> None:
    for row in counts(_verdicts())["outcomes"].values():
        assert row.get("slim", 0) + row.get("minimal", 0) > row["cases"] * 0.2, row


def test_nothing_that_is_needed_is_missing() -> None:
    assert [(v.case.seed, f) for v in _verdicts() for f in v.findings] == []


def test_a_case_is_the_same_each_time() -> None:
    for case in cases("again", 6):
        assert case.project().dockerfile() == case.project().dockerfile()


# --- the harness can fail

_PYTHON = Case("plain", "python", ("base-full", "workdir", "requirements", "file", "file-by-command", "exec"))


def _broken(old: str, new: str) -> Any:
    """slimify, with a change in the text that it writes."""

    def rewriter(dockerfile: bytes, context: Path, name: str) -> Any:
        outcome = rewrite(dockerfile, context, name)
        if outcome.after is None or b" AS builder" in dockerfile:
            return outcome
        assert old in outcome.after, outcome.after
        return replace(outcome, after=outcome.after.replace(old, new))

    return rewriter


BROKEN = {
    "copy-dropped": (
        "COPY --from=builder /usr/local/lib",
        "# COPY --from=builder /usr/local/lib",
        "module is missing",
    ),
    "workdir-moved": ("WORKDIR /", "WORKDIR /elsewhere/", "contract: workdir"),
    "start-changed": ('CMD ["python", "app.py"]', 'CMD ["python", "other.py"]', "does not start"),
    "source-missing": (
        "--from=builder /usr/local/lib/",
        "--from=builder /usr/local/nothing/",
        "does not build",
    ),
    "not-parsed": ("FROM", "FORM", "does not build"),
}


@pytest.mark.parametrize(("old", "new", "symptom"), BROKEN.values(), ids=BROKEN)
def test_broken_files_are_found(old: str, new: str, symptom: str) -> None:
    assert not examine(_PYTHON).failed
    verdict = examine(_PYTHON, _broken(old, new))
    assert symptom in {f.symptom for f in verdict.findings}, verdict.findings


def test_an_environment_of_another_checkout_hides_what_is_copied_before_it() -> None:
    elements = ("base-full", "workdir", "uv-sync", "environment-of-a-developer", "copy-whole", "exec")
    case = Case("plain", "python", elements)
    assert not examine(case).failed

    def rewriter(dockerfile: bytes, context: Path, name: str) -> Any:
        outcome = rewrite(dockerfile, context, name)
        head, _, last = outcome.after.rpartition("\nFROM ")
        copy, environment = last.index("COPY . ."), last.index("COPY --from=builder")
        assert copy < environment
        line = last[environment:].split("\n")[0] + "\n"
        early = last[:copy] + line + last[copy:].replace(line, "")
        return replace(outcome, after=f"{head}\nFROM {early}")

    assert examine(case, rewriter).failed


def test_failures_are_reduced_and_written(tmp_path: Path) -> None:
    def broken(case: Case) -> Verdict:
        return examine(case, _broken('CMD ["python", "app.py"]', 'CMD ["python", "other.py"]'))

    verdict = reduced(broken(_PYTHON), broken)
    assert verdict.case.elements == ("base-full", "workdir", "no-dependencies", "file", "exec")
    place = write_case(verdict, tmp_path)
    assert sorted(p.name for p in place.iterdir()) == ["case.toml", "input"]
    assert (place / "input" / "Dockerfile").read_text() == verdict.before


# --- the simulation

# Dockerfile lines after `FROM debian:bookworm`, a path and its content; None if it is not there.
BUILT = {
    "list": ("RUN mkdir -p /a && echo x > /a/b", "/a/b", "x\n"),
    "failed-and": ("RUN false && echo x > /b; true", "/b", None),
    "or": ("RUN false || echo x > /b", "/b", "x\n"),
    "errexit": ("RUN set -e; if false; then :; fi; echo x > /b", "/b", "x\n"),
    "loop": ("RUN for f in a b; do echo $f >> /c; done", "/c", "a\nb\n"),
    "function": ('RUN put() { echo "$1" > /c; } && put "x y"', "/c", "x y\n"),
    "case": ("ARG V=12\nRUN case $V in 1*) echo one > /c ;; *) echo other > /c ;; esac", "/c", "one\n"),
    "heredoc": ("COPY <<EOF /c\n$HOME x\nEOF", "/c", " x\n"),
    "quoted-heredoc": ("COPY <<'EOF' /c\n$HOME\nEOF", "/c", "$HOME\n"),
    "run-heredoc": ("RUN <<EOF\nA=1\necho $A > /c\nEOF", "/c", "1\n"),
    "substitution": ("RUN echo $(cat /etc/group | grep root) > /c", "/c", "root:x:0:\n"),
    "default": ("ENV A=\nRUN echo ${A:-b}${C-d}${A+e} > /c", "/c", "bde\n"),
    "relative-workdir": ("WORKDIR /a\nWORKDIR b\nRUN touch c", "/a/b/c", ""),
    "copy-into": ("COPY one.txt /d/", "/d/one.txt", "1"),
    "copy-renamed": ("COPY one.txt /d", "/d", "1"),
    "copy-content-of-directory": ("COPY sub /d", "/d/two.txt", "2"),
    "copy-glob": ("COPY *.txt /d/", "/d/one.txt", "1"),
    "link": ("RUN ln -s /etc /e && echo x > /e/c", "/etc/c", "x\n"),
    "removed": ("COPY one.txt /\nRUN rm -f /one.txt", "/one.txt", None),
    "moved": ("COPY sub /s\nRUN mv /s /t", "/t/two.txt", "2"),
    "sed": ("COPY one.txt /\nRUN sed -i 's/1/9/' /one.txt", "/one.txt", "9"),
}


@pytest.mark.parametrize(("lines", "path", "content"), BUILT.values(), ids=BUILT)
def test_simulated_builds(lines: str, path: str, content: str | None) -> None:
    context = Files()
    context.add("/one.txt", "1")
    context.add("/sub/two.txt", "2")
    image = Build(context, lambda *_: None).run(f"FROM debian:bookworm\n{lines}\n")
    node = image.files.get(path)
    assert (node.data.decode() if node is not None else None) == content


def test_a_project_is_written_without_following_links(tmp_path: Path) -> None:
    project = Case("x", "python", ("base-full", "workdir", "link-in-context", "exec")).project()
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "repository").symlink_to(outside)
    with pytest.raises(FileExistsError):
        project.write(tmp_path / "repository")
    assert os.listdir(outside) == []
    context = project.write(tmp_path / "other")
    assert (context / "themes/current").is_symlink()
    image = Simulation(project, project.dockerfile()).image
    assert image.files.text(project.path("themes/current/theme.txt")) == "plain\n"
