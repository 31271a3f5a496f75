"""Programs that make, copy, move and remove files."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from tools.generator.simulation.accounts import ids
from tools.generator.simulation.files import Missing, Node, copy_tree
from tools.generator.simulation.options import split_options
from tools.generator.simulation.shell import (
    Shell,
    command,
)


@command("mkdir")
def _mkdir(shell: Shell, argv: list[str]) -> int:
    flags, named, words = split_options(argv, "p v parents", "m mode")
    for word in words:
        path = shell.path(word)
        if shell.files.get(path) is not None:
            if "p" in flags or "parents" in flags:
                continue
            return shell.say(f"mkdir: {word} exists")
        parent = posixpath.dirname(path)
        if "p" not in flags and "parents" not in flags and not shell.files.is_directory(parent):
            return shell.say(f"mkdir: {word}")
        while shell.files.get(parent) is None:
            parent = posixpath.dirname(parent)
        if not shell.may_write(posixpath.join(parent, "new")):
            return shell.say(f"mkdir: {word}: permission denied")
        try:
            shell.files.make_directories(path, uid=shell.uid, gid=shell.gid, mode=0o777 & ~shell.umask)
        except Missing:
            return shell.say(f"mkdir: {word}")
        mode = named.get("m") or named.get("mode")
        if mode:
            shell.files.change(path, mode=int(mode, 8))
    return 0


@command("touch")
def _touch(shell: Shell, argv: list[str]) -> int:
    for word in split_options(argv)[2]:
        path = shell.path(word)
        if shell.files.get(path) is None:
            try:
                if not shell.may_write(path):
                    raise Missing(path)
                shell.files.write(path, b"", uid=shell.uid, gid=shell.gid, mode=0o666 & ~shell.umask)
            except Missing:
                return shell.say(f"touch: {word}")
    return 0


@command("rm", "rmdir", "unlink")
def _rm(shell: Shell, argv: list[str]) -> int:
    flags, _, words = split_options(argv, "r f R v recursive force")
    for word in words:
        path = shell.path(word)
        node = shell.files.get(path, follow=False)
        if node is None:
            if "f" not in flags and "force" not in flags:
                return shell.say(f"rm: {word}: not found")
            continue
        if node.kind == "directory" and not flags & {"r", "R", "recursive"} and argv[0] != "rmdir":
            return shell.say(f"rm: {word} is a directory")
        shell.files.remove(path)
    return 0


@command("cp")
def _cp(shell: Shell, argv: list[str]) -> int:
    flags, named, words = split_options(
        argv, "r R a p f L v d T n recursive archive preserve no-target-directory", "t target-directory"
    )
    target = named.get("t") or named.get("target-directory")
    if target is None:
        target = words.pop()
    keep = bool(flags & {"a", "p", "archive", "preserve"})
    return _each_into(shell, words, target, lambda a, b: _copy_one(shell, a, b, keep, flags), flags)


def _each_into(shell: Shell, words, target, work, flags) -> int:  # type: ignore[no-untyped-def]
    end = shell.path(target)
    into = shell.files.is_directory(end) and "T" not in flags
    if not into and (len(words) > 1 or target.endswith("/")) and not flags & {"r", "R", "a"}:
        return shell.say(f"{target} is no directory")
    for word in words:
        path = shell.path(word)
        if shell.files.get(path, follow=False) is None:
            return shell.say(f"{word}: not found")
        name = posixpath.basename(path.rstrip("/"))
        place = end if word.rstrip("/").endswith("/.") or word == "." else posixpath.join(end, name)
        try:
            status = work(path, place if into else end)
        except Missing as error:
            return shell.say(str(error))
        if status:
            return int(status)
    return 0


def _copy_one(shell: Shell, source: str, target: str, keep: bool, flags: set[str]) -> int:
    files = shell.files
    follow = not flags & {"a", "d", "r", "R"}
    node = files.get(source, follow=follow)
    if node is None:
        return shell.say(f"{source}: not found")
    owner = None if keep and not shell.uid else (shell.uid, shell.gid)
    if node.kind == "directory":
        if not flags & {"r", "R", "a", "recursive", "archive"}:
            return shell.say(f"{source} is a directory")
        files.make_directories(target, uid=shell.uid, gid=shell.gid)
        if keep:
            files.change(target, mode=node.mode, uid=node.uid if owner is None else owner[0])
        copy_tree(files.copy(), source, files, target, owner)
        return 0
    if not shell.may_write(target):
        return shell.say(f"{target}: permission denied")
    if owner is not None:
        old = files.get(target)
        node = replace(node, uid=owner[0], gid=owner[1], capabilities="")
        if old is not None and node.kind == "file":
            node = replace(old, data=node.data)
    if files.is_directory(target):
        raise Missing(target)
    if node.kind == "link" and files.get(target, follow=False) is not None:
        files.remove(target)
    files.put(target, node)
    return 0


@command("mv")
def _mv(shell: Shell, argv: list[str]) -> int:
    flags, _, words = split_options(argv, "f v n")
    target = words.pop()

    def move(source: str, end: str) -> int:
        files = shell.files
        start = files.real(source, last=False)
        if files.is_directory(end) and files.nodes[start].kind == "directory":
            files.remove(end)
        if not files.is_directory(posixpath.dirname(end)):
            raise Missing(end)
        end = files.real(end, last=False)
        moved = {p: files.nodes.pop(p) for p in [start, *files.below(start)]}
        files.nodes.update({end + p[len(start) :]: node for p, node in moved.items()})
        return 0

    return _each_into(shell, words, target, move, flags)


@command("ln")
def _ln(shell: Shell, argv: list[str]) -> int:
    flags, _, words = split_options(argv, "s f n v r symbolic force")
    target = shell.path(words[-1]) if len(words) > 1 else shell.path(posixpath.basename(words[0]))
    for word in words[:-1] if len(words) > 1 else words:
        place = target
        if shell.files.is_directory(target) and "n" not in flags:
            place = posixpath.join(target, posixpath.basename(word))
        if shell.files.get(place, follow=False) is not None:
            if not flags & {"f", "force"}:
                return shell.say(f"ln: {place} exists")
            shell.files.remove(place)
        if flags & {"s", "symbolic"}:
            node = Node("link", word.encode(), 0o777, shell.uid, shell.gid)
        else:
            found = shell.files.get(shell.path(word))
            if found is None:
                return shell.say(f"ln: {word}")
            node = found
        try:
            shell.files.put(place, node)
        except Missing:
            return shell.say(f"ln: {place}")
    return 0


@command("install")
def _install(shell: Shell, argv: list[str]) -> int:
    flags, named, words = split_options(argv, "d D", "m o g mode owner group")
    mode = int(named.get("m") or named.get("mode") or "755", 8)
    try:
        uid, gid = ids(
            shell.files,
            f"{named.get('o', named.get('owner', '0'))}:{named.get('g', named.get('group', '0'))}",
        )
    except Missing:
        return shell.say(f"install: {argv}")
    if "d" in flags:
        for word in words:
            shell.files.make_directories(shell.path(word))
            shell.files.change(shell.path(word), mode=mode, uid=uid, gid=gid)
        return 0
    target = words.pop()

    def place(source: str, end: str) -> int:
        if "D" in flags:
            shell.files.make_directories(posixpath.dirname(end))
        shell.files.put(end, Node("file", shell.files.read(source), mode, uid or 0, gid or 0))
        return 0

    return _each_into(shell, words, target, place, flags)
