"""Word expansion, against hand-written results and another port of BuildKit's lexer."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from e2b_dockerfile_utils import ShellLex, parse_words
from hypothesis import given, settings
from hypothesis import strategies as st

from slimify.syntax.dockerfile.words import Lexer, WordError, expand, references, split_words

ENV = {"x": "foobar.tar.gz", "e": "", "y": "a b", "p": "/usr/local/bin"}

# (id, text, expanded; None: the build fails)
EXPANDED = [
    ("plain", "abc", "abc"),
    ("blanks", "a  b", "a  b"),
    ("command", "$(ls)", "$(ls)"),
    ("backquotes", "`ls`", "`ls`"),
    ("lone-dollar", "a$", "a$"),
    ("dollar-before-punctuation", "a$/b", "a$/b"),
    ("escaped-dollar", r"\$x", "$x"),
    ("single-quoted", "'$x'", "$x"),
    ("escape-in-single-quotes", r"'\a'", r"\a"),
    ("quotes-in-quotes", '"it\'s"', "it's"),
    ("escape-kept-in-double-quotes", r'"a\b"', r"a\b"),
    ("escaped-quote", r'"a\"b"', 'a"b'),
    ("trailing-escape", "a\\", "a"),
    ("variable", "$x", "foobar.tar.gz"),
    ("in-double-quotes", '"$x"', "foobar.tar.gz"),
    ("braces", "a${x}b", "afoobar.tar.gzb"),
    ("name-ends", "$p/x", "/usr/local/bin/x"),
    ("unset", "a${u}b$u", "ab"),
    ("empty", "${e}", ""),
    ("two-dollars", "$$", ""),
    ("positional", "$1a", "a"),
    ("colon-minus", "${u:-z}", "z"),
    ("colon-minus-of-empty", "${e:-z}", "z"),
    ("minus-of-empty", "${e-z}", ""),
    ("plus", "${x:+z}", "z"),
    ("plus-of-unset", "${u+z}", ""),
    ("plus-of-empty", "${e+z}${e:+z}", "z"),
    ("nested", "${u:-${x}}", "foobar.tar.gz"),
    ("nested-quotes", '${u:-"a b"}', "a b"),
    ("question", "${x:?no}", "foobar.tar.gz"),
    ("question-of-unset", "${u:?no}", None),
    ("question-of-empty", "${e:?no}", None),
    ("prefix", "${x#foo}", "bar.tar.gz"),
    ("prefix-shortest", "${x#*.}", "tar.gz"),
    ("prefix-longest", "${x##*.}", "gz"),
    ("prefix-absent", "${x#bar}", "foobar.tar.gz"),
    ("prefix-one-character", "${x#?o}", "obar.tar.gz"),
    ("suffix-shortest", "${x%.*}", "foobar.tar"),
    ("suffix-longest", "${x%%.*}", "foobar"),
    ("suffix-middle", "${x%%o*g?}", "f"),
    ("brackets-are-no-wildcards", "${x#[f]}", "foobar.tar.gz"),
    ("escaped-star", r"${x#\*}", "foobar.tar.gz"),
    ("escaped-letter", r"${x#\f}", None),
    ("replace-first", "${x/o/0}", "f0obar.tar.gz"),
    ("replace-all", "${x//o/0}", "f00bar.tar.gz"),
    ("replace-longest", "${x/o*r/-}", "f-.gz"),
    ("replace-by-nothing", "${x//./}", "foobartargz"),
    ("replace-slash", r"${p//\//-}", "-usr-local-bin"),
    ("case", "${x^^}", None),
    ("length", "${#x}", None),
    ("substring", "${x:0:3}", None),
    ("open-brace", "${x", None),
    ("no-name", "${}", None),
    ("double-brace", "${{x}}", None),
    ("open-single", "it's", None),
    ("open-double", 'a"b', None),
]


@pytest.mark.parametrize(("text", "expected"), [r[1:] for r in EXPANDED], ids=[r[0] for r in EXPANDED])
def test_expand(text: str, expected: str | None) -> None:
    assert expand(text, ENV) == expected


def test_escape_directive() -> None:
    assert expand("c:\\`$x\\", {"x": "1"}, "`") == "c:\\$x\\"
    assert expand("c:\\$x\\", {"x": "1"}, "`") == "c:\\1\\"


# (id, text, words; None: the build fails)
WORDS = [
    ("one", "a", ["a"]),
    ("blanks", " a \t b ", ["a", "b"]),
    ("quoted", "'a b' c", ["a b", "c"]),
    ("escaped-blank", r"a\ b c", ["a b", "c"]),
    ("from-a-value", "$y c", ["a", "b", "c"]),
    ("from-a-quoted-value", '"$y" c', ["a b", "c"]),
    ("from-nothing", "$u c", ["c"]),
    ("quoted-nothing", "'' c", ["c"]),
    ("glued", "x'a b'$y", ["xa ba", "b"]),
    ("broken", "a 'b", None),
]


def expand_words(text: str, env: Mapping[str, str], escape: str = "\\") -> tuple[str, ...] | None:
    try:
        return tuple(Lexer(text, env, escape).run()[1])
    except WordError:
        return None


@pytest.mark.parametrize(("text", "expected"), [r[1:] for r in WORDS], ids=[r[0] for r in WORDS])
def test_expand_words(text: str, expected: list[str] | None) -> None:
    assert expand_words(text, ENV) == (None if expected is None else tuple(expected))


# (id, text, words)
SPLIT = [
    ("none", "", []),
    ("blanks", " \t", []),
    ("plain", "a b", ["a", "b"]),
    ("quotes-stay", "a='b c' d", ["a='b c'", "d"]),
    ("escapes-stay", r"a=b\ c d", [r"a=b\ c", "d"]),
    ("escaped-quote", r'a="b\" c" d', [r'a="b\" c"', "d"]),
    ("no-escape-in-single-quotes", r"a='b\' c d", [r"a='b\'", "c", "d"]),
    ("open-quote", 'a="b c', ['a="b c']),
    ("trailing-escape", "a b\\", ["a", "b"]),
]


@pytest.mark.parametrize(("text", "expected"), [r[1:] for r in SPLIT], ids=[r[0] for r in SPLIT])
def test_split_words(text: str, expected: list[str]) -> None:
    assert list(split_words(text)) == expected


# (id, text, names)
NAMES = [
    ("none", "a b", ""),
    ("escaped", r"\$a", ""),
    ("single-quoted", "'$a'", ""),
    ("special", "$1 $@ $$", ""),
    ("plain", "$a ${b}/$c_1", "a b c_1"),
    ("double-quoted", '"$a"', "a"),
    ("nested", "${a:-${b:-$c}}", "a b c"),
    ("of-a-pattern", "${a#$b} ${c/$d/$e}", "a b c d e"),
    ("shell-only", "${a^^} $b ${c:0:1}", "a b c"),
]


@pytest.mark.parametrize(("text", "names"), [r[1:] for r in NAMES], ids=[r[0] for r in NAMES])
def test_references(text: str, names: str) -> None:
    assert references(text) == frozenset(names.split())


@pytest.mark.parametrize(
    ("text", "value"),
    [("${x##" + "*a" * 40 + "b}", "a" * 4_000), ("${x//" + "a*" * 20 + "c/}", "ab" * 2_000)],
    ids=["trim", "replace"],
)
def test_patterns_take_linear_time(text: str, value: str) -> None:
    assert expand(text, {"x": value}) == value


def test_deep_nesting_does_not_crash() -> None:
    assert expand("${a:-" * 5_000, {}) is None
    assert references("${a:-" * 5_000) == {"a"}


PARTS = st.sampled_from(
    [
        "a", "foo", "$x", "${x}", "${u:-", "${x:+z}", "${u:?no}", "${x#f*}", "${x##*.}", "${x%.*}",
        "${x%%.*}", "${x/o/Z}", "${x//o/Z}", "${x/", "'", '"', "\\", "$", "}", "#", "*", "?", ":", "/",
        " ", "\t", "$$", "$1", "${#x}", "${x^^}", "${x:0:3}", "$(", "`", "\\}", "\\/", "=", "é",
        "${e:-y}",
    ]
)  # fmt: skip


@given(st.lists(PARTS, max_size=8).map("".join), st.sampled_from("\\`"))
@settings(max_examples=500)
def test_agrees_with_another_lexer(text: str, escape: str) -> None:
    lexer = ShellLex(escape, env=ENV, skip_unset_env=False)
    try:
        expected, words = lexer.process_word(text), lexer.process_words(text)
    except ValueError:
        assert expand(text, ENV, escape) is None
        assert expand_words(text, ENV, escape) is None
    else:
        assert expand(text, ENV, escape) == expected
        assert expand_words(text, ENV, escape) == tuple(filter(None, words))
    if not text.endswith(escape):  # BuildKit drops it outside single quotes only
        assert list(split_words(text, escape)) == parse_words(text, escape)
