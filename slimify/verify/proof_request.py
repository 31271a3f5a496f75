"""What to verify: a Dockerfile, its context and the settings of both builds."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.analysis.classify import classify
from slimify.analysis.program import Program, RuntimeNeeds
from slimify.analysis.whole_last_stage import whole_program
from slimify.config import Options
from slimify.context.scan import scan
from slimify.engine.model import BuildOptions, Progress
from slimify.facts.images import environment
from slimify.facts.language_files import projects
from slimify.facts.settings import toolchain_settings
from slimify.facts.system import in_package_tree, is_shared_directory
from slimify.languages import language
from slimify.model.outcome import Outcome
from slimify.semantics.paths import inside
from slimify.syntax.dockerfile.instructions import copy_parts, env_pairs
from slimify.syntax.dockerfile.parser import parse
from slimify.syntax.dockerfile.words import expand
from slimify.verify.contract import Terms
from slimify.verify.probes import Probe

Listener = Callable[[Progress], None]


class ProofRequest(Struct, frozen=True, kw_only=True):
    """An original Dockerfile and everything that the comparison with its rewrites depends on."""

    file: str
    original: bytes
    context: Path
    context_after: Path | None = None  # build context of the rewritten file, if different
    ignore: bytes | None = None
    terms: Terms = field(default_factory=Terms)
    runtime_needs: RuntimeNeeds = RuntimeNeeds()
    image_paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by file of the context
    application_directories: tuple[str, ...] = ()  # in the image
    language: str | None = None
    probe: Probe = field(default_factory=Probe)
    build: BuildOptions = field(default_factory=BuildOptions)
    start: bool = True  # False: compare files only, start no container
    timed_source: str = ""  # source file of the context to change for timed builds; "": no timing


# The fields of the contract that a decision changes.
_CHANGED_FIELDS = {
    "SL315": ("Cmd", "Entrypoint", "WorkingDir"),  # new start command
    "SL330": ("User",),  # --nonroot
}


def proof_request(
    data: bytes,
    *,
    name: str,
    context: Path,
    options: Options,
    probe: Probe,
    build: BuildOptions,
    start: bool = True,
    timed: bool = False,
) -> ProofRequest:
    """The request for `data`, the original Dockerfile. Raises SlimifyError if it is malformed.

    Arguments without a value are passed as the settings or the repository (Compose, CI) pass them."""
    where = scan(context, Path(name) if name != "-" else None)
    program = whole_program(classify(parse(data, name), where, name, options), options)
    return ProofRequest(
        file=name,
        original=data,
        context=context,
        ignore=_ignore_file(name),
        terms=_terms(program, probe),
        runtime_needs=program.runtime_needs,
        image_paths=_image_paths(program),
        application_directories=_application_directories(program),
        language=program.language,
        probe=probe,
        build=replace(build, build_args={**program.build_args, **build.build_args}),
        start=start,
        timed_source=_timed_source(program) if timed else "",
    )


def accepted_fields(outcome: Outcome) -> frozenset[str]:
    """The fields of the contract that the decisions of a rewrite change."""
    made = (decision.code for decision in outcome.decisions if decision.safety != "advice")
    return frozenset(name for code in made for name in _CHANGED_FIELDS.get(code, ()))


def _terms(program: Program, probe: Probe) -> Terms:
    own, labels = (
        {name for x in program.dockerfile.instructions if x.keyword == keyword for name, _ in env_pairs(x)}
        for keyword in ("ENV", "LABEL")
    )
    # a tag moves: it may set the environment that the facts know from a later release
    brought = {*program.base.env, *environment(program.base.family)} if program.base else set()
    toolchain_only = own & toolchain_settings()  # read by the base image's toolchain only
    return Terms(
        own_env=frozenset(own - toolchain_only),
        base_env=frozenset(brought - {"PATH"} | toolchain_only),
        own_labels=frozenset(labels),
        own_entrypoint=any(one.keyword == "ENTRYPOINT" for one in program.dockerfile.instructions),
        accepted=frozenset(probe.accept),
    )


def _image_paths(program: Program) -> dict[str, tuple[str, ...]]:
    """The paths in the image of the source files that were read."""
    view, sources = program.end_state.view, program.runtime_needs.sources
    return {use.file: view.image_paths(use.file) for use in (*sources.imports, *sources.paths)}


def _application_directories(program: Program) -> tuple[str, ...]:
    """The application's directories in the image: WORKDIR and the destinations of copies from the context,
    without system directories."""
    found = [program.runtime.workdir or ""]
    for step in program.steps:
        if step.keyword not in ("COPY", "ADD") or step.instruction.flag("from") is not None:
            continue
        dest = expand(copy_parts(step.instruction).dest, step.state.known_env)
        if dest:
            found.append(posixpath.join(step.state.cwd or "/", dest))
    places = sorted({posixpath.normpath(place) for place in found if place.startswith("/")})
    own = [place for place in places if not _holds_system(place)]
    return tuple(place for place in own if not any(place.startswith(f"{other}/") for other in own))


def _holds_system(place: str) -> bool:
    """Whether a directory belongs to the system. Some applications are located directly in /usr/src or
    /go."""
    if is_shared_directory(place):
        return place not in ("/usr/src", *projects())
    return in_package_tree(place) or inside(place, "/usr/local/bin")


def _ignore_file(name: str) -> bytes | None:
    """The Dockerfile's own ignore file (BuildKit: NAME.dockerignore next to it)."""
    path = Path(f"{name}.dockerignore")
    return path.read_bytes() if name != "-" and path.is_file() else None


def _timed_source(program: Program) -> str:
    """A source file of the context that can be changed to time a rebuild."""
    known = language(program.language)
    endings = known.source_suffixes if known is not None else ()
    named = [use.file for use in program.runtime_needs.sources.imports if use.file.endswith(endings)]
    root = program.context.root
    return next((file for file in named if root is not None and (root / file).is_file()), "")
