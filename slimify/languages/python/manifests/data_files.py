"""The data files that a project's install puts beside its packages, below the prefix (the scheme `data`)."""

from __future__ import annotations

import posixpath

from slimify.context.scan import Context
from slimify.context.values import table, text_of, toml_of
from slimify.languages.python import LANGUAGE
from slimify.languages.python.manifests.setup_files import setup_info

_UNKNOWN = "prefix"


def data_targets(context: Context, directory: str) -> set[str]:
    """The first parts of where the data files of a project go: `share`, `etc`; `prefix` if it can't be read.
    pip makes wheels, where an absolute path lies below site-packages (setuptools.pypa.io, data_files)."""
    rows = LANGUAGE.facts("toolchain.toml")["project"]["data"]
    data = toml_of(context.text(posixpath.join(directory, "pyproject.toml")))
    targets = setup_info(context, directory).data
    if targets is None or text_of(table(data, "build-system").get("build-backend")) in rows["backends"]:
        return {_UNKNOWN}
    found = list(targets)
    for key in rows["targets"]:
        found += table(data, *key.split("."))
    for key in rows["sources"]:
        found += [text_of(target) or _UNKNOWN for target in table(data, *key.split(".")).values()]
    if any(table(data, *key.split(".")) for key in rows["trees"]):
        return {_UNKNOWN}
    normal = (posixpath.normpath(target) for target in found)
    return {target.partition("/")[0] for target in normal if not target.startswith("/")}
