"""Checks that the modules that sources import are found in the rewritten image. Each language supplies the
search for modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from slimify.model.counts import counted
from slimify.model.sources import Use
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.model import Check, Finding, disk_check, missing_path

IMPORT = "SL532"

# Finds the path of an imported module as the interpreter does. Parameters: module name, importing file.
Search = Callable[[str, str], str | None]


def no_imports(detail: str = "no imports are known") -> Check:
    """The check if there is nothing to compare."""
    return disk_check("imports", (), detail)


def compare_imports(
    evidence: Evidence,
    uses: Iterable[Use],
    search: Callable[[Side], Search],
    *,
    counts: Callable[[str], bool] = lambda file: True,
    replaced: Callable[[str, str], bool] = lambda before, after: False,
) -> Check:
    """One finding for each imported module that only the original has.

    Only imports of files for which `counts` is true are compared. `replaced` tells from the paths before and
    after whether a different module is found now. A directory that is now empty always counts as missing.
    """
    uses = tuple(uses)
    if not uses:
        return no_imports()
    old, new = search(evidence.before), search(evidence.after)
    findings: dict[str, Finding] = {}
    found: set[str] = set()
    for use in uses:
        file = evidence.image_path(use)
        before = old(use.name, file)
        if before is None or not counts(file):
            continue
        found.add(use.name)
        after = new(use.name, file)
        if after is None or replaced(before, after) or _is_emptied(evidence, before, after):
            text = f"{use.file}:{use.line} imports {use.name}, which is missing"
            findings.setdefault(use.name, missing_path(IMPORT, before, text))
    return disk_check("imports", findings.values(), f"{counted(len(found), 'module')} found")


def _is_emptied(evidence: Evidence, before: str, after: str) -> bool:
    old, new = (
        _child_count(side, path) for side, path in ((evidence.before, before), (evidence.after, after))
    )
    return old > 0 and new == 0


def _child_count(side: Side, path: str) -> int:
    entry = side.entry(path)
    if entry is None or entry.kind != "directory":
        return -1
    return len(side.files.children(entry.path))
