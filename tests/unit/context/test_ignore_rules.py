from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import slowness

from slimify.context.ignore_rules import Glob, IgnoreRules

# (id, .dockerignore, path, ignored?)
NOOP = [
    ("empty", "", "a", False),
    ("blank-lines", "\n  \n\t\n", "a", False),
    ("comment", "# a\n", "a", False),
    ("comment-of-path", "#a", "#a", False),
    ("bom-then-comment", "\ufeff#foo\n", "foo", False),
    ("no-match", "b", "a", False),
    ("prefix-is-no-match", "foo", "foobar", False),
    ("suffix-is-no-match", "foo", "barfoo", False),
    ("name-is-anchored", "foo", "dir/foo", False),
    ("star-stops-at-slash", "*.txt", "dir/a.txt", False),
    ("case-matters", "README", "readme", False),
    ("dot-is-literal", "a.b", "axb", False),
    ("plus-is-literal", "a+", "aa", False),
    ("lone-dot", ".", "a", False),
    ("lone-slash", "/", "a", False),
    ("above-the-context", "../a", "a", False),
    ("tree-below-is-not-itself", "a/**", "a", False),
    ("question-needs-a-character", "a?", "a", False),
    ("question-stops-at-slash", "a?b", "a/b", False),
    ("class-negated", "[^a]", "a", False),
    ("exclamation-is-no-negation-in-class", "[!a]x", "bx", False),
    ("only-exception", "!a", "a", False),
    ("exception-last", "a\n!a", "a", False),
    ("exception-of-file", "*.md\n!README.md", "README.md", False),
    ("exception-below-directory", "docs\n!docs/keep", "docs/keep", False),
    ("exception-brings-its-children", "*\n!src", "src/a/b", False),
    ("exception-with-tree", "*\n!y/**", "y/z/2", False),
    ("exception-with-leading-slash", "**\n!/foo", "foo", False),
    ("exception-with-space", "a\n! a", "a", False),
    ("exception-anywhere", "*/**\n!**/2", "y/z/2", False),
    ("slash-then-exclamation-is-an-exception", "*\n/!x", "x/1", False),
    ("asked-per-directory", "a\n!a/b/c\na/b", "a/b/c/f", False),
]
HIT = [
    ("name", "a", "a", True),
    ("path", "a/b", "a/b", True),
    ("below-a-directory", "a", "a/b/c", True),
    ("trailing-slash", "a/", "a/b", True),
    ("leading-slash", "/a", "a", True),
    ("two-leading-slashes", "//a", "a", True),
    ("leading-dot", "./a", "a", True),
    ("cleaned-dots", "a/./b/../c", "a/c", True),
    ("spaces-around", "   a \t", "a", True),
    ("carriage-return", "a\r\nb\r\n", "a", True),
    ("no-final-newline", "x\na", "a", True),
    ("bom", "\ufefffoo", "foo", True),
    ("indented-hash-is-no-comment", " #a", "#a", True),
    ("escaped-hash", "\\#a", "#a", True),
    ("hash-inside", "a#b", "a#b", True),
    ("star", "*.txt", "a.txt", True),
    ("star-matches-dotfile", "*", ".env", True),
    ("star-middle", "a*c", "abbc", True),
    ("star-directory", "*/b", "a/b", True),
    ("star-directory-below", "*/b", "a/b/c/d", True),
    ("star-of-nothing", "a*", "a", True),
    ("question", "a?", "ab", True),
    ("tree-anywhere", "**/a", "x/y/a", True),
    ("tree-at-the-top", "**/a", "a", True),
    ("tree-below", "**/node_modules", "x/node_modules/y/z", True),
    ("tree-alone", "**", "a/b", True),
    ("tree-below-directory", "a/**", "a/b/c", True),
    ("tree-middle-of-nothing", "a/**/b", "a/b", True),
    ("tree-middle", "a/**/b", "a/x/y/b", True),
    ("tree-and-star", "**/*.pyc", "a/b/c.pyc", True),
    ("tree-twice", "**/a/**", "x/a/y", True),
    ("tree-without-slash", "**foo", "barfoo", True),
    ("tree-behind-a-name", "a**", "abc/d", True),
    ("class", "[ab].txt", "b.txt", True),
    ("range", "[a-c]", "b", True),
    ("negated-class", "[^a]", "b", True),
    ("exclamation-in-class", "[!a]x", "!x", True),
    ("escaped-star", "a\\*", "a*", True),
    ("bracket-alone", "a]b", "a]b", True),
    ("special-characters", "a.(b)+{c}|$", "a.(b)+{c}|$", True),
    ("space-inside", "a b", "a b", True),
    ("umlaut", "ä*", "äb", True),
    ("last-match-wins", "a\n!a\na", "a", True),
    ("exception-of-another", "*.md\n!README.md", "CHANGES.md", True),
    ("exception-leaves-siblings", "docs\n!docs/keep", "docs/other", True),
    ("exception-leaves-parent", "docs\n!docs/keep", "docs", True),
    ("ignored-again", "*\n!src\nsrc/tmp", "src/tmp/x", True),
    ("all-but-one", "**\n!/foo", "barfoo", True),
    ("exclamation-escaped", "\\!a", "!a", True),
    ("not-asked-per-directory", "a\n!a/b/c/f\na/b", "a/b/g", True),
]


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in NOOP + HIT],
)
def test_table(text: str, path: str, expected: bool) -> None:
    assert IgnoreRules.parse(text).ignores(path) is expected


# The other port disagrees with BuildKit 0.13 itself here (`*\n/!x` below in BUILT).
AGREED = [row for row in NOOP + HIT if row[0] != "slash-then-exclamation-is-an-exception"]


@pytest.mark.parametrize("row", AGREED, ids=lambda row: row[0])
def test_table_agrees_with_another_port_of_buildkit(row: tuple[str, str, str, bool]) -> None:
    matcher = pytest.importorskip("e2b_dockerfile_utils").PatternMatcher
    _, text, path, expected = row
    assert matcher(text.removeprefix("\ufeff").split("\n")).matches(path) is expected


# What `docker buildx build` 0.13 with `COPY . /` leaves of this context, for each .dockerignore.
CONTEXT = (
    "!x", "a/b/c/f", "a/b/g", "a/h", "a]b", "barfoo", "dd", "foo", "foo.txt", "n/#h", "top", "x/1", "y/z/2"
)  # fmt: skip
BUILT = [
    ("a\n!a/b/c/f\na/b\n", "!x a/b/c/f a]b barfoo dd foo foo.txt n/#h top x/1 y/z/2"),
    ("a\n!a/b/c\na/b\n", "!x a/b/c/f a]b barfoo dd foo foo.txt n/#h top x/1 y/z/2"),
    ("*\n/!x\n", "x/1"),
    ("**\n!/foo\n", "foo"),
    ("a]b\n", "!x a/b/c/f a/b/g a/h barfoo dd foo foo.txt n/#h top x/1 y/z/2"),
    ("**foo\n", "!x a/b/c/f a/b/g a/h a]b dd foo.txt n/#h top x/1 y/z/2"),
    ("\ufeff#foo\nfoo\n", "!x a/b/c/f a/b/g a/h a]b barfoo dd foo.txt n/#h top x/1 y/z/2"),
    ("a/**\n", "!x a]b barfoo dd foo foo.txt n/#h top x/1 y/z/2"),
    ("*\n!y/**\n", "y/z/2"),
    ("*/**\n!**/2\n", "!x a]b barfoo dd foo foo.txt top y/z/2"),
]


@pytest.mark.parametrize(("text", "left"), BUILT)
def test_agrees_with_docker(text: str, left: str) -> None:
    ignore = IgnoreRules.parse(text)
    assert not ignore.errors
    assert [path for path in CONTEXT if not ignore.ignores(path)] == left.split(" ")


# BuildKit refuses the whole build for each of these.
@pytest.mark.parametrize("pattern", ["!", "!/", "[a", "[]a]", "[a-]", "[-a]", "[z-a]", "a\\"])
def test_rejected_patterns_are_reported_and_match_nothing(pattern: str) -> None:
    ignore = IgnoreRules.parse(f"x\n{pattern}\n")
    assert len(ignore.errors) == 1
    assert ignore.errors[0].startswith("line 2: ")
    assert not ignore.ignores("a")
    assert ignore.ignores("x")


PIECES = st.sampled_from(["a", "b", "/", "*", "**", "**/", "?", ".", "[a]", "[^a]", "/*", "\\", "c"])
LINES = st.tuples(st.booleans(), st.lists(PIECES, min_size=1, max_size=7)).map(
    lambda pair: ("!" if pair[0] else "") + "".join(pair[1])
)
PATHS = st.lists(st.text("abc.", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


@settings(max_examples=400, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=4), st.lists(PATHS, min_size=1, max_size=6))
def test_agrees_with_another_port_of_buildkit(lines: list[str], paths: list[str]) -> None:
    matcher = pytest.importorskip("e2b_dockerfile_utils").PatternMatcher
    try:
        oracle = matcher(lines)
    except ValueError:
        return
    ignore = IgnoreRules.parse("\n".join(lines))
    for path in paths:
        assert ignore.ignores(path) == oracle.matches(path)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=9).map("".join), PATHS)
def test_both_matchers_agree(pattern: str, path: str) -> None:
    try:
        glob = Glob.parse(pattern)
    except ValueError:
        return
    long = "a" * 600 + "/" + path  # beyond the length that is left to `re`
    group = glob.group
    quick = long in group.literals or (group.quick is not None and group.quick.fullmatch(long) is not None)
    if not group.slow:
        assert glob.matches(long) == quick


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=4), PATHS)
def test_skipped_directories_contain_no_included_files(lines: list[str], path: str) -> None:
    ignore = IgnoreRules.parse("\n".join(lines))
    if ignore.ignores(path):
        return
    parents = path.split("/")[:-1]
    for depth in range(1, len(parents) + 1):
        directory = "/".join(parents[:depth])
        assert not ignore.ignores(directory) or ignore.may_reinclude(directory)


@pytest.mark.parametrize(
    ("text", "directory", "expected"),
    [
        pytest.param("a", "a", False, id="no-exception"),
        pytest.param("a\n!b/c", "a", False, id="elsewhere"),
        pytest.param("a\n!a/b", "a", True, id="below"),
        pytest.param("a\n!a/b", "a/b", False, id="itself"),
        pytest.param("a\n!a/b", "a/c", False, id="sibling"),
        pytest.param("*\n!**/x", "a/b", True, id="anywhere"),
        pytest.param("*\n!a*/x", "ab", True, id="wildcard"),
        pytest.param("*\n!a*/x", "b", False, id="wildcard-elsewhere"),
    ],
)
def test_may_reinclude(text: str, directory: str, expected: bool) -> None:
    assert IgnoreRules.parse(text).may_reinclude(directory) is expected


@pytest.mark.parametrize(
    "pattern", ["*a*a*a*a*a*a*a*a*b", "**/a**/a**/a**/a**/b", "a**a**a**b", "[a]*[a]*[a]*[a]*x"]
)
def test_malicious_patterns_take_linear_time(pattern: str) -> None:
    ignore = IgnoreRules.parse(pattern)
    started = time.process_time()
    for path in ("a" * 250, "/".join("a" * 500), "a" * 4000):
        assert not ignore.ignores(path)
    assert time.process_time() - started < 5 * slowness()
