"""Each stage of the new file, executed in thought: what a RUN reads is there, what it calls exists,
who it runs as is known.

The stages are read from the new text by the interpreter that reads the old one, so a planner that
lost a COPY, put a step before its input or moved it to an image without its tools is caught here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slimify.analysis.copy_targets import copied_files, copy_targets
from slimify.analysis.program import Program
from slimify.analysis.roles.parent_directories import required_directories
from slimify.facts.carried import carried
from slimify.facts.image_tables import accounts
from slimify.facts.images import ImageFacts
from slimify.facts.system import is_shared_directory
from slimify.model.decisions import Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.effects import Effect
from slimify.semantics.paths import inside
from slimify.semantics.walk import Visit, start_state, walk
from slimify.syntax.dockerfile.instructions import from_parts
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand

# Users that every Debian and Alpine image has (base-passwd, alpine-baselayout).
_USERS = frozenset(
    """root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc nobody operator
    shutdown halt adm ftp guest cron squid xfs at postgres nginx nonroot""".split()
)
_READING = frozenset({"files", "meta", "app", "install", "compile", "build", "unpack", "check"})


def execution(
    program: Program, file: Dockerfile, stages: Sequence[Sequence[Instruction]]
) -> Iterator[Reason]:
    """What would fail, or find other files, when the stages are built."""
    lacking = _lacking(program)
    for number, stage in enumerate(stages):
        base, visits = executed(program, file, stage)
        if base is None and len(stages) == 1:
            return  # nothing is known about the base, and nothing was moved
        where = "final stage" if number == len(stages) - 1 else f"stage {from_parts(stage[0]).alias}"
        if len(stages) > 1:
            yield from _inputs(program, visits, where, lacking)
        if number == len(stages) - 1:
            yield from _tools(program, visits, base)
            yield from _users(visits, base)


def executed(
    program: Program, file: Dockerfile, stage: Sequence[Instruction]
) -> tuple[ImageFacts | None, Sequence[Visit]]:
    """The base of a stage of the new file, and what each of its instructions does."""
    places = {id(x): i for i, x in enumerate(file.instructions)}
    image = from_parts(stage[0]).image
    reference = expand(image, scopes(file, {}, program.build_args)[places[id(stage[0])]]) or image
    base = program.facts_of(reference)
    env = {k: v for k, v in (base.env if base else {}).items() if v is not None}
    force = scopes(file, env, program.build_args)
    body = [(places[id(x)], x) for x in stage[1:]]
    visits, _ = walk(body, dict(enumerate(force)), start_state(base, program.context), file.escape)
    return base, visits


def unmet(program: Program, visits: Sequence[Visit]) -> Iterator[Reason]:
    """What the steps of a last stage would not find that those of the old one found."""
    yield from _inputs(program, visits, "last stage", _lacking(program))


_Lack = tuple[str, str, str]  # program, what it does, path


def _lacking(program: Program) -> frozenset[_Lack]:
    """What a RUN of the old file would read, but that comes later there, too: a lock file beside the manifest
    that alone was copied."""
    visits = [
        Visit(
            index=x.index, instruction=x.instruction, state=x.state, effects=tuple(a.effects for a in x.atoms)
        )
        for x in program.steps
    ]
    return frozenset((e.tool, e.action, path) for _, e, path in _missing(program, visits))


def _inputs(
    program: Program, visits: Sequence[Visit], where: str, lacking: frozenset[_Lack]
) -> Iterator[Reason]:
    """Every file that a RUN works on, and that the old file brought or built, is brought or built."""
    for visit, effect, path in _missing(program, visits):
        if (effect.tool, effect.action, path) not in lacking:
            line = f"`{visit.instruction.keyword} {visit.instruction.value[:40]}`"
            yield Reason.of("SL409", "input_missing", path=path, at=line, stage=where)


def _missing(program: Program, visits: Sequence[Visit]) -> Iterator[tuple[Visit, Effect, str]]:
    """The files of the context that a RUN works on before they are brought or built, the directories that it
    writes into before there is anything in them, and its command."""
    have: list[str] = []
    made: list[str] = []
    for visit in visits:
        if visit.state.cwd is not None:
            made.append(visit.state.cwd)  # WORKDIR makes it
        if visit.instruction.keyword in ("COPY", "ADD"):
            have += copied_files(visit) or copy_targets(visit) or ()
            have += [t for t in copy_targets(visit) or () if _is_tree(visit)]
        mounted = any(
            f.name == "mount" and "type=cache" not in (f.value or "") for f in visit.instruction.flags
        )
        for effects in visit.effects:
            for effect in effects:
                for path in _read(effect):
                    if not mounted and _ours(program, path) and not _present(path, have, made):
                        yield visit, effect, path
                for path in required_directories(effect):
                    if not mounted and not _present(path, have, made):
                        yield visit, effect, path
                made += effect.writes if effect.tool in ("mkdir", "install") else ()
                have += (
                    ()
                    if effect.tool == "mkdir" or effect.kind == "meta"
                    else (*effect.writes, *effect.outputs)
                )


def _is_tree(visit: Visit) -> bool:
    return copied_files(visit) is None


def _read(effect: Effect) -> tuple[str, ...]:
    if effect.kind not in _READING:
        return ()
    changed = effect.writes if effect.kind == "meta" else ()
    return (*effect.reads, *effect.manifests, *changed)


def _ours(program: Program, path: str) -> bool:
    """A file of the context, at the place where the old file has it."""
    if path.startswith("@") or is_shared_directory(path) or any(ch in path for ch in "*?["):
        return False
    found = program.end_state.view.context_path(path)
    return found is not None and (found in program.context.files or program.context.is_dir(found))


def _present(path: str, have: Sequence[str], made: Sequence[str]) -> bool:
    """`have` was brought, with all that lies below it; `made` are directories with nothing in them."""
    return any(inside(m, path) for m in made) or any(
        inside(path, h) or inside(h, path) for h in have if not h.startswith("@")
    )


def _tools(program: Program, visits: Sequence[Visit], base: ImageFacts | None) -> Iterator[Reason]:
    """A RUN of a smaller base calls nothing that only the larger one had."""
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


def _users(visits: Sequence[Visit], base: ImageFacts | None) -> Iterator[Reason]:
    """A USER by name is made in the stage or comes with the base."""
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
            if not name or name.isdigit() or name in made or name in _USERS or base is None:
                continue
            if name == base.user or name in accounts(base.family):
                continue
            if visit.instruction.value.partition(":")[0].strip().strip("${}\"'") in {
                m.strip("{}") for m in made
            }:
                continue
            yield Reason.of("SL409", "user_missing", user=name, base=base.reference)
