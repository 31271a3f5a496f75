"""Command lines in strings, and partly known paths."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slimify.context import source_uses
from slimify.context.source_uses import HERE, UNKNOWN

# id: (shell text, programs, whether one is not constant)
SHELL = {
    "empty": ("", [], False),
    "comment": ("# git", [], False),
    "builtins": ("cd /x && echo y; export A=b; true", [], False),
    "assignment": ("A=git", [], False),
    "one": ("git log", ["git"], False),
    "quoted": ("'my tool' \"a b\"", ["my tool"], False),
    "list": ("a && b || c; d | e & f\ng", ["a", "b", "c", "d", "e", "f", "g"], False),
    "assignment-before": ("A=b C=d git", ["git"], False),
    "redirections": ("> out 2>&1 a < b 2>> c", ["a"], False),
    "redirection-alone": ("> out", [], False),
    "reserved-words": ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"], False),
    "loop": ("for x in a b; do c $x; done", ["c"], False),
    "while": ("while ! a; do b; done", ["a", "b"], False),
    "subshell": ("(cd x && a) | { b; }", ["a", "b"], False),
    "substitution": ("a $(b -c) d", ["a", "b"], False),
    "substitution-nested": ("a $(b $(c) d) e; f", ["a", "b", "c", "f"], False),
    "substitution-in-quotes": ('a "x $(b) y"', ["a", "b"], False),
    "backquotes": ("a `b` c `d`", ["a", "b", "d"], False),
    "program-substituted": ("$(a) b", ["a"], True),
    "program-variable": ("$A b", [], True),
    "program-unknown": (f"{UNKNOWN} b", [], True),
    "program-in-unknown-directory": (f"{UNKNOWN}/bin/git b", ["git"], True),
    "argument-unknown": (f"a {UNKNOWN} && b", ["a", "b"], False),
    "sourced": (". ./env && a", ["a"], True),
    "evaluated": ('eval "$x"', [], True),
    "wrapped": ("sudo -u me A=b nice -n 5 git", ["git", "nice", "sudo"], False),
    "wrapped-behind-a-long-option": ("sudo --user me git", ["git", "sudo"], False),
    "wrapped-for-a-display": ("xvfb-run -n 9 chrome", ["chrome", "xvfb-run"], False),
    "builtin-of-every-shell": ("kill -0 1; times", [], False),
    "timeout": ("timeout -s KILL 5 git", ["git", "timeout"], False),
    "exec": ("exec nginx -g x", ["nginx"], False),
    "inner-shell": ("bash -ec 'git log; curl x'", ["bash", "curl", "git"], False),
    "script": ("sh ./run.sh -x", ["./run.sh", "sh"], False),
    "continued": ("git \\\n log", ["git"], False),
    "unclosed": ("git 'x", [], True),
    "quoted-unknown": (f"'{UNKNOWN}' x", [], True),
    "quoted-substitution": ('"$(a)" b', ["a"], True),
}


@pytest.mark.parametrize(("text", "expected", "dynamic"), SHELL.values(), ids=SHELL)
def test_shell_programs(text: str, expected: list[str], dynamic: bool) -> None:
    names, unknown = source_uses.shell_programs(text)
    assert sorted(names) == expected
    assert unknown is dynamic


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab '\"\\$(){}`;&|<>#\n-c/\0=", max_size=60))
def test_any_shell_text_is_accepted(text: str) -> None:
    names, dynamic = source_uses.shell_programs(text)
    assert all(name and UNKNOWN not in name for name in names)
    assert isinstance(dynamic, bool)


@pytest.mark.parametrize("sign", ["$(", "`", "${", '"', "'", "(", "a;", "a|", "$((", "<", "# "])
def test_shell_text_takes_linear_time(sign: str) -> None:
    source_uses.shell_programs(sign * 500_000)


PATHS = {
    "plain": ("a/b.txt", "a/b.txt"),
    "absolute": ("/etc/hosts", "/etc/hosts"),
    "unknown": (UNKNOWN, ""),
    "unknown-name": (f"a/b/{UNKNOWN}.txt", "a/b/"),
    "unknown-start": (f"{UNKNOWN}/b.txt", ""),
    "unknown-name-at-the-top": (f"x{UNKNOWN}", ""),
    "url": ("https://example.org/x", ""),
    "file-url": ("file:///etc/x", "/etc/x"),
    "file-url-relative": ("file://migrations", "migrations"),
    "working-directory": ("./", ""),
    "text": ("a\nb", ""),
    "from-the-context": (f"{HERE}/a/../b/c", "b/c"),
    "from-the-context-directory": (f"{HERE}/a/{UNKNOWN}", "a/"),
    "out-of-the-context": (f"{HERE}/a/../../c", ""),
}


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS)
def test_constant_path(path: str, expected: str) -> None:
    assert source_uses.constant_path(path) == expected


def test_argument_lists_contain_every_value() -> None:
    assert list(source_uses.argument_lists([["a", "b"], ["c"], ["d", "e"]])) == [
        ("a", "c", "d"),
        ("b", "c", "d"),
        ("a", "c", "e"),
    ]
    assert list(source_uses.argument_lists([])) == [()]


def test_parsers_are_imported_lazily() -> None:
    """Parsers are imported for the first file that needs them, not with the modules."""
    import subprocess
    import sys

    code = (
        "import sys; from slimify.languages.go.sources import uses as go\n"
        "from slimify.languages.node.sources import uses as javascript\n"
        "from slimify.languages.python.sources import uses as python\n"
        "python.read('import os\\n', 'a.py'); go.read('package a\\n', 'a.go')\n"
        "print([m for m in ('libcst', 'tree_sitter') if m in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
