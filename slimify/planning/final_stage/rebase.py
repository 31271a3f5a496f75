"""Settings of the original base image that the final stage must repeat on another base."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from slimify.analysis.program import Program
from slimify.context.build_arguments import passed_values
from slimify.facts.basemap import split_name
from slimify.facts.images import ImageFacts
from slimify.facts.system import default_path
from slimify.model.decisions import Decision
from slimify.planning.final_stage.instruction_text import from_instruction, is_relative, names_in
from slimify.syntax.dockerfile.instructions import env_pairs, from_parts
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand, references


def slim_variant(program: Program) -> str | None:
    """The slim variant of the base image, in the user's notation: variables in the tag stay variables."""
    partner = program.base.slim_partner if program.base is not None else None
    if partner is None:
        return None
    written = base_as_written(program)
    if "$" not in written:
        return partner
    known = program.base_map.known(program.base_ref)
    suffix = partner.removeprefix(known)
    if not partner.startswith(known) or not suffix:
        return None
    name, tag = split_name(program.base_map.own(partner))
    written_name, written_tag = split_name(written)
    if tag != split_name(program.base_ref)[1] + suffix:
        return None  # a user-defined alias for this tag only, but the tag is a variable
    if any(
        base is None or base.slim_partner != f"{base.reference}{suffix}" for base in passed_bases(program)
    ):
        return None
    return f"{written_name if '$' in written_name else name}{written_tag}{suffix}"


def passed_bases(program: Program) -> Iterator[ImageFacts | None]:
    """The base images that files of the repository choose with build arguments; None for an unknown one."""
    file, written = program.dockerfile, base_as_written(program)
    for name in sorted(references(written)):
        for value in passed_values(program.context, name):
            values = scopes(file, {}, {**program.build_args, name: value or ""})[file.last_from]
            reference = expand(written, values) if value else None
            yield program.facts_of(reference) if reference else None


def base_as_written(program: Program) -> str:
    """The image reference after FROM, as written."""
    return from_parts(from_instruction(program)).image


def configured_base(program: Program, base: str) -> tuple[str, tuple[Decision, ...]]:
    """The name that the user's settings map a base to, unless it is the file's own, and the decision."""
    own = program.base_map.own(base)
    if own == base or base in (base_as_written(program), program.base_ref):
        return base, ()
    return own, (Decision.of("SL342", "base", name=own, base=base),)


def restated_settings(
    program: Program, base: str, texts: Iterable[str], bins: Collection[str]
) -> tuple[str, ...] | None:
    """ENV and WORKDIR lines for the head of the final stage; None if a value is unknown.

    `texts` are the instructions that the stage keeps, `bins` the directories of programs that are started
    by name. A variable of the old base is repeated only if something kept refers to it: toolchain variables
    are useless without the toolchain.
    """
    old, new = program.base, program.facts_of(base)
    if old is None:
        return ()
    have: Mapping[str, str | None] = new.env if new else {"PATH": default_path()}
    named = {name for text in texts for name in names_in(text)} - _own_variables(program)
    lines: list[str] = []
    for name, value in old.env.items():
        if name == "PATH" or name not in named or have.get(name, "") == value:
            continue
        if value is None:
            return None
        lines.append(f"ENV {name}={value}")
    before, after = ((env.get("PATH") or default_path()).split(":") for env in (old.env, have))
    end = path_dirs(program)
    lost = [directory for directory in before if directory in bins and directory not in after]
    missing = [d for d in lost if end.count(d) <= before.count(d)]  # the file itself adds the others
    if missing:
        lines.append(f"ENV PATH={':'.join(missing)}:$PATH")
    moved = next((s.instruction for s in program.steps if s.keyword == "WORKDIR"), None)
    inherited = moved is None or is_relative(moved)
    if inherited and (old.workdir or "/") != ((new.workdir if new else "") or "/"):
        lines.append(f"WORKDIR {old.workdir or '/'}")
    return tuple(lines)


def _own_variables(program: Program) -> frozenset[str]:
    """The variables that the file itself sets before anything refers to them."""
    referred: set[str] = set()
    own: set[str] = set()
    for step in program.steps:
        referred |= names_in(step.instruction.raw)
        if step.keyword == "ENV":
            own |= {name for name, _ in env_pairs(step.instruction)} - referred
    return frozenset(own)


def path_dirs(program: Program) -> tuple[str, ...]:
    """PATH at the end of the file, as far as it is known."""
    value = program.end_state.env.get("PATH") or default_path()
    return tuple(d for d in value.split(":") if d)
