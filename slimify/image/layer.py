"""Scans a layer in one pass: its entries, its whiteouts, and the requested parts of its files."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from msgspec import Struct, field

from slimify.image import elf
from slimify.image.content_hash import ContentHash
from slimify.image.model import Elf, Entry
from slimify.image.pages import Pages
from slimify.image.streams import Budget, Reader, Section, Store, damaged, store_of, unsafe
from slimify.image.tar import Member, Tar

HEAD: Final = 256  # bytes kept of a script; the kernel reads as many for `#!` (BINPRM_BUF_SIZE)
MAGIC: Final = 64  # bytes kept of another executable
MAX_KEPT: Final = 16 * 1024 * 1024  # larger files are never kept
RESERVED: Final = 256 * 1024 * 1024  # part of the budget reserved for names; contents beyond it are not kept
IN_MEMORY: Final = 16 * 1024 * 1024  # larger ELF files of a pipe are read from a temporary file
ON_DISK: Final = 4 * 1024 * 1024 * 1024  # still larger ones are not read
TEXTS: Final = 20_000  # directories and names, beyond which no more names are shared
MAX_PATH: Final = 4096  # characters of a path, and of what a link names: no engine can make longer ones
DEEP, DEEP_COST = 20, 300  # free parent directories of a path that is looked up, and bytes per additional one
WHITEOUT, META, OPAQUE = ".wh.", ".wh..wh.", ".wh..wh..opq"


def keep_nothing(path: str) -> bool:
    """A `keep` function that keeps no contents."""
    del path
    return False


class ReadOptions(Struct, frozen=True, kw_only=True):
    """What to read from the files of a layer.

    - `keep`: whether to keep the content of a path (up to 16 MiB per file, 256 MiB in total).
    - `digests`: hash every regular file with SHA-256; `hashed`: those of these paths.
    - `equal`: give equal digests to equal files of this image, at the same path or of at least so many
      bytes (0: don't).
    - `elves`: parse ELF files.
    - `heads`: keep the first bytes of executables (256 of scripts, 64 of others).
    - `compress`: gzip level (1 to 9) to measure uncompressed layers with; 0 to skip.
    - `sizes`: measured sizes by digest. Share the dict to measure layers common to images once.
    """

    keep: Callable[[str], bool] = keep_nothing
    digests: bool = False
    hashed: Callable[[str], bool] = keep_nothing
    equal: int = 0
    elves: bool = True
    heads: bool = True
    compress: int = 0
    sizes: dict[str, int] = field(default_factory=dict)


class Blob(Struct):
    """The content of a layer. `compressed` is its compressed size, if known. `places` are those of the
    entries' content in `store`, -1 without a need to read it again."""

    entries: list[Entry] = field(default_factory=list)
    store: Store | None = None
    places: array[int] = field(default_factory=lambda: array("q"))
    whiteouts: list[str] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    elves: dict[str, Elf] = field(default_factory=dict)
    heads: dict[str, bytes] = field(default_factory=dict)
    compressed: int | None = None


def scan(reader: Reader, options: ReadOptions, budget: Budget) -> Blob:
    """Scan the tar of a layer. Raises ImageError: SL602 damaged, SL603 paths outside the image."""
    blob = Blob(store=reader.store if isinstance(reader, Section) else None)
    add, add_place = blob.entries.append, blob.places.append
    tar = Tar(reader, budget)
    directory = ""
    known = {directory: directory}  # one text for each directory, and for the names of many files
    for member in tar:
        path = clean(member.name)
        above, _, name = path.rpartition("/")
        if WHITEOUT in path and (name.startswith(WHITEOUT) or META in above):
            _spend_depth(above, budget)
            _add_whiteout(blob, above, name)
            continue
        if above != directory:
            directory = known.setdefault(above, above)
            _spend_depth(directory, budget)
        name = known.setdefault(name, name) if len(known) < TEXTS else known.get(name, name)
        kind, target, place, digest = member.kind, member.target, -1, ""
        if kind == "file":
            place = tar.position() if member.sparse is None else -1
            digest = _read_file(tar, member, path, blob, options, budget)
        elif target:
            target = clean(target) if kind == "hardlink" else _checked(target)
            _spend_depth(target, budget)
        add_place(-1 if digest else place)
        add(Entry(directory, name, kind, member.size, member.owner, target, digest, member.capabilities))
    return blob


def clean(name: str) -> str:
    """The absolute path of a member's name, without `.` and `..`.

    Absolute names are relative to the image's root, too. Raises ImageError SL603 for a path above it.
    """
    path = "/" + name.strip("/")
    if len(path) > MAX_PATH or "\0" in path:
        _checked(name)
    if "/." not in path and "//" not in path:
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and not parts:
            raise unsafe(f"The path {name[:200]!r} is outside the image.")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _checked(name: str) -> str:
    if "\0" in name or len(name) > MAX_PATH:
        raise unsafe("A name in the image is longer than 4,096 characters or contains a NUL byte.")
    return name


def _spend_depth(path: str, budget: Budget) -> None:
    """What the parents of a path cost: each may be a directory, and each is looked up."""
    if (depth := path.count("/")) > DEEP:
        budget.spend(DEEP_COST * (depth - DEEP))


def _add_whiteout(blob: Blob, above: str, name: str) -> None:
    """Record a whiteout. Other names with its prefix are AUFS metadata, which engines ignore."""
    if name == OPAQUE:
        blob.opaque.append(above or "/")
    elif not name.startswith(META) and META not in above and name != WHITEOUT:
        blob.whiteouts.append(f"{above}/{name[len(WHITEOUT) :]}")


def _read_file(tar: Tar, member: Member, path: str, blob: Blob, options: ReadOptions, budget: Budget) -> str:
    """Read the requested parts of the current file. Returns its digest, or "" if not requested."""
    starts = options.heads and member.owner.mode & 0o111
    head = tar.peek(HEAD) if member.size and (options.elves or starts) else b""
    if starts and head:
        blob.heads[path] = head if head.startswith(b"#!") else head[:MAGIC]
        budget.spend(2 * len(head))
    # With a store, what may equal another file is hashed once it is known what else has its size.
    later = options.equal and blob.store is not None and member.sparse is None
    digest = None if later else _hash_for(options, path)
    is_elf = options.elves and head.startswith(elf.MAGIC) and member.sparse is None
    if is_elf and blob.store is not None:
        _keep_elf(elf.parse(Pages(blob.store, tar.position(), member.size)), path, blob, budget)
        is_elf = False
    keep = member.size <= min(MAX_KEPT, budget.left - RESERVED) and options.keep(path)
    if keep or (is_elf and member.size <= IN_MEMORY):
        data = joined(_hashed(tar.pieces(), digest), member.size)
        if keep:
            budget.spend(len(data))
            blob.contents[path] = bytes(data)
        if is_elf:
            _keep_elf(elf.parse(data), path, blob, budget)
    elif is_elf and member.size <= ON_DISK:
        _large_elf(tar, path, blob, budget, digest)
    elif digest is not None:
        return _hash_file(tar, member, digest, budget)
    return digest.hexdigest() if digest is not None else ""


class _Hash(Protocol):
    def update(self, piece: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


def _hash_for(options: ReadOptions, path: str) -> _Hash | None:
    """What hashes a file; None if nothing should."""
    if options.digests or options.hashed(path):
        from hashlib import sha256

        return sha256()
    return ContentHash() if options.equal else None


def joined(pieces: Iterable[bytes], size: int) -> bytearray:
    """The pieces joined; `size` is their expected total."""
    data = bytearray(size)
    at = 0
    for piece in pieces:
        data[at : at + len(piece)] = piece
        at += len(piece)
    return data


def _keep_elf(found: Elf | None, path: str, blob: Blob, budget: Budget) -> None:
    if found:
        names = (
            *found.needed,
            *found.rpath,
            *found.runpath,
            *(name for pair in found.versions for name in pair),
        )
        budget.spend(1000 + sum(50 + len(name) for name in names))
        blob.elves[path] = found


def _large_elf(tar: Tar, path: str, blob: Blob, budget: Budget, digest: _Hash | None) -> None:
    """Read a large ELF file from an unnamed temporary file."""
    from tempfile import TemporaryFile

    try:
        with TemporaryFile() as file:
            for piece in _hashed(tar.pieces(), digest):
                file.write(piece)
            file.flush()
            if (found := store_of(file)) is not None:
                _keep_elf(elf.parse(Pages(found[0], 0, found[0].size)), path, blob, budget)
    except OSError as error:
        raise damaged(f"No disk space to read {path}: {error.strerror}.") from error


def _hashed(pieces: Iterator[bytes], digest: _Hash | None) -> Iterator[bytes]:
    for piece in pieces:
        if digest is not None:
            digest.update(piece)
        yield piece


def _hash_file(tar: Tar, member: Member, digest: _Hash, budget: Budget) -> str:
    """The digest of the current file.

    Huge sparse files are not hashed zero by zero: their digest covers only the stored pieces and their
    offsets, with a prefix that makes it differ from all others.
    """
    huge = member.sparse is not None and member.size > budget.holes
    if member.sparse is not None and not huge:
        budget.holes -= member.size
    if huge:
        digest.update(repr(member.sparse).encode())
    for piece in iter(tar.piece, b"") if huge else tar.pieces():
        digest.update(piece)
    return f"{'sparse:' if huge else ''}{digest.hexdigest()}"
