"""Write slimify/facts/recommends.json from the package lists that apt has fetched.

    python tests/tools/refresh_recommends.py LISTS       # a folder like /var/lib/apt/lists

LISTS holds Packages (amd64) of every suite in SUITES. Of each package that packages-debian.toml lists: what
apt installs beside it only because something recommends it, on an image that has no more than apt, and how
large that is. Of these packages and of the headers that it has rows for: which of them come along as
dependencies, and which packages because something recommends them, on a slim image.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from datetime import date
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from refresh_debian import FACTS, SUITES, Archive, Package, choose, closure, read_packages

from slimify.facts.debian import image_packages

_MOST = 150  # python3-pip brings 122; rows of more would double the file


def with_recommended(archive: Archive) -> Archive:
    """The same packages, each depending on what it recommends, too."""
    packages = {
        name: Package(
            name=p.name,
            source=p.source,
            section=p.section,
            essential=p.essential,
            depends=[*p.depends, *p.recommends],
        )
        for name, p in archive.packages.items()
    }
    return Archive(packages, archive.providers, {}, {}, set(), {})


def rows(archive: Archive, names: set[str]) -> dict[str, str]:
    base = closure([p.name for p in archive.packages.values() if p.essential], archive)
    more = with_recommended(archive)
    found = {}
    for name in sorted(names):
        if choose([name], archive) is None:
            continue
        extra = closure([name], more, base) - closure([name], archive, base)
        if len(extra) <= _MOST:
            found[name] = " ".join(sorted(extra))
    return found


def along(
    archive: Archive, names: set[str], listed: set[str], slim: frozenset[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Which of `names` come with each of them as dependencies, and which `listed` packages come otherwise."""
    base = slim | closure([p.name for p in archive.packages.values() if p.essential], archive)
    more = with_recommended(archive)
    needed, others = {}, {}
    for name in sorted(n for n in names if choose([n], archive) is not None):
        strict = closure([name], archive, base)
        otherwise = closure([name], more, base) - strict
        for found, which, known in ((needed, strict, names), (others, otherwise, listed)):
            row = {p for p in which if p.removesuffix("t64") in known}
            found[name] = " ".join(sorted(row - base - {name}))
    return tuple({n: row for n, row in found.items() if row} for found in (needed, others))  # type: ignore[return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lists", type=Path)
    args = parser.parse_args()
    tables = tomllib.loads((FACTS / "packages-debian.toml").read_text())
    names = {name for listed in tables["kinds"].values() for name in listed}
    counterparts = {**tables["counterparts"]["all"], **tables["counterparts"]["older"]}
    headers = {*counterparts, *chain.from_iterable(counterparts.values())}
    table: dict[str, object] = {
        "source": "Debian's package lists of each suite, amd64: Recommends of all that is installed",
        "refresh": "python tests/tools/refresh_recommends.py LISTS",
        "date": date.today().isoformat(),
    }
    for suite in SUITES:
        (listing,) = args.lists.glob(f"*_debian_dists_{suite}_main_binary-amd64_Packages*")
        packages, providers = read_packages(listing)
        archive = Archive(packages, providers, {}, {}, set(), {})
        found = rows(archive, names)
        depends, recommends = along(archive, names | headers, names, image_packages("debian-slim", suite))
        brought = {name for row in found.values() for name in row.split()}
        table[suite] = {
            "brings": found,
            "depends": depends,
            "recommends": recommends,
            "kilobytes": {name: packages[name].kilobytes for name in sorted(brought)},
        }
    text = json.dumps(table, indent=0, separators=(",", ":"), ensure_ascii=False)
    (FACTS / "recommends.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
