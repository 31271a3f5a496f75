"""Toolchains that no package manager installed: Go, Rust, headers of Node and Python, JDK modules."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.analyze.image_inputs import Found, Sight, by_layer, finding
from slimify.analyze.programs import called
from slimify.facts import merged


def find(sight: Sight) -> Iterator[Found]:
    """A finding for each toolchain and layer, unless the start needs it."""
    words = called(sight)
    for row in merged("waste.toml")["toolchains"]:
        if words & set(row["users"]):
            continue
        for path in sight.places(row["path"]):
            if sight.files.resolve(f"{path}/{row['mark']}") is None:
                continue
            for files in by_layer(sight.below(path)).values():
                yield finding(
                    sight,
                    files,
                    code="SL706",
                    kind="toolchain",
                    path=path,
                    text=f"{row['name'][0].upper()}{row['name'][1:]}, which the start command does not name.",
                    remedy=row["remedy"],
                    rewrite=row.get("rewrite", False),
                )
