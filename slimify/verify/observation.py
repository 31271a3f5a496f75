"""What one image did when it was started."""

from __future__ import annotations

from msgspec import Struct, field

from slimify.verify.web import Answer


class Observation(Struct, frozen=True, kw_only=True):
    """What one image did. `start` are the seconds until it listened, was healthy or ended."""

    exit_code: int | None  # None: it ran on
    ready: str  # "listening on 8080", "healthy", "unhealthy", "ended", "running"
    start: float
    answers: dict[str, Answer] = field(default_factory=dict)
    outputs: dict[str, tuple[int | None, str]] = field(default_factory=dict)
    health: tuple[int | None, str] | None = None  # what its HEALTHCHECK ended with and printed
    stopped: int | None = None
    log: str = ""
    problem: str = ""  # it could not be started at all
    listens: tuple[int, ...] = ()  # where it was found to listen and was not asked

    @property
    def said(self) -> str:
        """Everything it printed, its answers to failed requests included."""
        bodies = (a.body.decode("utf-8", "replace") for a in self.answers.values() if (a.status or 0) >= 500)
        outputs = (text for _, text in self.outputs.values())
        return "\n".join((self.problem, self.log, *bodies, *outputs))
