"""Rule P8: the base images of the new file are the old one, or partners that are known to exist."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.analysis.closed_worlds import compiles_unknown, unread_build
from slimify.facts.carried import carried
from slimify.facts.programs import compilers
from slimify.model.decisions import Reason
from slimify.semantics.machine.stages import Machine, Stage
from slimify.syntax.dockerfile.instructions import from_parts, split_stages
from slimify.validation.comparison import Comparison


def base_problems(compared: Comparison) -> Iterator[Reason]:
    """Base images that are not known to hold what the stage needs of the old one."""
    old, final = _root(compared.old.final), _root(compared.new.final)
    known = {_root(stage).reference for stage in compared.old.stages}
    unread = unread_build(compared.needs, [e for s in compared.old.stages for e in s.effects])
    for stage in compared.new.stages:
        if stage.parent is not None or stage.reference in known:
            continue
        if stage is not final or unread or not _is_partner(compared, old, stage):
            yield Reason.of("SL409", "base", base=old.reference, new_base=stage.reference)
        elif stage.facts is not None and stage.facts.family == "static" and _is_dynamic(compared):
            yield Reason.of("SL409", "static", new_base=stage.reference)
    before, after = _platforms(compared.old), _platforms(compared.new)
    if not after <= before:
        yield Reason.of("SL409", "platforms")


def _root(stage: Stage) -> Stage:
    *_, first = stage.chain
    return first


def _is_partner(compared: Comparison, old: Stage, new: Stage) -> bool:
    """Whether the new base is the slim image of the old one, or one for programs that were built in it."""
    facts, names = old.facts, compared.program.base_map
    if facts is None or new.facts is None:
        return False
    if compiles_unknown(compared.needs) and not carried(facts).packages.isdisjoint(compilers()):
        return False  # it lacks headers that may be included
    partners = {facts.slim_partner, *facts.runtime_bases.values()}
    return new.facts.reference in {names.known(p) for p in partners if p} | partners


def _is_dynamic(compared: Comparison) -> bool:
    """Whether a program of the image may load a C library, as far as an image that was built, or else the
    sources, show it."""
    evidence = compared.program.image_evidence
    shown = evidence.linking(m.path for m in compared.program.artifacts) if evidence is not None else ()
    if shown:
        return "dynamic" in shown
    part = compared.own.linking if compared.own is not None else None
    return part is not None and part.may_load_libc(compared.needs, compared.old.final)


def _platforms(machine: Machine) -> frozenset[str | None]:
    """The platforms that FROM names, as written, in the stages that are used."""
    stages = split_stages(machine.file)[: len(machine.stages)]
    return frozenset(from_parts(stage[0]).platform for stage in stages)
