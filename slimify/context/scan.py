"""Lists the build context as the builder sees it, and reads its files within limits.

Nothing outside the directory is read: a symlink is followed only if its target is relative and inside
the context. `Limits` bounds time and memory; `Context.notes` reports what was not listed.
"""

from __future__ import annotations

import codecs
import os
import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field

from slimify.config import disk
from slimify.config.read_file import MOST_BYTES
from slimify.context.directory_walk import Limits, Walk
from slimify.context.ignore_rules import Glob, IgnoreRules
from slimify.facts.system import history_directories

if TYPE_CHECKING:
    from slimify.context.repository import Repository

_T = TypeVar("_T")
_MOST_SHARED = 3  # contexts, each with the texts of its files
# The longer marks first: that of UTF-16 is the begin of one of UTF-32.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAX_LINKS = 40  # as Linux: ELOOP
_CACHED_LENGTH, _CACHED_TOTAL = 64 << 10, 24 << 20  # characters of one file, of all files


class Context(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """A build context. Paths are relative to its root, POSIX, without `./`; "" is the root itself.

    - `files` maps regular files that are not ignored to their size in bytes, in sorted order.
    - `symlinks` maps symlinks to their target as written.
    - `ignored` lists the topmost ignored paths; directories end in `/`.
    - `skipped` lists directories that were not, or only partly, listed; `notes` says why.
    """

    root: Path | None = None
    files: Mapping[str, int] = field(default_factory=dict)
    directories: frozenset[str] = frozenset()
    symlinks: Mapping[str, str] = field(default_factory=dict)
    executables: frozenset[str] = frozenset()
    ignore: IgnoreRules = field(default_factory=IgnoreRules)
    ignore_file: str | None = None  # its name
    ignore_path: str = ""  # where it is or would be, relative to the caller's path of the context
    ignore_text: str | None = None  # None if there is none or it is unreadable
    ignored: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    _texts: dict[str, str] = field(default_factory=dict)
    _found: dict[Hashable, Any] = field(default_factory=dict)
    _inside: dict[str, bool] = field(default_factory=dict)  # directories, see `_real_path`
    _shared: dict[tuple[Hashable, ...], Context] = field(default_factory=dict)  # see `scan`

    @cached_property
    def repository(self) -> Repository | None:
        """The repository that the context belongs to; None for a context without files."""
        from slimify.context.repository import repository_of

        return repository_of(self.root, self._shared) if self.root is not None else None

    @classmethod
    def empty(cls) -> Context:
        """A context without any file, for a Dockerfile from standard input."""
        return cls()

    def has(self, path: str) -> bool:
        """Whether the context contains the file, directory or symlink."""
        path = clean(path)
        if not path:
            return self.root is not None
        if path in self.files or path in self.directories or path in self.symlinks:
            return True
        real = self.resolve(path)
        if real is not None:
            return True
        return self._below_skipped(path) and self.exists_on_disk(path) and not self.ignore.ignores(path)

    def is_dir(self, path: str) -> bool:
        """Whether the path is a directory, or a symlink to one in the context."""
        path = clean(path)
        if not path:
            return self.root is not None
        real = self.resolve(path)
        return real is not None and (not real or real in self.directories)

    def exists_on_disk(self, path: str) -> bool:
        """Whether the path exists on disk within the context, even if it is ignored."""
        full = self._real_path(clean(path))
        return full is not None and disk.is_there(full)

    def is_fully_listed(self) -> bool:
        """Whether everything is listed, except version control folders."""
        listed = {posixpath.basename(name) for name in self.skipped} <= history_directories()
        return self.root is not None and listed

    def under(self, directory: str) -> tuple[str, ...]:
        """The files below a directory, sorted."""
        directory = clean(directory)
        if not directory:
            return self._sorted
        start = bisect_left(self._sorted, directory + "/")
        end = bisect_left(self._sorted, directory + chr(ord("/") + 1))
        return self._sorted[start:end]

    def glob(self, pattern: str, *, directories: bool = False) -> tuple[str, ...]:
        """The files and symlinks to files that match, sorted. `*` stops at a slash, `**` does not.

        As in COPY, wildcards match names that start with a dot.
        """
        pattern = clean(pattern)
        head = re.split(r"[*?\[\\]", pattern, maxsplit=1)[0]
        try:
            wanted = Glob.parse(pattern)
        except ValueError:
            return ()
        names = list(self.under(posixpath.dirname(head)))
        names += (link for link in self.symlinks if not self.is_dir(link))
        if directories:
            names += self.directories
            names += (link for link in self.symlinks if self.is_dir(link))
        return tuple(sorted({name for name in names if name.startswith(head) and wanted.matches(name)}))

    def readable_by_all(self, path: str) -> bool:
        """Whether others may read the file, or read and enter the directory, according to its mode."""
        full = self._real_path(clean(path))
        if full is None:
            return False
        info = disk.status(full)
        if info is None:
            return False
        return bool(info.st_mode & 0o004) and (clean(path) in self.files or bool(info.st_mode & 0o001))

    def text(self, path: str, limit: int | None = None) -> str | None:
        """The text of a file with invalid bytes replaced, or None if it is missing or too large.

        `limit` is in bytes and defaults to `limits.text`.
        """
        path = clean(path)
        if path in self._texts:
            return self._texts[path]
        text = self._read(path, self.limits.text if limit is None else limit)
        if text is None:  # a larger limit may succeed later
            return None
        left: int = self._found.setdefault("text", _CACHED_TOTAL)
        if len(text) <= min(left, _CACHED_LENGTH):
            self._texts[path] = text
            self._found["text"] = left - len(text)
        return text

    def once(self, key: Hashable, find: Callable[[], _T]) -> _T:
        """What `find` finds in the files. It is called once for each key."""
        if key not in self._found:
            self._found[key] = find()
        found: _T = self._found[key]
        return found

    def head(self, path: str, size: int = 4096) -> str | None:
        """The first `size` bytes of a file of any size, as text."""
        return self._read(clean(path), size, whole=False)

    def resolve(self, path: str) -> str | None:
        """The path with symlinks resolved, or None if it is not in the context."""
        path = clean(path)
        if path in self.files:
            return path  # below directories that were listed: none is a symlink
        todo = path.split("/")
        done: list[str] = []
        links = 0
        while todo:
            part = todo.pop(0)
            if part in ("", "."):
                continue
            if part == "..":
                if not done:
                    return None
                done.pop()
                continue
            here = "/".join((*done, part))
            target = self.symlinks.get(here)
            if target is None:
                done.append(part)
                continue
            links += 1
            if links > _MAX_LINKS or target.startswith("/"):
                return None
            todo = target.split("/") + todo
        real = "/".join(done)
        return real if not real or real in self.files or real in self.directories else None

    @cached_property
    def _sorted(self) -> tuple[str, ...]:
        return tuple(self.files)

    def _below_skipped(self, path: str) -> bool:
        return any(_is_below(name, path) for name in self.skipped)

    def _real_path(self, path: str) -> str | None:
        """The absolute path, or None if its directory resolves to outside the root."""
        if self.root is None or "\0" in path:
            return None
        root = str(self.root)
        full = os.path.join(root, path)
        directory = os.path.dirname(full) if path else full
        if directory not in self._inside:
            try:
                self._inside[directory] = _is_below(root, disk.real(directory))
            except (OSError, ValueError):
                return None
        return full if self._inside[directory] else None

    def _read(self, path: str, limit: int, *, whole: bool = True) -> str | None:
        real = self.resolve(path)
        if real is None and self._below_skipped(path) and not self.ignore.ignores(path):
            real = path
        elif real is None or real not in self.files or (whole and self.files[real] > limit):
            return None
        full = self._real_path(real)
        data = disk.read(full, limit, whole) if full is not None else None
        return _decoded(data) if data is not None else None


def clean(path: str) -> str:
    """A COPY source as a path in the context: a leading `/` is its root, and `..` stops there."""
    return posixpath.normpath("/" + path).lstrip("/")


def _decoded(data: bytes) -> str:
    """Bytes as text. A mark says that a file is UTF-16 or UTF-32, as PowerShell writes; pip goes by it."""
    found = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8-sig")
    return data.decode(found, "replace")


Contexts = dict[tuple[Hashable, ...], Context]


def scan(
    root: Path,
    dockerfile: Path | None = None,
    limits: Limits | None = None,
    *,
    shared: Contexts | None = None,
) -> Context:
    """The context in directory `root` for the Dockerfile at path `dockerfile`.

    An unreadable or missing directory results in a note, never in an exception. `shared` are the contexts of
    other Dockerfiles, with what was found in their files: for callers that change none of these meanwhile.
    """
    given, root = root, Path(disk.real(str(root)))
    text, ignore_file = _ignore_text(root, dockerfile)
    own = dockerfile is not None and ignore_file not in (None, ".dockerignore")
    path = f"{dockerfile}.dockerignore" if own else os.path.normpath(given / ".dockerignore")

    def find() -> Context:
        return _scanned(root, limits or Limits(), text, ignore_file, path, {} if shared is None else shared)

    key = ("context", given, ignore_file, text, path if own else None, limits)
    return find() if shared is None else kept(shared, key, find)


def kept(shared: Contexts, key: tuple[Hashable, ...], find: Callable[[], Context]) -> Context:
    """What `shared` has for a key, or else what is found now. Of each kind, which the key's first part says,
    it keeps those that were used last."""
    found = shared.pop(key, None) or find()
    same = [other for other in shared if other[0] == key[0]]
    for other in same[: 1 - _MOST_SHARED]:
        del shared[other]
    shared[key] = found
    return found


def _scanned(
    root: Path, limits: Limits, text: str | None, ignore_file: str | None, ignore_path: str, shared: Contexts
) -> Context:
    ignore = IgnoreRules.parse(text) if text is not None else IgnoreRules()
    walk = Walk(str(root), ignore, limits)
    walk.run()
    if ignore.errors:
        walk.notes.extend(f"{ignore_file}: {error}" for error in ignore.errors)
    return Context(
        root=root,
        files=MappingProxyType(dict(sorted(walk.files.items()))),
        directories=frozenset(walk.directories),
        symlinks=MappingProxyType(dict(sorted(walk.symlinks.items()))),
        executables=frozenset(walk.executables),
        ignore=ignore,
        ignore_file=ignore_file,
        ignore_path=ignore_path,
        ignore_text=text,
        ignored=tuple(sorted(walk.ignored)),
        skipped=tuple(sorted(walk.skipped)),
        notes=tuple(walk.notes),
        limits=limits,
        _shared=shared,
    )


def _ignore_text(root: Path, dockerfile: Path | None) -> tuple[str | None, str | None]:
    """Name and text of the ignore file: `<Dockerfile>.dockerignore` if it exists, as in BuildKit,
    otherwise `.dockerignore` of the context."""
    candidates = [root / ".dockerignore"]
    if dockerfile is not None:
        candidates.insert(0, dockerfile.with_name(dockerfile.name + ".dockerignore"))
    for candidate in candidates:
        real = disk.real(str(candidate))
        if not _is_below(disk.real(str(candidate.parent)), real):
            continue  # a symlink out of the context
        data = disk.read(real, MOST_BYTES)
        if data is not None:
            # The same decoding as file names, so that invalid bytes compare equal.
            return data.decode("utf-8", "surrogateescape"), candidate.name
    return None, None


def _is_below(directory: str, path: str) -> bool:
    return not directory or path == directory or path.startswith(directory.rstrip("/") + "/")


def read_below(root: str, path: str, limit: int) -> bytes | None:
    """`read_file` for a path below a directory; None also if a directory in between is a symlink."""
    above = os.path.normpath(os.path.join(disk.real(root), os.path.dirname(path)))
    return disk.read(os.path.join(root, path), limit) if disk.real(above) == above else None
