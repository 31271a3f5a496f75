"""Properties of the start command that limit what may be dropped."""

from __future__ import annotations

from collections.abc import Sequence

from slimify.analysis.program import Program
from slimify.facts.image_tables import entry_scripts
from slimify.facts.shells import is_shell
from slimify.languages import language
from slimify.model.decisions import Reason
from slimify.model.effects import LEAVES_NOTHING, Effect
from slimify.semantics.paths import inside


def runs_cloned_code(program: Program) -> Reason | None:
    """A reason if the code that runs is cloned by a build step: which programs it starts is unknown."""
    for step in program.steps:
        for effect in step.effects:
            cloned = effect.kind == "fetch" and effect.tool == "git"
            if cloned and any(inside(w, m.path) for m in program.artifacts for w in effect.writes):
                return Reason.of("SL392", "cloned", at=step.line, base=program.base_ref)
    return None


def starts_global_install(program: Program) -> bool:
    """Whether the start command runs a globally installed package, whose code is not analyzed."""
    for effect in (e for e in program.effects if e.kind == "install-global"):
        known = language(effect.ecosystem)
        if known is None or known.packages is None:
            continue
        for name in {p.name for p in effect.packages} - set(known.runners):
            if set(known.packages.programs(name)) & set(program.runtime_needs.commands):
                return True
    return False


def starts_only_shell(start: Sequence[Effect]) -> bool:
    """Whether the image starts an interactive shell and nothing else."""
    programs = [e for e in start if e.kind not in LEAVES_NOTHING and e.tool not in entry_scripts()]
    return bool(programs) and all(is_shell(e.tool) for e in programs)
