"""Names in texts where a command line may begin."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.analysis.packages import context_mentions
from slimify.analysis.packages.context_mentions import ContextMentions, named_programs
from slimify.config import Options
from slimify.context.scan import Context, scan
from slimify.model.sources import Use
from slimify.semantics.context_files import ContextView
from slimify.semantics.paths import PathMarks
from slimify.syntax.dockerfile.parser import parse

# id: (file, text, programs of the base image that it names)
NAMED = {
    "subscript": ("a.py", "x['make', 1]; f()['make', 1]; a[0]['make', 1]", []),
    "not-the-first": ("a.py", "x = [a, 'make', 'b']", []),
    "names-of-data": ("a.js", "const abi = { type: 'function', name: 'scalar', cc: 'gold' }", []),
    "title-case": ("a.py", "names = ['Git', 'Make']", []),
    "word-of-a-message": ("a.go", 'fmt.Println("make sure that the file is there", "top")', []),
    "not-at-the-beginning": ("a.go", 'log.Fatal("no git here")', []),
    "not-of-the-base": ("a.js", "run(['ffmpeg', 'x'])", []),
    "not-in-the-image": ("docs/a.js", "run(['git', 'x'])", []),
    "codes-of-languages": ("a.py", "languages = ['ar', 'en']\ncodes = {'sq', 'hu'}", []),
    "words-of-json": ("a.json", json.dumps({"metals": ["gold", "silver"], "keys": ["size"]}, indent=1), []),
    "words-of-yaml": ("a.yml", "languages: [ar, en]\n- [top, left]\n", []),
    "common-words-with-arguments": (
        "a.py",
        "a = ['compare', old, new]\nb = ['strings', '-n', '4']\nc = ['montage'] + files\n",
        ["compare", "montage", "strings"],
    ),
    "common-words-at-the-beginning": ("a.py", "clone = ['scalar', '--version']", ["scalar"]),
    "common-words-called": ("a.py", "run('size', 'a')\n", ["size"]),
    "common-words-of-keys": ("a.json", '{"cmd": ["size", "a"]}', ["size"]),
    "list": ("a.py", "command = ['make', 'all']", ["make"]),
    "over-lines": ("a.py", "command = [\n    'make',\n    url,\n]", ["make"]),
    "either": ("a.py", "execute(['make', 'x'] if full else ['ps', 'pull'])", ["make", "ps"]),
    "list-concatenated": ("a.py", "command = ['make'] + arguments", ["make"]),
    "slice": ("a.go", 'c := []string{"make", "all"}', ["make"]),
    "call": ("a.py", "run_command('svn', 'update')", ["svn"]),
    "call-with-a-line": ("a.py", "self.execute(f'make {target}')", ["make"]),
    "line-for-a-helper": ("a.go", 'must("git version")\nmust(`ssh -V`)', ["git", "ssh"]),
    "json": ("jobs.json", json.dumps(["curl -s x", "wget x"]), ["curl", "wget"]),
    "list-of-yaml": ("jobs.yml", "- [unzip, -v]\nnext: [file, x]\nwords: [a, make]\n", ["file", "unzip"]),
    "keys-of-yaml": (
        "jobs.yml",
        "- cmd: unzip a.zip\n- title: make it\n  run: make all\n",
        ["make", "unzip"],
    ),
    "values-of-yaml": ("jobs.yml", "type: file\nmake: x\nnote: make sure\nprogram: unzip\n", ["unzip"]),
    "keys-of-json": (
        "jobs.json",
        '[{"type": "file", "cmd": ["make"]}, {"program": "unzip"}]',
        ["make", "unzip"],
    ),
    "lines-of-an-opened-list": (
        "steps.txt",
        "unzip a.zip\n# make x\na make\nfile\n",
        ["file", "unzip"],
    ),
    "rows-of-an-opened-list": ("steps.csv", "unzip,-v\nx,make\n", ["unzip"]),
    "values-of-opened-settings": ("steps.ini", "a = unzip -v\nmake = x\nb = file\n", ["unzip"]),
    "nested-list-of-opened-settings": (
        "steps.yml",
        "- - unzip\n  - -v\n- - make\n  - x\n",
        ["make", "unzip"],
    ),
    "paths-of-settings": (
        "a.yml",
        "tool: /usr/bin/unzip\nother: /opt/bin/make\nx: /bin/ps/a\n",
        ["/usr/bin/unzip"],
    ),
    "a-document-is-no-list": ("steps.md", "unzip a.zip\nmake x\n", []),
    "what-starts-such-a-program": ("a.py", "UNPACK = {'bz2': ['tar', 'xjf']}\n", ["tar"]),
    "behind-others": ("a.py", "A = 'set -e; curl x | unzip -p - && git pull'\n", ["curl", "git", "unzip"]),
    "behind-no-command": ("a.ts", "type A = 'a' | patch; type B = make | file\n", []),
    "strings-with-arguments": ("a.py", "A = ['cd /tmp', 'patch -p0 < a', 'make it so']\n", ["patch"]),
    "yaml": ("jobs.yml", "first: git pull\nnext:\n  - curl x\nname: a git\n", ["curl", "git"]),
}


@pytest.mark.parametrize(("file", "text", "expected"), NAMED.values(), ids=NAMED)
def test_named_programs(file: str, text: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    source = b"FROM python:3.11\nWORKDIR /app\nCOPY *.* ./\nCMD python a.py\n"
    program = classify(parse(source, "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    read = [Use(name=file, file="a.py", line=1)] if file.startswith("steps") else ()
    assert (
        sorted({use.name for use in named_programs(program.end_state, program.base, read, program.effects)})
        == expected
    )


@pytest.mark.parametrize(
    ("install", "expected"),
    [
        ("", []),
        ("RUN apt-get update && apt-get install -y nodejs\n", ["make"]),
        ("RUN npm install -g a\n", ["make"]),
    ],
)
def test_sources_that_nothing_runs(install: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "page.ts").write_text("const steps = ['make', 'right'];\n")
    source = f"FROM python:3.11\n{install}WORKDIR /app\nCOPY . .\nCMD python a.py\n".encode()
    program = classify(parse(source, "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    found = named_programs(program.end_state, program.base, (), program.effects)
    assert sorted({use.name for use in found}) == expected


@pytest.mark.parametrize(("install", "expected"), [("", []), ("RUN pip install uv\n", ["uv"])])
def test_programs_that_a_step_installs(install: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "update.py").write_text("async def main(run):\n    await run(['uv', 'sync'])\n")
    source = f"FROM python:3.11\n{install}WORKDIR /app\nCOPY . .\nCMD python a.py\n".encode()
    program = classify(parse(source, "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    found = named_programs(program.end_state, program.base, (), program.effects)
    assert sorted({use.name for use in found}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/opt/unzip/x", []),
        ("a unzip", []),
        ("unzip", ["unzip"]),
        ("/usr/bin/unzip -q", ["/usr/bin/unzip"]),
        ("a; unzip b && file c", ["file", "unzip"]),
    ],
)
def test_programs_that_variables_name(value: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os, subprocess\nsubprocess.run([os.environ['TOOL'], 'x'])\n")
    source = f"FROM python:3.11\nENV TOOL='{value}'\nCOPY . .\nCMD python a.py\n".encode()
    program = classify(parse(source, "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    assert (
        sorted({use.name for use in named_programs(program.end_state, program.base, (), program.effects)})
        == expected
    )


def test_programs_that_variables_of_compose_name(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os, subprocess\nsubprocess.run(os.environ['HOOK'].split())\n")
    (tmp_path / "compose.yaml").write_text(
        "services:\n  a:\n    build: .\n    environment:\n      HOOK: wget -q http://b\n"
    )
    source = b"FROM python:3.11\nCOPY . .\nCMD python a.py\n"
    needs = classify(parse(source, "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None).runtime_needs
    assert "wget" in needs.commands


@pytest.mark.parametrize(("start", "stays"), [("$line", True), ("echo $line", False)])
def test_lines_that_a_script_starts(start: str, stays: bool, tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text(f"#!/bin/sh\nwhile read -r line; do {start}; done < steps.txt\n")
    (tmp_path / "steps.txt").write_text("unzip -v\n")
    source = b"FROM python:3.11\nWORKDIR /app\nCOPY . .\nCMD sh a.sh\n"
    program = classify(parse(source, "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    assert ("unzip" in program.runtime_needs.commands) is stays


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("ENV NODE_ENV=production", False),
        ("ENV NODE_EXTRA_CA_CERTS=/app/own.pem", False),
        ("ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt", True),
        ("ENV SSL_CERT_DIR=/etc/ssl/certs", True),
        ('ENV NODE_OPTIONS="--max-old-space-size=99 --use-openssl-ca"', True),
        ('CMD ["node", "--use-openssl-ca", "a.js"]', True),
        ('CMD ["node", "a.js", "https://example.org/etc/ssl/certs"]', False),
    ],
)
def test_certificates_that_variables_and_options_name(lines: str, named: bool, tmp_path: Path) -> None:
    source = f"FROM node:20\nCOPY . .\n{lines}\n".encode()
    program = classify(parse(source, "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    assert ("ca-certificates" in program.runtime_needs.system_packages) is named


@pytest.mark.parametrize("option", ["--use-openssl-ca", "--use-bundled-ca"])
def test_certificates_that_compose_names_for_what_the_image_starts(option: str, tmp_path: Path) -> None:
    service = f"services: {{a: {{build: ., environment: {{NODE_OPTIONS: {option}}}}}}}"
    (tmp_path / "compose.yaml").write_text(service)
    source = b'FROM node:20\nCOPY . .\nCMD ["node", "a.js"]\n'
    program = classify(parse(source, "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    assert ("ca-certificates" in program.runtime_needs.system_packages) is (option == "--use-openssl-ca")


PIECES = tuple(
    """git make g++ ' " ` / /usr/bin/ : = [ { ( run cmd exec( , ] } + ) - --x a .jar $ command r""".split()
)


def test_lines_around_a_name_hold_what_the_whole_text_does(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = random.Random(1)
    texts = [
        "".join(chosen.choices((*PIECES, " ", "\n", "\n\n", "\t", "\r\n"), k=chosen.randint(3, 40)))
        for _ in range(1000)
    ]
    questions = (("git",), ("make",), ("git", "make", "a.jar", "g++"))

    view, nothing = ContextView(context=Context.empty()), PathMarks(())

    def answers() -> list[tuple[Use | None, ...]]:
        pairs = [(_mentions(text), names) for text in texts for names in questions]
        return [
            (one.first_use(names), *one.command_lines(view, {}, names, certain, nothing))
            for one, names in pairs
            for certain in ((), names)
        ]

    found = answers()
    monkeypatch.setattr(context_mentions, "_lines_around", lambda _, text: [(0, len(text))])
    assert found == answers()
    assert sum(first is not None for first, *_ in found) > 30
    assert sum(bool(others) for _, *others in found) > 30


def _mentions(text: str) -> ContextMentions:
    mentions = ContextMentions(Context.empty())
    mentions.__dict__["_texts"] = (("settings.yml", text),)
    return mentions
