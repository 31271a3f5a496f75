"""What the programs that an image builds are linked with: nothing of the system, the C library, or more."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from slimify.analysis.program import RuntimeNeeds
from slimify.context.scan import Context
from slimify.facts.carried import named_data_files
from slimify.facts.images import ImageFacts
from slimify.facts.programs import sets_attributes
from slimify.languages.go import LANGUAGE
from slimify.model.effects import CHANGES_FILES, INSTALLS_NOTHING, Action, Effect
from slimify.semantics.effects.state import State
from slimify.semantics.machine.content import content_at
from slimify.semantics.machine.stages import Stage
from slimify.semantics.paths import join_path, overlap
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import copy_parts

_C = frozenset({"cgo", "plugin", "external"})  # uses of C, or sources that were not read
_LINKED = _C | {"net", "user"}  # what may use the C library; other programs are linked internally (cmd/link)
# Effects that create no program of unknown origin.
_LEAVES_NO_PROGRAM = INSTALLS_NOTHING | CHANGES_FILES | {"compile", "packages", "users", "prune"}
_PLACES = (Action.MOVE, Action.COPY, Action.LINK)
_MAYBE_PROGRAM = frozenset({"", "so", "bin", "exe", "run", "o", "a"})
_MAX_FILES = 2_000  # files whose first bytes are looked at


def links_no_system_library(visits: Sequence[Visit], end: State, runtime_needs: RuntimeNeeds) -> bool:
    """Whether no step builds or fetches anything but pure Go programs, and no context file is another kind
    of program."""
    sources = runtime_needs.sources
    if not sources.complete or _C & sources.features:
        return False
    effects = (e for v in visits for atom in v.effects for e in atom)
    if any(e.kind not in _LEAVES_NO_PROGRAM or e.writes_anywhere for e in effects):
        return False
    if any(v.instruction.keyword == "ADD" or _takes_from_elsewhere(v) for v in visits):
        return False
    return not _has_program(end.view.context)


def may_load_libc(runtime_needs: RuntimeNeeds, stage: Stage) -> bool:
    """Whether a program that run time starts may need the C library. It needs none if its build switches cgo
    off or asks for a static program, or if what was read uses nothing of C."""
    sources = runtime_needs.sources
    plain = sources.complete and not _LINKED & sources.features
    made = [*started_builds(runtime_needs, stage)]
    return not made or not all(
        build is not None and (_links_statically(*build) or (plain and build[0].reads)) for build in made
    )


def data_read(runtime_needs: RuntimeNeeds, stage: Stage) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Packages of data that its base image has and that a program is known to read, each with the files that
    serve. Alpine has certificates and services. Without -trimpath they find the zones of the toolchain."""
    files = named_data_files(stage.facts.family) if stage.facts is not None else {}
    features, env = runtime_needs.sources.features, stage.end.env
    if files and stage.facts is not None and stage.facts.distro != "alpine":
        yield from [("ca-certificates", (files["certificates"],))] if features & {"net", "tls"} else ()
        yield from [("netbase", (files["services"],))] if "services" in features else ()
    builds = [build for build in started_builds(runtime_needs, stage) if build is not None]
    knows = "GOROOT" in env or any("trimpath" not in effect.settings for effect, _ in builds)
    if files and stage.facts is not None and knows and ("tz" in features or env.get("TZ")):
        whole = has_all_zones(stage.facts)
        yield "tzdata" if whole else "tzdata-legacy", (files["toolchain-zones"], *([files["zones"]] * whole))


def has_all_zones(base: ImageFacts) -> bool:
    """Whether the time zones of the system have the old names, such as US/Eastern, which Go's own have."""
    return base.suite not in LANGUAGE.words("toolchain.toml", "distribution", "few-zones")


def _links_statically(build: Effect, state: State) -> bool:
    return state.env.get("CGO_ENABLED") == "0" or bool({"CGO_ENABLED=0", "static"} & set(build.settings))


def started_builds(runtime_needs: RuntimeNeeds, stage: Stage) -> Iterator[tuple[Effect, State] | None]:
    """The builds that made the programs that run time starts, each with the state before it. None for what
    else made one, or brought it from outside; nothing for scripts, and for programs of the base image."""
    started = {effect.command.name or effect.tool for effect in runtime_needs.start}
    names = started | ({*runtime_needs.commands} - {*map(posixpath.basename, started)})
    directories = (stage.end.get("PATH") or "").split(":")
    for name in sorted(names):
        at = (stage.end.cwd,) if "/" in name else directories
        places = [path for directory in at if (path := join_path(directory, name)) is not None]
        named = [path for path in places if content_at(stage, path).named]
        for path in named[:1] or places:
            yield from _makers(stage, path)


def _makers(stage: Stage, path: str, before: int | None = None) -> Iterator[tuple[Effect, State] | None]:
    """The same for one file, also under the names that it had before."""
    origins = content_at(stage, path, before).origins
    context = stage.inputs.context
    if any(o.kind in ("address", "image") or _is_program(context, o.name) for o in origins):
        yield None
    events = [(s, v) for s in (*stage.sources, *stage.chain) for v in s.own if v.origin in origins]
    changed = [(s, v, e) for s, v in events for e in v.effects if e.action in _PLACES or not _only_edits(e)]
    nearest = max((_nearness(path, effect) for *_, effect in changed), default=0)
    for source, event, effect in changed:
        if _nearness(path, effect) < nearest:
            continue
        if effect.action in _PLACES:
            for read in effect.reads:
                here = [e for e in event.effects if read in e.outputs]  # of the same script
                yield from ((e, event.state) for e in here)
                yield from _makers(source, read, event.number) if not here else ()
        else:
            yield (effect, event.state) if effect.does("compile", LANGUAGE.name) else None


def _only_edits(effect: Effect) -> bool:
    """Whether it makes no program, and keeps how one is linked: strip, setcap."""
    return effect.kind in _LEAVES_NO_PROGRAM - {"compile"} or sets_attributes(effect.tool)


def _nearness(path: str, effect: Effect) -> int:
    """How surely an effect makes a file: 2 if it names it, 1 if it writes around it."""
    written = (*effect.writes, *effect.outputs)
    return 2 if path in written else any(overlap(w, path) for w in written)


def _takes_from_elsewhere(visit: Visit) -> bool:
    return visit.instruction.keyword == "COPY" and copy_parts(visit.instruction).from_stage is not None


def _has_program(context: Context) -> bool:
    files = [p for p in context.files if posixpath.splitext(p)[1][1:].lower() in _MAYBE_PROGRAM]
    return len(files) > _MAX_FILES or any(_is_program(context, path) for path in files)


def _is_program(context: Context, path: str) -> bool:
    return (context.head(path, 4) or "").startswith("\x7fELF")
