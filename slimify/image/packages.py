"""The packages an image says it has: the databases of dpkg and apk, and which package owns a file.

Sources: deb-control(5) and dpkg's `info/*.list`; distroless images have one file per package in
`status.d` (bazel's debian rules) with the paths in `*.md5sums`; apk's installed database as in
the Alpine wiki, "Apk spec".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

DPKG = "/var/lib/dpkg/"
APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
# Directories that are links into /usr where both trees were merged: the lists name either.
MERGED = re.compile(r"(?:/usr)?(/(?:bin|sbin|lib|lib32|lib64|libx32|libo32)/.*)")
LIBRARY = re.compile(r"[^/]+\.so(?:\.[^/]*)?")
_NAME = re.compile(r"[^\s(<>=~|]+")  # apk has names like so:libz.so.1
GONE = ("config-files", "not-installed")
DPKG_FILE = re.compile(r"/var/lib/dpkg/(?:status|status\.d/[^/]+|info/[^/]+\.list)")


class Installed(Struct, frozen=True, kw_only=True):
    """A package as its database has it. `size` is what it takes when installed, in bytes.

    `depends` and `provides` are as written, with versions and alternatives.
    """

    name: str
    version: str
    manager: Literal["dpkg", "apk"]
    architecture: str = ""
    source: str = ""  # the name of the source package
    size: int = 0
    files: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    essential: bool = False


class Packages:
    """The packages of an image, with look-ups by name, by path and by the library they bring."""

    def __init__(self, installed: tuple[Installed, ...]) -> None:
        self.installed = installed
        self._by_name = {package.name: package for package in installed}
        self._owners: dict[str, Installed] = {}
        self._libraries: dict[str, Installed] = {}
        self._provides: dict[str, list[str]] = {}
        for package in installed:
            for item in (package.name, *package.provides):
                if match := _NAME.match(item):
                    self._provides.setdefault(match[0], []).append(package.name)
            for path in package.files:
                self._owners[_one_tree(path)] = package
                name = path.rpartition("/")[2]
                if ".so" in name and LIBRARY.fullmatch(name):
                    self._libraries.setdefault(name, package)

    def get(self, name: str) -> Installed | None:
        return self._by_name.get(name)

    def providing(self, name: str) -> tuple[str, ...]:
        """The packages that are what a dependency names: that one itself, or those that stand for it."""
        return tuple(self._provides.get(name, ()))

    def owner_of(self, path: str) -> Installed | None:
        """The package that brought a file, in whichever of the merged trees it is named."""
        return self._owners.get(_one_tree(path))

    def bringing(self, library: str) -> Installed | None:
        """The package with a shared library of that file name (`libpq.so.5`), wherever it lies."""
        found = self._libraries.get(library)
        if found:
            return found
        wanted = f"so:{library}"
        provides = (p for p in self.installed if any(item.partition("=")[0] == wanted for item in p.provides))
        return next(provides, None)


def is_database(path: str) -> bool:
    """Whether a file is one of those that `read` needs; for the `keep` of an archive's reader."""
    if path.startswith(DPKG):
        return DPKG_FILE.fullmatch(path) is not None
    return path in APK


def read(contents: Mapping[str, bytes]) -> Packages:
    """The packages, from an image's kept contents. What is malformed in a database is passed over."""
    found = [*_dpkg(contents)]
    for path in APK:
        if path in contents:
            found += _apk(contents[path])
    return Packages(tuple(found))


def _one_tree(path: str) -> str:
    match = MERGED.fullmatch(path)
    return match[1] if match else path


# --- dpkg -----------------------------------------------------------------------------------------


def _dpkg(contents: Mapping[str, bytes]) -> Iterator[Installed]:
    for path in sorted(contents):
        single = path.startswith(f"{DPKG}status.d/")
        if path != f"{DPKG}status" and (not single or path.endswith(".md5sums")):
            continue
        for fields in _paragraphs(contents[path]):
            name, state = fields.get("package", ""), fields.get("status", "")
            # Of removed packages the settings alone are left ("deinstall ok config-files").
            if not name or (not single and (state.split() or GONE)[-1] in GONE):
                continue
            files = _sums(contents, path) if single else _list(contents, name, fields.get("architecture", ""))
            yield Installed(
                name=name,
                version=fields.get("version", ""),
                manager="dpkg",
                architecture=fields.get("architecture", ""),
                source=fields.get("source", name).partition(" ")[0],
                size=_whole(fields.get("installed-size", "")) * 1024,
                files=files,
                depends=_items(", ".join(filter(None, (fields.get("pre-depends"), fields.get("depends"))))),
                provides=_items(fields.get("provides", "")),
                essential=fields.get("essential") == "yes",
            )


def _paragraphs(data: bytes) -> Iterator[dict[str, str]]:
    """The paragraphs of a control file, fields in lower case; a continued value on one line."""
    for paragraph in re.split(r"\n[ \t]*\n", data.decode("utf-8", "replace")):
        fields: dict[str, str] = {}
        last = ""
        for line in paragraph.split("\n"):
            if line[:1] in (" ", "\t"):
                # Only lists of packages are read on; descriptions and checksums are of no use here.
                if last in ("depends", "pre-depends", "provides"):
                    fields[last] += " " + line.strip()
                continue
            name, colon, value = line.partition(":")
            if colon:
                last = name.strip().lower()
                fields[last] = value.strip()
        if fields:
            yield fields


def _list(contents: Mapping[str, bytes], name: str, architecture: str) -> tuple[str, ...]:
    """The files of a package, without the directories, which it shares with others."""
    for path in (f"{DPKG}info/{name}:{architecture}.list", f"{DPKG}info/{name}.list"):
        if path in contents:
            lines = contents[path].decode("utf-8", "surrogateescape").split("\n")
            parents = {line.rpartition("/")[0] for line in lines}
            return tuple(
                line for line in lines if line.startswith("/") and line not in parents and line != "/."
            )
    return ()


def _sums(contents: Mapping[str, bytes], status: str) -> tuple[str, ...]:
    lines = contents.get(f"{status}.md5sums", b"").decode("utf-8", "surrogateescape").split("\n")
    return tuple("/" + line[34:].lstrip("./") for line in lines if len(line) > 34 and line[32:34] == "  ")


# --- apk ------------------------------------------------------------------------------------------


def _apk(data: bytes) -> Iterator[Installed]:
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
            yield Installed(
                name=name,
                version=fields.get("V", ""),
                manager="apk",
                architecture=fields.get("A", ""),
                source=fields.get("o", name),
                size=_whole(fields.get("I", "")),
                files=tuple(files),
                depends=tuple(fields.get("D", "").split()),
                provides=tuple(fields.get("p", "").split()),
            )


def _items(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _whole(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() else 0
