"""System packages and base images: what the new image lacks, nothing at run time needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from slimify.analysis.closed_worlds import unread_application, unread_manifest
from slimify.facts.carried import carried, data_files
from slimify.facts.debian import (
    PackageFacts,
    brings,
    copied_program,
    name_before_t64,
    needed_directory,
    older_name,
)
from slimify.facts.image_tables import data_packages
from slimify.facts.mediatypes import TABLE, asks_table, contains_table
from slimify.facts.packages import system_package
from slimify.facts.programs import serves_more_than_compiling, starting_compilers
from slimify.facts.recommends import brought_along
from slimify.facts.system import in_package_tree
from slimify.facts.toolchains import (
    compile_programs,
    has_own_interpreter,
    installers,
    interpreters_to_compile,
    library_parts,
    own_programs,
    programs_started_by,
    toolchain,
)
from slimify.languages import has_own_certificates, languages
from slimify.model.decisions import Reason
from slimify.model.effects import MANAGES_PACKAGES, Package
from slimify.semantics.machine.content import copied_from_stages
from slimify.semantics.machine.stages import Event, Machine
from slimify.semantics.paths import inside
from slimify.validation.comparison import Comparison
from slimify.validation.software import (
    base_packages,
    came_along,
    package_of_lost,
    packages_left,
    programs_of,
    providers,
)

if TYPE_CHECKING:
    from slimify.languages.parts import Linking


def package_problems(compared: Comparison) -> Iterator[Reason]:
    """Packages that are missing although run time needs them or may need them."""
    old, new = compared.old.final, compared.new.final.facts
    have = _packages_there(compared)
    have |= came_along(compared.new.final.events, old.facts)
    have = have.union(*map(brings, have))
    before, along = packages_left(old.events), came_along(old.events, old.facts)
    called = {program for event in old.events for program in _started(event)}
    for name in sorted(before - have):
        if not _may_go(compared, name, have, called):
            yield Reason.of("SL409", "package_gone", package=name)
    for name in sorted(compared.needs.system_packages) if not _installs_unnamed(compared) else ():
        there = before | base_packages(old.facts) | {name_before_t64(n) for n in along}
        if name_before_t64(name) not in {name_before_t64(n) for n in have} and name in there:
            yield Reason.of("SL409", "package_gone", package=name)
    own = old.facts is not None and has_own_certificates(old.facts.language)
    if "ca-certificates" in along - have and compared.needs.sources.may_use_tls and not own:
        yield Reason.of("SL409", "package_gone", package="ca-certificates")
    for name in sorted(library_parts(compared.own, old.facts) & (along - have)):
        yield Reason.of("SL409", "package_gone", package=name)
    own_of_new = own_programs(new, compared.needs.commands) if new is not None else frozenset[str]()
    called_programs = (program for program in compared.needs.commands if program not in own_of_new)
    for program in called_programs if along - have else ():
        sources = providers(program, along, old.facts)
        if sources and not providers(program, have, old.facts) and not _made(compared, program):
            yield Reason.of("SL409", "package_gone", package=min(sources))
    yield from _base_problems(compared, have)
    yield from _other_versions(compared)


def _other_versions(compared: Comparison) -> Iterator[Reason]:
    """Packages that the new file names without the version that the old one names, with another, or by a name
    that the release does not know."""
    old, new = ([(p.name, p.text) for p in _packages_named(m)] for m in (compared.old, compared.new))
    known, written = {name for name, _ in old}, {*old}
    suite = facts.suite if (facts := compared.new.final.facts) is not None else None
    for name, text in dict.fromkeys(new):
        if name in known and (name, text) not in written:
            before = next(t for n, t in old if n == name)
            yield Reason.of("SL409", "package_version", before=before, after=text)
        if name not in known and older_name(name, suite) != name:
            yield Reason.of("SL409", "package_renamed", package=name, release=suite or "")


def _packages_named(machine: Machine) -> Iterator[Package]:
    """The system packages that the stages of a file install by their names."""
    effects = (effect for stage in machine.stages for event in stage.own for effect in event.effects)
    return (p for effect in effects if effect.kind == "packages" for p in effect.packages)


def _installs_unnamed(compared: Comparison) -> bool:
    """Whether a tool of the application installs the packages that it needs itself."""
    effects = compared.new.final.effects
    return any(e.kind == "packages" and e.ecosystem and not e.packages for e in effects)


def _base_problems(compared: Comparison, have: frozenset[str]) -> Iterator[Reason]:
    """What run time needs of the old base image and the new one lacks."""
    old, new = compared.old.final.facts, compared.new.final.facts
    for program in compared.needs.commands:
        lost = package_of_lost(program, old, new)
        if lost is None or _made(compared, program):
            continue
        if lost not in have:
            yield Reason.of("SL409", "tool_missing", command=program, at="at run time")
        for companion in carried(old).companions.get(lost, ()) if old is not None else ():
            if companion not in have:
                yield Reason.of("SL409", "package_gone", package=companion)
    if old is None or new is None or old.reference == new.reference:
        return
    for name in map(carried(old).library_package, compared.needs.libraries):
        if name is not None and name not in have:
            yield Reason.of("SL409", "package_gone", package=name)
    unread = unread_manifest(compared.old.final.effects, compared.old.final.end)
    if unread and new.variant == "slim":
        yield Reason.of("SL409", "unread_manifest", path=unread, base=new.reference)
    package = unread_application(compared.needs, compared.old.final.effects, compared.program.context)
    if package and old.variant == "full" and new.variant != "full":
        yield Reason.of("SL409", "unread_application", package=package, base=new.reference)
    linking, copied = compared.own and compared.own.linking, copied_from_stages(compared.new.final)
    for name, files in linking.data_read(compared.needs, compared.old.final) if linking else ():
        if name not in have and not {*files} & {*copied}:
            yield Reason.of("SL409", "package_gone", package=name)
    asked = asks_table((use.name for use in compared.needs.sources.imports), compared.program.language)
    if asked and TABLE in data_files(old) and TABLE not in copied and not any(map(contains_table, have)):
        yield Reason.of("SL409", "result_missing", path=TABLE, command=f"FROM {old.reference}")
    made = [w for e in compared.new.final.effects for w in e.writes]
    for name in sorted(have - base_packages(new)) if new.variant == "slim" else ():
        directory = needed_directory(name, new.suite)
        if directory and not any(inside(path, directory) for path in made):
            yield Reason.of("SL409", "manual_pages", package=name, base=new.reference)
    if compared.needs.shell and not new.shell:
        yield Reason.of("SL409", "no_shell", base=new.reference, command="at run time")


def _made(compared: Comparison, program: str) -> bool:
    """Whether a step of the new image brings a program, given by name or path, or copies bring it and its
    libraries from the old base."""
    old, copies = compared.old.final.facts, (event.copy for event in compared.new.final.events)
    files = copied_program(program.rpartition("/")[2], old.suite if old is not None else None)
    sources = {
        path for copy in copies if copy is not None and copy.stage is not None for path in copy.sources
    }
    if files and sources.issuperset(files) and files[0] in copied_from_stages(compared.new.final):
        return True
    made = (w for e in compared.new.final.effects for w in (*e.writes, *e.outputs))
    return any(program == (w if "/" in program else w.rpartition("/")[2]) for w in made)


def _packages_there(compared: Comparison) -> frozenset[str]:
    """The packages of the new image: installed by a step, part of the base image, or present as the files
    that are copied from the builder."""
    new = compared.new.final
    repeated = {e.origin for e in new.events}
    events = compared.old.final.events
    own = (e for e in events if any(x.kind == "packages" and x.ecosystem for x in e.effects))
    again = (e for e in own if e.origin in repeated)  # a tool of the application installs what it needs
    copied = copied_from_stages(new)
    return (
        packages_left(new.events, base_packages(new.facts))
        | packages_left(tuple(again))
        | frozenset(name for name, path in data_packages().items() if path in copied)
    )


def _may_go(compared: Comparison, name: str, have: frozenset[str], called: set[str]) -> bool:
    """Whether nothing at run time needs a package that a step of the old file installed. `called` are the
    programs that build steps start."""
    old, needs = compared.old.final, compared.needs
    facts = system_package(name, old.facts)
    if facts is None or name in needs.system_packages:
        return False
    there = own_programs(old.facts, needs.commands) if old.facts is not None else frozenset[str]()
    started = {name, *facts.commands}.intersection(needs.commands) - there
    if started and not (compared.programs_are_known and _are_of_members(compared, name, started, have)):
        return False
    own = compared.own
    toolchain_of_own = installers(own) if own is not None and not compared.needs.only_serves_files else None
    uses = bool({name, *facts.commands} & called)
    if toolchain_of_own is not None and name in toolchain_of_own.packages:
        by_itself = has_own_interpreter(old.facts, own, needs.commands)
        wanted = () if by_itself else toolchain_of_own.packages[name]
        uses = uses or bool(toolchain_of_own.commands & called)
        return uses and (_copies_distribution(compared) or all(n in have for n in wanted))
    if _serves_other_language(compared, name, called):
        return True
    if facts.kind == "build" and not set(starting_compilers()).isdisjoint(needs.commands):
        return False
    if facts.kind == "build" and (
        compared.programs_are_known or not serves_more_than_compiling(facts.commands)
    ):
        return _counterparts_are_there(compared, facts, have)
    if not compared.programs_are_known:
        return False
    return uses or name in interpreters_to_compile(own) or name in compared.left_out


def _are_of_members(compared: Comparison, name: str, programs: Iterable[str], have: frozenset[str]) -> bool:
    """Whether a package only brings others that have these programs, and the new image has those."""
    old = compared.old.final.facts
    along = brought_along(name, old.suite if old is not None else None, recommended=False)
    return all(providers(program, along & have, old) for program in programs)


def _serves_other_language(compared: Comparison, name: str, called: set[str]) -> bool:
    """Whether it belongs to the toolchain of a language that only build steps use: any, behind a server of
    files."""
    served = compared.needs.only_serves_files
    for known in languages():
        other = toolchain(known) if served or known is not compared.own else None
        if other is not None and name in other.packages:
            return bool(other.commands & called) and not other.commands & set(compared.needs.commands)
    return False


def _copies_distribution(compared: Comparison) -> bool:
    """Whether the directory is copied in which the distribution's packages of the language are."""
    own = compared.own
    places = [re.compile(p) for p in own.places.values()] if own is not None else []
    copied = copied_from_stages(compared.new.final)
    return any(in_package_tree(path) and any(p.fullmatch(path) for p in places) for path in copied)


def _counterparts_are_there(compared: Comparison, facts: PackageFacts, have: frozenset[str]) -> bool:
    """Whether the image has what the output of a compiler or of headers needs."""
    own, old = compared.own, compared.old.final
    linking = own.linking if own is not None else None
    if linking is not None and _links_nothing(compared, linking):
        return True
    counterparts = facts.counterparts
    if counterparts is None:
        counterparts = _seen_counterparts(compared, facts.name)
    if counterparts is None:
        return False
    brought = {name_before_t64(n) for n in have}
    base = old.facts
    if base is not None and own is not None and base.language == own.name:
        brought |= set(own.interpreters)
    return all(name_before_t64(n) in brought for n in counterparts)


def _links_nothing(compared: Comparison, linking: Linking) -> bool:
    """Whether nothing that the image builds or starts is linked with a library of a system package."""
    old, needs = compared.old.final, compared.needs
    starts_others = not compared.programs_are_known or bool(needs.libraries)
    plain = not starts_others and not linking.may_load_libc(needs, old)
    return plain or linking.links_no_system_library(old.visits, old.end, needs)


def _seen_counterparts(compared: Comparison, name: str) -> tuple[str, ...] | None:
    """The packages that a built image shows as needed in place of another one."""
    steps = compared.program.steps if compared.program.image_evidence is not None else ()
    verdicts = (v for step in steps for atom in step.atoms for v in atom.packages)
    return next((v.counterparts for v in verdicts if v.name == name and v.counterparts), None)


def _started(event: Event) -> Iterator[str]:
    """The programs that a command starts, or that an installer starts by itself. A script that adds a source
    of packages installs what it calls."""
    yield from (p.name for e in event.effects if e.kind == "source" for p in e.packages)
    if event.kinds <= MANAGES_PACKAGES:
        return
    yield from programs_of(event)
    for effect in event.effects:
        yield effect.manager  # `python -m venv`: a module that a package of its own brings
        yield from programs_started_by(effect)
        yield from compile_programs(effect)
