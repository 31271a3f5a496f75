"""How an installer's cache is kept out of the layer of a RUN."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct, field

from slimify.analysis.development_servers import development_server
from slimify.analysis.program import Program, Step
from slimify.facts.shells import is_posix_shell
from slimify.facts.system import is_systems
from slimify.model.dockerfile import Instruction
from slimify.model.effects import BUILDS, RUNS_CODE, Effect
from slimify.semantics.effects.sequences import left_caches
from slimify.semantics.paths import inside, inside_any


class CacheCleaning(Struct, frozen=True, kw_only=True):
    """A cache that a RUN leaves, and the edits that keep it out of the layer.

    `words` replaces spans of the RUN's logical text, `tail` is a command added at its end. `saving` is in
    bytes. Steps with the same `shared` fill a cache with the same packages, which count once.
    """

    what: str
    words: Mapping[tuple[int, int], str] = field(default_factory=dict)
    tail: str = ""
    saving: int = 0
    shared: str = ""


def is_editable(step: Step) -> bool:
    """Whether commands of a RUN can be changed: plain shell text without cache mounts."""
    return (
        not step.script.opaque and not step.instruction.heredocs and "type=cache" not in step.instruction.raw
    )


def build_caches(program: Program, effects: Iterable[Effect]) -> tuple[str, ...]:
    """What the programs of some commands keep beside their output for their next run, if the image builds
    nothing when it starts."""
    needs = program.runtime_needs
    if not needs.start or development_server(needs) or any(e.kind in BUILDS for e in needs.start):
        return ()
    own = tuple(effects)
    written = [path for effect in own for path in effect.writes]
    return tuple(path for path in left_caches(own) if inside_any(path, written))


def brought_directories(program: Program) -> tuple[tuple[int, str], ...]:
    """What COPYs bring from other stages and images, each with the index of its instruction."""
    copies = ((e.visit, e.copy) for e in program.machine.final.events if e.copy is not None)
    elsewhere = (visit for visit, copy in copies if copy.stage is not None or copy.image)
    return tuple((visit.index, target) for visit in elsewhere for target in visit.copy_targets or ())


def reads_brought_cache(step: Step, brought: Iterable[tuple[int, str]]) -> bool:
    """Whether a step fills a cache that a COPY brings: it is there for the step to read."""
    caches = {cache for effect in step.effects for cache in effect.caches}
    before = [target for index, target in brought if index < step.index] if caches else []
    return any(inside_any(cache, before) or step.state.view.under(cache) for cache in caches)


def takes_tail(step: Step) -> bool:
    """Whether a command can be added behind the last one: `A || B && C` is `(A || B) && C`. In front of `&&`,
    `set -e` no longer ends a block."""
    script = step.script
    if step.instruction.exec_form is not None:
        return bool(shell_form(step.instruction)) and is_posix_shell(step.state.shell[0])
    if not script.atoms or not script.atoms[-1].opaque:
        return bool(script.atoms)
    sets = any(command.name == "set" for command in script.commands)
    return script.atoms[-1].opaque in BLOCKS and not (script.errexit or sets)


def shell_form(instruction: Instruction) -> str:
    """The same RUN in shell form, if it has an exec form whose words mean themselves to a shell; else ""."""
    words = instruction.exec_form or ()
    head = instruction.raw[: instruction.raw.index("[")] if words else ""
    return head + " ".join(words) if shlex.join(words) == " ".join(words) else ""


BLOCKS = frozenset({"||", "(", "{", "if", "for", "while", "until", "case"})
"""What may hold a command besides a list: each of its words can be changed where it stands."""


def deletes_caches(step: Step, caches: Sequence[str]) -> bool:
    """Whether the RUN deletes all of these directories. Deleting another cache is not enough."""
    gone = [d.rstrip("*").rstrip("/") for d in step.deleted]
    return bool(caches) and all(any(inside(c, d) for d in gone if d) for c in caches)


def is_there_at_end(program: Program, step: Step, tool: str, packages: Collection[str]) -> bool:
    """Whether a program that the RUN calls is certain to exist after its last command: nothing that follows
    the last call may remove it, nor the group with which an earlier RUN installed it. `packages` may bring
    it."""
    effects = step.effects
    last = step.last_calls.get(tool, -1)
    if last == len(effects) - 1:
        return True
    groups = {e.subject: e.packages for e in program.effects if e.kind == "packages" and e.subject}
    for effect in effects[last + 1 :]:
        removed = effect.packages if effect.kind == "unpackage" else ()
        names = {p.name for name in removed for p in (name, *groups.get(name.name, ()))}
        deleted = effect.kind != "cache" and any(is_systems(d) for d in effect.deletes)
        if deleted or names & {tool, *packages} or effect.writes_anywhere or effect.kind in RUNS_CODE:
            return False
    return True
