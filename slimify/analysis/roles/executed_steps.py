"""Where the steps of a file are executed: in the final image, in a stage that it copies from, or in both."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from slimify.analysis.program import Program
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.plan import Item, Stage
from slimify.model.shell import Atom, Script
from slimify.semantics.paths import overlap
from slimify.syntax.dockerfile.instructions import copy_parts, from_parts, mounts, split_stages
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand
from slimify.syntax.shell.script import read_run

AtomKey = tuple[int, int]  # instruction, atom


class Places(Struct, frozen=True):
    """Whether a stage that the final image copies from executes a step, and one that it consists of."""

    builder: bool = False
    final: bool = False

    def __or__(self, other: Places) -> Places:
        return Places(self.builder or other.builder, self.final or other.final)


NOWHERE, BUILDER, FINAL, BOTH = Places(), Places(builder=True), Places(final=True), Places(True, True)


class Execution(Struct, frozen=True, kw_only=True):
    """Where each instruction of a file, by its index, and each command of a RUN is executed. A command that
    is not listed is executed where its instruction is. `texts` are the commands of the final image as its
    stages have them, `base` is the image that they start from. `separated`: it copies from another stage."""

    instructions: Mapping[int, Places]
    separated: bool
    atoms: Mapping[AtomKey, Places] = field(default_factory=dict)
    texts: Mapping[AtomKey, str] = field(default_factory=dict)
    base: str = ""

    def of(self, index: int, atom: int | None = None) -> Places:
        own = self.instructions.get(index, NOWHERE)
        return own if atom is None else self.atoms.get((index, atom), own)


# --- a file as it is -----------------------------------------------------------------------------------


def own_execution(file: Dockerfile, build_args: Mapping[str, str]) -> Execution:
    """Where the stages of the file itself execute its steps."""
    stages = split_stages(file)
    parents, copied = _stage_graph(file, stages, build_args)
    image = _with_parents({len(stages) - 1}, parents)
    builders: set[int] = set()
    pending = [c for s in image for c in copied[s]]
    while pending:
        stage = pending.pop()
        new = _with_parents({stage}, parents) - builders
        builders |= new
        pending += [c for s in new for c in copied[s]]
    index = {id(x): i for i, x in enumerate(file.instructions)}
    places = {
        index[id(x)]: Places(number in builders, number in image)
        for number, stage in enumerate(stages)
        for x in stage
    }
    return Execution(instructions=places, separated=bool(builders))


def _stage_graph(
    file: Dockerfile, stages: Sequence[Sequence[Instruction]], build_args: Mapping[str, str]
) -> tuple[Mapping[int, int], Mapping[int, set[int]]]:
    """The stage that each stage builds on, and the stages that it copies from."""
    force = dict(zip(map(id, file.instructions), scopes(file, {}, build_args), strict=False))
    names: dict[str, int] = {}
    parents: dict[int, int] = {}
    copied: dict[int, set[int]] = defaultdict(set)
    for number, (head, *body) in enumerate(stages):
        parts = from_parts(head)
        image = (expand(parts.image, force[id(head)], file.escape) or parts.image).lower()
        if image in names:
            parents[number] = names[image]
        for source in _sources(body):
            if source.lower() in names:
                copied[number].add(names[source.lower()])
            elif source.isdigit() and int(source) < number:
                copied[number].add(int(source))
        if parts.alias:
            names[parts.alias] = number
    return parents, copied


def _sources(body: Iterable[Instruction]) -> Iterator[str]:
    """The stages and images that instructions copy from or mount."""
    for x in body:
        if x.keyword in ("COPY", "ADD"):
            yield copy_parts(x).from_stage or ""
        elif x.keyword == "RUN":
            yield from (m.from_stage or "" for m in mounts(x))


def _with_parents(stages: Iterable[int], parents: Mapping[int, int]) -> set[int]:
    found: set[int] = set()
    for stage in stages:
        while stage not in found:
            found.add(stage)
            stage = parents.get(stage, stage)
    return found


# --- a plan --------------------------------------------------------------------------------------------

_PLACE = {"base": BOTH, "build": BUILDER, "run": FINAL}


def planned_execution(
    program: Program, stages: Sequence[Stage], after: Dockerfile, planned: Dockerfile
) -> Execution:
    """Where the stages of a plan execute the steps of a file with one stage. `after` is the plan's text,
    `planned` the file that the plan was made for: the user's, or the same with another start command."""
    origins = _user_indexes(program.dockerfile, planned)
    commands = _Commands(program)
    directories = _Directories(program)
    for stage, body in zip(stages, split_stages(after), strict=True):
        place = _PLACE.get(stage.purpose)
        if place is None:
            continue
        run: list[tuple[int, Script]] = []
        for item, instruction in _with_items(body, stage):
            origin = origins.get(item.origin) if item.origin is not None else None
            directories.add(instruction, origin, place)
            if origin is not None and instruction.keyword == "RUN":
                run.append((origin, read_run(instruction, escape=after.escape)))
            elif origin is not None:
                commands.instructions[origin] |= place
        commands.add(run, place)
    for index, place in directories.found():
        commands.instructions[index] |= place
    return Execution(
        instructions=commands.instructions,
        separated=any(stage.purpose == "build" for stage in stages),
        atoms=commands.atoms,
        texts=commands.texts,
        base=stages[-1].base,
    )


def _user_indexes(file: Dockerfile, planned: Dockerfile) -> Mapping[int, int]:
    """The instructions of the user's file by those of the file that was planned, which may have a new one
    and another start command."""
    found: dict[int, int] = {}
    mine = 0
    for index, new in enumerate(planned.instructions):
        old = file.instructions[mine] if mine < len(file.instructions) else None
        if old is not None and old.keyword == new.keyword:
            found[index] = mine
            mine += 1
    return found


def _with_items(body: Sequence[Instruction], stage: Stage) -> Iterator[tuple[Item, Instruction]]:
    """The instructions of a stage, each with the item whose text it is."""
    at = 0
    for instruction in body:
        text = instruction.raw.strip()
        found = next((i for i in range(at, len(stage.items)) if text in stage.items[i].text), None)
        if found is not None:
            at = found
            yield stage.items[found], instruction


class _Directories:
    """Finds the directories of the user's WORKDIRs in new stages."""

    def __init__(self, program: Program) -> None:
        after = (*(s.state.cwd for s in program.steps[1:]), program.end_state.cwd)
        steps = zip(program.steps, after, strict=False)  # a file may have no steps
        self._own = {s.index: path for s, path in steps if s.keyword == "WORKDIR" and path is not None}
        self._there: list[tuple[str, Places, bool]] = []

    def add(self, instruction: Instruction, origin: int | None, place: Places) -> None:
        """Adds what an instruction of a new stage creates."""
        if origin in self._own:
            self._there.append((self._own[origin], place, False))
        elif instruction.keyword == "COPY" and copy_parts(instruction).from_stage:
            self._there.append((copy_parts(instruction).dest, place, True))

    def found(self) -> Iterator[tuple[int, Places]]:
        """The WORKDIRs whose directory a stage has by another instruction."""
        for index, path in self._own.items():
            for there, place, copied in self._there:
                if path == there or (copied and overlap(path, there)):
                    yield index, place


class _Commands:
    """Finds the commands of the user's RUNs in the RUNs of new stages."""

    def __init__(self, program: Program) -> None:
        self.instructions: dict[int, Places] = defaultdict(Places)
        self.atoms: dict[AtomKey, Places] = {}
        self.texts: dict[AtomKey, str] = {}
        self._steps = {s.index: s for s in program.steps if s.script is not None}

    def add(self, runs: Sequence[tuple[int, Script]], place: Places) -> None:
        """Adds the RUNs of one stage, each with the instruction that it comes from. A command may have lost
        words or got new ones, and it may have been appended to another RUN of its stage."""
        there = [(origin, script, atom) for origin, script in runs for atom in script.atoms]
        free = set(range(len(there)))
        unread = {origin for origin, script in runs if not script.atoms}
        mine = list(self._user_atoms(unread, place))
        for same, elsewhere in _COMPARISONS:
            places: dict[object, list[int]] = defaultdict(list)
            for number in sorted(free):
                origin, script, atom = there[number]
                places[same(script, atom), None if elsewhere else origin].append(number)
            rest = []
            for key, script, atom in mine:
                known = places.get((same(script, atom), None if elsewhere else key[0]), [])
                texts = ((n, command_text(there[n][1], there[n][2])) for n in known)
                equal = same is command_text
                found = next(((n, t) for n, t in texts if equal or self._installs_same(key, t)), None)
                if found is None:
                    rest.append((key, script, atom))
                    continue
                known.remove(found[0])
                free.discard(found[0])
                self._found(key, place, found[1])
            mine = rest

    def _user_atoms(self, unread: Collection[int], place: Places) -> Iterator[tuple[AtomKey, Script, Atom]]:
        for index, step in self._steps.items():
            assert step.script is not None
            if index in unread and not step.script.atoms:
                self.instructions[index] |= place
            for number, atom in enumerate(step.script.atoms):
                self.atoms.setdefault((index, number), NOWHERE)
                if index in unread:
                    self._found((index, number), place, command_text(step.script, atom))
                else:
                    yield (index, number), step.script, atom

    def _installs_same(self, key: AtomKey, text: str) -> bool:
        """Whether a command installs any of the packages that the user's command installs, if it does."""
        packages = self._steps[key[0]].atoms[key[1]].packages
        return not packages or any(is_named(p.name, text) for p in packages)

    def _found(self, key: AtomKey, place: Places, text: str) -> None:
        self.atoms[key] |= place
        self.instructions[key[0]] |= place
        if place.final:
            self.texts[key] = text


def is_named(package: str, text: str) -> bool:
    """Whether the text of an install command names a package, perhaps with its version."""
    return any(re.split(r"[=~<>:]", word)[0] == package for word in text.split())


def command_text(script: Script, atom: Atom) -> str:
    return " ".join(script.text[atom.start : atom.end].split())


def _subcommand(script: Script, atom: Atom) -> str:
    """The program and the first argument that is no option, as far as they are known."""
    words = [w.value or "" for c in atom.commands[:1] for w in c.words]
    return " ".join([*words[:1], *[w for w in words[1:] if not w.startswith("-")][:1]])


def _program(script: Script, atom: Atom) -> str:
    return next((c.name or "" for c in atom.commands), "")


# How a command is found again, and whether in any RUN of the stage: the first that fits.
_COMPARISONS: tuple[tuple[Callable[[Script, Atom], str], bool], ...] = (
    (command_text, False),
    (command_text, True),
    (_subcommand, False),
    (_program, False),
)
