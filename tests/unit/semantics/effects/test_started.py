"""The names of the programs that command lines start."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slimify.context.source_uses import ARGUMENT
from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.started import called_names
from slimify.semantics.effects.state import State


def names(text: str) -> list[str]:
    return sorted({*called_names(interpreted(text, State(cwd="/app")).started)})


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
    "program-looked-up": ("$(command -v a) b", ["a"], False),
    "program-looked-up-in-quotes": ('exec "`which a`" b', ["a", "which"], False),
    "program-below-one-looked-up": ("$(which a)/b c", ["b", "which"], True),
    "program-variable": ("$A b", [], True),
    "program-unknown": (f"{ARGUMENT} b", [], True),
    "program-in-unknown-directory": (f"{ARGUMENT}/bin/git b", ["git"], True),
    "argument-unknown": (f"a {ARGUMENT} && b", ["a", "b"], False),
    "sourced": (". ./env && a", ["a"], True),
    "evaluated": ('eval "$x"', [], True),
    "wrapped": ("sudo -u me A=b nice -n 5 git", ["git", "nice", "sudo"], False),
    "wrapped-behind-a-long-option": ("sudo --user me git", ["git", "sudo"], False),
    "wrapped-for-a-display": ("xvfb-run -n 9 chrome", ["chrome", "xvfb-run"], False),
    "builtin-of-every-shell": ("kill -0 1; times", [], False),
    "timeout": ("timeout -s KILL 5 git", ["git", "timeout"], False),
    "exec": ("exec nginx -g x", ["nginx"], False),
    "inner-shell": ("bash -ec 'git log; curl x'", ["bash", "curl", "git"], False),
    "script": ("sh ./run.sh -x", ["sh"], False),
    "script-unknown": (f"sh {ARGUMENT} -x", ["sh"], True),
    "shell-alone": ("bash", ["bash"], True),
    "continued": ("git \\\n log", ["git"], False),
    "quoted-unknown": (f"'{ARGUMENT}' x", [], True),
    "quoted-substitution": ('"$(a)" b', ["a"], True),
}


@pytest.mark.parametrize(("text", "expected", "unknown"), SHELL.values(), ids=SHELL)
def test_called_names(text: str, expected: list[str], unknown: bool) -> None:
    assert names(text) == [*([""] if unknown else []), *expected]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab '\"\\$(){}`;&|<>#\n-c/\0=", max_size=60))
def test_any_shell_text_is_accepted(text: str) -> None:
    assert isinstance(names(text), list)
