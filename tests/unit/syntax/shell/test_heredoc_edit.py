"""Edits of a RUN that consists of one here-document."""

from __future__ import annotations

import pytest

from slimify.model.dockerfile import Instruction
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.shell.heredoc_edit import edit_heredoc
from slimify.syntax.shell.script import EditRefused, read_run


def _run(text: str) -> Instruction:
    return parse(encode(f"FROM x\n{text}")).instructions[1]


def _edited(text: str, gone: str, words: dict[str, str]) -> str | None:
    """Without the commands whose first word is named, `words` replaced."""
    node = _run(text)
    script = read_run(node)
    names = gone.split()
    spans = {(w.start, w.end): words[w.text] for c in script.commands for w in c.words if w.text in words}
    return edit_heredoc(
        node,
        script,
        drop=frozenset(
            i for i, a in enumerate(script.atoms) if {w.text for w in a.commands[0].words[:1]} & {*names}
        ),
        replace_words=spans,
    )


@pytest.mark.parametrize(
    ("before", "gone", "words", "after"),
    [
        pytest.param("a\n# of b\nb x \\\n  y\nc; d\n", "b", {}, "a\nc; d\n", id="with-its-comment"),
        pytest.param("set -e\na\nc; d # both\n", "d", {}, "set -e\na\nc # both\n", id="one-of-a-line"),
        pytest.param("set -e\na; b\nc\n", "a b", {}, "set -e\nc\n", id="a-whole-line"),
        pytest.param("#!/bin/sh\n\na\n\nc\n", "a", {}, "#!/bin/sh\n\nc\n", id="one-blank-line-is-left"),
        pytest.param("a \\\n  x \\\n  y\nb\n", "", {"x": ""}, "a \\\n  y\nb\n", id="a-word"),
        pytest.param("  a x\nb\n", "", {"x": "y z"}, "  a y z\nb\n", id="a-word-for-another"),
        pytest.param(
            "a \\\n  x\nb\n", "", {"x": "y z"}, "a \\\n  y \\\n  z\nb\n", id="words-below-each-other"
        ),
        pytest.param("a && b && c\nd\n", "b", {}, "a && c\nd\n", id="of-a-list"),
        pytest.param("a && \\\n  b && \\\n  c\nd\n", "b c", {}, "a\nd\n", id="of-a-list-in-lines"),
        pytest.param("if a; then\n  b\nfi\nc\n", "a", {}, "c\n", id="several-lines-at-once"),
        pytest.param("a\r\nb\r\nc\r\n", "b", {}, "a\r\nc\r\n", id="line-ends"),
    ],
)
def test_edits(before: str, gone: str, words: dict[str, str], after: str) -> None:
    end = "\r\n" if "\r\n" in before else "\n"
    new = _edited(f"RUN <<EOF{end}{before}EOF{end}", gone, words)
    assert new == f"RUN <<EOF{end}{after}EOF{end}"
    assert not read_run(_run(new)).opaque


def test_leading_tabs_are_kept() -> None:
    new = _edited("RUN --network=none <<-END\n\ta x\n\t\tb\n\tc\n\tEND\n", "b", {"x": "y"})
    assert new == "RUN --network=none <<-END\n\ta y\n\tc\n\tEND\n"


def test_drop_everything() -> None:
    assert _edited("RUN <<EOF\na\nb\nEOF\n", "a b", {}) is None


@pytest.mark.parametrize(
    ("text", "gone", "words"),
    [
        pytest.param("RUN <<EOF\na\nb\nEOF\n", "b", {}, id="its-status-is-that-of-the-script"),
        pytest.param("RUN <<EOF\ncd /a\nb\nc\nEOF\n", "cd", {}, id="others-work-there"),
        pytest.param("RUN <<EOF\na\nif b; then\n  c x\nfi\nEOF\n", "", {"x": ""}, id="part-of-several-lines"),
        pytest.param("RUN <<EOF\na &&\n  b &&\n  c\nEOF\n", "b", {}, id="a-list-without-backslashes"),
        pytest.param("RUN <<EOF\na\ncat >x <<X\nb\nX\nc\nEOF\n", "a", {}, id="one-inside-the-other"),
        pytest.param("RUN <<EOF\na\nb &\nc\nEOF\n", "a", {}, id="in-the-background"),
        pytest.param("RUN sh <<EOF && b\na\nEOF\n", "b", {}, id="more-than-the-here-document"),
        pytest.param("RUN <<A <<B\na\nA\nb\nB\n", "a", {}, id="two-of-them"),
    ],
)
def test_refusals(text: str, gone: str, words: dict[str, str]) -> None:
    with pytest.raises(EditRefused):
        _edited(text, gone, words)
