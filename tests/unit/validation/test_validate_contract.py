"""The contract of the new file is compared with that of the user's, whatever the start command is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from slimify import pipeline
from slimify.analysis.classify import classify
from slimify.analysis.program import Program
from slimify.config import Options
from slimify.context.scan import scan
from slimify.languages import language
from slimify.model.plan import NewStart, Plan
from slimify.planning.propose import propose
from slimify.planning.stages.assemble import assemble
from slimify.render import render
from slimify.syntax.dockerfile.parser import parse
from slimify.validation.validate import problems

PYTHON = "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD {}\n"
GO = "FROM golang:1.24\nWORKDIR /app\nCOPY go.mod main.go ./\n{}\n"


def python_program(folder: Path, start: str) -> Program:
    (folder / "requirements.txt").write_text("django\ngunicorn\n")
    (folder / "manage.py").write_text("import django\n")
    (folder / "mango.py").write_text("app = None\n")
    return classify(parse(PYTHON.format(start).encode(), "Dockerfile"), scan(folder), "Dockerfile", Options())


def planned(program: Program) -> tuple[Plan, str]:
    plan = assemble(program, propose(program, Options()).layouts[0])
    return plan, render(plan, program.dockerfile)


@pytest.mark.parametrize(
    ("start", "other"),
    [
        ('["python", "manage.py", "runserver"]', '["python", "manage.py", "migrate"]'),
        ("python manage.py runserver", "python manage.py migrate"),
        ('["gunicorn", "mango.run:app"]', '["gunicorn", "other:app"]'),
    ],
    ids=["exec", "shell", "gunicorn"],
)
def test_another_start_command_is_a_fault(start: str, other: str, tmp_path: Path) -> None:
    program = python_program(tmp_path, start)
    plan, text = planned(program)
    assert problems(program, plan, text, program.dockerfile) == ()
    found = problems(program, plan, text.replace(start, other), program.dockerfile)
    assert any(problem.get("name") == "cmd" for problem in found)


def test_a_start_command_of_the_stage_below_is_needed(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("django\n")
    (tmp_path / "manage.py").write_text("import django\n")
    start = '["python", "manage.py", "runserver"]'
    file = parse(
        (PYTHON.format(start).replace("3.12", "3.12 AS full") + "FROM full AS web\n").encode(), "Dockerfile"
    )
    program = classify(file, scan(tmp_path), "Dockerfile", Options())
    plan, text = planned(program)
    assert problems(program, plan, text, file) == ()
    head, _, tail = text.rpartition(f"CMD {start}\n")
    assert any(problem.get("name") == "cmd" for problem in problems(program, plan, head + tail, file))


@pytest.mark.parametrize("keyword", ["CMD", "ENTRYPOINT"])
@pytest.mark.parametrize("command", ['["go", "run", ".", "-v"]', "go run . -v"], ids=["exec", "shell"])
def test_a_compiled_start_is_the_one_that_the_plan_states(command: str, keyword: str, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/web\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    context = scan(tmp_path)
    original = parse(GO.format(f"{keyword} {command}").encode(), "Dockerfile")
    part = language("go")
    assert part is not None
    assert part.compiled_start is not None
    made = part.compiled_start.compiled_start(classify(original, context, "Dockerfile", Options()))
    assert made is not None
    program = classify(parse(made.text.encode(), "Dockerfile"), context, "Dockerfile", Options())
    plan, text = planned(program)
    assert problems(program, replace(plan, new_start=made.start), text, original) == ()

    # a plan that does not state it, or states another one
    name = keyword.lower()
    [problem] = problems(program, plan, text, original)
    assert (problem.form, problem.get("name")) == ("changes", name)
    wrong = NewStart(keyword=made.start.keyword, before=made.start.before, after=("/bin/other",))
    [problem] = problems(program, replace(plan, new_start=wrong), text, original)
    assert (problem.get("name"), problem.get("before")) == (name, "('/bin/other',)")
    other = NewStart(keyword=made.start.keyword, before=("go", "run", "./other"), after=made.start.after)
    assert problems(program, replace(plan, new_start=other), text, original)


def test_the_pipeline_states_it(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/web\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    outcome = pipeline.rewrite(GO.format('CMD ["go", "run", "."]'), tmp_path)
    assert outcome.kind == "rewritten"
    assert "SL315" in {decision.code for decision in outcome.decisions}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("ENV PATH=$PATH:/srv/bin", False),
        ("ENV PATH=/usr/local/go/bin:$PATH:/srv/bin", False),
        ("ENV PATH=/go/bin:/usr/local/go/bin:$PATH:/srv/bin", False),
        ("ENV PATH=/srv/bin:$PATH:/opt/bin", True),
        ("ENV PATH=/srv/bin:$PATH", True),
        ("ENV PATH=$PATH:/usr/local/go/bin:/srv/bin", True),
        ("ENV PATH=$PATH", True),
    ],
)
def test_directories_of_the_old_base_may_be_put_on_path_again(line: str, fault: bool, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/web\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    own = "ENV PATH=$PATH:/srv/bin"
    text = GO.format(f"RUN go build -o /srv/bin/web .\n{own}\nCMD /srv/bin/web; sleep 1")
    program = classify(parse(text.encode(), "Dockerfile"), scan(tmp_path), "Dockerfile", Options())
    plan, new = planned(program)
    last = new.rindex(own)
    found = problems(program, plan, new[:last] + line + new[last + len(own) :], program.dockerfile)
    assert any(problem.form == "env_changes" for problem in found) == fault


@pytest.mark.parametrize(
    ("path", "fault"), [("/go/bin:$PATH", False), ("/opt/venv/bin:$PATH", False), ("$PATH:/go/bin", True)]
)
def test_directories_on_path_keep_their_order(path: str, fault: bool, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/web\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    text = GO.format('RUN go build -o /srv/web .\nCMD ["/srv/web"]')
    program = classify(parse(text.encode(), "Dockerfile"), scan(tmp_path), "Dockerfile", Options())
    plan, new = planned(program)
    start = new.rindex("CMD")
    found = problems(program, plan, f"{new[:start]}ENV PATH={path}\n{new[start:]}", program.dockerfile)
    assert any(problem.form == "env_changes" for problem in found) == fault
