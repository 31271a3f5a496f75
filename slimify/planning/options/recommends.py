"""`--no-recommends`: the final stage installs no package that others only recommend.

Only installs of the last stage change, each at its own words. What run time is known to need is installed by
name, which validation checks.
"""

from __future__ import annotations

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.model.decisions import Decision
from slimify.model.effects import Effect
from slimify.model.plan import Item, Plan
from slimify.planning.stages.items import instruction_start, keyword
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.shell.edit import EditRefused, edit

_INSTALL, _OPTION = "install", "--no-install-recommends"


def without_recommended(program: Program, plan: Plan) -> Plan:
    """The plan with the option at each `apt-get install` of its last stage, and decisions that say so."""
    final = plan.stages[-1]
    if any("Install-Recommends" in item.text for item in final.items):
        return plan
    items, said = [], list[Decision]()
    for item in final.items:
        text, names = _with_option(program, item, final.base) if keyword(item) == "RUN" else ("", ())
        items.append(replace(item, text=text) if text else item)
        if text:
            line = program.dockerfile.instructions[item.origin].line if item.origin is not None else None
            said.append(Decision.of("SL355", "left_out", safety="assumed", line=line, packages=names))
    return plan.with_final(replace(final, items=tuple(items)), *said)


def _with_option(program: Program, item: Item, base: str) -> tuple[str, tuple[str, ...]]:
    """The text of a RUN with the option, and what its installs name; "" if nothing is to be changed."""
    head, body = item.text[: instruction_start(item)], item.text[instruction_start(item) :]
    events = program.executed(parse(encode(f"FROM {base}\n{body}"))).final.events
    installs = [e for event in events for e in event.effects if _is_install(e)]
    spans = {
        (w.start, w.end): f"{w.text} {_OPTION}"
        for e in installs
        for w in e.command.words
        if w.value == _INSTALL
    }
    if not spans:
        return "", ()
    visit = events[0].visit
    try:
        text = edit(visit.instruction, visit.script, replace_words=spans)
    except EditRefused:
        return "", ()
    names = dict.fromkeys(p.name for e in installs for p in e.packages if p.name)
    return f"{head}{text}{body[len(visit.instruction.raw) :]}", tuple(names)


def _is_install(effect: Effect) -> bool:
    """Whether it is an install that the Dockerfile itself says, with what others recommend."""
    words = {word.value for word in effect.command.words}
    apt = effect.kind == "packages" and effect.tool in ("apt", "apt-get") and not effect.followed
    return apt and _INSTALL in words and not effect.sparing
