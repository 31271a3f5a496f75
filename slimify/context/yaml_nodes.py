"""Accessors for PyYAML nodes, which keep line numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_LIMIT = 512 << 10  # characters: the pure Python parser is slow


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


def text_of(node: Any) -> str | None:
    """The value of a scalar, or None for another node."""
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else None


def items(node: Any) -> Iterator[Any]:
    return iter(node.value if type(node).__name__ == "SequenceNode" else ())


def pairs(node: Any) -> Iterator[tuple[Any, Any]]:
    return iter(node.value if type(node).__name__ == "MappingNode" else ())


def get(node: Any, key: str) -> Any:
    return next((value for name, value in pairs(node) if text_of(name) == key), None)


def last_line(node: Any) -> int:
    """The 0-based line where the last scalar of a node ends; the end mark of a block is later."""
    inner = [last_line(child) for child in items(node)]
    inner += [last_line(child) for pair in pairs(node) for child in pair]
    return max(inner, default=int(node.end_mark.line))
