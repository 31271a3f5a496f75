"""Checks owners, groups, modes, set-uid bits and capabilities of files that both images have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slimify.facts.language_files import all_files, is_in_package
from slimify.facts.system import is_standard_directory
from slimify.image.model import Entry
from slimify.semantics.paths import inside
from slimify.verify.disk.access import Actor, actors
from slimify.verify.disk.evidence import Evidence, Side, describe_ownership, is_ephemeral, is_other_release
from slimify.verify.disk.files import OWNER
from slimify.verify.disk.users import FIRST_USER_ID, accounts
from slimify.verify.model import Check, Finding, Grade, disk_check

_SET_ID = 0o6000
_READ, _WRITE, _EXECUTE = 4, 2, 1


def check(evidence: Evidence) -> Check:
    """Owners, modes, set-uid bits and capabilities are equal.

    A difference breaks if an account that acts in the image loses a right, or if set-uid bits or capabilities
    differ. Files of installed packages are not written to. BuildKit's COPY, for example, creates directories
    with mode 0755, including the copied directory itself: that breaks what another account writes to them.
    For root it is the same.
    """
    differing: list[tuple[Entry, Entry]] = []
    findings: list[Finding] = []
    count = 0
    names = tuple(
        {account.number: account.name for account in accounts(side, file).values()}
        for file in ("/etc/passwd", "/etc/group")
        for side in _sides(evidence)
    )
    for path in _compared_paths(evidence):
        old, new = evidence.before.files.get(path), evidence.after.files.get(path)
        if old is None or new is None or "symlink" in (old.kind, new.kind):
            continue
        count += 1
        if old.kind != new.kind:
            text = f"{path} was a {old.kind} and is a {new.kind}"
            findings.append(Finding(code=OWNER, text=text, path=path))
        elif not _same_ownership(old, new, names) and not _is_other_release(evidence, old, new):
            differing.append((old, new))
    acting = actors(evidence) if differing else ()
    findings += _grouped((_grade(evidence, *pair, acting), *pair) for pair in differing)
    return disk_check("owners and modes", findings, f"{count:,} files and directories unchanged")


def _grade(evidence: Evidence, old: Entry, new: Entry, acting: Sequence[tuple[Actor, Actor]]) -> Grade:
    if old.capabilities != new.capabilities or (old.mode ^ new.mode) & _SET_ID:
        return "breaks"
    if old.kind == "directory" and old.uid == new.uid and all(one.user == 0 for one, _ in acting):
        return "cosmetic"
    installed = evidence.before.packages.owner_of(old.path) is not None or is_in_package(old.path)
    used = _READ | _EXECUTE if installed and old.kind != "directory" else _READ | _WRITE | _EXECUTE
    lost = {one.rights(old) & ~other.rights(new) & used for one, other in acting} - {0}
    if lost and not (lost == {_WRITE} and _is_left_open(evidence, old.path)):
        return "breaks"
    return "cosmetic" if installed else "may-matter"


def _is_left_open(evidence: Evidence, path: str) -> bool:
    """Whether base images of a language let everybody write in a directory, and no program of this image is
    known to do so."""
    sources, home = evidence.runtime_needs.sources, evidence.before.workdir
    if not any(path in one.open for one in all_files()) or (home == path and sources.may_write_beside):
        return False
    return not any(inside(use.name, path) for use in sources.paths)


def _sides(evidence: Evidence) -> tuple[Side, Side]:
    return evidence.before, evidence.after


def _compared_paths(evidence: Evidence) -> Iterator[str]:
    """The paths that layers above the base image add or change in either image.

    A layer also contains the parent directories of its files, so standard directories are left out.
    """
    paths = {entry.path for side in _sides(evidence) for entry in side.added()}
    return (path for path in sorted(paths) if not is_standard_directory(path) and not is_ephemeral(path))


def _same_ownership(old: Entry, new: Entry, names: tuple[dict[int, str], ...]) -> bool:
    """Whether mode, capabilities, owner and group are equal. System accounts are compared by name, since
    packages assign them the next free id."""
    if (old.mode, old.capabilities) != (new.mode, new.capabilities):
        return False
    users, new_users, groups, new_groups = names
    return _same_id(old.uid, new.uid, users, new_users) and _same_id(old.gid, new.gid, groups, new_groups)


def _is_other_release(evidence: Evidence, old: Entry, new: Entry) -> bool:
    """Whether the files, plain ones, belong to two releases of one installed package."""
    plain = (old.kind, old.uid, old.gid) == ("file", new.uid, new.gid) and not (old.mode | new.mode) & 0o7000
    return plain and is_other_release(evidence, old.path)


def _same_id(old: int, new: int, old_names: dict[int, str], new_names: dict[int, str]) -> bool:
    if old == new:
        return True
    system = 0 < old < FIRST_USER_ID and 0 < new < FIRST_USER_ID
    return system and old in old_names and old_names[old] == new_names.get(new)


def _grouped(differing: Iterator[tuple[Grade, Entry, Entry]]) -> Iterator[Finding]:
    """One finding for each kind of change, with the first path and the number of paths."""
    groups: dict[tuple[Grade, str, str], list[str]] = {}
    for grade, old, new in differing:
        groups.setdefault((grade, describe_ownership(old), describe_ownership(new)), []).append(new.path)
    for (grade, before, after), paths in groups.items():
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        text = f"{paths[0]}{more}: {before} became {after}"
        yield Finding(code=OWNER, text=text, path=paths[0], grade=grade)
