"""The text of each instruction in the final stage, and which ENV, ARG, WORKDIR, USER and SHELL are
repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from slimify.analysis.program import Program, Step
from slimify.model.dockerfile import Instruction
from slimify.model.effects import CHANGES_FILES, LEAVES_NOTHING, MANAGES_PACKAGES, Effect
from slimify.planning.layout import Layout, WordEdit
from slimify.planning.stages.line_wrapping import with_wrapped_names
from slimify.syntax.dockerfile.instructions import arg_names, copy_parts, env_pairs
from slimify.syntax.dockerfile.keywords import CONFIG_ONLY
from slimify.syntax.dockerfile.words import references
from slimify.syntax.shell.append import joined, with_commands
from slimify.syntax.shell.heredoc_edit import edit_heredoc
from slimify.syntax.shell.meaning import read_text
from slimify.syntax.shell.script import EditRefused, edit

# Instructions that set state for later ones.
STATEFUL = frozenset({"ENV", "ARG", "WORKDIR", "USER", "SHELL"})


def from_instruction(program: Program) -> Instruction:
    """The FROM of the file's last stage."""
    return program.dockerfile.instructions[from_index(program)]


def from_index(program: Program) -> int:
    return next(i for i, x in enumerate(program.dockerfile.instructions) if x.keyword == "FROM")


def step_at(program: Program, index: int):  # type: ignore[no-untyped-def]
    return program.step(index)


def user_matters_in(program: Program, stage: object):  # type: ignore[no-untyped-def]
    """A predicate for USER instructions: whether a RUN or WORKDIR of the stage follows before the next
    USER."""
    instructions = program.dockerfile.instructions

    def matters(index: int) -> bool:
        for later in range(index + 1, len(instructions)):
            if instructions[later].keyword == "USER":
                return False
            if instructions[later].keyword == "RUN" and later in stage:  # type: ignore[operator]
                return True
        return False

    return matters


def edited_run(program: Program, index: int, drop: frozenset[int], words: WordEdit) -> str | None:
    instruction = program.dockerfile.instructions[index]
    if not drop and not words.drop and not words.replace:
        return instruction.raw
    step = step_at(program, index)
    assert step.script is not None
    change = edit_heredoc if instruction.heredocs else edit
    return change(
        instruction,
        step.script,
        drop=drop,
        drop_words=words.drop,
        replace_words=words.replace,
        keep_state=not _only_loses_cwd(step, drop),
    )


def is_run_editable(program: Program, index: int, kept: frozenset[int], words: WordEdit) -> bool:
    """Whether a RUN can be reduced to these commands with these word edits."""
    drop = frozenset(range(len(step_at(program, index).atoms))) - kept
    try:
        edited_run(program, index, drop, words)
    except EditRefused:
        return False
    return True


_CWD_INDEPENDENT = MANAGES_PACKAGES | {"users"}
_PRINTING = frozenset({"echo", "printf"})  # their words are text


def _only_loses_cwd(step: Step, drop: frozenset[int]) -> bool:
    """Whether dropping these atoms loses only a change of directory that no remaining command uses."""
    assert step.script is not None
    states = [a for a in step.atoms if a.index in drop and step.script.atoms[a.index].state]
    stays = [e for a in step.atoms if a.index not in drop for e in a.effects]
    return all(e.tool == "cd" for a in states for e in a.effects) and all(
        is_cwd_independent(e) for e in stays
    )


def is_cwd_independent(effect: Effect) -> bool:
    if effect.kind in _CWD_INDEPENDENT:
        return True
    words = effect.command.words
    prints = effect.tool in _PRINTING and all(w.value is not None for w in words)
    words = words[:1] if prints else words
    texts = (*(w.text for w in words[1:]), *(r.target.text for r in effect.command.redirects))
    plain = effect.kind in CHANGES_FILES | {"cache", "check"} and not effect.followed
    return plain and all(text.lstrip("\"'").startswith(("/", "-", "~", "$HOME")) for text in texts)


def final_text(program: Program, layout: Layout, index: int, keep: frozenset[int]) -> str | None:
    instruction = program.dockerfile.instructions[index]
    if index in layout.replace:
        return layout.replace[index] + program.dockerfile.newline
    keyword = instruction.keyword
    if keyword in CONFIG_ONLY:
        return instruction.raw
    if keyword in STATEFUL:
        return instruction.raw if index in keep else None
    atoms = layout.final.get(index)
    if atoms is None:
        return None
    if keyword != "RUN":
        return instruction.raw
    step = step_at(program, index)
    if step.script is None or not step.script.atoms:
        return instruction.raw
    drop = frozenset(range(len(step.script.atoms))) - atoms
    text = edited_run(program, index, drop, layout.words.get(index, WordEdit()))
    if text is not None and index in layout.prepend:
        text = _with_command_first(text, layout.prepend[index])
    if text is not None and index in layout.append:
        end, more = program.dockerfile.newline, (layout.append[index],)
        longer = with_commands(text.rstrip(), more, end)
        text = (longer if longer is not None else joined(text.rstrip(), more, " && ")) + end
    added = layout.words[index].added if index in layout.words else ()
    return with_wrapped_names(text, added, program.dockerfile.newline) if text is not None and added else text


def _with_command_first(text: str, command: str) -> str:
    """The text of a RUN that executes another command first."""
    instruction, _ = read_text(text)
    start = instruction.pieces[0].source if instruction is not None and instruction.pieces else 0
    return joined(text[:start] + command, (text[start:].rstrip(),), " && ") + text[len(text.rstrip()) :]


def kept_runs(program: Program, layout: Layout) -> Iterator[str]:
    """The text of each RUN of the final stage, as written if it can't be edited."""
    for index in layout.final:
        if program.dockerfile.instructions[index].keyword == "RUN":
            try:
                yield final_text(program, layout, index, frozenset()) or ""
            except EditRefused:
                yield program.dockerfile.instructions[index].raw


def repeated_state(program: Program, layout: Layout) -> frozenset[int]:
    """Which ENV, ARG, WORKDIR, USER and SHELL the final stage repeats."""
    instructions = program.dockerfile.instructions
    keep: set[int] = set()
    users_matter = user_matters_in(program, layout.final)
    last_user = max((i for i, x in enumerate(instructions) if x.keyword == "USER"), default=-1)
    for index, instruction in enumerate(instructions):
        if index <= from_index(program):
            continue
        keyword = instruction.keyword
        if (
            (keyword == "ENV" and not _is_builder_only(layout, instruction))
            or (keyword == "SHELL")
            or (keyword == "USER" and (index == last_user or users_matter(index)))
            or (keyword == "WORKDIR" and _needs_workdir(program, layout, index))
        ):
            keep.add(index)
    keep |= _required_env(program, layout, keep)
    for index, instruction in enumerate(instructions):
        behind = instruction.keyword == "ARG" and index > from_index(program)
        if behind and _needs_arg(program, layout, index, keep):
            keep.add(index)
    return frozenset(keep)


def _is_builder_only(layout: Layout, instruction: Instruction) -> bool:
    """Whether an ENV sets only variables that nothing in the final stage reads."""
    return {name for name, _ in env_pairs(instruction)} <= layout.builder_only_env


def _required_env(program: Program, layout: Layout, keep: Iterable[int]) -> set[int]:
    """The builder-only ENVs that must be repeated after all: something kept names them, or a RUN may read
    them."""
    instructions = program.dockerfile.instructions
    idle = [
        i
        for i, x in enumerate(instructions)
        if i > from_index(program) and x.keyword == "ENV" and _is_builder_only(layout, x)
    ]
    found: set[int] = set()
    for index in reversed(idle):  # a later one may refer to an earlier one
        names = {name for name, _ in env_pairs(instructions[index])}
        texts = _texts(program, layout, {*keep, *found})
        runs = (i for i in layout.final if i > index and instructions[i].keyword == "RUN")
        if any(at > index and names & names_in(text) for at, text in texts) or any(
            _may_read_env(program, layout, i, names) for i in runs
        ):
            found.add(index)
    return found


def _uses_cwd(program: Program, layout: Layout, index: int) -> bool:
    instruction = program.dockerfile.instructions[index]
    if instruction.keyword == "RUN":
        return index in layout.final
    if instruction.keyword in {"COPY", "ADD"} and index in layout.final:
        return not copy_parts(instruction).dest.startswith(("/", "$"))
    return False


def _needs_workdir(program: Program, layout: Layout, index: int) -> bool:
    """A WORKDIR can be dropped only if the next one is absolute, no kept step runs in between, and a build
    step did (otherwise the directory was created for run time)."""
    instructions = program.dockerfile.instructions
    for later in range(index + 1, len(instructions)):
        if instructions[later].keyword == "WORKDIR":
            if not instructions[later].value.strip().strip("\"'").startswith(("/", "$")):
                return True
            end = -1 if layout.builder_end is None else layout.builder_end
            return not any(x.keyword == "RUN" for x in instructions[index : min(later, end + 1)])
        if _uses_cwd(program, layout, later):
            return True
    return True


def _texts(program: Program, layout: Layout, keep: Iterable[int]) -> list[tuple[int, str]]:
    """The text of every kept instruction, with its index, to search for references."""
    instructions = program.dockerfile.instructions
    kept = set(keep)
    found = []
    for index, instruction in enumerate(instructions):
        if index <= from_index(program):
            continue
        if index in kept or index in layout.final or instruction.keyword in CONFIG_ONLY:
            text = final_text(program, layout, index, frozenset(kept)) or ""
            found.append((index, text))
    return found


def _needs_arg(program: Program, layout: Layout, index: int, keep: Iterable[int]) -> bool:
    """An ARG is repeated if something kept names it. An ARG that nothing names may still be read by a RUN
    from the environment (DEBIAN_FRONTEND), so it is kept before kept RUNs."""
    instructions = program.dockerfile.instructions
    names = {name for name, _ in arg_names(instructions[index])}
    texts = _texts(program, layout, keep)
    if any(at > index and names & names_in(text) for at, text in texts):
        return True
    if any(names & references(x.raw) for i, x in enumerate(instructions) if i > index and x.keyword == "ARG"):
        used_later = [
            i
            for i, x in enumerate(instructions)
            if i > index and x.keyword == "ARG" and names & references(x.raw)
        ]
        if any(_needs_arg(program, layout, i, keep) for i in used_later):
            return True
    named = any(names & names_in(x.raw) for i, x in enumerate(instructions) if i > index)
    later = (i for i in layout.final if i > index and instructions[i].keyword == "RUN")
    return not named and any(_may_read_env(program, layout, i, names) for i in later)


# Effects that read no variables, or only those of their own tools.
_IGNORES_ENV = CHANGES_FILES | LEAVES_NOTHING | {"users", "cache"}
_PACKAGE_VARIABLES = re.compile(r"(?i)DEBIAN_|DEBCONF_|UCF_|APT_|ACCEPT_|DPKG_|LC_|LANG|TZ$|.*_PROXY$")


def _may_read_env(program: Program, layout: Layout, index: int, names: set[str]) -> bool:
    """Whether a RUN of the final stage may read one of the variables without naming it."""
    step = step_at(program, index)
    if not step.atoms:
        return True
    deaf = (
        _IGNORES_ENV if any(_PACKAGE_VARIABLES.match(n) for n in names) else _IGNORES_ENV | MANAGES_PACKAGES
    )
    return any(
        not atom.effects or any(e.kind not in deaf for e in atom.effects)
        for atom in step.atoms
        if atom.index in layout.final[index]
    )


def names_in(text: str) -> set[str]:
    """The variable names that a shell or the builder would expand in a text, ignoring quotes."""
    return set(re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text))


def delayed_workdirs(program: Program, layout: Layout, keep: frozenset[int]) -> dict[int, int]:
    """WORKDIRs that must come after a copy with an owner: index -> index of the copy.

    COPY applies --chown only to a directory that it creates; an existing target keeps its owner. So a
    WORKDIR at or below the copied path must follow the copy.
    """
    late: dict[int, int] = {}
    for copy in layout.copies:
        if not copy.owner:
            continue
        for step in program.steps:
            if step.keyword != "WORKDIR" or step.index not in keep or step.index >= copy.after:
                continue
            path = _workdir_path(program, step.index)
            if path is None or not (path + "/").startswith(copy.path + "/"):
                continue
            if not any(_uses_cwd(program, layout, i) for i in range(step.index, copy.after)):
                late[step.index] = copy.after
    return late


def _workdir_path(program: Program, index: int) -> str | None:
    following = [s for s in program.steps if s.index > index]
    if following:
        return following[0].state.cwd
    return program.runtime.workdir
