"""Restored packages join the user's own apt install where that changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from slimify.analysis.program import AtomStep, Program, Step
from slimify.model.effects import CHANGES_FILES, INSTALLS_NOTHING, Effect, SystemManager
from slimify.planning.final_stage.restore_packages import packages_installed_by
from slimify.planning.layout import WordEdit

# RUNs of other kinds may need the restored packages.
_NEEDS_NOTHING_RESTORED = INSTALLS_NOTHING | CHANGES_FILES | {"packages", "users"}
_SPECIAL_OPTIONS = ("-t", "--target-release", "--default-release", "-d", "--download-only", "--only-upgrade")


def merged_head_install(
    program: Program,
    final: Mapping[int, frozenset[int]],
    words: Mapping[int, WordEdit],
    head: tuple[str, ...],
) -> tuple[tuple[str, ...], Mapping[int, WordEdit]]:
    """The head of the final stage and the edits of its RUNs, with the packages of the head's install moved
    into the first apt install of the user's own RUNs, if there is one."""
    line = next((h for h in head if packages_installed_by(h)), "")
    if not line:
        return head, words
    names = packages_installed_by(line)
    for index in sorted(i for i in final if program.step(i).keyword == "RUN"):
        step = program.step(index)
        atoms = [a for a in step.atoms if a.index in final[index]]
        kinds = {e.kind for a in atoms for e in a.effects}
        if not atoms or not kinds <= _NEEDS_NOTHING_RESTORED:
            break
        edit = words.get(index, WordEdit())
        span = _last_name(step, atoms, edit, names) if {"packages", "index"} <= kinds else None
        if span is not None:
            text = edit.replace.get(span, step.script.text[span[0] : span[1]] if step.script else "")
            more = replace(edit, replace={**edit.replace, span: " ".join((text, *names))}, added=names)
            return tuple(h for h in head if h != line), {**words, index: more}
    return head, words


def _last_name(
    step: Step, atoms: Sequence[AtomStep], edit: WordEdit, names: Sequence[str]
) -> tuple[int, int] | None:
    """The span of the last package name in an install that others can be added to."""
    for atom in atoms:
        for effect in atom.effects:
            spans = [p.span for p in effect.packages if p.span not in edit.drop]
            if spans and _is_extensible(step, atom, effect, names):
                return spans[-1]
    return None


def _is_extensible(step: Step, atom: AtomStep, effect: Effect, names: Sequence[str]) -> bool:
    """Whether this is a plain `apt-get install` in the RUN itself whose options also suit the new names."""
    assert step.script is not None
    given = {w.value or "" for w in effect.command.words}
    sparing = "--no-install-recommends" in given or all(n.startswith("lib") for n in names)
    return (
        effect.kind == "packages"
        and effect.manager == SystemManager.APT
        and effect.tool in ("apt", "apt-get")
        and not effect.why
        and sparing
        and not given.intersection(_SPECIAL_OPTIONS)
        and not effect.command.context
        and not step.script.atoms[atom.index].opaque
        and not step.instruction.heredocs
        and all(p.name and p.span != (-1, -1) for p in effect.packages)
    )
