"""JavaScript and TypeScript sources: see `Sources` in languages/parts.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from slimify.languages.node import LANGUAGE
from slimify.languages.node.sources.test_support import without_test_support
from slimify.languages.node.sources.uses import read_many
from slimify.model.effects import Effect
from slimify.semantics.context_files import ContextView

__all__ = ["program_facts", "read_many", "selected_sources"]


def selected_sources(view: ContextView, paths: Sequence[str], start: Sequence[Effect]) -> list[str]:
    return [*without_test_support(view, paths, start), *dict.fromkeys(_loaded_settings(view, start))]


def _loaded_settings(view: ContextView, start: Sequence[Effect]) -> Iterator[str]:
    """The settings of the programs that the start command runs, where they are code (`next.config.js`)."""
    from slimify.languages.node.commands.outputs import is_configuration

    for cwd, tool in dict.fromkeys((e.cwd, e.tool) for e in start if e.cwd):
        for path, name in view.named_under(cwd):
            if is_configuration(tool, name) and name.endswith(LANGUAGE.source_suffixes):
                place = view.context_path(path)
                if place is not None:
                    yield place


def program_facts(view: ContextView, effects: Iterable[Effect], limit: int) -> None:
    return None
