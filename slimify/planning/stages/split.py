"""Program -> Layout: splits the steps into two stages by their roles.

The builder is the user's file up to its last build step: the stage is thrown away, so taking a step out
would gain nothing, and a later one may depend on it. Only instructions that describe the image are left
out. The final stage repeats, in the user's order, the steps that run time needs, and copies the artifacts
with COPY --from. These rules hold for every language; a strategy chooses the base, the copies and the
restored packages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from slimify.analysis.program import Program, Step
from slimify.languages import languages
from slimify.model.decisions import Decision
from slimify.model.effects import INSTALLS, INSTALLS_NOTHING, NOT_FOR_RUN_TIME, Effect
from slimify.planning.final_stage.commands import (
    SplitRequest,
    final_atoms,
    only_checks,
    removes_copied,
    rewritten_install,
)
from slimify.planning.final_stage.copy_position import behind_attributes, behind_sources
from slimify.planning.final_stage.instruction_text import is_run_editable
from slimify.planning.final_stage.restore_packages import merged_head_install, restored_bytes
from slimify.planning.in_place.cache_cleaning import build_caches
from slimify.planning.layout import CopyFromBuilder, Layout, WordEdit
from slimify.planning.package_lists import are_lists_read, reads_lists
from slimify.planning.stages.certain_paths import made_certain
from slimify.semantics.paths import inside


def split_layout(program: Program, request: SplitRequest) -> Layout:
    """The layout of a two-stage file, or of a single stage if nothing is built."""
    final: dict[int, frozenset[int]] = {}
    edits: dict[int, WordEdit] = {}
    anew: dict[int, str] = {}
    for step in program.steps:
        if step.keyword == "RUN":
            if step.index in request.drop_final:
                continue
            kept, edit = final_atoms(program, step, request)
            rewritten = rewritten_install(step, kept, request)
            if rewritten is not None and not (kept and _is_line_editable(program, step, kept, edit)):
                final[step.index] = frozenset(a.index for a in step.atoms)
                anew[step.index] = rewritten
                continue
            if kept is not None:
                final[step.index] = kept
                if edit.replace:
                    edits[step.index] = edit
        elif (
            step.keyword in ("COPY", "ADD") and step.role != "build" and step.index not in request.drop_final
        ):
            final[step.index] = frozenset()
    copies = behind_attributes(program, behind_sources(program, request.copies, final), final)
    last = _builder_end(program, copies)
    final = _without_idle_runs(program, final)
    final = {i: _with_exit_status(program, i, kept, edits.get(i, WordEdit())) for i, kept in final.items()}
    head, words = merged_head_install(
        program, {i: a for i, a in final.items() if i not in anew}, edits, request.final_head
    )
    tail: tuple[str, ...] = ()
    if last is not None:
        cleaned = _without_caches(program, copies, last)
        tail = (*request.builder_tail, *cleaned, *made_certain(program, copies, last))
    texts = {i: text.replace("\n", program.dockerfile.newline) for i, text in anew.items() if i in final}
    return replace(
        request,
        language=program.language or "",
        builder_end=last,
        final=final,
        words=words,
        copies=copies,
        builder_tail=tail,
        final_head=head,
        saving=request.saving - restored_bytes(request.final_head),
        replace={**texts, **request.replace},
        decisions=(*request.decisions, *_lost_digest(program, request.base)),
    )


def _lost_digest(program: Program, base: str) -> Iterator[Decision]:
    """Says that the new base is not pinned where the old one is: a digest is that of one image (rule P8)."""
    if "@" in program.base_ref and "@" not in base:
        line = program.dockerfile.instructions[program.dockerfile.last_from].line
        yield Decision.of("SL305", "lost", line=line, base=base, at=line)


def _without_caches(program: Program, copies: Sequence[CopyFromBuilder], last: int) -> tuple[str, ...]:
    """The commands that clean the caches of installers and builds inside the directories that are copied."""
    folders = [copy.path for copy in copies if not copy.is_file]
    found: dict[str, None] = {}
    for step in (s for s in program.steps if s.index <= last and s.keyword == "RUN"):
        caches = [c for e in step.effects if e.kind in INSTALLS for c in e.caches]
        if "type=cache" not in step.instruction.raw and any(
            cache != folder and inside(cache, folder) for cache in caches for folder in folders
        ):
            parts = (known.installer_caches for known in languages())
            cleanings = (p.cache_cleanings(program, step, frozenset()) for p in parts if p is not None)
            found |= dict.fromkeys(f"RUN {one.tail}" for each in cleanings for one in each if one.tail)
    effects = (e for step in program.steps if step.index <= last for e in step.effects)
    left = [c for c in build_caches(program, effects) if any(inside(c, folder) for folder in folders)]
    return (*found, *([f"RUN rm -rf {' '.join(left)}"] if left else ()))


def _is_line_editable(program: Program, step: Step, kept: frozenset[int], words: WordEdit) -> bool:
    """Whether a heredoc can be edited line by line: every package name is literal."""
    named = all(p.span != (-1, -1) for e in step.effects for p in e.packages)
    return bool(step.instruction.heredocs) and named and is_run_editable(program, step.index, kept, words)


def _builder_end(program: Program, copies: Sequence[CopyFromBuilder]) -> int | None:
    """The last instruction that anything copied depends on; None if nothing is copied."""
    if not copies:
        return None
    indexes = [t.after for t in copies]
    for step in program.steps:
        if step.keyword in ("COPY", "ADD") and step.role == "build":
            indexes.append(step.index)
        if step.keyword != "RUN":
            continue
        for atom in step.atoms:
            kinds = atom.kinds
            idle = kinds <= {"packages", "state", "cache", "index", "unpackage"} or only_checks(atom)
            if atom.role == "build" and not idle:
                indexes.append(step.index)
    return max(indexes)


def _without_idle_runs(program: Program, final: Mapping[int, frozenset[int]]) -> dict[int, frozenset[int]]:
    """Drops RUNs that only refresh package lists or clean up if no install remains that needs them."""
    result = dict(final)
    steps = {s.index: s for s in program.steps}

    def effects(index: int) -> list[Effect]:
        return [e for a in steps[index].atoms if a.index in final[index] for e in a.effects]

    installs = [i for i in final if steps[i].keyword == "RUN" and any(map(reads_lists, effects(i)))]
    for index in list(result):
        step = steps[index]
        if step.keyword != "RUN" or not step.atoms:
            continue
        own = {e.kind for e in effects(index)}
        later = (s for s in program.steps if s.index > index and s.index in final)
        if (
            (own <= {"index", "state", "check"} and "index" in own and not are_lists_read(later, final))
            or (own <= {"cache", "state", "check"} and not any(i < index for i in installs))
            or (own <= NOT_FOR_RUN_TIME and not installs)
        ) and not removes_copied(program, step):
            del result[index]
        else:
            result[index] = _without_orphan_clean_up(step, result[index])
    return result


def _without_orphan_clean_up(step: Step, atoms: frozenset[int]) -> frozenset[int]:
    """Drops index refreshes and clean-ups whose package commands are gone."""
    if any(reads_lists(e) for a in step.atoms if a.index in atoms for e in a.effects):
        return atoms
    idle = {a.index for a in step.atoms if a.kinds <= {"index", "cache"} and a.effects}
    lasting = atoms - idle
    return lasting if any(a.kinds - INSTALLS_NOTHING for a in step.atoms if a.index in lasting) else atoms


def _with_exit_status(program: Program, index: int, kept: frozenset[int], words: WordEdit) -> frozenset[int]:
    """The commands of a RUN, with its refreshes and clean-ups where the list can't do without them: its last
    command determines the exit status."""
    if is_run_editable(program, index, kept, words):
        return kept
    idle = {a.index for a in program.step(index).atoms if a.kinds <= {"index", "cache"}}
    return kept | idle if is_run_editable(program, index, kept | idle, words) else kept
