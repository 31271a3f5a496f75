"""Finds toolchains that no package manager installed: compilers, headers, build modules."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.analyze.image_inputs import FindingText, ImageInputs, WasteFinding, by_layer, waste_finding
from slimify.analyze.programs import mentioned_programs
from slimify.facts import merged


def find(inputs: ImageInputs) -> Iterator[WasteFinding]:
    """One finding for each toolchain and layer, unless the start command needs it."""
    words = mentioned_programs(inputs)
    for row in merged("waste.toml")["toolchains"]:
        if words & set(row["users"]):
            continue
        name = row["name"]
        for path in inputs.existing_paths(row["path"]):
            if inputs.files.resolve(f"{path}/{row['mark']}") is None:
                continue
            for files in by_layer(inputs.files_below(path)).values():
                yield waste_finding(
                    inputs,
                    files,
                    path,
                    FindingText(
                        code="SL706",
                        kind="toolchain",
                        text=f"{name[0].upper()}{name[1:]}, which the start command does not use.",
                        remedy=row["remedy"],
                        rewrite=row.get("rewrite", False),
                    ),
                )
