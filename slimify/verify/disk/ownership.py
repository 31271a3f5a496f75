"""Checks owners, groups, modes, set-uid bits and capabilities of files that both images have."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.facts.servers import drops_root
from slimify.facts.shells import changes_user
from slimify.facts.system import is_root, is_standard_directory
from slimify.image.model import Entry
from slimify.languages import languages
from slimify.verify.disk.evidence import Evidence, Side, describe_ownership, is_ephemeral
from slimify.verify.disk.files import OWNER
from slimify.verify.disk.start_commands import commands_started, start_command_lines
from slimify.verify.disk.users import FIRST_USER_ID, accounts
from slimify.verify.model import Check, Finding

_SHOWN = 20


def check(evidence: Evidence) -> Check:
    """Owners, modes, set-uid bits and capabilities are equal.

    BuildKit's COPY creates directories with mode 0755, including the copied directory itself. Directories
    that others could write to lose that mode: a difference unless everything runs as root.
    """
    differing = []
    other: list[Finding] = []
    count = 0
    names = tuple(
        _account_names(side, file) for file in ("/etc/passwd", "/etc/group") for side in _sides(evidence)
    )
    for path in _compared_paths(evidence):
        old, new = evidence.before.files.get(path), evidence.after.files.get(path)
        if old is None or new is None or "symlink" in (old.kind, new.kind):
            continue
        count += 1
        if old.kind != new.kind:
            other.append(Finding(code=OWNER, text=f"{path} was a {old.kind} and is a {new.kind}", path=path))
        elif not _same_ownership(old, new, names) and not _is_other_release(evidence, old, new):
            differing.append((old, new))
    root = _runs_only_as_root(evidence.before)
    closed = [pair for pair in differing if root and _only_closed_to_others(*pair)]
    open_ = [pair for pair in differing if not (root and _only_closed_to_others(*pair))]
    findings = other[:_SHOWN] + [
        Finding(code=OWNER, text=text, path=path) for path, text in _group_by_change(open_)
    ]
    findings += [
        Finding(
            code=OWNER,
            text=f"{text} (root, which runs it, can write there anyway)",
            path=path,
            accepted=True,
        )
        for path, text in _group_by_change(closed)
    ]
    return Check(
        name="owners and modes",
        layer="disk",
        ok=all(item.accepted for item in findings),
        detail="; ".join(item.text for item in findings) or f"{count:,} files and directories unchanged",
        findings=tuple(findings),
    )


def _sides(evidence: Evidence) -> tuple[Side, Side]:
    return evidence.before, evidence.after


def _compared_paths(evidence: Evidence) -> Iterator[str]:
    """The paths that layers above the base image add or change in either image.

    A layer also contains the parent directories of its files, so standard directories are left out.
    """
    paths = {entry.path for side in _sides(evidence) for entry in side.added()}
    return (path for path in sorted(paths) if not is_standard_directory(path) and not is_ephemeral(path))


def _account_names(side: Side, file: str) -> dict[int, str]:
    return {account.number: account.name for account in accounts(side, file).values()}


def _same_ownership(old: Entry, new: Entry, names: tuple[dict[int, str], ...]) -> bool:
    """Whether mode, capabilities, owner and group are equal. System accounts are compared by name, since
    packages assign them the next free id."""
    if (old.mode, old.capabilities) != (new.mode, new.capabilities):
        return False
    users, new_users, groups, new_groups = names
    return _same_id(old.uid, new.uid, users, new_users) and _same_id(old.gid, new.gid, groups, new_groups)


def _is_other_release(evidence: Evidence, old: Entry, new: Entry) -> bool:
    """Whether the files belong to two releases of one installed package. Without development packages, the
    package manager may hoist a different release; other checks compare what requires which."""
    if (old.kind, old.uid, old.gid) != ("file", new.uid, new.gid) or (old.mode | new.mode) & 0o7000:
        return False
    parts = [part for known in languages() if (part := known.installed_packages) is not None]
    releases = [{part.installed_release(side, old.path) for side in _sides(evidence)} for part in parts]
    return any(len(found) == 2 and "" not in found for found in releases)


def _same_id(old: int, new: int, old_names: dict[int, str], new_names: dict[int, str]) -> bool:
    if old == new:
        return True
    system = 0 < old < FIRST_USER_ID and 0 < new < FIRST_USER_ID
    return system and old in old_names and old_names[old] == new_names.get(new)


def _only_closed_to_others(old: Entry, new: Entry) -> bool:
    """Whether a directory only lost write access for others than its owner."""
    same = (old.uid, old.gid, old.capabilities) == (new.uid, new.gid, new.capabilities)
    return same and old.kind == "directory" and old.mode & ~0o1022 == new.mode


def _runs_only_as_root(side: Side) -> bool:
    """Whether everything runs as root: no USER, no program that drops root, and no files of other users."""
    if not is_root(str(side.image.config.get("User") or "")):
        return False
    names = (item.name for words in start_command_lines(side) for item in commands_started(side, words))
    if any(changes_user(name) or drops_root(name) for name in names):
        return False
    return not any(entry.uid for entry in side.added() if not is_ephemeral(entry.path))


def _group_by_change(differing: list[tuple[Entry, Entry]]) -> Iterator[tuple[str, str]]:
    """One sentence for each kind of change, with the first path and the number of paths."""
    groups: dict[tuple[str, str], list[str]] = {}
    for old, new in differing:
        groups.setdefault((describe_ownership(old), describe_ownership(new)), []).append(new.path)
    for (before, after), paths in list(groups.items())[:_SHOWN]:
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        yield paths[0], f"{paths[0]}{more}: {before} became {after}"
