"""Python's sources: see `Sources` in languages/base.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slimify.languages.python.sources.uses import read_many
from slimify.model.effects import Effect
from slimify.semantics.context_files import View

__all__ = ["compiled", "read_many", "selected"]


def selected(view: View, paths: Sequence[str], start: Sequence[Effect]) -> Sequence[str]:
    return paths


def compiled(view: View, effects: Iterable[Effect], limit: int) -> None:
    return None
