"""System files that golang images have and a small base lacks: certificates, time zones, writable
directories."""

from __future__ import annotations

from collections.abc import Container, Sequence

from slimify.analysis.program import Program
from slimify.facts.base_directories import base_directories
from slimify.facts.carried import carried, named_data_files
from slimify.facts.images import image
from slimify.facts.language_files import files_of
from slimify.facts.system import is_plain_root
from slimify.languages.go import LANGUAGE
from slimify.languages.go.linking import has_all_zones
from slimify.languages.go.planning.base import knows_goroot, wanted_packages
from slimify.model.decisions import Decision, Reason
from slimify.model.sources import Use
from slimify.model.versions import version_numbers
from slimify.planning.final_stage.restore_packages import final_packages, restored_packages
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.machine.content import content_at, may_bring_files
from slimify.semantics.paths import deepest, inside, inside_any

_TOOLCHAIN_ZONES = named_data_files("golang")["toolchain-zones"]


def missing_directories(
    program: Program, base: str, copies: Sequence[CopyFromBuilder], drop: Container[int]
) -> dict[str, str]:
    """The directories of the old base image that run time uses and the new one lacks, each with who uses it.
    `copies`, and COPYs from the context whose index is not in `drop`, bring files and the directories
    above them."""
    lost = base_directories(program.base) - base_directories(image(base)) - {*files_of(LANGUAGE.name).open}
    if not lost:
        return {}
    brought = {*_brought(program, copies, drop), program.end_state.cwd or "/"}
    named = program.runtime_needs.directories
    used = {d: named[d] for d in lost & named.keys() if not any(inside(p, d) for p in brought)}
    for event in program.machine.final.own:  # a file that is copied to a directory's name goes into it
        copy = event.copy if event.visit.index not in drop else None
        if copy is not None and copy.target in lost and may_bring_files(copy):
            used.setdefault(copy.target, f"line {event.visit.instruction.line}")
    return dict(sorted(used.items()))


def open_directories(
    program: Program, copies: Sequence[CopyFromBuilder], drop: Container[int]
) -> tuple[str, ...]:
    """The directories that only golang images have, and let everybody write to, that run time uses: the
    working directory if the program may write there, and those of files that the program names. `copies`,
    and COPYs from the context whose index is not in `drop`, bring files there and with them the directory,
    but only for root."""
    assert program.base is not None
    if program.base.workdir != "/go":
        return ()
    needs, cwd, known = program.runtime_needs, program.end_state.cwd or "/", files_of(LANGUAGE.name).open
    others = not is_plain_root(program.runtime.user) or needs.changes_user
    brought = _brought(program, copies, drop)
    named = {use.name for use in needs.sources.paths} | {*needs.paths}
    made = {p for p in named if inside_any(p, brought)}
    found = {deepest(known, path) for path in named - made}
    if not others:  # WORKDIR and COPY make what is above them
        return tuple(sorted(d for d in found if d and not any(inside(p, d) for p in (cwd, *brought))))
    found |= {cwd} if cwd in known and needs.sources.may_write_beside else set()
    beside = {d for d in known if any(p.startswith(f"{d}/") for p in brought)} if found - {None} else set()
    return tuple(sorted(d for d in found | beside if d))


def _brought(program: Program, copies: Sequence[CopyFromBuilder], drop: Container[int]) -> set[str]:
    """What COPYs bring to the final stage."""
    steps = (s for s in program.steps if s.keyword in ("COPY", "ADD") and s.index not in drop)
    return {*(copy.path for copy in copies), *(p for s in steps for p in s.visit.copy_targets or ())}


def with_directories(head: tuple[str, ...], directories: Sequence[str]) -> tuple[str, ...]:
    """The head of the final stage in which the directories of the base are created."""
    at = next((i for i, line in enumerate(head) if line.startswith("WORKDIR")), len(head))
    return (*head[:at], f"RUN install -d -m 1777 {' '.join(directories)}", *head[at:])


def restored_system_files(
    program: Program, base: str
) -> tuple[tuple[str, ...], tuple[Decision, ...], Reason | None]:
    """The instructions that restore system files, their decisions, and the reason if something can't be
    restored."""
    assert program.base is not None
    own, there, lost = named_data_files(program.base.family), final_packages(program), carried(program.base)
    had = {*lost.packages, *(("ca-certificates", "netbase") if own and not lost.known else ())}
    zones = lost.known and not content_at(program.machine.final, own.get("zones", "")).gone
    if own and not (zones and has_all_zones(program.base)) and knows_goroot(program):
        had.add("tzdata")
    wanted = {n: use for n, use in wanted_packages(program, base).items() if n in had and n not in there}
    copied, copy_decisions = _copied_data(base, wanted)
    if "alpine" not in base:
        install, put, missing = restored_packages(program, base, wanted)
        if any("ca-certificates" in line for line in install):  # installed as a dependency
            certificates = named_data_files("golang")["certificates"]
            copied = tuple(line for line in copied if certificates not in line)
            copy_decisions = tuple(d for d in copy_decisions if d.get("path") != certificates)
        return (*install, *copied), (*copy_decisions, *put), missing
    if _asks_servers_first(program):
        path = named_data_files("golang")["resolver"]
        copied = (*copied, f"COPY --from=builder {path} {path}")
        copy_decisions = (*copy_decisions, Decision.of("SL311", "copied", path=path, user="net", base=base))
    names = sorted(wanted)
    if not names:
        return copied, copy_decisions, None
    decisions = copy_decisions + tuple(
        Decision.of("SL311", "package", package=n, user=wanted[n].name, base=base) for n in names
    )
    quiet = "" if any(e.tool == "apk" for e in program.effects) else "# hadolint ignore=DL3018\n"
    return (f"{quiet}RUN apk add --no-cache {' '.join(names)}", *copied), decisions, None


def _asks_servers_first(program: Program) -> bool:
    """Whether a program looks names up in another order where Alpine has no /etc/nsswitch.conf."""
    base, sources = program.base, program.runtime_needs.sources
    first, last = map(version_numbers, LANGUAGE.words("toolchain.toml", "images", "resolver"))
    own = base is not None and base.distro == "alpine" and bool(named_data_files(base.family))
    old = own and base is not None and first <= version_numbers(base.version or "")[:2] < last
    return old and bool(sources.features & {"net", "external"})


def unpacked_zones(
    program: Program, base: str, copies: Sequence[CopyFromBuilder]
) -> tuple[tuple[str, ...], tuple[Decision, ...]]:
    """The zone files of a toolchain that a step unpacks: `copies` leave it in the builder."""
    zones = _TOOLCHAIN_ZONES
    made = (w for e in program.effects if e.kind == "unpack" for w in e.writes)
    brought = any(inside(zones, w) and w != "/" for w in made) and knows_goroot(program)
    if not brought or any(inside(zones, c.path) for c in copies):
        return (), ()
    wanted = {name: use for name, use in wanted_packages(program, base).items() if name == "tzdata"}
    return _copied_data(base, wanted)


def _copied_data(base: str, wanted: dict[str, Use]) -> tuple[tuple[str, ...], tuple[Decision, ...]]:
    """COPY instructions for certificates, time zones and the names of services, removed from `wanted`. These
    files are the same in every image, so nothing has to be downloaded."""
    own = named_data_files("golang")
    places = {"ca-certificates": own["certificates"], "tzdata": _TOOLCHAIN_ZONES, "netbase": own["services"]}
    lines: list[str] = []
    decisions: list[Decision] = []
    for name, path in places.items():
        use = wanted.pop(name, None)
        if use is None:
            continue
        lines.append(f"COPY --from=builder {path} {path}")
        decisions.append(Decision.of("SL311", "copied", path=path, user=use.name, base=base))
    return tuple(lines), tuple(decisions)
