"""Python's sources: see `Sources` in languages/base.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slimify.languages.python.sources.uses import read_many
from slimify.model.effects import Effect
from slimify.semantics.context_files import ContextView

__all__ = ["compiled", "read_many", "selected"]


def selected(view: ContextView, paths: Sequence[str], start: Sequence[Effect]) -> Sequence[str]:
    return paths


def compiled(view: ContextView, effects: Iterable[Effect], limit: int) -> None:
    return None
