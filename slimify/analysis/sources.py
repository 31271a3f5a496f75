"""The source files of the application, and what they need at run time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from slimify.context.scan import Context
from slimify.context.source_uses import merge
from slimify.languages import language, languages
from slimify.languages.base import Language
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.model.sources import SourceFacts
from slimify.semantics.context_files import ContextView

if TYPE_CHECKING:
    from slimify.languages.parts import Sources

_MAX_FILES = 4_000
_MAX_BYTES = 6_000_000
# Not part of the application in any language. Each language adds its own patterns.
_NOT_APPLICATION = r"(?:^|/)(?:tests?|spec|e2e|fixtures|docs?|examples?|\.git|\.github|benchmarks?)/"
_SHEBANG = regex(r"#!\s*(?:/usr/bin/env\s+(?:-\S+\s+)*)?(?:/\S*/)?([^/\s]+)")


def read_sources(
    view: ContextView, name: str | None, start: Sequence[Effect], effects: Iterable[Effect] = ()
) -> SourceFacts:
    """Reads the application's sources that are copied into the image, except tests and documentation.

    `name` is its language. For a compiled language only the sources of the programs that `effects` build are
    read. At most 4,000 files and 6 MB are read, shallow paths first; `skipped` names the rest.
    """
    facts = SourceFacts()
    own = language(name)
    if own is not None and own.sources is not None:
        compiled = own.sources.program_facts(view, effects, _MAX_FILES)
        if compiled is not None:
            return compiled
    others = [known for known in reversed(languages()) if known.always_read and known is not own]
    for known in [own, *others] if own is not None else others:
        chosen, skipped = _chosen_paths(view, known, limit=known is own)
        if not chosen and not skipped:
            continue  # without importing the reader
        reader = known.sources
        if reader is None:
            skipped = (*chosen, *skipped)  # nobody can read them
        else:
            selected = reader.selected_sources(view, chosen, start)
            read = partial(_read, reader, view, selected)
            facts = merge((facts, view.context.once((known.name, *selected), read)))
        facts = merge((facts, SourceFacts(skipped=skipped)))
    return facts


def _read(reader: Sources, view: ContextView, paths: Iterable[str]) -> SourceFacts:
    return reader.read_many(texts_of(view, paths))


def _chosen_paths(view: ContextView, known: Language, *, limit: bool) -> tuple[list[str], tuple[str, ...]]:
    """Context paths to read, shallow ones first, and those beyond the limit."""
    context = view.context
    names = _application_paths(view, known)
    names.sort(key=lambda path: (path.count("/"), path))
    chosen: list[str] = []
    size = 0
    most = _MAX_FILES if limit else _MAX_FILES // 10
    for position, path in enumerate(names):
        size += context.files[path]
        if position >= most or size > _MAX_BYTES:
            return chosen, tuple(names[position:])
        chosen.append(path)
    return chosen, ()


def application_sources(view: ContextView, name: str) -> tuple[str, ...]:
    """Context paths of the application's own sources in the given language that are copied into the image."""
    own = language(name)
    names = _application_paths(view, own) if own is not None else ()
    return tuple(name for name in names if not name.startswith("vendor/") and "/vendor/" not in name)


def _application_paths(view: ContextView, known: Language) -> list[str]:
    aside, context = _not_application(), view.context
    found = context.once(
        ("sources", known.name),
        lambda: [p for p in context.files if not aside.search(p) and is_source(context, p, known)],
    )
    return [path for path in found if view.image_paths(path)]


def is_source(context: Context, path: str, known: Language) -> bool:
    """Whether a file is a source of a language: its name has the extension, or it has none and its first line
    names an interpreter of the language."""
    if path.endswith(known.source_suffixes):
        return True
    if not known.interpreters or "." in path.rpartition("/")[2]:
        return False
    match = _SHEBANG.match(context.text(path) or "")
    return match is not None and match[1].rstrip("0123456789.") in known.interpreters


@cache
def _not_application() -> re.Pattern[str]:
    return re.compile(
        "|".join(
            (_NOT_APPLICATION, *(known.excluded_sources for known in languages() if known.excluded_sources))
        )
    )


def texts_of(view: ContextView, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((path, text) for path in paths if (text := view.context.text(path)) is not None)
