"""What the accounts that act in an image may do with its files.

Permission bits as Linux reads them (path_resolution(7), "Permissions"): the bits of the owner if the account
owns the file, else those of the group if it is a member, else those of others. Root reads and writes every
file, and executes those that anybody may execute.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from slimify.facts.servers import drops_root
from slimify.facts.shells import changes_user
from slimify.facts.system import is_root
from slimify.image.model import Entry
from slimify.verify.disk.evidence import Evidence, Side, is_ephemeral
from slimify.verify.disk.start_commands import commands_started, start_command_lines
from slimify.verify.disk.users import Account, accounts

_ANYBODY = 65534  # nobody, who owns nothing (Debian policy 9.2.2)


class Actor(Struct, frozen=True):
    """An account with which a process of an image runs: its user and its groups."""

    user: int
    groups: frozenset[int]

    def rights(self, entry: Entry) -> int:
        """The bits r, w and x that the actor has on a file: 4, 2 and 1."""
        bits = entry.mode & 0o777
        if self.user == 0:
            executable = bits & 0o111 or entry.kind == "directory"
            return 6 | bool(executable)
        if entry.uid == self.user:
            return bits >> 6
        return (bits >> 3) & 7 if entry.gid in self.groups else bits & 7


def actors(evidence: Evidence) -> tuple[tuple[Actor, Actor], ...]:
    """The accounts that act in the original, each as both images know it: the image's USER, those that own
    files, and, if a program that is started gives up root, an account that owns nothing."""
    before, after = evidence.before, evidence.after
    own = str(before.image.config.get("User") or "")
    found = [(_actor(before, own), _actor(after, own))]
    if is_root(own) and gives_up_root(before):
        found.append((_actor(before, str(_ANYBODY)),) * 2)
    names = {account.number: account.name for account in accounts(before, "/etc/passwd").values()}
    for number in sorted(owners(before) - {0}):
        name = names.get(number, str(number))
        found.append((_actor(before, str(number)), _actor(after, name)))
    return tuple(dict.fromkeys(found))


def owners(side: Side) -> frozenset[int]:
    """The ids that own files above the base image."""
    return frozenset(entry.uid for entry in side.added() if not is_ephemeral(entry.path))


def gives_up_root(side: Side) -> bool:
    """Whether a program that the image starts as root runs others, or its workers, as another user."""
    names = (item.name for words in start_command_lines(side) for item in commands_started(side, words))
    return any(changes_user(name) or drops_root(name) for name in names)


def _actor(side: Side, user: str) -> Actor:
    """The actor of a value of USER: `name`, `id`, or either with a group. An id without a row is in the
    group root (Dockerfile reference, USER)."""
    name, _, group = user.partition(":")
    if not name or is_root(name):
        return Actor(0, frozenset({0}))
    row = next((a for a in _rows(side, "/etc/passwd") if name in (a.name, str(a.number))), None)
    number = row.number if row is not None else int(name) if name.isdigit() else _ANYBODY
    groups = [row.group if row is not None else 0]
    if group:
        known = next((g.number for g in _rows(side, "/etc/group") if group in (g.name, str(g.number))), None)
        groups = [known if known is not None else int(group) if group.isdigit() else 0]
    if row is not None:
        groups += [g.number for g in _rows(side, "/etc/group") if row.name in g.members]
    return Actor(number, frozenset(groups))


def _rows(side: Side, file: str) -> Iterator[Account]:
    yield from accounts(side, file).values()
