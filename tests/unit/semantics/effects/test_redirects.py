"""What redirects add to the effects of a command."""

from __future__ import annotations

from slimify.model.effects import Effect
from slimify.model.shell import Command
from slimify.semantics.effects.redirects import redirected
from slimify.semantics.effects.state import State


def test_a_command_without_effects() -> None:
    assert redirected((), Command(words=(), start=0, end=0), State()) == ()


def test_a_command_without_redirects() -> None:
    command = Command(words=(), start=0, end=0)
    effect = Effect(kind="check", tool="true", command=command)
    assert redirected((effect,), command, State()) == (effect,)
