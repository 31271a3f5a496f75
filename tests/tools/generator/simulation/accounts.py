"""Users and groups."""

from __future__ import annotations

import posixpath

from tools.generator.simulation.files import Files, Missing
from tools.generator.simulation.options import split_options
from tools.generator.simulation.shell import (
    Shell,
    command,
)


def ids(files: Files, text: str) -> tuple[int | None, int | None]:
    """The numbers of `user:group`; raises Missing for names that are not known."""
    user, colon, group = text.partition(":")
    uid = gid = None
    if user:
        row = row_of(files, "/etc/passwd", user)
        if row is None and not user.isdigit():
            raise Missing(user)
        uid = int(user) if user.isdigit() else int(row[2])  # type: ignore[index]
        if colon and not group and row is not None:
            gid = int(row[3])
    if group:
        row = row_of(files, "/etc/group", group)
        if row is None and not group.isdigit():
            raise Missing(group)
        gid = int(group) if group.isdigit() else int(row[2])  # type: ignore[index]
    return uid, gid


def row_of(files: Files, path: str, name: str) -> list[str] | None:
    try:
        rows = [line.split(":") for line in files.text(path).splitlines()]
    except Missing:
        return None
    return next((row for row in rows if row[0] == name), None)


def addrow_of(shell: Shell, path: str, row: str) -> None:
    text = shell.files.text(path) if shell.files.is_file(path) else ""
    shell.files.make_directories(posixpath.dirname(path))
    shell.files.write(path, text + row + "\n")


@command("groupadd", "addgroup")
def _groupadd(shell: Shell, argv: list[str]) -> int:
    _, named, words = split_options(argv, "r S system f", "g gid")
    if len(words) == 2:  # addgroup USER GROUP
        return 0
    if row_of(shell.files, "/etc/group", words[0]):
        return 9
    addrow_of(
        shell,
        "/etc/group",
        f"{words[0]}:x:{named.get('g') or named.get('gid') or _free(shell, '/etc/group', argv)}:",
    )
    return 0


@command("useradd", "adduser")
def _useradd(shell: Shell, argv: list[str]) -> int:
    known = """
        r S m M D H l N U system create-home no-create-home disabled-password disabled-login no-log-init
        group
    """
    flags, named, words = split_options(
        argv, known, "u g s d G c h k uid gid shell home home-dir ingroup gecos groups comment"
    )
    if len(words) == 2:
        return 0
    name = words[0]
    if row_of(shell.files, "/etc/passwd", name):
        return 9
    uid = named.get("u") or named.get("uid") or str(_free(shell, "/etc/passwd", argv))
    group = (
        named.get("g")
        or named.get("gid")
        or named.get("ingroup")
        or (named.get("G") if "S" in flags else None)
    )
    if group is None:
        gid = uid
        addrow_of(shell, "/etc/group", f"{name}:x:{gid}:")
    else:
        row = row_of(shell.files, "/etc/group", group)
        if row is None and not group.isdigit():
            return shell.say(f"useradd: group {group}")
        gid = row[2] if row else group
    home = named.get("d") or named.get("home") or named.get("home-dir") or f"/home/{name}"
    addrow_of(shell, "/etc/passwd", f"{name}:x:{uid}:{gid}::{home}:{named.get('s', '/bin/sh')}")
    made = argv[0].endswith("adduser") and not flags & {"H", "no-create-home"}
    if made or flags & {"m", "create-home"}:
        shell.files.make_directories(home)
        shell.files.change(home, uid=int(uid), gid=int(gid), mode=0o700)
    return 0


def _free(shell: Shell, path: str, argv: list[str]) -> int:
    """The number that the next user or group gets."""
    system = bool({"-r", "-S", "--system"} & set(argv))
    rows = shell.files.text(path).splitlines() if shell.files.is_file(path) else []
    taken = {int(row.split(":")[2]) for row in rows}
    numbers = range(999, 99, -1) if system else range(1000, 60000)
    return next(n for n in numbers if n not in taken)
