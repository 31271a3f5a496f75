"""What names and expressions of a JavaScript file refer to, as far as the file itself tells.

Flow-insensitive: a name has every value that its function ever assigns to it. A value is a string; unknown
values are `UNKNOWN`, alone or inside the string.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from slimify.context import tree_sitter_reader as ts
from slimify.context.source_uses import HERE, UNKNOWN, directory_marker, normalized_path
from slimify.languages.node import LANGUAGE
from slimify.model.regex import regex

if TYPE_CHECKING:
    from tree_sitter import Node

PATH_JOINS = frozenset(LANGUAGE.words("sources.toml", "values", "joins"))
_SAME = frozenset(LANGUAGE.words("sources.toml", "values", "same"))
_INTEROP = regex(r"_*(?:interop\w*|import(?:Default|Star)|toESM)")
_PROMISIFY = frozenset(LANGUAGE.words("sources.toml", "values", "promisify"))


class Evaluator(ts.Values):
    """Names and values of one file, from its captured functions, parameters and bindings."""

    def __init__(self, nodes: dict[str, list[Node]], file: str) -> None:
        super().__init__(nodes.get("function", []))
        self.file = file
        self.aliases: dict[str, str] = {}  # local names of imported things
        self._nodes = nodes

    def bind(self) -> None:
        """Reads all bindings; after the imports."""
        for node in self._nodes.get("parameters", ()):
            for parameter in node.named_children:
                self._unknown(parameter)
        for node in self._nodes.get("function", ()):
            only = node.child_by_field_name("parameter")  # x => …
            if only is not None:
                self._unknown(only)
        for node in self._nodes.get("binding", ()):
            self._bind(node)

    def _unknown(self, parameter: Node) -> None:
        for name in [parameter, *parameter.named_children]:
            if name.type == "identifier":
                self.scopes.bind(ts.source(name), parameter, None)

    def _bind(self, node: Node) -> None:
        declared = node.type == "variable_declarator"
        target = node.child_by_field_name("name" if declared else "left")
        value = node.child_by_field_name("value" if declared else "right")
        if target is None:
            return
        if target.type == "object_pattern":
            origin = self.qualified(value) if value is not None else ""
            for part in target.named_children:
                key, local = part, part
                if part.type == "pair_pattern":
                    key = part.child_by_field_name("key") or part
                    local = part.child_by_field_name("value") or part
                if origin:
                    self.aliases[ts.source(local)] = f"{origin}.{ts.source(key)}"
                elif local.type in {"shorthand_property_identifier_pattern", "identifier"}:
                    self.scopes.bind(ts.source(local), node, None)
        elif target.type == "identifier":
            origin = self.qualified(value) if value is not None else ""
            name = ts.source(target)
            if origin and (value is None or value.type != "identifier" or origin != ts.source(value)):
                self.aliases[name] = origin
            if value is not None or not declared:
                self.scopes.bind(name, node, value)
        elif target.type == "member_expression" and value is not None:
            self.scopes.bind(ts.source(target), node, value)

    def qualified(self, node: Node, depth: int = 0) -> str:
        """`module.member` for what an expression refers to, with imports resolved; "" if it is not a name."""
        tail: list[str] = []
        while depth < 50:
            depth += 1
            kind = node.type
            if kind == "member_expression":
                tail.append(ts.source(node.child_by_field_name("property")))
                inner = node.child_by_field_name("object")
            elif kind in {
                "parenthesized_expression",
                "await_expression",
                "non_null_expression",
                "as_expression",
            }:
                inner = node.named_children[0] if node.named_children else None
            elif kind == "sequence_expression":  # `(0, child_process_1.exec)`
                inner = node.named_children[-1] if node.named_children else None
            elif kind == "call_expression":
                name = self._returned(node, depth)
                return self._name(name, tail) if name else ""
            elif kind in {"identifier", "shorthand_property_identifier"}:
                name = ts.source(node)
                return self._name(self.aliases.get(name, name), tail)
            else:
                return ""
            if inner is None:
                return ""
            node = inner
        return ""

    def _name(self, head: str, tail: list[str]) -> str:
        return ".".join([head, *(part for part in reversed(tail) if part != "default")])

    def _returned(self, node: Node, depth: int) -> str:
        """The module that `require("x")`, or a wrapper around it, returns."""
        function, arguments = node.child_by_field_name("function"), arguments_of(node)
        if function is None or len(arguments) == 0:
            return ""
        name = ts.source(function)
        if name in {"require", "import"}:
            specifier = self.one(arguments[0])
            return "" if UNKNOWN in specifier else specifier.removeprefix("node:")
        if _INTEROP.fullmatch(name.rpartition(".")[2]) or self.qualified(function, depth + 1) in _PROMISIFY:
            return self.qualified(arguments[0], depth + 1)
        return ""

    def _evaluate(self, node: Node) -> Iterator[str]:
        kind = node.type
        if kind == "string":
            yield _unescaped(ts.source(node)[1:-1])
        elif kind == "template_string":
            yield self.template(node)
        elif kind in {"parenthesized_expression", "as_expression", "non_null_expression", "await_expression"}:
            yield from self.values(node.named_children[0]) if node.named_children else ()
        elif kind in {"identifier", "member_expression"}:
            yield from self._named(node)
        elif kind == "binary_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            operator = ts.source(node.child_by_field_name("operator"))
            if left is not None and right is not None and operator == "+":
                yield from (text + self.one(right) for text in self.values(left))
            elif left is not None and right is not None and operator in {"||", "??"}:
                yield from self.values(left)
                yield from self.values(right)
        elif kind == "ternary_expression":
            for field in ("consequence", "alternative"):
                branch = node.child_by_field_name(field)
                yield from self.values(branch) if branch is not None else ()
        elif kind == "call_expression":
            yield from self._call_value(node)
        elif kind == "new_expression" and ts.source(node.child_by_field_name("constructor")) == "URL":
            arguments = arguments_of(node)
            if len(arguments) == 2 and ts.source(arguments[1]) == "import.meta.url":
                yield f"{directory_marker(self.file)}/{self.one(arguments[0])}"

    def template(self, node: Node) -> str:
        """The text of a template string."""
        text = ""
        for child in node.named_children:
            if child.type == "template_substitution":
                text += self.one(child.named_children[0]) if child.named_children else UNKNOWN
            else:
                text += _unescaped(ts.source(child))
        return text

    def _named(self, node: Node) -> Iterator[str]:
        name = ts.source(node)
        fixed = {
            "__dirname": directory_marker(self.file),
            "__filename": f"{HERE}/{self.file}",
            "import.meta.dirname": directory_marker(self.file),
            "import.meta.url": f"{HERE}/{self.file}",
            "process.execPath": "node",
            "process.argv0": "node",
        }
        if name in fixed:
            yield fixed[name]
            return
        for value in self.scopes.values(name, node)[: ts.MAX_VALUES]:
            yield from self.values(value) if value is not None else [UNKNOWN]

    def _call_value(self, node: Node) -> Iterator[str]:
        function, arguments = node.child_by_field_name("function"), arguments_of(node)
        if function is None:
            return
        name = self.qualified(function)
        if name == "process.cwd":
            yield "."
        elif name in PATH_JOINS and arguments:
            parts = [self.one(argument) for argument in arguments]
            join = _resolved if name.endswith("resolve") else "/".join
            yield normalized_path(join([p for p in parts if p] or ["."]))
        elif name == "path.dirname" and arguments:
            yield from (posixpath.dirname(text) for text in self.values(arguments[0]))
        elif name == "require.resolve" and arguments:
            names = self.values(arguments[0])
            yield from (
                f"{directory_marker(self.file)}/{text}" if text.startswith(".") else UNKNOWN for text in names
            )
        elif name in _SAME and arguments:
            yield from self.values(arguments[0])


def arguments_of(node: Node) -> list[Node]:
    arguments = node.child_by_field_name("arguments")
    if arguments is None or arguments.type == "template_string":
        return []
    return [a for a in arguments.named_children if a.type != "comment"]


def _resolved(parts: list[str]) -> str:
    """`path.resolve`: the last absolute part and everything after it."""
    for index in range(len(parts) - 1, -1, -1):
        if parts[index].startswith(("/", HERE)):
            return "/".join(parts[index:])
    return "/".join(parts)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text, flags=re.DOTALL)
