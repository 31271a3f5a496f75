"""One stage, cleaned in place: for files whose only waste is what installers leave behind.

Only what is provably of no use is left out: wheels that pip keeps, the caches of npm, yarn, pipenv,
poetry and conda, apt's lists. Every instruction stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from slimify.classify.program import AtomStep, Program, Step
from slimify.model import Decision, Effect, Plan
from slimify.strategies import estimate
from slimify.strategies.assemble import verbatim
from slimify.strategies.layout import WordEdit

_CLEANERS = {"npm": "npm cache clean --force", "yarn": "yarn cache clean"}


def plan(program: Program) -> Plan | None:
    """The cleaned file, or None when there is nothing to clean."""
    edits: dict[int, WordEdit] = {}
    append: dict[int, str] = {}
    decisions: list[Decision] = []
    saving = 0
    started = _installers_at_start(program)
    for step in program.steps:
        if step.keyword != "RUN" or step.script is None or not _editable(step):
            continue
        swap = _pip(program, step) if "pip" not in started else {}
        if swap:
            edits[step.index] = WordEdit(replace=swap)
            saving = max(saving, estimate.PIP_CACHE)
            decisions.append(_left("pip's cache of downloads", step))
        tail = cleaner(program, step)
        if tail and tail.split()[0] not in started:
            append[step.index] = f" && {tail}"
            kept = (e for e in step.effects if e.kind in ("node", "global") and e.caches)
            saving += max((estimate.npm_cache(program, e) for e in kept), default=0)
            decisions.append(_left(f"the cache of {tail.split()[0]}", step))
        manager, tail = _environment_cleaner(program, step)
        if tail and manager not in started:
            append[step.index] = f" && {tail}"
            saving += 0 if swap else estimate.python_cache(manager)
            decisions.append(_left(f"the cache of {manager}", step))
        if _leaves_lists(program, step):
            append[step.index] = append.get(step.index, "") + " && rm -rf /var/lib/apt/lists/*"
            saving += estimate.APT_LISTS
            text = "apt's package lists are removed in the step that fetched them"
            decisions.append(Decision(code="SL317", safety="safe", text=text, line=step.line))
    if not decisions:
        return None
    first = Decision(code="SL303", safety="safe", text="one stage as before: nothing but left-overs can go")
    return verbatim(
        program, edits, append, (first, *decisions), saving=saving, original=estimate.original(program)
    )


def _installers_at_start(program: Program) -> frozenset[str]:
    """Installers that are run whenever the image starts: their caches spare them the network then."""
    return frozenset(e.manager for e in program.live.start if e.kind in ("node", "global", "python"))


def _left(what: str, step: Step) -> Decision:
    return Decision(code="SL314", safety="safe", text=f"{what} is not stored in the image", line=step.line)


def _editable(step: Step) -> bool:
    assert step.script is not None
    return (
        not step.script.opaque and not step.instruction.heredocs and "type=cache" not in step.instruction.raw
    )


def _pip(program: Program, step: Step) -> Mapping[tuple[int, int], str]:
    """`pip install` -> `pip install --no-cache-dir`, for every install of the RUN that keeps a cache."""
    swap: dict[tuple[int, int], str] = {}
    if _deletes_cache(step):
        return swap
    for atom in step.atoms:
        for effect in atom.effects:
            if effect.kind != "python" or effect.manager != "pip" or not effect.caches:
                continue
            word = next((w for w in effect.command.words if w.value == "install"), None)
            if word is not None and _direct(step, atom, effect):
                swap[(word.start, word.end)] = f"{word.text} --no-cache-dir"
    return swap


def _deletes_cache(step: Step) -> bool:
    return any("cache" in d for e in step.effects for d in e.deletes)


def _direct(step: Step, atom: AtomStep, effect: Effect) -> bool:
    """The command stands in the RUN itself, not in a script that it calls, nor in a group."""
    assert step.script is not None
    part = step.script.atoms[atom.index]
    return not part.opaque and part.start <= effect.command.start < part.end and not effect.command.context


def cleaner(program: Program, step: Step) -> str:
    """The command that empties an installer's cache behind the last install of a RUN; "" for none."""
    if step.script is None or not _editable(step):
        return ""
    if any(e.kind == "cache" or (e.kind == "global" and e.deletes) for e in step.effects) or not step.atoms:
        return ""
    if step.script.atoms[-1].opaque or program.language != "node":
        return ""
    for effect in reversed(step.effects):
        if effect.kind in ("node", "global") and effect.caches and effect.manager in _CLEANERS:
            return _CLEANERS[effect.manager]
    return ""


# Variables that put their caches elsewhere, or leave none.
_OTHER_CACHE = ("PIPENV_CACHE_DIR", "PIP_CACHE_DIR", "PIP_NO_CACHE_DIR", "XDG_CACHE_HOME")


def _environment_cleaner(program: Program, step: Step) -> tuple[str, str]:
    """pipenv, poetry or conda, and the command that removes what it keeps of its downloads behind the last
    command of a RUN; the environments that it makes lie elsewhere, or beside these directories, and hold
    links of their own to conda's files. "" for none."""
    assert step.script is not None
    if program.base is None or not step.atoms or step.script.atoms[-1].opaque or _deletes_cache(step):
        return "", ""
    if any(program.end.get(name) for name in _OTHER_CACHE) or any(e.kind == "cache" for e in step.effects):
        return "", ""
    for effect in step.effects:
        shown = {w.value for w in effect.command.words}
        installs = effect.kind == "python" and effect.action in ("install", "sync", "update")
        if _fills_conda(effect):
            return "conda", f"{effect.tool} clean --all --yes"
        if not installs or effect.manager not in ("pipenv", "poetry") or "--clear" in shown:
            continue
        if effect.caches:
            return effect.manager, f"rm -rf {' '.join(effect.caches)}"
    return "", ""


def _fills_conda(effect: Effect) -> bool:
    """An install of conda, mamba or micromamba; what follows in the RUN may be a shell without it on PATH."""
    return (
        effect.kind == "python"
        and effect.manager == "conda"
        and bool(effect.caches)
        and not effect.command.context
    )


def _leaves_lists(program: Program, step: Step) -> bool:
    assert step.script is not None
    fetched = any(e.kind == "index" and e.manager == "apt" for e in step.effects)
    installs = any(e.kind == "packages" and e.manager == "apt" for e in step.effects)
    removed = estimate.removes_lists(step.effects) or "lists" in step.instruction.raw
    later = any(
        e.kind == "packages" and e.manager == "apt"
        for s in program.steps
        if s.index > step.index
        for e in s.effects
    )
    plain = bool(step.atoms) and not step.script.atoms[-1].opaque
    known = estimate.package_manager(program) == "apt"
    return known and fetched and installs and not removed and not later and plain
