"""JavaScript's and TypeScript's sources: see `Sources` in languages/base.py."""

from __future__ import annotations

from collections.abc import Iterable

from slimify.languages.node.sources.test_support import without_test_support as selected
from slimify.languages.node.sources.uses import read_many
from slimify.model.effects import Effect
from slimify.semantics.context_files import ContextView

__all__ = ["compiled", "read_many", "selected"]


def compiled(view: ContextView, effects: Iterable[Effect], limit: int) -> None:
    return None
