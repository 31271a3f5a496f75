"""Which lines the ignore file gets, and where they stand among the user's."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.model.ignore_file import IgnoreFile
from slimify.model.outcome import Outcome
from slimify.planning.options.dockerignore import completed_text
from slimify.syntax.dockerfile.parser import parse
from slimify.validation.ignore_file import problems

NODE = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD node index.js\n"
PYTHON = "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install flask\nCMD python app.py\n"
GO = "FROM golang:1.22\nWORKDIR /src\nCOPY . .\nRUN go build -o /bin/app .\nCMD /bin/app\n"
PACKAGE = '{"name": "a", "dependencies": {"express": "4"}}'
NODE_FILES = {"index.js": "require('express')", "package.json": PACKAGE}
PYTHON_FILES = {"app.py": "import flask"}
GO_FILES = {"main.go": "package main\nfunc main() {}\n", "go.mod": "module a\ngo 1.22\n"}
REPO = {".git/HEAD": "ref: refs/heads/main"}
NOTES = {".dockerignore": "notes\n"}
IGNORED = {".dockerignore": "notes\nnode_modules\n"}


def outcome_of(
    root: Path, dockerfile: str, files: Mapping[str, str], options: Options | None = None
) -> Outcome:
    for name, text in {**files, "Dockerfile": dockerfile}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    return pipeline.rewrite(
        dockerfile.encode(), name=str(root / "Dockerfile"), context=root, options=options or Options()
    )


def lines(outcome: Outcome) -> list[str] | None:
    return outcome.ignore.after.splitlines() if outcome.ignore is not None else None


# (id, Dockerfile, files, what the ignore file then holds or None)
NOTHING = [
    ("all-ignored", NODE, {**NODE_FILES, **REPO, ".dockerignore": ".git\nnode_modules\n"}, None),
    ("nothing-there-to-keep-out", NODE, {**NODE_FILES, **IGNORED}, None),
    ("only-small-things", NODE, {**NODE_FILES, **IGNORED, ".idea/a.xml": ""}, None),
    ("a-server-that-lists-its-directory", PYTHON.replace("python app.py", "python -m http.server 80"),
     {**PYTHON_FILES, **REPO}, None),
    ("no-directory-is-copied", NODE.replace("COPY . .", "COPY index.js package.json ./"),
     {**NODE_FILES, **REPO}, None),
    ("nothing-of-that-name-is-there", PYTHON.replace("COPY . .", "COPY requirements.txt ./\nCOPY . ."),
     REPO, None),
    ("node-modules-that-nothing-installs",
     PYTHON, {**PYTHON_FILES, **NOTES, "node_modules/a/i.js": "", ".gitignore": "node_modules"}, None),
    ("node-modules-that-are-checked-in",
     NODE, {**NODE_FILES, **NOTES, "node_modules/express/index.js": ""}, None),
    ("git-in-a-step", NODE.replace("RUN npm", "RUN git rev-parse HEAD > v && npm"),
     {**NODE_FILES, **IGNORED, **REPO}, None),
    ("git-in-a-script-that-a-step-calls", NODE.replace("RUN npm", "RUN sh version.sh && npm"),
     {**NODE_FILES, **IGNORED, **REPO, "version.sh": "git describe > v\n"}, None),
    ("git-in-a-script-of-package.json", NODE,
     {**NODE_FILES, **IGNORED, **REPO,
      "package.json": PACKAGE[:-1] + ', "scripts": {"postinstall": "git log -1"}}'}, None),
    ("git-in-a-source", PYTHON,
     {"app.py": "import subprocess\nsubprocess.run(['git', 'log'])", **IGNORED, **REPO}, None),
    ("version-from-a-tag", PYTHON.replace("flask", "."),
     {**PYTHON_FILES, **IGNORED, **REPO,
      "pyproject.toml": '[build-system]\nrequires = ["setuptools-scm"]\n'}, None),
    ("dates-in-documentation", NODE,
     {**NODE_FILES, **IGNORED, **REPO,
      "package.json": PACKAGE[:-1] + ', "devDependencies": {"vitepress": "1"}}'}, None),
    ("build-information", GO,
     {**GO_FILES, **IGNORED, **REPO,
      "main.go": 'package main\nimport "runtime/debug"\nfunc main() { debug.ReadBuildInfo() }\n'}, None),
    ("buildvcs", GO.replace("go build", "go build -buildvcs=true"), {**GO_FILES, **IGNORED, **REPO}, None),
    ("named-by-a-copy", NODE.replace("COPY . .", "COPY . .\nCOPY .git/HEAD head"),
     {**NODE_FILES, **IGNORED, **REPO}, None),
    ("named-by-another-dockerfile", NODE,
     {**NODE_FILES, **IGNORED, **REPO, "b.Dockerfile": "FROM alpine\nCOPY .git /g\n"}, None),
    ("another-dockerfile-can-not-be-read", NODE,
     {**NODE_FILES, **IGNORED, **REPO, "b.Dockerfile": "FROM {{ base }}\nCOPY . /\n{% if %}"}, None),
    ("another-dockerfile-takes-node-modules", NODE,
     {**NODE_FILES, **NOTES, "node_modules/a/i.js": "", ".gitignore": "node_modules",
      "b.Dockerfile": "FROM node:20\nCOPY . /\n"}, None),
    ("bound-by-a-step", NODE.replace("RUN npm", "RUN --mount=type=bind,source=.git,target=/g npm"),
     {**NODE_FILES, **IGNORED, **REPO}, None),
    ("an-exception-lets-it-in", NODE,
     {**NODE_FILES, **REPO, ".dockerignore": "*\n!.git\n!index.js\n!package.json\n"}, None),
    ("named-by-a-source", PYTHON,
     {"app.py": "open('htmlcov/index.html')", **IGNORED, "htmlcov/index.html": "x"}, None),
]  # fmt: skip
SOMETHING = [
    ("what-every-checkout-grows-node", NODE, NODE_FILES, [".git", "Dockerfile", "node_modules"]),
    ("what-every-checkout-grows-python", PYTHON, PYTHON_FILES, [".git", "**/__pycache__", "Dockerfile"]),
    ("what-every-checkout-grows-go", GO, GO_FILES, [".git", "Dockerfile"]),
    ("settings-of-git-are-no-history", NODE.replace("RUN npm", "RUN git config --global a.b c && npm"),
     {**NODE_FILES, **IGNORED, **REPO}, ["notes", "node_modules", ".git", "Dockerfile"]),
    ("a-script-that-nothing-calls", NODE, {**NODE_FILES, **IGNORED, **REPO, "release.sh": "git log\n"},
     ["notes", "node_modules", ".git", "Dockerfile"]),
    ("buildvcs-off", GO.replace("go build", "go build -buildvcs=false"), {**GO_FILES, **IGNORED, **REPO},
     ["notes", "node_modules", ".git", "Dockerfile"]),
    ("installed-by-the-image", NODE,
     {**NODE_FILES, **NOTES, "node_modules/a/i.js": "", ".gitignore": "/node_modules/"},
     ["notes", "Dockerfile", "node_modules"]),
    ("environment-of-this-machine", PYTHON, {**PYTHON_FILES, **NOTES, ".venv/pyvenv.cfg": "home = /usr"},
     ["notes", "Dockerfile", ".venv"]),
    ("caches-below", PYTHON,
     {**PYTHON_FILES, **IGNORED, "a/__pycache__/x.pyc": "", ".mypy_cache/x.json": "{}"},
     ["notes", "node_modules", "**/__pycache__", ".mypy_cache", "Dockerfile"]),
]  # fmt: skip
VENV = PYTHON.replace(
    "RUN pip install flask", "RUN apt-get install -y gcc && python -m venv {0} && {0}/bin/pip install flask"
)
OVERLAID = [
    ("environment-elsewhere", VENV.format("/opt/venv"), NOTES, None),
    ("environment-that-is-left-out", VENV.format("venv"), {".dockerignore": "v*\n"}, None),
    ("environment-beside-what-is-copied", VENV.format("venv").replace("COPY . .", "COPY src src"),
     {**NOTES, "src/a.py": ""}, None),
    ("environment-that-the-users-file-lays-over-the-context",
     "FROM python:3.12 AS b\nWORKDIR /app\nRUN python -m venv v && v/bin/pip install flask\n"
     "FROM python:3.12\nWORKDIR /app\nCOPY . .\nCOPY --from=b /app/v v\nCMD v/bin/python app.py\n",
     {**PYTHON_FILES, **NOTES}, None),
    ("modules-below-what-is-copied-afterwards",
     "FROM node:20\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nCMD node index.js\n",
     {**NODE_FILES, **NOTES, "package-lock.json": "{}"}, None),
    ("lock-file-that-the-install-makes",
     "FROM python:3.12\nRUN pip install uv\nWORKDIR /app\nCOPY . .\nRUN uv sync\nCMD uv run app.py\n",
     {**PYTHON_FILES, **NOTES, "pyproject.toml": '[project]\nname = "a"\nversion = "1"\n'},
     ["notes", "Dockerfile", ".venv"]),
    ("environment-over-the-context", VENV.format("venv"), {**PYTHON_FILES, **NOTES},
     ["notes", "Dockerfile", "venv"]),
    ("environment-over-a-directory",
     VENV.format("src/v").replace("COPY . .", "COPY src src").replace("app.py", "src/a.py"),
     {**NOTES, "src/a.py": "import flask"}, ["notes", "src/v"]),
]  # fmt: skip


@pytest.mark.parametrize(("dockerfile", "files", "expected"), [r[1:] for r in NOTHING + OVERLAID + SOMETHING],
                         ids=[r[0] for r in NOTHING + OVERLAID + SOMETHING])  # fmt: skip
def test_proposal(
    tmp_path: Path, dockerfile: str, files: Mapping[str, str], expected: list[str] | None
) -> None:
    outcome = outcome_of(tmp_path, dockerfile, files)
    assert outcome.kind == "rewritten"
    assert lines(outcome) == expected


@pytest.mark.parametrize(
    ("dockerfile", "files", "place"),
    [
        pytest.param(NODE, NODE_FILES, "node_modules/a/i.js", id="node"),
        pytest.param(PYTHON, PYTHON_FILES, ".venv/pyvenv.cfg", id="python"),
    ],
)
def test_versioned_packages_are_sources(
    tmp_path: Path, dockerfile: str, files: Mapping[str, str], place: str
) -> None:
    directory = place.partition("/")[0]
    files = {**files, **NOTES, place: "", ".gitignore": f"{directory}\n"}
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert directory in (lines(outcome_of(tmp_path, dockerfile, files)) or ())
    subprocess.run(["git", "add", "--force", place], cwd=tmp_path, check=True)
    assert directory not in (lines(outcome_of(tmp_path, dockerfile, files)) or ())


def test_the_proof_sees_versioned_packages(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    outcome_of(tmp_path, NODE, {**NODE_FILES, "node_modules/a/i.js": "", ".gitignore": "node_modules"})
    subprocess.run(["git", "add", "--force", "node_modules"], cwd=tmp_path, check=True)
    context = scan(tmp_path, tmp_path / "Dockerfile")
    program = classify(parse(NODE.encode(), "Dockerfile"), context, "Dockerfile", Options())
    file = IgnoreFile(path="x", before=None, after="node_modules\n", sent=(0, 0))
    assert [str(reason) for reason in problems(program, file)] == [
        "node_modules/a/i.js is needed and would be kept out"
    ]


def test_on_request_only(tmp_path: Path) -> None:
    assert outcome_of(tmp_path, NODE, NODE_FILES, Options(dockerignore=False)).ignore is None


def test_a_file_that_stays_gets_it_as_advice(tmp_path: Path) -> None:
    file = NODE.replace("node:20", "node:20-alpine").replace(
        "npm install", "npm install && npm cache clean -f"
    )
    outcome = outcome_of(tmp_path, file, {**NODE_FILES, **REPO})
    assert (outcome.kind, outcome.ignore) == ("unchanged", None)
    assert "SL346" in {d.code for d in outcome.decisions}


@pytest.mark.parametrize(("builder", "there"), [("buildkit", True), ("kaniko", False), ("legacy", False)])
def test_an_ignore_file_of_its_own(tmp_path: Path, builder: str, there: bool) -> None:
    files = {**NODE_FILES, **REPO, "Dockerfile.dockerignore": "notes\n", ".dockerignore": "other\n"}
    outcome = outcome_of(tmp_path, NODE, files, Options(builder=builder))  # type: ignore[arg-type]
    assert (outcome.ignore is not None) == there
    if outcome.ignore is not None:
        assert outcome.ignore.path == str(tmp_path / "Dockerfile.dockerignore")
        assert outcome.ignore.after.startswith("notes\n.git\n")


def test_bytes_that_the_builder_gets(tmp_path: Path) -> None:
    outcome = outcome_of(
        tmp_path, NODE, {**NODE_FILES, ".git/pack": "x" * 5000, ".dockerignore": "Dockerfile\n"}
    )
    assert outcome.ignore is not None
    before, after = outcome.ignore.sent
    assert before - after == 5000
    narrow = NODE.replace("COPY . .", "COPY src src\nCOPY package.json index.js ./")
    files = {**NODE_FILES, "src/.mypy_cache/x.json": "{}", "unsent": "y" * 90_000, ".git/pack": ""}
    outcome = outcome_of(tmp_path / "b", narrow, files)
    assert outcome.ignore is not None
    sources = len(PACKAGE) + len(NODE_FILES["index.js"])
    assert outcome.ignore.sent == (sources + 2, sources)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "a\nb\n"),
        ("", "a\nb\n"),
        ("x\n", "x\na\nb\n"),
        ("x", "x\na\nb\n"),
        ("x\r\n", "x\r\na\r\nb\r\n"),
        ("*\n!src\ny\n", "*\na\nb\n!src\ny\n"),
        ("*\n\n# ours\n!src\n", "*\n\na\nb\n\n# ours\n!src\n"),
        ("x\n\n# y\n.y/*\n!.y/z\n", "x\n\na\nb\n\n# y\n.y/*\n!.y/z\n"),
        ("# y\r\n.y\r\n!z\r\n", "a\r\nb\r\n\r\n# y\r\n.y\r\n!z\r\n"),
        ("\ufeff!src\n", "a\nb\n\ufeff!src\n"),
    ],
)
def test_the_users_lines_stay(before: str | None, after: str) -> None:
    assert completed_text(before, ["a", "b"]) == after


def test_the_proof_sees_what_is_needed(tmp_path: Path) -> None:
    outcome_of(tmp_path, NODE, {**NODE_FILES, ".dockerignore": "notes\nold\n", "old": "", "head.txt": ""})
    text = NODE.replace("COPY . .", "COPY . .\nCOPY head.txt /")
    context = scan(tmp_path, tmp_path / "Dockerfile")
    program = classify(parse(text.encode(), "Dockerfile"), context, "Dockerfile", Options())

    def said(after: str) -> str:
        file = IgnoreFile(path="x", before="notes\n", after=after, sent=(0, 0))
        return "; ".join(map(str, problems(program, file)))

    assert said("notes\nold\n.git\n") == ""
    assert "head.txt is named" in said("notes\nold\nhead.txt\n")
    assert "index.js is needed" in said("notes\nold\n*.js\n")
    assert "old would come in" in said("notes\nold\n!old\n")
    assert "'notes' is gone" in said("old\n")


def test_both_files_or_none(tmp_path: Path) -> None:
    from slimify.app.dockerfiles import Source
    from slimify.app.locate import Target
    from slimify.app.write import write_file

    outcome = outcome_of(tmp_path, NODE, {**NODE_FILES, **REPO})
    file = tmp_path / "Dockerfile"
    source = Source(Target(name=str(file), path=file), NODE.encode())
    stale = Source(source.target, b"FROM other\n")
    assert write_file(outcome, stale).kind == "failed"
    assert file.read_text() == NODE
    assert not (tmp_path / ".dockerignore").exists()
    assert "not written" in write_file(outcome, source, tmp_path / "new").warnings[-1]
    assert not (tmp_path / ".dockerignore").exists()
    assert write_file(outcome, source).kind == "rewritten"
    assert (tmp_path / ".dockerignore").read_text() == ".git\nDockerfile\nnode_modules\n"
    again = pipeline.rewrite(file.read_bytes(), name=str(file), context=tmp_path, options=Options())
    assert (again.kind, again.ignore) == ("unchanged", None)
    assert write_file(outcome, source).error is not None  # both have changed meanwhile


def test_one_patch_has_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    from slimify.report.diff import diff

    monkeypatch.chdir(tmp_path)
    outcome = outcome_of(Path(), NODE, {**NODE_FILES, "lcov-report/a": "", ".dockerignore": "node_modules"})
    subprocess.run(["patch", "-p0"], input=diff(outcome).encode(), check=True, stdout=subprocess.DEVNULL)
    assert Path("Dockerfile").read_text() == outcome.after
    assert Path(".dockerignore").read_text() == "node_modules\nlcov-report\nDockerfile\n"
