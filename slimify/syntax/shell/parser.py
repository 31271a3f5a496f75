"""Parses shell text with tree-sitter-bash. Offsets of nodes are offsets in the text.

The grammar receives a masked text of equal length: ASCII only, with here-documents as input
redirections and, in a second attempt, with placeholder letters for words that it misreads.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

from slimify.model.regex import regex
from slimify.syntax.shell.lexer import LexedScript, Token, UnreadableShell

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_PLAIN_WORD = regex(r"[\w./:@%+,=!{}-]+|\[\[|\]\]")
_CLOSING = frozenset({"fi", "done", "esac", "}"})
ASSIGNMENT = regex(r"([A-Za-z_]\w*)(\[[^]]*\])?(\+)?=")


def parse_tree(source: str) -> Node:
    """The root node of an ASCII text. Raises `UnreadableShell` if it has a syntax error."""
    root = _parser().parse(source.encode("ascii")).root_node
    if root.has_error:
        raise UnreadableShell("syntax")
    return root


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def mask_heredocs(lexed: LexedScript) -> str:
    """The text with `<<X` replaced by `< X` and blanked bodies; offsets are unchanged.

    Also masks what the grammar does not support: `<>`, long numbers before redirections, and escaped
    newlines, which it attaches to the previous command when they start a line.
    """
    chars = list(lexed.plain)
    for at in lexed.continuations:
        chars[at : at + 2] = "  "
    for token in lexed.tokens.values():
        if token.kind == "redirect":
            op = "<" if token.op in ("<<", "<<-", "<>") else token.op
            number = lexed.plain[token.start : token.end - len(token.op)]
            number = number if len(number) == 1 else " " * len(number)
            chars[token.start : token.end] = (number + op).ljust(token.end - token.start)
    for body in lexed.bodies.values():
        for at in range(body.start, body.end):
            if chars[at] != "\n":
                chars[at] = " "
    return "".join(chars)


def mask_words(lexed: LexedScript, source: str) -> str:
    """The source with letters in place of words, except in substitutions.

    Also masks other text that the grammar misreads: conditions in `[[ … ]]`, a `!` before a compound
    command (its token is claimed later), a missing separator as in `fi }`, and the end of a line of several
    assignments.
    """
    chars = list(source)
    tokens = sorted((token for token in lexed.tokens.values() if token.kind != "comment"), key=_start)
    inner = sorted(lexed.substitutions.items())
    texts = [lexed.plain[token.start : token.end] for token in tokens]
    for number, (token, text) in enumerate(zip(tokens, texts, strict=True)):
        following = texts[number + 1] if number + 1 < len(texts) else ""
        if token.kind != "word":
            continue
        ends = source[token.end : token.end + 1] == "\n"
        if number and ends and ASSIGNMENT.match(text) and ASSIGNMENT.match(texts[number - 1]):
            chars[token.end] = ";"
        if text == "[[" and "]]" in texts[number:]:
            _hide_condition(chars, token.end, tokens[texts.index("]]", number)].start, inner)
        elif text == "!" and following[:1] in ("{", "(", "<", ">"):
            chars[token.start] = " "
        elif text in _CLOSING and following in _CLOSING:
            if number and _separated(lexed, tokens[number - 1], token) and source[token.end] == " ":
                chars[token.end] = ";"
        elif not _PLAIN_WORD.fullmatch(text):
            _hide_word(chars, token, text, inner)
    return "".join(chars)


def _hide_condition(chars: list[str], start: int, end: int, inner: list[tuple[int, int]]) -> None:
    """Replace the text between `[[` and `]]` by one word, unless it contains commands."""
    if bisect_left(inner, (start, 0)) == bisect_left(inner, (end, 0)) and end - start > 2:
        chars[start:end] = " " + "w" * (end - start - 2) + " "


def _hide_word(chars: list[str], token: Token, text: str, inner: list[tuple[int, int]]) -> None:
    if text.startswith("(("):
        chars[token.start + 2 : token.end - 2] = "1" * (len(text) - 4)
        return
    assigned = ASSIGNMENT.match(text)
    at = token.start + (assigned.end() if assigned else 0)
    for start, end in inner[bisect_left(inner, (at, 0)) :]:
        if start >= token.end:
            break
        if start >= at:
            chars[at:start] = "w" * (start - at)
            at = end
    chars[at : token.end] = "w" * (token.end - at)


def _start(token: Token) -> int:
    return token.start


def _separated(lexed: LexedScript, before: Token, token: Token) -> bool:
    """Whether a word begins a command, so that `fi` or `done` is a reserved word."""
    text = lexed.plain[before.start : before.end]
    return before.kind == "operator" or text in _CLOSING or "\n" in lexed.plain[before.end : token.start]


def mask_non_expansions(lexed: LexedScript) -> str:
    """The text with everything blanked except expansions in here-documents."""
    chars = ["\n" if char == "\n" else " " for char in lexed.plain]
    for body in lexed.bodies.values():
        for start, end in body.expansions:
            chars[start:end] = lexed.plain[start:end]
    return "".join(chars)
