"""Sources and settings of the context that name a program, or a file of a package, where no call was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from slimify.context.scan import Context
from slimify.facts import load

_READ = frozenset("py js mjs cjs ts jsx tsx go rb php pl sh bash conf cfg ini toml yml yaml".split())
_IMPORT = re.compile(r'(?m)^\s*(?:import\s+)?(?:[\w.]+\s+)?"[\w./-]+"\s*$')  # of Go: `"time"` is no program
_BYTES = 16_000_000


class Naming:
    """The texts are read once, and only if somebody asks."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def file(self, names: Iterable[str]) -> str:
        """The first file in which one of the names is a string of its own, or ends a path; "" for none."""
        found = "|".join(re.escape(name) for name in names)
        pattern = re.compile(
            rf"""["'`](?:/[\w./+-]*/)?(?:{found})(?:\.jar)?["'`]|[=:\s]/[\w./+-]*/(?:{found})(?:\.jar)?(?:\s|$)"""
        )
        return next((path for path, text in self._texts if found and pattern.search(text)), "")

    @cached_property
    def _texts(self) -> tuple[tuple[str, str], ...]:
        elsewhere = re.compile(load("unread.toml")["texts"]["elsewhere"])
        left, texts = _BYTES, []
        for path, size in self._context.files.items():
            ending = path.rpartition(".")[2]
            if ending not in _READ or elsewhere.search(path):
                continue
            left -= size
            if left < 0:
                break
            text = self._context.text(path) or ""
            texts.append((path, _IMPORT.sub("", text) if ending == "go" else text))
        return tuple(texts)
