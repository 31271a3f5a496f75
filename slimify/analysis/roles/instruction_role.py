"""The role of an instruction other than COPY and ADD, from its keyword or its commands."""

from __future__ import annotations

from slimify.analysis.program import AtomStep
from slimify.model.decisions import Reason, Role
from slimify.model.effects import NOT_FOR_RUN_TIME

_CONFIGURATION_KEYWORDS = frozenset(
    {"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "VOLUME"}
)


def instruction_role(keyword: str, atoms: tuple[AtomStep, ...]) -> tuple[Role, tuple[Reason, ...]]:
    """The role and its reasons."""
    if keyword in _CONFIGURATION_KEYWORDS:
        return "run", (Reason.of("SL200", "configuration"),)
    if keyword != "RUN":
        return "both", (Reason.of("SL223", "state"),)
    roles = {atom.role for atom in atoms if not _is_neutral(atom)} or {atom.role for atom in atoms}
    if not roles or "unknown" in roles:
        return "unknown", ()
    if len(roles) == 1:
        return next(iter(roles)), ()
    return "both", ()


def _is_neutral(atom: AtomStep) -> bool:
    return all(e.kind in NOT_FOR_RUN_TIME for e in atom.effects)
