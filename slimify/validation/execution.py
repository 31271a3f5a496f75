"""Interprets each stage of the new file: inputs of RUN exist, programs exist, users are known.

The new text is read by the same interpreter as the old one. This catches a plan that drops a COPY, moves a
step before its input, or moves it to an image without its tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slimify.analysis.copy_targets import copied_files, copy_targets
from slimify.analysis.program import Program
from slimify.analysis.roles.parent_directories import required_directories
from slimify.facts.carried import carried
from slimify.facts.image_tables import accounts
from slimify.facts.images import ImageFacts
from slimify.facts.system import distribution_accounts, is_shared_directory
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.effects import Effect
from slimify.semantics.paths import inside, is_named_place
from slimify.semantics.walk import Visit, start_state, walk
from slimify.syntax.dockerfile.instructions import from_parts
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand

_READING = frozenset({"files", "meta", "app", "install", "compile", "build", "unpack", "check"})


def stage_execution_problems(
    program: Program, file: Dockerfile, stages: Sequence[Sequence[Instruction]]
) -> Iterator[Reason]:
    """Reasons why the stages would fail or use different files when they are built."""
    lacking = _already_missing(program)
    for number, stage in enumerate(stages):
        base, visits = execute_stage(program, file, stage)
        if base is None and len(stages) == 1:
            return  # an unknown base image, and no step was moved
        where = "final stage" if number == len(stages) - 1 else f"stage {from_parts(stage[0]).alias}"
        if len(stages) > 1:
            yield from _missing_inputs(program, visits, where, lacking)
        if number == len(stages) - 1:
            yield from _missing_tools(program, visits, base)
            yield from _missing_users(visits, base)


def execute_stage(
    program: Program, file: Dockerfile, stage: Sequence[Instruction]
) -> tuple[ImageFacts | None, Sequence[Visit]]:
    """The facts about the base image of a stage of the new file, and its instructions with their effects."""
    places = {id(x): i for i, x in enumerate(file.instructions)}
    image = from_parts(stage[0]).image
    reference = expand(image, scopes(file, {}, program.build_args)[places[id(stage[0])]]) or image
    base = program.facts_of(reference)
    env = {k: v for k, v in (base.env if base else {}).items() if v is not None}
    force = scopes(file, env, program.build_args)
    body = [(places[id(x)], x) for x in stage[1:]]
    visits, _ = walk(body, dict(enumerate(force)), start_state(base, program.context), file.escape)
    return base, visits


def unmet_inputs(program: Program, visits: Sequence[Visit]) -> Iterator[Reason]:
    """Inputs that steps of the last stage would miss and steps of the old one had."""
    yield from _missing_inputs(program, visits, "last stage", _already_missing(program))


_MissingInput = tuple[str, str, str]  # program, what it does, path


def _already_missing(program: Program) -> frozenset[_MissingInput]:
    """Inputs that are also missing at that point of the old file, such as a lock file that is copied later
    than its manifest."""
    visits = [
        Visit(
            index=x.index, instruction=x.instruction, state=x.state, effects=tuple(a.effects for a in x.atoms)
        )
        for x in program.steps
    ]
    return frozenset((e.tool, e.action, path) for _, e, path in _missing_paths(program, visits))


def _missing_inputs(
    program: Program, visits: Sequence[Visit], where: str, lacking: frozenset[_MissingInput]
) -> Iterator[Reason]:
    """Files that a RUN uses and that only the old file copies or builds."""
    for visit, effect, path in _missing_paths(program, visits):
        if (effect.tool, effect.action, path) not in lacking:
            line = f"`{visit.instruction.keyword} {visit.instruction.value[:40]}`"
            yield Reason.of("SL409", "input_missing", path=path, at=line, stage=where)


def _missing_paths(program: Program, visits: Sequence[Visit]) -> Iterator[tuple[Visit, Effect, str]]:
    """Files of the context that a RUN uses before they are copied or built, and directories that it writes to
    before they exist."""
    have: list[str] = []
    made: list[str] = []
    for visit in visits:
        if visit.state.cwd is not None:
            made.append(visit.state.cwd)  # WORKDIR creates it
        if visit.instruction.keyword in ("COPY", "ADD"):
            have += copied_files(visit) or copy_targets(visit) or ()
            have += [t for t in copy_targets(visit) or () if _copies_whole_tree(visit)]
        mounted = any(
            f.name == "mount" and "type=cache" not in (f.value or "") for f in visit.instruction.flags
        )
        for effects in visit.effects:
            for effect in effects:
                for path in _paths_read(effect):
                    if not mounted and _is_context_file(program, path) and not _is_present(path, have, made):
                        yield visit, effect, path
                for path in required_directories(effect):
                    if not mounted and not _is_present(path, have, made):
                        yield visit, effect, path
                made += effect.writes if effect.tool in ("mkdir", "install") else ()
                have += (
                    ()
                    if effect.tool == "mkdir" or effect.kind == "meta"
                    else (*effect.writes, *effect.outputs)
                )


def _copies_whole_tree(visit: Visit) -> bool:
    return copied_files(visit) is None


def _paths_read(effect: Effect) -> tuple[str, ...]:
    if effect.kind not in _READING:
        return ()
    changed = effect.writes if effect.kind == "meta" else ()
    return (*effect.reads, *effect.manifests, *changed)


def _is_context_file(program: Program, path: str) -> bool:
    """Whether a path is a file of the context at its location in the old file."""
    if is_named_place(path) or is_shared_directory(path) or any(ch in path for ch in "*?["):
        return False
    found = program.end_state.view.context_path(path)
    return found is not None and (found in program.context.files or program.context.is_dir(found))


def _is_present(path: str, have: Sequence[str], made: Sequence[str]) -> bool:
    """Whether a path exists. `have` are files and directories with content, `made` are empty directories."""
    return any(inside(m, path) for m in made) or any(
        inside(path, h) or inside(h, path) for h in have if not is_named_place(h)
    )


def _missing_tools(program: Program, visits: Sequence[Visit], base: ImageFacts | None) -> Iterator[Reason]:
    """Programs that a RUN calls and that only the old base image has."""
    old = program.base
    if old is None or base is None or base.reference == old.reference:
        return
    lost = carried(old).commands
    own = set(old.commands) - set(base.commands) if base.family != old.family else set()
    brought: set[str] = set()
    for visit in visits:
        for effects in visit.effects:
            for effect in effects:
                if effect.kind == "packages":
                    brought |= {p.name for p in effect.packages}
        for effects in visit.effects:
            for effect in effects:
                tool = effect.tool.rpartition("/")[2]
                if tool in own or (tool in lost and lost[tool] not in brought and tool not in old.commands):
                    line = f"`RUN {visit.instruction.value[:40]}`"
                    yield Reason.of("SL409", "tool_missing", command=tool, at=line)
        if visit.instruction.keyword == "RUN" and not base.shell:
            yield Reason.of("SL409", "no_shell", base=base.reference, command=visit.instruction.value[:40])


def _missing_users(visits: Sequence[Visit], base: ImageFacts | None) -> Iterator[Reason]:
    """Names in USER that neither the stage nor the base image defines."""
    made: set[str] = set()
    for visit in visits:
        for effects in visit.effects:
            for effect in effects:
                if effect.kind in ("users", "unknown", "packages", "system"):
                    made |= {w.value or "" for w in effect.command.words}
                    made |= {e.strip("\"'$") for e in visit.instruction.value.split()}
        if visit.instruction.keyword == "USER":
            known = {k: v for k, v in visit.state.env.items() if v is not None}
            name = (expand(visit.instruction.value, known) or "").strip().partition(":")[0]
            if not name or name.isdigit() or name in made or name in distribution_accounts() or base is None:
                continue
            if name == base.user or name in accounts(base.family):
                continue
            if visit.instruction.value.partition(":")[0].strip().strip("${}\"'") in {
                m.strip("{}") for m in made
            }:
                continue
            yield Reason.of("SL409", "user_missing", user=name, base=base.reference)
