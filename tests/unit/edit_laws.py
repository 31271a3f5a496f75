"""What must hold of every edit of a RUN, whatever goes: checked by reading the result again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from slimify.model.dockerfile import Dockerfile, Instruction, Node
from slimify.model.shell import Atom
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.shell.script import edit, read_run

Span = tuple[int, int]


def check(
    dockerfile: Dockerfile,
    node: Instruction,
    drop: frozenset[int] = frozenset(),
    replace_words: Mapping[Span, str] = MappingProxyType({}),
) -> str | None:
    """Edits one instruction of a file and checks the laws; returns its new text.

    `EditRefused` passes through, a broken law is an AssertionError.
    """
    script = read_run(node)
    new = edit(node, script, drop=drop, replace_words=replace_words, keep_state=False)
    if new is None:
        assert drop == set(range(len(script.atoms)))
        return None
    index = next(i for i, n in enumerate(dockerfile.nodes) if n is node)
    texts = [n.raw for n in dockerfile.nodes]
    texts[index] = new
    again = parse(encode("".join(texts)))
    assert "".join(n.raw for n in again.nodes) == "".join(texts)

    # nothing else changed; comments that stood behind the last line may now stand outside
    others = [n.raw for n in dockerfile.instructions if n is not node]
    number = dockerfile.instructions.index(node)
    assert [n.raw for i, n in enumerate(again.instructions) if i != number] == others
    edited = again.instructions[number]
    assert edited.keyword == node.keyword
    assert edited.flags == node.flags
    assert _shape(again.nodes[: _place(again, edited)]) == _shape(dockerfile.nodes[:index])

    # the commands that stay are those that were there, in the order they were in
    expected = [_words(atom, replace_words) for i, atom in enumerate(script.atoms) if i not in drop]
    result = read_run(edited)
    assert not result.opaque
    assert [_words(atom, {}) for atom in result.atoms] == expected

    _check_lines(node, edited, new)
    return new


def _place(dockerfile: Dockerfile, node: Node) -> int:
    return next(i for i, n in enumerate(dockerfile.nodes) if n is node)


def _shape(nodes: tuple[Node, ...]) -> list[tuple[str, str]]:
    return [(n.kind, n.raw) for n in nodes]


def _words(atom: Atom, replaced: Mapping[Span, str]) -> list[list[str]]:
    commands = []
    for command in atom.commands:
        words: list[str] = []
        for word in command.words:
            new = replaced.get((word.start, word.end))
            words += [word.text] if new is None else new.split()
        assigns = [f"{name}={word.text}" for name, word in command.assigns]
        redirects = [f"{r.op}{r.target.text}" for r in command.redirects]
        commands.append([*command.context, *assigns, *words, *redirects])
    return commands


def _check_lines(node: Instruction, edited: Instruction, new: str) -> None:
    old_lines, new_lines = node.raw.splitlines(), new.splitlines()
    assert new.endswith("\n") == node.raw.endswith("\n") or not edited.raw.endswith(new)
    # line ends of one kind stay of one kind
    if "\r\n" in node.raw and node.raw.count("\r\n") == node.raw.count("\n"):
        assert new.count("\r\n") == new.count("\n")
    elif "\r" not in node.raw:
        assert "\r" not in new
    # no empty continuation lines that were not there, no escape at the end
    empty = [line for line in new_lines if line.strip() in ("", "\\")]
    assert len(empty) <= len([line for line in old_lines if line.strip() in ("", "\\")])
    if not old_lines[-1].rstrip().endswith("\\"):
        last = [line for line in edited.raw.splitlines() if not line.lstrip().startswith("#")][-1]
        assert not last.rstrip().endswith("\\")
    # comments keep their order, and each whose next line is untouched is still there
    old_comments = [line for line in old_lines[1:] if line.lstrip().startswith("#")]
    new_comments = [line for line in new_lines[1:] if line.lstrip().startswith("#")]
    left = iter(old_comments)
    assert all(comment in left for comment in new_comments)
    for comment, following in pairwise(old_lines[1:]):
        # another line may become the same where something behind it goes
        alike = [line for line in old_lines if line.startswith(following.rstrip(" \t\\"))]
        if comment.lstrip().startswith("#") and following in new_lines and len(alike) == 1:
            assert comment in new_comments
    # no blanks left doubled where something went
    doubled = re.compile(r"\S[ \t]{2,}(?=[^\s\\])")
    assert len(doubled.findall(new)) <= len(doubled.findall(node.raw))
