"""Checks that ELF files find their interpreter and their libraries, with the symbol versions they require."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from msgspec.structs import replace

from slimify.facts.system import is_libc_file
from slimify.image.model import Elf
from slimify.model.counts import counted
from slimify.verify.disk import needs_display
from slimify.verify.disk.evidence import Evidence, Side, missing_finding
from slimify.verify.disk.linker import Linker, Missing
from slimify.verify.model import Check, Constraint, Finding, disk_check

LIBRARY, INTERPRETER, LIBC, LOADED = "SL522", "SL523", "SL524", "SL525"

_SHOWN = 3


def linked_libraries(evidence: Evidence, executed: Iterable[str]) -> Check:
    """The libraries of `executed` (paths of started files) and of all ELF files above the base image exist.

    A library that the original lacks, too, is no difference: many packages contain plug-ins for libraries
    that are not installed. Plug-ins of a system package for a library on which the package does not depend
    may matter. A moved file is looked up in the original by its name. Plug-ins for a C library that neither
    image has are never loaded. Programs that require a display are only noted.
    """
    old, new = Linker(evidence.before), Linker(evidence.after)
    elves = evidence.after.image.elves
    executed = frozenset(executed)
    looked = {entry.path for entry in evidence.after.added() if entry.path in elves}
    looked |= {path for path in executed if path in elves}
    by_name = _by_name(evidence.before)
    findings: dict[tuple[str, str], Finding] = {}
    idle: list[str] = []
    lacking = 0
    for path in sorted(looked):
        missing = new.missing(path)
        if not missing:
            continue
        same = [path] if path in evidence.before.image.elves else by_name.get(posixpath.basename(path), [])
        if not same and path not in executed and _is_for_other_libc(old, path, elves[path], missing):
            continue
        known = {(item.name, item.version) for place in same for item in old.missing(place)}
        for item in missing:
            if (item.name, item.version) in known:
                lacking += 1
            elif item.by == path and needs_display.lacks_display(evidence, path):
                idle.append(f"{path} lacks {item.name}")
            elif (known_as := findings.get((item.name, item.version))) is None or not known_as.breaks:
                found = _library_finding(evidence, old, new, item)
                if path not in executed and _is_optional(evidence, path, found.owner):
                    found = replace(found, grade="may-matter")
                findings[item.name, item.version] = found
    detail = f"all libraries of {counted(len(looked), 'ELF file')} found"
    if lacking:
        detail += f", except {lacking} that the original lacks, too"
    if idle:
        detail += f"; useful only with a display, which neither image has: {', '.join(idle[:_SHOWN])}"
    return disk_check("libraries", findings.values(), detail, note=bool(idle))


def _is_optional(evidence: Evidence, path: str, library: str) -> bool:
    """Whether a system package is installed without `library`, the package of a library that one of its files
    needs: package managers install everything that a package depends on."""
    after = evidence.after.packages
    return bool(library) and after.get(library) is None and after.owner_of(path) is not None


def _is_for_other_libc(old: Linker, path: str, elf: Elf, missing: Iterable[Missing]) -> bool:
    """Whether a library is built for a C library that neither image has."""
    lacks = [
        item.name for item in missing if item.by == path and is_libc_file(item.name) and not item.version
    ]
    return bool(lacks) and not elf.interpreter and all(old.find(name, path, elf) is None for name in lacks)


def _by_name(side: Side) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in side.image.elves:
        found.setdefault(posixpath.basename(path), []).append(path)
    return found


def _library_finding(evidence: Evidence, old: Linker, new: Linker, item: Missing) -> Finding:
    if item.version:
        text = f"{item.by} needs {item.version} of {item.name}, which is older in the new image"
        if is_libc_file(item.name) and item.version.startswith("GLIBC_"):
            need = Constraint(need="glibc", value=item.version.removeprefix("GLIBC_"), reason=text)
            return Finding(code=LIBC, text=text, path=item.by, constraints=(need,))
        # the package is installed in the newest version of its distribution
        return Finding(code=LIBRARY, text=text, path=item.by, constraints=(_base_constraint(text),))
    text = f"{item.by} needs {item.name}, which is missing"
    if is_libc_file(item.name):
        # the C library is a different one or missing: only another base image fixes that
        return Finding(code=INTERPRETER, text=text, path=item.by, constraints=(_base_constraint(text),))
    elf = evidence.after.image.elves[item.by]
    place = old.find(item.name, item.by, elf) or _found_through_loader(evidence, old, item)
    if place is None:
        return Finding(code=LIBRARY, text=text, path=item.by, constraints=(_base_constraint(text),))
    found = missing_library(evidence, LIBRARY, text, place)
    return replace(found, constraints=(*found.constraints, *_further_needs(evidence, old, new, place, text)))


def _found_through_loader(evidence: Evidence, old: Linker, item: Missing) -> str | None:
    """The path where the original finds the library for the same file, through the RPATH of its loaders."""
    return next((at for name, _, at in old.closure(item.by) if name == item.name and at), None)


def _further_needs(
    evidence: Evidence, old: Linker, new: Linker, place: str, text: str
) -> Iterable[Constraint]:
    """Constraints for the missing needs of a missing library, so that one round of repair is enough."""
    entry = evidence.before.entry(place)
    found: dict[tuple[str, str], Constraint] = {}
    for name, by, at in old.closure(entry.path) if entry else ():
        if at is None or is_libc_file(name) or new.find(name, by, evidence.before.image.elves[by]):
            continue
        for constraint in missing_library(evidence, LIBRARY, text, at).constraints:
            found.setdefault((constraint.need, constraint.value), constraint)
    return found.values()


def _base_constraint(text: str) -> Constraint:
    return Constraint(need="base", value="", reason=text)


def missing_library(evidence: Evidence, code: str, text: str, place: str) -> Finding:
    """A finding that the library at `place` is missing. If no package owns it, the constraint is the name
    under which the linker finds it, since COPY follows the symlink."""
    entry = evidence.before.entry(place)
    real = entry.path if entry else place
    owned = evidence.before.packages.owner_of(real) is not None
    return missing_finding(evidence, code, text, real if owned else place)


def loaded_libraries(evidence: Evidence) -> Check:
    """The libraries that sources load by name (ctypes, cffi, dlopen) exist."""
    old, new = Linker(evidence.before), Linker(evidence.after)
    machine = next((elf.machine for elf in evidence.after.image.elves.values()), "x86_64")
    findings, count = [], 0
    for name, use in sorted(evidence.runtime_needs.libraries.items()):
        place = old.loads(name, machine)
        if place is None:
            continue
        count += 1
        if new.loads(name, machine) is None:
            text = f"{use.file}:{use.line} loads {name}, which is missing"
            findings.append(missing_library(evidence, LOADED, text, place))
    detail = (
        f"{counted(count, 'library')} loaded by name found" if count else "no source loads a library by name"
    )
    return disk_check("loaded libraries", findings, detail)
