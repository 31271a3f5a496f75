"""The installed packages of an image, from the databases of dpkg and apk.

Formats: deb-control(5) and dpkg's `info/*.list`; `status.d` of distroless images, with one file per
package and paths in `*.md5sums` (bazel's debian rules); apk's database (Alpine wiki, "Apk spec").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Literal

from msgspec import Struct

from slimify.model.regex import regex

DPKG = "/var/lib/dpkg/"
APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
# Directories that are symlinks into /usr on merged systems; package lists use either path.
MERGED = regex(r"(?:/usr)?(/(?:bin|sbin|lib|lib32|lib64|libx32|libo32)/.*)")
LIBRARY = regex(r"[^/]+\.so(?:\.[^/]*)?")
_NAME = regex(r"[^\s(<>=~|]+")  # apk has names like so:libz.so.1
_MOST_INSTALLED = 5_000  # packages of one image that are read
_MOST_PROVIDERS = 20  # packages of one image that count as providers of the same name
REMOVED_STATES = ("config-files", "not-installed")
DPKG_FILE = regex(r"/var/lib/dpkg/(?:status|status\.d/[^/]+|info/[^/]+\.list)")


class InstalledPackage(Struct, frozen=True, kw_only=True):
    """An installed package. `size` is its installed size in bytes.

    `depends` and `provides` are as written, including versions and alternatives.
    """

    name: str
    version: str
    manager: Literal["dpkg", "apk"]
    size: int = 0
    files: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    essential: bool = False


class Packages:
    """The packages of an image, with lookups by name, path and library."""

    def __init__(self, installed: tuple[InstalledPackage, ...]) -> None:
        self.installed = installed
        self._by_name = {package.name: package for package in installed}
        self._owners: dict[str, InstalledPackage] = {}
        self._libraries: dict[str, InstalledPackage] = {}
        self._provides: dict[str, list[str]] = {}
        for package in installed:
            for item in (package.name, *package.provides):
                if (match := _NAME.match(item)) is not None:
                    known = self._provides.setdefault(match[0], [])
                    known += [package.name] if len(known) < _MOST_PROVIDERS else []
            for path in package.files:
                self._owners[_merged_path(path)] = package
                name = path.rpartition("/")[2]
                if ".so" in name and LIBRARY.fullmatch(name):
                    self._libraries.setdefault(name, package)

    def get(self, name: str) -> InstalledPackage | None:
        return self._by_name.get(name)

    def providers(self, name: str) -> tuple[str, ...]:
        """The names of the packages that satisfy a dependency: the package itself, or its providers."""
        return tuple(self._provides.get(name, ()))

    def closure(self, names: Iterable[str]) -> frozenset[str]:
        """The packages and all their dependencies. Of alternatives and virtual ones, installed ones count."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            package = self.get(waiting.pop())
            if package is not None and package.name not in found:
                found.add(package.name)
                waiting += self.required(package)
        return frozenset(found)

    def required(self, package: InstalledPackage) -> frozenset[str]:
        """The packages that a package depends on. Of alternatives and virtual ones, installed ones count."""
        options = {option.strip() for item in package.depends for option in item.split("|")}
        names = {match[0] for match in map(_NAME.match, options) if match}
        # python3:any is an architecture, so:libz.so.1 a name
        found = (self.providers(name) or self.providers(name.partition(":")[0]) for name in names)
        return frozenset(package for providers in found for package in providers)

    def owner_of(self, path: str) -> InstalledPackage | None:
        """The package that owns a file; /usr and its merged root directories are equivalent."""
        return self._owners.get(_merged_path(path))

    def library_owner(self, library: str) -> InstalledPackage | None:
        """The package that contains a shared library with this file name (`libpq.so.5`)."""
        found = self._libraries.get(library)
        if found:
            return found
        wanted = f"so:{library}"
        provides = (p for p in self.installed if any(item.partition("=")[0] == wanted for item in p.provides))
        return next(provides, None)


def is_database(path: str) -> bool:
    """Whether `read` needs this file. Use it as the `keep` function of `archive.read`."""
    if path.startswith(DPKG):
        return DPKG_FILE.fullmatch(path) is not None
    return path in APK


def read(contents: Mapping[str, bytes]) -> Packages:
    """The packages in the kept contents of an image. Malformed entries are skipped."""
    apk = (package for path in APK if path in contents for package in _apk_packages(contents[path]))
    return Packages(tuple(islice(chain(_dpkg_packages(contents), apk), _MOST_INSTALLED)))


def _merged_path(path: str) -> str:
    match = MERGED.fullmatch(path)
    return match[1] if match else path


# --- dpkg -----------------------------------------------------------------------------------------


def _dpkg_packages(contents: Mapping[str, bytes]) -> Iterator[InstalledPackage]:
    for path in sorted(contents):
        single = path.startswith(f"{DPKG}status.d/")
        if path != f"{DPKG}status" and (not single or path.endswith(".md5sums")):
            continue
        for fields in _paragraphs(contents[path]):
            name, state = fields.get("package", ""), fields.get("status", "")
            # Of removed packages only configuration files remain ("deinstall ok config-files").
            if not name or (not single and (state.split() or REMOVED_STATES)[-1] in REMOVED_STATES):
                continue
            files = (
                _distroless_files(contents, path)
                if single
                else _package_files(contents, name, fields.get("architecture", ""))
            )
            yield InstalledPackage(
                name=name,
                version=fields.get("version", ""),
                manager="dpkg",
                size=_number(fields.get("installed-size", "")) * 1024,
                files=files,
                depends=_items(", ".join(filter(None, (fields.get("pre-depends"), fields.get("depends"))))),
                provides=_items(fields.get("provides", "")),
                essential=fields.get("essential") == "yes",
            )


def _paragraphs(data: bytes) -> Iterator[dict[str, str]]:
    """The paragraphs of a control file, with field names in lower case and values on one line."""
    for paragraph in re.split(r"\n[ \t]*\n", data.decode("utf-8", "replace")):
        fields: dict[str, list[str]] = {}
        last = ""
        for line in paragraph.split("\n"):
            if line[:1] in (" ", "\t"):
                # Continuation lines matter only for lists of packages.
                if last in ("depends", "pre-depends", "provides"):
                    fields[last].append(line.strip())
                continue
            name, colon, value = line.partition(":")
            if colon:
                last = name.strip().lower()
                fields[last] = [value.strip()]
        if fields:
            yield {name: " ".join(values) for name, values in fields.items()}


def _package_files(contents: Mapping[str, bytes], name: str, architecture: str) -> tuple[str, ...]:
    """The files of a package, without directories, which packages share."""
    for path in (f"{DPKG}info/{name}:{architecture}.list", f"{DPKG}info/{name}.list"):
        if path in contents:
            lines = contents[path].decode("utf-8", "surrogateescape").split("\n")
            parents = {line.rpartition("/")[0] for line in lines}
            return tuple(
                line for line in lines if line.startswith("/") and line not in parents and line != "/."
            )
    return ()


def _distroless_files(contents: Mapping[str, bytes], status: str) -> tuple[str, ...]:
    lines = contents.get(f"{status}.md5sums", b"").decode("utf-8", "surrogateescape").split("\n")
    return tuple("/" + line[34:].lstrip("./") for line in lines if len(line) > 34 and line[32:34] == "  ")


# --- apk ------------------------------------------------------------------------------------------


def _apk_packages(data: bytes) -> Iterator[InstalledPackage]:
    for record in re.split(r"\n\s*\n", data.decode("utf-8", "surrogateescape")):
        fields: dict[str, str] = {}
        files: list[str] = []
        directory = ""
        for line in record.split("\n"):
            key, colon, value = line.partition(":")
            if not colon:
                continue
            if key == "F":
                directory = f"/{value}" if value else ""
            elif key == "R":
                files.append(f"{directory}/{value}")
            else:
                fields[key] = value
        if name := fields.get("P"):
            yield InstalledPackage(
                name=name,
                version=fields.get("V", ""),
                manager="apk",
                size=_number(fields.get("I", "")),
                files=tuple(files),
                depends=tuple(fields.get("D", "").split()),
                provides=tuple(fields.get("p", "").split()),
            )


def _items(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() else 0
