"""Layout -> Plan: the instructions of both stages, in the user's wording and order."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.effects import CHANGES_SYSTEM_STATE, Effect
from slimify.model.plan import Item, Plan, Stage
from slimify.planning.final_stage.copy_position import WITHOUT_COPIES, runs_installed_program, touches_no_copy
from slimify.planning.final_stage.instruction_text import (
    final_texts,
    from_instruction,
)
from slimify.planning.final_stage.present_paths import runnable
from slimify.planning.final_stage.rebase import configured_base
from slimify.planning.in_place.edits import new_draft, texts_above
from slimify.planning.layout import CopyFromBuilder, Layout
from slimify.planning.stages.items import (
    keyword_case,
    named_from,
    new_item,
    separate_instructions,
    with_line_end,
)
from slimify.planning.stages.passes import finished
from slimify.planning.stages.shared_base import shares_steps
from slimify.planning.stages.spare_steps import spare_steps
from slimify.semantics.paths import overlap
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
    """The plan that a layout describes, or the reason why its edits are not possible (SL390)."""
    try:
        plan = _plan(program, layout)
        able = runnable(program, layout, plan)
        if isinstance(able, Reason):
            return able
        plan = plan if able is layout else _plan(program, able)
        whole = _plan(program, replace(able, whole_builder=True)) if able.rung == "same-base" else plan
        return whole if whole != plan and shares_steps(program, whole) else plan
    except EditRefused as error:
        return Reason.of("SL390", "not_possible", why=error.reason)


def _plan(program: Program, layout: Layout) -> Plan:
    """The plan that a layout describes. Raises EditRefused if its edits are not possible."""
    blocks = instruction_blocks(program.dockerfile)
    *stages, own = new_draft(program).stages
    start, several, at = from_instruction(program), bool(stages), program.dockerfile.last_from
    above = [item.text for item in own.items if item.origin is not None and item.origin <= at]
    lead = "".join(above).removesuffix(with_line_end(start.raw, program.dockerfile.newline))
    name = _builder_name(program, layout)
    final = [_with_stage_name(item, name) for item in _final_items(program, layout, blocks)]
    builder = _builder(program, layout, blocks, "" if several else lead, name)
    takes = any(item.origin is None and f"--from={name} " in item.text for item in final)
    known = {stage.name or str(number) for number, stage in enumerate(stages)}
    if builder is not None or (takes and name not in known):
        stages.append(builder or _empty_builder(program, name))
    upper = lead if several or builder is None else ""
    parts = from_parts(start)
    base, called = configured_base(program, layout.base)
    origin = at if several or builder is None else None
    head = Item(text=upper + _final_from(program, base, parts.alias or ""), origin=origin)
    stages.append(Stage(name=parts.alias or "", base=base, purpose="run", items=(head, *final)))
    plan = Plan(
        rung=layout.rung,
        language=layout.language,
        stages=tuple(stages),
        decisions=(*layout.decisions, *called),
        saving=layout.saving,
        original=layout.original,
        measured=layout.measured,
    )
    return finished(program, plan)


def instruction_blocks(file: Dockerfile) -> tuple[Block, ...]:
    """One block per instruction, in order. Detached comments belong to the next instruction."""
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


def _with_stage_name(item: Item, name: str) -> Item:
    """A new COPY with the real name of the builder stage in `--from`."""
    if item.origin is not None or name == "builder":
        return item
    return replace(item, text=item.text.replace("--from=builder ", f"--from={name} "))


def _builder_name(program: Program, layout: Layout) -> str:
    """The name of the stage that is copied from: the one that the last stage starts from if it executes all
    that is copied, or an earlier one on the same image if nothing has to be executed."""
    if _is_in_parent(program, layout):
        return program.parent
    earlier = program.machine.stages[:-1]
    sources = program.machine.final.sources
    alike = (
        s.name or str(len(s.earlier))
        for s in sorted(earlier, key=lambda s: s not in sources)
        if [*s.chain][-1].reference == program.base_ref
    )
    alias = (from_parts(from_instruction(program)).alias or "").lower()
    taken = {alias, program.base_ref.lower(), *(stage.name for stage in earlier)}
    new = next(n for n in ("builder", "build", "build-stage", "builder-stage", "base") if n not in taken)
    return next(alike, new) if layout.builder_end is None else new


def _is_in_parent(program: Program, layout: Layout) -> bool:
    """Whether the stage that the last one starts from executes all that the layout copies."""
    within = layout.builder_end is None or layout.builder_end < program.own
    return bool(program.parent) and within and not (layout.builder_tail or layout.builder_before)


def _builder(
    program: Program, layout: Layout, blocks: tuple[Block, ...], lead: str, name: str
) -> Stage | None:
    """The stage that is copied from; None if the file has it, or if nothing is copied."""
    if _is_in_parent(program, layout) or layout.builder_end is None:
        return None
    start, end, case = from_instruction(program), program.dockerfile.newline, keyword_case(program)
    image = program.parent or from_parts(start).image
    if any(index < program.own for index in layout.builder_before):
        raise EditRefused(Reason.of("SL390", "parent", stage=program.parent))
    line = f"{case('FROM')} {program.parent}{end}" if program.parent else start.raw
    first = Item(text=lead + line, origin=None if program.parent else program.dockerfile.last_from)
    items = _builder_items(program, layout, blocks, layout.builder_end)
    return Stage(name=name, base=image, purpose="build", items=(named_from(first, name, case, end), *items))


def _empty_builder(program: Program, name: str) -> Stage:
    """A stage with the files of the old base image."""
    start, end, case = from_instruction(program), program.dockerfile.newline, keyword_case(program)
    first = named_from(Item(text=start.raw), name, case, end)
    return Stage(name=name, base=from_parts(start).image, purpose="build", items=(first,))


def _final_from(program: Program, base: str, alias: str) -> str:
    """FROM of the final stage: the user's line with the new base."""
    end, case = program.dockerfile.newline, keyword_case(program)
    parts = from_parts(from_instruction(program))
    tail = f" {case('AS')} {alias}" if alias else ""
    platform = f"--platform={parts.platform} " if parts.platform else ""
    return f"{_lint_comment(parts.image, base, end)}{case('FROM')} {platform}{base}{tail}{end}"


def _lint_comment(before: str, base: str, end: str) -> str:
    """A hadolint ignore comment for an untagged base: distroless images name their release in the image
    name."""
    tagged = ":" in before.rpartition("/")[2] or "@" in before
    untagged = ":" not in base.rpartition("/")[2] and "@" not in base and "$" not in base
    return f"# hadolint ignore=DL3006{end}" if tagged and untagged else ""


def _builder_items(
    program: Program, layout: Layout, blocks: tuple[Block, ...], last: int
) -> tuple[Item, ...]:
    """The user's instructions up to `last`, without those that only describe or shape the final image."""
    end = program.dockerfile.newline
    items: list[Item] = []
    start = program.own or program.dockerfile.last_from + 1
    spare = frozenset[int]() if layout.whole_builder else spare_steps(program, layout)
    spaced = False
    for index, block in enumerate(blocks[start : last + 1], start):
        spaced = block.spaced or (spaced and index - 1 in spare)
        if block.instruction.keyword in CONFIG_ONLY or index in spare:
            continue
        before = layout.builder_before.get(index, ())
        items += [new_item(line, end, spaced=spaced and not n) for n, line in enumerate(before)]
        text = block.comments + with_line_end(block.instruction.raw, end)
        gap = "" if before else block.gap
        items.append(Item(text=text, origin=index, spaced=spaced, gap=gap))
    return (*items, *(new_item(line, end) for line in layout.builder_tail))


def _final_items(program: Program, layout: Layout, blocks: tuple[Block, ...]) -> tuple[Item, ...]:
    end = program.dockerfile.newline
    texts = final_texts(program, layout)
    start = program.dockerfile.last_from + 1
    spacious = any(block.spaced for block in blocks[start : start + 1])  # a blank line after FROM
    items: list[Item] = [
        new_item(line, end, spaced=spacious and not number) for number, line in enumerate(layout.final_head)
    ]
    pending_space = False
    for index, block in enumerate(blocks[start:], start):
        spaced = block.spaced or pending_space or (spacious and not items)
        made: list[Item] = []
        copies = [t for t in layout.copies if t.after == index]
        text = texts.get(index)
        if text is not None:
            whole = with_line_end(text, end)  # one instruction may become several
            several = index in layout.replace
            first, *more = separate_instructions(whole, program.dockerfile.escape) if several else [whole]
            made += [Item(text=line, origin=index) for line in (block.comments + first, *more)]
        copy_items = [new_item(line, end) for line in layout.final_before.get(index, ())]
        copy_items += [_copy_item(t, end) for t in copies]
        copy_items += [new_item(line, end) for line in layout.final_after.get(index, ())]
        behind = any(t.behind for t in copies) or _needs_no_copies(program, layout, index)
        copies_first = bool(made and copies) and not behind
        if copies_first and made and block.comments:
            made = [replace(made[0], spaced=block.spaced), *made[1:]]  # not the comment of the copy
        made = copy_items + made if copies_first else made + copy_items
        pending_space = spaced and not made
        for position, item in enumerate(made):
            own = block.gap if block.spaced and not position and item.origin == index else ""
            items.append(replace(item, spaced=item.spaced or (spaced and not position), gap=own))
    _, trailing = texts_above(program.dockerfile)
    return (*items, Item(text=trailing)) if trailing else tuple(items)


def _needs_no_copies(program: Program, layout: Layout, index: int) -> bool:
    """Whether the rest of a RUN needs no build artifact: it installs packages, creates users or
    directories."""
    step = program.step(index)
    atoms = layout.final.get(index, frozenset())
    effects = [e for a in step.atoms if a.index in atoms for e in a.effects]
    if any(runs_installed_program(e) or _reads_copy(e, layout.copies) for e in effects):
        return False
    if all(e.kind in WITHOUT_COPIES or _only_removes_base_files(e, layout.copies) for e in effects):
        return True
    installs = any(e.kind == "packages" for e in effects)  # changes less often than what is built
    return installs and all(e.kind in WITHOUT_COPIES or touches_no_copy(e, layout.copies) for e in effects)


def _only_removes_base_files(effect: Effect, copies: tuple[CopyFromBuilder, ...]) -> bool:
    """Whether a command only removes files of the base image from directories that are copied. It must run
    before the copy, or it would remove the builder's files."""
    return (
        effect.kind == "files"
        and bool(effect.deletes)
        and not (effect.writes_anywhere or effect.writes or effect.outputs)
        and all(any(_matches_below(d, t.path) for t in copies if not t.is_file) for d in effect.deletes)
    )


def _matches_below(pattern: str, directory: str) -> bool:
    """Whether a glob pattern names something below a directory, which may be one of several."""
    names, own = pattern.split("/"), directory.split("/")
    return len(names) > len(own) and all(fnmatchcase(o, n) for o, n in zip(own, names, strict=False))


def _reads_copy(effect: Effect, copies: tuple[CopyFromBuilder, ...]) -> bool:
    """Whether a command that registers something in the system reads what is copied: ldconfig, libraries."""
    registers = effect.kind in CHANGES_SYSTEM_STATE
    return registers and any(overlap(path, copy.path) for path in effect.reads for copy in copies)


def _copy_item(copy: CopyFromBuilder, end: str) -> Item:
    owner = f"--chown={copy.owner} " if copy.owner else ""
    return new_item(f"COPY --from=builder {owner}{copy.path} {copy.path}", end)
