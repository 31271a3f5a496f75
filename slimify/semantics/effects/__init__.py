"""The effects of every command of a RUN: see `interpret`."""

from slimify.semantics.effects.interpret import interpret, interpret_run
from slimify.semantics.effects.state import State, absolute, resolve

__all__ = ["State", "absolute", "interpret", "interpret_run", "resolve"]
