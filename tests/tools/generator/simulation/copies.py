"""What COPY and ADD bring: the sources of a word, where they go, with which owner and mode."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from fnmatch import fnmatchcase

from tools.generator.simulation.accounts import ids
from tools.generator.simulation.files import Files, Missing, Node, copy_tree
from tools.generator.simulation.permissions import changed_mode
from tools.generator.simulation.text_programs import unpack


class BuildFailed(Exception):
    """What a builder refuses."""


def owner_of(files: Files, text: str) -> tuple[int, int] | None:
    """uid and gid of a --chown, root for one that has no account."""
    if not text:
        return 0, 0
    user, _, group = text.partition(":")
    try:
        uid, gid = ids(files, text)
    except Missing:
        return 0, 0  # the builder does not complain
    own = gid if group else (ids(files, f"{user}:")[1] if not user.isdigit() else uid)
    return uid or 0, own or 0


def found(source: Files, word: str) -> list[str]:
    """The paths that a source word names."""
    path = posixpath.normpath(posixpath.join("/", word))
    if not re.search(r"[*?[]", path):
        if source.get(path) is None:
            raise BuildFailed(f"COPY: {word} not found")
        return [path]
    found = ["/"]
    for name in [n for n in path.split("/") if n]:
        found = [
            posixpath.join(d, n)
            for d in found
            if source.is_directory(d)
            for n in source.names(d)
            if fnmatchcase(n, name)
        ]
    return found


def bring(
    source: Files,
    found: str,
    files: Files,
    target: str,
    into: bool,
    owner: tuple[int, int] | None,
    mode: str | None,
    archives: bool,
) -> None:
    node = source.get(found)
    assert node is not None
    if archives and node.kind == "file" and re.search(r"\.(tar(\.\w+)?|tgz)$", found):
        files.make_directories(target)
        unpack(files, node.data, target)
        return
    if node.kind == "file":
        name = posixpath.basename(found)
        place = posixpath.join(target, name) if into or files.is_directory(target) else target
        place_node(files, place, node, owner, mode)
        return
    uid, gid = owner or (0, 0)
    files.make_directories(target, uid=uid, gid=gid)
    before = set(files.nodes)
    copy_tree(source, found, files, target, owner)
    if mode:
        start = source.real(found)
        for path in source.below(start):
            place = files.real(posixpath.join(target, path[len(start) :].lstrip("/")), last=False)
            if files.nodes[place].kind != "link":
                old = files.nodes[place]
                files.nodes[place] = replace(old, mode=changed_mode(old.mode, mode, old.kind == "directory"))
    assert before <= set(files.nodes)


def place_node(files: Files, place: str, node: Node, owner: tuple[int, int] | None, mode: str | None) -> None:
    uid, gid = owner if owner is not None else (node.uid, node.gid)
    files.make_directories(
        posixpath.dirname(place), uid=owner[0] if owner else 0, gid=owner[1] if owner else 0
    )
    if mode:
        node = replace(node, mode=changed_mode(node.mode, mode, False))
    if files.is_directory(place):
        raise BuildFailed(f"{place} is a directory")
    if files.get(place, follow=False) is not None:
        files.nodes.pop(files.real(place, last=False))
    files.put(place, replace(node, uid=uid, gid=gid))
