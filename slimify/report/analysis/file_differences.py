"""The differences between the files of two images, by path, as their containers see them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from slimify.analyze.model import Analysis, Node
from slimify.analyze.trees import walk

_ROWS = 25
_EXPANDED_SHARE = 5  # a directory with more than a fifth of all bytes is replaced by its contents


class Row(Struct, frozen=True, kw_only=True):
    """A file or directory that only one image has, with the bytes and number of files in it."""

    path: str
    bytes: int
    files: int
    directory: bool


class FileSet(Struct, frozen=True, kw_only=True):
    """All removed or all added files: the largest rows, and in `more` the number of other files."""

    bytes: int
    files: int
    rows: tuple[Row, ...]
    more: int
    more_bytes: int


class Difference(Struct, frozen=True, kw_only=True):
    """The difference between two images. The size before, minus `removed.bytes`, plus `added.bytes`,
    `resized` and `hidden`, is the size after. `hidden` is the change in bytes that later layers hide."""

    removed: FileSet
    added: FileSet
    resized: int
    changed: int  # number of files with a different size
    hidden: int


def difference(before: Analysis, after: Analysis) -> Difference:
    """Compares the merged trees of two images."""
    removed, added, pairs = [], [], []
    stack = [(before.merged, after.merged)]
    while stack:
        old, new = stack.pop()
        others = {node.name: node for node in new.children}
        for node in old.children:
            other = others.pop(node.name, None)
            if other is None or (node.kind == "directory") != (other.kind == "directory"):
                removed.append(node)
                added += [other] if other is not None else []
            elif node.kind == "directory":
                stack.append((node, other))
            elif node.size != other.size:
                pairs.append((node.size, other.size))
        added += others.values()
    one, two = _part(removed), _part(added)
    resized = sum(new - old for old, new in pairs)
    hidden = (after.size - before.size) - (two.bytes - one.bytes + resized)
    return Difference(removed=one, added=two, resized=resized, changed=len(pairs), hidden=hidden)


def _part(nodes: list[Node]) -> FileSet:
    rows = [(_row(node), node) for node in nodes]
    total, files = sum(row.bytes for row, _ in rows), sum(row.files for row, _ in rows)
    rows = sorted(_expanded(rows, total), key=lambda item: (-item[0].bytes, item[0].path))
    rest = [row for row, _ in rows[_ROWS:]]
    return FileSet(
        bytes=total,
        files=files,
        rows=tuple(row for row, _ in rows[:_ROWS]),
        more=sum(row.files for row in rest),
        more_bytes=sum(row.bytes for row in rest),
    )


def _expanded(rows: list[tuple[Row, Node]], total: int) -> Iterable[tuple[Row, Node]]:
    """The rows with the largest directories, such as /usr, replaced by their contents."""
    stack, rewritable = rows, []
    while stack:
        row, node = stack.pop()
        if node.children and row.bytes * _EXPANDED_SHARE > total:
            stack += [(_row(child), child) for child in node.children]
        else:
            rewritable.append((row, node))
    return rewritable


def _row(node: Node) -> Row:
    files = [below for below in (node, *walk(node)) if below.kind != "directory"]
    return Row(
        path=node.path,
        bytes=sum(file.size for file in files),
        files=len(files),
        directory=node.kind == "directory",
    )
