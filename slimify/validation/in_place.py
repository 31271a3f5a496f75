"""Validates a file that was cleaned in place: the same steps in the same state and order, except for
clean-up.

Both texts are read by the same interpreter and compared, independently of the planner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from slimify.analysis.copy_targets import copied_files
from slimify.analysis.packages.system import system_package
from slimify.analysis.program import Program
from slimify.facts.carried import installed
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.effects import Effect
from slimify.semantics.walk import Visit, start_state, walk
from slimify.syntax.dockerfile.instructions import copy_parts
from slimify.syntax.dockerfile.scope import scopes
from slimify.validation.execution import unmet_inputs

# Kinds of effects that clean-up may add or change. `_changed_packages` checks their result.
_CLEANING = frozenset({"packages", "unpackage", "index", "cache", "prune", "check", "meta"})
# Options that change which files are kept, not what the command does.
_OPTIONS = frozenset({"--no-cache-dir", "--no-cache", "--omit=dev", "--production", "--prod"})
# Kinds of effects that may move: they neither read nor write inputs of other steps.
_MOVABLE = frozenset({"users", "cache", "files", "prune", "meta"})


class _CommandInState(Struct, frozen=True):
    """One command of a stage, and the state that it runs in."""

    text: str
    state: tuple[object, ...]
    effects: tuple[Effect, ...]

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(e.kind for e in self.effects)


def in_place_problems(
    program: Program,
    file: Dockerfile,
    stages: Sequence[Sequence[Instruction]],
    before: Sequence[Sequence[Instruction]],
) -> Iterator[Reason]:
    """Reasons why the new last stage behaves differently from that of `before`, the stages of the old
    file."""
    if [_raw_instructions(s) for s in stages[:-1]] != [_raw_instructions(s) for s in before[:-1]]:
        yield Reason.of("SL409", "stage_changes")
        return
    if _settings(stages[-1]) != _settings(before[-1]):
        yield Reason.of("SL409", "settings_change")
        return
    visits = _walk_stage(program, file, stages[-1])
    old = [_visit_of_step(program, i) for i in range(len(program.steps))]
    yield from _changed_copies(program, visits, old)
    yield from _changed_commands(visits, old)
    yield from _changed_packages(program, visits, old)
    yield from _changed_callers(program, visits, old)
    yield from unmet_inputs(program, visits)


def _raw_instructions(stage: Sequence[Instruction]) -> list[str]:
    return [x.raw.strip() for x in stage]


def _settings(stage: Sequence[Instruction]) -> list[str]:
    return [x.raw.strip() for x in stage if x.keyword not in ("RUN", "COPY", "ADD")]


def _walk_stage(program: Program, file: Dockerfile, stage: Sequence[Instruction]) -> tuple[Visit, ...]:
    places = {id(x): i for i, x in enumerate(file.instructions)}
    base = program.base
    env = {k: v for k, v in (base.env if base else {}).items() if v is not None}
    force = scopes(file, env, program.build_args)
    body = [(places[id(x)], x) for x in stage[1:]]
    return walk(body, dict(enumerate(force)), start_state(base, program.context), file.escape)[0]


def _visit_of_step(program: Program, number: int) -> Visit:
    step = program.steps[number]
    effects = tuple(a.effects for a in step.atoms)
    return Visit(
        index=step.index, instruction=step.instruction, state=step.state, script=step.script, effects=effects
    )


def _commands_in_state(visits: Sequence[Visit]) -> list[_CommandInState]:
    found = []
    for visit in visits:
        if visit.instruction.keyword != "RUN":
            continue
        state = (visit.state.cwd, visit.state.user, visit.state.shell, tuple(sorted(visit.state.env)))
        atoms = visit.script.atoms if visit.script is not None else ()
        if not atoms or visit.instruction.heredocs:
            found.append(_CommandInState(visit.instruction.raw.strip(), state, _all_effects(visit)))
            continue
        assert visit.script is not None
        for atom, effects in zip(atoms, visit.effects, strict=True):
            text = " ".join(visit.script.text[atom.start : atom.end].split())
            found.append(_CommandInState(text, state, effects))
    return found


def _all_effects(visit: Visit) -> tuple[Effect, ...]:
    return tuple(e for effects in visit.effects for e in effects)


def _changed_commands(visits: Sequence[Visit], old: Sequence[Visit]) -> Iterator[Reason]:
    """Commands that are missing, or run in a different state or order; new commands that don't clean up."""
    before, after = _commands_in_state(old), _commands_in_state(visits)
    known: dict[str, set[tuple[object, ...]]] = {}
    for part in before:
        known.setdefault(_without_cache_options(part.text), set()).add(part.state)
    there = {_without_cache_options(p.text) for p in after}
    for part in before:
        if (
            _without_cache_options(part.text) not in there
            and not part.kinds <= _CLEANING | {"users"}
            and not _deletes(part)
        ):
            yield Reason.of("SL409", "command_gone", command=part.text[:50])
    for part in after:
        states = known.get(_without_cache_options(part.text))
        if (
            states is None
            and not part.kinds <= _CLEANING
            and not _deletes(part)
            and not _downloads_added_url(part, old)
        ):
            yield Reason.of("SL409", "command_new", command=part.text[:50])
        elif states is not None and part.kinds - _MOVABLE - _CLEANING and part.state not in states:
            yield Reason.of("SL409", "command_state", command=part.text[:50])
    if _fixed_order(before, there) != _fixed_order(after, set(known)):
        yield Reason.of("SL409", "order")


def _fixed_order(parts: Sequence[_CommandInState], other: set[str]) -> list[str]:
    fixed = (p for p in parts if p.kinds - _MOVABLE - _CLEANING)
    return [_without_cache_options(p.text) for p in fixed if _without_cache_options(p.text) in other]


def _without_cache_options(text: str) -> str:
    """The words of a command without options that only affect caches."""
    return " ".join(word for word in text.split() if word not in _OPTIONS)


def _deletes(part: _CommandInState) -> bool:
    return bool(part.effects) and all(e.deletes and not e.writes for e in part.effects)


def _downloads_added_url(part: _CommandInState, old: Sequence[Visit]) -> bool:
    """Whether a command downloads a URL that ADD downloaded before."""
    urls = [s for v in old if v.instruction.keyword == "ADD" for s in copy_parts(v.instruction).sources]
    return part.kinds == {"fetch"} and any(url in part.text for url in urls)


def _changed_copies(program: Program, visits: Sequence[Visit], old: Sequence[Visit]) -> Iterator[Reason]:
    """Copies that are missing, copy more files, or set a new owner. A COPY may gain an owner, and files may
    also be copied earlier."""
    before = [v for v in old if v.instruction.keyword in ("COPY", "ADD")]
    after = [v for v in visits if v.instruction.keyword in ("COPY", "ADD")]
    known = {_without_owner(v.instruction) for v in before}
    there = {_without_owner(v.instruction) for v in after}
    commands = " ".join(v.instruction.value for v in visits if v.instruction.keyword == "RUN")
    for visit in before:
        remote = [s for s in copy_parts(visit.instruction).sources if "://" in s]
        moved = bool(remote) and all(s in commands for s in remote)
        if _without_owner(visit.instruction) not in there and not moved:
            yield Reason.of("SL409", "command_gone", command=visit.instruction.raw.strip()[:50])
    brought = frozenset(f for v in before for f in copied_files(v) or ())
    for visit in after:
        if _without_owner(visit.instruction) not in known and not (copied_files(visit) or {""}) <= brought:
            yield Reason.of("SL409", "copy_more", instruction=visit.instruction.raw.strip()[:50])
    owners = {copy_parts(v.instruction).chown for v in after} - {
        copy_parts(v.instruction).chown for v in before
    }
    given = " ".join(v.instruction.value for v in old if v.instruction.keyword == "RUN")
    for owner in owners - {None}:
        # `chown -R user` keeps the group of files that COPY adds from the context: root
        if not any(f" {o} " in given for o in (owner, (owner or "").removesuffix(":root"))):
            yield Reason.of("SL409", "owner_new", owner=str(owner))


def _without_owner(instruction: Instruction) -> tuple[object, ...]:
    flags = tuple((f.name, f.value) for f in instruction.flags if f.name != "chown")
    return instruction.keyword, flags, instruction.value


def _changed_packages(program: Program, visits: Sequence[Visit], old: Sequence[Visit]) -> Iterator[Reason]:
    """Packages that are missing in the end, except build packages whose replacements are installed."""
    judged = {v.name: v for s in program.steps for a in s.atoms for v in a.packages}
    there = _packages_left(visits)
    have = there | (installed(program.base, nearest=True) if program.base is not None else frozenset())
    for name in sorted(_packages_left(old) - there):
        verdict = judged.get(name)
        if verdict is None or verdict.role != "build":
            yield Reason.of("SL409", "package_gone", package=name)
            continue
        needed = [n for n in verdict.counterparts if n not in have]
        if needed:
            yield Reason.of("SL409", "replacement", package=needed[0], replaced=name)


def _changed_callers(program: Program, visits: Sequence[Visit], old: Sequence[Visit]) -> Iterator[Reason]:
    """Commands whose programs come from packages that are no longer installed at that point."""
    before, after = _called_packages(program, old), _called_packages(program, visits)
    for text, packages in after.items():
        for name in sorted(before.get(text, frozenset()) - packages):
            yield Reason.of("SL409", "caller", command=text[:50], package=name)


def _called_packages(program: Program, visits: Sequence[Visit]) -> dict[str, frozenset[str]]:
    """The installed system packages whose programs each command calls."""
    release = (program.base.distro, program.base.suite) if program.base else (None, None)
    found: dict[str, frozenset[str]] = {}
    have: dict[str, tuple[str, ...]] = {}
    for visit in visits:
        atoms = visit.script.atoms if visit.script is not None else ()
        for atom, effects in zip(atoms, visit.effects, strict=False):
            assert visit.script is not None
            text = _without_cache_options(" ".join(visit.script.text[atom.start : atom.end].split()))
            tools = {t.rpartition("/")[2] for e in effects for t in (e.tool, *e.tools)}
            found[text] = frozenset(name for name, commands in have.items() if tools & {*commands})
            for effect in effects:
                for name in (p.name for p in effect.packages):
                    if effect.kind == "packages":
                        facts = system_package(name, *release)
                        have[name] = facts.commands if facts is not None else (name,)
                    elif effect.kind == "unpackage":
                        have.pop(name, None)
    return found


def _packages_left(visits: Sequence[Visit]) -> frozenset[str]:
    """The system packages that the steps install and don't remove."""
    have: dict[str, None] = {}
    groups: dict[str, list[str]] = {}
    for effect in (e for v in visits for effects in v.effects for e in effects):
        names = [p.name for p in effect.packages]
        if effect.kind == "packages":
            have |= dict.fromkeys(names)
            groups.setdefault(effect.subject, []).extend(names)
        elif effect.kind == "unpackage":
            for name in names:
                for gone in (name, *groups.get(name, ())):
                    have.pop(gone, None)
    return frozenset(have)
