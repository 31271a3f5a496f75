"""Shell text into tree-sitter-bash trees. In: `Lexed`; out: nodes whose offsets are the text's.

The grammar gets the text in disguise: ASCII only, here-documents as plain input redirections, and
for a second attempt with letters in place of words it could stumble over.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from slimify.syntax.shell_lexer import Lexed, Unread

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_PLAIN_WORD = re.compile(r"[\w./:@%+,=!{}-]+|\[\[|\]\]")
_LOOKED_INTO = re.compile(r"[(`]")
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^]]*\])?(\+)?=")


def tree(source: str) -> Node:
    """The root of the tree of an ASCII text; raises `Unread` where the grammar does not fit."""
    root = _parser().parse(source.encode("ascii")).root_node
    if root.has_error:
        raise Unread("syntax")
    return root


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def without_bodies(lexed: Lexed) -> str:
    """The text with `<<X` turned into `< X` and the bodies blank, offsets unchanged.

    So is `<>`, which the grammar does not know, and escaped newlines are blanks, which it takes
    for the rest of the command before when they begin a line.
    """
    chars = list(lexed.plain)
    for at in lexed.continuations:
        chars[at : at + 2] = "  "
    for token in lexed.tokens.values():
        if token.op in ("<<", "<<-", "<>"):
            first = token.end - len(token.op)
            chars[first : token.end] = "<" + " " * (len(token.op) - 1)
    for body in lexed.bodies.values():
        for at in range(body.start, body.end):
            if chars[at] != "\n":
                chars[at] = " "
    return "".join(chars)


def without_words(lexed: Lexed, source: str) -> str:
    """The source with words that hold more than plain characters replaced by letters.

    Words with brackets the shell looks into stay: there are commands in them, or array elements.
    """
    chars = list(source)
    for token in lexed.tokens.values():
        text = lexed.plain[token.start : token.end]
        if (
            token.kind != "word"
            or _PLAIN_WORD.fullmatch(text)
            or (token.value is None and _LOOKED_INTO.search(text))
        ):
            continue
        assigned = ASSIGNMENT.match(text)
        start = token.start + (assigned.end() if assigned else 0)
        chars[start : token.end] = "w" * (token.end - start)
    return "".join(chars)


def only_expansions(lexed: Lexed) -> str:
    """Blanks, but for what the here-documents expand."""
    chars = ["\n" if char == "\n" else " " for char in lexed.plain]
    for body in lexed.bodies.values():
        for start, end in body.expansions:
            chars[start:end] = lexed.plain[start:end]
    return "".join(chars)
