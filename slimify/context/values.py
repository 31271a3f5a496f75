"""Reads untrusted JSON, TOML and YAML. Malformed files and values of a wrong type are dropped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

import tomli

_NOTHING: Mapping[str, str] = MappingProxyType({})
_YAML_LIMIT = 512 << 10  # characters: the pure Python loader is slow


def json_of(text: str | bytes | None) -> object:
    """The value of a JSON text, or None if it is malformed or too deeply nested."""
    if text is None:
        return None
    try:
        value: object = json.loads(text)
        return value
    except (ValueError, RecursionError):
        return None


def toml_of(text: str | None) -> Mapping[str, object]:
    """The table of a TOML text; empty if it is malformed."""
    if text is None:
        return {}
    try:
        return tomli.loads(text)
    except (ValueError, RecursionError):
        return {}


def yaml_of(text: str | None) -> tuple[object, ...]:
    """The documents of a YAML text up to the first malformed one; none if the text is too long."""
    if text is None or len(text) > _YAML_LIMIT:
        return ()
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = []
    try:
        for document in yaml.load_all(text, Loader=loader):
            documents.append(document)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        pass
    return tuple(documents)


def table(value: object, *keys: str) -> Mapping[str, object]:
    """The mapping at the path `keys`; empty if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def strings(value: object) -> Mapping[str, str]:
    """The entries of a mapping whose values are strings."""
    if not isinstance(value, Mapping) or not value:
        return _NOTHING
    kept = {key: item for key, item in value.items() if isinstance(key, str) and isinstance(item, str)}
    return MappingProxyType(kept)


def texts(value: object) -> tuple[str, ...]:
    """The items of a list that are strings."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def text_of(value: object) -> str | None:
    """The value if it is a string that is not blank, else None."""
    return value if isinstance(value, str) and value else None
