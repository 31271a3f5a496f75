"""What a file of settings, or a script that builds, gives to names and functions."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from slimify.context import tree_sitter_reader as ts
from slimify.languages.node.sources.uses import reader_of
from slimify.languages.node.sources.values import arguments_of

if TYPE_CHECKING:
    from tree_sitter import Node

_HOLD_SETTINGS = {
    "array",
    "assignment_expression",
    "object",
    "pair",
    "parenthesized_expression",
    "ternary_expression",
}


class Settings(Struct, frozen=True):
    """The values of names, and the modules that are imported by a relative name. A name is a path of keys,
    `output.path`, or that of a function with "(" for its arguments."""

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    imports: tuple[str, ...] = ()


@lru_cache(maxsize=64)
def read_settings(text: str, file: str) -> Settings:
    """The settings in a file of JavaScript, TypeScript or JSON."""
    if posixpath.splitext(file)[1] in (".json", ".json5"):
        text = f"({text})"
    reader = reader_of(text, file, "[(pair) (shorthand_property_identifier)] @setting")
    if reader is None:
        return Settings()
    nodes = (at for kind in ("setting", "binding", "call") for at in reader.nodes.get(kind, ()))
    found = tuple(
        (name, tuple(text for value in given for text in reader.names.values(value)))
        for name, given in (_setting(node) for node in nodes)
    )
    return Settings(found, tuple(use.name for use in reader.relative))


def _setting(node: Node) -> tuple[str, list[Node]]:
    """The name of a setting or function, with what it is given."""
    function = node.child_by_field_name("function")
    if function is not None:
        return f"{ts.source(function).rpartition('.')[2]}(", arguments_of(node)
    value = node.child_by_field_name("value") or node.child_by_field_name("right") or node
    return ".".join(reversed([*_keys(node)])), [value]


def _keys(node: Node) -> Iterator[str]:
    """The names of a setting and of those that it is part of, the innermost first."""
    above: Node | None = node
    if node.type == "shorthand_property_identifier":
        yield ts.source(node)
        above = node.parent
    while above is not None and above.type in _HOLD_SETTINGS:
        key = above.child_by_field_name("key") or above.child_by_field_name("left")
        if key is not None:
            yield ts.source(key).strip("\"'")
        above = above.parent
