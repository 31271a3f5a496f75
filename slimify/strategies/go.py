"""Go: the program is compiled in the builder; what runs is the binary and the files it reads.

The base follows from how the binary is linked. Compiled without cgo it runs on distroless/static;
with glibc's resolver (the default of the full image, which has a C compiler) it needs a glibc of the
same release: distroless/base, or debian-slim where a shell, a package or a RUN is needed. A binary
from golang:*-alpine goes to the same Alpine. cgo is never switched off.
"""

from __future__ import annotations

import posixpath

from slimify.classify.copies import files, targets
from slimify.classify.paths import inside
from slimify.classify.program import Program
from slimify.classify.walk import Visit
from slimify.config import Options
from slimify.model import Decision, Reason, Rung, Use
from slimify.strategies import estimate
from slimify.strategies.base import Proposal
from slimify.strategies.layout import Layout, Tree
from slimify.strategies.partition import Parting, blocked, keep_everything_before_unknown, part, real_atoms
from slimify.strategies.putback import put_back
from slimify.strategies.rebase import on_path, restated, written_base

NAME = "go"
_STATIC_ENV = {"CGO_ENABLED": "0"}


def propose(program: Program, options: Options) -> Proposal:
    """Layouts on distroless, on the slim distribution and on the same base."""
    reasons: list[Reason] = []
    layouts: list[Layout] = []
    why = nothing_started(program)
    if why:
        return Proposal(reasons=(Reason(code="SL406", text=why),))
    trees = tuple(Tree(path=m.path, after=m.first) for m in program.made)
    if not trees:
        return Proposal(reasons=(Reason(code="SL394", text="no build step leaves a program that is known"),))
    for rung, base in _bases(program, options):
        current = keep_everything_before_unknown(program) if rung == "same-base" else program
        layout = _layout(current, rung, base, trees)
        if isinstance(layout, Reason):
            reasons.append(layout)
        else:
            layouts.append(layout)
    return Proposal(layouts=tuple(layouts), reasons=tuple(reasons))


def nothing_started(program: Program) -> str:
    """Why the image is a toolchain, not a program: it must keep what a slimmer one loses."""
    if not program.runtime.own_start:
        return "the file starts nothing: with the base image's own command it is an image to build in"
    tools = {e.tool.rpartition("/")[2] for e in program.live.start}
    for tool in ("go", "make", "gox", "dep", "glide", "godep"):
        if tool in tools:
            return f"`{tool}` is what the image starts: the toolchain is its purpose"
    return ""


def _bases(program: Program, options: Options) -> list[tuple[Rung, str]]:
    base = program.base
    found: list[tuple[Rung, str]] = []
    if base is not None and base.runtime_bases:
        bases = base.runtime_bases
        if "alpine" in bases:
            found.append(("minimal", bases["alpine"]))
        else:
            kind = "static" if _static(program) else "base" if not _cgo(program) else "cc"
            if kind in bases and not _needs_system(program):
                found.append(("minimal", bases[kind]))
            if "debian" in bases:
                found.append(("slim", bases["debian"]))
    found.append(("same-base", written_base(program)))
    wanted = {"auto": ("minimal", "slim", "same-base"), "minimal": ("minimal",), "slim": ("slim",), "same": ("same-base",)}
    return [(rung, ref) for rung, ref in found if rung in wanted[options.base]]


def _static(program: Program) -> bool:
    """Every build of a program says CGO_ENABLED=0."""
    builds = [e for s in program.steps for e in s.effects if e.outputs]
    return bool(builds) and all("CGO_ENABLED=0" in e.action for e in builds) or _env_static(program)


def _env_static(program: Program) -> bool:
    outs = [s for s in program.steps if any(e.outputs for e in s.effects)]
    return bool(outs) and all(
        s.state.env.get("CGO_ENABLED") == "0" or "CGO_ENABLED=0" in s.instruction.value for s in outs
    )


def _cgo(program: Program) -> bool:
    return "cgo" in program.live.sources.features


def _needs_system(program: Program) -> str:
    """Why a shell, a package or a RUN is needed in the final stage; "" if none is."""
    if program.live.shell:
        return "the image starts a shell"
    for step in program.steps:
        if step.keyword == "RUN" and any(a.role in ("run", "both", "unknown") for a in real_atoms(step)):
            return f"line {step.line} has to be executed in the final stage"
    outputs = {posixpath.basename(m.path) for m in program.made}
    for name, use in program.live.commands.items():
        if posixpath.basename(name) not in outputs and "/" not in name:
            return f"`{name}` is started ({use.name})"
    return ""


def _layout(program: Program, rung: Rung, base: str, trees: tuple[Tree, ...]) -> Layout | Reason:
    texts = [s.instruction.raw for s in program.steps if s.keyword not in ("RUN",)]
    bins = [posixpath.dirname(t.path) for t in trees if on_path(program, t.path)]
    head = restated(program, base, texts, bins) if rung != "same-base" else ()
    if head is None:
        return Reason(code="SL395", text=f"{base} lacks a variable of {program.base_ref} whose value is not known")
    put: tuple[Decision, ...] = ()
    if rung == "slim":
        install, put, missing = put_back(program, base, _roots_and_zones(program))
        if missing:
            return Reason(code="SL391", text=missing)
        head = (*install, *head)
    drop = frozenset(s.index for s in program.steps if s.keyword in ("COPY", "ADD") and _source_only(program, s.index))
    drop |= _idle(program, drop)
    wanted = Parting(
        rung=rung,
        base=base,
        trees=trees,
        counterparts=not _static(program),
        drop_final=drop,
        final_head=head,
        decisions=(*_decisions(program, rung, base, trees), *put),
        saving=_saving(program, base, rung),
        original=estimate.original(program) + 100 * estimate.MB,
    )
    why = blocked(program, wanted)
    if why:
        return Reason(code="SL392", text=why)
    return part(program, wanted)


def _roots_and_zones(program: Program) -> dict[str, Use]:
    """Certificates and time zones, which the full image has and debian-slim has not: certificates
    wherever the program may speak TLS, as far as its sources tell."""
    features = program.live.sources.features
    found: dict[str, Use] = {}
    if not program.live.sources.imports or features & {"net", "tls"}:
        found["ca-certificates"] = Use(name="TLS", file="", line=0)
    if "tz" in features:
        found["tzdata"] = Use(name="time.LoadLocation", file="", line=0)
    return found


def _idle(program: Program, dropped: frozenset[int]) -> frozenset[int]:
    """RUNs that only work on files which the final stage does not have."""
    places = [
        place
        for s in program.steps
        if s.index in dropped
        for place in targets(Visit(index=s.index, instruction=s.instruction, state=s.state)) or ()
    ]
    kept = [
        place
        for s in program.steps
        if s.keyword in ("COPY", "ADD") and s.index not in dropped
        for place in targets(Visit(index=s.index, instruction=s.instruction, state=s.state)) or ()
    ]
    idle: set[int] = set()
    for step in program.steps:
        real = real_atoms(step) if step.keyword == "RUN" else ()
        if not real or any({e.kind for e in a.effects} - {"files", "meta", "check", "state"} for a in real):
            continue
        paths = [p for a in real for e in a.effects for p in (*e.reads, *e.writes, *e.deletes)]
        if paths and all(
            any(inside(p, place) or inside(place, p) for place in places)
            and not any(inside(place, p) for place in kept)
            for p in paths
        ):
            idle.add(step.index)
    return frozenset(idle)


def _source_only(program: Program, index: int) -> bool:
    """A COPY of what only the compiler reads: no file of it is named by anything that runs."""
    step = next(s for s in program.steps if s.index == index)
    visit = Visit(index=step.index, instruction=step.instruction, state=step.state)
    names = files(visit)
    if step.role not in ("build", "both") or names is None:
        return False
    if reads_files(program):
        return all(n.endswith((".go", "go.mod", "go.sum")) for n in names)
    started = [w for e in program.live.start for w in (*e.reads, e.tool)]
    cwd = program.end.cwd or "/"
    named = {posixpath.normpath(posixpath.join(cwd, w)) for w in started if w}
    words = {w for arg in (*(program.runtime.entrypoint or ()), *(program.runtime.cmd or ())) for w in _words(arg)}
    named |= {posixpath.normpath(posixpath.join(cwd, w)) for w in words if "/" in w or "." in w}
    return not any(n in named or any(inside(n, p) for p in named) for n in names)


def _words(argument: str) -> list[str]:
    return [w for part in argument.replace("=", " ").split() for w in (part.strip("\"'"),) if w]


def reads_files(program: Program) -> bool:
    """The program opens files by name: the directory it was built in goes along."""
    return bool(program.live.sources.paths) or "files" in program.live.sources.features


def _saving(program: Program, base: str, rung: Rung) -> int:
    from slimify.facts.images import image

    old, new = program.base, image(base)
    saving = estimate.dropped_packages(program) + 80 * estimate.MB  # build and module caches
    if old is not None and rung != "same-base":
        saving += (old.size or estimate.UNKNOWN_IMAGE) - (new.size if new else 0)
    return saving


def _decisions(program: Program, rung: Rung, base: str, trees: tuple[Tree, ...]) -> tuple[Decision, ...]:
    sure = program.base is not None and program.base.suite_sure
    found = []
    if rung == "minimal":
        text = f"the final stage is {base}: nothing that runs needs a shell or a package"
        if program.base is not None and "alpine" in program.base.runtime_bases:
            text = f"the final stage is {base}: the same Alpine, without Go"
        found.append(Decision(code="SL300", safety="safe" if sure else "assumed", text=text))
    elif rung == "slim":
        text = f"the final stage is {base}, the release that {program.base_ref} is made from"
        found.append(Decision(code="SL301", safety="safe" if sure else "assumed", text=text))
    else:
        found.append(Decision(code="SL302", safety="safe", text=f"the final stage starts from {base} again"))
    for tree in trees:
        line = program.dockerfile.instructions[tree.after].line
        found.append(Decision(code="SL310", safety="safe", text=f"{tree.path} is copied from the builder", line=line))
    return tuple(found)
