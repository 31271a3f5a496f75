"""What is compared, what was found, and what follows from it for the next plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Verdict = Literal["equal", "different", "not built"]
Layer = Literal["build", "contract", "disk", "behaviour"]
Need = Literal["package", "path", "command", "glibc", "base"]


class Constraint(Struct, frozen=True, kw_only=True):
    """Something the next plan has to respect: `package libpq5`, `path /app/templates`,
    `command git`, `glibc 2.38`, `base slim` (no better rung than that).
    """

    need: Need
    value: str
    because: str = ""  # the finding, in one sentence
    lasting: bool = True  # False: it holds for this moment and this machine, and is not remembered


class Finding(Struct, frozen=True, kw_only=True):
    """A difference between the two images. `owner` is the package of the old image it came with."""

    code: str  # SL5xx
    text: str
    path: str = ""
    owner: str = ""
    constraints: tuple[Constraint, ...] = ()
    accepted: bool = False  # a stated decision or the user's settings explain it
    original: bool = False  # the original does not do what the user demands: no other plan mends that


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was compared. `detail` says what was looked at, also when all is well; with `note`
    it says something that is no difference and that people should know."""

    name: str  # "entrypoint", "environment", "libraries", "GET /", …
    layer: Layer
    ok: bool
    detail: str
    findings: tuple[Finding, ...] = ()
    note: bool = False


class Sizes(Struct, frozen=True, kw_only=True):
    """Of one image: on disk and compressed in bytes, by layer; files, packages and executables counted."""

    disk: int
    compressed: int
    layers: tuple[tuple[str, int], ...] = ()  # instruction, bytes
    files: int = 0
    packages: int = 0
    executables: int = 0


class Times(Struct, frozen=True, kw_only=True):
    """Seconds, None where not measured: build from nothing, after one changed source line, start to ready.
    `rebuilt` are the RUN steps that the changed line executes again."""

    cold: float | None = None
    changed: float | None = None
    rebuilt: int | None = None
    start: float | None = None


class Round(Struct, frozen=True, kw_only=True):
    """One turn of the repair loop: what was tried, what was found, what follows."""

    rung: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    constraints: tuple[Constraint, ...] = ()  # new ones, for the next round


class Proof(Struct, frozen=True, kw_only=True):
    """What came of comparing two images. `scope` says what was not proven, sentence by sentence."""

    file: str
    verdict: Verdict
    checks: tuple[Check, ...] = ()
    scope: tuple[str, ...] = ()
    before: Sizes | None = None
    after: Sizes | None = None
    times: Mapping[str, Times] = field(default_factory=dict)  # "original", "rewritten"
    rounds: tuple[Round, ...] = ()
    constraints: tuple[Constraint, ...] = ()  # kept at the end
    least: int = 0  # bytes that a rewrite has to save, as the settings say
    problem: str = ""  # why nothing could be built or compared
    log: str = ""
    engine: str = ""

    @property
    def small(self) -> bool:
        """Whether what was measured saves less than the settings ask for."""
        if self.before is None or self.after is None:
            return False
        return self.before.disk - self.after.disk < self.least
