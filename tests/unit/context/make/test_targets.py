from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from support import slowness

from slimify.context.make.targets import Recipe, read, recipe

MAKE = shutil.which("make")


def made(text: str, goal: str | None = None, **variables: str) -> Recipe:
    return recipe(read(text), (goal,) if goal else (), variables)


def texts(found: Recipe) -> list[str]:
    return [line.text for line in found.lines]


# (id, makefile, goal, command-line variables, commands): all of it is known without running anything.
KNOWN: list[tuple[str, str, str | None, dict[str, str], list[str]]] = [
    ("one", "a:\n\techo x\n", "a", {}, ["echo x"]),
    ("default-goal", "X = 1\n.PHONY: a b\na:\n\techo a\nb:\n\techo b\n", None, {}, ["echo a"]),
    ("default-goal-said", ".DEFAULT_GOAL := b\na:\n\techo a\nb:\n\techo b\n", None, {}, ["echo b"]),
    ("default-goal-no-dot", ".x:\n\techo x\na:\n\techo a\n", None, {}, ["echo a"]),
    ("no-recipe", "all: a\na:\n\techo a\n", "all", {}, ["echo a"]),
    ("prerequisites-in-order", "all: b a\n\techo all\na:\n\techo a\nb: a\n\techo b\n", None, {},
     ["echo a", "echo b", "echo all"]),
    ("each-once", "all: a b\na: c\n\techo a\nb: c\n\techo b\nc:\n\techo c\n", None, {},
     ["echo c", "echo a", "echo b"]),
    ("rules-add-up", "a: b\na: c\n\techo a\nb:\n\techo b\nc:\n\techo c\n", "a", {},
     ["echo c", "echo b", "echo a"]),
    ("order-only", "a: b | c\n\techo $^\nb:\n\techo b\nc:\n\techo c\n", "a", {},
     ["echo b", "echo c", "echo b"]),
    ("several-targets", "a b:\n\techo $@\n", "b", {}, ["echo b"]),
    ("one-line-rule", "a: b ; echo a\n\techo more\nb: ; echo b\n", "a", {},
     ["echo b", "echo a", "echo more"]),
    ("recursive", "X = $(Y)\nY = 1\na:\n\techo $(X)\n", "a", {}, ["echo 1"]),
    ("simple", "Y = 1\nX := $(Y)\nY = 2\na:\n\techo $(X) ${Y}\n", "a", {}, ["echo 1 2"]),
    ("simple-posix", "Y = 1\nX ::= $(Y)\nY = 2\na:\n\techo $(X)\n", "a", {}, ["echo 1"]),
    ("conditional", "X = 1\nX ?= 2\nY ?= 3\na:\n\techo $(X) $(Y)\n", "a", {}, ["echo 1 3"]),
    ("append", "X = a\nX += b\nY := c\nY += $(X)\na:\n\techo $(X) $(Y)\n", "a", {}, ["echo a b c a b"]),
    ("command-line-wins", "X = 1\nX += 2\na:\n\techo $(X)\n", "a", {"X": "9"}, ["echo 9"]),
    ("override-wins", "override X = 1\na:\n\techo $(X)\n", "a", {"X": "9"}, ["echo 1"]),
    ("single-letter", "X = 1\na:\n\techo $X$(X)\n", "a", {}, ["echo 11"]),
    ("dollar", "a:\n\techo $$HOME $${X} $$(pwd)\n", "a", {}, ["echo $HOME ${X} $(pwd)"]),
    ("unset-is-empty", "a:\n\techo [$(NOBODY_SETS_THIS)]\n", "a", {}, ["echo []"]),
    ("computed-name", "A = B\nB_X = 1\na:\n\techo $($(A)_X)\n", "a", {}, ["echo 1"]),
    ("automatic", "bin/x: a.c b.c\n\tcc -o $@ $< $^ $(@D) $(@F)\na.c b.c:\n\t:\n", "bin/x", {},
     [":", ":", "cc -o bin/x a.c a.c b.c bin x"]),
    ("pattern-rule", "all: x.o\n%.o: %.c\n\tcc -c $< -o $@ $*\nx.c:\n\ttouch $@\n", "all", {},
     ["touch x.c", "cc -c x.c -o x.o x"]),
    ("shortest-stem", ".PHONY: all\nall: lib/x.o\n%.o:\n\techo any $@\nlib/%.o:\n\techo lib $*\n", "all", {},
     ["echo lib x"]),
    ("static-pattern", "O = a.o b.o\nall: $(O)\n$(O): %.o: %.c\n\tcc $< $@\na.c b.c:\n\ttouch $@\n", None, {},
     ["touch a.c", "cc a.c a.o", "touch b.c", "cc b.c b.o"]),
    ("target-variable", "X = 1\na: X = 2\na: b\n\techo $(X)\nb:\n\techo $(X)\n", "a", {},
     ["echo 2", "echo 2"]),
    ("target-variable-elsewhere", "X = 1\na: X = 2\nb:\n\techo $(X)\n", "b", {}, ["echo 1"]),
    ("target-variable-append", "X = 1\na: X += 2\na:\n\techo $(X)\n", "a", {}, ["echo 1 2"]),
    ("prefixes", "Q = @\na:\n\t@echo a\n\t-echo b\n\t@-echo c\n\t$(Q)echo d\n", "a", {},
     ["echo a", "echo b", "echo c", "echo d"]),
    ("continuation",
     "X = a \\\n    b\na: b \\\n  c\n\techo $(X) && \\\n\t  echo y\nb c:\n\techo $@\n", "a", {},
     ["echo b", "echo c", "echo a b && \\\n  echo y"]),
    ("comments", "# c\nX = 1 # not\na: # c\n\techo '$(X)#' # kept\n", "a", {}, ["echo '1 #' # kept"]),
    ("escaped-hash", "X = a\\#b\na:\n\techo $(X)\n", "a", {}, ["echo a#b"]),
    ("empty-lines", "a:\n\n\techo 1\n\n# c\n\techo 2\n", "a", {}, ["echo 1", "echo 2"]),
    ("crlf-free", "a:\n\techo x", "a", {}, ["echo x"]),
    ("ifeq", "X = 1\nifeq ($(X),1)\nY = a\nelse\nY = b\nendif\na:\n\techo $(Y)\n", "a", {}, ["echo a"]),
    ("ifeq-other", "ifeq ($(X),1)\nY = a\nelse\nY = b\nendif\na:\n\techo $(Y)\n", "a", {}, ["echo b"]),
    ("ifneq-quotes", "ifneq \"$(X)\" \"1\"\nY = a\nelse\nY = b\nendif\na:\n\techo $(Y)\n", "a", {"X": "1"},
     ["echo b"]),
    ("else-if", "ifeq ($(X),1)\nY = a\nelse ifeq ($(X),2)\nY = b\nelse\nY = c\nendif\na:\n\techo $(Y)\n", "a",
     {"X": "2"}, ["echo b"]),
    ("else-if-none", "ifeq ($(X),1)\nY = a\nelse ifeq ($(X),2)\nY = b\nelse\nY = c\nendif\na:\n\techo $(Y)\n",
     "a", {}, ["echo c"]),
    ("else-if-first",
     "ifeq ($(X),1)\nY = a\nelse ifeq ($(X),1)\nY = b\nelse\nY = c\nendif\na:\n\techo $(Y)\n",
     "a", {"X": "1"}, ["echo a"]),
    ("nested-conditions",
     "ifdef X\nifdef Y\nZ = xy\nelse\nZ = x\nendif\nelse\nZ = n\nendif\na:\n\techo $(Z)\n",
     "a", {"X": "1"}, ["echo x"]),
    ("nested-in-untaken", "ifdef N\nifdef X\nZ = 1\nelse\nZ = 2\nendif\nendif\na:\n\techo [$(Z)]\n", "a",
     {"X": "1"}, ["echo []"]),
    ("ifndef", "ifndef X\nX = d\nendif\na:\n\techo $(X)\n", "a", {}, ["echo d"]),
    ("condition-in-recipe", "a:\nifdef X\n\techo x\nelse\n\techo y\nendif\n\techo z\n", "a", {"X": "1"},
     ["echo x", "echo z"]),
    ("define", "define CMD\necho 1\necho $(X)\nendef\nX = 2\na:\n\t$(CMD)\n", "a", {}, ["echo 1", "echo 2"]),
    ("substitution", "S = a.c b.c\nO = $(S:.c=.o)\nP = $(S:%.c=x/%.o)\na:\n\techo $(O) $(P)\n", "a", {},
     ["echo a.o b.o x/a.o x/b.o"]),
    ("text-functions",
     "L = b a b\na:\n\techo $(sort $(L)) $(words $(L)) $(word 2,$(L)) $(firstword $(L)) $(lastword $(L))\n"
     "\techo $(subst b,x,$(L)) $(patsubst %,<%>,$(L)) $(filter a,$(L)) $(filter-out a,$(L)) $(strip  a  b )\n"
     "\techo $(findstring a,bab) $(addprefix p/,$(L)) $(addsuffix .o,$(L))\n", "a", {},
     ["echo a b 3 a b b", "echo x a x <b> <a> <b> a b b a b", "echo a p/b p/a p/b b.o a.o b.o"]),
    ("file-functions", "F = d/a.c b\na:\n\techo $(dir $(F)) $(notdir $(F)) $(basename $(F)) $(suffix $(F))\n",
     "a", {}, ["echo d/ ./ a.c b d/a b .c"]),
    ("logic-functions", "a:\n\techo $(if $(X),y,n) $(if ,y) $(or $(X),$(Y),z) $(and a,,b) $(and a,b)\n", "a",
     {"X": "1"}, ["echo y  1  b"]),
    ("foreach-and-call", "f = <$(1)-$(2)>\na:\n\techo $(foreach x,1 2,[$(x)]) $(call f,a,b)\n", "a", {},
     ["echo [1] [2] <a-b>"]),
    ("comma-in-last-argument", "a:\n\techo $(subst x,y,x,x)\n", "a", {}, ["echo y,y"]),
    ("made-targets", "B = $(addprefix bin/,x y)\nall: $(B)\nbin/%:\n\tgo build -o $@ ./cmd/$*\n", None, {},
     ["go build -o bin/x ./cmd/x", "go build -o bin/y ./cmd/y"]),
    ("double-colon", "a::\n\techo 1\na::\n\techo 2\n", "a", {}, ["echo 1", "echo 2"]),
    ("tab-before-any-rule", "\tX = 1\na:\n\techo $(X)\n", "a", {}, ["echo 1"]),
    ("undefine", "X = 1\nundefine X\na:\n\techo [$(X)]\n", "a", {}, ["echo []"]),
    ("url-in-variable", "U = http://x:80/a\nV := $(U)?b=c\na:\n\techo $(V)\n", "a", {}, ["echo http://x:80/a?b=c"]),
    ("phony-with-pattern", ".PHONY: a\na: b\n%:\n\techo any $@\n", "a", {}, ["echo any b"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "goal", "variables", "expected"), [pytest.param(*row[1:], id=row[0]) for row in KNOWN]
)
def test_static_recipes(text: str, goal: str | None, variables: dict[str, str], expected: list[str]) -> None:
    found = made(text, goal, **variables)
    assert (texts(found), found.missing) == (expected, ())


@pytest.mark.skipif(MAKE is None, reason="no make here")
@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row[0])
def test_agrees_with_gnu_make(
    tmp_path: Path, row: tuple[str, str, str | None, dict[str, str], list[str]]
) -> None:
    _, text, goal, variables, expected = row
    (tmp_path / "Makefile").write_text(text)
    words = [*(f"{key}={value}" for key, value in variables.items()), *([goal] if goal else [])]
    done = subprocess.run(
        [str(MAKE), "-n", "--no-print-directory", *words],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if not line.startswith("make: ")]
    assert lines == "\n".join(expected).splitlines()


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        pytest.param("", None, id="empty"),
        pytest.param("# only\nX = 1\n", None, id="no-rule"),
        pytest.param("a:\n\techo\n", "b", id="no-such-target"),
        pytest.param("a: b\n", "b", id="only-a-prerequisite"),
        pytest.param("\techo x\n", None, id="recipe-without-rule"),
        pytest.param("%.o:\n\techo\n", "a.c", id="pattern-does-not-match"),
        pytest.param("<html>\n", None, id="no-makefile"),
    ],
)
def test_no_such_target(text: str, goal: str | None) -> None:
    found = made(text, goal)
    assert (found.lines, found.missing) == ((), (goal or "",))


# (id, makefile, text)
DYNAMIC = [
    ("shell", "V := $(shell git describe)\na:\n\tgo build -X v=$(V) .\n", "go build -X v=${UNKNOWN} ."),
    ("lookup", "P = $(shell which pip)\na:\n\t$(P) install x\n", "$(which pip ${UNKNOWN}) install x"),
    ("condition-of-lookup", "ifneq ($(shell which a),)\nX = 1\nendif\na:\n\techo $(X)\n", "echo ${UNKNOWN}"),
    ("lookup-of-several", "P = $(shell which pip pip3)\na:\n\t$(P) install x\n", "${UNKNOWN} install x"),
    ("shell-in-recipe", "a:\n\techo $(shell date)\n", "echo ${UNKNOWN}"),
    ("shell-assignment", "V != date\na:\n\techo $(V)\n", "echo ${UNKNOWN}"),
    ("wildcard", "a:\n\tcc $(wildcard *.c)\n", "cc ${UNKNOWN}"),
    ("function-of-unknown", "a:\n\techo $(notdir $(shell x))\n", "echo ${UNKNOWN}"),
    ("eval", "a:\n\t$(eval X := 1) x\n", "${UNKNOWN} x"),
    ("environment", "a:\n\tls $(GOPATH)/bin\n", "ls ${UNKNOWN}/bin"),
    ("condition", "ifeq ($(shell id),0)\nX = 1\nendif\na:\n\techo $(X)\n", "echo ${UNKNOWN}"),
    ("condition-else", "ifeq ($(shell id),0)\nelse\nX = 1\nendif\na:\n\techo $(X)\n", "echo ${UNKNOWN}"),
    ("recipe-under-condition", "a:\nifeq ($(shell id),0)\n\techo x\nendif\n", "echo x"),
    ("itself", "X = $(X)\na:\n\techo $(X)\n", "echo ${UNKNOWN}"),
    ("each-other", "X = $(Y)\nY = $(X)\na:\n\techo $(X)\n", "echo ${UNKNOWN}"),
    ("call-of-nothing", "a:\n\techo $(call nobody,1)\n", "echo ${UNKNOWN}"),
]  # fmt: skip


# (id, makefile, the lines that may be executed or not)
UNKNOWN_NAMES = [
    ("no-rule-for-it", "a: $(shell find .)\n\techo a\n", ["echo a"], []),
    ("in-a-list", "a: b $(shell find .)\n\techo $^\nb:\n\techo b\n", ["echo b", "echo b ${UNKNOWN}"], []),
    ("first-target", "$(shell x):\n\techo $@\nb:\n\techo b\n", ["echo ${UNKNOWN}"], []),
    ("its-own-rule", "B := x/$(shell x)\na: $(B)\n$(B):\n\techo $@\n", ["echo x/${UNKNOWN}"], []),
    ("pattern", "a: $(shell x)\nx/%.o: y/%.c\n\tcc $@ $<\n", [], ["cc x/${UNKNOWN}.o y/${UNKNOWN}.c"]),
    ("static-pattern", "O := $(shell x)\na: $(O)\n$(O): x/%.o: %.c\n\tcc $@ $<\n",
     ["cc x/${UNKNOWN}.o ${UNKNOWN}.c"], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "certain", "possible"), [pytest.param(*row[1:], id=row[0]) for row in UNKNOWN_NAMES]
)
def test_targets_with_unknown_names(text: str, certain: list[str], possible: list[str]) -> None:
    found = recipe(read(text))
    assert [line.text for line in found.lines if not line.may_fail] == certain
    assert [line.text for line in found.lines if line.may_fail] == possible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a:\n\techo $(wildcard *.x)\n", "echo ${UNKNOWN}", id="no match"),
        pytest.param("a:\n\techo $(wildcard $(shell x))\n", "echo ${UNKNOWN}", id="unknown glob"),
        pytest.param("a:\n\techo $(wildcard *.x *.c)\n", "echo a.c b.c", id="matches"),
        pytest.param("a:\n\techo $(patsubst %.c,%.o,$(wildcard *.c))\n", "echo a.o b.o", id="in a function"),
    ],
)
def test_wildcards(text: str, expected: str) -> None:
    makefile = replace(read(text), matches=lambda glob: ("a.c", "b.c") if glob == "*.c" else ())
    assert texts(recipe(makefile)) == [expected]


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*row[1:], id=row[0]) for row in DYNAMIC])
def test_unknown_parts(text: str, expected: str) -> None:
    assert texts(made(text, "a")) == [expected]


def test_nothing_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    text = f"X := $(shell touch {mark})\nY != touch {mark}\na:\n\t"
    text += f"+touch {mark} $(shell touch {mark}) $(X) $(Y)\n"
    made(text, "a")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a:\n\techo $(shell y)\n", "echo ${UNKNOWN}", id="not known"),
        pytest.param("a:\n\techo $(shell x $(shell y))\n", "echo ${UNKNOWN}", id="of an unknown one"),
        pytest.param("O := $(shell x)\na:\n\techo $(O) $(O:a=b)\n", "echo a c b c", id="several lines"),
    ],
)
def test_what_commands_print(text: str, expected: str) -> None:
    makefile = replace(read(text), output=lambda command: "a\nc" if command == "x" else None)
    assert texts(recipe(makefile)) == [expected]


def test_file_overrides_environment() -> None:
    text = "X = file\nY ?= file\na:\n\techo $(X) $(Y) $(Z)\n"
    found = recipe(read(text), ("a",), environment={"X": "env", "Y": "env", "Z": "env"})
    assert texts(found) == ["echo file env env"]


def test_several_goals_make_each_target_once() -> None:
    text = "a: c\n\techo a\nb: c\n\techo b\nc:\n\techo c\n"
    found = recipe(read(text), ("b", "a", "d"))
    assert (texts(found), found.missing) == (["echo c", "echo b", "echo a"], ("d",))


def test_lines_and_prefixes() -> None:
    text = "X = 1\na: b\n\t@-echo \\\n\t  1\n\techo 2\nb: ; echo b\n"
    unsure = "ifeq ($(shell id),0)\na:\n\techo 3\nendif\n"
    assert [(c.target, c.number, c.may_fail) for c in made(text, "a").lines] == [
        ("b", 6, False),
        ("a", 3, True),
        ("a", 5, False),
    ]
    assert [(c.text, c.may_fail) for c in made(text + unsure, "a").lines] == [
        ("echo b", False),
        ("echo 3", True),
    ]


def test_recipe_fields() -> None:
    text = (
        "SHELL := /bin/bash\n.ONESHELL:\nexport GO111MODULE = on\nexport V := $(shell x)\nexport W\nW = 2\n"
        ".PHONY: a\na: main.go b c/d\n\techo a\nb: ;\n"
    )
    found = made(text, "a")
    assert (texts(found), found.one_shell, found.shell) == (["echo a"], True, "/bin/bash")
    assert dict(found.exports) == {"GO111MODULE": "on", "W": "2"}


def test_includes() -> None:
    files = {"common.mk": "X = 1\nb:\n\techo b\n", "loop.mk": "include loop.mk\n"}
    text = "include common.mk\n-include gone.mk\ninclude missing.mk\na: b\n\techo $(X)\n"
    found = recipe(replace(read(text, "Makefile"), include=files.get), ("a",))
    assert [(c.text, c.file, c.number) for c in found.lines] == [
        ("echo b", "common.mk", 3),
        ("echo 1", "Makefile", 5),
    ]
    assert texts(recipe(replace(read("include loop.mk\na:\n\techo\n"), include=files.get), ("a",))) == [
        "echo"
    ]


def test_cycles_terminate() -> None:
    assert texts(made("a: b\n\techo a\nb: a\n\techo b\n", "a")) == ["echo b", "echo a"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("X0 = x\n" + "".join(f"X{n} = $(X{n - 1})$(X{n - 1})\n" for n in range(1, 60))
                     + "a:\n\techo $(X59)\n", id="doubling"),
        pytest.param("X = $(foreach a,1 2 3 4 5 6 7 8,$(foreach b,1 2 3 4 5 6 7 8,$(X)))\na:\n\techo $(X)\n",
                     id="foreach"),
        pytest.param("a:\n\techo " + "$(" * 20_000 + "\n", id="unclosed"),
        pytest.param("a:\n\techo " + "$(X" * 5_000 + ")" * 5_000 + "\n", id="nested"),
        pytest.param("ifeq (" + "(" * 50_000 + "\na:\n\techo\nendif\n", id="condition"),
        pytest.param("a: a0\n"
                     + "".join(f"a{n}: a{n + 1}\n\techo {n}\n" for n in range(5_000)), id="long-chain"),
        pytest.param("a: " + " ".join(f"b{n}" for n in range(3_000)) + "\n%:\n\techo $@\n", id="many"),
        pytest.param("\\\n" * 20_000 + "a:\n\techo\n", id="backslashes"),
        pytest.param("x" * 200_000 + " " * 200_000 + "\na:\n\techo\n", id="long-line"),
        pytest.param("define X\n" * 1_000, id="define"),
        pytest.param("\x00\xff: \x01\n\t\x02\n", id="binary"),
    ],
)  # fmt: skip
def test_malicious_makefiles_are_bounded(text: str) -> None:
    started = time.process_time()
    made(text, "a")
    made(text)
    assert time.process_time() - started < 5 * slowness()
