"""Effective settings with their values and origins, as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slimify.config import SETTINGS, Layer, MinSaving, Options
from slimify.report.text import name_of

_DEFAULT, _COMMAND_LINE = "default", "command line"


def to_json(name: str, options: Options, layers: Sequence[Layer], given: Mapping[str, object]) -> str:
    """A JSON object with the settings for a Dockerfile. `settings_file` is null without one."""
    settings = {
        setting: {"value": _plain(setting, options), "from": list(_origins(setting, layers, given))}
        for setting in SETTINGS
    }
    document = {
        "schema": 1,
        "file": name,
        "settings_file": options.settings or None,
        "settings": settings,
        "ignored": [item.text for item in options.ignored],
    }
    return json.dumps(document)


def text(name: str, options: Options, layers: Sequence[Layer], given: Mapping[str, object]) -> str:
    """One line per setting: name, value in TOML, origin."""
    rows = [
        (setting, _written(_plain(setting, options)), ", ".join(_origins(setting, layers, given)))
        for setting in SETTINGS
    ]
    first = max(len(setting) for setting, _, _ in rows)
    second = min(max(len(value) for _, value, _ in rows), 40)
    lines = [f"{s.ljust(first)} = {v.ljust(second)}  # {origin}\n" for s, v, origin in rows]
    lines += [f"# {item.text}\n" for item in options.ignored]
    return f"# {name_of(name)}: {options.settings or 'no settings file'}\n{''.join(lines)}"


def _origins(setting: str, layers: Sequence[Layer], given: Mapping[str, object]) -> tuple[str, ...]:
    """The origins of a value; several if lists or tables were merged."""
    field = setting.replace("-", "_")
    if field in given:
        return (_COMMAND_LINE,)
    found = [layer for layer in layers if field in layer.values]
    if not found:
        return (_DEFAULT,)
    grows = isinstance(found[-1].values[field], (tuple, Mapping))
    return tuple(layer.origin for layer in (found if grows else found[-1:]))


def _plain(setting: str, options: Options) -> Any:
    value = getattr(options, setting.replace("-", "_"))
    if isinstance(value, MinSaving):
        return value.text
    return list(value) if isinstance(value, tuple) else value


def _written(value: Any) -> str:
    """The value in TOML."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_written(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key, ensure_ascii=False)
