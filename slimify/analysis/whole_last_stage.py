"""The last stage with all that it is made of: `FROM builder` is replaced by what the stage `builder` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.classify import classify
from slimify.analysis.program import Program
from slimify.config import Options
from slimify.context.scan import Context
from slimify.model.dockerfile import Dockerfile, Instruction, Node
from slimify.semantics.machine.stages import Stage, execute
from slimify.syntax.dockerfile.instructions import from_parts, split_stages
from slimify.syntax.dockerfile.parser import encode, parse

if TYPE_CHECKING:
    from slimify.analysis.evidence.image_evidence import BuiltImage


class WholeStage(Struct, frozen=True, kw_only=True):
    """A file whose last stage starts from an image. `parent` is the stage that it started from, "" if there
    is none; `own` is the index of the first instruction that the stage does not have from it."""

    file: Dockerfile
    parent: str = ""
    own: int = 0


def with_whole_last_stage(file: Dockerfile, build_args: Mapping[str, str]) -> WholeStage:
    """The file with the instructions of the stages that the last one builds on in front of its own. They
    keep their lines. A file whose last stage builds on an image is returned as it is, and so is one where a
    build argument chooses one of several stages."""
    last = execute(file, Context.empty(), lambda _: None, build_args).final
    chain = [*last.chain]
    stages = split_stages(file)
    by_argument = any("$" in from_parts(stages[len(stage.earlier)][0]).image for stage in chain[:-1])
    if last.parent is None or (by_argument and len(stages) > len(chain)):
        return WholeStage(file=file)
    start = file.last_from
    head = _head(file, chain, file.instructions[start])
    inherited = [node for stage in reversed(chain[1:]) for node in _body(file, stage, chain)]
    at = file.nodes.index(file.instructions[start])
    nodes = (*file.nodes[:at], head, *inherited, *file.nodes[at + 1 :])
    whole = replace(file, text="".join(node.raw for node in nodes), nodes=nodes)
    count = sum(isinstance(node, Instruction) for node in inherited)
    return WholeStage(file=whole, parent=last.reference.lower(), own=start + 1 + count)


def whole_program(program: Program, options: Options, evidence: BuiltImage | None = None) -> Program:
    """The program with all that its last stage is made of. `program` is the user's file, classified."""
    whole = with_whole_last_stage(program.dockerfile, program.build_args)
    if not whole.parent:
        return program
    found = classify(whole.file, program.context, program.name, options, evidence)
    return replace(found, parent=whole.parent, own=whole.own)


def _head(file: Dockerfile, chain: Sequence[Stage], last: Instruction) -> Instruction:
    """The FROM of the stage that the chain begins with, named as the last stage is."""
    first = split_stages(file)[len(chain[-1].earlier)][0]
    words, alias = first.raw.split(), from_parts(last).alias
    body = words[: next((i for i, word in enumerate(words) if word.lower() == "as"), len(words))]
    text = " ".join((*body, *(("AS", alias) if alias else ())))
    return replace(parse(encode(text)).instructions[0], raw=text + file.newline, line=last.line)


def _body(file: Dockerfile, stage: Stage, chain: Sequence[Stage]) -> Iterator[Node]:
    """The lines of a stage up to its last instruction. A start command that a later stage replaces is not
    among them: ENTRYPOINT resets a CMD only if it is inherited."""
    later = {x.keyword for one in chain[: chain.index(stage)] for _, x in one.body}
    nodes = file.nodes
    first = nodes.index(split_stages(file)[len(stage.earlier)][0]) + 1
    last = nodes.index(stage.body[-1][1]) if stage.body else first - 1
    for node in nodes[first : last + 1]:
        replaced = isinstance(node, Instruction) and node.keyword == "CMD" and later & _STARTS
        if not replaced:
            yield node if node.raw.endswith("\n") else replace(node, raw=node.raw + file.newline)


_STARTS = frozenset({"CMD", "ENTRYPOINT"})
