"""Toolchains that no package manager installed: compilers, headers, modules to build from."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.analyze.image_inputs import Description, Found, Sight, by_layer, finding
from slimify.analyze.programs import called
from slimify.facts import merged


def find(sight: Sight) -> Iterator[Found]:
    """A finding for each toolchain and layer, unless the start needs it."""
    words = called(sight)
    for row in merged("waste.toml")["toolchains"]:
        if words & set(row["users"]):
            continue
        name = row["name"]
        for path in sight.places(row["path"]):
            if sight.files.resolve(f"{path}/{row['mark']}") is None:
                continue
            for files in by_layer(sight.below(path)).values():
                yield finding(
                    sight,
                    files,
                    path,
                    Description(
                        code="SL706",
                        kind="toolchain",
                        text=f"{name[0].upper()}{name[1:]}, which the start command does not name.",
                        remedy=row["remedy"],
                        rewrite=row.get("rewrite", False),
                    ),
                )
