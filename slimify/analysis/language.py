"""Selects the language whose strategies apply to a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from slimify.analysis.managed_commands import managed_commands
from slimify.context.scan import Context
from slimify.facts.images import ImageFacts
from slimify.languages import language, languages, of_effect, prepares_install
from slimify.model.effects import Action
from slimify.semantics.walk import Visit


def language_of(base: ImageFacts | None, visits: Sequence[Visit], context: Context) -> str | None:
    """The name of the language; None if there is no sign of one. The base image decides, then the installers
    that are called, then the files of the context."""
    if base is not None and language(base.language) is not None:
        return base.language
    seen = Counter(
        known.name
        for v in visits
        for atom in v.effects
        for e in atom
        if (known := of_effect(e)) is not None and e.action != Action.CHECK and not prepares_install(e)
    )
    started = _started_language(visits)
    if seen:
        return started if started in seen else seen.most_common(1)[0][0]
    if started:
        return started
    return next((known.name for known in languages() if any(map(context.has, known.project_files))), None)


def _started_language(visits: Sequence[Visit]) -> str | None:
    """The language of the program in the last CMD or ENTRYPOINT, else of most command lines in the
    configuration of a process manager."""
    starts = (v.instruction.value for v in reversed(visits) if v.instruction.keyword in ("CMD", "ENTRYPOINT"))
    found = next((name for text in starts if (name := _named_language(text))), None)
    if found or not visits:
        return found
    managed = Counter(
        filter(None, (_named_language(text) for _, text in managed_commands(visits[-1].state.view)))
    )
    return managed.most_common(1)[0][0] if managed else None


def _named_language(text: str) -> str | None:
    """The language whose interpreter, or a program written in it, appears in a command line."""
    found = (known.name for known in reversed(languages()) if any(word in text for word in known.start_words))
    return next(found, None)
