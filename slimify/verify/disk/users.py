"""Checks that users and groups in use, or created by the Dockerfile, exist with the same ids."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from slimify.facts.system import is_root, joined_groups
from slimify.verify.disk.evidence import Evidence, Side, is_ephemeral
from slimify.verify.model import Check, Finding, Grade, disk_check

USER = "SL531"

FIRST_USER_ID = 1000  # lower ids are system accounts, which packages create (Debian policy 9.2.2)
_NOBODY = 65000


class Account(Struct, frozen=True):
    """A row of /etc/passwd (with `group` and `home`) or of /etc/group (with `members`)."""

    name: str
    number: int
    group: int = 0
    home: str = ""
    members: tuple[str, ...] = ()


def accounts(side: Side, file: str) -> dict[str, Account]:
    """The rows of /etc/passwd or /etc/group, by name."""
    text = side.image.contents.get(file, b"").decode("utf-8", "replace")
    rows = {}
    for line in text.splitlines():
        cells = line.split(":")
        if len(cells) < 3 or not cells[2].isdigit():
            continue
        if file.endswith("passwd") and len(cells) >= 7 and cells[3].isdigit():
            rows[cells[0]] = Account(cells[0], int(cells[2]), int(cells[3]), cells[5])
        else:
            members = tuple(cells[3].split(",")) if len(cells) > 3 else ()
            rows[cells[0]] = Account(cells[0], int(cells[2]), members=members)
    return rows


def check(evidence: Evidence) -> Check:
    """Compares USER, the owners of files above the base image, and accounts that the Dockerfile created (ids
    from 1000 on).

    Accounts of system packages are not compared: they depend on the installed packages. An account that no
    file and no process has may matter, and so does the name of root: its number needs no table.
    """
    before, after = evidence.before, evidence.after
    user, _, group = str(before.image.config.get("User") or "").partition(":")
    findings = []
    count = 0
    for file, kind, named, position in (("/etc/passwd", "user", user, 0), ("/etc/group", "group", group, 1)):
        old, new = accounts(before, file), accounts(after, file)
        owners = _carried_ids(evidence, position, file)
        # in an unchanged table, all accounts are the base image's: only those in use matter
        made = (before.files.layer(file) or 0) >= before.first_own_layer
        for name, account in sorted(old.items()):
            used = named in (name, str(account.number))
            owns = account.number in owners
            if not (used or owns or (made and FIRST_USER_ID <= account.number < _NOBODY)):
                continue
            count += 1
            text = _account_difference(kind, account, new.get(name), used=used)
            if text:
                nameless_root = is_root(name) and name not in new
                grade: Grade = "breaks" if used or (owns and not nameless_root) else "may-matter"
                findings.append(Finding(code=USER, text=text, path=name, grade=grade))
    findings += _lost_memberships(evidence, user)
    return disk_check("users", findings, f"{count} users and groups with the same ids")


def _owning_ids(evidence: Evidence, position: int) -> set[int]:
    """The ids that own files above the base image that both images have and no system package owns."""
    found = set()
    for entry in evidence.before.added():
        number = (entry.uid, entry.gid)[position]
        if number in found or is_ephemeral(entry.path) or evidence.after.files.get(entry.path) is None:
            continue
        if evidence.before.packages.owner_of(entry.path) is None:
            found.add(number)
    return found


def _carried_ids(evidence: Evidence, position: int, file: str) -> set[int]:
    """The owning ids whose files have another owner, by name, in the other image. Ids from 1000 on are the
    Dockerfile's own, and count in any case."""
    old, new = (
        {row.number: name for name, row in accounts(side, file).items()}
        for side in (evidence.before, evidence.after)
    )
    found = set()
    for entry in evidence.before.added():
        number, other = (entry.uid, entry.gid)[position], evidence.after.files.get(entry.path)
        if other is not None and old.get(number) != new.get((other.uid, other.gid)[position]):
            found.add(number)
    own = _owning_ids(evidence, position)
    return {n for n in own if n in found or n >= FIRST_USER_ID or is_root(str(n))}


def _account_difference(kind: str, old: Account, new: Account | None, *, used: bool) -> str:
    if new is None:
        return f"the {kind} {old.name} ({old.number}) does not exist"
    if new.number != old.number:
        return f"the {kind} {old.name} has the id {new.number}, not {old.number}"
    if new.group != old.group:
        return f"the {kind} {old.name} is in the group {new.group}, not {old.group}"
    if used and new.home != old.home:
        return f"the home of {old.name} is {new.home}, not {old.home}"
    return ""


def _lost_memberships(evidence: Evidence, user: str) -> Iterator[Finding]:
    """Findings for supplementary groups that the image's USER lost. One that every account of adduser has
    breaks something if it owns files."""
    rows = accounts(evidence.before, "/etc/passwd").values()
    name = next((row.name for row in rows if user in (row.name, str(row.number))), "")
    if not name or is_root(user):
        return
    old, new = accounts(evidence.before, "/etc/group"), accounts(evidence.after, "/etc/group")
    owning = _owning_ids(evidence, 1)
    for group in sorted(old):
        if name in old[group].members and (group not in new or name not in new[group].members):
            text = f"{name} is no longer in the group {group}"
            idle = group in joined_groups() and old[group].number not in owning
            yield Finding(code=USER, text=text, path=name, grade="may-matter" if idle else "breaks")
