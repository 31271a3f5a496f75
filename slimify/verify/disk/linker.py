"""Resolves shared libraries by the rules of the dynamic linkers of glibc and musl.

glibc's search order, ld.so(8): DT_RPATH of the object and of its loaders (only if the object has no
DT_RUNPATH), LD_LIBRARY_PATH, DT_RUNPATH of the object itself, ld.so.cache, then the default directories.
Libraries in the directories of /etc/ld.so.conf are only found through the cache. musl searches
LD_LIBRARY_PATH, the RPATH or RUNPATH of the object and of its loaders, then the directories of
/etc/ld-musl-ARCH.path. Both reuse a library that is already loaded under the same name.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from slimify.facts.system import glibc_tuple, musl_directories
from slimify.image.model import Elf
from slimify.verify.disk import ld_cache
from slimify.verify.disk.evidence import Side


class Missing(Struct, frozen=True):
    """A library (or a version of its symbols) that the file at the path `by` requires and does not find."""

    name: str
    by: str
    version: str = ""


class Linker(Struct, frozen=True, dict=True):
    """The dynamic linker of one image."""

    side: Side

    def missing(self, path: str) -> tuple[Missing, ...]:
        """What an ELF file and all libraries it loads lack, including its interpreter."""
        elf = self.side.image.elves.get(path)
        if elf is None:
            return ()
        found: list[Missing] = []
        if elf.interpreter and self.side.entry(elf.interpreter) is None:
            found.append(Missing(elf.interpreter, path))
        for name, by, at in self.closure(path):
            if at is None:
                found.append(Missing(name, by))
                continue
            library = self._elf(at)
            if library is not None:
                found += self._versions(name, by, self.side.image.elves[by], library)
        return tuple(dict.fromkeys(found))

    def closure(self, path: str) -> Iterator[tuple[str, str, str | None]]:
        """All libraries that an ELF file requires, directly or not, breadth first: the name, the path of the
        file that requires it, and its own path (symlinks not followed; None if missing)."""
        elf = self.side.image.elves.get(path)
        loaded: dict[str, str] = {}
        queue: list[tuple[str, Elf, tuple[str, ...]]] = [(path, elf, ())] if elf else []
        for at, current, inherited in queue:
            chain = (*self._passed_on(current, at), *inherited)
            for name in current.needed:
                place = loaded.get(name) or self.find(name, at, current, inherited)
                yield name, at, place
                if place is None or name in loaded:
                    continue
                loaded[name] = place
                library = self._elf(place)
                if library is not None:
                    loaded.setdefault(library.soname or name, place)
                    real = self.side.entry(place)
                    assert real is not None
                    queue.append((real.path, library, chain))

    def find(self, name: str, by: str, elf: Elf, inherited: tuple[str, ...] = ()) -> str | None:
        """The path of a required library, symlinks not followed; None if missing. `inherited` is the RPATH of
        the loaders of `by`."""
        if "/" in name:
            path = posixpath.normpath(posixpath.join(self.side.workdir, name))
            return path if self.side.entry(path) else None
        for place in self._searched(elf, by, inherited):
            path = posixpath.join(place, name)
            library = self._elf(path)
            if library is not None and library.machine == elf.machine:
                return path
        if not self._is_musl(elf):
            for path in self._cache.get(name, ()):
                library = self._elf(path)
                if library is not None and library.machine == elf.machine:
                    return path
        return next(
            (
                path
                for place in self._default(elf)
                if (library := self._elf(path := posixpath.join(place, name)))
                and library.machine == elf.machine
            ),
            None,
        )

    def loads(self, name: str, machine: str) -> str | None:
        """The path of a library that is loaded by name (dlopen): `libmagic.so.1`, `magic` or a path."""
        if name.startswith("/"):
            return name if self._elf(name) else None
        wanted = name if ".so" in name else f"lib{name.removeprefix('lib')}.so*"
        for path in (
            p for key in sorted(self._cache) if fnmatch.fnmatch(key, wanted) for p in self._cache[key]
        ):
            if self._elf(path) is not None:
                return path
        for place in (*self._environment, *self._default(Elf(machine=machine))):
            real = self.side.files.place(place)
            for child in sorted(fnmatch.filter(self.side.files.children(real), wanted)) if real else ():
                if self._elf(path := posixpath.join(place, child)) is not None:
                    return path
        return None

    # --- search directories ------------------------------------------------------------------------

    def _elf(self, path: str) -> Elf | None:
        entry = self.side.entry(path)
        return self.side.image.elves.get(entry.path) if entry else None

    def _passed_on(self, elf: Elf, at: str) -> tuple[str, ...]:
        """The directories of `elf` that the libraries it loads search, too."""
        if self._is_musl(elf):
            return _expand_origin((*elf.runpath, *elf.rpath), at)
        return () if elf.runpath else _expand_origin(elf.rpath, at)

    def _searched(self, elf: Elf, at: str, inherited: tuple[str, ...]) -> tuple[str, ...]:
        own = self._passed_on(elf, at)
        if self._is_musl(elf):
            return (*self._environment, *own, *inherited)
        if elf.runpath:
            return (*self._environment, *_expand_origin(elf.runpath, at))
        return (*own, *inherited, *self._environment)

    def _default(self, elf: Elf) -> tuple[str, ...]:
        if self._is_musl(elf):
            return self._musl_places
        triple = glibc_tuple(elf.machine)
        return (f"/lib/{triple}", f"/usr/lib/{triple}", "/lib64", "/usr/lib64", "/lib", "/usr/lib")

    def _versions(self, name: str, at: str, elf: Elf, library: Elf) -> Iterator[Missing]:
        if not library.defines:  # libraries without symbol versions, such as musl's, satisfy every version
            return
        for needed, version in elf.versions:
            if needed == name and version not in library.defines:
                yield Missing(name, at, version)

    @cached_property
    def _environment(self) -> tuple[str, ...]:
        return tuple(x for x in self.side.env.get("LD_LIBRARY_PATH", "").split(":") if x.startswith("/"))

    @cached_property
    def _cache(self) -> dict[str, tuple[str, ...]]:
        data = self.side.image.contents.get("/etc/ld.so.cache")
        return ld_cache.read(data) if data else {}

    def _is_musl(self, elf: Elf) -> bool:
        """Whether musl loads the file: judged by its interpreter, else its C library, else the image's."""
        if elf.interpreter:
            return "ld-musl" in elf.interpreter
        if any(name.startswith("libc.") for name in elf.needed):
            return not any(name.startswith("libc.so.6") for name in elf.needed)
        return self._musl_alone

    @cached_property
    def _musl_alone(self) -> bool:
        names = {name for place in ("/lib", "/lib64") for name in self._names(place)}
        glibc = any(name.startswith("ld-linux") for name in names)
        return not glibc and any(name.startswith("ld-musl-") for name in names)

    @cached_property
    def _musl_places(self) -> tuple[str, ...]:
        for name in self._names("/lib"):
            listed = self.side.image.contents.get(f"/etc/{name.removesuffix('.so.1')}.path")
            if name.startswith("ld-musl-") and listed is not None:
                return tuple(listed.decode("utf-8", "replace").replace(":", "\n").split())
        return musl_directories()

    def _names(self, place: str) -> tuple[str, ...]:
        real = self.side.files.place(place)
        return self.side.files.children(real) if real else ()


def _expand_origin(places: tuple[str, ...], path: str) -> tuple[str, ...]:
    origin = posixpath.dirname(path)
    return tuple(
        posixpath.normpath(place.replace("${ORIGIN}", origin).replace("$ORIGIN", origin))
        for place in places
        if place and "$LIB" not in place and "$PLATFORM" not in place
    )
