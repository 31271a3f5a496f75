"""What one image has and another has not, by path, as a container of each sees its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from slimify.analyze.model import Analysis, Node

_ROWS = 25
_OPENED = 5  # a directory with more than a fifth of all bytes is shown by what it holds


class Row(Struct, frozen=True, kw_only=True):
    """A file or directory that only one image has, with the bytes and files of all it holds."""

    path: str
    bytes: int
    files: int
    directory: bool


class Part(Struct, frozen=True, kw_only=True):
    """Everything that went or came: the largest rows, and in `more` the number of the others."""

    bytes: int
    files: int
    rows: tuple[Row, ...]
    more: int
    more_bytes: int


class Difference(Struct, frozen=True, kw_only=True):
    """From one image to another. Sizes before, minus `gone.bytes`, plus `come.bytes`, `resized` and
    `hidden`, give the size after; `hidden` is the change in bytes that later layers hide."""

    gone: Part
    come: Part
    resized: int
    changed: int  # how many files have another size
    hidden: int


def difference(before: Analysis, after: Analysis) -> Difference:
    """Compares the merged trees of two images."""
    gone, come, pairs = [], [], []
    stack = [(before.merged, after.merged)]
    while stack:
        old, new = stack.pop()
        others = {node.name: node for node in new.children}
        for node in old.children:
            other = others.pop(node.name, None)
            if other is None or (node.kind == "directory") != (other.kind == "directory"):
                gone.append(node)
                come += [other] if other is not None else []
            elif node.kind == "directory":
                stack.append((node, other))
            elif node.size != other.size:
                pairs.append((node.size, other.size))
        come += others.values()
    one, two = _part(gone), _part(come)
    resized = sum(new - old for old, new in pairs)
    hidden = (after.size - before.size) - (two.bytes - one.bytes + resized)
    return Difference(gone=one, come=two, resized=resized, changed=len(pairs), hidden=hidden)


def _part(nodes: list[Node]) -> Part:
    rows = [(_row(node), node) for node in nodes]
    total, files = sum(row.bytes for row, _ in rows), sum(row.files for row, _ in rows)
    rows = sorted(_opened(rows, total), key=lambda item: (-item[0].bytes, item[0].path))
    rest = [row for row, _ in rows[_ROWS:]]
    return Part(
        bytes=total,
        files=files,
        rows=tuple(row for row, _ in rows[:_ROWS]),
        more=sum(row.files for row in rest),
        more_bytes=sum(row.bytes for row in rest),
    )


def _opened(rows: list[tuple[Row, Node]], total: int) -> Iterable[tuple[Row, Node]]:
    """`/usr` says little: the largest directories give way to what they hold."""
    stack, done = rows, []
    while stack:
        row, node = stack.pop()
        if node.children and row.bytes * _OPENED > total:
            stack += [(_row(child), child) for child in node.children]
        else:
            done.append((row, node))
    return done


def _row(node: Node) -> Row:
    files = [below for below in _below(node) if below.kind != "directory"]
    return Row(
        path=node.path,
        bytes=sum(file.size for file in files),
        files=len(files),
        directory=node.kind == "directory",
    )


def _below(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack += node.children
