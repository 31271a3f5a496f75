"""What an image is made of: its configuration, its layers and the files they leave.

Paths are absolute (`/usr/bin/env`) without `.` and `..`. Sizes are bytes. Everything here was read
from a stream; nothing of an image is unpacked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Kind = Literal["file", "directory", "symlink", "hardlink", "device", "fifo"]
# How an ELF file was linked: programs with an interpreter, without one, libraries, object files, the rest.
Linking = Literal["dynamic", "static", "static-pie", "library", "object", "other"]


class Elf(Struct, frozen=True, kw_only=True):
    """What the dynamic linker needs to know about an ELF file (System V ABI, ch. 5).

    `versions` are the symbol versions it asks for (.gnu.version_r), e.g. ("libc.so.6", "GLIBC_2.38"),
    `defines` those that it has itself (.gnu.version_d), e.g. "GLIBC_2.38".
    """

    machine: str  # "x86_64", "aarch64", … or "0x…"
    interpreter: str = ""
    needed: tuple[str, ...] = ()
    soname: str = ""
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    defines: frozenset[str] = frozenset()
    stripped: bool = True  # False: carries debugging sections or a symbol table
    linking: Linking = "dynamic"
    symbols: int = 0  # bytes of the symbol table and of debugging sections


class Entry(Struct, frozen=True, kw_only=True):
    """One member of a layer. `target` is what a symlink or hard link points to, as written."""

    path: str
    kind: Kind
    size: int = 0
    mode: int = 0o644  # permission bits with set-uid, set-gid and sticky
    uid: int = 0
    gid: int = 0
    target: str = ""
    digest: str = ""  # of a regular file's content; "" where it was not asked for
    capabilities: str = ""  # security.capability as hex


class Layer(Struct, frozen=True, kw_only=True):
    """One layer: what it adds or changes, and what it takes away."""

    digest: str  # of the uncompressed tar (diff id)
    created_by: str = ""  # the instruction, from the image's history
    size: int = 0  # content of its files, as dive and `docker history` count
    compressed: int | None = None  # bytes as stored or sent; None where only uncompressed data is at hand
    entries: tuple[Entry, ...] = ()
    whiteouts: tuple[str, ...] = ()  # paths removed by `.wh.NAME`
    opaque: tuple[str, ...] = ()  # directories emptied by `.wh..wh..opq`


class Step(Struct, frozen=True, kw_only=True):
    """One entry of the history; `layer` is the index of the layer it made, None for metadata alone."""

    created_by: str
    layer: int | None


class Image(Struct, frozen=True, kw_only=True):
    """An image as read from its archive.

    `config` is the OCI image configuration's `config` object (Env, Cmd, …). `contents` are the
    texts that the reader was asked to keep, `elves` the ELF files, `heads` the first bytes of
    executable files, each by path and of the last layer that has it. What a later layer removed is
    in none of them, and a hard link has what its file has. `hidden` are kept texts of files that a
    later layer removed or replaced, by path and index of the layer that has them.
    """

    config: Mapping[str, object]
    layers: tuple[Layer, ...]
    history: tuple[Step, ...] = ()
    architecture: str = ""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    elves: Mapping[str, Elf] = field(default_factory=dict)
    heads: Mapping[str, bytes] = field(default_factory=dict)
    hidden: Mapping[tuple[str, int], bytes] = field(default_factory=dict)
    names: tuple[str, ...] = ()  # NAME:TAG as the archive has them
    digest: str = ""  # of the configuration: the image's id, "" where the archive does not tell
