"""Caches of installers (pip, npm, yarn, pipenv, poetry, conda, Go) and lists of package managers:
removed in the step that creates them, or never stored."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.analysis.program import Program, Step
from slimify.facts.system import manager_clean
from slimify.facts.toolchains import toolchain
from slimify.languages import languages
from slimify.model.decisions import Decision
from slimify.model.effects import INSTALLS, Action, Effect, SystemManager
from slimify.planning.estimates import estimate
from slimify.planning.in_place.cache_cleaning import (
    CacheCleaning,
    brought_directories,
    build_caches,
    deletes_caches,
    is_editable,
    is_there_at_end,
    reads_brought_cache,
    takes_tail,
)
from slimify.planning.in_place.edits import Edits
from slimify.planning.in_place.runs import as_caller, extended_run, is_in_block
from slimify.planning.package_lists import may_read_earlier_lists, names_what_is_gone
from slimify.syntax.shell.script import EditRefused, edit


class _Cleaning(Struct):
    """The edits of one step, and the bytes that they save."""

    words: dict[tuple[int, int], str]
    tail: list[str]
    decisions: list[Decision]
    saving: int = 0
    drop: frozenset[int] = frozenset()
    shared: dict[str, int] = field(default_factory=dict)


def caches(program: Program, left: Container[str] = ()) -> Edits:
    """Every step without the caches and lists that nothing reads, except for the instructions `left`."""
    texts: dict[int, str] = {}
    decisions: list[Decision] = []
    saving, shared = 0, dict[str, int]()
    started, brought = installers_at_start(program), brought_directories(program)
    for step in program.steps:
        untouched = step.instruction.raw in left or reads_brought_cache(step, brought)
        if step.keyword != "RUN" or not is_editable(step) or untouched:
            continue
        cleaning = _step_cleaning(program, step, started)
        try:
            words, drop = cleaning.words, cleaning.drop
            text = edit(step.instruction, step.script, drop=drop, replace_words=words) or ""
        except EditRefused:
            continue
        if cleaning.tail:
            text = extended_run(program, step, cleaning.tail, text)
        if cleaning.decisions:
            texts[step.index] = text
            decisions += cleaning.decisions
            saving += cleaning.saving
            for name, size in cleaning.shared.items():
                shared[name] = max(size, shared.get(name, 0))
    return Edits(texts=texts, decisions=tuple(decisions), saving=saving + sum(shared.values()))


def _step_cleaning(program: Program, step: Step, started: frozenset[str]) -> _Cleaning:
    index = _apk_without_cache(step)
    found = _Cleaning(dict(index), [], [])
    if index:
        found.drop = _needless_apk_updates(step)
        found.saving += estimate.APK_INDEX
        found.decisions.append(_kept_decision("apk's index", step))
    for one in _installer_cleanings(program, step, started):
        found.words.update(one.words)
        found.tail += [one.tail] if one.tail else []
        found.decisions.append(_kept_decision(one.what, step))
        if one.shared:
            found.shared[one.shared] = one.saving
        else:
            found.saving += one.saving
    left = build_caches(program, step.effects) if takes_tail(step) else ()
    if left:
        found.tail.append(f"rm -rf {' '.join(left)}")
        found.decisions.append(_kept_decision("the build's cache", step))
    filling = _leaves_manager_cache(step)
    tail = as_caller(filling, f"{filling.tool} {manager_clean(filling.manager)}") if filling else ""
    if filling is not None and tail:
        found.shared[filling.manager] = estimate.RPM_LISTS
        found.tail.append(tail)
        found.decisions.append(_kept_decision(f"{filling.tool}'s cache", step))
    if _leaves_lists(program, step):
        fetched = next(e for e in reversed(step.effects) if e.kind == "index")
        tail = as_caller(fetched, "rm -rf /var/lib/apt/lists/*")
        if tail:
            found.saving += estimate.APT_LISTS
            found.tail.append(tail)
            found.decisions.append(Decision.of("SL317", "lists", line=step.line))
    return found


def _installer_cleanings(program: Program, step: Step, started: frozenset[str]) -> Iterator[CacheCleaning]:
    for known in languages():
        part, tools = known.installer_caches, toolchain(known)
        packages = tools.packages if tools is not None else ()
        for one in part.cache_cleanings(program, step, started) if part is not None else ():
            if not one.tail:
                yield one
            elif is_there_at_end(program, step, one.tail.split()[0], packages):
                fillers = (e for e in reversed(step.effects) if e.caches and e.ecosystem == known.name)
                tail = next((as_caller(e, one.tail) for e in fillers), one.tail)
                if tail:
                    yield replace(one, tail=tail)


def installers_at_start(program: Program) -> frozenset[str]:
    """Installers that run when the image starts: their caches save downloads, so they are kept."""
    return frozenset(e.manager for e in program.runtime_needs.start if e.kind in INSTALLS)


def _kept_decision(what: str, step: Step) -> Decision:
    return Decision.of("SL314", "cache", line=step.line, cache=what)


def _apk_without_cache(step: Step) -> Mapping[tuple[int, int], str]:
    """`apk add` -> `apk add --no-cache`, unless a command of the RUN empties the cache."""
    swap: dict[tuple[int, int], str] = {}
    if any("/var/cache" in d or d == "/var" for e in step.effects for d in e.deletes):
        return swap
    for atom in step.atoms:
        for effect in atom.effects:
            word = next((w for w in effect.command.words if w.value == "add"), None)
            adds = effect.kind == "packages" and effect.manager == SystemManager.APK and effect.caches
            if adds and word is not None and is_in_block(step, atom, effect):
                swap[(word.start, word.end)] = f"{word.text} --no-cache"
    return swap


def _needless_apk_updates(step: Step) -> frozenset[int]:
    """The `apk update` commands before an `apk add --no-cache`, which fetches its own index."""
    kinds = [{(e.kind, e.manager) for e in a.effects} for a in step.atoms]
    adds = [
        a.index for a, own in zip(step.atoms, kinds, strict=True) if ("packages", SystemManager.APK) in own
    ]
    if any(e.manager == SystemManager.APK and e.action in (Action.UPGRADE, Action.FIX) for e in step.effects):
        return frozenset()
    alone = (
        a.index for a, own in zip(step.atoms, kinds, strict=True) if own == {("index", SystemManager.APK)}
    )
    return frozenset(i for i in alone if any(n > i for n in adds))


def _leaves_manager_cache(step: Step) -> Effect | None:
    """The last command that fills the cache of a package manager that can clean it, which nothing in the RUN
    does: the next install fetches what it needs."""
    filling = [e for e in step.effects if manager_clean(e.manager) and e.kind in ("packages", "index")]
    if not filling or not takes_tail(step) or any(deletes_caches(step, (c,)) for c in filling[-1].caches):
        return None
    return filling[-1] if "type=cache" not in step.instruction.raw else None


def _leaves_lists(program: Program, step: Step) -> bool:
    fetched = any(e.kind == "index" and e.manager == SystemManager.APT for e in step.effects)
    installs = any(e.kind == "packages" and e.manager == SystemManager.APT for e in step.effects)
    removed = estimate.removes_lists(step.effects) or "lists" in step.instruction.raw
    later = any(may_read_earlier_lists(s) for s in program.steps if s.index > step.index)
    later = later or names_what_is_gone(program, step)
    known = estimate.package_manager(program) == SystemManager.APT
    return known and fetched and installs and not removed and not later and takes_tail(step)
