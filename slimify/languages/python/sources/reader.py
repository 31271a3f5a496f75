"""Python sources: see `Sources` in languages/parts.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slimify.languages.python.sources.uses import read_many
from slimify.model.effects import Effect
from slimify.semantics.context_files import ContextView

__all__ = ["program_facts", "read_many", "selected_sources"]


def selected_sources(view: ContextView, paths: Sequence[str], start: Sequence[Effect]) -> Sequence[str]:
    return paths


def program_facts(view: ContextView, effects: Iterable[Effect], limit: int) -> None:
    return None
