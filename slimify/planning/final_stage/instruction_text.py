"""The text of each instruction in the final stage, and which ENV, ARG, WORKDIR, USER and SHELL are
repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping

from slimify.analysis.advice.findings import SECRET
from slimify.analysis.program import Program, Step
from slimify.model.dockerfile import Instruction
from slimify.model.effects import CHANGES_FILES, LEAVES_NOTHING, MANAGES_PACKAGES, Effect
from slimify.model.regex import regex
from slimify.model.shell import Command
from slimify.planning.layout import Layout, WordEdit
from slimify.planning.stages.line_wrapping import with_wrapped_names
from slimify.syntax.dockerfile.instructions import arg_names, copy_parts, env_pairs
from slimify.syntax.dockerfile.keywords import CONFIG_ONLY
from slimify.syntax.shell.append import joined
from slimify.syntax.shell.heredoc_edit import edit_heredoc
from slimify.syntax.shell.meaning import read_text
from slimify.syntax.shell.script import TESTS, EditRefused, changes_state, edit


def from_instruction(program: Program) -> Instruction:
    """The FROM of the file's last stage."""
    return program.dockerfile.instructions[program.dockerfile.last_from]


def _edited_run(step: Step, kept: frozenset[int], words: WordEdit) -> str | None:
    instruction, drop = step.instruction, frozenset(range(len(step.script.atoms))) - kept
    if not drop and not words.replace:
        return instruction.raw
    change = edit_heredoc if instruction.heredocs else edit
    return change(
        instruction,
        step.script,
        drop=drop,
        replace_words=words.replace,
        keep_state=not _loses_nothing_used(step, drop),
    )


def is_run_editable(program: Program, index: int, kept: frozenset[int], words: WordEdit) -> bool:
    """Whether a RUN can be reduced to these commands with these word edits."""
    try:
        _edited_run(program.step(index), kept, words)
    except EditRefused:
        return False
    return True


_CWD_INDEPENDENT = MANAGES_PACKAGES | {"users"}
_PRINTING = frozenset({"echo", "printf"})  # their words are text


def _loses_nothing_used(step: Step, drop: frozenset[int]) -> bool:
    """Whether these atoms, which the builder executes, change nothing that a remaining command uses: they go
    to a directory, or compute variables, and end with an error where the builder does."""
    dropped = [(i, a) for i, a in enumerate(step.script.atoms) if i in drop and a.state]
    changing = [(i, [c for c in a.commands if changes_state(c)]) for i, a in dropped]
    stays = [a for a in step.atoms if a.index not in drop]
    texts = " ".join(step.script.source_of(a.index) for a in stays)

    def is_unused(index: int, command: Command) -> bool:
        if not command.words:
            names = [name for name, _ in command.assigns]
            return not any(n in step.state.env or re.search(rf"\b{n}\b", texts) for n in names)
        if command.name == "cd":
            return all(is_cwd_independent(e) for a in stays if a.index > index for e in a.effects)
        fails = command.name == "exit" and [w.value for w in command.words[1:]] not in ([], ["0"])
        return bool(command.context) and (fails or command.name in TESTS)

    return all(commands and all(is_unused(i, c) for c in commands) for i, commands in changing)


def is_cwd_independent(effect: Effect) -> bool:
    if effect.kind in _CWD_INDEPENDENT:
        return True
    words = effect.command.words
    prints = effect.tool in _PRINTING and all(w.value is not None for w in words)
    words = words[:1] if prints else words
    texts = (*(w.text for w in words[1:]), *(r.target.text for r in effect.command.redirects))
    plain = effect.kind in CHANGES_FILES | {"cache", "check", "system"} and not effect.followed
    return plain and all(text.lstrip("\"'").startswith(("/", "-", "~", "$HOME")) for text in texts)


def _text(program: Program, layout: Layout, index: int) -> str | None:
    """The text of an instruction that the final stage has; None if nothing of it is left."""
    newline, step = program.dockerfile.newline, program.step(index)
    if index in layout.replace:
        return layout.replace[index] + newline
    if step.keyword != "RUN" or not step.script.atoms:
        return step.instruction.raw
    words = layout.words.get(index, WordEdit())
    text = _edited_run(step, layout.final[index], words)
    if text is not None and index in layout.prepend:
        text = _with_command_first(text, layout.prepend[index])
    return with_wrapped_names(text, words.added, newline) if text is not None and words.added else text


def _with_command_first(text: str, command: str) -> str:
    """The text of a RUN that executes another command first."""
    instruction, _ = read_text(text)
    start = instruction.pieces[0].source if instruction is not None and instruction.pieces else 0
    return joined(text[:start] + command, (text[start:].rstrip(),), " && ") + text[len(text.rstrip()) :]


def final_texts(program: Program, layout: Layout) -> Mapping[int, str]:
    """The text of each instruction of the final stage, by its index. ENV, ARG, WORKDIR, USER and SHELL are
    repeated where something later needs them, so the file is read backwards."""
    instructions = program.dockerfile.instructions
    texts: dict[int, str] = {}
    needs = _Needs(program, layout)
    for index in range(len(instructions) - 1, program.dockerfile.last_from, -1):
        keyword = instructions[index].keyword
        if index in layout.replace or index in layout.final or keyword in CONFIG_ONLY or needs.state(index):
            text = _text(program, layout, index)
            if text is not None:
                texts[index] = text
                needs.named |= names_in(text)
        needs.note(index)
    return texts


class _Needs:
    """What the instructions after a point need of those before it."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self.named: set[str] = set()  # variables that the final stage names
        self._mentioned: set[str] = set()  # variables that the file names
        self._runs: list[int] = []  # RUNs of the final stage
        self._user = True  # whether the user matters
        self._directory = len(program.dockerfile.instructions)  # the next WORKDIR
        self._enters = True  # whether the working directory matters before that
        self._program, self._layout = program, layout

    def note(self, index: int) -> None:
        """Notes an instruction, whether the final stage has it or not."""
        instruction = self._program.dockerfile.instructions[index]
        keyword, stays = instruction.keyword, index in self._layout.final
        self._mentioned |= names_in(instruction.raw)
        if keyword == "USER":
            self._user = False
        elif keyword == "WORKDIR":
            self._directory = index
            self._enters = is_relative(instruction)
        elif keyword == "RUN" and stays:
            self._runs.append(index)
            self._user = self._enters = True
        elif keyword in ("COPY", "ADD") and stays:
            self._enters = self._enters or is_relative(instruction)

    def state(self, index: int) -> bool:
        """Whether the final stage repeats an instruction that only changes the state."""
        instructions = self._program.dockerfile.instructions
        instruction = instructions[index]
        match instruction.keyword:
            case "SHELL":
                return True
            case "USER":
                return self._user
            case "WORKDIR":  # its directory is for run time if no build step used it
                end = -1 if self._layout.builder_end is None else self._layout.builder_end
                built = instructions[index : min(self._directory, end + 1)]
                return self._enters or not any(x.keyword == "RUN" for x in built)
            case "ENV":
                names = {name for name, _ in env_pairs(instruction)}
                return not names <= self._layout.builder_only_env or self._is_read(names)
            case "ARG":
                names = {name for name, _ in arg_names(instruction)}
                asked = not names & self._mentioned and not any(map(SECRET.search, names))
                return bool(names & self.named) or (asked and self._is_read(names))
        return False

    def _is_read(self, names: set[str]) -> bool:
        """Whether something names one of the variables, or may read it from the environment."""
        may = (_may_read_env(self._program, self._layout, run, names) for run in self._runs)
        return bool(names & self.named) or any(may)


def is_relative(instruction: Instruction) -> bool:
    """Whether a COPY, ADD or WORKDIR names a place relative to the working directory."""
    moves = instruction.keyword == "WORKDIR"
    place = instruction.value.strip().strip("\"'") if moves else copy_parts(instruction).dest
    return not place.startswith(("/", "$"))


# Effects that read no variables, or only those of their own tools.
_IGNORES_ENV = CHANGES_FILES | LEAVES_NOTHING | {"users", "cache"}
_PACKAGE_VARIABLES = regex(r"(?i)DEBIAN_|DEBCONF_|UCF_|APT_|ACCEPT_|DPKG_|LC_|LANG|TZ$|.*_PROXY$")


def _may_read_env(program: Program, layout: Layout, index: int, names: set[str]) -> bool:
    """Whether a RUN of the final stage may read one of the variables without naming it."""
    step = program.step(index)
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
