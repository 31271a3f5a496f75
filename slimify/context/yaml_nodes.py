"""Nodes of YAML, JSON and TOML: they keep line numbers, construct no objects, and do not expand aliases."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from slimify.context.scan import Context
from slimify.model.regex import regex

if TYPE_CHECKING:
    from yaml import Node

MAX_BYTES = 256 << 10  # of a file that is only read
_LIMIT = 512 << 10  # characters of one that is edited: the pure Python parser is slow
_TEMPLATE = "$TEMPLATE"
_MATRIX = regex(r"\$\{\{\s*matrix\.[^}\n]*\}\}")  # of a workflow: its values stand in the file
_COMMENT = regex(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/|\t', re.DOTALL)  # of JSON; YAML has no tabs


def document(text: str) -> Any:
    """The root node. None if the text is malformed, or has anchors (an edit would affect every alias)."""
    import yaml

    if len(text) > _LIMIT or text.startswith("\ufeff"):
        return None
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            return None
        return yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def data(text: str) -> Any:
    """The value of a text, for comparisons. Raises ValueError if it is malformed."""
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError from error


def documents(context: Context, path: str) -> tuple[Node, ...]:
    """The roots of the documents of a file; none of a malformed one."""
    return context.once(("nodes", path), lambda: tuple(_read(context, path)))


def _read(context: Context, path: str) -> list[Node]:
    text = context.text(path, MAX_BYTES)
    if text is None:
        return []
    if path.endswith(".toml"):
        return _toml(text)
    if path.endswith(".json"):
        text = _COMMENT.sub(lambda found: found[1] or " " * len(found[0]), text)
    text = _MATRIX.sub("matrix", text)
    if "{{" in text:  # a Helm template: drop directives, replace values by a word
        text = re.sub(r"^[ \t]*\{\{-?[^}\n]*\}\}[ \t]*$", "", text, flags=re.MULTILINE)
        text = re.sub(r"\$?\{\{[^}\n]*\}\}", _TEMPLATE, text)
    return composed(text)


def composed(text: str) -> list[Node]:
    """The roots of the documents of a text, those before the first malformed one."""
    import yaml

    found: list[Node] = []
    try:
        for node in yaml.compose_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if node is not None:
                found.append(node)
    except (yaml.YAMLError, ValueError, RecursionError):
        pass
    return found


def _toml(text: str) -> list[Node]:
    """Its content, all of it in the first line."""
    import json

    import tomli

    try:
        return composed(json.dumps(tomli.loads(text), default=str))
    except (ValueError, RecursionError):
        return []


def pairs(node: Node | None) -> list[tuple[Node, Node]]:
    value = node.value if node is not None and node.tag.endswith(":map") else None
    return value if isinstance(value, list) else []


def items(node: Node | None) -> list[Node]:
    value = node.value if node is not None and node.tag.endswith(":seq") else None
    return value if isinstance(value, list) else []


def string(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def entries(node: Node | None) -> Iterator[tuple[str, Node]]:
    """The entries of a mapping; those merged by `<<` come last."""
    pending, seen = [node], set[int]()
    while pending:
        node = pending.pop(0)
        merged: list[Node | None] = []
        for key, value in pairs(node) if id(node) not in seen else ():
            if string(key) == "<<":
                merged += items(value) or [value]
            else:
                yield string(key), value
        seen.add(id(node))
        pending = merged + pending


def get(node: Node | None, *keys: str) -> Node | None:
    """The value below some keys; None where it is not set, as null says as well."""
    for key in keys:
        node = next((value for name, value in entries(node) if name == key), None)
    return None if node is not None and node.tag.endswith(":null") else node


def reached(node: Node, path: str) -> Iterator[Node]:
    """The values at a path such as `jobs.*.image`, where `*` is every value of a list or mapping, `*x` one
    whose name ends in x, and `**` a node itself and all nodes in it."""
    nodes = [node]
    for key in path.split(".") if path else ():
        if key == "*":
            nodes = [value for n in nodes for value in (*items(n), *(v for _, v in entries(n)))]
        elif key == "**":
            nodes = _with_inner(nodes)
        elif key.startswith("*"):
            nodes = [v for n in nodes for name, v in entries(n) if name.endswith(key[1:])]
        else:
            nodes = [value for n in nodes if (value := get(n, key)) is not None]
    yield from nodes


def _with_inner(nodes: list[Node]) -> list[Node]:
    """Nodes and what is in them, each once: aliases may repeat them without end."""
    found: dict[int, Node] = {}
    pending = nodes[::-1]
    while pending:
        node = pending.pop()
        if id(node) not in found:
            found[id(node)] = node
            pending += [*items(node), *(value for _, value in pairs(node))][::-1]
    return list(found.values())


def words(node: Node | None) -> list[str]:
    """The words of a list, or of a string, which Compose splits without a shell; none on error."""
    text = string(node).replace("$$", "$")
    if not text:
        return [string(item).replace("$$", "$") for item in items(node)]
    try:
        return shlex.split(text)
    except ValueError:
        return []


def last_line(node: Node) -> int:
    """The 0-based line where the last scalar of a node ends; the end mark of a block is later."""
    inner = [last_line(child) for child in items(node)]
    inner += [last_line(child) for pair in pairs(node) for child in pair]
    return max(inner, default=int(node.end_mark.line - (node.end_mark.column == 0)))
