"""What every command of a RUN does, as `Effect`: see `interpret`."""

from slimify.semantics.effects.interpret import after, interpret
from slimify.semantics.effects.state import State, absolute, resolve

__all__ = ["State", "absolute", "after", "interpret", "resolve"]
