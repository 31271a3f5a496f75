"""Values as objects of JSON."""

from __future__ import annotations

from typing import Any


def fields(value: object, names: str, **more: Any) -> dict[str, Any]:
    """The fields of a value with these names, and further ones behind them."""
    return {**{name: getattr(value, name) for name in names.split()}, **more}
