"""Which shared libraries an executable gets, by the rules of the dynamic linkers of glibc and musl.

Order of search, ld.so(8): DT_RPATH of the object and of those that loaded it (only without
DT_RUNPATH), LD_LIBRARY_PATH, DT_RUNPATH of the object itself, the directories of /etc/ld.so.conf
(through its cache), then the default ones. musl reads /etc/ld-musl-ARCH.path instead.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from slimify.image.model import Elf
from slimify.verify.disk.evidence import Side

_MULTIARCH = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu", "arm": "arm-linux-gnueabihf"}
_MUSL = ("/lib", "/usr/local/lib", "/usr/lib")
_LIBC = ("libc.so", "ld-linux", "ld-musl", "linux-vdso")


@dataclass(frozen=True, slots=True)
class Missing:
    """A library (or a version of its symbols) that `by`, a path, asks for and does not get."""

    name: str
    by: str
    version: str = ""


@dataclass(frozen=True)
class Linker:
    """The dynamic linker of one image."""

    side: Side

    def missing(self, path: str) -> tuple[Missing, ...]:
        """What an ELF file and everything it loads lacks, its interpreter included."""
        elf = self.side.image.elves.get(path)
        if elf is None:
            return ()
        found: list[Missing] = []
        if elf.interpreter and self.side.entry(elf.interpreter) is None:
            found.append(Missing(elf.interpreter, path))
        seen = {path}
        queue: list[tuple[str, Elf, tuple[str, ...]]] = [(path, elf, ())]
        while queue:
            at, elf, inherited = queue.pop()
            rpath = () if elf.runpath else (*_expanded(elf.rpath, at), *inherited)
            for name in elf.needed:
                real = self.find(name, at, elf, rpath)
                if real is None:
                    found.append(Missing(name, at))
                    continue
                library = self.side.image.elves.get(real)
                if library is None:
                    continue
                found += self._versions(name, at, elf, library)
                if real not in seen:
                    seen.add(real)
                    queue.append((real, library, rpath))
        return tuple(found)

    def find(self, name: str, by: str, elf: Elf, rpath: tuple[str, ...] = ()) -> str | None:
        """The real path of a needed library."""
        if "/" in name:
            entry = self.side.entry(posixpath.normpath(posixpath.join(self.side.workdir, name)))
            return entry.path if entry else None
        for place in (*rpath, *self._environment, *_expanded(elf.runpath, by), *self._places(elf.machine)):
            entry = self.side.entry(posixpath.join(place, name))
            if entry is None:
                continue
            found = self.side.image.elves.get(entry.path)
            if found is not None and found.machine == elf.machine:
                return entry.path
        return None

    def loads(self, name: str, machine: str) -> str | None:
        """The real path of a library that is loaded by name (dlopen), `libmagic.so.1` or `magic`."""
        wanted = name if ".so" in name else f"lib{name.removeprefix('lib')}.so*"
        for place in (*self._environment, *self._places(machine)):
            real = self.side.files.place(place)
            if not real:
                continue
            for child in sorted(fnmatch.filter(self.side.files.children(real), wanted)):
                entry = self.side.entry(posixpath.join(real, child))
                if entry is not None and entry.path in self.side.image.elves:
                    return entry.path
        return None

    def _versions(self, name: str, at: str, elf: Elf, library: Elf) -> Iterator[Missing]:
        if not library.defines:  # musl's libraries, and any without versions, take every symbol
            return
        for needed, version in elf.versions:
            if needed == name and version not in library.defines:
                yield Missing(name, at, version)

    @cached_property
    def _environment(self) -> tuple[str, ...]:
        return tuple(x for x in self.side.env.get("LD_LIBRARY_PATH", "").split(":") if x.startswith("/"))

    def _places(self, machine: str) -> tuple[str, ...]:
        if self._musl is not None:
            return self._musl
        triple = _MULTIARCH.get(machine, f"{machine}-linux-gnu")
        default = (f"/lib/{triple}", f"/usr/lib/{triple}", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
        return (*self._configured, *default)

    @cached_property
    def _musl(self) -> tuple[str, ...] | None:
        """The directories that musl searches; None for an image with glibc."""
        for child in self.side.files.children("/lib"):
            if child.startswith("ld-musl-"):
                listed = self.side.image.contents.get(f"/etc/{child.removesuffix('.so.1')}.path")
                if listed is None:
                    return _MUSL
                return tuple(listed.decode("utf-8", "replace").replace(":", "\n").split())
        return None

    @cached_property
    def _configured(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._conf("/etc/ld.so.conf", 0)))

    def _conf(self, path: str, depth: int) -> Iterator[str]:
        """The directories of an ld.so.conf and of what it includes."""
        text = self.side.image.contents.get(path, b"").decode("utf-8", "replace")
        for line in text.splitlines():
            words = line.partition("#")[0].split()
            if words[:1] == ["include"] and depth < 5:
                for pattern in words[1:]:
                    pattern = posixpath.join(posixpath.dirname(path), pattern)
                    for name in sorted(fnmatch.filter(self.side.image.contents, pattern)):
                        yield from self._conf(name, depth + 1)
            elif words and words[0].startswith("/"):
                yield words[0].rstrip(",")


def is_libc(name: str) -> bool:
    """Whether a library belongs to the C library itself."""
    return name.rpartition("/")[2].startswith((*_LIBC, "libm.so", "libpthread.so", "libdl.so", "librt.so"))


def _expanded(places: tuple[str, ...], path: str) -> tuple[str, ...]:
    origin = posixpath.dirname(path)
    return tuple(
        posixpath.normpath(place.replace("$ORIGIN", origin).replace("${ORIGIN}", origin))
        for place in places
        if place and "$LIB" not in place and "$PLATFORM" not in place
    )
