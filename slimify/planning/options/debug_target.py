"""`--debug-target`: a debug stage with a shell, next to a final stage without one.

The debug variants of distroless images add /busybox to the plain ones
(https://github.com/GoogleContainerTools/distroless#debug-images). The final stage gets a name and the debug
stage starts from it, so that they differ in the shell only. A last `FROM` keeps the final stage the default
target.
"""

from __future__ import annotations

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.builders import can, title
from slimify.facts.references import parse_reference
from slimify.model.decisions import Decision
from slimify.model.plan import Plan, Stage
from slimify.planning.stages.items import keyword_case, named_from, new_item

DEBUG, _BUSYBOX = "debug", "/busybox"
_NAMES = ("runtime", "final", "runtime-stage", "final-stage")


def with_debug_stage(program: Program, plan: Plan, builder: str) -> Plan:
    """The plan with a stage `debug`, or with a decision that says why it has none."""
    *others, final = plan.stages
    source = _debug_variant(program, final.base)
    taken = {final.name.lower(), *(s.name.lower() for s in others)}
    if source is None or DEBUG in taken:
        return plan.told(_not_added(program, final.base, source))
    name = next(n for n in _NAMES if n not in taken)
    case, end = keyword_case(program), program.dockerfile.newline
    named = replace(final, name=name, items=(named_from(final.items[0], name, case, end), *final.items[1:]))
    lines = (
        f"{case('FROM')} {name} {case('AS')} {DEBUG}",
        f"{case('COPY')} --from={source} {_BUSYBOX} {_BUSYBOX}",
        f"{case('ENV')} PATH=$PATH:{_BUSYBOX}",
    )
    items = tuple(new_item(line, end) for line in lines)
    debug = Stage(name=DEBUG, base=name, purpose="debug", items=items)
    alias = f" {case('AS')} {final.name}" if final.name else ""
    start = new_item(f"{case('FROM')} {name}{alias}", end)
    last = Stage(name=final.name, base=name, purpose="run", items=(start,))
    if can(builder, "skips_unused"):
        done = Decision.of("SL332", "stage", stage=DEBUG, image=source)
    else:
        done = Decision.of("SL332", "stage_always", stage=DEBUG, image=source, builder=title(builder))
    return replace(plan.told(done), stages=(*others, named, debug, last))


def _debug_variant(program: Program, base: str) -> str | None:
    """The image with the shell for a distroless base, None for any other base."""
    facts, parts = program.facts_of(base), parse_reference(program.base_map.known(base))
    if facts is None or parts is None or facts.shell or not facts.is_distroless:
        return None
    return program.base_map.own(parts.with_tag("debug"))


def _not_added(program: Program, base: str, source: str | None) -> Decision:
    facts = program.facts_of(base)
    if source is not None:
        return Decision.of("SL333", "taken", stage=DEBUG)
    if facts is not None and not facts.shell:
        return Decision.of("SL333", "no_variant", base=base)
    if facts is not None:
        return Decision.of("SL333", "shell", base=base)
    return Decision.of("SL333", "shell_unknown", base=base)
