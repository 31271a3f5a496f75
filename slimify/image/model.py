"""The parts of an image: configuration, layers and files.

Paths are absolute (`/usr/bin/env`) without `.` and `..`. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from msgspec import Struct, field

if TYPE_CHECKING:
    from slimify.image.tree import Files

Kind = Literal["file", "directory", "symlink", "hardlink", "device", "fifo"]
# How an ELF file is linked: with an interpreter, without one, as a library, an object file, or otherwise.
Linking = Literal["dynamic", "static", "static-pie", "library", "object", "other"]


class Elf(Struct, frozen=True, kw_only=True):
    """What the dynamic linker reads from an ELF file (System V ABI, ch. 5).

    `versions` are the symbol versions it requires (.gnu.version_r), e.g. ("libc.so.6", "GLIBC_2.38");
    `defines` are those it provides (.gnu.version_d), e.g. "GLIBC_2.38".
    """

    machine: str  # "x86_64", "aarch64", … or "0x…"
    interpreter: str = ""
    needed: tuple[str, ...] = ()
    soname: str = ""
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    defines: frozenset[str] = frozenset()
    linking: Linking = "dynamic"
    symbols: int = 0  # bytes of the symbol table and debug sections


class Owner(NamedTuple):
    """Who may do what with a file. Most files of an image share a few of these."""

    mode: int = 0o644  # permission bits including set-uid, set-gid and sticky
    uid: int = 0
    gid: int = 0


class Entry(Struct, frozen=True, gc=False):
    """One member of a layer: `name` in `directory`, "" for the root, which is one text for all that is in it.
    `target` is the target of a symlink or hard link, as written."""

    directory: str
    name: str
    kind: Kind
    size: int = 0
    owner: Owner = Owner()
    target: str = ""
    digest: str = ""  # of a regular file's content; "" if not requested
    capabilities: str = ""  # security.capability as hex

    @classmethod
    def at(
        cls, path: str, *, kind: Kind, mode: int = 0o644, uid: int = 0, gid: int = 0, **values: Any
    ) -> Self:
        """The entry at an absolute path."""
        directory, _, name = path.rpartition("/")
        return cls(directory, name, kind, owner=Owner(mode, uid, gid), **values)

    @property
    def path(self) -> str:
        return f"{self.directory}/{self.name}"

    @property
    def mode(self) -> int:
        return self.owner.mode

    @property
    def uid(self) -> int:
        return self.owner.uid

    @property
    def gid(self) -> int:
        return self.owner.gid


class Layer(Struct, frozen=True, kw_only=True):
    """One layer: the entries it adds or changes, and those it removes."""

    digest: str  # of the uncompressed tar (diff id)
    created_by: str = ""  # the instruction, from the history
    size: int = 0  # of its file contents, as in dive and `docker history`
    compressed: int | None = None  # bytes; None if unknown
    entries: tuple[Entry, ...] = ()
    whiteouts: tuple[str, ...] = ()  # paths removed by `.wh.NAME`
    opaque: tuple[str, ...] = ()  # directories cleared by `.wh..wh..opq`


class Step(Struct, frozen=True, kw_only=True):
    """One history entry. `layer` is the index of its layer, or None if it changed only metadata."""

    created_by: str
    layer: int | None


class Image(Struct, frozen=True, kw_only=True, dict=True):
    """An image read from an archive.

    - `config`: the `config` object of the OCI image configuration (Env, Cmd, …).
    - `contents`: the requested file contents by path; `elves`: facts about ELF files; `heads`: the
      first bytes of executables. All describe the merged file system; hard links have an entry too.
    - `hidden`: requested contents of files that a later layer removes or replaces, by path and layer
      index.
    """

    config: Mapping[str, object]
    layers: tuple[Layer, ...]
    history: tuple[Step, ...] = ()
    architecture: str = ""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    elves: Mapping[str, Elf] = field(default_factory=dict)
    heads: Mapping[str, bytes] = field(default_factory=dict)
    hidden: Mapping[tuple[str, int], bytes] = field(default_factory=dict)
    names: tuple[str, ...] = ()  # NAME:TAG from the archive
    digest: str = ""  # of the configuration (the image id); "" if unknown

    @cached_property
    def files(self) -> Files:
        """The merged file system."""
        from slimify.image.tree import Files

        return Files(self.layers)

    def forget_files(self) -> None:
        """Frees the memory of the merged file system, which is merged again when somebody looks at it."""
        self.__dict__.pop("files", None)
