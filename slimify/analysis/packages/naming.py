"""Sources and settings of the context that name a program, or a file of a package, where no call was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from slimify.context.scan import Context
from slimify.facts import merged
from slimify.languages import languages

_READ = ("sh", "bash", "conf", "cfg", "ini", "toml", "yml", "yaml")
_BYTES = 16_000_000


class ContextMentions:
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
        facts = merged("unread.toml")["texts"]
        elsewhere, read = re.compile(facts["elsewhere"]), {*facts["code"], *_READ}
        left, texts = _BYTES, []
        for path, size in self._context.files.items():
            ending = path.rpartition(".")[2]
            if ending not in read or elsewhere.search(path):
                continue
            left -= size
            if left < 0:
                break
            text = self._context.text(path) or ""
            texts.append((path, _without_imports(path, text)))
        return tuple(texts)


def _without_imports(path: str, text: str) -> str:
    """A text without lines that import a package by a quoted name: `"time"` is no program there."""
    patterns = (known.quoted_imports for known in languages() if path.endswith(known.endings))
    return next((re.sub(pattern, "", text) for pattern in patterns if pattern), text)
