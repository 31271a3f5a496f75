"""What the instructions read from the build context: the sources of COPY, ADD and bind mounts.

BuildKit transfers only the files that the instructions name (docs.docker.com/build/concepts/context). The
legacy builder and kaniko transfer the whole context.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from itertools import islice

from msgspec import Struct

from slimify.context.directory_walk import file_size, files_below
from slimify.context.ignore_rules import Glob
from slimify.context.scan import Context, clean
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.semantics.paths import inside
from slimify.syntax.dockerfile.instructions import copy_parts
from slimify.syntax.dockerfile.scope import scopes
from slimify.syntax.dockerfile.words import expand

_MAX_ENTRIES = 200_000


class CopiedContext(Struct, frozen=True, kw_only=True):
    """`directories` are copied as a whole ("" is the whole context). `named` are the other sources, as
    patterns."""

    directories: tuple[str, ...]
    named: tuple[str, ...]

    def only_by_directory(self, path: str) -> bool:
        """Whether a path is copied only as part of a directory above it."""
        return not self.names(path) and any(
            d == "" or (inside(path, d) and path != d) for d in self.directories
        )

    def names(self, path: str) -> bool:
        """Whether an instruction names it, something below it, or a pattern that matches it."""
        return any(inside(n, path) or _matches(n, path) for n in (*self.named, *self.directories) if n)

    def copies(self, path: str) -> bool:
        """Whether an instruction copies it."""
        return self.only_by_directory(path) or any(inside(path, n) or _matches(n, path) for n in self.named)


def copied_context(file: Dockerfile, context: Context, build_args: Mapping[str, str]) -> CopiedContext | None:
    """What all instructions of a file copy; None if a source is not known."""
    directories: list[str] = []
    named: list[str] = []
    in_force = scopes(file, {}, build_args)
    for instruction, scope in zip(file.instructions, in_force, strict=True):
        for source in _sources(instruction):
            if "://" in source or source.startswith(("git@", "<<")):
                continue
            value = expand(source, scope)
            if value is None or ("$" in source and not value):
                return None
            path = clean(value)
            (directories if not path or context.is_dir(path) else named).append(path)
    return CopiedContext(directories=tuple(dict.fromkeys(directories)), named=tuple(dict.fromkeys(named)))


def context_size(context: Context, path: str) -> int:
    """Bytes of a file or directory of the context, including directories that the scan does not list."""
    if path in context.files:
        return context.files[path]
    if path not in context.skipped or context.root is None:
        return sum(context.files[name] for name in context.under(path))
    files = files_below(str(context.root), path, context.limits.depth)
    return sum(file_size(entry) or 0 for _, entry in islice(files, _MAX_ENTRIES))


def _sources(instruction: Instruction) -> Iterator[str]:
    if instruction.keyword in ("COPY", "ADD"):
        parts = copy_parts(instruction)
        if parts.from_stage is None:
            yield from parts.sources
    for flag in instruction.flags:
        if instruction.keyword != "RUN" or flag.name != "mount":
            continue
        fields = dict(field.partition("=")[::2] for field in (flag.value or "").split(","))
        if fields.get("type", "bind") == "bind" and "from" not in fields:
            yield fields.get("source", fields.get("src", "."))


def _matches(pattern: str, path: str) -> bool:
    if not any(char in pattern for char in "*?["):
        return pattern == path
    try:
        return Glob.parse(posixpath.normpath(pattern)).matches(path)
    except ValueError:
        return True
