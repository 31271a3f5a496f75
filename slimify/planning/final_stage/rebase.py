"""What the final stage has to say again when its base is another image than the file was written for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from slimify.analysis.program import Program
from slimify.facts.basemap import split_name
from slimify.facts.images import ImageFacts
from slimify.facts.system import default_path
from slimify.model.decisions import Decision
from slimify.syntax.dockerfile.instructions import env_pairs
from slimify.syntax.dockerfile.words import expand

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def same_family(reference: str, program: Program) -> str | None:
    """The slim variant written as the user writes references: variables in the tag stay variables."""
    assert program.base is not None
    partner = program.base.slim_partner
    if partner is None:
        return None
    written = written_base(program)
    if "$" not in written:
        return partner
    known = program.base_map.known(program.base_ref)
    suffix = partner.removeprefix(known)
    if not partner.startswith(known) or not suffix:
        return None
    name, tag = split_name(program.base_map.own(partner))
    written_name, written_tag = split_name(written)
    if tag != split_name(program.base_ref)[1] + suffix:
        return None  # a name of the user's for this tag alone, and the tag is a variable
    return f"{written_name if '$' in written_name else name}{written_tag}{suffix}"


def written_base(program: Program) -> str:
    """The reference behind FROM as it is written."""
    from slimify.syntax.dockerfile.instructions import from_parts

    return from_parts(next(x for x in program.dockerfile.instructions if x.keyword == "FROM")).image


def own_name(program: Program, base: str) -> tuple[str, tuple[Decision, ...]]:
    """A base as the user's settings call it, and the decision that says so; the file's own stays as it is."""
    own = program.base_map.own(base)
    if own == base or base in (written_base(program), program.base_ref):
        return base, ()
    return own, (Decision.of("SL342", "base", safety="assumed", name=own, base=base),)


def restated(
    program: Program, base: str, texts: Iterable[str], bins: Iterable[str]
) -> tuple[str, ...] | None:
    """ENV and WORKDIR lines for the head of the final stage; None if a value is not known.

    `texts` are the instructions the stage keeps, `bins` directories of programs that are started by
    name. A variable of the old base is repeated only where something kept refers to it: the
    toolchain's own are of no use without the toolchain.
    """
    old, new = program.base, program.facts_of(base)
    if old is None:
        return ()
    have: Mapping[str, str | None] = new.env if new else {"PATH": default_path()}
    named = {name for text in texts for name in _REFERENCE.findall(text)} - _own(program)
    lines: list[str] = []
    for name, value in old.env.items():
        if name == "PATH" or name not in named or have.get(name) == value:
            continue
        if value is None:
            return None
        lines.append(f"ENV {name}={value}")
    told = _told_bins(program)
    missing = [d for d in _missing_bins(old, have.get("PATH") or default_path(), bins) if d not in told]
    if missing:
        lines.append(f"ENV PATH={':'.join(missing)}:$PATH")
    if (old.workdir or "/") != ((new.workdir if new else "") or "/") and not _sets_workdir(program):
        lines.append(f"WORKDIR {old.workdir or '/'}")
    return tuple(lines)


def _own(program: Program) -> frozenset[str]:
    """Variables that the file sets itself before anything refers to them."""
    referred: set[str] = set()
    own: set[str] = set()
    for step in program.steps:
        referred |= set(_REFERENCE.findall(step.instruction.raw))
        if step.keyword == "ENV":
            own |= {name for name, _ in env_pairs(step.instruction)} - referred
    return frozenset(own)


def _told_bins(program: Program) -> frozenset[str]:
    """The directories that the file itself puts on PATH."""
    found: set[str] = set()
    for step in program.steps:
        if step.keyword == "ENV":
            known = {k: v for k, v in step.state.env.items() if v is not None and k != "PATH"}
            values = (expand(raw, known) or "" for name, raw in env_pairs(step.instruction) if name == "PATH")
            found |= {d for value in values for d in value.split(":")}
    return frozenset(found)


def _missing_bins(old: ImageFacts, path: str, bins: Iterable[str]) -> list[str]:
    """The directories of started programs that were on the old PATH and are not on the new one."""
    before = (old.env.get("PATH") or default_path()).split(":")
    after = path.split(":")
    return [d for d in before if d not in after and any(b == d for b in bins)]


def _sets_workdir(program: Program) -> bool:
    """The file sets an absolute WORKDIR before anything depends on the directory in force."""
    for step in program.steps:
        if step.keyword == "WORKDIR":
            return step.instruction.value.strip().strip("\"'").startswith(("/", "$"))
    return False


def path_dirs(program: Program) -> tuple[str, ...]:
    """PATH at the end of the file, as far as it is known."""
    value = program.end.env.get("PATH") or default_path()
    return tuple(d for d in value.split(":") if d)


def on_path(program: Program, path: str) -> bool:
    return any(path.rpartition("/")[0] == d for d in path_dirs(program))
