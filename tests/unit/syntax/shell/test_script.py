"""The shell parser, against shfmt and tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit import shell_oracle as oracle

from slimify.model.dockerfile import Instruction
from slimify.model.shell import Command
from slimify.syntax.dockerfile.parser import parse
from slimify.syntax.shell.script import inner_scripts, read, read_run, static_words, unwrap

_BODIES = Path(__file__).parents[3] / "data" / "shell" / "bodies.txt"


def _bodies() -> list[tuple[str, str]]:
    parts = re.split(r"(?m)^-- (.*)\n", _BODIES.read_text(encoding="utf-8"))[1:]
    return [(name, body.removesuffix("\n")) for name, body in zip(parts[::2], parts[1::2], strict=True)]


def _params() -> list[object]:
    return [pytest.param(body, id=name) for name, body in _bodies()]


def run(text: str) -> Instruction:
    """The last instruction of a file that ends in `text`."""
    return parse(f"FROM x\n{text}".encode()).instructions[-1]


# --- the same commands as shfmt ---------------------------------------------------------------------


@pytest.mark.parametrize("body", _params())
def test_commands_match_shfmt(body: str) -> None:
    expected = oracle.shfmt(body)
    assert expected is not None
    script = read(body)
    assert not script.opaque
    assert oracle.ours(script) == expected


@pytest.mark.parametrize("body", _params())
def test_atoms_match_statements_of_shfmt(body: str) -> None:
    assert [(atom.operator, atom.start) for atom in read(body).atoms] == oracle.cuts(body)


@pytest.mark.parametrize("body", _params())
def test_spans_match_the_text(body: str) -> None:
    script = read(body)
    ends = [0]
    for atom in script.atoms:
        assert ends[-1] <= atom.start < atom.end
        ends.append(atom.end)
    for command in script.commands:
        words = [*command.words, *(w for _, w in command.assigns), *(r.target for r in command.redirects)]
        for word in words:
            assert body[word.start : word.end] == word.text
            assert command.start <= word.start <= word.end <= command.end


_plain = st.sampled_from(
    [
        "a",
        "-x",
        "--y=z",
        "/usr/lib",
        "'q w'",
        '"d $V"',
        "$A-$B",
        "v$X/y-$X",
        "*.c",
        "2",
        "\\;",
        "''",
        "in",
        "é",
    ]
)
_word = st.one_of(_plain, st.builds("$({})".format, _plain), st.builds("`{}`".format, st.sampled_from("abc")))
_redirect = st.builds(
    "{}{}".format, st.sampled_from(["> ", "2>", ">>", "< ", ">&", "2>&"]), st.sampled_from("f12")
)
_simple = st.builds(
    lambda assigns, name, rest: " ".join([*assigns, name, *rest]),
    st.lists(st.sampled_from(["A=1", "B='x y'", "C=$(d)", "D=x-$A-$B"]), max_size=2),
    st.sampled_from(["make", "apt-get", "/bin/x", "$T", "[", "cd"]).map(lambda n: "[ x ]" if n == "[" else n),
    st.lists(st.one_of(_word, _word, _redirect), max_size=4),
)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["&&", "||", ";"]), inner),
        st.builds("{} | {}".format, _simple, _simple),
        st.builds("! {}".format, _simple),
        st.builds("( {} )".format, inner),
        st.builds("{{ {}; }}".format, inner),
        st.builds("if {}; then {}; else {}; fi".format, inner, inner, inner),
        st.builds("for i in a $B; do {}; done".format, inner),
        st.builds("while {}; do {}; done > out".format, inner, inner),
        st.builds("case $A in a|b) {} ;; *) {} ;; esac".format, inner, inner),
        st.builds('echo "$({})"'.format, inner),
    )


@given(st.recursive(_simple, _compound, max_leaves=8))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_generated_scripts_match_shfmt(text: str) -> None:
    expected = oracle.shfmt(text)
    script = read(text)
    if expected is None:
        return
    if not script.opaque:  # an unread text is no wrong one
        assert oracle.ours(script) == expected
        assert [(atom.operator, atom.start) for atom in script.atoms] == oracle.cuts(text)


@given(st.text(st.sampled_from("ab $\"'`\\\n;&|()<>{}[]#=!-1\t\ré"), max_size=40))
@settings(max_examples=400)
def test_any_text_is_parsed_or_unreadable(text: str) -> None:
    script = read(text)
    assert bool(script.opaque) <= (not script.atoms)


@given(st.text(st.sampled_from("ab $\"'`\\\n;&|()<>{}[]#!-1\t"), max_size=14))
@settings(max_examples=150)
def test_random_text_matches_shfmt(text: str) -> None:
    script = read(text)
    expected = oracle.shfmt(text)
    if not script.opaque and expected is not None:
        assert oracle.ours(script) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("echo 'a", id="open quote"),
        pytest.param('echo "a', id="open double quote"),
        pytest.param("echo $(a", id="open substitution"),
        pytest.param("echo ${a", id="open expansion"),
        pytest.param("echo `a", id="open backquote"),
        pytest.param("(a", id="open subshell"),
        pytest.param("a)", id="closed too often"),
        pytest.param("{ a", id="open group"),
        pytest.param("if a; then b", id="open if"),
        pytest.param("for x in a; do b", id="open for"),
        pytest.param("cat <<E\nx", id="here-document without an end"),
        pytest.param("a && && b", id="two operators"),
        pytest.param("&& a", id="operator first"),
        pytest.param("a |", id="operator last"),
        pytest.param("a > && b", id="redirect without target"),
        pytest.param("fi", id="reserved word"),
        pytest.param("a;; b", id="separator of a case"),
        pytest.param("a\0b", id="NUL"),
        pytest.param("$x = @('a', 'b'); foo -bar { $_ }; if ($x) { y }", id="PowerShell"),
        pytest.param("((((((", id="brackets"),
        pytest.param("(" * 30_000, id="very many brackets"),
        pytest.param("a $(" * 5_000 + ")" * 5_000, id="very deep"),
    ],
)
def test_unreadable(text: str) -> None:
    script = read(text)
    assert script.opaque
    assert not script.atoms


def test_long_lists() -> None:
    script = read(" && ".join(["echo a $(b) > c"] * 5_000))
    assert len(script.atoms) == 5_000


# --- values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("plain-1.2_3/x", "plain-1.2_3/x", id="plain"),
        pytest.param("'a $b'", "a $b", id="single quotes"),
        pytest.param('"a b"', "a b", id="double quotes"),
        pytest.param(r'"a\"b\\c\$d\n"', r'a"b\c$d\n', id="escapes in double quotes"),
        pytest.param(r"a\ b\c", "a bc", id="escapes"),
        pytest.param("a'b'\"c\"d", "abcd", id="joined"),
        pytest.param("''", "", id="empty"),
        pytest.param("*.tmp", "*.tmp", id="glob stays"),
        pytest.param("~/x", "~/x", id="tilde stays"),
        pytest.param("x$", "x$", id="dollar alone"),
        pytest.param("\"${A:-it's}\" 'b'", None, id="apostrophe in a quoted default"),
        pytest.param("grüße", "grüße", id="not ASCII"),
        pytest.param("a\\\nb", "ab", id="continued"),
        pytest.param("$A", None, id="expansion"),
        pytest.param('"x$A"', None, id="expansion in quotes"),
        pytest.param("`a`", None, id="backquotes"),
        pytest.param("$(a)", None, id="substitution"),
        pytest.param("$((1))", None, id="arithmetic"),
        pytest.param("{a,b}", None, id="braces"),
        pytest.param("{1..3}", None, id="range"),
        pytest.param("'{a,b}'", "{a,b}", id="quoted braces"),
        pytest.param("{}", "{}", id="empty braces"),
        pytest.param("{x}", "{x}", id="braces without a comma"),
        pytest.param(r"$'a\n'", None, id="ANSI quotes"),
    ],
)
def test_word_values(text: str, value: str | None) -> None:
    (command,) = (c for c in read(f"cmd {text}").commands if not c.context)
    assert [word.value for word in command.words][:2] == ["cmd", value]


def test_values_of_assignments_and_here_documents() -> None:
    (command,) = read("A='x y' B=$C D+=e cat <<'E' > /f\n$x\nE\n").commands
    assert [(name, word.value) for name, word in command.assigns] == [("A", "x y"), ("B", None), ("D", None)]
    assert [(r.op, r.target.value) for r in command.redirects] == [("<<", "$x\n"), (">", "/f")]


# --- atoms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "opaque"),
    [
        pytest.param("a | b > c", "", id="pipeline"),
        pytest.param("A=1 a", "", id="simple"),
        pytest.param("sudo a", "", id="wrapper"),
        pytest.param("sh -c 'a b'", "", id="static script"),
        pytest.param("bash <<< 'a b'", "", id="static here-string"),
        pytest.param("exec 3>&1", "", id="exec without a command"),
        pytest.param("bash --version", "script", id="shell with options only"),
        pytest.param("a || b", "||", id="or"),
        pytest.param("! a", "!", id="negated"),
        pytest.param("(a)", "(", id="subshell"),
        pytest.param("{ a; }", "{", id="group"),
        pytest.param("if a; then b; fi", "if", id="if"),
        pytest.param("a | while b; do c; done", "while", id="while in a pipeline"),
        pytest.param("for a in b; do c; done", "for", id="for"),
        pytest.param("case a in b) c;; esac", "case", id="case"),
        pytest.param("f() { a; }", "function", id="function"),
        pytest.param("eval a", "eval", id="eval"),
        pytest.param("exec a", "exec", id="exec"),
        pytest.param("trap a EXIT", "trap", id="trap"),
        pytest.param("$A b", "dynamic", id="command from a variable"),
        pytest.param('sudo "$A" b', "dynamic", id="wrapped command from a variable"),
        pytest.param("$(a) b", "dynamic", id="command from a substitution"),
        pytest.param("curl a | sh", "script", id="piped script"),
        pytest.param("curl a | sudo -E bash -", "script", id="piped script, wrapped"),
        pytest.param("bash x.sh", "script", id="script file"),
        pytest.param('sh -c "$A"', "script", id="script from a variable"),
        pytest.param(". x", "script", id="sourced"),
        pytest.param("a & b", "background", id="background"),
        pytest.param("cat <<E\nE\n", "heredoc", id="here-document"),
    ],
)
def test_why_an_atom_is_opaque(text: str, opaque: str) -> None:
    assert {atom.opaque for atom in read(text).atoms} == {opaque}


@pytest.mark.parametrize(
    ("text", "states"),
    [
        pytest.param("make && A=1 make && echo cd", [False, False, False], id="none"),
        pytest.param("(cd a && b) && echo $(cd c) && d | cd e", [False, False, False], id="in subshells"),
        pytest.param("cd a && b", [True, False], id="cd"),
        pytest.param("A=1 && export B=2; set -e; . x; source y; umask 2", [True] * 6, id="settings"),
        pytest.param("A=$(b) ; unset A", [True, True], id="variables"),
        pytest.param("if a; then cd b; fi; { export C=1; }", [True, True], id="in compounds"),
        pytest.param("f() { a; }; f", [True, False], id="function"),
        pytest.param(": ${A:=b} && c", [True, False], id="assigning expansion"),
        pytest.param("[ -f a ] && b; test -f c && d", [True, False, True, False], id="tests"),
        pytest.param("exec >log; command cd a", [True, True], id="exec and command"),
    ],
)
def test_state(text: str, states: list[bool]) -> None:
    assert [atom.state for atom in read(text).atoms] == states


@pytest.mark.parametrize(
    ("text", "errexit"),
    [
        pytest.param("a; b", False, id="none"),
        pytest.param("set -x; a", False, id="other option"),
        pytest.param("a; set -e; b", False, id="too late"),
        pytest.param("set", False, id="bare set"),
        pytest.param("set +e; a", False, id="switched off"),
        pytest.param("(set -e); a", False, id="in a subshell"),
        pytest.param("set -e; a", True, id="alone"),
        pytest.param("set -eux && a", True, id="bundled"),
        pytest.param("set -xe -o pipefail; a", True, id="with pipefail"),
        pytest.param("set -o errexit; a", True, id="long name"),
        pytest.param("A=1; set -uo pipefail; set -e; a", True, id="behind other settings"),
    ],
)
def test_errexit(text: str, errexit: bool) -> None:
    assert read(text).errexit is errexit


# --- RUN ----------------------------------------------------------------------------------------------


def _texts(script_atoms: object) -> list[list[str]]:
    return [[w.text for w in c.words] for a in script_atoms for c in a.commands]  # type: ignore[attr-defined]


def test_continued_run_is_parsed_as_logical_text() -> None:
    node = run("RUN a \\\n  # note\n  b && \\\n\n c\n")
    script = read_run(node)
    assert script.text == node.value
    assert _texts(script.atoms) == [["a", "b"], ["c"]]


def test_exec_form_is_one_atom() -> None:
    (atom,) = read_run(run('RUN ["sh", "-c", "a && b"]\n')).atoms
    assert atom.opaque == "exec form"
    assert inner_scripts(atom.commands[0]) == ("a && b",)


@pytest.mark.parametrize(
    ("text", "opaque", "words"),
    [
        pytest.param("RUN <<EOF\na\nb c\nEOF\n", "heredoc", [["a"], ["b", "c"]], id="lone"),
        pytest.param("RUN <<-EOF\n\ta\n\t\tb\n\tEOF\n", "heredoc", [["a"], ["b"]], id="tabs"),
        pytest.param("RUN <<EOF\n#!/bin/bash -e\na\nEOF\n", "heredoc", [["a"]], id="shell shebang"),
        pytest.param("RUN cat <<EOF > /x && ls\na\nEOF\n", "heredoc", [["cat"], ["ls"]], id="argument"),
        pytest.param("RUN <<EOF python3\nimport x\nEOF\n", "heredoc", [["python3"]], id="for a program"),
        pytest.param("RUN cat <<A <<B\na\nA\nB\n", "heredoc", [["cat"]], id="two, one empty"),
    ],
)
def test_heredocs(text: str, opaque: str, words: list[list[str]]) -> None:
    script = read_run(run(text))
    assert {atom.opaque for atom in script.atoms} == {opaque}
    assert _texts(script.atoms) == words


def test_heredoc_of_another_interpreter_is_unreadable() -> None:
    assert read_run(run("RUN <<EOF\n#!/usr/bin/env python3\nimport x\nEOF\n")).opaque == "shebang"


def test_heredoc_of_a_shell_is_an_inner_script() -> None:
    (command,) = read_run(run("RUN bash <<'EOF'\na && b\nEOF\n")).commands
    assert inner_scripts(command) == ("a && b\n",)


@pytest.mark.parametrize(
    ("text", "shell", "opaque"),
    [
        pytest.param("RUN a\n", ("/bin/bash", "-eo", "pipefail", "-c"), "", id="bash"),
        pytest.param("RUN a\n", ("/bin/ash", "-ec"), "", id="ash"),
        pytest.param("RUN a\n", ("powershell", "-Command"), "shell", id="PowerShell"),
        pytest.param("RUN a\n", ("cmd", "/S", "/C"), "shell", id="cmd"),
        pytest.param("RUN a\n", ("/usr/bin/python3", "-c"), "shell", id="Python"),
        pytest.param("RUN a && \\\n b # why \\\n && c\n", ("/bin/sh", "-c"), "comment", id="hiding comment"),
    ],
)
def test_shells(text: str, shell: tuple[str, ...], opaque: str) -> None:
    assert read_run(run(text), shell).opaque == opaque


@pytest.mark.parametrize("text", ["> \n curl -x", "a > \n b", "a 2>\n b", "a > # why\n b", "a >"])
def test_a_redirection_without_a_file_is_unreadable(text: str) -> None:
    assert read(text).opaque


def test_a_redirection_may_go_on_behind_an_escaped_newline() -> None:
    assert [r.target.text for r in read("a >\\\n b").commands[0].redirects] == ["b"]


def test_backtick_escape_is_unreadable() -> None:
    assert read_run(run("RUN a\n"), escape="`").opaque == "escape"


def test_trailing_comment_is_no_command() -> None:
    script = read_run(run("RUN a && b # why\n"))
    assert _texts(script.atoms) == [["a"], ["b"]]
    assert {atom.opaque for atom in script.atoms} == {""}


def test_errexit_of_the_shell() -> None:
    assert read_run(run("RUN a; b\n"), ("/bin/bash", "-eo", "pipefail", "-c")).errexit
    assert not read_run(run("RUN a; b\n"), ("/bin/bash", "-o", "pipefail", "-c")).errexit


# --- commands inside commands -----------------------------------------------------------------------


def _one(text: str) -> Command:
    (command,) = read(text).commands
    return command


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        pytest.param("make all", None, id="no wrapper"),
        pytest.param("sudo", None, id="nothing inside"),
        pytest.param("sudo -l", None, id="list of rights"),
        pytest.param("env", None, id="print"),
        pytest.param("command -v git", None, id="question"),
        pytest.param("sudo a b", "a b", id="sudo"),
        pytest.param("sudo -E -u app -- a -b", "a -b", id="sudo with options"),
        pytest.param("sudo --user=app a", "a", id="sudo with a long option"),
        pytest.param("sudo A=1 a", "A=1 a", id="sudo with an assignment"),
        pytest.param("env A=1 B='x y' a b", "A=1 B='x y' a b", id="env"),
        pytest.param("env -i -u X A=$B a", "A=$B a", id="env with options"),
        pytest.param("/usr/bin/env a", "a", id="by path"),
        pytest.param("with-contenv s6-setuidgid app a b", "s6-setuidgid app a b", id="environment of s6"),
        pytest.param("s6-setuidgid app a b", "a b", id="user of s6"),
        pytest.param("time -p a", "a", id="time"),
        pytest.param("nice -n 10 a", "a", id="nice"),
        pytest.param("nice -n10 a", "a", id="nice, bundled"),
        pytest.param("nohup a b", "a b", id="nohup"),
        pytest.param("timeout -k 5 30s a", "a", id="timeout"),
        pytest.param("exec a b", "a b", id="exec"),
        pytest.param("command a", "a", id="command"),
        pytest.param("gosu app a b", "a b", id="gosu"),
        pytest.param("wait-for-it.sh db:1 -t 9", None, id="waits for nobody"),
        pytest.param("./wait-for-it.sh db:1 -t 9 -- a b", "a b", id="behind --"),
        pytest.param("dockerize -wait tcp://db:1 --timeout 20s a b", "a b", id="long options with one dash"),
        pytest.param("su-exec app:app a", "a", id="su-exec"),
        pytest.param("tini -- a", "a", id="tini"),
        pytest.param("tini -g -s -- a --b", "a --b", id="tini with options"),
        pytest.param("dumb-init --single-child a", "a", id="dumb-init"),
        pytest.param("xvfb-run -a --server-args='-screen 0' a", "a", id="xvfb-run"),
        pytest.param('exec "$@"', '"$@"', id="dynamic"),
    ],
)
def test_unwrap(text: str, inner: str | None) -> None:
    command = unwrap(_one(text))
    if inner is None:
        assert command is None
        return
    assert command is not None
    expected = _one(inner)
    assert [w.text for w in command.words] == [w.text for w in expected.words]
    assert [(n, w.text, w.value) for n, w in command.assigns] == [
        (n, w.text, w.value) for n, w in expected.assigns
    ]
    for word in command.words:
        assert text[word.start : word.end] == word.text


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        pytest.param("make -c x", (), id="no shell"),
        pytest.param("sh x.sh -c y", (), id="script file"),
        pytest.param('sh -c "$A"', (), id="not static"),
        pytest.param("sh -x", (), id="standard input"),
        pytest.param("su - app", (), id="login"),
        pytest.param("sh -c 'a && b' x y", ("a && b",), id="sh"),
        pytest.param('/bin/bash -lc "a; b"', ("a; b",), id="bash, bundled"),
        pytest.param("bash -e -o pipefail -c a", ("a",), id="with options"),
        pytest.param("su -s /bin/sh app -c 'a b'", ("a b",), id="su"),
        pytest.param("su --command='a b' app", ("a b",), id="su, long"),
        pytest.param("eval 'a b' c", ("a b c",), id="eval"),
        pytest.param("eval a $B", (), id="eval of a variable"),
    ],
)
def test_inner_scripts(text: str, scripts: tuple[str, ...]) -> None:
    assert inner_scripts(_one(text)) == scripts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("a && b", None, id="list"),
        pytest.param("A=1 a", None, id="assignment"),
        pytest.param("a > b", None, id="redirect"),
        pytest.param("a $B", None, id="not static"),
        pytest.param("(a)", None, id="subshell"),
        pytest.param("", None, id="empty"),
        pytest.param("node --x 'a b' c.js", ("node", "--x", "a b", "c.js"), id="command"),
    ],
)
def test_static_words(text: str, words: tuple[str, ...] | None) -> None:
    assert static_words(text) == words
