"""Further runs of the original: where these differ from the first, a difference between images is noise."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from slimify.verify.observation import Observation

_Observe = Callable[[], Observation]


class Reruns:
    """Further observations of the original, each made at most once and only on demand."""

    def __init__(self, run: _Observe, build: _Observe) -> None:
        """`run` starts the same image again; `build` rebuilds it without cache and starts the result, since
        hashes of bundlers and build numbers change with every build."""
        self._run, self._build = run, build

    @cached_property
    def second_run(self) -> Observation:
        """The observation of a second run of the same image."""
        return self._run()

    @cached_property
    def rebuilt_run(self) -> Observation:
        """The observation of an image that was built a second time."""
        return self._build()
