"""Write slimify/facts/recommends.json from the package lists that apt has fetched.

    python tests/tools/refresh_recommends.py LISTS       # a folder like /var/lib/apt/lists

LISTS holds Packages (amd64) of every suite in SUITES. Of each package that packages-debian.toml lists: what
apt installs beside it only because something recommends it, on an image that has no more than apt; and how
large that is.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from refresh_debian import FACTS, SUITES, Archive, Package, choose, closure, read_packages

_MOST = 60  # of more, nobody wants to read a verdict


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lists", type=Path)
    args = parser.parse_args()
    kinds = tomllib.loads((FACTS / "packages-debian.toml").read_text())["kinds"]
    names = {name for listed in kinds.values() for name in listed}
    table: dict[str, object] = {
        "source": "Debian's package lists of each suite, amd64: Recommends of all that is installed",
        "refresh": "python tests/tools/refresh_recommends.py LISTS",
        "date": date.today().isoformat(),
    }
    for suite in SUITES:
        (listing,) = args.lists.glob(f"*_debian_dists_{suite}_main_binary-amd64_Packages*")
        packages, providers = read_packages(listing)
        found = rows(Archive(packages, providers, {}, {}, set(), {}), names)
        brought = {name for row in found.values() for name in row.split()}
        table[suite] = {
            "brings": found,
            "kilobytes": {name: packages[name].kilobytes for name in sorted(brought)},
        }
    text = json.dumps(table, indent=0, separators=(",", ":"), ensure_ascii=False)
    (FACTS / "recommends.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
