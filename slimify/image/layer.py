"""One layer, read as it flows by: its entries, what it removes, and what of its files is asked for."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Callable, Iterable
from tempfile import TemporaryFile
from typing import Final

from msgspec import Struct, field

from slimify.image import elf
from slimify.image.model import Elf, Entry
from slimify.image.streams import Budget, Reader, damaged, unsafe
from slimify.image.tar import Member, Tar

HEAD: Final = 256  # bytes of a script's beginning; the kernel reads as many for `#!` (BINPRM_BUF_SIZE)
MAGIC: Final = 64  # of any other executable
KEPT: Final = 16 * 1024 * 1024  # larger files are not kept, whoever asks
RESERVED: Final = 256 * 1024 * 1024  # of the budget, for the names; contents beyond it are not kept
IN_MEMORY: Final = 16 * 1024 * 1024  # larger ELF files go through a temporary file, in no more time
ON_DISK: Final = 4 * 1024 * 1024 * 1024  # and still larger ones are not looked into
HOLES: Final = 1024 * 1024 * 1024  # sparse files up to this size are hashed with their holes
LONGEST: Final = 65_536  # characters of a path; Linux takes 4096
DEEP, DEEP_COST = 20, 300  # directories above a file that cost nothing, and bytes for each further one
WHITEOUT, META, OPAQUE = ".wh.", ".wh..wh.", ".wh..wh..opq"


def nothing(path: str) -> bool:
    """The `keep` of those who want no contents."""
    del path
    return False


class Wants(Struct, frozen=True, kw_only=True):
    """What is taken out of the files of a layer while they flow by.

    `keep` says for a path whether its content is wanted (up to 16 MiB, 256 MiB of all), `digests`
    whether every regular file is hashed, `elves` whether ELF files are looked into, `heads` whether
    the first bytes of executables are (256 of scripts, 64 of others). `compress` is the gzip level (1 to 9)
    with which layers that are stored uncompressed are measured, 0 for not at all; `sizes` are the
    results for blobs that are named by their digest. Who hands the same dict to several reads has
    layers that images share measured once.
    """

    keep: Callable[[str], bool] = nothing
    digests: bool = False
    elves: bool = True
    heads: bool = True
    compress: int = 0
    sizes: dict[str, int] = field(default_factory=dict)


class Blob(Struct):
    """What was read of one layer. `stored` is its size in the archive if that is a compressed one."""

    entries: list[Entry] = field(default_factory=list)
    whiteouts: list[str] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    elves: dict[str, Elf] = field(default_factory=dict)
    heads: dict[str, bytes] = field(default_factory=dict)
    compressed: int | None = None


def scan(reader: Reader, wants: Wants, budget: Budget) -> Blob:
    """Read the tar of a layer. Errors: SL602 damaged, SL603 names that lead out of the image."""
    blob = Blob()
    tar = Tar(reader, budget)
    for member in tar:
        path = clean(member.name)
        if (depth := path.count("/")) > DEEP:
            budget.spend(DEEP_COST * (depth - DEEP))
        above, _, name = path.rpartition("/")
        if name.startswith(WHITEOUT) or META in above:
            _take_away(blob, above, name)
            continue
        digest = _look(tar, member, path, blob, wants, budget) if member.kind == "file" else ""
        blob.entries.append(
            Entry(
                path=path,
                kind=member.kind,
                size=member.size,
                mode=member.mode,
                uid=member.uid,
                gid=member.gid,
                target=clean(member.target) if member.kind == "hardlink" else member.target,
                digest=digest,
                capabilities=member.capabilities,
            )
        )
    return blob


def clean(name: str) -> str:
    """An absolute path without `.` and `..`, as engines make of a member's name.

    Absolute names are below the image's root like all others. One that leads above it is refused.
    """
    if "\0" in name or len(name) > LONGEST:
        raise unsafe("A name in the image is longer than 65,536 characters or holds a NUL byte.")
    path = "/" + name.strip("/")
    if "/." not in path and "//" not in path:
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and not parts:
            raise unsafe(f"The image has a file {name[:200]!r}, which would lie outside of it.")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _take_away(blob: Blob, above: str, name: str) -> None:
    """A whiteout. Other names that begin so are records of AUFS, which engines pass over too."""
    if name == OPAQUE:
        blob.opaque.append(above or "/")
    elif not name.startswith(META) and META not in above and name != WHITEOUT:
        blob.whiteouts.append(f"{above}/{name[len(WHITEOUT) :]}")


def _look(tar: Tar, member: Member, path: str, blob: Blob, wants: Wants, budget: Budget) -> str:
    """Take what is wanted out of the current file; its digest, if that is."""
    head = tar.peek(HEAD) if wants.elves or (wants.heads and member.mode & 0o111) else b""
    if wants.heads and member.mode & 0o111 and head:
        blob.heads[path] = head if head.startswith(b"#!") else head[:MAGIC]
        budget.spend(2 * len(head))
    is_elf = wants.elves and head.startswith(elf.MAGIC) and member.sparse is None
    keep = member.size <= min(KEPT, budget.left - RESERVED) and wants.keep(path)
    if keep or (is_elf and member.size <= IN_MEMORY):
        data = whole(tar.pieces(), member.size)
        if keep:
            budget.spend(len(data))
            blob.contents[path] = bytes(data)
        if is_elf:
            _keep_elf(elf.parse(data), path, blob, budget)
        return hashlib.sha256(data).hexdigest() if wants.digests else ""
    if is_elf and member.size <= ON_DISK:
        return _large_elf(tar, path, blob, budget, digests=wants.digests)
    return _digest(tar, member) if wants.digests else ""


def whole(pieces: Iterable[bytes], size: int) -> bytearray:
    """The pieces joined."""
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


def _large_elf(tar: Tar, path: str, blob: Blob, budget: Budget, *, digests: bool) -> str:
    """Through a file that has no name and is gone afterwards."""
    digest = hashlib.sha256()
    try:
        with TemporaryFile() as file:
            for piece in tar.pieces():
                file.write(piece)
                if digests:
                    digest.update(piece)
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                _keep_elf(elf.parse(data), path, blob, budget)
    except OSError as error:
        raise damaged(f"There is no room to look into {path}: {error.strerror}.") from error
    return digest.hexdigest() if digests else ""


def _digest(tar: Tar, member: Member) -> str:
    """SHA-256, the fastest of the good ones where the processor knows it.

    A huge file with hardly anything in it is not hashed zero by zero: its digest is that of what is
    stored and where, marked as such, which equals no other.
    """
    if member.sparse is None or member.size <= HOLES:
        digest = hashlib.sha256()
        for piece in tar.pieces():
            digest.update(piece)
        return digest.hexdigest()
    digest = hashlib.sha256(repr(member.sparse).encode())
    for piece in iter(tar.piece, b""):
        digest.update(piece)
    return f"sparse:{digest.hexdigest()}"
