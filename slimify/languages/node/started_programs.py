"""Files of an image that determine what its start command runs: manifests, and settings of a process
manager."""

from __future__ import annotations

from collections.abc import Iterable, Set

from slimify.context.values import json_of
from slimify.image.layout import mapping
from slimify.languages.node import LANGUAGE


def is_package_file(path: str) -> bool:
    return "/node_modules/" in path


def names_start(path: str) -> bool:
    return path.rpartition("/")[2] in LANGUAGE.words("toolchain.toml", "installs", "start_files")


def files_read_by(program: str, paths: Iterable[str]) -> Iterable[str]:
    """The manifest of the working directory or of a workspace."""
    if program not in LANGUAGE.words("toolchain.toml", "installs", "runners"):
        return ()
    return [path for path in paths if path.endswith("/package.json") and not is_package_file(path)]


def named_scripts(path: str, data: bytes, named: Set[str]) -> str | None:
    """The scripts of a package.json that are named, or that `npm start` runs."""
    if not path.endswith("package.json"):
        return None
    known = mapping(mapping(json_of(data)).get("scripts"))
    run = named | {"start"}
    return " ".join(
        str(text)
        for name, text in known.items()
        if run & {name, name.removeprefix("pre"), name.removeprefix("post")}
    )
