"""What the final stage gets of what the image with Go has: certificates, time zones, open directories."""

from __future__ import annotations

from collections.abc import Container, Sequence

from slimify.analysis.copy_targets import copy_targets
from slimify.analysis.program import Program
from slimify.facts.carried import carried, named_data_files
from slimify.facts.system import is_plain_root
from slimify.languages.go.planning.base import wanted_packages
from slimify.languages.go.planning.names import opens_unknown
from slimify.model.decisions import Decision, Reason
from slimify.model.sources import Use
from slimify.planning.final_stage.restore_packages import restored_packages
from slimify.planning.layout import CopyFromBuilder

# golang images open these directories to everyone (chmod 1777 in their Dockerfiles).
_OPEN = ("/go", "/go/bin", "/go/src")


def open_to_all(program: Program) -> str:
    """The working directory, if only the image with Go lets the user who starts the program write there
    and the program may do so; else ""."""
    assert program.base is not None
    cwd = program.end_state.cwd or "/"
    if program.base.workdir != "/go" or cwd not in _OPEN or is_plain_root(program.runtime.user):
        return ""
    return cwd if opens_unknown(program) else ""


def with_opened(
    program: Program,
    head: tuple[str, ...],
    opened: str,
    copies: Sequence[CopyFromBuilder],
    drop: Container[int],
) -> tuple[str, ...]:
    """The head of the final stage with such a directory, and those beside it that come to be there: for
    `trees`, and for the copies from the context that are not in `drop` (indices of instructions)."""
    at = next((i for i, line in enumerate(head) if line.startswith("WORKDIR")), len(head))
    places = {copy.path for copy in copies}
    for step in program.steps:
        if step.keyword in ("COPY", "ADD") and step.index not in drop:
            visit = step.visit
            places.update(copy_targets(visit) or ())
    beside = (path for path in _OPEN if path != opened and any(p.startswith(path + "/") for p in places))
    return (*head[:at], f"RUN install -d -m 1777 {' '.join((opened, *beside))}", *head[at:])


def put_back_of_go(
    program: Program, base: str
) -> tuple[tuple[str, ...], tuple[Decision, ...], Reason | None]:
    """What the final stage installs of what the image with Go has, with decisions, and what is missing."""
    wanted = wanted_packages(program, base)
    copied, told = _copied_data(program, base, wanted)
    if "alpine" not in base:
        install, put, missing = restored_packages(program, base, wanted)
        if any("ca-certificates" in line for line in install):  # comes along with what is installed
            certificates = named_data_files("golang")["certificates"]
            copied = tuple(line for line in copied if certificates not in line)
            told = tuple(d for d in told if d.get("path") != certificates)
        return (*install, *copied), (*told, *put), missing
    installed = {v.name for s in program.steps for a in s.atoms for v in a.packages if v.role != "build"}
    names = sorted(set(wanted) - installed)
    if not names:
        return copied, told, None
    decisions = told + tuple(
        Decision.of("SL311", "package", safety="safe", package=n, user=wanted[n].name, base=base)
        for n in names
    )
    quiet = (
        "" if any(e.tool == "apk" for s in program.steps for e in s.effects) else "# hadolint ignore=DL3018\n"
    )
    return (f"{quiet}RUN apk add --no-cache {' '.join(names)}", *copied), decisions, None


def _copied_data(
    program: Program, base: str, wanted: dict[str, Use]
) -> tuple[tuple[str, ...], tuple[Decision, ...]]:
    """COPY lines for certificates and time zones, taken out of `wanted`: files of the image with Go that
    are the same wherever they lie, so that nothing has to be fetched for them."""
    assert program.base is not None
    places = {"ca-certificates": named_data_files("golang")["certificates"], "tzdata": _zones(program)}
    lines: list[str] = []
    decisions: list[Decision] = []
    for name, path in places.items():
        use = wanted.pop(name, None)
        if use is None:
            continue
        lines.append(f"COPY --from=builder {path} {path}")
        decisions.append(Decision.of("SL311", "copied", safety="safe", path=path, user=use.name, base=base))
    return tuple(lines), tuple(decisions)


def _zones(program: Program) -> str:
    """Go reads the system's zone files first, then those of the toolchain at the path it was built in."""
    assert program.base is not None
    lost = carried(program.base)
    system = lost.checked and "tzdata" in lost.packages
    return named_data_files("golang")["zones" if system else "toolchain-zones"]
