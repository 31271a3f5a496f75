"""Layout -> Plan: the instructions of both stages, in the user's own words and order."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.system import is_root
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.effects import CHANGES_FILES, CHANGES_SYSTEM_STATE, INSTALLS_NOTHING, Effect
from slimify.model.plan import Item, Plan, Stage
from slimify.planning.final_stage.copy_position import starts_installed
from slimify.planning.final_stage.merge_installs import with_their_lists
from slimify.planning.final_stage.rebase import own_name
from slimify.planning.final_stage.text import (
    STATEFUL,
    edited,
    final_text,
    from_index,
    from_instruction,
    late_workdirs,
    repeated_state,
    step_at,
    when_users_matter,
)
from slimify.planning.layout import CopyFromBuilder, Layout, WordEdit
from slimify.planning.stages.join_runs import lengthened, side_by_side
from slimify.semantics.paths import touches
from slimify.syntax.dockerfile.instructions import from_parts
from slimify.syntax.dockerfile.keywords import CONFIG_ONLY
from slimify.syntax.shell.script import EditRefused


class Block(Struct, frozen=True, kw_only=True):
    """An instruction with the comments directly above it."""

    instruction: Instruction
    comments: str
    gap: str  # the blank lines above

    @property
    def spaced(self) -> bool:
        return bool(self.gap)


def assemble(program: Program, layout: Layout) -> Plan | Reason:
    """The plan that a layout describes, or why its edits can't be made (SL390)."""
    file = program.dockerfile
    blocks = blocks_of(file)
    try:
        final = _final_items(program, layout, blocks)
        builder = _builder_items(program, layout, blocks) if layout.build else ()
    except EditRefused as error:
        return Reason.of("SL390", "not_possible", why=str(error))
    lead, names = _lead(program, blocks), _stage_names(program)
    final = with_their_lists(program, [_from_stage(item, names[0]) for item in final])
    final = side_by_side(program, final)
    start = from_parts(from_instruction(program))
    stages: list[Stage] = []
    end = file.newline
    if builder:
        first = Item(
            text=lead + _renamed(from_instruction(program), names[0], end), origin=from_index(program)
        )
        builder, tail = _with_tail(side_by_side(program, builder), layout.builder_tail, end)
        tail += _back_from_root(program, layout)
        stages.append(Stage(name=names[0], base=start.image, purpose="build", items=(first, *builder, *tail)))
        lead = ""
    base, called = own_name(program, layout.base)
    head = Item(
        text=lead + _final_from(program, base, start.alias or "", end),
        origin=from_index(program) if not builder else None,
    )
    stages.append(Stage(name=start.alias or "", base=base, purpose="run", items=(head, *final)))
    return Plan(
        rung=layout.rung,
        language=layout.language,
        stages=tuple(stages),
        decisions=(*layout.decisions, *called),
        saving=layout.saving,
        original=layout.original,
        measured=layout.measured,
    )


def _back_from_root(program: Program, layout: Layout) -> tuple[Item, ...]:
    """The USER that followed a change to root in the builder: as in the file, root does not stay."""
    users = [s for s in program.steps if s.keyword == "USER"]
    before = [s for s in users if s.index <= max(layout.build)]
    after = [s for s in users if s.index > max(layout.build)]
    if not before or not after or not is_root(before[-1].instruction.value.strip()):
        return ()
    return (Item(text=_ended(after[0].instruction.raw, program.dockerfile.newline), origin=after[0].index),)


def _with_tail(
    items: tuple[Item, ...], lines: tuple[str, ...], end: str
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """The builder's items with further commands: part of its last RUN where that is plain shell, so
    that no layer is stored before it is pruned; else RUNs of their own."""
    rest: list[Item] = []
    for line in lines:
        command = line.removeprefix("RUN ").replace("\n", end)
        fits = items and not rest and line.startswith("RUN ")
        joined = lengthened(items[-1], command, end) if fits else None
        if joined is None:
            rest.append(_new(line, end))
        else:
            items = (*items[:-1], joined)
    return items, tuple(rest)


def blocks_of(file: Dockerfile) -> tuple[Block, ...]:
    """One block an instruction, in order; comments that stand apart go with the next one."""
    blocks: list[Block] = []
    comments, gap = "", ""
    for node in file.nodes:
        if isinstance(node, Instruction):
            blocks.append(Block(instruction=node, comments=comments, gap=gap))
            comments, gap = "", ""
        elif node.kind == "comment":
            comments += node.raw
        elif node.kind == "blank":
            if comments:
                comments += node.raw
            else:
                gap += node.raw
    return tuple(blocks)


def _lead(program: Program, blocks: tuple[Block, ...]) -> str:
    """Everything above FROM, verbatim: directives, comments, global ARGs."""
    text = ""
    for node in program.dockerfile.nodes:
        if isinstance(node, Instruction) and node.keyword == "FROM":
            return text
        text += node.raw
    return text


def _from_stage(item: Item, name: str) -> Item:
    """A new COPY says `--from=builder`; the stage may have had to take another name."""
    if item.origin is not None or name == "builder":
        return item
    return replace(item, text=item.text.replace("--from=builder ", f"--from={name} "))


def _stage_names(program: Program) -> tuple[str]:
    alias = (from_parts(from_instruction(program)).alias or "").lower()
    taken = {alias, program.base_ref.lower()}
    return (next(n for n in ("builder", "build", "build-stage", "builder-stage") if n not in taken),)


def _word(instruction: Instruction, word: str) -> str:
    """`AS` in the case that the user writes keywords in."""
    return word.lower() if instruction.raw.lstrip()[:4].islower() else word


def _renamed(instruction: Instruction, name: str, end: str) -> str:
    """The FROM line with `AS name`, whatever alias it had."""
    body = re.sub(r"(?is)\s+as\s+\S+\s*$", "", instruction.raw.rstrip())
    return f"{body} {_word(instruction, 'AS')} {name}{end}"


def _final_from(program: Program, base: str, alias: str, end: str) -> str:
    """FROM of the final stage: the original line when the base is the same, else a new one."""
    instruction = from_instruction(program)
    parts = from_parts(instruction)
    tail = f" {_word(instruction, 'AS')} {alias}" if alias else ""
    platform = f"--platform={parts.platform} " if parts.platform else ""
    return f"{_quiet(parts.image, base, end)}{_word(instruction, 'FROM')} {platform}{base}{tail}{end}"


def _quiet(before: str, base: str, end: str) -> str:
    """Distroless images name their release and have no other tag to give; a linter need not ask."""
    tagged = ":" in before.rpartition("/")[2] or "@" in before
    untagged = ":" not in base.rpartition("/")[2] and "@" not in base and "$" not in base
    return f"# hadolint ignore=DL3006{end}" if tagged and untagged else ""


def _new(line: str, end: str, *, spaced: bool = False, note: str = "") -> Item:
    """A new instruction; multi-line ones get the file's line ends."""
    return Item(text=line.replace("\n", end) + end, spaced=spaced, note=note)


def _ended(text: str, end: str) -> str:
    return text if text.endswith("\n") else text + end


def _builder_items(program: Program, layout: Layout, blocks: tuple[Block, ...]) -> tuple[Item, ...]:
    last = max(layout.build)
    end = program.dockerfile.newline
    users_matter = when_users_matter(program, layout.build)
    items: list[Item] = []
    for index, block in enumerate(blocks):
        keyword = block.instruction.keyword
        if index <= from_index(program) or index > last or keyword in CONFIG_ONLY:
            continue
        if keyword == "RUN":
            atoms = layout.build.get(index)
            if atoms is None:
                continue
            text: str | None = block.instruction.raw
            step = step_at(program, index)
            if step.script is not None and step.script.atoms:
                drop = frozenset(range(len(step.script.atoms))) - atoms
                text = edited(program, index, drop, WordEdit())
        elif keyword in STATEFUL:
            if keyword == "USER" and not users_matter(index):
                continue
            text = block.instruction.raw
        elif index in layout.build:
            text = block.instruction.raw
        else:
            continue
        if text is not None:
            for number, line in enumerate(layout.builder_before.get(index, ())):
                items.append(_new(line, end, spaced=block.spaced and not number))
            gap = "" if index in layout.builder_before else block.gap
            item = Item(text=block.comments + _ended(text, end), origin=index, spaced=block.spaced, gap=gap)
            items.append(item)
    return tuple(items)


def _final_items(program: Program, layout: Layout, blocks: tuple[Block, ...]) -> tuple[Item, ...]:
    end = program.dockerfile.newline
    instructions = program.dockerfile.instructions
    keep = repeated_state(program, layout)
    late = late_workdirs(program, layout, keep)
    spacious = _spaced_from(program, blocks)
    items: list[Item] = [
        _new(line, end, spaced=spacious and not number) for number, line in enumerate(layout.final_head)
    ]
    pending_space = False
    for index, block in enumerate(blocks):
        if index <= from_index(program):
            continue
        instruction = instructions[index]
        spaced = block.spaced or pending_space or (spacious and not items)
        made: list[Item] = []
        trees = [t for t in layout.copies if t.after == index]
        text = final_text(program, layout, index, keep)
        built = index in layout.build and instruction.keyword in STATEFUL
        if text is not None and index not in late:
            comments = "" if built else block.comments
            if index in layout.replace:  # one instruction may become several
                first, *more = _ended(text, end).splitlines(keepends=True)
                made += [
                    Item(text=comments + first, origin=index),
                    *(Item(text=line, origin=index) for line in more),
                ]
            else:
                made.append(Item(text=comments + _ended(text, end), origin=index))
        copies = [_copy(t, end) for t in trees]
        copies += [_new(line, end) for line in layout.final_after.get(index, ())]
        copies_first = bool(made and trees) and not _independent(program, layout, index)
        if copies_first and made and block.comments:
            made = [replace(made[0], spaced=block.spaced), *made[1:]]  # not the comment of the copy
        copies += [
            Item(text=_ended(instructions[w].raw, end), origin=w)
            for w, after in late.items()
            if after == index
        ]
        made = copies + made if copies_first else made + copies
        pending_space = spaced and not made
        for position, item in enumerate(made):
            own = block.gap if block.spaced and not position and item.origin == index else ""
            items.append(replace(item, spaced=item.spaced or (spaced and not position), gap=own))
    items = _without_repeats(program.dockerfile, items)
    trailing = _trailing(program.dockerfile)
    if trailing:
        items.append(Item(text=trailing))
    return tuple(items)


def _spaced_from(program: Program, blocks: tuple[Block, ...]) -> bool:
    """Whether the user leaves a blank line behind FROM."""
    start = from_index(program)
    return len(blocks) > start + 1 and blocks[start + 1].spaced


def _without_repeats(file: Dockerfile, items: list[Item]) -> list[Item]:
    """Without a WORKDIR that goes back to the directory which the stage never leaves: the one that left
    it is the builder's."""
    kept: list[Item] = []
    last: Item | None = None
    for item in items:
        if item.origin is None or file.instructions[item.origin].keyword != "WORKDIR":
            kept.append(item)
            continue
        value = file.instructions[item.origin].value.strip()
        if last is not None and value[:1] in ("/", "$") and _left(file, last, item.origin, value):
            continue
        last = item
        kept.append(item)
    return kept


def _left(file: Dockerfile, last: Item, index: int, value: str) -> bool:
    """Whether the user went elsewhere between two equal WORKDIRs."""
    assert last.origin is not None
    between = file.instructions[last.origin + 1 : index]
    return file.instructions[last.origin].value.strip() == value and any(
        x.keyword == "WORKDIR" for x in between
    )


def _trailing(file: Dockerfile) -> str:
    text = ""
    for node in reversed(file.nodes):
        if isinstance(node, Instruction):
            return text
        text = node.raw + text
    return text


def _independent(program: Program, layout: Layout, index: int) -> bool:
    """What is left of a RUN needs nothing that was built: it installs packages, makes users, directories."""
    step = step_at(program, index)
    atoms = layout.final.get(index, frozenset())
    effects = [e for a in step.atoms if a.index in atoms for e in a.effects]
    if any(starts_installed(e) for e in effects):
        return False
    if all(e.kind in _SYSTEM or _only_removes(e, layout.copies) for e in effects):
        return True
    installs = any(e.kind == "packages" for e in effects)  # changes less often than what is built
    return installs and all(e.kind in _SYSTEM or _elsewhere(e, layout.copies) for e in effects)


_SYSTEM = INSTALLS_NOTHING | CHANGES_SYSTEM_STATE | {"packages"}


def _only_removes(effect: Effect, trees: tuple[CopyFromBuilder, ...]) -> bool:
    """Takes the base's own files out of directories that are copied: before the builder's come, which are
    not for it to remove."""
    return (
        effect.kind == "files"
        and bool(effect.deletes)
        and not (effect.writes_anywhere or effect.writes or effect.outputs)
        and all(any(_below(d, t.path) for t in trees if not t.is_file) for d in effect.deletes)
    )


def _below(pattern: str, directory: str) -> bool:
    """Whether a pattern names something below a directory, of which it may name several."""
    names, own = pattern.split("/"), directory.split("/")
    return len(names) > len(own) and all(fnmatchcase(o, n) for o, n in zip(own, names, strict=False))


def _elsewhere(effect: Effect, trees: tuple[CopyFromBuilder, ...]) -> bool:
    """Work on files, none of which is copied from the builder."""
    paths = (*effect.reads, *effect.writes, *effect.deletes, *effect.outputs)
    if effect.kind not in CHANGES_FILES or effect.writes_anywhere or not paths:
        return False
    return not any(touches(path, tree.path) for path in paths for tree in trees)


def _copy(tree: CopyFromBuilder, end: str) -> Item:
    owner = f"--chown={tree.owner} " if tree.owner else ""
    return _new(f"COPY --from=builder {owner}{tree.path} {tree.path}", end, note=tree.note)
