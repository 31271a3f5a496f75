"""Reading and extending the text of a RUN."""

from __future__ import annotations

from collections.abc import Sequence

from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.shells import changes_user
from slimify.model.dockerfile import Instruction
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.planning.in_place.cache_cleaning import BLOCKS, shell_form
from slimify.syntax.shell.append import joined, with_commands
from slimify.syntax.shell.wrappers import unwrap

# After these, an earlier failure would be ignored, or an added command would not be executed.
_NOT_EXTENDABLE = frozenset({"||", "background", "heredoc", "exec form"})
_PLAIN_WORD = regex(r"[\w./:=-]+")
# Instructions that no command depends on.
_CONFIG_ONLY = frozenset({"LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "MAINTAINER"})


def is_readable(step: Step) -> bool:
    """Whether this is a shell-form RUN whose commands are all known."""
    return (
        step.keyword == "RUN"
        and not step.script.opaque
        and bool(step.script.atoms)
        and step.instruction.exec_form is None
        and not step.instruction.heredocs
        and step.script.text == step.instruction.value
        and not any(atom.opaque in _NOT_EXTENDABLE for atom in step.script.atoms)
    )


def is_chained(step: Step) -> bool:
    """Whether the commands are joined by `&&` only, so that another one can be put first."""
    return is_readable(step) and all(a.operator != ";" for a in step.script.atoms)


def is_extendable(step: Step) -> bool:
    """Whether a command can be added at the end: the RUN fails if any command fails."""
    return is_readable(step) and (is_chained(step) or step.script.errexit)


def keeps_shell_state(step: Step) -> bool:
    """Whether the RUN leaves directory, variables and options of its shell unchanged."""
    return not any(atom.state for atom in step.script.atoms)


def run_prefix(instruction: Instruction) -> str:
    """The keyword and flags of a RUN, as written, up to the first command."""
    return instruction.raw[: instruction.pieces[0].source] if instruction.pieces else ""


def run_body(instruction: Instruction, text: str = "") -> str:
    """The commands of a RUN as written; those of `text` if it was already edited."""
    return (text or instruction.raw)[len(run_prefix(instruction)) :].rstrip()


def _body_with_comments(program: Program, step: Step) -> str:
    """The commands of a RUN that is joined to another one, with the comments above it."""
    nodes = program.dockerfile.nodes
    at = next(i for i, node in enumerate(nodes) if node is step.instruction)
    above: list[str] = []
    while at and nodes[at - 1].kind == "comment":
        at -= 1
        above.insert(0, nodes[at].raw.strip())
    return "\n".join((*above, run_body(step.instruction)))


def run_of_commands(start: str, commands: Sequence[str], end: str) -> str:
    """A RUN with one command per line; a comment stays above its command."""
    text = start + commands[0]
    for command in commands[1:]:
        comments, own = _split_comment(command)
        text = joined(text, (own,), f" \\{end}{''.join(c + end for c in comments)}    && ")
    return text + end


def joined_runs(program: Program, first: Step, last: Step, *tail: str) -> dict[int, str] | None:
    """Adjacent RUNs in one, with more commands at its end: the text of the first, "" for the others. None if
    that would not do the same."""
    members = runs_between(program, first, last)
    if not are_adjacent(program, first.index, last.index) or any(s.instruction.flags for s in members):
        return None
    joinable = all(is_chained(s) and keeps_shell_state(s) for s in members)
    return joined_texts(program, members, *tail) if joinable else None


def runs_between(program: Program, first: Step, last: Step) -> list[Step]:
    """The RUNs from one to another one."""
    return [s for s in program.steps if first.index <= s.index <= last.index and s.keyword == "RUN"]


def joined_texts(
    program: Program, members: Sequence[Step], *tail: str, head: Sequence[str] = ()
) -> dict[int, str]:
    """RUNs in one, with more commands before and after theirs: the text of the first, "" for the others."""
    first, *others = members
    commands = (*head, run_body(first.instruction), *(_body_with_comments(program, s) for s in others), *tail)
    text = run_of_commands(run_prefix(first.instruction), commands, program.dockerfile.newline)
    return {first.index: text, **{s.index: "" for s in others}}


def _split_comment(command: str) -> tuple[list[str], str]:
    lines = command.split("\n")
    first = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return lines[:first], "\n".join(lines[first:])


def extended_run(program: Program, step: Step, tail: Sequence[str], text: str = "") -> str:
    """The RUN with commands added at its end in its own layout: on one line if that stays short."""
    end = program.dockerfile.newline
    instruction = step.instruction
    own = shell_form(instruction) or (text or instruction.raw).rstrip()
    if "\n" not in run_body(instruction, own) and len(own + "".join(tail)) <= 100 and len(tail) == 1:
        return joined(own, tail, " && ") + end
    longer = with_commands(own, tail, end)
    return (longer if longer is not None else joined(own, tail, f" \\{end}    && ")) + end


def as_caller(effect: Effect, command: str) -> str:
    """A command that undoes or cleans up what another one of the RUN did, run as that one is: behind the same
    `sudo`, `gosu app`, … "" if that can't be repeated. Only the same account finds its cache, and may delete
    what it wrote."""
    called, first = effect.command, len(effect.command.words)
    while (inner := unwrap(called)) is not None:
        if changes_user(called.name or ""):
            first = min(first, len(effect.command.words) - len(called.words))
        called = inner
    words = effect.command.words[first : len(effect.command.words) - len(called.words)]
    if not words or effect.followed:
        return command
    texts = [word.text for word in words]
    return " ".join((*texts, command)) if all(map(_PLAIN_WORD.fullmatch, texts)) else ""


def is_direct(step: Step, atom: AtomStep, effect: Effect) -> bool:
    """Whether the command is in the RUN itself, not in a script or a group: its words can be edited."""
    part = step.script.atoms[atom.index]
    own = not effect.followed and not effect.command.context
    return own and not part.opaque and part.start <= effect.command.start < part.end


def is_in_block(step: Step, atom: AtomStep, effect: Effect) -> bool:
    """Whether the command is in the RUN itself, or in a block of it: options can be added to its words."""
    assert step.script is not None
    part = step.script.atoms[atom.index]
    own = not effect.followed and BLOCKS.issuperset(effect.command.context)
    return own and part.opaque in {"", *BLOCKS} and part.start <= effect.command.start < part.end


def are_adjacent(program: Program, first: int, last: int) -> bool:
    """Whether only RUNs, and instructions that no command depends on, are between two instructions."""
    between = program.dockerfile.instructions[first : last + 1]
    return all(x.keyword == "RUN" or x.keyword in _CONFIG_ONLY for x in between)
