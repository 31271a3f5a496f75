"""The Go reader: tables of sources and what they need, build constraints, the import graph."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import with_started

from slimify.context.source_uses import MAX_FILE
from slimify.languages.go.sources import uses
from slimify.languages.go.sources.packages import (
    GoSources,
    applies,
    head,
    imported_sources,
    main_packages,
)
from slimify.model.sources import SourceFacts


def names(facts: SourceFacts, kind: str) -> list[str]:
    return sorted({use.name for use in getattr(facts, kind)})


NOOP = {
    "empty": "",
    "package": "package a\n",
    "comment": 'package a\n// import "C"\n/* import "net" */\nfunc f() {}\n',
    "import-in-a-string": 'package a\nconst s = `\nimport "C"\n`\n',
    "own-function": 'package a\nfunc f() { Command("git"); exec.Command("git"); os.Open("x") }\n',
    "main-elsewhere": "package a\nfunc main() {}\n",
    "main-as-a-method": "package main\nfunc (t T) main() {}\n",
}


@pytest.mark.parametrize("text", NOOP.values(), ids=NOOP)
def test_noop(text: str) -> None:
    assert uses.read(text, "a.go") == SourceFacts()


HEADS = {
    "one": ('package a\nimport "x"', [("x", "", 2)]),
    "group": (
        'package a\nimport (\n\t"x"\n\n\tb "y" // z\n\t. "z"; _ "w"\n)',
        [("x", "", 3), ("y", "b", 5), ("z", ".", 6), ("w", "_", 6)],
    ),
    "raw": ("package a; import `x`", [("x", "", 1)]),
    "several": (
        'package a\nimport "x"\nimport ("y")\n\nvar s = "z"\nimport "late"',
        [("x", "", 2), ("y", "", 3)],
    ),
    "comments": ('/* a\n*/ package a // b\n/* c */ import /* d */ x /* e */ "x"', [("x", "x", 3)]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), HEADS.values(), ids=HEADS)
def test_head(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert head(text).package == "a"
    assert list(head(text).imports) == expected


FEATURES = {
    "none": ('import ("fmt"; "net/url"; "os")', []),
    "net": ('import "net"', ["net"]),
    "http": ('import "net/http"', ["net", "tls"]),
    "tls": ('import "crypto/tls"', ["net", "tls"]),
    "certificates-only": ('import "crypto/x509"', ["tls"]),
    "user": ('import "os/user"', ["user"]),
    "plugin": ('import "plugin"', ["plugin"]),
    "cgo": ('import "C"', ["cgo"]),
    "embed": ('import "embed"\n//go:embed static\nvar f embed.FS', ["embed"]),
    "embed-of-a-string": ('import _ "embed"\n//go:embed v.txt\nvar v string', ["embed"]),
    "time-zone": ('import "time"\nvar l, _ = time.LoadLocation("Asia/Tokyo")', ["tz"]),
    "time-zone-unknown": ('import "time"\nfunc f(n string) { time.LoadLocation(n) }', ["tz"]),
    "time-zone-utc": ('import "time"\nvar l, _ = time.LoadLocation("UTC")', []),
    "service": ('import "net"\nvar c, _ = net.Dial("tcp", "db:postgresql")', ["net", "services"]),
    "service-asked-for": ('import "net"\nfunc f(n string) { net.LookupPort("tcp", n) }', ["net", "services"]),
    "service-that-is-known": ('import "net"\nvar c, _ = net.Dial("tcp", "db:https")', ["net"]),
    "port-by-number": ('import "net"\nvar c, _ = net.LookupPort("tcp", "80")', ["net"]),
    "address-of-a-run": ('import "net"\nfunc f(a string) { net.Dial("tcp", a) }', ["net"]),
    "socket": ('import "net"\nvar c, _ = net.Dial("unix", "/run/a.sock")', ["net"]),
    "time-zone-embedded": (
        'import ("time"; _ "time/tzdata")\nvar l, _ = time.LoadLocation("Asia/Tokyo")',
        [],
    ),
}


@pytest.mark.parametrize(("text", "expected"), FEATURES.values(), ids=FEATURES)
def test_features(text: str, expected: list[str]) -> None:
    assert sorted(uses.read(f"package a\n{text}\n", "a.go").features) == expected


def test_main() -> None:
    assert uses.read("package main\n\nfunc main() {\n}\n", "a.go").features == {"main"}


def test_embedded_time_zones_hold_for_all_files() -> None:
    reads = ("a.go", 'package a\nimport "time"\nvar l, _ = time.LoadLocation("Asia/Tokyo")')
    embeds = ("b.go", 'package a\nimport _ "time/tzdata"')
    assert "tz" in uses.read_many([reads]).features
    assert "tz" not in uses.read_many([reads, embeds]).features


def test_cgo_lines_name_libraries() -> None:
    text = (
        "package a\n// #cgo CFLAGS: -I/x -lno\n// #cgo LDFLAGS: -L/y -lmagic -lm\n"
        "// #cgo linux pkg-config: libpng zlib\n"
        '// #include <magic.h>\nimport "C"\n'
    )
    facts = uses.read(text, "a.go")
    assert names(facts, "libraries") == ["libpng", "m", "magic", "zlib"]
    assert facts.features == {"cgo"}


IMPORTS = (
    'package a\nimport ("os"; "os/exec"; "syscall"; "fmt"; "flag"; "path"; "path/filepath"; "io/ioutil";'
    '"html/template")\n'
)
# id: (source, commands, whether something is dynamic)
COMMANDS = {
    "command": ('exec.Command("git", "log")', ["git"], False),
    "context": ('exec.CommandContext(ctx, "git", "log")', ["git"], False),
    "look-path": ('exec.LookPath("ffmpeg")', ["ffmpeg"], False),
    "look-path-then-run": ('p, err := exec.LookPath("ffmpeg")\nexec.Command(p)', ["ffmpeg"], False),
    "shell": ('exec.Command("sh", "-c", "cat x | jq .")', ["cat", "jq", "sh"], False),
    "shell-unknown": ('exec.Command("bash", "-c", text)', ["bash"], True),
    "constant": ('const tool = "tar"\nexec.Command(tool)', ["tar"], False),
    "constants": ('const (\na, b = "x", "tar"\n)\nexec.Command(b)', ["tar"], False),
    "variable": ('t := "tar"\nif x { t = "bsdtar" }\nexec.Command(t)', ["bsdtar", "tar"], False),
    "unknown": ("exec.Command(name())", [], True),
    "flag-default": ('t := flag.String("tool", "tar", "")\nexec.Command(*t)', ["tar"], True),
    "an argument": ("exec.Command(os.Args[1])", [], True),
    "itself": ("exec.Command(os.Args[0])", [], False),
    "syscall-exec": ('syscall.Exec("/bin/a", []string{"a"}, nil)', ["/bin/a"], False),
    "struct": ('c := &exec.Cmd{Path: "/bin/tar", Args: nil}', ["/bin/tar"], False),
    "sudo": ('exec.Command("sudo", "-u", "me", "apt-get")', ["apt-get", "sudo"], False),
    "circular": ("a := b\nb := a\nexec.Command(a)", [], True),
}


@pytest.mark.parametrize(("text", "expected", "dynamic"), COMMANDS.values(), ids=COMMANDS)
def test_commands(text: str, expected: list[str], dynamic: bool) -> None:
    facts = with_started(uses.read(f"{IMPORTS}func f() {{\n{text}\n}}\n", "a.go"))
    assert names(facts, "commands") == expected
    assert bool(facts.dynamic) is dynamic


def test_a_vendored_package_that_hands_on_what_its_callers_name() -> None:
    text = f"{IMPORTS}func Exec(a string) error {{ return syscall.Exec(a, nil, nil) }}\n"
    known, other = "vendor/golang.org/x/sys/unix/exec.go", "vendor/example.org/unix/exec.go"
    assert [bool(with_started(uses.read(text, file)).dynamic) for file in (known, other)] == [False, True]
    text = 'package a\nimport "golang.org/x/sys/unix"\nfunc f() { unix.Exec("/bin/a", nil, nil) }\n'
    assert names(with_started(uses.read(text, "a.go")), "commands") == ["/bin/a"]


def test_names_are_those_of_the_function() -> None:
    text = f'{IMPORTS}func f(t string) {{ exec.Command(t) }}\nfunc g() {{ t := "tar"; exec.Command(t) }}\n'
    facts = with_started(uses.read(text, "a.go"))
    assert [(use.name, use.line) for use in facts.commands] == [("tar", 4)]
    assert [use.line for use in facts.dynamic] == [3]


def test_renamed_imports() -> None:
    text = 'package a\nimport e "os/exec"\nimport . "os"\nfunc f() { e.Command("git"); Open("x") }\n'
    facts = with_started(uses.read(text, "a.go"))
    assert names(facts, "commands") == ["git"]
    assert names(facts, "paths") == ["x"]


PATHS = {
    "open": ('os.Open("a.txt")', ["a.txt"]),
    "read-file": ('os.ReadFile("/etc/hosts")', ["/etc/hosts"]),
    "ioutil": ('ioutil.ReadDir("conf.d")', ["conf.d"]),
    "join": ('os.Open(filepath.Join("a", "..", "b", "c.txt"))', ["b/c.txt"]),
    "join-unknown": ('os.Open(path.Join("a/b", name))', ["a/b/"]),
    "sum": ('os.Open("a/" + "b.txt")', ["a/b.txt"]),
    "sprintf": ('os.Open(fmt.Sprintf("locale/%s.json", l))', ["locale/"]),
    "flag-default": ('c := flag.String("c", "conf.yml", "")\nos.Open(*c)', ["conf.yml"]),
    "templates": ('template.Must(template.ParseFiles("a.html", "b.html"))', ["a.html", "b.html"]),
    "templates-glob": ('template.New("x").ParseGlob("t/*.html")', ["t/*.html"]),
    "gin": ('r.LoadHTMLGlob("t/*"); r.Static("/static", "./static")', ["./static", "t/*"]),
    "migrations": ('migrate.New("file://db/migrations", url)', ["db/migrations"]),
    "walk": ('filepath.Walk("content", f)', ["content"]),
    "unknown": ("os.Open(name)", []),
}
# Calls that may open anything, so that all files have to stay.
ANY_FILE = {
    "constant": ('os.Open("a.txt")', False),
    "directory-known": ('os.Open("conf/" + name)', False),
    "unknown": ("os.Open(name)", True),
    "flag": ('c := flag.String("c", "conf.yml", "")\nos.Open(*c)', True),
    "working-directory": ('viper.AddConfigPath(".")', True),
}


@pytest.mark.parametrize(("text", "expected"), ANY_FILE.values(), ids=ANY_FILE)
def test_files_of_unknown_name(text: str, expected: bool) -> None:
    assert bool(uses.read(f"{IMPORTS}func f() {{\n{text}\n}}\n", "a.go").computed) is expected


@pytest.mark.parametrize(("text", "expected"), PATHS.values(), ids=PATHS)
def test_paths(text: str, expected: list[str]) -> None:
    assert names(uses.read(f"{IMPORTS}func f() {{\n{text}\n}}\n", "a.go"), "paths") == expected


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ('"file://db/migrations"', False),
        ('"s3://a/b"', False),
        ("config.PATH", True),
        ('os.Getenv("X")', True),
    ],
)
def test_files_that_functions_of_others_open(argument: str, expected: bool) -> None:
    imports = 'package a\nimport ("os"; "github.com/golang-migrate/migrate/v4")\n'
    found = uses.read(f"{imports}func f() {{ migrate.New({argument}, url) }}\n", "a.go")
    assert bool(found.computed) is expected


def test_files_served() -> None:
    text = 'package a\nimport "net/http"\nvar h = http.FileServer(http.Dir("public"))\n'
    text += (
        'func f() { http.ServeFile(w, r, "i.html"); http.ListenAndServeTLS(":1", "c.pem", "k.pem", nil) }\n'
    )
    assert names(uses.read(text, "a.go"), "paths") == ["c.pem", "i.html", "k.pem", "public"]


# --- which files belong to a build: the rules of `go help buildconstraint` ---

# id: (file, text above "package a", whether linux/amd64 takes it)
BUILDS = {
    "plain": ("a.go", "", True),
    "test": ("a_test.go", "", False),
    "underscore": ("_a.go", "", False),
    "dot": (".a.go", "", False),
    "no-go": ("a.txt", "", False),
    "windows": ("a_windows.go", "", False),
    "linux": ("dir/a_linux.go", "", True),
    "architecture": ("a_arm64.go", "", False),
    "both": ("a_linux_amd64.go", "", True),
    "both-other": ("a_linux_arm64.go", "", False),
    "system-is-the-whole-name": ("windows.go", "", True),
    "unix-is-no-suffix": ("a_unix.go", "", True),
    "odd-order": ("a_amd64_linux.go", "", True),
    "suffix-before-test": ("a_windows_test.go", "", False),
    "go-build": ("a.go", "//go:build linux\n\n", True),
    "go-build-not": ("a.go", "//go:build !linux\n\n", False),
    "go-build-ignore": ("a.go", "//go:build ignore\n\n", False),
    "go-build-unix": ("a.go", "//go:build unix\n\n", True),
    "go-build-version": ("a.go", "//go:build go1.18\n\n", True),
    "go-build-and": ("a.go", "//go:build linux && arm64\n\n", False),
    "go-build-or": ("a.go", "//go:build windows || amd64\n\n", True),
    "go-build-grouped": ("a.go", "//go:build linux && !(arm64 || cgo)\n\n", False),
    "go-build-precedence": ("a.go", "//go:build windows && arm64 || linux\n\n", True),
    "go-build-below-licence": ("a.go", "// Copyright\n\n//go:build windows\n\n", False),
    "go-build-wins": ("a.go", "//go:build linux\n// +build windows\n\n", True),
    "plus-build": ("a.go", "// +build windows\n\n", False),
    "plus-build-or": ("a.go", "// +build windows linux\n\n", True),
    "plus-build-comma-is-and": ("a.go", "// +build linux,arm64\n\n", False),
    "plus-build-lines-are-and": ("a.go", "// +build linux\n// +build arm64\n\n", False),
    "plus-build-not": ("a.go", "// +build !windows\n\n", True),
    "plus-build-needs-a-blank-line": ("a.go", "// +build windows\n", True),
    "plus-build-crlf": ("a.go", "// +build windows\r\n\r\n", False),
    "malformed-stays-in-view": ("a.go", "//go:build &&\n\n", True),
}


@pytest.mark.parametrize(("file", "above", "expected"), BUILDS.values(), ids=BUILDS)
def test_build_constraints(file: str, above: str, expected: bool) -> None:
    assert applies(file, head(f"{above}package a\n")) is expected


ELSEWHERE = {
    "windows-by-name": ("a_windows.go", "", False),
    "windows-by-constraint": ("a.go", "//go:build windows\n\n", False),
    "generator": ("a.go", "//go:build ignore\n\n", False),
    "test": ("a_test.go", "", False),
    "other-architecture": ("a_arm64.go", "//go:build arm64\n\n", True),
    "tag-that-may-be-given": ("a.go", "//go:build sqlite\n\n", True),
    "tag-that-may-not-be-given": ("a.go", "//go:build linux && !sqlite\n\n", True),
}


@pytest.mark.parametrize(("file", "above", "expected"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_files_of_other_systems_need_nothing(file: str, above: str, expected: bool) -> None:
    text = f'{above}package a\nimport "os/exec"\nfunc f() {{ exec.Command("git") }}\n'
    assert bool(uses.read(text, file).started) is expected


def test_tags_given() -> None:
    start = head("//go:build netgo\n\npackage a\n")
    assert not applies("a.go", start)
    assert applies("a.go", start, frozenset({"netgo"}))


def test_main_packages() -> None:
    main = "package main\n\nfunc main() {}\n"
    files = [
        ("main.go", main),
        ("cmd/b/b.go", main),
        ("cmd/b/c.go", main),
        ("cmd/w/w_windows.go", main),
        ("gen.go", "//go:build ignore\n\n" + main),
        ("lib/lib.go", "package lib\n\nfunc main() {}\n"),
        ("half/half.go", "package main\n\n/*\nfunc main() {}\n*/\nvar s = `\nfunc main() {}\n`\n"),
    ]
    assert main_packages(files) == ("", "cmd/b")


# --- the import graph ---

TREE = {
    "cmd/x/main.go": 'package main\nimport ("fmt"; "example.org/app/lib"; "github.com/a/b")\n',
    "cmd/x/main_test.go": 'package main\nimport "github.com/test/only"\n',
    "lib/lib.go": 'package lib\nimport ("os/user"; "example.org/app/lib/deep"; "example.org/other/x")\n',
    "lib/deep/deep.go": 'package deep\nimport "example.org/app/lib"\n',
    "vendor/github.com/a/b/b.go": 'package b\nimport "github.com/a/c"\n',
    "vendor/github.com/a/c/c.go": "package c\n",
    "vendor/github.com/a/c/c_windows.go": 'package c\nimport "C"\n',
    "other/x/x.go": "package x\n",
    "unused/u.go": 'package u\nimport "C"\n',
}
MODULES = {"example.org/app": "", "example.org/other": "other"}


WHOLE = ("cmd/x", "lib", "lib/deep", "other/x", "vendor/github.com/a/b", "vendor/github.com/a/c")


def imported(tree: Mapping[str, str | None]) -> GoSources:
    return imported_sources(tree, tree.get, "cmd/x", modules=MODULES)


def test_imports_are_followed() -> None:
    found = imported(TREE)
    assert sorted({posixpath.dirname(file) for file in found.files}) == sorted(WHOLE)
    assert found.outside == ()


def test_a_module_whose_sources_are_elsewhere() -> None:
    tree = {name: text for name, text in TREE.items() if not name.startswith("vendor/")}
    assert imported(tree).outside == ("github.com/a/b",)


def test_a_file_that_cannot_be_read() -> None:
    assert imported({**TREE, "lib/lib.go": None}).outside == ("lib/lib.go",)


def test_a_package_that_is_not_there() -> None:
    assert imported({}) == GoSources(files=(), outside=("cmd/x",))


# --- any input ---

HOSTILE = {
    "brackets": "(" * 200_000,
    "braces": "{" * 200_000,
    "calls": "f(" * 100_000,
    "comments": "/*" * 100_000,
    "quotes": "\"'`" * 50_000,
    "import": "import (" * 50_000,
    "not": "//go:build " + "!" * 100_000 + "a\n\n",
    "parentheses": "//go:build " + "(" * 100_000 + "\n\n",
    "sum": "func f() { exec.Command(" + "+".join(["a"] * 50_000) + ") }",
    "names": (
        "func f() { a0 := `x`;"
        + "".join(f"a{i + 1} := a{i} + a{i};" for i in range(2000))
        + "exec.Command(a2000) }"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_no_time(text: str) -> None:
    for whole in (text, f'package a\nimport "os/exec"\nfunc g() {{ exec.Command("a") }}\n{text}'):
        assert isinstance(uses.read(whole, "a.go"), SourceFacts)
        assert isinstance(applies("a.go", head(whole)), bool)
        main_packages([("a.go", whole)])


def test_files_over_the_limit_are_named() -> None:
    assert uses.read("package a\n" * MAX_FILE, "big.go").skipped == ("big.go",)


TEXT = """package import main func main() ( ) { } " ` // /* */ //go:build +build linux ! && ||
exec.Command("a") C os"""
TOKENS = st.sampled_from([*TEXT.split(), "\n", "\n\n"])


@settings(max_examples=300, deadline=None)
@given(st.text() | st.lists(TOKENS, max_size=60).map(" ".join))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(uses.read(text, "a.go"), SourceFacts)
    assert isinstance(applies("a.go", head(text)), bool)
    assert isinstance(main_packages([("a.go", text)]), tuple)
