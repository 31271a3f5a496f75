"""Users and groups: those that run, own something or were made by the file exist with the same ids."""

from __future__ import annotations

from dataclasses import dataclass

from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.model import Check, Finding

USER = "SL531"

_FIRST = 1000  # below are the system's, which come and go with packages (Debian policy 9.2.2)
_NOBODY = 65000


@dataclass(frozen=True, slots=True)
class Account:
    """A row of passwd (`home` and `login` filled) or group."""

    name: str
    number: int
    group: int = 0
    home: str = ""
    login: str = ""


def accounts(side: Side, file: str) -> dict[str, Account]:
    """The rows of /etc/passwd or /etc/group, by name."""
    text = side.image.contents.get(file, b"").decode("utf-8", "replace")
    rows = {}
    for line in text.splitlines():
        cells = line.split(":")
        if len(cells) < 3 or not cells[2].isdigit():
            continue
        if file.endswith("passwd") and len(cells) >= 7 and cells[3].isdigit():
            rows[cells[0]] = Account(cells[0], int(cells[2]), int(cells[3]), cells[5], cells[6])
        else:
            rows[cells[0]] = Account(cells[0], int(cells[2]))
    return rows


def check(evidence: Evidence) -> Check:
    """Compares the accounts that matter: the image's own USER, owners of what its own layers brought,
    and those that people made (ids from 1000 on)."""
    findings = []
    count = 0
    user, _, group = str(evidence.before.image.config.get("User") or "").partition(":")
    owned = {(entry.uid, entry.gid) for entry in evidence.after.added()}
    for file, kind, named, position in (("/etc/passwd", "user", user, 0), ("/etc/group", "group", group, 1)):
        old, new = accounts(evidence.before, file), accounts(evidence.after, file)
        numbers = {pair[position] for pair in owned}
        for name, account in sorted(old.items()):
            people = _FIRST <= account.number < _NOBODY
            if not (name == named or people or account.number in numbers):
                continue
            count += 1
            if name not in new:
                findings.append(_finding(f"the {kind} {name} ({account.number}) does not exist", name))
            elif (new[name].number, new[name].group) != (account.number, account.group):
                text = f"the {kind} {name} has the id {new[name].number}, not {account.number}"
                findings.append(_finding(text, name))
            elif account.home and name == named and new[name].home != account.home:
                text = f"the home of {name} is {new[name].home}, not {account.home}"
                findings.append(_finding(text, name))
    return Check(
        name="users",
        layer="disk",
        ok=not findings,
        detail="; ".join(x.text for x in findings) or f"{count} users and groups with the same ids",
        findings=tuple(findings),
    )


def _finding(text: str, name: str) -> Finding:
    return Finding(code=USER, text=text, path=name)
