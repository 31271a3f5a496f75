"""What was observed of one running image."""

from __future__ import annotations

from msgspec import Struct, field

from slimify.verify.web import Answer


class Observation(Struct, frozen=True, kw_only=True):
    """What one image did. `start` is the number of seconds until it listened, was healthy or ended."""

    exit_code: int | None  # None: it kept running
    ready: str  # "listening on 8080", "healthy", "unhealthy", "ended", "running"
    start: float
    answers: dict[str, Answer] = field(default_factory=dict)
    outputs: dict[str, tuple[int | None, str]] = field(default_factory=dict)
    health: tuple[int | None, str] | None = None  # exit code and output of HEALTHCHECK
    stop_exit_code: int | None = None
    log: str = ""
    problem: str = ""  # why it could not be started
    unasked_ports: tuple[int, ...] = ()  # ports it listens on that were not asked

    @property
    def printed(self) -> str:
        """Everything it printed, including the bodies of failed requests."""
        bodies = (a.body.decode("utf-8", "replace") for a in self.answers.values() if (a.status or 0) >= 500)
        outputs = (text for _, text in self.outputs.values())
        return "\n".join((self.problem, self.log, *bodies, *outputs))
