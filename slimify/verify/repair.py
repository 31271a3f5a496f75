"""What was found becomes what the next plan has to respect, until the proof holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from slimify.config import Base, Options
from slimify.model import Outcome
from slimify.verify.model import Constraint, Finding, Proof, Round

ROUNDS = 6  # each builds an image; the ladder has four rungs, and most causes show in the first build

# What `--base` means one rung further down from a rung that failed; None: there is nothing left.
_DOWN: dict[str, Base | None] = {"minimal": "slim", "slim": "same", "same-base": None, "cleanup": None}


def needed(proof: Proof) -> tuple[Constraint, ...]:
    """What follows from the findings that nobody accepted, each need once."""
    found: dict[tuple[str, str], Constraint] = {}
    for check in proof.checks:
        for finding in check.findings:
            if not finding.accepted:
                for constraint in finding.constraints:
                    found.setdefault((constraint.need, constraint.value), constraint)
    return tuple(found.values())


def constrained(options: Options, constraints: Iterable[Constraint]) -> Options:
    """The options with which the planner respects the constraints; those about the base are not here."""
    for item in constraints:
        if item.need == "package" and item.value not in options.keep_packages:
            options = replace(options, keep_packages=(*options.keep_packages, item.value))
        elif item.need == "path" and item.value not in options.keep_paths:
            options = replace(options, keep_paths=(*options.keep_paths, item.value))
        elif item.need == "command" and item.value not in options.keep_commands:
            options = replace(options, keep_commands=(*options.keep_commands, item.value))
        elif item.need == "glibc" and _release(item.value) > _release(options.min_glibc):
            options = replace(options, min_glibc=item.value)
    return options


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def repair(
    first: Outcome,
    options: Options,
    rewrite: Callable[[Options], Outcome],
    prove: Callable[[Outcome], Proof],
    told: Callable[[Round], None] = lambda turn: None,
) -> tuple[Outcome, Proof]:
    """Plans and proves until the images are equal, nothing is left to try, or after ROUNDS.

    `first` is the rewrite to begin with, made with `options`. Returns the last outcome and its
    proof, with all rounds; an outcome that is not `rewritten` says that no rewrite could be proven.
    """
    outcome = first
    rounds: list[Round] = []
    kept: dict[tuple[str, str], Constraint] = {}
    tried: set[str] = set()
    while True:
        tried.add(outcome.after or "")
        proof = prove(outcome)
        fresh = tuple(c for c in needed(proof) if (c.need, c.value) not in kept and c.need != "base")
        done = proof.verdict != "different" or len(rounds) + 1 >= ROUNDS
        following = outcome
        if not done:
            following, options, fresh = _next(outcome, options, rewrite, fresh, tried)
        turn = Round(rung=outcome.rung, verdict=proof.verdict, findings=_open(proof), constraints=fresh)
        rounds.append(turn)
        told(turn)
        kept.update({(c.need, c.value): c for c in fresh})
        if done or following.kind != "rewritten":
            proof = replace(proof, rounds=tuple(rounds), constraints=tuple(kept.values()))
            return (outcome if done else following), proof
        outcome = following


def _open(proof: Proof) -> tuple[Finding, ...]:
    return tuple(f for check in proof.checks for f in check.findings if not f.accepted)


def _next(
    outcome: Outcome,
    options: Options,
    rewrite: Callable[[Options], Outcome],
    fresh: tuple[Constraint, ...],
    tried: set[str],
) -> tuple[Outcome, Options, tuple[Constraint, ...]]:
    """The next plan: with what was found to be needed; where that changes nothing, one rung down."""
    if fresh:
        options = constrained(options, fresh)
        following = rewrite(options)
        if following.kind == "rewritten" and following.after not in tried:
            return following, options, fresh
    rung = outcome.rung
    while (base := _DOWN.get(rung)) is not None:
        options = replace(options, base=base)
        following = rewrite(options)
        down = Constraint(need="base", value=base, because=f"the rung {outcome.rung} could not be proven")
        if following.kind != "rewritten" or following.after not in tried:
            return following, options, (*fresh, down)
        rung = "slim" if base == "slim" else "same-base"
    stays = replace(outcome, kind="unchanged", rung="unchanged", after=None, stages=())
    return stays, options, fresh
