"""Which paths certainly exist after a script with branches."""

from __future__ import annotations

import pytest

from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.state import State

# a script that writes a, b and c at most, and what certainly exists after it
CERTAIN = {
    "mkdir a": "a",
    "mkdir a; mkdir b && cp x c": "abc",
    "cd x && (mkdir /w/a && mkdir /w/b)": "ab",
    # --- lists ---------------------------------------------------------------------------------------------
    "mkdir a || true": "",
    "mkdir a || exit 1": "a",
    "mkdir a || exit 0": "",
    "mkdir a || { echo no; exit 1; }": "a",
    "mkdir a ||\n  false": "a",
    "cp x a || cp y a": "a",
    "{ mkdir a; } || mkdir b": "",
    "[ -d x ] && mkdir a || mkdir b": "",
    "test -d a || mkdir a": "a",
    "[ -d a ] || mkdir a && mkdir b": "ab",
    # --- if ------------------------------------------------------------------------------------------------
    "if x; then mkdir a; fi": "",
    "if x; then mkdir a; fi; mkdir b": "b",
    "if x; then mkdir a; else mkdir a b; fi": "a",
    "if x; then mkdir a; elif y; then mkdir b; else mkdir a; fi": "",
    "if x; then mkdir a; elif y; then mkdir a; else echo no && exit 1; fi": "a",
    "if x; then if y; then mkdir a; else mkdir a; fi; else mkdir a b; fi": "a",
    "if x; then mkdir a\nelse # fi\nmkdir a\nfi\nmkdir b": "ab",
    # --- case and loops ------------------------------------------------------------------------------------
    "case $X in i) mkdir a;; *) mkdir a b;; esac": "a",
    "case $X in i) mkdir a;; *) mkdir a b; esac; mkdir c": "ac",
    "case $X in i) mkdir a;; j) mkdir a;; esac": "",
    "case $X in i) ;; *) mkdir a;; esac": "",
    "case $X in i) mkdir a;; *) ;; esac": "",
    "for x in 1 2; do mkdir a; done": "a",
    "for x in 1 2; do mkdir a || exit 1; done": "a",
    "for x in a b; do mkdir $x || exit 1; done": "ab",
    "for x in a b; do mkdir $x || true; done": "",
    "for x in $Y; do mkdir a; done": "",
    "for x in $Y; do mkdir a; done > b": "b",
    "while mkdir a; do mkdir b; done": "",
    "set -- a b; while [ $# -gt 0 ]; do mkdir $1; shift; done": "ab",
    "set -- a b; while [ -n $1 ]; do mkdir $1; shift; done": "",
    "for x in *.go; do mkdir a; done": "",
    "while read x; do mkdir a; done; mkdir b": "b",
    # --- functions and scripts -----------------------------------------------------------------------------
    "f() { mkdir a; if x; then mkdir b; fi; }; f": "a",
    "f() { mkdir a; }; f || true": "",
    "die() { echo no; exit 1; }; mkdir a || die": "a",
    "f() ( mkdir a ); f": "a",
    "sh -c 'mkdir a; if x; then mkdir b; fi'": "a",
}


@pytest.mark.parametrize(("text", "expected"), CERTAIN.items(), ids=CERTAIN)
def test_certain_paths(text: str, expected: str) -> None:
    effects = [e for atom in interpreted(text, State(cwd="/w")).effects for e in atom]
    written = {p for e in effects for p in (*e.writes, *e.outputs)}
    possible = {p for e in effects for p in e.possible}
    assert possible <= written
    assert "".join(sorted(p[-1] for p in written - possible)) == expected
