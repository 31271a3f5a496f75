"""Maps the names of settings in TOML to readers of their values, by the types of `Options`."""

from __future__ import annotations

import re
from typing import get_type_hints

from slimify.config import pr
from slimify.config.options import MinSaving, Options, parse_min_saving
from slimify.config.readers import Reader, matching, reader, strings, table


def is_path(text: str) -> bool:
    """Whether a text is valid in `keep-paths`."""
    return re.fullmatch(r"/[^\s*?\[\]$]+", text) is not None and ".." not in text.split("/")


def _paths(value: object) -> tuple[str, ...]:
    paths = strings(value)
    if not all(map(is_path, paths)):
        raise ValueError("must be a list of absolute paths in the image, without wildcards")
    return tuple(path.rstrip("/") for path in paths)


def _build_args(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str | int | float) for v in value.values()):
        raise ValueError("must be a table of strings")
    return {key: str(item) for key, item in value.items()}


def _min_saving(value: object) -> MinSaving:
    if isinstance(value, int) and not isinstance(value, bool):
        return MinSaving(percent=0, bytes=value)
    if isinstance(value, list):
        value = ",".join(strings(value))
    if not isinstance(value, str):
        raise ValueError('must be a string such as "5%", "5MB" or "5%,5MB"')
    return parse_min_saving(value)


def _bases(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise ValueError('must be a table of names: { "docker.io/library/*" = "registry.example/hub/*" }')
    for known, own in value.items():
        pair = f'"{known}" = "{own}"'
        if not re.fullmatch(r"[\w.*:/@-]+", known) or not re.fullmatch(r"[\w.*:/@-]+", own):
            raise ValueError(f"{pair}: both sides must be names of images")
        if known.count("*") != own.count("*"):
            raise ValueError(f"{pair}: both sides need the same number of *")
        if "@" in known + own:
            raise ValueError(f"{pair}: a digest names one image, use a tag or *")
    return dict(value)


# Readers of settings whose type is not specific enough.
_READERS: dict[str, Reader] = {
    "min_saving": _min_saving,
    "build_args": _build_args,
    "keep_paths": _paths,
    "min_glibc": matching(r"\d+(\.\d+)+", 'must be a release, for example "2.38"'),
    "probes": table,
    "bases": _bases,
    "templates": matching(r"(?s:[^/~].*)", "must be a directory, relative to this file"),
    "pr": pr.checked,
}
SETTINGS: dict[str, Reader] = {
    name.replace("_", "-"): _READERS.get(name) or reader(kind)
    for name, kind in get_type_hints(Options).items()
    if name not in ("settings", "ignored")
}
