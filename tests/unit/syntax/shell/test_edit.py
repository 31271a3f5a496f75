"""Edits of a RUN: tables for the layout, invariants for everything else."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.edit_laws import check

from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.shell import Script
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.shell.script import EditRefused, edit, read_run


def _file(text: str) -> tuple[Dockerfile, Instruction, Script]:
    """A Dockerfile around a RUN."""
    dockerfile = parse(encode(f"FROM x\n{text}"))
    node = dockerfile.instructions[1]
    return dockerfile, node, read_run(node)


def _span(script: Script, text: str) -> tuple[int, int]:
    return next((w.start, w.end) for c in script.commands for w in c.words if w.text == text)


def _atoms(script: Script, texts: str) -> frozenset[int]:
    """The indexes of the atoms whose first word is named."""
    names = texts.split()
    return frozenset(
        i for i, a in enumerate(script.atoms) if any(w.text in names for w in a.commands[0].words[:1])
    )


def _row(name: str, before: str, gone: str, after: str) -> object:
    return pytest.param(
        textwrap.dedent(before).lstrip("\n"), gone, textwrap.dedent(after).lstrip("\n"), id=name
    )


# --- atoms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [
        _row("nothing", "RUN a  &&  b  ;c\n", "", "RUN a  &&  b  ;c\n"),
        _row("first of a line", "RUN a && b && c\n", "a", "RUN b && c\n"),
        _row("middle of a line", "RUN a && b && c\n", "b", "RUN a && c\n"),
        _row("last of a line", "RUN a && b && c\n", "c", "RUN a && b\n"),
        _row("several of a line", "RUN a && b && c && d\n", "a c", "RUN b && d\n"),
        _row("narrow operators", "RUN set -e;a;b;c\n", "b", "RUN set -e;a;c\n"),
        _row(
            "behind flags",
            "RUN --mount=type=cache,target=/c a && b\n",
            "a",
            "RUN --mount=type=cache,target=/c b\n",
        ),
        _row("lower case, blanks", "run   a   &&   b\n", "a", "run   b\n"),
        _row("no line end", "RUN a && \\\n    b", "b", "RUN a"),
        _row("no line end, first", "RUN a && \\\n    b", "a", "RUN b"),
        _row("windows line ends", "RUN a && \\\r\n    b && \\\r\n    c\r\n", "c", "RUN a && \\\r\n    b\r\n"),
        _row("pipeline", "RUN a && b | c > d 2>&1 && e\n", "b", "RUN a && e\n"),
        _row("or group", "RUN a || b && c\n", "c", "RUN a || b\n"),
        _row("whole compound", "RUN a && if b; then c; fi && d\n", "b", "RUN a && d\n"),
        _row(
            "trailing operators, first",
            """
            RUN a && \\
                b && \\
                c
            """,
            "a",
            """
            RUN b && \\
                c
            """,
        ),
        _row(
            "trailing operators, middle",
            """
            RUN a && \\
                b 1 \\
                  2 && \\
                c
            """,
            "b",
            """
            RUN a && \\
                c
            """,
        ),
        _row(
            "trailing operators, last",
            """
            RUN a && \\
                b && \\
                c
            """,
            "c",
            """
            RUN a && \\
                b
            """,
        ),
        _row(
            "leading operators, first",
            """
            RUN a \\
             && b \\
             && c
            """,
            "a",
            """
            RUN b \\
             && c
            """,
        ),
        _row(
            "leading operators, middle",
            """
            RUN a \\
                && b \\
                    1 \\
                    2 \\
                && c
            """,
            "b",
            """
            RUN a \\
                && c
            """,
        ),
        _row(
            "leading operators, last",
            """
            RUN a \\
                && b \\
                && c
            """,
            "b c",
            """
            RUN a
            """,
        ),
        _row(
            "keyword alone, first",
            """
            RUN \\
                a && \\
                b
            """,
            "a",
            """
            RUN \\
                b
            """,
        ),
        _row(
            "keyword alone, leading operators, first",
            """
            RUN set -ex; \\
                a; \\
                b; \\
                c
            """,
            "a b",
            """
            RUN set -ex; \\
                c
            """,
        ),
        _row(
            "aligned escapes",
            """
            RUN a      && \\
                bbbbbb && \\
                c      && \\
                d
            """,
            "bbbbbb d",
            """
            RUN a      && \\
                c
            """,
        ),
        _row(
            "escapes in a column",
            """
            RUN a       \\
             && bbbbbb  \\
             && c       \\
             && d
            """,
            "c",
            """
            RUN a       \\
             && bbbbbb  \\
             && d
            """,
        ),
        _row(
            "two on a line",
            """
            RUN a && b && \\
                c && d && \\
                e
            """,
            "b c",
            """
            RUN a && \\
                d && \\
                e
            """,
        ),
        _row(
            "comments go with their lines",
            """
            RUN a && \\
                # about b
                b && \\
                # about c
                c
            """,
            "b",
            """
            RUN a && \\
                # about c
                c
            """,
        ),
        _row(
            "comment at the end goes",
            """
            RUN a && \\
                # about b,
                # in two lines
                b && \\
                c
            """,
            "b c",
            """
            RUN a
            """,
        ),
        _row(
            "comment over several lines stays while one is left",
            """
            RUN a && \\
                # about b and c
                b && \\
                c && \\
                d
            """,
            "b",
            """
            RUN a && \\
                # about b and c
                c && \\
                d
            """,
        ),
        _row(
            "comment in front of the second when the first goes",
            """
            RUN a && \\
                # about b
                b
            """,
            "a",
            """
            RUN \\
                # about b
                b
            """,
        ),
        _row(
            "lone escapes and blank lines",
            """
            RUN a && \\
                \\
                b && \\

                c
            """,
            "c",
            """
            RUN a && \\
                \\
                b
            """,
        ),
    ],
)
def test_drop(before: str, gone: str, after: str) -> None:
    dockerfile, node, script = _file(before)
    drop = _atoms(script, gone)
    assert edit(node, script, drop=drop) == after
    assert check(dockerfile, node, drop) == after


def test_drop_everything() -> None:
    _, node, script = _file("RUN cd a && b && c\n")
    assert edit(node, script, drop=frozenset({0, 1, 2})) is None


# --- words ------------------------------------------------------------------------------------------

_ONE_A_LINE = """
    RUN apt-get update && apt-get install -y \\
        gcc \\
        git \\
        libpq-dev && \\
        make
    """


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [
        _row("first", "RUN apk add gcc git curl\n", "gcc", "RUN apk add git curl\n"),
        _row("middle", "RUN apk add gcc git curl\n", "git", "RUN apk add gcc curl\n"),
        _row("last", "RUN apk add gcc git curl\n", "curl", "RUN apk add gcc git\n"),
        _row("two neighbours", "RUN apk add gcc git curl && a\n", "git curl", "RUN apk add gcc && a\n"),
        _row("before a bracket", "RUN (apk add gcc git)\n", "git", "RUN (apk add gcc)\n"),
        _row("before a semicolon", "RUN apk add gcc git; a\n", "git", "RUN apk add gcc; a\n"),
        _row("quoted", "RUN pip install 'a>1' b\n", "'a>1'", "RUN pip install b\n"),
        _row(
            "inside an if", "RUN if a; then apk add gcc git; fi\n", "gcc", "RUN if a; then apk add git; fi\n"
        ),
        _row(
            "alone on its line",
            _ONE_A_LINE,
            "git",
            """
            RUN apt-get update && apt-get install -y \\
                gcc \\
                libpq-dev && \\
                make
            """,
        ),
        _row(
            "alone on its line but for an operator",
            _ONE_A_LINE,
            "libpq-dev git",
            """
            RUN apt-get update && apt-get install -y \\
                gcc && \\
                make
            """,
        ),
        _row(
            "last line",
            """
            RUN apk add \\
                gcc \\
                git
            """,
            "git",
            """
            RUN apk add \\
                gcc
            """,
        ),
        _row(
            "all of a line",
            """
            RUN apk add \\
                gcc git \\
                curl tar
            """,
            "gcc git curl",
            """
            RUN apk add \\
                tar
            """,
        ),
        _row(
            "comment above",
            """
            RUN apk add \\
                curl \\
                # to fetch
                git \\
                # to build
                gcc make && \\
                make all
            """,
            "git gcc make",
            """
            RUN apk add \\
                curl && \\
                make all
            """,
        ),
        _row(
            "comment above several",
            """
            RUN apk add \\
                # to build
                gcc \\
                git \\
                # to run
                curl
            """,
            "gcc",
            """
            RUN apk add \\
                # to build
                git \\
                # to run
                curl
            """,
        ),
    ],
)
def test_drop_words(before: str, gone: str, after: str) -> None:
    dockerfile, node, script = _file(before)
    words = dict.fromkeys((_span(script, word) for word in gone.split()), "")
    assert edit(node, script, replace_words=words) == after
    assert check(dockerfile, node, replace_words=words) == after


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        _row("by one", "RUN apk add gcc git\n", "gcc=libc", "RUN apk add libc git\n"),
        _row(
            "by several",
            "RUN apk add gcc git && a\n",
            "git=git curl tar",
            "RUN apk add gcc git curl tar && a\n",
        ),
        _row("by nothing", "RUN apk add gcc git\n", "git=", "RUN apk add gcc\n"),
        _row(
            "alone on its line",
            _ONE_A_LINE,
            "git=libpq5 curl",
            """
            RUN apt-get update && apt-get install -y \\
                gcc \\
                libpq5 \\
                curl \\
                libpq-dev && \\
                make
            """,
        ),
        _row(
            "before an operator",
            _ONE_A_LINE,
            "libpq-dev=libpq-dev libpq5",
            """
            RUN apt-get update && apt-get install -y \\
                gcc \\
                git \\
                libpq-dev \\
                libpq5 && \\
                make
            """,
        ),
        _row(
            "on the last line, windows line ends",
            "RUN apk add \\\r\n\tgcc \\\r\n\tgit\r\n",
            "git=libgit2 curl",
            "RUN apk add \\\r\n\tgcc \\\r\n\tlibgit2 \\\r\n\tcurl\r\n",
        ),
        _row(
            "beside others on its line",
            """
            RUN apk add \\
                gcc git \\
                curl
            """,
            "git=libgit2 tar",
            """
            RUN apk add \\
                gcc libgit2 tar \\
                curl
            """,
        ),
    ],
)
def test_replace_words(before: str, change: str, after: str) -> None:
    dockerfile, node, script = _file(before)
    old, _, new = change.partition("=")
    replacements = {_span(script, old): new}
    assert edit(node, script, replace_words=replacements) == after
    assert check(dockerfile, node, replace_words=replacements) == after


def test_drop_atoms_and_words() -> None:
    dockerfile, node, script = _file(textwrap.dedent(_ONE_A_LINE).lstrip("\n"))
    after = check(
        dockerfile,
        node,
        frozenset({2}),
        {_span(script, "gcc"): "", _span(script, "libpq-dev"): "libpq5"},
    )
    assert after == "RUN apt-get update && apt-get install -y \\\n    git \\\n    libpq5\n"


# --- refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "gone", "reason"),
    [
        pytest.param("RUN echo 'a && b\n", "", "unreadable", id="unread"),
        pytest.param("RUN cat <<E && b\nE\n", "b", "here-document", id="here-document"),
        pytest.param("RUN <<E\na\nb\nE\n", "b", "here-document", id="lone here-document"),
        pytest.param("RUN a && b # why\n", "b", None, id="comment"),
        pytest.param("RUN a & b && c\n", "c", "background", id="background"),
        pytest.param("RUN cd /a && b && c\n", "cd", "`cd /a` affects the commands after it", id="state"),
        pytest.param("RUN [ -f x ] && b\n", "[", "affects the commands after it", id="test"),
        pytest.param("RUN a; b\n", "b", "exit status", id="last statement without errexit"),
        pytest.param("RUN a; b && c\n", "b c", "exit status", id="last list without errexit"),
        pytest.param(
            "RUN set -e; a && b; c\n", "b", "would abort the build", id="tail of a list with errexit"
        ),
        pytest.param("RUN set -e; a && b; c\n", "c", "would abort the build", id="statement behind a list"),
        pytest.param("RUN a && b; c && d\n", "b c", "mixed operators", id="across a semicolon"),
        pytest.param("RUN a && b; c\n", "b", None, id="before a semicolon"),
        pytest.param("RUN a; b && c\n", "b", None, id="behind a semicolon"),
        pytest.param("RUN set -e; a && b; c\n", "a b", None, id="whole list with errexit"),
        pytest.param("RUN set -e; a; b\n", "b", None, id="last statement with errexit"),
        pytest.param("RUN a && cd /b\n", "cd", None, id="state nobody uses"),
    ],
)
def test_refusals(text: str, gone: str, reason: str | None) -> None:
    _, node, script = _file(text)
    if reason is None:
        assert edit(node, script, drop=_atoms(script, gone)) is not None
        return
    with pytest.raises(EditRefused, match=re.escape(reason)):
        edit(node, script, drop=_atoms(script, gone) if gone else frozenset({0}))


def test_state_is_dropped_without_keep_state() -> None:
    _, node, script = _file("RUN cd /a && b && c\n")
    assert edit(node, script, drop=frozenset({0, 1}), keep_state=False) == "RUN c\n"


def test_exec_form_is_not_split() -> None:
    _, node, script = _file('RUN ["a", "b"]\n')
    with pytest.raises(EditRefused, match="exec form"):
        edit(node, script, replace_words={(0, 10): ""})


def test_only_words_of_kept_commands_can_change() -> None:
    _, node, script = _file("RUN a x && b\n")
    with pytest.raises(EditRefused, match="no such word"):
        edit(node, script, replace_words={(0, 2): ""})
    with pytest.raises(EditRefused, match="no such word"):
        edit(node, script, drop=frozenset({0}), replace_words={_span(script, "x"): ""})
    with pytest.raises(EditRefused, match="no such command"):
        edit(node, script, drop=frozenset({7}))


@pytest.mark.parametrize(
    "text", ["RUN # nothing\n", "RUN a && b \\\n", "RUN\n"], ids=["comment", "open end", "bare"]
)
def test_empty_edit_changes_nothing(text: str) -> None:
    _, node, script = _file(text)
    assert edit(node, script) == text


def test_a_refusal_is_a_value_error() -> None:
    assert issubclass(EditRefused, ValueError)


# --- laws ---------------------------------------------------------------------------------------------

_NEWLINES = ("\n", "\r\n")


@st.composite
def _runs(draw: st.DrawFn) -> str:
    """A RUN with several commands, in any layout."""
    newline = draw(st.sampled_from(_NEWLINES))
    indent = draw(st.sampled_from(["    ", "  ", "\t", ""]))
    blank_lines = draw(st.booleans())

    def gap() -> str:
        if draw(st.integers(0, 2)):
            return " "
        text = " \\" + draw(st.sampled_from(["", "  "])) + newline
        while not draw(st.integers(0, 3)):
            text += draw(st.sampled_from(["# note", "   # it's \\", "#"])) + newline
        if blank_lines and not draw(st.integers(0, 5)):
            text += newline
        if not draw(st.integers(0, 9)):
            text += indent + "\\" + newline
        return text + indent

    commands = st.sampled_from(
        [
            "make",
            "apk add g1 g2 g3 g4",
            "(a b; c)",
            "a | b x",
            "a || b",
            "if a x; then b y; fi",
            "X=1 y > z",
            "'q r' s",
        ]
    )
    text = draw(st.sampled_from(["RUN ", "run  ", "RUN --network=none ", "RUN \\" + newline + indent]))
    if draw(st.booleans()):
        text += "set -e" + draw(st.sampled_from([" && ", "; "]))
    count = draw(st.integers(1, 5))
    for number in range(count):
        for char in draw(commands):
            # the number makes lines differ, so that each can be told again
            text += gap() if char == " " else char + str(number) if char in "abgkrycxqz" else char
        if number < count - 1:
            operator = draw(st.sampled_from(["&&", "&&", "&&", ";"]))
            text += draw(st.sampled_from([" ", gap()])) + operator + gap()
    return text + draw(
        st.sampled_from([newline, "", newline + "USER u" + newline, newline + newline + "# end"])
    )


@given(st.data())
@settings(max_examples=300)
def test_invariants(data: st.DataObject) -> None:
    dockerfile, node, script = _file(data.draw(_runs()))
    assert not script.opaque
    drop = data.draw(st.frozensets(st.integers(0, len(script.atoms) - 1)))
    spans = [
        (w.start, w.end)
        for i, atom in enumerate(script.atoms)
        if i not in drop
        for command in atom.commands
        for w in command.words[1:]
    ]
    texts = st.sampled_from(["", "", "n1", "n1 n2"])
    words = data.draw(st.dictionaries(st.sampled_from(spans), texts)) if spans else {}
    try:
        check(dockerfile, node, drop, words)
    except EditRefused:
        return
