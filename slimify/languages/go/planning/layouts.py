"""Go: the program is compiled in the builder; the final stage gets the binary and the files that it reads.

The base follows from how the binary is linked (`base`), the files from what it opens (`runtime_files`). A
binary from golang:*-alpine stays on the same Alpine. cgo is never switched off.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.config import Options
from slimify.facts.images import ImageFacts
from slimify.facts.programs import only_waits
from slimify.languages.go import LANGUAGE
from slimify.languages.go.package_facts import go_toolchain
from slimify.languages.go.planning.base import (
    base_choices,
    distroless_packages,
    is_static,
    not_started,
    run_need,
    urls,
)
from slimify.languages.go.planning.caches import left_bytes
from slimify.languages.go.planning.runtime_files import (
    RuntimeFiles,
    built_programs,
    for_people,
    is_toolchain,
    runtime_files,
)
from slimify.languages.go.planning.system_files import (
    missing_directories,
    open_directories,
    restored_system_files,
    unpacked_zones,
    with_directories,
)
from slimify.languages.go.planning.toolchain_settings import builder_only_env, env_decisions, read_settings
from slimify.languages.go.vocabulary import GoAction
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import LEAVES_NOTHING
from slimify.model.plan import Rung
from slimify.model.sizes import MB
from slimify.planning.estimates import estimate
from slimify.planning.final_stage.commands import SplitRequest
from slimify.planning.final_stage.instruction_text import final_texts
from slimify.planning.final_stage.mkdir_steps import mkdir_copies
from slimify.planning.final_stage.rebase import path_dirs, restated_settings
from slimify.planning.layout import CopyFromBuilder, Layout
from slimify.planning.proposal import Proposal, base_and_copies, copy_decisions, managed_copy, proposal_of
from slimify.planning.stages.split import split_layout
from slimify.planning.stages.unknown_steps import keep_everything_before_unknown, split_obstacle
from slimify.semantics.paths import inside
from slimify.syntax.shell.script import EditRefused

_PROGRAM = 20 * MB
_BUILT = 100 * MB  # with the caches of its build
_TOOLCHAIN = 235 * MB  # unpacked from its archive (go.dev/dl)


def propose(program: Program, options: Options) -> Proposal:
    """Layouts on distroless, on the slim distribution and on the same base."""
    why = toolchain_image(program)
    if why:
        return Proposal(reasons=(why,))
    found = runtime_files(program)
    finished = any(e.does("compile", "go") for event in program.brought for e in event.effects)
    if not finished and not any(_is_program(program, t) for t in found.copies):
        return Proposal(reasons=(_no_program(program),))
    lost = not_started(program, found.copies)
    if lost:
        why = Reason.of("SL394", "not_found", program=lost, why=_missing_reason(lost, found.copies))
        return Proposal(reasons=(why,))
    managed = managed_copy(program, found.copies, local=False)  # it holds the toolchain
    if managed:
        return Proposal(reasons=(managed,))
    choices, why_not = base_choices(program, options, found.copies)
    return proposal_of([*why_not, *(_layout(program, rung, base, found) for rung, base in choices)])


def toolchain_image(program: Program) -> Reason | None:
    """Why the image is a toolchain rather than a program, and must stay complete; None if it is a program."""
    if not program.runtime_needs.start:
        return Reason.of("SL406", "no_start")
    if all(only_waits(effect.tool) for effect in program.runtime_needs.start):
        return Reason.of("SL406", "only_waits")
    for effect in program.runtime_needs.start:
        tool = effect.tool.rpartition("/")[2]
        follows = effect.tools and effect.kind in LEAVES_NOTHING  # a target that starts a finished program
        if tool in go_toolchain() - built_programs(program) and not follows:
            return Reason.of("SL406", "toolchain", command=tool)
        if _works_on_sources(program, tool):
            return Reason.of("SL406", "go_sources", command=tool)
        if any(inside(place, read) for read in effect.reads for place in _sources(program)):
            return Reason.of("SL406", "serves_sources", command=tool)
    return None


def _no_program(program: Program) -> Reason:
    """Why the file can't be split: the program is prebuilt, or no known step builds it."""
    effects = program.effects
    if not any(e.kind in ("compile", "build", "app", "unknown") for e in effects):
        if program.brought:
            return Reason.of("SL410", "finished")
        inherited = len([*program.machine.final.chain]) > 1
        return Reason.of("SL410", "inherited") if inherited else Reason.of("SL410", "ready_made")
    return Reason.of("SL394", "no_program")


def _works_on_sources(program: Program, tool: str) -> bool:
    """Whether the start command runs a downloaded program on the sources in the image, those of the context
    or, before modules, its own."""
    steps = [e for e in program.effects if e.does("compile", "go")]
    fetched = any(posixpath.basename(o) == tool for e in steps if not e.reads for o in e.outputs)
    if not fetched or built_programs(program):
        return False
    view, start = program.end_state.view, program.end_state.cwd or "/"
    if any(inside(start, w) for e in steps if e.action == GoAction.GET for w in e.writes):
        return True
    return any(path.endswith(".go") for place in view.copies for path in program.context.under(place.source))


def _sources(program: Program) -> Iterator[str]:
    """The directories of the image that sources of build steps were copied to."""
    for step in program.steps:
        if step.keyword in ("COPY", "ADD") and step.role in ("build", "both"):
            single = step.visit.copied_files or ()
            places = step.visit.copy_targets or () if not urls(step) else ()
            for place in places:
                yield posixpath.dirname(place) if place in single else place


def _missing_reason(name: str, copies: tuple[CopyFromBuilder, ...]) -> Reason:
    """Why a program that is started is missing."""
    found = next((t.path for t in copies if posixpath.basename(t.path) == posixpath.basename(name)), None)
    return Reason.of("SL394", "off_path", path=found) if found else Reason.of("SL394", "unmade")


def _is_program(program: Program, copy: CopyFromBuilder) -> bool:
    """Whether a build step created it: a binary, or a directory with binaries."""
    return any(
        m.path == copy.path and m.kind in ("compile", "build", "files", "unpack", "fetch", "meta")
        for m in program.artifacts
    )


def _layout(program: Program, rung: Rung, base: str, found: RuntimeFiles) -> Layout | Reason:
    same, bare = rung == "same-base", "gcr.io/distroless" in base
    present = distroless_packages() if bare else frozenset()
    made = mkdir_copies(program, found.drop, found.copies) if bare else {}
    found = replace(
        found,
        copies=(*found.copies, *(copy for copies in made.values() for copy in copies)),
        drop=found.drop | frozenset(made),
    )
    why = run_need(program, found.drop, present) if bare else None
    if why:
        return Reason.of("SL392", "final", base=base, why=why)
    current = keep_everything_before_unknown(program) if same else program
    idle = frozenset[str]() if same else builder_only_env(program)
    install: tuple[str, ...] = ()
    put: tuple[Decision, ...] = ()
    if same:
        install, put = unpacked_zones(program, base, found.copies)
    elif not bare:
        install, put, missing = restored_system_files(program, base)
        if missing:
            return missing
    lacking = {} if same else missing_directories(program, base, found.copies, found.drop)
    empty = tuple(CopyFromBuilder(path=p, after=program.steps[0].index) for p in lacking)
    put = (*put, *(Decision.of("SL311", "copied", path=p, user=u, base=base) for p, u in lacking.items()))
    opened = () if same else open_directories(program, found.copies, found.drop)
    if opened and bare:
        return Reason.of("SL392", "opened", base=base, path=opened[0], from_base=program.base_ref)
    if opened:
        user, of = program.runtime.user or "root", program.base_ref
        put = (*put, Decision.of("SL311", "permission", path=opened[0], user=user, base_ref=of))
    unpacked = _TOOLCHAIN if any(is_toolchain(program, made) for made in program.artifacts) else 0
    request = SplitRequest(
        rung=rung,
        base=base,
        copies=(*found.copies, *empty),
        counterparts=not is_static(program) or bool(program.runtime_needs.libraries),
        present=present,
        drop_final=found.drop,
        final_head=install,
        replace=found.replace,
        builder_only_env=idle,
        decisions=(
            *_decisions(program, rung, base, found.copies),
            *_programs_for_people(program, found),
            *_kept_whole(program, found),
            *put,
        ),
        saving=_saving(program, base, rung) + unpacked,
        original=estimate.original_bytes(program) + unpacked + (_BUILT if found.copies else _PROGRAM),
    )
    why = split_obstacle(program, request)
    if why:
        return why
    layout = split_layout(current, request)
    try:
        kept = final_texts(program, layout)
    except EditRefused as error:
        return Reason.of("SL390", "not_possible", why=error.reason)
    texts, bins = (*kept.values(), read_settings(program)), _bin_directories(program, found.copies)
    settings = () if same else restated_settings(program, base, texts, bins)
    if settings is None:
        return Reason.of("SL395", "variable_unknown", base=base, base_ref=program.base_ref)
    head = (*layout.final_head, *settings)
    if opened:
        head = with_directories(head, opened)
    return replace(layout, final_head=head, decisions=(*layout.decisions, *env_decisions(program, kept)))


def _bin_directories(program: Program, copies: tuple[CopyFromBuilder, ...]) -> list[str]:
    """The directories of programs that are started by name, also interactively. What starts others by names
    that only run time knows may name itself."""
    argv = program.runtime.argv if not program.runtime_needs.dynamic else ()
    full = {
        posixpath.normpath(word) for argument in argv for word in argument.split() if word.startswith("/")
    }
    directories = path_dirs(program)
    single = [at for t in copies if (at := posixpath.dirname(t.path)) in directories and t.path not in full]
    return [*single, *(t.path for t in copies if t.path in directories)]


def _saving(program: Program, base: str, rung: Rung) -> int:
    from slimify.facts.images import image

    old, new = program.base, image(base)
    saving = estimate.dropped_package_bytes(program) + left_bytes(program)
    if old is not None and rung != "same-base":
        saving += (old.size or estimate.UNKNOWN_IMAGE) - (new.size if new else 0)
    return saving


def _kept_whole(program: Program, found: RuntimeFiles) -> Iterator[Decision]:
    """The COPYs that are not narrowed, each with the reason."""
    for index, why in found.whole.items():
        instruction = program.dockerfile.instructions[index]
        text = " ".join(instruction.raw.split())
        yield Decision.of("SL316", "kept", line=instruction.line, copy=text, why=why)


def _programs_for_people(program: Program, found: RuntimeFiles) -> Iterator[Decision]:
    """The advice about fetched programs that are kept although nothing is known to start them."""
    paths = {copy.path for copy in found.copies if copy.is_file}
    made = [m for m in program.artifacts if m.path in paths and for_people(program, m.path)]
    if made:
        line = program.dockerfile.instructions[made[0].first].line
        yield Decision.of("SL321", "unused", line=line, names=tuple(m.path for m in made))


def _is_moving_tag(base: ImageFacts) -> bool:
    """Whether the tag will later stand for another Debian release: `latest`, `1`."""
    sure = base.version_sure if base.language else base.suite_sure
    return not sure and bool(base.suite) and (base.suite or "") not in base.tag


def _decisions(
    program: Program, rung: Rung, base: str, copies: tuple[CopyFromBuilder, ...]
) -> tuple[Decision, ...]:
    moving = program.base if program.base is not None and _is_moving_tag(program.base) else None
    sure = program.base is not None and program.base.suite_sure and moving is None
    if rung == "same-base":
        return base_and_copies(program, rung, base, copies, LANGUAGE.title)
    if rung == "slim":
        reason = Reason.of("SL301", "release", base=base, base_ref=program.base_ref)
    else:
        alpine = program.base is not None and "alpine" in program.base.runtime_bases
        reason = (
            Reason.of("SL300", "alpine", base=base) if alpine else Reason.of("SL300", "minimal", base=base)
        )
    if moving is not None:
        of, suite = moving.reference, moving.suite or ""
        if rung == "slim":
            reason = Reason.of("SL301", "moving", final=reason, base=of, suite=suite)
        else:
            reason = Reason.of("SL300", "moving", final=reason, base=of, suite=suite)
    chosen = Decision.from_reason(reason, "safe" if sure else "assumed")
    return (chosen, *copy_decisions(program, copies))
