"""tree-sitter for the source readers: grammars, bounded parsing and queries."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from slimify.context.source_uses import UNKNOWN
from slimify.model.regex import regex

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Parser, Query

MAX_DEPTH = 500  # of visited nodes; hand-written code has less than 100
_MAX_OPEN = 1000
MAX_VALUES = 6  # values kept of one expression
_MAX_LENGTH = 4000  # characters
_MAX_NESTED = 25  # expressions
_BRACKETS = regex(r"[()\[\]{}<>;]")


class Grammar(Struct, frozen=True):
    """A grammar: the Python module that contains it, and the function that returns it."""

    module: str
    function: str = "language"


@cache
def _language(grammar: Grammar) -> Language:
    from tree_sitter import Language

    return Language(getattr(import_module(grammar.module), grammar.function)())


@cache
def _parser(grammar: Grammar) -> Parser:
    from tree_sitter import Parser

    return Parser(_language(grammar))


@cache
def _query(grammar: Grammar, pattern: str) -> Query:
    from tree_sitter import Query

    return Query(_language(grammar), pattern)


def parse(grammar: Grammar, text: str) -> Node | None:
    """The root node of `text`, or None if parsing could take too long.

    tree-sitter needs minutes to query a tree of 100,000 open brackets, and its TypeScript grammar
    needs gigabytes for `a<b<c<…`.
    """
    if _is_too_deep(text):
        return None
    tree = _parser(grammar).parse(text.encode("utf-8", "replace"))
    return tree.root_node if tree else None


def _is_too_deep(text: str) -> bool:
    if sum(map(text.count, "([{<")) <= _MAX_OPEN:
        return False
    brackets = angles = 0
    for match in _BRACKETS.finditer(text):
        sign = match[0]
        if sign in "([{":
            brackets += 1
        elif sign in ")]}":
            brackets = max(0, brackets - 1)
        elif sign == "<":
            angles += 1
        else:
            angles = 0
        if brackets > _MAX_OPEN or angles > _MAX_OPEN:
            return True
    return False


def captures(grammar: Grammar, pattern: str, root: Node) -> dict[str, list[Node]]:
    """The nodes captured by `pattern` under `root`, by capture name, in source order."""
    from tree_sitter import QueryCursor

    cursor = QueryCursor(_query(grammar, pattern))
    cursor.set_max_start_depth(MAX_DEPTH)
    found = cursor.captures(root)
    for nodes in found.values():
        nodes.sort(key=lambda node: node.start_byte)
    return found


def source(node: Node | None) -> str:
    """The text of a node, or "" for None."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def line(node: Node) -> int:
    """The 1-based line a node starts on."""
    return int(node.start_point[0]) + 1


class Values:
    """The strings that the expressions of a file may be, each evaluated once."""

    def __init__(self, functions: list[Node]) -> None:
        self.scopes = Scopes(functions)
        self._known: dict[int, list[str]] = {}
        self._depth = 0

    def values(self, node: Node) -> list[str]:
        """All strings an expression may be, at most a few; UNKNOWN for what is not known."""
        known = self._known.get(node.id)
        if known is not None:
            return known
        if self._depth > _MAX_NESTED:
            return [UNKNOWN]
        self._known[node.id] = [UNKNOWN]  # what a definition by itself is
        self._depth += 1
        found = list(dict.fromkeys(text[:_MAX_LENGTH] for text in self._evaluate(node)))[:MAX_VALUES]
        self._depth -= 1
        self._known[node.id] = found or [UNKNOWN]
        return self._known[node.id]

    def one(self, node: Node) -> str:
        found = self.values(node)
        return found[0] if len(found) == 1 else UNKNOWN

    def _evaluate(self, node: Node) -> Iterator[str]:
        raise NotImplementedError


class Scopes:
    """The names that each function binds. None stands for an unknown value."""

    def __init__(self, functions: list[Node]) -> None:
        """`functions` in source order."""
        self._starts = [f.start_byte for f in functions]
        self._ends = [f.end_byte for f in functions]
        self._parents: list[int] = []
        self._bound: dict[tuple[int, str], list[Node | None]] = {}
        for index, start in enumerate(self._starts):
            parent = index - 1
            while parent >= 0 and self._ends[parent] <= start:
                parent = self._parents[parent]
            self._parents.append(parent)

    def _innermost_function(self, offset: int) -> int:
        """The index of the innermost function around an offset, or -1."""
        index = bisect_right(self._starts, offset) - 1
        while index >= 0 and self._ends[index] <= offset:
            index = self._parents[index]
        return index

    def bind(self, name: str, at: Node, value: Node | None) -> None:
        self._bound.setdefault((self._innermost_function(at.start_byte), name), []).append(value)

    def values(self, name: str, at: Node) -> list[Node | None]:
        """The values that the innermost function around `at` binds to the name; [] if none does."""
        index = self._innermost_function(at.start_byte)
        while index >= 0 and (index, name) not in self._bound:
            index = self._parents[index]
        return self._bound.get((index, name), [])
