"""`--cache-mounts`: keeps downloads of installers from build to build, in the builder stage only.

A cache is mounted only if nothing but its installer reads it: the content of a mount is in no layer, and is
lost when the builder's storage is pruned (https://docs.docker.com/build/cache/optimize/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import Program, Step
from slimify.facts.builders import CacheFacts, cache, can, syntax_can, title
from slimify.facts.system import is_root
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import INSTALLS, Effect
from slimify.model.plan import Item, Plan, Stage
from slimify.model.regex import regex
from slimify.planning.stages.items import instruction_start, keyword, new_item, with_item
from slimify.semantics.paths import inside, overlap

_RUN = regex(r"RUN[ \t]+(?:\\[ \t]*\r?\n[ \t]*)?", re.IGNORECASE)


class _Use(Struct, frozen=True):
    """A builder RUN in which an installer downloads: its index in the stage, and its cache directories."""

    at: int
    step: Step
    targets: tuple[str, ...]


def with_cache_mounts(
    program: Program, plan: Plan, builder: str, only: tuple[str, ...] | None = None
) -> Plan:
    """The plan with cache mounts, and a decision for each installer (or those in `only`): mounted, or why
    not.

    Mounts go into the builder stage, or into the last stage if that is cleaned in place.
    """
    decisions: list[Decision] = []
    why = _obstacle(program, plan, builder)
    if why:
        return plan.told(Decision.of("SL335", "none", why=why))
    at = -1 if plan.rung == "cleanup" else 0
    stage = plan.stages[at]
    mounts: dict[int, list[str]] = {}
    prepare: dict[int, str] = {}
    useless: dict[int, re.Pattern[str]] = {}
    for manager, uses in _cache_uses(program, stage).items():
        facts = cache(manager)
        assert facts is not None
        if only is not None and manager not in only:
            continue
        why = _cache_obstacle(program, plan, facts, uses)
        if why:
            line = uses[0].step.line
            decisions.append(Decision.of("SL335", "installer", line=line, installer=manager, why=why))
            continue
        for use in uses:
            found = mounts.setdefault(use.at, [])
            found += [flag for t in use.targets if (flag := _mount_flag(t, facts)) not in found]
            if facts.forgets is not None:
                useless[use.at] = facts.forgets
        if facts.prepare:
            prepare[uses[0].at] = facts.prepare
        places = tuple(dict.fromkeys(t for use in uses for t in use.targets))
        decisions.append(
            Decision.of("SL334", "mounted", line=uses[0].step.line, places=places, manager=manager)
        )
    if not mounts and not decisions:
        decisions.append(Decision.of("SL335", "no_download"))
    stage = _without_no_cache_options(stage, useless)
    done = _with_mounts(stage, mounts, prepare, program.dockerfile.newline)
    stages = (*plan.stages[:-1], done) if at else (done, *plan.stages[1:])
    return replace(plan.told(*decisions), stages=stages)


def _obstacle(program: Program, plan: Plan, builder: str) -> Reason | None:
    """Why no cache can be mounted at all; None if mounts are possible."""
    if not can(builder, "cache_mounts"):
        return Reason.of("SL335", "builder", builder=title(builder))
    if not syntax_can(program.dockerfile.syntax, "cache_mounts"):
        return Reason.of("SL335", "syntax", syntax=program.dockerfile.syntax or "")
    if plan.stages[0].purpose != "build" and plan.rung != "cleanup":
        return Reason.of("SL335", "no_builder")
    return None


def _cache_uses(program: Program, stage: Stage) -> Mapping[str, list[_Use]]:
    """The RUNs of the stage that download, by installer."""
    found: dict[str, list[_Use]] = {}
    for at, item in enumerate(stage.items):
        if item.origin is None or keyword(item) != "RUN" or item.origin < program.steps[0].index:
            continue
        step = program.step(item.origin)
        places: dict[str, list[str]] = {}
        for effect in step.effects:
            facts = cache(effect.manager)
            if facts is not None and _downloads(effect, item):
                places.setdefault(effect.manager, []).extend(
                    facts.targets or _cache_paths(effect, step, facts)
                )
        for manager, targets in places.items():
            if targets:
                use = _Use(at, step, tuple(dict.fromkeys(targets)))
                found.setdefault(manager, []).append(use)
    for manager, uses in found.items():
        facts = cache(manager)
        if facts is not None and facts.reinstalls:
            uses += list(_repeated_uses(stage, manager, uses))
    return found


def _repeated_uses(stage: Stage, manager: str, uses: list[_Use]) -> Iterator[_Use]:
    """RUNs to which a second install from the same cache was added, to drop development packages."""
    known = {use.at for use in uses}
    installs = re.compile(rf"\b{manager} install\b")
    for at, item in enumerate(stage.items):
        if at in known or keyword(item) != "RUN":
            continue
        if installs.search(item.text, instruction_start(item)):
            yield _Use(at, uses[0].step, uses[0].targets)


_DOWNLOADS = INSTALLS | {"packages", "compile"}


def _downloads(effect: Effect, item: Item) -> bool:
    """Whether the command fills its installer's cache and is still part of the item."""
    words = [w.text for w in effect.command.words[:2]]
    return effect.kind in _DOWNLOADS and all(w in item.text for w in words)


def _cache_paths(effect: Effect, step: Step, facts: CacheFacts) -> tuple[str, ...]:
    """The cache directories; if they differ between releases of the installer, the first."""
    if facts.whole:
        return effect.caches
    if not effect.caches and facts.home and not step.state.get(facts.off):
        home = step.state.get("HOME")
        return (f"{home}/{facts.home}",) if home else ()
    return effect.caches[:1]


def _cache_obstacle(program: Program, plan: Plan, facts: CacheFacts, uses: list[_Use]) -> Reason | None:
    """Why a cache must not be mounted; None if it can be."""
    targets = {t for use in uses for t in use.targets}
    for use in uses:
        instruction = use.step.instruction
        if not is_root(use.step.state.user):
            return Reason.of("SL335", "user", at=use.step.line, user=use.step.state.user)
        if instruction.heredocs or instruction.exec_form is not None:
            return Reason.of("SL335", "not_plain", at=use.step.line)
        if instruction.flag("mount") is not None:
            return Reason.of("SL335", "mounts", at=use.step.line)
        if facts.cleans.search(instruction.value):
            return Reason.of("SL335", "empties", at=use.step.line)
        emptied = {d for e in use.step.effects for d in e.deletes}
        if any(inside(t, d) for t in targets for d in emptied) or _removes_mount(instruction.value, targets):
            return Reason.of("SL335", "deletes", at=use.step.line)
    return _other_reader(program, plan, facts, {use.step.index for use in uses}, targets)


def _removes_mount(text: str, targets: set[str]) -> bool:
    """Whether rm gets a mount point or a directory above it as operand, which would fail."""
    for command in re.findall(r"\brm\s+([^&;|]*)", text):
        for word in command.split():
            path = word.strip("\"'").replace("~", "/root", 1).replace("$HOME", "/root").rstrip("/*")
            if path.startswith("/") and any(inside(t, path) for t in targets):
                return True
    return False


def _other_reader(
    program: Program, plan: Plan, facts: CacheFacts, own: set[int], targets: set[str]
) -> Reason | None:
    """What else may read the cache; None if nothing is known to."""
    for path in (*_copied_paths(plan), *program.runtime_needs.paths):
        if any(overlap(path, t) and path != "/" for t in targets):
            return Reason.of("SL335", "runtime", path=path)
    for step in program.steps:
        if step.keyword not in ("RUN", "ENV"):
            continue
        if any(pattern.search(step.instruction.value) for pattern in facts.mentions):
            return Reason.of("SL335", "names", at=step.line)
        if step.keyword == "ENV" or step.index in own:
            continue
        if facts.others and any(e.kind == "unknown" or e.writes_anywhere for e in step.effects):
            return Reason.of("SL335", "counts_on", at=step.line)
        if any(
            overlap(p, t) and p != "/" for e in step.effects for p in (*e.reads, *e.writes) for t in targets
        ):
            return Reason.of("SL335", "works_in", at=step.line)
    return None


def _copied_paths(plan: Plan) -> Iterator[str]:
    """The paths that the final stage copies from the builder."""
    for item in plan.stages[-1].items:
        if keyword(item) == "COPY" and f"--from={plan.stages[0].name}" in item.text:
            yield from re.findall(r"\s(/\S+)\s+/\S+\s*\Z", item.text)


def _without_no_cache_options(stage: Stage, useless: Mapping[int, re.Pattern[str]]) -> Stage:
    """The stage without options that keep an installer from filling the mounted cache."""
    items = list(stage.items)
    for at, pattern in useless.items():
        start = instruction_start(items[at])
        found = _RUN.match(items[at].text[start:])
        assert found is not None
        lead = start + found.end()
        text = items[at].text
        items[at] = replace(items[at], text=text[:lead] + pattern.sub("", text[lead:]))
    return replace(stage, items=tuple(items))


def _mount_flag(target: str, facts: CacheFacts) -> str:
    sharing = f",sharing={facts.sharing}" if facts.sharing else ""
    return f"--mount=type=cache,target={target}{sharing}"


def _with_mounts(
    stage: Stage, mounts: Mapping[int, list[str]], prepare: Mapping[int, str], end: str
) -> Stage:
    """The stage with the mount flags, each on a line of its own before the command."""
    items = list(stage.items)
    for at, flags in mounts.items():
        items[at] = replace(items[at], text=_with_flags(items[at], flags, end))
    done = replace(stage, items=tuple(items))
    for at in sorted(prepare, reverse=True):
        first = done.items[at]
        line = new_item(prepare[at], end, spaced=first.spaced)
        items = [*done.items[:at], replace(first, spaced=False), *done.items[at + 1 :]]
        done = with_item(replace(done, items=tuple(items)), at, line, end)
    return done


def _with_flags(item: Item, flags: list[str], end: str) -> str:
    start = instruction_start(item)
    comments, text = item.text[:start], item.text[start:]
    found = _RUN.match(text)
    assert found is not None
    rest = text[found.end() :]
    joint = f" \\{end}    "
    return f"{comments}{text[:3]} {joint.join(flags)}{joint}{rest}"
