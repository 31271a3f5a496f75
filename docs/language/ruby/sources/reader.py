"""What Ruby files require and start: see `Sources` in slimify/languages/parts.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from slimify.model.effects import Effect
from slimify.model.sources import SourceFacts, Use
from slimify.semantics.context_files import ContextView

_REQUIRE = re.compile(r"""^\s*require[ (]+["']([\w/.-]+)["']""", re.MULTILINE)
_START = re.compile(r"""(?:\b(?:system|exec|spawn|popen)[ (]+["']|`|%x[({\[])\s*([\w./-]+)""")
_DYNAMIC = re.compile(r"""\b(?:system|exec|spawn|popen)[ (]+(?=[a-z_])(\w+)""")


def selected_sources(view: ContextView, paths: Sequence[str], start: Sequence[Effect]) -> Sequence[str]:
    return paths


def program_facts(view: ContextView, effects: Iterable[Effect], limit: int) -> None:
    return None


def read_many(files: Iterable[tuple[str, str]]) -> SourceFacts:
    texts = tuple(files)
    return SourceFacts(
        imports=tuple(_uses(_REQUIRE, texts)),
        commands=tuple(_uses(_START, texts)),
        dynamic=tuple(_uses(_DYNAMIC, texts)),
    )


def _uses(pattern: re.Pattern[str], texts: Iterable[tuple[str, str]]) -> Iterator[Use]:
    for path, text in texts:
        for found in pattern.finditer(text):
            yield Use(name=found[1], file=path, line=text.count("\n", 0, found.start(1)) + 1)
