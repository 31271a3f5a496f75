"""What installers leave behind: wheels that pip keeps, the caches of npm, yarn, pipenv, poetry, conda and Go,
the lists of apt and apk. Removed in the step that leaves it, or never stored.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from slimify.analysis.program import Program, Step
from slimify.languages.go.planning.caches import go_cleaner, go_saving
from slimify.model.decisions import Decision
from slimify.model.effects import INSTALLS, Effect
from slimify.planning.estimates import estimate
from slimify.planning.in_place.edits import Edits
from slimify.planning.in_place.runs import direct, lengthened
from slimify.planning.layout import WordEdit
from slimify.syntax.shell.script import EditRefused, edit

_CLEANERS = {"npm": "npm cache clean --force", "yarn": "yarn cache clean"}


class _Cleaning(Struct):
    """What is changed in one step, and what it saves."""

    words: WordEdit
    tail: list[str]
    decisions: list[Decision]
    saving: int = 0
    drop: frozenset[int] = frozenset()
    pip: bool = False


def caches(program: Program) -> Edits:
    """Every step without the caches and lists that nothing reads."""
    texts: dict[int, str] = {}
    decisions: list[Decision] = []
    saving = pip = 0
    started = _installers_at_start(program)
    for step in program.steps:
        if step.keyword != "RUN" or step.script is None or not _editable(step):
            continue
        cleaning = _of_step(program, step, started)
        try:
            words, drop = cleaning.words.replace, cleaning.drop
            text = edit(step.instruction, step.script, drop=drop, replace_words=words) or ""
        except EditRefused:
            continue
        if cleaning.tail:
            text = lengthened(program, step, cleaning.tail, text)
        if cleaning.decisions:
            texts[step.index] = text
            decisions += cleaning.decisions
            saving += cleaning.saving
            pip = estimate.PIP_CACHE if cleaning.pip else pip
    return Edits(texts=texts, decisions=tuple(decisions), saving=saving + pip)


def _of_step(program: Program, step: Step, started: frozenset[str]) -> _Cleaning:
    assert step.script is not None
    swap = _pip(program, step) if "pip" not in started else {}
    index = _apk(step)
    found = _Cleaning(WordEdit(replace={**swap, **index}), [], [])
    if index:
        found.drop = _apk_updates(step)
        found.saving += estimate.APK_INDEX
        found.decisions.append(_left("apk's index", step))
    if swap:
        found.pip = True
        found.decisions.append(_left("pip's cache of downloads", step))
    tail = cleaner(program, step)
    if tail and tail.split()[0] not in started:
        kept = (e for e in step.effects if e.ecosystem == "node" and e.kind in INSTALLS and e.caches)
        found.saving += max((estimate.npm_cache(program, e) for e in kept), default=0)
        found.tail.append(tail)
        found.decisions.append(_left(f"the cache of {tail.split()[0]}", step))
    manager, tail = _environment_cleaner(program, step)
    if tail and manager not in started:
        found.saving += 0 if swap else estimate.python_cache(manager)
        found.tail.append(tail)
        found.decisions.append(_left(f"the cache of {manager}", step))
    tail = go_cleaner(program, step)
    if tail and step.atoms and not step.script.atoms[-1].opaque:
        found.saving += go_saving(program, tail)
        found.tail.append(tail)
        found.decisions.append(_left("Go's cache", step))
    if _leaves_lists(program, step):
        found.saving += estimate.APT_LISTS
        found.tail.append("rm -rf /var/lib/apt/lists/*")
        found.decisions.append(Decision.of("SL317", "lists", safety="safe", line=step.line))
    return found


def _installers_at_start(program: Program) -> frozenset[str]:
    """Installers that are run whenever the image starts: their caches spare them the network then."""
    return frozenset(e.manager for e in program.runtime_needs.start if e.kind in INSTALLS)


def _left(what: str, step: Step) -> Decision:
    return Decision.of("SL314", "cache", safety="safe", line=step.line, cache=what)


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
            if not effect.does("install", "python") or effect.manager != "pip" or not effect.caches:
                continue
            word = next((w for w in effect.command.words if w.value == "install"), None)
            if word is not None and direct(step, atom, effect):
                swap[(word.start, word.end)] = f"{word.text} --no-cache-dir"
    return swap


def _apk(step: Step) -> Mapping[tuple[int, int], str]:
    """`apk add` -> `apk add --no-cache`, where no command of the RUN empties its cache."""
    swap: dict[tuple[int, int], str] = {}
    if any("/var/cache" in d or d == "/var" for e in step.effects for d in e.deletes):
        return swap
    for atom in step.atoms:
        for effect in atom.effects:
            word = next((w for w in effect.command.words if w.value == "add"), None)
            adds = effect.kind == "packages" and effect.manager == "apk" and effect.caches
            if adds and word is not None and direct(step, atom, effect):
                swap[(word.start, word.end)] = f"{word.text} --no-cache"
    return swap


def _apk_updates(step: Step) -> frozenset[int]:
    """`apk update` in front of an `apk add` that fetches the index itself and keeps none."""
    kinds = [{(e.kind, e.manager) for e in a.effects} for a in step.atoms]
    adds = [a.index for a, own in zip(step.atoms, kinds, strict=True) if ("packages", "apk") in own]
    if any(e.manager == "apk" and e.action.startswith(("upgrade", "fix")) for e in step.effects):
        return frozenset()
    alone = (a.index for a, own in zip(step.atoms, kinds, strict=True) if own == {("index", "apk")})
    return frozenset(i for i in alone if any(n > i for n in adds))


def _deletes_cache(step: Step) -> bool:
    return any("cache" in d for e in step.effects for d in e.deletes)


def cleaner(program: Program, step: Step) -> str:
    """The command that empties an installer's cache behind the last install of a RUN; "" for none."""
    if step.script is None or not _editable(step):
        return ""
    if (
        any(e.kind == "cache" or (e.kind == "install-global" and e.deletes) for e in step.effects)
        or not step.atoms
    ):
        return ""
    if step.script.atoms[-1].opaque or program.language != "node":
        return ""
    for effect in reversed(step.effects):
        if effect.kind in INSTALLS and effect.caches and effect.manager in _CLEANERS:
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
        installs = effect.does("install", "python") and effect.action in ("install", "sync", "update")
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
        effect.does("install", "python")
        and effect.manager == "conda"
        and bool(effect.caches)
        and not effect.command.context
    )


def _counts_on_lists(step: Step) -> bool:
    """It installs from lists that an earlier step fetched."""
    fetched = False
    for effect in step.effects:
        fetched |= effect.kind == "index"
        if effect.kind == "packages" and effect.manager == "apt" and not fetched:
            return True
    return step.keyword == "RUN" and not step.atoms


def _leaves_lists(program: Program, step: Step) -> bool:
    assert step.script is not None
    fetched = any(e.kind == "index" and e.manager == "apt" for e in step.effects)
    installs = any(e.kind == "packages" and e.manager == "apt" for e in step.effects)
    removed = estimate.removes_lists(step.effects) or "lists" in step.instruction.raw
    later = any(_counts_on_lists(s) for s in program.steps if s.index > step.index)
    plain = bool(step.atoms) and not step.script.atoms[-1].opaque
    known = estimate.package_manager(program) == "apt"
    return known and fetched and installs and not removed and not later and plain
