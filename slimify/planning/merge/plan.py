"""Two Dockerfiles and the script between them -> one plan: the builder's file becomes a stage before the
other.

Both keep their instructions, except those of the builder that only describe an image. COPYs of files that a
script extracted from the builder's image take them from the stage.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.analysis.repository.build_script import BuildScript, Extract
from slimify.analysis.repository.engine_commands import normalized_name
from slimify.facts.programs import only_waits
from slimify.facts.shells import changes_user, is_shell
from slimify.facts.system import is_plain_root
from slimify.model.decisions import Decision, Reason
from slimify.model.dockerfile import Instruction, Node
from slimify.model.plan import Item, Plan, Stage
from slimify.planning.final_stage.instruction_text import from_instruction
from slimify.planning.in_place.edits import texts_above
from slimify.planning.merge.copies import BuilderCopy, Copies, sources_of_context
from slimify.planning.merge.stages import builder_stages, colliding_names, with_end
from slimify.planning.stages.assemble import instruction_blocks
from slimify.planning.stages.items import with_line_end
from slimify.semantics.paths import inside, inside_any
from slimify.syntax.dockerfile.instructions import arg_names, copy_parts, from_parts, is_multi_stage


class Pair(Struct, frozen=True, kw_only=True):
    """Both files, labelled, and the build script that connects them; None if there is none."""

    builder: Program
    runtime: Program
    build_script: BuildScript | None
    place: str = "."  # the context of the runtime file, relative to where the script's paths start


def merged_plan(pair: Pair) -> Plan | tuple[Reason, ...]:
    """The plan for one file, or the reasons why the files can't be merged."""
    reasons = tuple(_obstacles(pair)) or tuple(_unknown_script_effects(pair))
    if reasons:
        return reasons
    stage = _stage_name(pair)
    texts: dict[int, str] = {}
    taken: list[BuilderCopy] = []
    found: list[Reason] = []
    given_away = _may_have_other_owners(pair.builder)
    copies = Copies(pair.builder, pair.runtime, extracted_files(pair), stage, given_away=given_away)
    for step in pair.runtime.steps:
        if step.keyword not in ("COPY", "ADD"):
            continue
        named = _from_image(pair, step.instruction, stage)
        if named is not None:
            texts[step.index] = named
            continue
        result = copies.rewritten(step)
        if isinstance(result, Reason):
            found.append(result)
        elif result is not None:
            texts[step.index] = result[0]
            taken += result[1]
    found += _changed_extracts(pair, taken)
    if not texts and not found:
        found.append(
            Reason.of("SL373", "nothing_taken", runtime=pair.runtime.name, builder=pair.builder.name)
        )
    runs = _container_runs(pair, taken)
    if isinstance(runs, Reason):
        found.append(runs)
    if found or isinstance(runs, Reason):
        return tuple(found)
    return _plan(pair, stage, texts, taken, runs)


# --- obstacles ---------------------------------------------------------------------------------------


def _obstacles(pair: Pair) -> Iterator[Reason]:
    """Why the two files can't be merged."""
    one, other = pair.builder.dockerfile, pair.runtime.dockerfile
    yield from pair.builder.refusals
    yield from pair.runtime.refusals
    if is_multi_stage(other):
        yield Reason.of("SL404", "merged", file=pair.runtime.name)
    for name in colliding_names(pair.builder, pair.runtime):
        yield Reason.of(
            "SL375", "stage_name", stage=name, builder=pair.builder.name, runtime=pair.runtime.name
        )
    if one.escape != other.escape:
        yield Reason.of("SL375", "escape")
    if one.syntax and other.syntax and one.syntax != other.syntax:
        yield Reason.of("SL375", "syntax", builder=one.syntax, runtime=other.syntax)
    theirs = dict(_global_args(pair.runtime))
    for name, default in _global_args(pair.builder):
        if name in theirs and theirs[name] != default:
            yield Reason.of("SL375", "argument", name=name)
    ignored = (pair.builder.context.ignore_text or "", pair.runtime.context.ignore_text or "")
    if pair.builder.context.root == pair.runtime.context.root and ignored[0] != ignored[1]:
        yield Reason.of("SL375", "ignore_file")
    if pair.builder.context.root != pair.runtime.context.root:
        yield from _context_conflicts(pair)
    build_script = pair.build_script
    if build_script is None:
        return
    if build_script.builder.target.lower() not in (
        "",
        (from_parts(from_instruction(pair.builder)).alias or "").lower(),
    ):
        yield Reason.of("SL375", "one_stage", where=_script_line(build_script, build_script.builder.line))
    if normalized_name(pair.runtime.base_ref) in build_script.builder.tags:
        yield Reason.of("SL375", "own_image", runtime=pair.runtime.name)
    given = dict(a.partition("=")[::2] for a in build_script.builder.args)
    for name, value in (
        a.partition("=")[::2] for a in (build_script.runtime.args if build_script.runtime else ())
    ):
        if given.get(name, value) != value:
            yield Reason.of("SL375", "build_argument", name=name)


def _context_conflicts(pair: Pair) -> Iterator[Reason]:
    """Different contexts are fine as long as only the builder takes files from its own."""
    targets = {e.target for e in extracted_files(pair)}
    for source in sources_of_context(pair.runtime):
        if not any(inside(posixpath.normpath(source), t) for t in targets):
            yield Reason.of("SL375", "contexts", file=pair.runtime.name, source=source)


def _unknown_script_effects(pair: Pair) -> Iterator[Reason]:
    """Why the effects of the script are unknown."""
    build_script = pair.build_script
    if build_script is None:
        if any(not pair.runtime.context.has(s) for s in sources_of_context(pair.runtime) if "$" not in s):
            return  # reported for each COPY
        yield Reason.of("SL373", "no_script", builder=pair.builder.name)
        return
    for line, why in build_script.untraced:
        yield Reason.of("SL374", "runs", where=_script_line(build_script, line), why=why)


def _changed_extracts(pair: Pair, taken: Sequence[BuilderCopy]) -> Iterator[Reason]:
    build_script = pair.build_script
    for target, line, tool in build_script.modified if build_script is not None else ():
        if build_script is not None and any(
            t.extract.line and _relative(pair, target) == t.extract.target for t in taken
        ):
            where = _script_line(build_script, line)
            yield Reason.of("SL374", "changes", where=where, path=target, command=tool)


# --- what comes from the builder -----------------------------------------------------------------------


def _relative(pair: Pair, target: str) -> str:
    return posixpath.normpath(posixpath.relpath(target, pair.place))


def extracted_files(pair: Pair) -> tuple[Extract, ...]:
    """What the script extracts, relative to the context of the runtime file; the last one of each target."""
    found = {_relative(pair, e.target): e for e in (pair.build_script.extracts if pair.build_script else ())}
    return tuple(replace(e, target=t) for t, e in found.items() if not t.startswith(".."))


def extracted_paths(pair: Pair) -> tuple[str, ...]:
    """The paths taken from the builder's image, by a script or by `COPY --from` of the image."""
    names = named_images(pair)
    copies = (copy_parts(s.instruction) for s in pair.runtime.steps if s.keyword == "COPY")
    named = (p for c in copies if c.from_stage in names for p in c.sources)
    return (*(e.path for e in extracted_files(pair)), *named)


def named_images(pair: Pair) -> tuple[str, ...]:
    """The names that the other file's `COPY --from` uses for the builder's image."""
    tags = pair.build_script.builder.tags if pair.build_script is not None else ()
    copies = (copy_parts(s.instruction).from_stage for s in pair.runtime.steps if s.keyword == "COPY")
    return tuple(dict.fromkeys(name for name in copies if name and normalized_name(name) in tags))


def _from_image(pair: Pair, instruction: Instruction, stage: str) -> str | None:
    """`COPY --from=IMAGE` of the builder's image, with the stage in its place."""
    source = copy_parts(instruction).from_stage
    if (
        source is None
        or pair.build_script is None
        or normalized_name(source) not in pair.build_script.builder.tags
    ):
        return None
    return instruction.raw.replace(f"--from={source}", f"--from={stage}", 1)


def _may_have_other_owners(builder: Program) -> bool:
    """Whether the builder's files may belong to a user other than root."""
    for step in builder.steps:
        if step.keyword == "USER" and not is_plain_root(step.instruction.value.strip()):
            return True
        if step.keyword in ("COPY", "ADD") and copy_parts(step.instruction).chown:
            return True
        if any(e.tool in ("chown", "chgrp") or changes_user(e.tool) for e in step.effects):
            return True
    return builder.base is None or not is_plain_root(builder.base.user or "")


def _container_runs(pair: Pair, taken: Sequence[BuilderCopy]) -> tuple[str, ...] | Reason:
    """The RUNs that repeat what a container did before files were extracted from it; none if the image has
    them."""
    ran = [t.extract for t in taken if t.extract.ran]
    words = pair.build_script.command if pair.build_script is not None else ()
    if not ran or not words or _only_waits(words):
        return ()
    if all(_surely_makes(pair.builder, e.path) for e in ran):
        return ()
    if any("$" in word for word in words):
        return Reason.of("SL374", "run_first", command=shlex.join(words))
    if words[:2] in (("/bin/sh", "-c"), ("sh", "-c")) and len(words) == 3:
        return (f"RUN {words[2]}",)
    plain = all(re.fullmatch(r"[\w./:=@%+,-]+", word) for word in words)
    return (f"RUN {' '.join(words)}" if plain else f"RUN {json.dumps(list(words))}",)


def _only_waits(command: tuple[str, ...]) -> bool:
    """Whether a container only waits, or leaves no files behind."""
    return not command[0] or only_waits(command[0]) or (is_shell(command[0]) and command[1:2] != ("-c",))


def _surely_makes(builder: Program, path: str) -> bool:
    """Whether a step of the file certainly creates the path."""
    outputs = [o for s in builder.steps for e in s.effects for o in e.outputs]
    return inside_any(path, (*outputs, *(m.path for m in builder.artifacts if m.is_file)))


# --- the plan --------------------------------------------------------------------------------------------


def _plan(
    pair: Pair, stage: str, texts: dict[int, str], taken: Sequence[BuilderCopy], runs: Sequence[str]
) -> Plan:
    lead, above = _preambles(pair)
    end = pair.runtime.dockerfile.newline
    *earlier, builder = builder_stages(pair.builder, stage, lead, end)
    again = tuple(Item(text=f"{run}{end}") for run in runs)
    final, start = _runtime_items(pair, above, texts), from_parts(from_instruction(pair.runtime))
    stages = (
        *earlier,
        replace(builder, items=(*builder.items, *again)),
        Stage(name=start.alias or "", base=start.image, purpose="run", items=final),
    )
    decisions = tuple(_decisions(pair, stage, taken, runs))
    return Plan(rung="same-base", language=pair.builder.language or "", stages=stages, decisions=decisions)


def _stage_name(pair: Pair) -> str:
    own = from_parts(from_instruction(pair.builder)).alias
    other = (from_parts(from_instruction(pair.runtime)).alias or "").lower()
    taken = {other, pair.runtime.base_ref.lower(), pair.builder.base_ref.lower()}
    taken |= {stage.name for stage in pair.builder.machine.stages[:-1]}
    return next(n for n in (own, "builder", "build", "build-stage", "builder-stage") if n and n not in taken)


def _global_args(program: Program) -> Iterator[tuple[str, str | None]]:
    for instruction in takewhile(lambda x: x.keyword != "FROM", program.dockerfile.instructions):
        if instruction.keyword == "ARG":
            yield from arg_names(instruction, program.dockerfile.escape)


def _nodes_before_from(program: Program) -> list[Node]:
    """The nodes before the first FROM."""
    return [
        *takewhile(lambda n: not isinstance(n, Instruction) or n.keyword != "FROM", program.dockerfile.nodes)
    ]


def _preambles(pair: Pair) -> tuple[str, str]:
    """The text above the first FROM, and above the second: directives and ARGs of both come first."""
    end = pair.runtime.dockerfile.newline
    one, other = _nodes_before_from(pair.builder), _nodes_before_from(pair.runtime)
    marks = {n.raw.strip(): n for n in (*other, *one) if n.kind in ("bom", "directive")}
    text = "".join(with_end(n.raw, end) if n.kind == "directive" else n.raw for n in marks.values())
    plain = [n for n in one if n.kind not in ("bom", "directive")]
    known = {n.raw.strip() for n in plain}
    text += "".join(with_end(n.raw, end) for n in plain)
    hoisted = [n for n in other if isinstance(n, Instruction) and n.raw.strip() not in known]
    text += "".join(with_end(n.raw, end) for n in hoisted)
    rest = [n for n in other if n.kind in ("comment", "blank")]
    while rest and rest[0].kind == "blank":
        rest.pop(0)
    return text, "".join(with_end(n.raw, end) for n in rest)


def _runtime_items(pair: Pair, above: str, texts: dict[int, str]) -> tuple[Item, ...]:
    end = pair.runtime.dockerfile.newline
    start = pair.runtime.dockerfile.last_from
    items = [Item(text=above + with_end(from_instruction(pair.runtime).raw, end), origin=start)]
    for index, block in enumerate(instruction_blocks(pair.runtime.dockerfile)[start + 1 :], start + 1):
        text = texts.get(index, block.instruction.raw)
        text = block.comments + with_line_end(text, end)
        items.append(Item(text=text, origin=index, spaced=block.spaced))
    _, tail = texts_above(pair.runtime.dockerfile)
    return (*items, *([Item(text=tail)] if tail else []))


# --- decisions ---------------------------------------------------------------------------------------------


def _script_line(build_script: BuildScript, line: int) -> str:
    return f"{build_script.file}:{line}" if line else build_script.file


def _decisions(
    pair: Pair, stage: str, taken: Sequence[BuilderCopy], runs: Sequence[str]
) -> Iterator[Decision]:
    name = pair.builder.name
    yield Decision.of("SL370", "stage", file=name, stage=stage)
    for run in runs:
        yield Decision.of("SL371", "command", command=run)
    build_script = pair.build_script
    for item in taken:
        path = item.extract.path
        if build_script and item.extract.line:
            where = _script_line(build_script, item.extract.line)
            yield Decision.of("SL310", "taken_as", line=item.at, path=path, stage=stage, where=where)
        else:
            yield Decision.of("SL310", "taken", line=item.at, path=path, stage=stage)
    if build_script is None or not build_script.obsolete_lines:
        return
    lines = sorted({n for first, last, _ in build_script.obsolete_lines for n in range(first, last + 1)})
    tools = tuple(dict.fromkeys(tool for _, _, tool in sorted(build_script.obsolete_lines)))
    yield Decision.of("SL372", "script", file=build_script.file, lines=_lines(lines), tools=tools)
    if build_script.runtime is not None and build_script.builder.args:
        more = [a for a in build_script.builder.args if a not in build_script.runtime.args]
        options = " ".join(f"--build-arg {a}" for a in more)
        if more:
            yield Decision.of(
                "SL372",
                "arguments",
                where=_script_line(build_script, build_script.runtime.line),
                options=options,
                builder=name,
            )
    if build_script.runtime is not None and build_script.runtime.context != build_script.builder.context:
        yield Decision.of(
            "SL372",
            "context",
            where=_script_line(build_script, build_script.runtime.line),
            context=build_script.builder.context,
        )


def _lines(numbers: Sequence[int]) -> str:
    """`line 4`, `lines 4, 7-9`."""
    groups: list[list[int]] = []
    for number in numbers:
        if groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    parts = [str(g[0]) if len(g) == 1 else f"{g[0]}-{g[-1]}" for g in groups]
    return ("line " if len(numbers) == 1 else "lines ") + ", ".join(parts)
