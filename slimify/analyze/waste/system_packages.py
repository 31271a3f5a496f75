"""Finds packages of dpkg and apk that the image does not need: build packages, and unused tools."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from slimify.analyze.image_inputs import ImageInputs, StoredFile, WasteFinding, by_layer
from slimify.analyze.programs import mentioned_programs
from slimify.analyze.waste.development_packages import packages_finding
from slimify.facts import load
from slimify.facts.debian import PackageFacts
from slimify.facts.packages import package_facts
from slimify.facts.system import holds_programs
from slimify.languages import languages
from slimify.model.regex import regex

_NAME = regex(r"[^\s(<>=~:|]+")
_STRING = regex(r"""["'`]([\w./+-]{2,64})(?=["'`\s])""")
_WORD = regex(r"[\w.+-]+")


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """At most two findings for each layer. Packages that a start command names, that another package
    requires, or that a program is linked with are not reported."""
    if not inputs.packages.installed or not inputs.sources_searchable:
        return
    facts = _facts(inputs)
    graph = _DependencyGraph(inputs)
    words = mentioned_programs(inputs) | _called_by_packages(inputs) | _quoted_commands(inputs)
    build = {name for name, fact in facts.items() if fact.kind == "build"}
    build = graph.removable({name for name in build if not words & graph.commands(name)})
    words = words | _source_words(inputs)
    always = frozenset(load("waste.toml")["packages"]["always"])
    idle = {
        name
        for name, fact in facts.items()
        if name not in build and name not in always and fact.kind in ("fetch", "tool")
    }
    idle = graph.removable({n for n in idle if not words & graph.commands(n)}, without=build) - build
    for names, what in ((build, "build"), (idle, "idle")):
        yield from _findings(inputs, graph, names, what)


class _DependencyGraph:
    """The dependencies between installed packages."""

    def __init__(self, inputs: ImageInputs) -> None:
        self._packages = {package.name: package for package in inputs.packages.installed}
        self.files: dict[str, list[StoredFile]] = {}
        for stored in inputs.stored:
            owner = inputs.packages.owner_of(stored.path)
            if owner is not None:
                self.files.setdefault(owner.name, []).append(stored)
        users: dict[str, set[str]] = {}
        for name, package in self._packages.items():
            for other in inputs.packages.required(package):
                users.setdefault(other, set()).add(name)
        for path, elf in inputs.image.elves.items():
            linked = inputs.packages.owner_of(path)
            for library in elf.needed:
                brings = inputs.packages.library_owner(library)
                if brings is not None:
                    users.setdefault(brings.name, set()).add(linked.name if linked else "")
        self._users = {name: frozenset(found - {name}) for name, found in users.items()}
        self._automatic = _automatic(inputs) & self._packages.keys()

    def commands(self, name: str) -> frozenset[str]:
        """The names of the programs in a package."""
        paths = self._packages[name].files
        return frozenset(posixpath.basename(p) for p in paths if holds_programs(posixpath.dirname(p)))

    def removable(self, wanted: Iterable[str], without: Iterable[str] = ()) -> set[str]:
        """Those of `wanted` that no other package requires, with dependencies that only they require.
        Packages in `without` count as already removed."""
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
            automatic -= stay  # must not be added again in the next round

    def _used_by(self, name: str, packages: set[str]) -> bool:
        """Whether a package is used, but only by `packages`."""
        return bool(self._used(name)) and self._used(name) <= packages

    def _used(self, name: str) -> frozenset[str]:
        """The packages that depend on a package or are linked with it; "" for programs of no package."""
        return self._users.get(name, frozenset())


def _automatic(inputs: ImageInputs) -> frozenset[str]:
    """Packages installed as dependencies: from apt's extended states, or not in apk's world file."""
    states = inputs.image.contents.get("/var/lib/apt/extended_states", b"").decode("utf-8", "replace")
    found = set()
    for paragraph in states.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.split("\n") if ": " in line)
        if fields.get("Auto-Installed") == "1":
            found.add(fields.get("Package", ""))
    world = inputs.image.contents.get("/etc/apk/world")
    if world is not None:
        chosen = {m[0] for m in map(_NAME.match, world.decode("utf-8", "replace").split()) if m}
        found |= {p.name for p in inputs.packages.installed if p.manager == "apk" and p.name not in chosen}
    return frozenset(found)


def _facts(inputs: ImageInputs) -> dict[str, PackageFacts]:
    contents = inputs.image.contents
    text = contents.get("/etc/os-release") or contents.get("/usr/lib/os-release") or b""
    release = dict(line.partition("=")[::2] for line in text.decode("utf-8", "replace").split("\n"))
    distro = release.get("ID", "").strip('"')
    suite = release.get("VERSION_CODENAME", "").strip('"') or None
    if distro == "alpine":
        suite = ".".join(release.get("VERSION_ID", "").strip('"').split(".")[:2]) or None
    if distro not in ("debian", "ubuntu", "alpine"):
        distro = "alpine" if any(p.manager == "apk" for p in inputs.packages.installed) else "debian"
    return {p.name: package_facts(p.name, distro, suite) for p in inputs.packages.installed}


def _called_by_packages(inputs: ImageInputs) -> frozenset[str]:
    """Programs that language packages start, such as git."""
    parts = (known.image_waste for known in languages())
    return frozenset(
        command for part in parts if part is not None for command in part.package_commands(inputs)
    )


def _quoted_commands(inputs: ImageInputs) -> frozenset[str]:
    """The first words of all strings in sources, which include the commands that sources start."""
    return frozenset(posixpath.basename(word) for text in inputs.sources() for word in _STRING.findall(text))


def _source_words(inputs: ImageInputs) -> frozenset[str]:
    return frozenset(word for text in inputs.sources() for word in _WORD.findall(text))


def _findings(
    inputs: ImageInputs, graph: _DependencyGraph, names: set[str], what: str
) -> Iterator[WasteFinding]:
    files = [item for name in sorted(names) for item in graph.files.get(name, ())]
    owners = {item.path: name for name in names for item in graph.files.get(name, ())}
    for part in by_layer(files).values():
        yield packages_finding(inputs, part, owners, "", what)
