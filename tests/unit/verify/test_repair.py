"""The loop of repair, with a planner and a proof that are tables."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from slimify.config import Options
from slimify.model.outcome import Outcome, Rewritten, Unchanged
from slimify.verify.model import Check, Constraint, Finding, Proof, Round
from slimify.verify.repair import ROUNDS, apply_constraints, repair

GIT = Constraint(need="package", value="git")
DATA = Constraint(need="path", value="/data")
LIBC = Constraint(need="glibc", value="2.38")
ABSENT = Constraint(need="base", value="", reason="line 9: it can't be had", persistent=False)
FIRST = Rewritten(file="Dockerfile", before="FROM a", after="auto", rung="minimal")
Plans = dict[tuple[str, ...], str]


def described(options: Options) -> tuple[str, ...]:
    """What a plan was asked for, beside the defaults."""
    base = () if options.base == "auto" else (options.base,)
    least = (options.min_glibc,) if options.min_glibc else ()
    return (*base, *options.keep_packages, *options.keep_paths, *options.keep_commands, *least)


def run(plans: Plans, wrong: dict[str, tuple[Constraint, ...]]) -> tuple[Outcome, Proof, list[Round]]:
    """`plans`: what was asked for → the text, with its rung in front; without one there is no such plan.
    `wrong`: the texts that are not equal, with what each turns out to need."""

    def rewrite(options: Options) -> Outcome:
        text = plans.get(described(options))
        if text is None:
            return FIRST.become(Unchanged)
        return replace(FIRST, after=text, rung=text.split()[0])

    def prove(outcome: Outcome) -> Proof:
        needs = wrong.get(outcome.after or "")
        if needs is None:
            return Proof(file="Dockerfile", verdict="equal")
        finding = Finding(code="SL000", text="something is missing", constraints=needs)
        check = Check(name="x", layer="disk", detail="", findings=(finding,))
        return Proof(file="Dockerfile", verdict="different", checks=(check,))

    told: list[Round] = []
    outcome, proof = repair(rewrite(Options()), Options(), rewrite, prove, told.append)
    assert tuple(told) == proof.rounds
    return outcome, proof, told


ROWS: list[tuple[str, Plans, dict[str, tuple[Constraint, ...]], str | None, tuple[Constraint, ...]]] = [
    ("equal at once", {(): "minimal a"}, {}, "minimal a", ()),
    ("what is missing is kept", {(): "slim a", ("git",): "slim b"}, {"slim a": (GIT,)}, "slim b", (GIT,)),
    (
        "one thing after the other",
        {(): "slim a", ("git",): "slim b", ("git", "/data"): "slim c"},
        {"slim a": (GIT,), "slim b": (GIT, DATA)},
        "slim c",
        (GIT, DATA),
    ),
    (
        "a C library that only the same base has",
        {(): "minimal a", ("2.38",): "same-base b"},
        {"minimal a": (LIBC,)},
        "same-base b",
        (LIBC,),
    ),
    (
        "a difference that nothing follows from: a rung down",
        {(): "minimal a", ("slim",): "slim b"},
        {"minimal a": ()},
        "slim b",
        (Constraint(need="base", value="slim"),),
    ),
    (
        "the next rung is the same plan: another one down",
        {(): "slim a", ("same",): "same-base b"},
        {"slim a": ()},
        "same-base b",
        (Constraint(need="base", value="same"),),
    ),
    (
        "what the planner can't respect is dropped on the way down",
        {(): "slim a", ("same",): "same-base b"},
        {"slim a": (DATA,)},
        "same-base b",
        (Constraint(need="base", value="same"),),
    ),
    (
        "what it can respect further down is kept",
        {(): "slim a", ("same", "/data"): "same-base b", ("same",): "same-base c"},
        {"slim a": (DATA,)},
        "same-base b",
        (DATA, Constraint(need="base", value="same")),
    ),
    (
        "the lowest base is the only one that counts",
        {(): "minimal a", ("slim",): "slim b", ("same",): "same-base c"},
        {"minimal a": (), "slim b": ()},
        "same-base c",
        (Constraint(need="base", value="same"),),
    ),
    (
        "a base image that can't be had is no repair",
        {(): "minimal a", ("slim",): "slim b"},
        {"minimal a": (ABSENT,)},
        "slim b",
        (),
    ),
    (
        "what is repaired further down is remembered, the rung is not",
        {(): "slim a", ("same",): "same-base b", ("same", "git"): "same-base c"},
        {"slim a": (ABSENT,), "same-base b": (GIT,)},
        "same-base c",
        (GIT,),
    ),
    ("nothing is left", {(): "same-base a"}, {"same-base a": (GIT,)}, None, ()),
    ("the plan stays as it was", {(): "slim a", ("git",): "slim a"}, {"slim a": (GIT,)}, None, ()),
]


@pytest.mark.parametrize(
    ("plans", "wrong", "expected", "kept"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_comes_of_it(
    plans: Plans,
    wrong: dict[str, tuple[Constraint, ...]],
    expected: str | None,
    kept: tuple[Constraint, ...],
) -> None:
    outcome, proof, rounds = run(plans, wrong)
    assert outcome.after == expected
    assert outcome.kind == ("rewritten" if expected else "unchanged")
    assert proof.verdict == ("equal" if expected else "different")
    assert bool(proof.problem) == (expected is None)
    assert {(c.need, c.value) for c in proof.constraints} == {(c.need, c.value) for c in kept}
    assert len(rounds) <= ROUNDS


def test_it_ends() -> None:
    plans = {tuple(str(n) for n in range(count)): f"slim {count}" for count in range(50)}
    needs = {f"slim {count}": (Constraint(need="package", value=str(count)),) for count in range(50)}
    outcome, proof, rounds = run(plans, needs)
    assert len(rounds) == ROUNDS
    assert outcome.kind == "unchanged"
    assert f"{ROUNDS} rounds" in proof.problem


def test_what_the_original_does_not_do_either_is_not_repaired() -> None:
    finding = Finding(code="SL541", text="GET /login could not be asked", original=True)
    check = Check(name="GET /login", layer="behaviour", detail="", findings=(finding,))
    proof = Proof(file="Dockerfile", verdict="different", checks=(check,))
    outcome, said = repair(FIRST, Options(), lambda options: FIRST, lambda outcome: proof)
    assert (outcome.kind, said.verdict, len(said.rounds)) == ("unchanged", "different", 1)


def test_constraints_become_options() -> None:
    command = Constraint(need="command", value="jq")
    older = Constraint(need="glibc", value="2.9")
    options = apply_constraints(Options(keep_packages=("git",)), (GIT, DATA, command, LIBC, older))
    assert options == Options(
        keep_packages=("git",), keep_paths=("/data",), keep_commands=("jq",), min_glibc="2.38"
    )
