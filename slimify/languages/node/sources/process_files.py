"""What a file tells a process manager to start: the objects with a `script`, in JavaScript, JSON or YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from slimify.context import tree_sitter_reader as ts
from slimify.context.source_uses import UNKNOWN
from slimify.context.values import yaml_of
from slimify.languages.node.sources.uses import reader_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from slimify.languages.node.sources.uses import Reader

# By setting: the texts that it may be, UNKNOWN for what only run time knows.
App = Mapping[str, tuple[str, ...]]


def apps(text: str, file: str) -> tuple[App, ...]:
    """The applications in a file of settings, as PM2 reads it by its name."""
    if file.endswith((".yml", ".yaml")):
        return tuple(found for document in yaml_of(text) for found in _in_data(document))
    reader = reader_of(f"({text})" if file.endswith(".json") else text, file, "(pair) @setting")
    pairs = reader.nodes.get("setting", ()) if reader is not None else ()
    objects = {pair.parent.id: pair.parent for pair in pairs if pair.parent and _key(pair) == "script"}
    return tuple(_in_object(reader, node) for node in objects.values()) if reader is not None else ()


def _key(pair: Node) -> str:
    return ts.source(pair.child_by_field_name("key")).strip("\"'")


def _in_object(reader: Reader, node: Node) -> App:
    found: dict[str, tuple[str, ...]] = {}
    for pair in node.named_children:
        value = pair.child_by_field_name("value") if pair.type == "pair" else None
        if value is None:
            continue
        if value.type == "array":
            words = [reader.names.one(item) for item in value.named_children if item.type != "comment"]
            found[_key(pair)] = (" ".join(words),)
        else:
            found[_key(pair)] = tuple(reader.names.values(value))
    return found


def _in_data(data: object) -> Iterator[App]:
    if isinstance(data, list):
        for item in data:
            yield from _in_data(item)
    elif isinstance(data, dict):
        if "script" in data:
            yield {str(key): (_text(value),) for key, value in data.items()}
        for inner in data.values():
            yield from _in_data(inner)


def _text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value) if isinstance(value, (str, int)) else UNKNOWN
