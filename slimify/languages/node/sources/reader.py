"""JavaScript and TypeScript sources: see `Sources` in languages/parts.py."""

from __future__ import annotations

from collections.abc import Iterable

from slimify.languages.node.sources.test_support import without_test_support as selected_sources
from slimify.languages.node.sources.uses import read_many
from slimify.model.effects import Effect
from slimify.semantics.context_files import ContextView

__all__ = ["program_facts", "read_many", "selected_sources"]


def program_facts(view: ContextView, effects: Iterable[Effect], limit: int) -> None:
    return None
