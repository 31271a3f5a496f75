"""ENV variables of the Go toolchain, which a final stage without Go does not need.

`ENV GO111MODULE=on CGO_ENABLED=0 GOOS=linux` configures the compiler. It is repeated in the final stage
only if something kept names the variable.
"""

from __future__ import annotations

from collections.abc import Container

from slimify.analysis.program import Program
from slimify.facts.settings import library_settings
from slimify.languages.go import LANGUAGE
from slimify.model.decisions import Decision
from slimify.model.effects import Action
from slimify.planning.final_stage.instruction_text import names_in
from slimify.syntax.dockerfile.instructions import env_pairs


def builder_only_env(program: Program) -> frozenset[str]:
    """The toolchain variables that nothing reads at run time, according to sources and scripts."""
    features = program.runtime_needs.sources.features
    if "toolchain" in features or {"go", "gofmt"} & set(program.runtime_needs.commands):
        return frozenset()
    settings = LANGUAGE.facts("settings.toml")
    idle = frozenset(settings["toolchain"]) - {*(settings["library"] if "gobuild" in features else ())}
    scripts = [e for e in program.runtime_needs.start if e.action == Action.SCRIPT]
    if not scripts:
        return idle
    # scripts may call other scripts, so all of the context count
    texts = [program.context.text(f) or "" for f in program.context.files if f.endswith((".sh", ".bash"))]
    texts += [program.end_state.view.text(path) or "" for e in scripts for path in e.reads]
    return idle - {name for text in texts for name in names_in(text)}


def read_settings(program: Program) -> str:
    """References to the toolchain variables that sources may read, whoever set them."""
    read = program.runtime_needs.sources.features & {"toolchain", "gobuild"}
    return " ".join(f"${name}" for name in library_settings()) if read else ""


def env_decisions(program: Program, kept: Container[int]) -> tuple[Decision, ...]:
    """The decision that lists the variables dropped from the final stage, which keeps these instructions."""
    gone = {
        name: step.line
        for step in program.steps
        if step.keyword == "ENV" and step.index > program.dockerfile.last_from and step.index not in kept
        for name, _ in env_pairs(step.instruction)
    }
    if not gone:
        return ()
    return (Decision.of("SL319", "left", line=min(gone.values()), names=tuple(gone)),)
