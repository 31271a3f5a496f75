"""The text of a RUN with further commands in front of it or behind it."""

from __future__ import annotations

from collections.abc import Sequence

from slimify.analysis.program import AtomStep, Program, Step
from slimify.model.dockerfile import Instruction
from slimify.model.effects import Effect
from slimify.planning.stages.long_lines import with_more

# A failure of what stands in front would be lost, or what stands behind would not be executed.
_OPEN_ENDED = frozenset({"||", "background", "comment", "heredoc", "exec form"})
# Instructions that no command notices.
_UNNOTICED = frozenset({"LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "MAINTAINER"})


def readable(step: Step) -> bool:
    """A RUN in shell form whose commands are known, each by itself."""
    return (
        step.keyword == "RUN"
        and step.script is not None
        and not step.script.opaque
        and bool(step.script.atoms)
        and step.instruction.exec_form is None
        and not step.instruction.heredocs
        and step.script.text == step.instruction.value
        and not any(atom.opaque in _OPEN_ENDED for atom in step.script.atoms)
    )


def chained(step: Step) -> bool:
    """Its commands are joined by `&&` alone: one more may stand in front of the first."""
    return readable(step) and step.script is not None and all(a.operator != ";" for a in step.script.atoms)


def prolonged(step: Step) -> bool:
    """One more command may stand behind its last: the RUN fails when any of them does."""
    return readable(step) and step.script is not None and (chained(step) or step.script.errexit)


def stateless(step: Step) -> bool:
    """It leaves directory, variables and options of its shell as they are."""
    return step.script is not None and not any(atom.state for atom in step.script.atoms)


def lead(instruction: Instruction) -> str:
    """The keyword and the flags of a RUN, as written, up to the first command."""
    return instruction.raw[: instruction.pieces[0].source] if instruction.pieces else ""


def body(instruction: Instruction, text: str = "") -> str:
    """The commands of a RUN as written, of `text` where it was edited already."""
    return (text or instruction.raw)[len(lead(instruction)) :].rstrip()


def commented(program: Program, step: Step) -> str:
    """The commands of a RUN that becomes part of another one, with the comments above it."""
    nodes = program.dockerfile.nodes
    at = next(i for i, node in enumerate(nodes) if node is step.instruction)
    above: list[str] = []
    while at and nodes[at - 1].kind == "comment":
        at -= 1
        above.insert(0, nodes[at].raw.strip())
    return "\n".join((*above, body(step.instruction)))


def joined(start: str, commands: Sequence[str], end: str) -> str:
    """A RUN of commands, one a line; a comment stays above its command."""
    text = start
    for number, command in enumerate(commands):
        comments, own = _apart(command)
        if number:
            text += f" \\{end}{''.join(c + end for c in comments)}    && "
        text += own
    return text + end


def _apart(command: str) -> tuple[list[str], str]:
    lines = command.split("\n")
    first = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return lines[:first], "\n".join(lines[first:])


def lengthened(program: Program, step: Step, tail: Sequence[str], text: str = "") -> str:
    """The RUN with commands behind its last, laid out as it is: on its line where that stays short."""
    end = program.dockerfile.newline
    instruction = step.instruction
    own = body(instruction, text)
    if "\n" not in own and len(lead(instruction) + own + "".join(tail)) <= 100 and len(tail) == 1:
        return f"{lead(instruction)}{own} && {tail[0]}{end}"
    longer = with_more(own, tail, end)
    return (
        f"{lead(instruction)}{longer}{end}"
        if longer is not None
        else joined(lead(instruction), (own, *tail), end)
    )


def words_of(program: Program, step: Step, atom: AtomStep) -> str:
    """A command as it is written, on one line."""
    assert step.script is not None
    part = step.script.atoms[atom.index]
    return " ".join(step.script.text[part.start : part.end].split())


def direct(step: Step, atom: AtomStep, effect: Effect) -> bool:
    """The command stands in the RUN itself, not in a script that it calls, nor in a group."""
    assert step.script is not None
    part = step.script.atoms[atom.index]
    return not part.opaque and part.start <= effect.command.start < part.end and not effect.command.context


def side_by_side(program: Program, first: int, last: int) -> bool:
    """Nothing but RUNs stands from one instruction to the other, and what no command notices."""
    between = program.dockerfile.instructions[first : last + 1]
    return all(x.keyword == "RUN" or x.keyword in _UNNOTICED for x in between)
