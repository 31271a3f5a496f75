"""What the text of an instruction names once its variables are replaced and its scripts are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.walk import Visit

_VARIABLE = regex(r"\$\{?([A-Za-z_]\w*)")
_SETS_OWNERS = frozenset({"meta", "users"})


def named_texts(visit: Visit, effects: Iterable[Effect]) -> Iterator[str | None]:
    """The text of an instruction, the values of its variables, its user, and the words of its commands, also
    of those in scripts. None if it may name any account."""
    raw, state = visit.instruction.raw, visit.state
    yield raw
    yield state.user
    for name in _VARIABLE.findall(raw):
        value = state.get(name)
        if value is not None or visit.instruction.keyword in ("COPY", "ADD", "USER"):
            yield value
    for effect in effects:
        for word in effect.command.words[1:]:
            if word.value is not None or effect.kind in _SETS_OWNERS:
                yield word.value
