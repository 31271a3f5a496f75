"""The packages of dpkg and apk: compilers and headers, and what nothing seems to use."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from slimify.analyze.image_inputs import Description, Found, Sight, Stored, by_layer, finding
from slimify.analyze.programs import called
from slimify.analyze.waste.stored import common
from slimify.facts import load
from slimify.facts.packages import PackageFacts, package_facts
from slimify.facts.system import holds_programs
from slimify.image.packages import InstalledPackage
from slimify.languages import languages

NAMED: Final = 4  # packages that the sentence names
_NAME = re.compile(r"[^\s(<>=~:|]+")
_STRING = re.compile(r"""["'`]([\w./+-]{2,64})(?=["'`\s])""")
_WORD = re.compile(r"[\w.+-]+")


def find(sight: Sight) -> Iterator[Found]:
    """Two findings for each layer that installed some. A package that a start names, that another needs
    or whose libraries a program is linked with is in none."""
    if not sight.packages.installed or not sight.readable:
        return
    facts = _facts(sight)
    graph = _Graph(sight)
    words = called(sight) | _called_by_packages(sight) | _quoted(sight)
    build = {name for name, fact in facts.items() if fact.kind == "build"}
    build = graph.removable({name for name in build if not words & graph.commands(name)})
    words = words | _source_words(sight)
    always = frozenset(load("waste.toml")["packages"]["always"])
    idle = {
        name
        for name, fact in facts.items()
        if name not in build and name not in always and fact.kind in ("fetch", "tool")
    }
    idle = graph.removable({n for n in idle if not words & graph.commands(n)}, without=build) - build
    for names, code in ((build, "SL705"), (idle, "SL712")):
        yield from _findings(sight, graph, names, code)


class _Graph:
    """Who needs whom among the installed packages."""

    def __init__(self, sight: Sight) -> None:
        self._packages = {package.name: package for package in sight.packages.installed}
        provides: dict[str, set[str]] = {}
        for package in sight.packages.installed:
            for item in (package.name, *package.provides):
                if found := _NAME.match(item):
                    provides.setdefault(found[0], set()).add(package.name)
        needed = {
            name: frozenset(
                provider
                for item in package.depends
                for option in item.split("|")
                if (found := _NAME.match(option.strip()))
                for provider in provides.get(found[0], ())
            )
            for name, package in self._packages.items()
        }
        self.files: dict[str, list[Stored]] = {}
        for stored in sight.stored:
            owner = sight.packages.owner_of(stored.path)
            if owner is not None:
                self.files.setdefault(owner.name, []).append(stored)
        users: dict[str, set[str]] = {}
        for name, needs in needed.items():
            for other in needs:
                users.setdefault(other, set()).add(name)
        for path, elf in sight.image.elves.items():
            linked = sight.packages.owner_of(path)
            for library in elf.needed:
                brings = sight.packages.library_owner(library)
                if brings is not None:
                    users.setdefault(brings.name, set()).add(linked.name if linked else "")
        self._users = {name: frozenset(found - {name}) for name, found in users.items()}
        self._automatic = _automatic(sight) & self._packages.keys()

    def commands(self, name: str) -> frozenset[str]:
        """The programs in a package, by what they are called."""
        paths = self._packages[name].files
        return frozenset(posixpath.basename(p) for p in paths if holds_programs(posixpath.dirname(p)))

    def removable(self, wanted: Iterable[str], without: Iterable[str] = ()) -> set[str]:
        """Of some packages those that no other one needs, with what came for their sake alone."""
        gone = {name for name in wanted if not self._packages[name].essential}
        missing = set(without)
        automatic = {name for name in self._automatic if not self._packages[name].essential}
        while True:
            while more := {n for n in automatic - gone - missing if self._used_by(n, gone | missing)}:
                gone |= more
            stay = {name for name in gone if self._used(name) - gone - missing}
            if not stay:
                return gone
            gone -= stay
            automatic -= stay  # it must not come back in the next round

    def _used_by(self, name: str, packages: set[str]) -> bool:
        """Whether a package is used, and by no others than these."""
        return bool(self._used(name)) and self._used(name) <= packages

    def _used(self, name: str) -> frozenset[str]:
        """The packages that depend on one or are linked with it; "" for programs of no package."""
        return self._users.get(name, frozenset())


def _automatic(sight: Sight) -> frozenset[str]:
    """Packages that were installed because others need them: apt's record, what is not in apk's world."""
    states = sight.image.contents.get("/var/lib/apt/extended_states", b"").decode("utf-8", "replace")
    found = set()
    for paragraph in states.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.split("\n") if ": " in line)
        if fields.get("Auto-Installed") == "1":
            found.add(fields.get("Package", ""))
    world = sight.image.contents.get("/etc/apk/world")
    if world is not None:
        chosen = {m[0] for m in map(_NAME.match, world.decode("utf-8", "replace").split()) if m}
        found |= {p.name for p in sight.packages.installed if p.manager == "apk" and p.name not in chosen}
    return frozenset(found)


def _facts(sight: Sight) -> dict[str, PackageFacts]:
    contents = sight.image.contents
    text = contents.get("/etc/os-release") or contents.get("/usr/lib/os-release") or b""
    release = dict(line.partition("=")[::2] for line in text.decode("utf-8", "replace").split("\n"))
    distro = release.get("ID", "").strip('"')
    suite = release.get("VERSION_CODENAME", "").strip('"') or None
    if distro == "alpine":
        suite = ".".join(release.get("VERSION_ID", "").strip('"').split(".")[:2]) or None
    distro = distro if distro in ("debian", "ubuntu", "alpine") else _likely(sight.packages.installed)
    return {p.name: package_facts(p.name, distro, suite) for p in sight.packages.installed}


def _likely(installed: Iterable[InstalledPackage]) -> str:
    return "alpine" if any(package.manager == "apk" for package in installed) else "debian"


def _called_by_packages(sight: Sight) -> frozenset[str]:
    """Programs that packages of languages start: git for one that works on repositories."""
    parts = (known.image_waste for known in languages())
    return frozenset(command for part in parts if part is not None for command in part.commands(sight))


def _quoted(sight: Sight) -> frozenset[str]:
    """What stands first in a string of a source: the commands that it starts are among that."""
    return frozenset(posixpath.basename(word) for text in sight.sources() for word in _STRING.findall(text))


def _source_words(sight: Sight) -> frozenset[str]:
    return frozenset(word for text in sight.sources() for word in _WORD.findall(text))


def _findings(sight: Sight, graph: _Graph, names: set[str], code: str) -> Iterator[Found]:
    files = [item for name in sorted(names) for item in graph.files.get(name, ())]
    owners = {item.path: name for name in names for item in graph.files.get(name, ())}
    for part in by_layer(files).values():
        sizes: dict[str, int] = {}
        for item in part:
            sizes[owners[item.path]] = sizes.get(owners[item.path], 0) + item.size
        largest = sorted(sizes, key=lambda name: (-sizes[name], name))
        more = f" and {len(largest) - NAMED} more" if len(largest) > NAMED else ""
        listed = ", ".join(largest[:NAMED]) + more
        if code == "SL705":
            text = (
                f"Compilers, headers and build tools: {listed}. The start command and its scripts name none."
            )
            remedy = "install them in a build stage only; copy what they make"
        else:
            text = f"Nothing seems to use {listed}: no start script, source, package or library names them."
            remedy = "leave them out, or take a slim base, if nobody needs them at a prompt"
        found = finding(
            sight,
            part,
            common([item for item in part if owners[item.path] == largest[0]]),
            Description(
                code=code,
                kind="toolchain" if code == "SL705" else "unused",
                text=text,
                remedy=remedy,
                rewrite=code == "SL705",
            ),
        )
        waste = replace(found.waste, packages=tuple(largest), count=len(largest))
        yield replace(found, waste=waste)
