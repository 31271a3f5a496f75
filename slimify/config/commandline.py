"""Formats settings as command line options."""

from __future__ import annotations

from collections.abc import Mapping

from slimify.config.options import MinSaving


def words(given: Mapping[str, object]) -> tuple[str, ...]:
    """The command line options for values, given by their field in Options."""
    return tuple(word for name, value in given.items() for word in _option(name.replace("_", "-"), value))


def _option(name: str, value: object) -> tuple[str, ...]:
    if name == "settings":
        return ("--config", str(value)) if value else ("--isolated",)
    if isinstance(value, bool):
        return (f"--{name}" if value else f"--no-{name}",)
    if isinstance(value, Mapping):  # build_args
        return tuple(word for item in value.items() for word in ("--build-arg", "=".join(item)))
    return (f"--{name}", value.text if isinstance(value, MinSaving) else str(value))
