"""Mentions of programs and packages in sources and settings of the context, where no call was found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from slimify.context.scan import Context
from slimify.facts import merged
from slimify.facts.system import settings_endings
from slimify.languages import languages

_MAX_BYTES = 16_000_000


class ContextMentions:
    """Searches the texts of the context. They are read once, on the first search."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def first_file(self, names: Iterable[str]) -> str:
        """The first file that has one of the names as a string of its own, at the start of a command line in
        a string, or at the end of a path; "" if there is none."""
        found = "|".join(re.escape(name) for name in names)
        pattern = re.compile(
            rf"""["'`](?:/[\w./+-]*/)?(?:{found})(?:\.jar)?(?:["'`]|\s+[-{{%$/.&|<>])"""
            rf"""|[=:\s]/[\w./+-]*/(?:{found})(?:\.jar)?(?:\s|$)"""
        )
        return next((path for path, text in self._texts if found and pattern.search(text)), "")

    @cached_property
    def _texts(self) -> tuple[tuple[str, str], ...]:
        facts = merged("unread.toml")["texts"]
        elsewhere, read = re.compile(facts["elsewhere"]), {*facts["code"], *settings_endings()}
        left, texts = _MAX_BYTES, []
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
    """The text without imports of quoted package names: in Go, `"time"` is not a program."""
    patterns = (known.quoted_imports for known in languages() if path.endswith(known.source_suffixes))
    return next((re.sub(pattern, "", text) for pattern in patterns if pattern), text)
