"""The results of a verification: checks, findings, constraints for the next plan, sizes and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct, field

Verdict = Literal["equal", "different", "not built"]  # not built: nothing could be compared
Layer = Literal["build", "contract", "disk", "behaviour"]
Need = Literal["package", "path", "command", "glibc", "base"]
# How bad a difference is. "breaks": something that a root needs is gone or answers differently. "may-matter":
# nothing shows that a root needs it. "cosmetic": no program that the image starts can tell.
Grade = Literal["breaks", "may-matter", "cosmetic"]
_GRADES: tuple[Grade, ...] = ("breaks", "may-matter", "cosmetic")  # the worst one first

_SHOWN = 20  # findings in the detail of a check


class Constraint(Struct, frozen=True, kw_only=True):
    """Something the next plan must keep: `package libpq5`, `path /app/templates`, `command git`,
    `glibc 2.38` (minimum), `base slim` (no smaller base image than that).
    """

    need: Need
    value: str
    reason: str = ""  # the finding in one sentence
    persistent: bool = True  # False: holds only now and on this machine; not saved to the settings


class Finding(Struct, frozen=True, kw_only=True):
    """A difference between the two images. `owner` is the original's package that owns `path`. Only what
    breaks, and is not accepted, makes the verdict "different"."""

    code: str  # SL5xx
    text: str
    grade: Grade = "breaks"
    path: str = ""
    owner: str = ""
    constraints: tuple[Constraint, ...] = ()
    accepted: bool = False  # a decision of the rewrite or the user's settings explain it
    original: bool = False  # the original itself fails the user's probe: no other plan can fix that

    @property
    def breaks(self) -> bool:
        return self.grade == "breaks" and not self.accepted


def path_constraint(path: str, text: str) -> Constraint:
    """The constraint that keeps a path."""
    return Constraint(need="path", value=path, reason=text)


def missing_path(code: str, path: str, text: str) -> Finding:
    """A finding that a path must be kept."""
    return Finding(code=code, text=text, path=path, constraints=(path_constraint(path, text),))


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was compared. `detail` states what was compared, also if the check passes; with `note`
    it is for information only and must be shown."""

    name: str  # "entrypoint", "environment", "libraries", "GET /", …
    layer: Layer
    detail: str
    findings: tuple[Finding, ...] = ()
    note: bool = False

    @property
    def ok(self) -> bool:
        return not any(finding.breaks for finding in self.findings)


def disk_check(name: str, findings: Iterable[Finding], detail: str, *, note: bool = False) -> Check:
    """A check of files. `detail` states what was compared if nothing differs; with `note`, it must be
    shown then."""
    found = tuple(findings)
    texts = [item.text for item in found[:_SHOWN]]
    if len(found) > _SHOWN:
        texts.append(f"and {len(found) - _SHOWN} more")
    return Check(
        name=name,
        layer="disk",
        detail="; ".join(texts) or detail,
        findings=found,
        note=note and not found,
    )


class Sizes(Struct, frozen=True, kw_only=True):
    """Sizes of one image in bytes (on disk, compressed, by layer), and its counts of files, packages and
    executables."""

    disk: int
    compressed: int
    layers: tuple[tuple[str, int], ...] = ()  # instruction, bytes
    files: int = 0
    packages: int = 0
    executables: int = 0


class Times(Struct, frozen=True, kw_only=True):
    """Seconds (None if not measured) of a build without cache, of a build after a changed source line, and
    from start to ready. `rebuilt` is the number of RUN steps that the changed line executes again."""

    cold: float | None = None
    changed: float | None = None
    rebuilt: int | None = None
    start: float | None = None


class Round(Struct, frozen=True, kw_only=True):
    """One round of the repair loop: the base image choice, the verdict, and the resulting constraints."""

    rung: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    constraints: tuple[Constraint, ...] = ()  # new ones, for the next round


class Proof(Struct, frozen=True, kw_only=True):
    """The result of comparing two images. `scope` lists what was not proven, in sentences."""

    file: str
    verdict: Verdict
    checks: tuple[Check, ...] = ()
    scope: tuple[str, ...] = ()
    before: Sizes | None = None
    after: Sizes | None = None
    times: Mapping[str, Times] = field(default_factory=dict)  # "original", "rewritten"
    rounds: tuple[Round, ...] = ()
    constraints: tuple[Constraint, ...] = ()  # that the final plan keeps
    min_saving: int = 0  # bytes that a rewrite must save, from the settings
    problem: str = ""  # why nothing could be built or compared
    log: str = ""
    engine: str = ""

    @property
    def worst(self) -> Grade | None:
        """The worst grade of the differences that are not accepted; None without one."""
        found = {f.grade for check in self.checks for f in check.findings if not f.accepted}
        return next((grade for grade in _GRADES if grade in found), None)

    def is_as_bad_as(self, grade: Grade) -> bool:
        """Whether a difference that is not accepted has this grade or a worse one."""
        return self.worst is not None and _GRADES.index(self.worst) <= _GRADES.index(grade)

    @property
    def saves_too_little(self) -> bool:
        """Whether the measured saving is below the minimum in the settings."""
        if self.before is None or self.after is None:
            return False
        return self.before.disk - self.after.disk < self.min_saving
