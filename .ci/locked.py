"""Prints what uv.lock pins as requirements with hashes, for `pip install --require-hashes -r FILE`:

python .ci/locked.py           # what slimify needs, and what builds it
python .ci/locked.py dev       # the tools of development as well
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME, BUILDERS = "dockerfile-slimify", ("hatch-vcs", "hatchling")


def requirements(packages: list[dict[str, Any]], groups: list[str]) -> Iterator[str]:
    """One requirement for each package that slimify, its builder or a group need, directly or not."""
    known = {package["name"]: package for package in packages}
    own = known[NAME]
    pending = [({"name": name}, "") for name in BUILDERS]
    pending += [(item, "") for item in own["dependencies"]]
    pending += [(item, "") for group in groups for item in own["dev-dependencies"][group]]
    markers: dict[str, set[str]] = {}  # where each is needed; "" is everywhere
    while pending:
        item, above = pending.pop()
        here = " and ".join(f"({text})" for text in (above, item.get("marker", "")) if text)
        package = known[item["name"]]
        for extra in item.get("extra", ()):
            pending += [(below, here) for below in package["optional-dependencies"][extra]]
        seen = markers.setdefault(item["name"], set())
        if here in seen or "" in seen:
            continue
        seen.add(here)
        pending += [(below, here) for below in package.get("dependencies", ())]
    for name, where in sorted(markers.items()):
        package = known[name]
        marker = "" if "" in where else " ; " + " or ".join(sorted(where))
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        hashes = sorted(f" --hash={file['hash']}" for file in files)
        yield f"{name}=={package['version']}{marker}" + "".join(f" \\\n   {text}" for text in hashes)


def locked(*groups: str) -> str:
    """What the lock file pins, also for some groups of development."""
    lock = tomllib.loads(Path(__file__).parent.parent.joinpath("uv.lock").read_text("utf-8"))
    return "".join(f"{line}\n" for line in requirements(lock["package"], [*groups]))


if __name__ == "__main__":
    print(end=locked(*sys.argv[1:]))
