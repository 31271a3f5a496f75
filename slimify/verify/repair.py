"""What was found becomes what the next plan has to respect, until the proof holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from slimify.config import Base, Options, is_path
from slimify.model.outcome import Outcome, Unchanged
from slimify.model.versions import version_numbers
from slimify.verify.model import Constraint, Finding, Proof, Round

ROUNDS = 6  # each builds an image; the ladder has four rungs, and most causes show in the first build

# What `--base` means below a rung that failed, step by step.
_LOWER_RUNGS: dict[str, tuple[Base, ...]] = {"minimal": ("slim", "same"), "slim": ("same",)}


def required_constraints(proof: Proof) -> tuple[Constraint, ...]:
    """What follows from the findings that nobody accepted, each need once, of several releases of glibc
    the newest. Paths that no setting can name are left out."""
    found: dict[tuple[str, str], Constraint] = {}
    for item in (c for finding in _unaccepted_findings(proof) for c in finding.constraints):
        if item.need == "path" and not is_path(item.value):
            continue
        key = (item.need, "" if item.need == "glibc" else item.value)
        old = found.setdefault(key, item)
        if item.need == "glibc" and version_numbers(item.value) > version_numbers(old.value):
            found[key] = item
    return tuple(found.values())


def apply_constraints(options: Options, constraints: Iterable[Constraint]) -> Options:
    """The options with which the planner respects the constraints; those about the base are not here."""
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
    told: Callable[[Round], None] = lambda turn: None,
) -> tuple[Outcome, Proof]:
    """Plans and proves until the images are equal, nothing is left to try, or after ROUNDS.

    `first` is the rewrite to begin with, made with `options`. Returns the last outcome and its
    proof, with all rounds; an outcome that is not `rewritten` says that no rewrite could be proven,
    and `problem` of the proof why.
    """
    outcome, kept = first, _KeptConstraints()
    rounds: list[Round] = []
    tried: set[str] = set()
    while True:
        tried.add(outcome.after or "")
        proof = prove(outcome)
        fresh = kept.without(required_constraints(proof))
        following = None
        mendable = not any(finding.original for finding in _unaccepted_findings(proof))
        if proof.verdict == "different" and mendable and len(rounds) + 1 < ROUNDS:
            following = _next_plan(outcome, options, rewrite, fresh, tried, _missing_base_reason(proof))
        new = following.constraints if following else ()
        turn = Round(
            rung=outcome.rung, verdict=proof.verdict, findings=_unaccepted_findings(proof), constraints=new
        )
        rounds.append(turn)
        told(turn)
        if following is None:
            break
        outcome, options = following.outcome, following.options
        kept.add(new)
    if proof.verdict == "different":
        proof = replace(
            proof, problem=f"no rewrite could be proven in {_rounds(len(rounds))}: the file stays"
        )
        outcome = outcome.become(Unchanged)
        return outcome, replace(proof, rounds=tuple(rounds))
    return outcome, replace(proof, rounds=tuple(rounds), constraints=kept.constraints)


def _rounds(count: int) -> str:
    return "one round" if count == 1 else f"{count} rounds"


class _KeptConstraints:
    """The constraints that the present plan respects, each need once."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Constraint] = {}

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """Those that the next rewrite has to know of."""
        return tuple(item for item in self._items.values() if item.lasting)

    def without(self, found: Iterable[Constraint]) -> tuple[Constraint, ...]:
        """Those that it does not respect yet; a base is chosen here, not by who found something."""
        return tuple(c for c in found if (c.need, c.value) not in self._items and c.need != "base")

    def add(self, items: Iterable[Constraint]) -> None:
        for item in items:
            if item.need in ("base", "glibc"):  # the last one holds
                self._items = {key: old for key, old in self._items.items() if old.need != item.need}
            self._items[item.need, item.value] = item


def _missing_base_reason(proof: Proof) -> str:
    """Why the base image of the rewritten file can't be had; "" where that is not what went wrong."""
    needs = (item for finding in _unaccepted_findings(proof) for item in finding.constraints)
    return next((item.because for item in needs if not item.lasting), "")


def _unaccepted_findings(proof: Proof) -> tuple[Finding, ...]:
    return tuple(f for check in proof.checks for f in check.findings if not f.accepted)


class _NextPlan(Struct, frozen=True):
    """A plan to try next, the options it was made with, and what it respects in addition."""

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
    """The next plan that was not tried yet: with what was found to be needed; else a rung further down,
    with it or, where the planner knows no way to respect it, without. None: nothing is left."""
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
        because = absent or f"the rung {rung} could not be proven"
        down = Constraint(need="base", value=base, because=because, lasting=not absent)
        if fresh:
            yield apply_constraints(lower, fresh), (*fresh, down)
        yield lower, (down,)
