"""Every live ELF file has its interpreter and its libraries, in the versions it was linked against."""

from __future__ import annotations

from collections.abc import Iterable

from slimify.verify.disk.evidence import Evidence, finding
from slimify.verify.disk.linker import Linker, Missing, is_libc
from slimify.verify.model import Check, Constraint, Finding

LIBRARY, INTERPRETER, LIBC, LOADED = "SL522", "SL523", "SL524", "SL525"


def check(evidence: Evidence, executed: Iterable[str]) -> Check:
    """`executed` are paths of the rewritten image that are started; what its own layers brought is live too.

    A library that the original lacked as well is no difference: many packages bring plug-ins for
    libraries that nobody installed.
    """
    old, new = Linker(evidence.before), Linker(evidence.after)
    elves = evidence.after.image.elves
    looked = {entry.path for entry in evidence.after.added() if entry.path in elves}
    looked |= {path for path in executed if path in elves}
    findings: dict[str, Finding] = {}
    lacking = 0
    for path in sorted(looked):
        missing = new.missing(path)
        if not missing:
            continue
        known = {(item.name, item.version) for item in old.missing(path)}
        for item in missing:
            if (item.name, item.version) in known:
                lacking += 1
                continue
            found = _finding(evidence, old, item)
            findings.setdefault(found.text, found)
    detail = f"{len(looked)} ELF files have all they need"
    if lacking:
        detail += f" ({lacking} times something is missing that the original lacked too)"
    if findings:
        detail = f"{len(findings)} libraries are missing"
    return Check(
        name="libraries", layer="disk", ok=not findings, detail=detail, findings=tuple(findings.values())
    )


def _finding(evidence: Evidence, old: Linker, item: Missing) -> Finding:
    if item.version:
        text = f"{item.by} needs {item.version} of {item.name}, which is older in the new image"
        if is_libc(item.name) and item.version.startswith("GLIBC_"):
            need = Constraint(need="glibc", value=item.version.removeprefix("GLIBC_"), because=text)
            return Finding(code=LIBC, text=text, path=item.by, constraints=(need,))
    else:
        text = f"{item.by} needs {item.name}, which is missing"
    if is_libc(item.name):
        # another C library, or none at all: no package mends that, only a base that has it
        need = Constraint(need="base", value="", because=text)
        return Finding(code=INTERPRETER, text=text, path=item.by, constraints=(need,))
    elf = evidence.after.image.elves[item.by]
    real = old.find(item.name, item.by, elf)
    if real is None:
        return Finding(code=LIBRARY, text=text, path=item.by)
    return finding(evidence, LIBRARY, text, real)


def loaded(evidence: Evidence) -> Check:
    """The libraries that the sources load by name (ctypes, cffi, dlopen)."""
    old, new = Linker(evidence.before), Linker(evidence.after)
    machine = next((elf.machine for elf in evidence.after.image.elves.values()), "x86_64")
    findings, count = [], 0
    for name, use in sorted((evidence.live.libraries if evidence.live else {}).items()):
        real = old.loads(name, machine)
        if real is None:
            continue
        count += 1
        if new.loads(name, machine) is None:
            text = f"{use.file}:{use.line} loads {name}, which is missing"
            findings.append(finding(evidence, LOADED, text, real))
    detail = (
        f"{count} libraries that sources load by name are there" if count else "no source loads any by name"
    )
    return Check(
        name="loaded libraries",
        layer="disk",
        ok=not findings,
        detail="; ".join(x.text for x in findings) or detail,
        findings=tuple(findings),
    )
