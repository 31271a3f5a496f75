"""The constructs around commands, read from the syntax tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from slimify.model.shell import Block, Word
from slimify.syntax.shell.lexer import LexedScript

if TYPE_CHECKING:
    from tree_sitter import Node

_LABELS = {
    "if_statement": "if",
    "while_statement": "while",
    "for_statement": "for",
    "c_style_for_statement": "for",
    "case_statement": "case",
    "function_definition": "function",
    "subshell": "(",
    "compound_statement": "{",
}
COMPOUNDS = frozenset(_LABELS)
_CLAUSES = frozenset({"if", "then", "elif", "else", "while", "until", "do"})
_NO_HEAD = frozenset(
    {"for", "select", "case", "in", "function", "esac", "do_group", "case_item", "((", *COMPOUNDS}
)


def label(node: Node) -> str:
    """The kind of a compound command, or "" for a simple one. `((…))` counts as simple."""
    arithmetic = node.type == "compound_statement" and node.children[0].type == "(("
    return "" if arithmetic else _LABELS.get(node.type, "")


def block_of(node: Node, kind: str, operator: str, lexed: LexedScript) -> Block:
    """The construct of a node, without a clause."""
    block = Block(kind=kind, start=node.start_byte, operator=operator)
    if kind not in ("for", "case", "function", "if"):
        return block
    items = [c for c in node.children if c.type == "case_item"]
    children = node.children if node.type != "c_style_for_statement" else []
    heads = (lexed.tokens.get(c.start_byte) for c in children if c.type not in _NO_HEAD)
    head = (
        Word(text=lexed.text[t.start : t.end], value=t.value, start=t.start, end=t.end)
        for t in heads
        if t is not None and t.kind == "word" and kind != "if"
    )
    return replace(
        block,
        head=tuple(head),
        listed=any(c.type == "in" for c in node.children),
        total=any(c.type == "else_clause" or (c in items and _is_default(c, lexed)) for c in node.children),
        clauses=len(items),
    )


def in_clause(block: Block, node: Node) -> Block:
    """The construct from a node on, which may be the keyword of a clause or an item of a `case`."""
    if node.type in _CLAUSES or node.type == "case_item":
        return replace(block, clause=node.type, at=node.start_byte)
    return block


def _is_default(item: Node, lexed: LexedScript) -> bool:
    """Whether an item of a `case` is `*)`."""
    first = next(child for child in item.children if child.type != "(")
    return lexed.text[first.start_byte : first.end_byte] == "*"
