"""The original once more: what it then does otherwise itself is no difference between the images."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from slimify.verify.observation import Observation

_Observe = Callable[[], Observation]


class Reruns:
    """Further observations of the original, each made once, and only where something differs."""

    def __init__(self, run: _Observe, build: _Observe) -> None:
        """`run` starts the same image again; `build` builds it again without cache and starts that:
        a bundler's hash or a build's number is another one every time."""
        self._run, self._build = run, build

    @cached_property
    def again(self) -> Observation:
        """What a second run of the same image does."""
        return self._run()

    @cached_property
    def rebuilt(self) -> Observation:
        """What an image does that was built a second time."""
        return self._build()
