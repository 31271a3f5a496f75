"""ANSI colours for terminals."""

from __future__ import annotations

from msgspec import Struct

_CODES = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36, "dim": 2}


class Paint(Struct, frozen=True):
    """Colours text; returns it unchanged unless `on`."""

    on: bool = False

    def __call__(self, text: str, name: str) -> str:
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if self.on and text else text
