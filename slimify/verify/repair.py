"""The repair loop: findings become constraints for the next plan until both images are equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from slimify.config import Base, Options, is_path
from slimify.model.counts import counted
from slimify.model.outcome import Outcome, Unchanged
from slimify.model.versions import version_numbers
from slimify.verify.model import Constraint, Finding, Proof, Round

ROUNDS = 6  # each builds an image; most causes show in the first build
# The next larger choices of `--base` after one that failed.
_LOWER_RUNGS: dict[str, tuple[Base, ...]] = {"minimal": ("slim", "same"), "slim": ("same",)}


def required_constraints(proof: Proof) -> tuple[Constraint, ...]:
    """The constraints of all findings that break something, without duplicates; of several glibc versions,
    the newest. Paths that no setting can express are left out."""
    found: dict[tuple[str, str], Constraint] = {}
    for item in (c for finding in _breaking_findings(proof) for c in finding.constraints):
        if item.need == "path" and not is_path(item.value):
            continue
        key = (item.need, "" if item.need == "glibc" else item.value)
        old = found.setdefault(key, item)
        if item.need == "glibc" and version_numbers(item.value) > version_numbers(old.value):
            found[key] = item
    return tuple(found.values())


def apply_constraints(options: Options, constraints: Iterable[Constraint]) -> Options:
    """The options with which the planner respects the constraints, except those about the base image."""
    for item in constraints:
        if item.need == "package" and item.value not in options.keep_packages:
            options = replace(options, keep_packages=(*options.keep_packages, item.value))
        elif item.need == "path" and item.value not in options.keep_paths:
            options = replace(options, keep_paths=(*options.keep_paths, item.value))
        elif item.need == "command" and item.value not in options.keep_commands:
            options = replace(options, keep_commands=(*options.keep_commands, item.value))
        elif item.need == "glibc" and version_numbers(item.value) > version_numbers(options.min_glibc):
            options = replace(options, min_glibc=item.value)
    return options


def repair(
    first: Outcome,
    options: Options,
    rewrite: Callable[[Options], Outcome],
    prove: Callable[[Outcome], Proof],
    report_round: Callable[[Round], None] = lambda turn: None,
) -> tuple[Outcome, Proof]:
    """Plans and verifies until the images are equal, no plan is left, or ROUNDS is reached.

    `first` is the initial rewrite, made with `options`. Returns the last outcome and its proof with all
    rounds. If no rewrite could be verified, the outcome is `Unchanged` and the proof's `problem` says why.
    `report_round` is called after each round.
    """
    outcome, kept = first, _KeptConstraints()
    rounds: list[Round] = []
    tried: set[str] = set()
    while True:
        tried.add(outcome.after or "")
        proof = prove(outcome)
        fresh = kept.without(required_constraints(proof))
        following = None
        mendable = not any(finding.original for finding in _breaking_findings(proof))
        absent = _missing_base_reason(proof)
        if (absent or proof.verdict == "different") and mendable and len(rounds) + 1 < ROUNDS:
            following = _next_plan(outcome, options, rewrite, fresh, tried, absent)
        new = following.constraints if following else ()
        turn = Round(
            rung=outcome.rung, verdict=proof.verdict, findings=_breaking_findings(proof), constraints=new
        )
        rounds.append(turn)
        report_round(turn)
        if following is None:
            break
        outcome, options = following.outcome, following.options
        kept.add(new)
    if proof.verdict == "different":
        proof = replace(
            proof,
            problem=f"no rewrite was verified in {counted(len(rounds), 'round')}: the file is unchanged",
        )
        outcome = outcome.become(Unchanged)
        return outcome, replace(proof, rounds=tuple(rounds))
    return outcome, replace(proof, rounds=tuple(rounds), constraints=kept.constraints)


class _KeptConstraints:
    """The constraints that the current plan respects."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Constraint] = {}

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The constraints to save for later rewrites."""
        return tuple(item for item in self._items.values() if item.persistent)

    def without(self, found: Iterable[Constraint]) -> tuple[Constraint, ...]:
        """Those of `found` that the plan does not respect yet; `_candidates` chooses the base image."""
        return tuple(c for c in found if (c.need, c.value) not in self._items and c.need != "base")

    def add(self, items: Iterable[Constraint]) -> None:
        for item in items:
            if item.need in ("base", "glibc"):  # the last one wins
                self._items = {key: old for key, old in self._items.items() if old.need != item.need}
            self._items[item.need, item.value] = item


def _missing_base_reason(proof: Proof) -> str:
    """Why the base image of the rewritten file can't be pulled; "" if that was not the problem."""
    needs = (item for check in proof.checks for finding in check.findings for item in finding.constraints)
    return next((item.reason for item in needs if not item.persistent), "")


def _breaking_findings(proof: Proof) -> tuple[Finding, ...]:
    return tuple(f for check in proof.checks for f in check.findings if f.breaks)


class _NextPlan(Struct, frozen=True):
    """The next plan to try, its options, and its additional constraints."""

    outcome: Outcome
    options: Options
    constraints: tuple[Constraint, ...]


def _next_plan(
    outcome: Outcome,
    options: Options,
    rewrite: Callable[[Options], Outcome],
    fresh: tuple[Constraint, ...],
    tried: set[str],
    absent: str,
) -> _NextPlan | None:
    """The next untried plan: with the new constraints; else with a larger base image and the constraints;
    else with a larger base image only. None if no plan is left."""
    for candidate, new in _candidates(outcome.rung, options, fresh, absent):
        following = rewrite(candidate)
        if following.kind == "rewritten" and following.after not in tried:
            return _NextPlan(following, candidate, new)
    return None


def _candidates(
    rung: str, options: Options, fresh: tuple[Constraint, ...], absent: str
) -> Iterator[tuple[Options, tuple[Constraint, ...]]]:
    if fresh:
        yield apply_constraints(options, fresh), fresh
    for base in _LOWER_RUNGS.get(rung, ()):
        lower = replace(options, base=base)
        reason = absent or f"the base choice {rung} failed verification"
        down = Constraint(need="base", value=base, reason=reason, persistent=not absent)
        if fresh:
            yield apply_constraints(lower, fresh), (*fresh, down)
        yield lower, (down,)
