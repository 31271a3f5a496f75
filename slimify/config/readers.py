"""Settings as TOML has them → values of `Options`. Each reader raises ValueError with a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

from slimify.config import pr
from slimify.config.options import Base, Builder, MinSaving, parse_min_saving


def _base(value: object) -> object:
    return _one_of(value, get_args(Base))


def _release(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"\d+(\.\d+)+", value):
        raise ValueError('must be a release, for example "2.38"')
    return value


def _table_of(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("must be a table")
    return value


def _builder(value: object) -> object:
    return _one_of(value, get_args(Builder))


def _one_of(value: object, allowed: tuple[str, ...]) -> object:
    if value not in allowed:
        raise ValueError(f"must be one of {', '.join(allowed)}")
    return value


def _bool(value: object) -> object:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def release(text: str) -> tuple[int, ...]:
    """A release as numbers, to be compared; () for none."""
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def is_path(text: str) -> bool:
    """Whether a text can stand in `keep-paths`."""
    return re.fullmatch(r"/[^\s*?\[\]$]+", text) is not None and ".." not in text.split("/")


def _paths(value: object) -> tuple[str, ...]:
    paths = _strings(value)
    if not all(map(is_path, paths)):
        raise ValueError("must be a list of absolute paths in the image, without wildcards")
    return tuple(path.rstrip("/") for path in paths)


def _mapping(value: object) -> object:
    if not isinstance(value, dict) or not all(isinstance(v, str | int | float) for v in value.values()):
        raise ValueError("must be a table of strings")
    return {key: str(item) for key, item in value.items()}


def _min_saving(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return MinSaving(percent=0, bytes=value)
    if isinstance(value, list):
        value = ",".join(_strings(value))
    if not isinstance(value, str):
        raise ValueError('must be a string such as "5%", "5MB" or "5%,5MB"')
    return parse_min_saving(value)


def _bases(value: object) -> object:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise ValueError('must be a table of names: { "docker.io/library/*" = "registry.example/hub/*" }')
    for known, own in value.items():
        if not re.fullmatch(r"[\w.*:/@-]+", known) or not re.fullmatch(r"[\w.*:/@-]+", own):
            raise ValueError(f'"{known}" = "{own}" are no names of images')
        if known.count("*") != own.count("*"):
            raise ValueError(f'"{known}" = "{own}": both sides need as many *')
        if "@" in known + own:
            raise ValueError(f'"{known}" = "{own}": a digest is one image, a row stands for many')
    return dict(value)


def _directory(value: object) -> object:
    if not isinstance(value, str) or not value or value.startswith(("/", "~")):
        raise ValueError("must be a directory, relative to this file")
    return value


SETTINGS: dict[str, Callable[[object], Any]] = {
    "base": _base,
    "min-saving": _min_saving,
    "annotate": _bool,
    "build-args": _mapping,
    "keep-packages": _strings,
    "keep-paths": _paths,
    "keep-commands": _strings,
    "min-glibc": _release,
    "probes": _table_of,
    "builder": _builder,
    "cache-mounts": _bool,
    "nonroot": _bool,
    "debug-target": _bool,
    "single-stage": _bool,
    "exclude-assets": _bool,
    "dockerignore": _bool,
    "bases": _bases,
    "templates": _directory,
    "pr": pr.checked,
}
