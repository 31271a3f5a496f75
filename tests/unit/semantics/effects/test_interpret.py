"""What commands do: a line of shell in a known context, and the effects that it must have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from slimify.context.scan import Context, scan
from slimify.facts.commands import handlers
from slimify.languages import programs
from slimify.model.effects import Effect
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects import registry
from slimify.semantics.effects.interpret import interpret_run, interpreted
from slimify.semantics.effects.state import State
from slimify.syntax.shell.script import read

TABLE = Path(__file__).parent.parent.parent.parent / "data" / "effects" / "cases.txt"
SCRIPTS = {
    "build": "tsc && vite build",
    "all": "npm-run-all --parallel lint 'pack:*'",
    "series": "run-s pack:js pack:css",
    "both": 'concurrently "npm:pack:*" "npm:lint"',
    "lint": "eslint .",
    "pack:js": "webpack",
    "pack:css": "sass a.scss a.css",
    "test": "jest",
    "prehooked": "rimraf dist",
    "hooked": "tsc",
    "start": "node server.js",
    "start:prod": "node dist/main.js",
    "build:types": "tsc --emitDeclarationOnly",
    "test:built": "tsc && mocha",
}
FILES: Mapping[str, str] = {
    "package.json": json.dumps({"name": "site", "scripts": SCRIPTS, "dependencies": {"express": "4"}}),
    "package-lock.json": "{}",
    "web/package.json": json.dumps({"dependencies": {"vue": "3"}}),
    "shot/package.json": json.dumps({"dependencies": {"a": "1"}, "devDependencies": {"cypress": "^12.1"}}),
    "requirements.txt": "flask\n",
    "pyproject.toml": "[project]\nname = 'x'\n",
    "go.mod": "module example.org/site\n",
    "main.go": "package main\n",
    "cmd/tool/main.go": "package main\n",
    "Makefile": "app: dep\n\tgcc -o app app.c\ndep:\n\tpip install flask\n",
    "sub/Makefile": "all:\n\ttouch made\n",
    "broken/Makefile": "all:\n\tfor i in ; do touch $$i; done\n\tgcc -o app app.c\n",
    "setup.sh": "#!/bin/sh\napt-get install -y gcc\ncd /src\ntouch x\n",
    "sub/here.sh": '#!/bin/sh\ncd "$(dirname "$0")/.."\ntsc\n',
    "sub/place.sh": '#!/bin/sh\nHERE=$(cd "$(dirname "$0")/.." && pwd)\ntouch "$HERE/x"\n',
    "lib.sh": 'PLACE=/srv/place\nmade_by() {\n  touch "$1"\n}\n',
    "go.sh": "#!/bin/sh\ntsc\n",
    "tool.py": "#!/usr/bin/env python3\nprint()\n",
}
ENV = {"GOPATH": "/go", "PATH": "/usr/local/bin:/usr/bin:/bin"}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    root = tmp_path_factory.mktemp("context")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return scan(root)


def state(context: Context) -> State:
    """A project copied to /app of a Debian image with everything."""
    return State(
        cwd="/app", env=ENV, view=ContextView(context=context).with_copy(["."], "/app"), manager="apt"
    )


def summary(effect: Effect) -> str:
    """Kind (of which ecosystem) and action, then what is not empty; `!` for one that may write anywhere."""
    kind = (
        f"{effect.kind}:{effect.ecosystem}"
        if effect.kind in ("install", "install-global", "compile")
        else effect.kind
    )
    parts = [kind + ("!" if effect.writes_anywhere else "")]
    parts += [effect.action.replace(" ", "-")] if effect.action and "://" not in effect.action else []
    lists = {
        "pkg": tuple(p.name for p in effect.packages),
        "w": effect.writes,
        "out": effect.outputs,
        "del": effect.deletes,
        "cache": effect.caches,
        "tools": effect.tools,
    }
    parts += [f"{name}={','.join(found)}" for name, found in lists.items() if found]
    return " ".join([*parts, "dev"] if effect.dev else parts)


def effects(text: str, start: State) -> list[str]:
    return [summary(effect) for atom in interpreted(text, start).effects for effect in atom]


def cases() -> list[tuple[str, str, list[str]]]:
    """Id, command line and effects of every case."""
    found: list[tuple[str, str, list[str]]] = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            found[-1][2].append(line.strip())
        elif line and not line.startswith("#"):
            name, _, text = line.partition(":")
            found.append((name, text.strip(), []))
    return found


@pytest.mark.parametrize(("text", "expected"), [pytest.param(t, e, id=i) for i, t, e in cases()])
def test_effects(context: Context, text: str, expected: list[str]) -> None:
    assert effects(text, state(context)) == expected


ANY = ("anything",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("echo main.go", [()], id="no-op-echo"),
        pytest.param("cat", [()], id="no-op-standard-input"),
        pytest.param("cat - <<EOF\nx\nEOF\n", [()], id="no-op-here-document"),
        pytest.param("grep -q main.go", [()], id="no-op-pattern"),
        pytest.param("test -n main.go", [()], id="no-op-test-of-a-word"),
        pytest.param("sed -i s/a/b/ main.go", [()], id="no-op-edit"),
        pytest.param("echo x < /dev/null", [()], id="no-op-device"),
        pytest.param("cat main.go", [("/app/main.go",)], id="operand"),
        pytest.param("head -n 1 main.go", [("/app/main.go",)], id="value-of-an-option"),
        pytest.param("grep x main.go > y", [("/app/main.go",)], id="behind-a-pattern"),
        pytest.param("grep -e x main.go", [("/app/main.go",)], id="pattern-by-option"),
        pytest.param("sed s/a/b/ main.go", [("/app/main.go",)], id="sed-prints"),
        pytest.param("[ -f main.go ]", [("/app/main.go",)], id="test"),
        pytest.param("sort < main.go > y", [("/app/main.go",)], id="redirect"),
        pytest.param("read X < main.go", [("/app/main.go",)], id="redirect-of-a-builtin"),
        pytest.param(". none.sh", [("/app/none.sh",)], id="sourced"),
        pytest.param('. "$X"', [ANY], id="unknown-sourced"),
        pytest.param("tar -cf x.tar -C cmd tool", [("/app/cmd/tool",)], id="archive-of-a-directory"),
        pytest.param("tar -xf $X", [ANY], id="unknown-archive"),
        pytest.param("cat sub/$X", [("/app/sub",)], id="start-is-known"),
        pytest.param("cat $X", [ANY], id="unknown"),
        pytest.param("cp $X /y", [ANY], id="unknown-copy"),
        pytest.param("sort < $X", [ANY], id="unknown-redirect"),
        pytest.param(
            "for f in cmd/tool/*.go; do cat $f; done",
            [("/app/cmd/tool/main.go",), ("/app/cmd/tool/*.go",)],
            id="loop-over-a-glob",
        ),
        pytest.param("for f in /x/*.go; do cat ${f}; done", [("/x/*.go",)], id="loop-elsewhere"),
        pytest.param("for f in /x/*; do f=$(tr a b); cat $f; done", [(), ANY], id="set-in-the-loop"),
        pytest.param('for f in "/x/*"; do cat $f; done', [("/x/*",)], id="quoted-glob"),
    ],
)
def test_what_is_read(context: Context, text: str, expected: list[tuple[str, ...]]) -> None:
    done = [e for atom in interpreted(text, state(context)).effects for e in atom if e.tool not in ("", "tr")]
    assert [ANY if e.reads_anything else e.reads for e in done] == [
        e for e in expected if e or len(expected) == 1
    ]


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        pytest.param("for f in *.none; do touch /x/$f; done", (), id="no-match"),
        pytest.param("for f in $X; do touch /x/$f; done", (), id="unknown"),
        pytest.param("for d in $(ls none); do touch /x/$d; done", (), id="lists-nothing-known"),
        pytest.param("for d in $(ls cmd); do touch /x/$d; done", ("/x/tool",), id="listed"),
        pytest.param("touch /x/$(uname -s)", ("/x/Linux",), id="printed-in-every-image"),
        pytest.param("for d in cmd/*/; do touch /x/$(basename $d); done", ("/x/tool",), id="directories"),
        pytest.param(
            "for f in s*/*.sh; do touch /x/$f; done", ("/x/sub/here.sh", "/x/sub/place.sh"), id="files"
        ),
    ],
)
def test_what_a_loop_over_a_glob_certainly_makes(
    context: Context, text: str, certain: tuple[str, ...]
) -> None:
    made = [e for atom in interpreted(text, state(context)).effects for e in atom if e.tool == "touch"]
    assert tuple(path for e in made for path in e.writes if path not in e.possible) == certain


@pytest.mark.parametrize(
    ("text", "cwd", "homes", "settings"),
    [
        pytest.param("cd /src && export A=b", "/app", {}, {}, id="a-shell-of-its-own"),
        pytest.param("useradd -m -d /srv/x x", "/app", {"x": "/srv/x"}, {}, id="home-of-a-user"),
        pytest.param(
            "poetry config virtualenvs.create false",
            "/app",
            {},
            {"poetry virtualenvs.create": "false"},
            id="setting-of-a-tool",
        ),
        pytest.param("python -m venv /venv", "/app", {}, {"venv /venv": "1"}, id="environment"),
        pytest.param("(npm config set prefix /opt/n)", "/app", {}, {"npm prefix": "/opt/n"}, id="subshell"),
    ],
)
def test_what_outlasts_a_run(
    context: Context, text: str, cwd: str, homes: dict[str, str], settings: dict[str, str]
) -> None:
    end = interpret_run(read(text), state(context))[1]
    assert (end.cwd, dict(end.env), dict(end.homes), dict(end.settings)) == (cwd, ENV, homes, settings)


def test_bash_keeps_no_assignment_in_front_of_a_builtin(context: Context) -> None:
    text = "deps=git set -x && apk add --no-cache $deps"
    start = replace(state(context), shell=("/bin/bash", "-c"))
    assert effects(text, start) == ["state", "packages add pkg="]


@pytest.mark.parametrize(
    ("made", "started"),
    [
        pytest.param("true", None, id="never-put-there"),
        pytest.param("cp web/package.json /usr/local/bin/up", None, id="no-script"),
        pytest.param("cp setup.sh /usr/local/bin/up", "up", id="copied"),
        pytest.param("cp setup.sh /opt/", None, id="not-on-the-path"),
        pytest.param("install -m 755 setup.sh /usr/local/bin/up", "up", id="installed"),
        pytest.param("ln -s /app/setup.sh /usr/bin/up", "up", id="linked"),
        pytest.param("chmod +x setup.sh && mv setup.sh /bin/up", "up", id="moved"),
    ],
)
def test_a_script_that_a_run_puts_on_the_path_is_followed(
    context: Context, made: str, started: str | None
) -> None:
    end = interpret_run(read(made), state(context))[1]
    found = effects("up", end)
    if started is None:
        assert found == ["unknown!"]
    else:
        assert found[1:] == effects("./setup.sh", state(context))[1:]


@pytest.mark.parametrize(
    ("script", "call", "made"),
    [
        pytest.param("touch made", "sh up a", ["files w=/app/made"], id="asks-for-none"),
        pytest.param('touch "$1"', "sh up a", ["files w=/app/a"], id="one"),
        pytest.param('exec "$@"', "./up touch a", ["files w=/app/a"], id="all"),
        pytest.param('"$@"', "./up", ["unknown!"], id="none"),
        pytest.param('touch "$1"', "sh up $x", ["files!"], id="unknown"),
        pytest.param('shift\nexec "$@"', "./up x touch a", ["state", "files w=/app/a"], id="shifted"),
        pytest.param('set -e\nexec "$@"', "./up touch a", ["state", "files w=/app/a"], id="options"),
        pytest.param('set -- touch b\nexec "$@"', "./up touch a", ["state", "files w=/app/b"], id="others"),
        pytest.param('set -- $x\nexec "$@"', "./up touch a", ["state", "unknown!"], id="unknown-others"),
        pytest.param("touch ${1:-b} ${2:-c}", "sh up a", ["files w=/app/a,/app/c"], id="defaults"),
        pytest.param(
            'if [ "$1" = a ]; then set -- touch b; fi\nexec "$@"',
            "./up touch a",
            ["state", "files w=/app/a", "files w=/app/b"],
            id="one-of-two",
        ),
        pytest.param(
            '[ -z "$1" ] || shift\ntouch "$1"',
            "./up a b",
            ["state", "files w=/app/a", "files w=/app/b"],
            id="shifted-or-not",
        ),
        pytest.param(
            'for f; do shift; done\ntouch "$1"', "./up a b", ["state", "files!"], id="shifted-in-a-loop"
        ),
        pytest.param(
            'while [ $# -gt 0 ]; do\ntouch "$1"\nshift\ndone',
            "./up a b",
            ["files w=/app/a", "state", "files w=/app/b", "state"],
            id="each-shifted",
        ),
        pytest.param(
            'while [ $# -gt 0 ]; do\ntouch "$1"\nshift\ndone',
            "./up $x",
            ["files!", "state"],
            id="unknown-shifted",
        ),
        pytest.param("touch x", """sh -c '"$@"' up touch a""", ["files w=/app/a"], id="of-a-text"),
        pytest.param('f() { "$@"; }\nf touch b', "sh up a", ["state", "files w=/app/b"], id="of-a-function"),
    ],
)
def test_arguments_of_a_script(script: str, call: str, made: list[str], tmp_path: Path) -> None:
    (tmp_path / "up").write_text(f"#!/bin/sh\n{script}\n")
    found = [e for e in effects(call, state(scan(tmp_path))) if not e.startswith("check")]
    assert found == made


@pytest.mark.parametrize("call", ["runsvdir -P sv", "s6-svscan /app/sv", "run-parts --exit-on-error sv/a"])
def test_scripts_that_a_scanner_finds(call: str, tmp_path: Path) -> None:
    (tmp_path / "sv/a").mkdir(parents=True)
    (tmp_path / "sv/a/run").write_text("#!/bin/sh\ntouch /srv/x\n")
    (tmp_path / "sv/a/notes").write_text("touch /srv/y\n")
    found = [e for e in effects(call, state(scan(tmp_path))) if not e.startswith("check")]
    assert found == ["files w=/srv/x"]


def test_a_script_that_runs_itself_with_other_arguments(tmp_path: Path) -> None:
    (tmp_path / "up").write_text('#!/bin/sh\ntouch "$1"\nexec "$0" b\n')
    found = [e for e in effects("./up a", state(scan(tmp_path))) if not e.startswith("check")]
    assert found == ["files w=/app/a", "files w=/app/b"]


def test_a_script_that_runs_itself_in_another_directory(tmp_path: Path) -> None:
    (tmp_path / "up").write_text("#!/bin/sh\nmkdir -p in\ncd in\n/app/up\n")
    found = [e for e in effects("./up", state(scan(tmp_path))) if not e.startswith("check")]
    assert [e for e in found if "w=" in e][:2] == ["files w=/app/in", "files w=/app/in/in"]
    assert found[-1] == "unknown!"


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("apt-get install -y gcc", ()),
        ("apt-key add -", ()),
        ("apt-get install -y ./x.deb gcc", ("/app/x.deb",)),
        ("apk add --allow-untrusted /tmp/x.apk", ("/tmp/x.apk",)),
        ("apt-key add x.asc", ("/app/x.asc",)),
        ("rpm --import /etc/x.asc", ("/etc/x.asc",)),
    ],
)
def test_files_that_an_install_reads(context: Context, text: str, reads: tuple[str, ...]) -> None:
    (effect,) = (e for atom in interpreted(text, state(context)).effects for e in atom)
    assert effect.reads == reads


def test_packages_carry_their_place_in_the_run(context: Context) -> None:
    text = "apt-get install -y gcc 'git' && pip install flask==2"
    found = [p for atom in interpreted(text, state(context)).effects for e in atom for p in e.packages]
    assert [(p.name, text[slice(*p.span)]) for p in found] == [
        ("gcc", "gcc"),
        ("git", "'git'"),
        ("flask", "flask==2"),
    ]


def test_scripts_that_run_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"scripts": {"a": "npm run b", "b": "npm run a"}}))
    found = effects("npm run a", state(scan(tmp_path)))
    assert len(found) == 1
    assert found[0].startswith("check")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("".join(f"f{n}() {{ f{n + 1}; }}\n" for n in range(400)) + "f0", id="functions"),
        pytest.param("".join(f"f{n}() {{ ((((f{n + 1})))); }}\n" for n in range(40)) + "f0", id="both"),
        pytest.param("{ " * 60 + "f0() { " + "{ " * 60 + "f1; " + "}; " * 121 + "f0", id="constructs"),
    ],
)
def test_nesting_has_an_end(text: str) -> None:
    assert effects(text, State())[-1] in ("unknown!", "state")


def test_a_script_in_functions_is_followed(context: Context) -> None:
    text = "".join(f"f{n}() {{ f{n + 1}; }}\n" for n in range(8)) + "f8() { ./go.sh; }\nf0"
    assert effects(text, state(context))[-1].startswith("build")


@pytest.mark.parametrize("program", sorted({*handlers(), *programs()}))
def test_programs_of_the_table_have_code(program: str) -> None:
    assert callable(registry.handler_of(program))


@pytest.mark.parametrize(
    ("text", "known", "unknown"),
    [
        pytest.param("rm -rf /x", "files delete del=/x", "files delete del=/x", id="a-path"),
        pytest.param("rm -rf ~/x", "files delete del=/root/x", "files! delete", id="home"),
        pytest.param(
            "pip install --no-cache-dir --user a",
            "install:python install pkg=a w=/root/.local",
            "install:python! install pkg=a",
            id="the-base-of-users",
        ),
        pytest.param(
            "export HOME=/h; rm -rf ~/x", "files delete del=/h/x", "files delete del=/h/x", id="a-known-home"
        ),
        pytest.param(
            "git config --global a.b c",
            "files config w=/root/.gitconfig",
            "files! config",
            id="settings-below-home",
        ),
        pytest.param(
            "GOBIN=/b go install example.org/a@v1",
            "compile:go install out=/b/a cache=/root/.cache/go-build,/root/go/pkg/mod",
            "compile:go install out=/b/a cache=/root/.cache/go-build",
            id="a-named-directory",
        ),
        pytest.param(
            "go install example.org/a@v1",
            "compile:go install out=/root/go/bin/a cache=/root/.cache/go-build,/root/go/pkg/mod",
            "compile:go! install cache=/root/.cache/go-build",
            id="go-path",
        ),
    ],
)
def test_any_variable_of_an_unknown_base_may_be_set(text: str, known: str, unknown: str) -> None:
    start = State(cwd="/app", manager="apt")
    assert effects(text, start)[-1] == known
    assert effects(text, replace(start, base_known=False))[-1] == unknown


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("apt-get install -y gcc", False),
        ("apt-get -qq install gcc", False),
        ("apk add gcc", False),
        ("install_packages gcc", False),
        ("apt-get install gcc", True),
        ("cat requirements.txt | xargs apt-get install", True),
        ("sh silent.sh", False),
        ("sh asking.sh", True),
    ],
)
def test_installs_that_ask(tmp_path: Path, text: str, asks: bool) -> None:
    (tmp_path / "silent.sh").write_text("apt-get install -y gcc\n")
    (tmp_path / "asking.sh").write_text("apt-get install gcc\n")
    (tmp_path / "requirements.txt").write_text("flask\n")
    found = [e for atom in interpreted(text, state(scan(tmp_path))).effects for e in atom]
    assert [e.asks for e in found if e.kind == "packages"] == [asks]
