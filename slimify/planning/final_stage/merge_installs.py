"""What apt installs in the final stage, in one RUN where that changes nothing.

Packages that are put back go into the user's own install, and lists that a RUN of its own fetches are
removed in the layer that has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from slimify.analysis.program import AtomStep, Program, Step
from slimify.model.effects import CHANGES_FILES, INSTALLS_NOTHING, NOT_FOR_RUN_TIME, Effect
from slimify.model.plan import Item
from slimify.planning.final_stage.restore_packages import put_by
from slimify.planning.layout import WordEdit
from slimify.planning.stages.join_runs import lengthened, parted

# RUNs of other kinds may need what is put back.
_NEEDLESS = INSTALLS_NOTHING | CHANGES_FILES | {"packages", "users"}
_OTHERWISE = ("-t", "--target-release", "--default-release", "-d", "--download-only", "--only-upgrade")
_CLEAN = " && rm -rf /var/lib/apt/lists/*"


def put_alongside(
    program: Program,
    final: Mapping[int, frozenset[int]],
    words: Mapping[int, WordEdit],
    head: tuple[str, ...],
) -> tuple[tuple[str, ...], Mapping[int, WordEdit]]:
    """The head of the final stage and the edits of its RUNs, with the packages of the head's install in the
    first one that the user's own RUNs make, if any."""
    line = next((h for h in head if put_by(h)), "")
    if not line:
        return head, words
    names = put_by(line)
    for index in sorted(i for i in final if program.step(i).keyword == "RUN"):
        step = program.step(index)
        atoms = [a for a in step.atoms if a.index in final[index]]
        kinds = {e.kind for a in atoms for e in a.effects}
        if not atoms or not kinds <= _NEEDLESS:
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
    """The place of the last package that stays in an install which others can be added to."""
    for atom in atoms:
        for effect in atom.effects:
            spans = [p.span for p in effect.packages if p.span not in edit.drop]
            if spans and _extensible(step, atom, effect, names):
                return spans[-1]
    return None


def _extensible(step: Step, atom: AtomStep, effect: Effect, names: Sequence[str]) -> bool:
    """apt-get install in the RUN itself, which brings no more for the new names than they need."""
    assert step.script is not None
    given = {w.value or "" for w in effect.command.words}
    sparing = "--no-install-recommends" in given or all(n.startswith("lib") for n in names)
    return (
        effect.kind == "packages"
        and effect.manager == "apt"
        and effect.tool in ("apt", "apt-get")
        and not effect.why
        and sparing
        and not given.intersection(_OTHERWISE)
        and not effect.command.context
        and not step.script.atoms[atom.index].opaque
        and not step.instruction.heredocs
        and all(p.name and p.span != (-1, -1) for p in effect.packages)
    )


def with_their_lists(program: Program, items: Sequence[Item]) -> tuple[Item, ...]:
    """The items with each RUN that only fetches lists joined to the installs directly behind it, where the
    last of these removes the lists."""
    result: list[Item] = []
    at = 0
    while at < len(items):
        last = at
        if _kinds(program, items[at], {"index"}):
            while last + 1 < len(items) and _kinds(program, items[last + 1], {"packages"}):
                last += 1
        joined = _joined(program, items[at : last + 1]) if last > at else None
        if joined is not None:
            result.append(joined)
            at = last + 1
        else:
            result.append(items[at])
            at += 1
    return tuple(result)


def _kinds(program: Program, item: Item, wanted: set[str]) -> bool:
    """A RUN of the file that does this, and nothing else that lasts."""
    if item.origin is None or item.origin < program.steps[0].index:
        return False
    step = program.step(item.origin)
    kinds = {e.kind for e in step.effects}
    managers = {e.manager for e in step.effects if e.kind in ("index", "packages")}
    plain = step.keyword == "RUN" and not step.instruction.flags and managers == {"apt"}
    return plain and wanted <= kinds and kinds <= wanted | NOT_FOR_RUN_TIME


def _joined(program: Program, items: Sequence[Item]) -> Item | None:
    """One RUN of several; None where one is more than a plain list of commands, or has comments."""
    end = program.dockerfile.newline
    made = items[0]
    if not items[-1].text.rstrip().endswith(_CLEAN):
        return None
    for item in items[1:]:
        comments, body = parted(item.text)
        command = body.partition(" ")[2].lstrip()
        if f"\\{end}   {_CLEAN}" not in command:
            command = command.replace(_CLEAN, f" \\{end}   {_CLEAN}")
        longer = lengthened(made, command, end) if not comments.strip() else None
        if longer is None:
            return None
        made = longer
    return made
