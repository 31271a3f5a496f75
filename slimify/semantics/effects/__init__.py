"""The effects of every command of a RUN: see `interpret`."""

from slimify.semantics.effects.interpret import interpret_run, interpreted
from slimify.semantics.effects.state import State, absolute, resolve

__all__ = ["State", "absolute", "interpret_run", "interpreted", "resolve"]
