"""Tools that format Python sources, or check their format."""

from __future__ import annotations

from slimify.model.effects import Effect
from slimify.semantics.effects.call import Call
from slimify.semantics.effects.files import formatter_effects


def ruff(call: Call) -> tuple[Effect, ...]:
    return formatter_effects(call, printing=call.first == "check")
