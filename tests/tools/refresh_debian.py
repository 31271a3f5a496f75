"""Write slimify/facts/debian-SUITE.json from the package lists that apt has fetched.

    python tests/tools/refresh_debian.py LISTS       # a folder like /var/lib/apt/lists

LISTS holds Packages and Contents (amd64 and all) of every suite in SUITES. Contents of a suite may
be those of its neighbours in NEIGHBOURS: the name of a library package fixes its soname, and only
packages of the suite's own list are taken.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from slimify.facts.debian import policy_soname

FACTS = Path(__file__).parents[2] / "slimify" / "facts"
SUITES = ("bullseye", "bookworm", "trixie")
NEIGHBOURS = {"trixie": ("forky", "bookworm")}
LIBRARY = re.compile(r"(?:usr/)?lib/(?:x86_64-linux-gnu/)?(?:blas/|lapack/)?(lib[\w.+-]+\.so(?:\.[\w.]+)?)")
HEADER = re.compile(
    r"usr/(?:include/|share/pkgconfig/|lib/x86_64-linux-gnu/(?:pkgconfig/|[^/]*\.(?:a|so) )).*"
)
NUMBER = re.compile(r"(?<![\d_])\d+")
COMMAND = re.compile(r"(?:usr/)?s?bin/([^/]+)|usr/games/([^/]+)")
# in every image with apt, or headers of one that is
BASE_LIBRARIES = re.compile(r"libc6(?:-dev)?|libstdc\+\+6|libgcc-s1|lib(?:stdc\+\+|gcc)-\d+-dev")
# -dev packages of other languages hold sources, not headers of a shared library
FOREIGN = re.compile(
    r"(?:librust-|golang-|libghc-|node-|lib[\w.+-]*-ocaml-dev|ocaml-|r-cran-|lib[\w-]+-d-dev|gir1).*|.*-ocaml-dev"
)


@dataclass
class Package:
    """One stanza of a Packages list."""

    name: str
    source: str
    section: str
    essential: bool
    depends: list[list[str]] = field(default_factory=list)
    recommends: list[list[str]] = field(default_factory=list)
    kilobytes: int = 0


@dataclass
class Archive:
    """A suite: its packages, who provides a virtual one, and what is in them."""

    packages: dict[str, Package]
    providers: dict[str, list[str]]
    commands: dict[str, set[str]]
    libraries: dict[str, set[str]]
    headers: set[str]
    relatives: dict[str, dict[str, set[str]]]  # libraries of other versions' packages, by shape

    def is_library(self, package: str) -> bool:
        """Whether it has shared libraries; by Debian's naming policy where its files are not known."""
        if not package.startswith("lib") and self.packages[package].section != "libs":
            return False
        return package in self.libraries or bool(
            re.match(r"lib.*\d(?!.*-(?:headers|data|common|bin)$)", package)
        )


def text_of(path: Path) -> Iterator[str]:
    """The lines of a list, which apt keeps compressed."""
    process = subprocess.Popen(
        ["/usr/lib/apt/apt-helper", "cat-file", str(path)],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout
    yield from process.stdout
    if process.wait():
        sys.exit(f"cannot read {path}")


def read_packages(path: Path) -> tuple[dict[str, Package], dict[str, list[str]]]:
    packages: dict[str, Package] = {}
    providers: dict[str, list[str]] = {}
    fields: dict[str, str] = {}
    for line in [*text_of(path), "\n"]:
        if line != "\n":
            key, colon, value = line.partition(":")
            if colon and not line[0].isspace():
                fields[key] = value.strip()
            continue
        name = fields.get("Package", "")
        if not name:
            continue
        depends = f"{fields.get('Pre-Depends', '')}, {fields.get('Depends', '')}"
        packages[name] = Package(
            name=name,
            source=fields.get("Source", name).split()[0],
            section=fields.get("Section", ""),
            essential=fields.get("Essential") == "yes"
            or fields.get("Priority") == "required"
            or name == "apt",
            depends=groups(depends),
            recommends=groups(fields.get("Recommends", "")),
            kilobytes=int(fields.get("Installed-Size", "0")),
        )
        for provided in fields.get("Provides", "").split(","):
            if provided.strip():
                providers.setdefault(bare(provided), []).append(name)
        fields = {}
    return packages, providers


def groups(field: str) -> list[list[str]]:
    """The alternatives of each dependency."""
    return [[bare(a) for a in group.split("|")] for group in field.split(",") if group.strip()]


def bare(dependency: str) -> str:
    """A dependency without version, architecture and build profile."""
    return re.split(r"[\s(:\[<]", dependency.strip(), maxsplit=1)[0]


def read_contents(path: Path, archive: Archive, known: Set[str]) -> None:
    """Add what packages hold; libraries only of those that are not `known` from a nearer suite."""
    for line in text_of(path):
        name, _, owners = line.rstrip().rpartition(" ")
        name = name.rstrip()
        command, library, header = COMMAND.fullmatch(name), LIBRARY.fullmatch(name), HEADER.match(f"{name} ")
        if not command and not library and not header:
            continue
        for owner in owners.split(","):
            package = owner.rpartition("/")[2]
            if package not in archive.packages:
                if library:
                    archive.relatives.setdefault(shape(package), {}).setdefault(package, set()).add(
                        library[1]
                    )
                continue
            development = is_development(archive.packages[package])
            if command:
                archive.commands.setdefault(package, set()).add(command[1] or command[2])
            elif header and development:
                archive.headers.add(package)
            elif library and not development and package not in known:
                archive.libraries.setdefault(package, set()).add(library[1])


def shape(package: str) -> str:
    """A package's name without numbers: libicu72 and libicu76 are of one shape."""
    return re.sub(r"\d+", "#", package.removesuffix("t64").replace("t64-", "-"))


def add_relatives(archive: Archive) -> None:
    """Guess the libraries of packages that no list at hand shows from those of the nearest version."""
    for name, package in archive.packages.items():
        relatives = archive.relatives.get(shape(name), {})
        if name in archive.libraries or package.section != "libs" or not relatives:
            continue
        other = min(
            sorted(relatives, reverse=True), key=lambda relative, name=name: len(changes(relative, name))
        )
        archive.libraries[name] = {renumbered(soname, changes(other, name)) for soname in relatives[other]}


def changes(old: str, new: str) -> dict[str, str]:
    """The numbers of one package name that are others in another of its shape."""
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new.removesuffix("t64")), strict=False)
    return {a: b for a, b in pairs if a != b}


def renumbered(soname: str, numbers: dict[str, str]) -> str:
    return NUMBER.sub(lambda number: numbers.get(number[0], number[0]), soname)


def choose(group: list[str], archive: Archive, have: Iterable[str] = ()) -> str | None:
    """What apt would install for alternatives: what is there, else the first that exists or is provided."""
    for name in group:
        if name in have:
            return name
        for provider in archive.providers.get(name, ()):
            if provider in have:
                return provider
    for name in group:
        if name in archive.packages and name != "usrmerge":  # images are built merged
            return name
        if name in archive.providers:
            return archive.providers[name][0]
    return None


def closure(names: Iterable[str], archive: Archive, have: frozenset[str] = frozenset()) -> frozenset[str]:
    """The packages and all they depend on."""
    asked = [name for name in (choose([n], archive) for n in names) if name]
    found = set(have) | set(asked)
    todo = [name for name in asked if name not in have]
    while todo:
        for group in archive.packages[todo.pop()].depends:
            chosen = choose(group, archive, found)
            if chosen and chosen not in found:
                found.add(chosen)
                todo.append(chosen)
    return frozenset(found)


def is_development(package: Package) -> bool:
    return bool(re.search(r"-(multi)?dev(-|$)", package.name))


def counterparts(package: Package, archive: Archive, seen: frozenset[str] = frozenset()) -> set[str] | None:
    """The library packages behind a -dev package, None where the metadata do not tell.

    Those of its own source that it depends on, and those behind its source's other -dev packages that these
    do not bring; else those behind its source's other -dev packages; else,
    for a package without files of its own (default-libmysqlclient-dev), those behind what it stands for.
    Headers that come with no library at all need nothing at run time.
    """
    libraries, direct, nested = set(), set(), []
    for group in package.depends:
        chosen = choose(group, archive)
        if not chosen or chosen in seen or BASE_LIBRARIES.fullmatch(chosen):
            continue
        other = archive.packages[chosen]
        if is_development(other):
            nested.append(other)
        elif archive.is_library(other.name):
            libraries.add(other.name)
            if other.source == package.source:
                direct.add(other.name)
    empty = package.name not in archive.headers
    behind = [other for other in nested if other.source == package.source]
    if direct and not empty:  # its headers include those of the others, whose libraries may be linked as well
        brought = closure(direct, archive)
        rest = [counterparts(other, archive, seen | {package.name}) for other in behind]
        return direct | {name for names in rest for name in names or () if name not in brought}
    if not behind and empty:
        behind = nested
    found = [counterparts(other, archive, seen | {package.name}) for other in behind]
    if direct or any(found):
        return direct.union(*(names for names in found if names))
    if behind:
        return None
    if package.name in archive.headers and not libraries and not nested:
        return set()
    return None


def base_list(name: str, installs: dict[str, dict[str, Any]], archive: Archive) -> frozenset[str]:
    """All packages of an official image."""
    row = installs[name]
    if "on" not in row:
        return closure([p.name for p in archive.packages.values() if p.essential], archive)
    have = base_list(row["on"], installs, archive)
    return closure([moved(name, archive) for name in row["packages"]], archive, have)


def moved(name: str, archive: Archive) -> str:
    """The package of this suite for a library named as in bookworm."""
    for candidate in (name, f"{name}t64", re.sub(r"\d+$", lambda m: str(int(m[0]) - 1), name), "libssl1.1"):
        if candidate in archive.packages:
            return candidate
    return name


def table(suite: str, archive: Archive) -> dict[str, object]:
    """The content of debian-SUITE.json."""
    hand = tomllib.loads((FACTS / "packages-debian.toml").read_text())
    tables = [FACTS / "images.toml", *sorted(FACTS.parent.glob("languages/*/facts/images.toml"))]
    rows = [tomllib.loads(path.read_text()).get("installs", {}) for path in tables]
    installs = {name: row for own in rows for name, row in own.items()}
    images = {name: base_list(name, installs, archive) for name in installs}
    internal = re.compile("|".join(hand["counterparts"]["internal"]))
    development = {}
    virtual = {n: archive.packages[p[0]] for n, p in archive.providers.items() if len(p) == 1}
    for name, package in sorted({**virtual, **archive.packages}.items()):
        if name.endswith("-dev") and is_development(package) and not FOREIGN.fullmatch(name):
            found = counterparts(package, archive)
            if found is not None:
                development[name] = " ".join(sorted(n for n in found if not internal.fullmatch(n)))
    listed = {name for names in hand["kinds"].values() for name in names} | set(hand["commands"].values())
    wanted = (listed & archive.packages.keys()).union(*images.values())
    # a metapackage's programs lie in what it depends on
    own = {choose(group, archive) for name in wanted for group in archive.packages[name].depends}
    named = wanted | {
        n for n in own if n and not is_development(archive.packages[n]) and n in archive.commands
    }
    libraries = {name for row in development.values() for name in row.split()} | named
    files = NEIGHBOURS.get(suite, (suite,))
    return {
        "source": f"Debian's package lists of {suite} and file lists of {' and '.join(files)}, amd64",
        "refresh": "python tests/tools/refresh_debian.py LISTS",
        "date": date.today().isoformat(),
        "images": {
            name: " ".join(sorted(names - images.get(installs[name].get("on"), frozenset())))
            for name, names in images.items()
        },
        "programs": {n: " ".join(sorted(programs(n, listed, archive))) for n in sorted(named)},
        "counterparts": development,
        "typelibs": {n: names for n in development if (names := typelibs(n, archive))},
        "libraries": {
            n: names for n in sorted(libraries) if (names := sonames(n, suite, archive)) is not None
        },
    }


def typelibs(name: str, archive: Archive) -> str:
    """The typelibs that a -dev package depends on."""
    package = archive.packages.get(name)
    chosen = {choose(group, archive) for group in (package.depends if package is not None else ())}
    return " ".join(sorted(n for n in chosen if n and re.fullmatch("gir1.2-.*(?<!-dev)", n)))


def programs(name: str, listed: set[str], archive: Archive) -> set[str]:
    """A package's commands; for a listed one that has none (nginx), those of its source's.

    ImageMagick's are installed as alternatives: convert-im7 as convert.
    """
    own = {re.sub(r"-im\d(?:\.q16)?$", "", command) for command in archive.commands.get(name, ())}
    if own or name not in listed:
        return own
    package = archive.packages[name]
    chosen = [choose(group, archive) for group in package.depends]
    same = [c for c in chosen if c and archive.packages[c].source == package.source]
    return set().union(*(archive.commands.get(c, set()) for c in same))


def sonames(package: str, suite: str, archive: Archive) -> str | None:
    """The sonames among a package's file names; "" where its name tells (libpq5), None for no library."""
    files = archive.libraries.get(package, set())
    names = [n for n in sorted(files) if not any(n.startswith(f"{other}.") for other in files if other != n)]
    policy = policy_soname(package)
    if names:
        return "" if names == [policy] else " ".join(names)
    guessed = suite in NEIGHBOURS and policy and archive.packages[package].section == "libs"
    return "" if guessed else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lists", type=Path)
    args = parser.parse_args()
    for suite in SUITES:
        (listing,) = args.lists.glob(f"*_debian_dists_{suite}_main_binary-amd64_Packages*")
        packages, providers = read_packages(listing)
        archive = Archive(packages, providers, {}, {}, set(), {})
        for neighbour in NEIGHBOURS.get(suite, (suite,)):
            known = frozenset(archive.libraries)
            for contents in sorted(args.lists.glob(f"*_debian_dists_{neighbour}_main_Contents-*")):
                read_contents(contents, archive, known)
        if suite in NEIGHBOURS:
            add_relatives(archive)
        text = json.dumps(table(suite, archive), indent=0, separators=(",", ":"), ensure_ascii=False)
        (FACTS / f"debian-{suite}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
