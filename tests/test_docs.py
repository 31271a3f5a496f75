"""The documentation says what is true: its commands run, its links lead somewhere, and nothing is left out.

A block of the kind `console` is a session: each line that begins with `$` is run, and has to print what
follows it; `…` stands for any text, alone on a line for any lines. The session of a page begins in a copy of
the directory that `<!-- in: golden/… -->` above it names, and runs on until the next one. A block of the kind
`console engine` needs a container engine. `SLIMIFY_UPDATE=1 pytest tests/test_docs.py` rewrites what differs.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import yaml
from support import GOLDEN, ROOT, context_with

from slimify.cli import app, exit_codes
from slimify.codes import SITE, known, page
from slimify.config import SETTINGS

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [
    README,
    *sorted(path for path in DOCS.rglob("*.md") if path.parent != DOCS / "reference" / "codes"),
    *sorted((ROOT / ".github").glob("*.md")),
]
pages = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
_FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_IN = re.compile(r"^<!-- in: (\S+) -->$", re.MULTILINE)


def _module(name: str) -> ModuleType:
    """A script of docs/."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its processes look it up
    spec.loader.exec_module(module)
    return module


generate, picture = _module("generate"), _module("picture")


class Block(NamedTuple):
    kind: str
    text: str
    start: int  # of the text in its page
    directory: str  # where a session begins; "": where the one before it ended


def blocks(path: Path) -> Iterator[Block]:
    page, end = path.read_text("utf-8"), 0
    for found in _FENCE.finditer(page):
        named = _IN.findall(page[end : found.start()])
        yield Block(found[2], found[3], found.start(3), named[-1] if named else "")
        end = found.end()


# --- sessions -----------------------------------------------------------------------------------------


class Session:
    """A shell in a copy of a directory of this repository, itself a repository with a remote."""

    def __init__(self, scratch: Path, directory: str) -> None:
        source = ROOT / directory
        case = source.parent / "case.toml"
        media = tomllib.loads(case.read_text("utf-8")).get("media", {}) if case.exists() else {}
        name = "toodle-app" if media else source.name
        self.directory = scratch / name
        shutil.copytree(context_with(source, tuple(media.items())) if media else source, self.directory)
        programs = scratch / "bin"
        programs.mkdir()
        (programs / "slimify").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m slimify "$@"\n')
        (programs / "slimify").chmod(0o755)
        (scratch / "config" / "slimify").mkdir(parents=True)
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(scratch),
            "XDG_CONFIG_HOME": str(scratch / "config"),
            "GIT_CONFIG_GLOBAL": str(scratch / "gitconfig"),
            "LANG": "C.UTF-8",
            "SLIMIFY_DOCS": str(scratch),
        }
        # a forge in the next directory, under the address of GitHub
        remote = f"file://{scratch}/forge/acme/"
        (scratch / "gitconfig").write_text(
            "[user]\n name = Ann\n email = ann@example.com\n[init]\n defaultBranch = main\n"
            f'[url "{remote}"]\n insteadOf = https://github.com/acme/\n'
        )
        (scratch / "config" / "slimify" / "slimify.toml").write_text(
            '[pr]\nforge = "github"\napi-url = "https://api.github.com"\n'
        )
        self.run("git init -q && git add -A && git commit -qm 'Add the application'")
        self.run(f"git clone -q --bare . {scratch}/forge/acme/{name}.git")
        self.run(f"git remote add origin https://github.com/acme/{name}.git")

    def run(self, command: str) -> str:
        """What a command prints; changes of directory last."""
        end = self.directory.parent / "where"
        done = subprocess.run(
            ["bash", "-c", f"{command}\nstatus=$?\npwd > {end}\nexit $status"],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.directory = Path(end.read_text().strip())
        return done.stdout


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a session, each with what follows it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def matches(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed."""
    lines = [
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n"
        for line in shown.splitlines()
    ]
    return re.fullmatch("".join(lines), printed) is not None


def _updated(shown: str, printed: str) -> str:
    """What was printed; lines that a page shows as patterns, and that still match, stay patterns."""
    patterns = [line for line in shown.splitlines(keepends=True) if "…" in line and line != "…\n"]
    lines = printed.splitlines(keepends=True)
    return "".join(next((p for p in patterns if matches(p, line)), line) for line in lines)


def _sessions(kind: str) -> list[Any]:
    return [
        pytest.param(path, id=path.relative_to(ROOT).as_posix())
        for path in PAGES
        if any(block.kind == kind for block in blocks(path))
    ]


def _play(path: Path, tmp_path: Path, kinds: tuple[str, ...]) -> None:
    text, session, number = path.read_text("utf-8"), None, 0
    edits: list[tuple[int, int, str]] = []
    for block in blocks(path):
        if block.directory:
            number += 1
            scratch = tmp_path / str(number)
            scratch.mkdir()
            session = Session(scratch, block.directory)
        if block.kind not in kinds:
            continue
        assert session is not None, f"no <!-- in: … --> above {block.text.splitlines()[0]}"
        new = ""
        for command, shown in commands(block.text):
            printed = session.run(command)
            new += f"$ {command}\n{shown if matches(shown, printed) else _updated(shown, printed)}"
        if new != block.text:
            edits.append((block.start, block.start + len(block.text), new))
    if edits and os.environ.get("SLIMIFY_UPDATE"):
        for start, end, new in reversed(edits):
            text = text[:start] + new + text[end:]
        path.write_text(text, "utf-8")
        return
    for start, end, new in edits:
        assert text[start:end] == new


@pytest.mark.skipif(os.name != "posix", reason="shells of POSIX")
@pytest.mark.parametrize("path", _sessions("console"))
def test_sessions_are_what_is_printed(path: Path, tmp_path: Path) -> None:
    _play(path, tmp_path, ("console",))


@pytest.mark.engine
@pytest.mark.parametrize("path", _sessions("console engine"))
def test_sessions_with_an_engine_are_what_is_printed(path: Path, tmp_path: Path) -> None:
    _play(path, tmp_path, ("console", "console engine"))


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("", "", True),
        ("a\n", "b\n", False),
        ("a …\n", "a b\n", True),
        ("a …\n", "a b\nc\n", False),
        ("…\n", "", True),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\n", "b\nc\n", False),
        ("a.c\n", "abc\n", False),
    ],
)
def test_what_is_shown_is_a_pattern(shown: str, printed: str, same: bool) -> None:
    assert matches(shown, printed) is same


@pytest.mark.skipif(os.name != "posix", reason="shells of POSIX")
def test_the_tutorial_makes_the_application_that_it_shows(tmp_path: Path) -> None:
    (setup, *_) = [b.text for b in blocks(ROOT / "docs" / "tutorial.md") if b.kind == "sh"]
    (tmp_path / "slimify").symlink_to(ROOT)
    identity = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["bash", "-ec", setup], cwd=tmp_path, env={**os.environ, **identity}, check=True)
    made = tmp_path / "toodle-app"
    case = tomllib.loads((ROOT / "golden" / "article-debian" / "case.toml").read_text("utf-8"))
    assert {str(p.relative_to(made)): p.stat().st_size for p in made.rglob("reports/**/*.*")} == case["media"]
    log = subprocess.run(["git", "status", "--short"], cwd=made, capture_output=True, check=True)
    assert log.stdout == b""


# --- other blocks -------------------------------------------------------------------------------------

# Programs whose lines are shown for readers: they need the network, an engine or a published release.
OTHERS = set(
    """
    cd cp docker export for gh git head mkdir pip pipx pre-commit pytest python python3 uvx
    """.split()
)


@pages
def test_commands_are_ones(path: Path) -> None:
    """Each line of a shell block that starts slimify is one that the command line accepts."""
    for block in blocks(path):
        if block.kind != "sh":
            continue
        assert subprocess.run(["bash", "-n", "-c", block.text]).returncode == 0
        for line in block.text.splitlines():
            for part in re.split(r" \| | && ", re.sub(r"\s#.*$", "", line.strip()).replace("…", "x")):
                words = shlex.split(part)
                program = Path(words[0]).name if words else ""
                if program == "slimify" and not words[1].startswith("--"):
                    _parse(words[1:])
                else:
                    assert program in {"", "slimify", *OTHERS} or path.parent.name == ".github", part


def _parse(words: list[str]) -> None:
    """Parses a command without running it. Files need not exist."""
    words = words[: words.index("<")] if "<" in words else words
    command = app.command(words[0])
    for parameter in command.params:
        if getattr(parameter.type, "exists", False):
            parameter.type.exists = False
    command.make_context(words[0], words[1:])


@pages
def test_data_is_well_formed(path: Path) -> None:
    readers = {"json": json.loads, "toml": tomllib.loads, "yaml": lambda text: list(yaml.safe_load_all(text))}
    for block in blocks(path):
        if block.kind in readers:
            readers[block.kind](block.text)


@pages
def test_tables_are_whole(path: Path) -> None:
    text = _FENCE.sub("", generate.expand(path.read_text("utf-8")))
    for table in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(cells) == 1, table


# --- links --------------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The anchors of a page, as GitHub and MyST make them from headings."""
    text = _FENCE.sub("", generate.expand(path.read_text("utf-8")))
    titles = re.findall(r"^#{1,4} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(path: Path) -> Iterator[str]:
    text = _FENCE.sub("", generate.expand(path.read_text("utf-8")))
    yield from re.findall(r"\]\(([^)\s]+)\)", text)


@pages
def test_links_lead_somewhere(path: Path) -> None:
    wrong = []
    for link in links(path):
        if re.match(r"https?://", link):
            wrong += [link] if link.startswith(SITE) and not _of_site(link) else []
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        code = target.parent == DOCS / "reference" / "codes" and target.stem in known()
        if not code and not (target.exists() and (not anchor or anchor in anchors(target))):
            wrong.append(link)
    assert wrong == []


def _of_site(address: str) -> bool:
    name = address.removeprefix(SITE).partition("#")[0].removesuffix(".html")
    return not name or (DOCS / f"{name}.md").exists() or name.removeprefix("reference/codes/") in known()


def test_every_page_of_the_site_is_in_its_menu() -> None:
    listed = {
        ((path.parent / line).with_suffix(".md") if "*" not in line else path)
        for path in DOCS.rglob("*.md")
        for block in blocks(path)
        if block.kind == "{toctree}"
        for line in block.text.split("\n")
        if line and not line.startswith(":")
    }
    own = {path for path in PAGES if DOCS in path.parents}
    assert {path.relative_to(DOCS).as_posix() for path in own - listed} == {"index.md"}


def test_there_is_one_address_of_the_site() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    assert urls["Documentation"] == SITE
    assert all(url.startswith(SITE) and _of_site(url) for url in urls.values())
    assert page("SL301") == f"{SITE}reference/codes/SL301.html"


# --- nothing is left out ------------------------------------------------------------------------------


def reference(name: str) -> str:
    return str(generate.expand((DOCS / "reference" / f"{name}.md").read_text("utf-8")))


@pytest.mark.parametrize("command", app.COMMANDS)
def test_reference_has_every_option(command: str) -> None:
    text = reference(f"commands/{command}")
    rows = re.findall(r"^\| `([^|]*)` \| (.*) \|$", text.replace("\\|", "/"), re.MULTILINE)
    for option in app.command(command).params:
        if "--help" not in option.opts:
            names = [*option.opts, *option.secondary_opts] if option.param_type_name == "option" else []
            assert any(set(names) <= set(re.split(r"[, ]+", row)) and about for row, about in rows), (
                option.name
            )
    assert f"[`{command}`](commands/{command}.md)" in reference("commands")


def test_reference_has_every_setting_exit_code_and_code() -> None:
    settings, codes, exits = reference("settings"), reference("codes"), reference("exit-codes")
    assert [name for name in SETTINGS if f"| `{name}` |" not in settings] == []
    assert [code for code in known() if f"| [{code}](codes/{code}.md) |" not in codes] == []
    ends = {value for name, value in vars(exit_codes).items() if name.isupper() and type(value) is int}
    assert ends == exit_codes.MEANINGS.keys()
    assert all(f"| {code} |" in exits for code in ends)


def test_reference_has_every_field() -> None:
    text = reference("json")
    for name in ("schema", "analysis.schema"):
        schema = json.loads((ROOT / "slimify" / "report" / f"{name}.json").read_text("utf-8"))
        assert [field for field in schema["properties"] if f"| `{field}` |" not in text] == []


def test_pages_name_only_codes_that_exist_and_every_refusal() -> None:
    named = {code for path in PAGES for code in re.findall(r"SL\d{3}", path.read_text("utf-8"))}
    assert named <= known().keys()
    refusals = {code for code in known() if code.startswith("SL4")}
    assert refusals <= set(re.findall(r"SL\d{3}", (DOCS / "explanation" / "decisions.md").read_text("utf-8")))


def test_the_page_of_a_code() -> None:
    case = GOLDEN / "go-plain"
    example = generate._example(case)
    text = generate.code_page("SL310", known()["SL310"], example)
    assert text.startswith("# SL310: copied from the builder\n\n**Why.** ")
    assert "SL310 line 9: " in text
    assert f"```dockerfile\n{(case / 'input' / 'Dockerfile').read_text().rstrip()}\n```" in text
    shown = text[text.index("```diff\n") + 8 : text.rindex("\n```")]
    new = "".join(f"{line[1:]}\n" for line in shown.splitlines() if line[0] != "-")
    assert new == (case / "expected.Dockerfile").read_text()
    assert "## Example" not in generate.code_page("SL999", known()["SL999"], None)


def test_the_page_of_a_code_that_no_golden_case_shows() -> None:
    text = generate.code_page("SL522", known()["SL522"], None, generate._shortest()["SL522"])
    assert "`Dockerfile.small`:\n\n```dockerfile\nFROM python:3.12-slim\n" in text
    assert "The rewritten image:\n\n```text\nFROM python:3.12-slim\n" in text
    assert "SL522 breaks /app/tool needs libmagic.so.1, which is missing" in text


@pytest.mark.slow
def test_each_code_has_an_example() -> None:
    assert known().keys() == generate._examples().keys() | generate._shortest().keys()


# --- README -------------------------------------------------------------------------------------------


def test_readme_is_two_screens() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 110


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
def test_the_picture_is_what_slimify_prints() -> None:
    if os.environ.get("SLIMIFY_UPDATE"):
        picture.PICTURE.write_text(picture.svg(picture.session()), "utf-8")
    shown = " ".join(picture.lines(picture.PICTURE.read_text("utf-8"))).split()
    assert shown == re.sub(r"\x1b\[[\d;]*m", "", picture.session()).split()
