"""The files of installed packages: what a step changed in one, such as a patch, is no part of its release."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.facts.language_files import LanguageFiles, all_files, either
from slimify.image.model import Entry
from slimify.model.counts import counted
from slimify.verify.disk.evidence import Evidence, is_ephemeral, is_other_release
from slimify.verify.model import Check, Finding, Grade, disk_check, path_constraint

CONTENT = "SL529"


def check(evidence: Evidence) -> Check:
    """Files that both images have in the same release of a package have the same content. It breaks if the
    file is one that programs load. Files that each install writes anew, and ELF files, which contain the
    places that they were built in, are left out."""
    after, changed = evidence.after, dict[str, list[tuple[str, Grade]]]()
    count = 0
    for old in evidence.before.files.walk():
        new = after.files.get(old.path) if old.kind == "file" and old.digest else None
        facts = _facts(old.path) if new is not None and new.digest else None
        if new is None or facts is None or _is_written_anew(evidence, old, facts):
            continue
        count += 1
        if new.digest != old.digest and not is_other_release(evidence, old.path):
            changed.setdefault(_package(old.path, facts), []).append((old.path, _grade(old.path, facts)))
    findings = tuple(_findings(changed))
    return disk_check("package files", findings, f"{counted(count, 'file')} of packages unchanged")


def _facts(path: str) -> LanguageFiles | None:
    """The facts of the language in whose packages a file is."""
    return next((one for one in all_files() if any(place in path for place in one.packages)), None)


def _package(path: str, facts: LanguageFiles) -> str:
    """The directory of the package that a file belongs to, or the file if it is a package by itself."""
    place = max(facts.packages, key=path.rfind)
    above, _, inner = path.rpartition(place)
    parts = inner.split("/")
    return f"{above}{place}{'/'.join(parts[: 2 if inner.startswith('@') else 1])}"


def _is_written_anew(evidence: Evidence, entry: Entry, facts: LanguageFiles) -> bool:
    anew = either(facts.rebuilt)
    written = anew is not None and anew.search(entry.path) is not None
    return written or is_ephemeral(entry.path) or entry.path in evidence.before.image.elves


def _grade(path: str, facts: LanguageFiles) -> Grade:
    tests = either(facts.tests)
    loaded = path.endswith((*facts.module_endings, *(f".{ending}" for ending in facts.texts)))
    return "breaks" if loaded and not (tests and tests.search(path)) else "may-matter"


def _findings(changed: dict[str, list[tuple[str, Grade]]]) -> Iterator[Finding]:
    """One finding for each package, with the gravest of its files."""
    for package, files in sorted(changed.items()):
        path, grade = min(files, key=lambda row: (row[1] != "breaks", row[0]))
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        text = f"{path}{more}: the content differs, though the release is the same"
        need = path_constraint(package, text)
        yield Finding(
            code=CONTENT, text=text, path=path, grade=grade, constraints=(need,) if grade == "breaks" else ()
        )
