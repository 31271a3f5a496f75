"""What is started, and whether it is there: command lines, wrappers, entry scripts, interpreters."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, evidence, file, link, live, needs, package, program, said, side, used

from slimify.verify.disk import commands
from slimify.verify.disk.start_commands import StartedItem, commands_started, start_command_lines

SH = program("/bin/sh")
TOOLS = (
    SH,
    *(program(f"/usr/bin/{name}") for name in ("tini", "gosu", "env", "git", "curl", "node", "serve")),
)


def names(text: str, *words: str, more: str = "") -> list[str]:
    """What the command line starts where /entry is a script with that text."""
    image = side(
        program("/entry", text),
        file("/app/start.sh", more),
        file("/app/lib.sh", "served() { exec serve; }\n"),
        base=TOOLS,
        WorkingDir="/app",
        Env=["PATH=/usr/bin:/bin"],
    )
    return [item.name + ("*" if item.file else "") for item in commands_started(image, words)]


LINES: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("nothing", (), []),
    ("a program with arguments", ("node", "serve", "--port"), ["node", "serve*"]),
    ("arguments of a program that is none of ours", ("/app/server", "git", "curl"), ["/app/server"]),
    ("an option is no command", ("--port", "80"), []),
    ("tini", ("tini", "--", "node", "git"), ["tini", "node", "git*"]),
    (
        "tini with options",
        ("/usr/bin/tini", "-g", "-p", "SIGTERM", "--", "curl", "git"),
        ["/usr/bin/tini", "curl"],
    ),
    ("gosu has a user first", ("gosu", "git", "curl"), ["gosu", "curl"]),
    ("env has assignments", ("env", "A=1", "curl"), ["env", "curl"]),
    ("wrappers in wrappers", ("tini", "--", "gosu", "app", "curl"), ["tini", "gosu", "curl"]),
    ("a runner", ("poetry", "run", "gunicorn", "app:app"), ["poetry", "gunicorn"]),
    ("a shell's text", ("/bin/sh", "-c", "cd /x && exec git pull | curl -T -"), ["/bin/sh", "git", "curl"]),
    ("options of the shell", ("/bin/sh", "-ec", "git x"), ["/bin/sh", "git"]),
    ("a named option of the shell", ("bash", "-o", "pipefail", "-c", "git x"), ["bash", "git"]),
    (
        "a shell in a shell's text",
        ("/bin/sh", "-c", "sh -c 'git x'; sh -c 'curl x'"),
        ["/bin/sh", "sh", "git", "curl"],
    ),
    ("a text that gets arguments", ("sh", "-c", 'exec "$@"', "--", "curl", "git"), ["sh", "curl"]),
    ("a text whose arguments nobody uses", ("sh", "-c", "git x", "curl"), ["sh", "git"]),
    ("a script that a shell reads", ("sh", "start.sh"), ["sh", "start.sh*", "curl"]),
    ("a file that an interpreter reads", ("python3", "-u", "app.py", "git"), ["python3", "app.py*"]),
    ("a module is no file", ("python", "-m", "http.server"), ["python"]),
    ("a preloaded module is not the file", ("node", "-r", "dotenv/config", "app"), ["node", "app*"]),
]


@pytest.mark.parametrize(("words", "found"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_a_command_line(words: tuple[str, ...], found: list[str]) -> None:
    assert sorted(names("", *words, more="curl x")) == sorted(found)


ENTRIES: list[tuple[str, str, list[str]]] = [
    ("an empty one", "#!/bin/sh\n", []),
    ("one that takes no command", "#!/bin/sh\ngit x\n", ["git"]),
    ("one of another language", "#!/usr/bin/python3\ngit\n", []),
    ("exec its arguments", '#!/bin/sh\nset -e\nexec "$@"\n', ["curl"]),
    ("under a wrapper", '#!/usr/bin/env bash\nexec gosu app "$@"\n', ["gosu", "curl"]),
    ("with others in front", '#!/bin/sh\n[ "$1" = x ] && set -- git "$@"\nexec "$@"\n', ["git", "curl"]),
    ("less the first", '#!/bin/sh\nshift\nexec "$@"\n', ["git"]),
    ("what its functions call", "#!/bin/sh\nf() {\n  git x\n}\nf\n", ["git"]),
    ("what functions of a file call", "#!/bin/sh\n. /app/lib.sh\nserved\n", ["/app/lib.sh*", "serve"]),
    ("a loop", "#!/bin/sh\nfor x in git serve; do $x y; done\n", ["git", "serve"]),
    ("builtins are no programs", "#!/bin/sh\necho x; test -f y; cd z; kill 1\n", []),
    ("what it reads in", "#!/bin/sh\n. /app/start.sh\n", ["/app/start.sh*", "serve"]),
    ("a call in circles", '#!/bin/sh\n/entry "$@" again\n', []),
]


@pytest.mark.parametrize(("text", "found"), [row[1:] for row in ENTRIES], ids=[row[0] for row in ENTRIES])
def test_an_entry_script(text: str, found: list[str]) -> None:
    assert sorted(names(text, "/entry", "curl", "git", more="serve x")) == sorted(["/entry", *found])


ROOTS: list[tuple[str, dict[str, object], tuple[tuple[str, ...], ...]]] = [
    ("nothing", {"Entrypoint": None, "Cmd": None}, ()),
    ("both", {"Entrypoint": ["/e"], "Cmd": ["--port", "1"]}, (("/e", "--port", "1"),)),
    ("a check without", {"Cmd": ["a"], "Healthcheck": {"Test": ["NONE"]}}, (("a",),)),
    ("a check", {"Healthcheck": {"Test": ["CMD", "b", "c"]}}, (("b", "c"),)),
    (
        "a check in a shell",
        {"Healthcheck": {"Test": ["CMD-SHELL", "b || c"]}},
        (("/bin/sh", "-c", "b || c"),),
    ),
    (
        "in the shell of the file",
        {"Shell": ["/bin/bash", "-c"], "Healthcheck": {"Test": ["CMD-SHELL", "b"]}},
        (("/bin/bash", "-c", "b"),),
    ),
]


@pytest.mark.parametrize(("config", "lines"), [row[1:] for row in ROOTS], ids=[row[0] for row in ROOTS])
def test_what_a_configuration_starts(config: dict[str, object], lines: tuple[tuple[str, ...], ...]) -> None:
    assert start_command_lines(side(**config)) == lines


def test_started_things_are_named_once() -> None:
    assert commands_started(side(), ("sh", "-c", "a; a x; a y")) == (StartedItem("sh"), StartedItem("a"))


def check(
    old: tuple[Piece, ...], new: tuple[Piece, ...], *start: str
) -> tuple[list[str], list[tuple[str, str]]]:
    config = {"Cmd": list(start), "WorkingDir": "/app", "Env": ["PATH=/app/bin:/usr/bin:/bin"]}
    found = commands.started_commands(evidence(side(*old, **config), side(*new, **config)))
    assert found.ok == (not found.findings)
    return said(found), needs(found)


ENTRY = '#!/bin/sh\ngit pull\nexec "$@"\n'
FINE: list[tuple[str, tuple[Piece, ...], tuple[Piece, ...], tuple[str, ...]]] = [
    ("nothing is started", (), (), ()),
    ("neither has it", (), (), ("git",)),
    ("in both", TOOLS, TOOLS, ("git",)),
    ("at another place of PATH", (program("/bin/git"),), (program("/app/bin/git"),), ("git",)),
    ("through a link", (program("/bin/git"),), (program("/x"), link("/bin/git", "/x")), ("git",)),
    (
        "an argument that is a program of the old image",
        (program("/app/server"), program("/bin/serve")),
        (program("/app/server"),),
        ("/app/server", "serve", "--port"),
    ),
    (
        "a script needs no mode for a shell that reads it",
        (SH, program("/app/run.sh")),
        (SH, file("/app/run.sh")),
        ("sh", "run.sh"),
    ),
]
LOST: list[tuple[str, tuple[Piece, ...], tuple[Piece, ...], tuple[str, ...], str, list[tuple[str, str]]]] = [
    ("a program", TOOLS, (SH,), ("git",), "git is started but is missing", [("command", "git")]),
    (
        "a program of a package",
        (program("/usr/bin/git"), *package("git", "/usr/bin/git")),
        (),
        ("git",),
        "it is part of the package git",
        [("package", "git")],
    ),
    (
        "its mode",
        (program("/app/run"),),
        (file("/app/run"),),
        ("/app/run",),
        "not executable (mode 0644)",
        [("command", "/app/run")],
    ),
    (
        "what the entry script calls",
        (*TOOLS, program("/e", ENTRY)),
        (SH, program("/e", ENTRY)),
        ("/e",),
        "git",
        [],
    ),
    (
        "what the entry script executes",
        (*TOOLS, program("/e", ENTRY)),
        (SH, program("/e", ENTRY), program("/bin/git")),
        ("/e", "node"),
        "node is started",
        [("command", "node")],
    ),
    (
        "a script that a shell reads",
        (SH, file("/app/r.sh")),
        (SH,),
        ("sh", "r.sh"),
        "r.sh",
        [("path", "/app/r.sh")],
    ),
    ("a source", (*TOOLS, file("/app/a.js")), TOOLS, ("node", "a"), "a is started", [("path", "/app/a.js")]),
    ("the shell", (SH,), (), ("/bin/sh", "-c", "true"), "/bin/sh is started", [("command", "/bin/sh")]),
]


@pytest.mark.parametrize(("old", "new", "start"), [row[1:] for row in FINE], ids=[row[0] for row in FINE])
def test_commands_that_are_there(
    old: tuple[Piece, ...], new: tuple[Piece, ...], start: tuple[str, ...]
) -> None:
    assert check(old, new, *start) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "start", "text", "wanted"), [row[1:] for row in LOST], ids=[row[0] for row in LOST]
)
def test_commands_that_are_lost(
    old: tuple[Piece, ...],
    new: tuple[Piece, ...],
    start: tuple[str, ...],
    text: str,
    wanted: list[tuple[str, str]],
) -> None:
    found, constraints = check(old, new, *start)
    assert len(found) == 1
    assert text in found[0]
    assert not wanted or constraints == wanted


def test_a_start_that_was_changed_is_looked_up_as_it_is() -> None:
    before = side(program("/bin/go"), Cmd=["go", "run", "."])
    assert commands.started_commands(evidence(before, side(program("/app"), Cmd=["/app"]))).ok
    assert said(commands.started_commands(evidence(before, side(Cmd=["/app"])))) == [
        "/app is started but is missing"
    ]


def test_programs_of_sources() -> None:
    before = side(*TOOLS)
    needed = live(commands=used("git", "nowhere"))
    assert commands.source_programs(evidence(before, before, needed)).ok
    found = commands.source_programs(evidence(before, side(SH), needed))
    assert said(found) == ["app.py:1 starts git, which is missing"]
    assert needs(found) == [("command", "git")]


BASH = program("/bin/bash")
ENV = program("/usr/bin/env")
SCRIPTS: list[tuple[str, tuple[Piece, ...], dict[str, object], list[str], bool]] = [
    ("no script", (), {}, [], False),
    ("one whose interpreter is there", (BASH, program("/bin/x", "#!/bin/bash\n")), {}, [], False),
    (
        "one that nothing starts",
        (program("/app/deploy", "#!/bin/bash\n"),),
        {},
        [],
        True,
    ),
    ("one that neither could execute", (program("/bin/x", "#!/bin/nowhere\n"),), {}, [], False),
    (
        "one that is started",
        (program("/app/x", "#!/bin/bash -e\n"),),
        {"Cmd": ["/app/x"]},
        ["the script /app/x needs /bin/bash, which is missing"],
        False,
    ),
    (
        "one in PATH",
        (program("/usr/bin/x", "#!/bin/bash\n"),),
        {},
        ["the script /usr/bin/x needs /bin/bash, which is missing"],
        False,
    ),
    (
        "through env",
        (ENV, program("/usr/bin/x", "#!/usr/bin/env -S A=1 bash -e\n")),
        {},
        ["the script /usr/bin/x needs bash, which is missing"],
        False,
    ),
    (
        "env itself",
        (BASH, program("/bin/x", "#!/usr/bin/env bash\n")),
        {},
        ["the script /bin/x needs /usr/bin/env, which is missing"],
        False,
    ),
]


@pytest.mark.parametrize(
    ("new", "config", "found", "note"), [row[1:] for row in SCRIPTS], ids=[row[0] for row in SCRIPTS]
)
def test_interpreters(
    new: tuple[Piece, ...], config: dict[str, object], found: list[str], note: bool
) -> None:
    before = side(BASH, ENV, *new, **config)
    result = commands.interpreters(evidence(before, side(*new, **config)))
    assert said(result) == found
    assert result.note == note
    assert ("nothing starts lack /bin/bash (/app/deploy)" in result.detail) == note
