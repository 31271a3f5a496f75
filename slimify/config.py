"""What the user asked for: command line options over `[tool.slimify]` or `slimify.toml`.

`Options` is the one value that the phases see. The settings file is the nearest one at or above
the directory of the Dockerfile, not above the root of its repository:

    # slimify.toml, or the table [tool.slimify] of pyproject.toml
    base = "auto"               # auto, minimal, slim, same
    min-saving = "5%"           # a share of the image, a size ("20MB"), or both: ["5%", "5MB"]
    annotate = false
    build-args = { PORT = "8080" }
    keep-packages = ["git"]     # stay at run time, whatever the analysis says
    keep-commands = ["git"]     # programs that run time needs, whatever the analysis says
    min-glibc = "2.38"          # no base image with an older C library
    keep-paths = ["/opt/data"]  # stay in the final image, whatever the analysis says
    builder = "buildkit"        # what will build the file: buildkit, kaniko, buildah, legacy
    cache-mounts = false        # what installers download is kept from build to build
    nonroot = false             # the image runs as another user than root, where that is sure to work
    debug-target = false        # a stage `debug` with a shell, beside a final stage without one
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

Base = Literal["auto", "minimal", "slim", "same"]
Builder = Literal["buildkit", "kaniko", "buildah", "legacy"]

BAD_SETTING = "SL904"

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinSaving:
    """The saving a rewrite must reach: the larger of `percent` of the original image and `bytes`."""

    percent: float = 5.0
    bytes: int = 5_000_000

    def floor(self, original: int) -> int:
        """The least saving, in bytes, that pays for an image of `original` bytes."""
        return max(self.bytes, int(original * self.percent / 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything a run can be told. The defaults are those of the command line."""

    base: Base = "auto"
    min_saving: MinSaving = MinSaving()
    annotate: bool = False
    build_args: Mapping[str, str] = field(default_factory=dict)
    keep_packages: tuple[str, ...] = ()
    keep_paths: tuple[str, ...] = ()
    keep_commands: tuple[str, ...] = ()
    min_glibc: str = ""
    probes: Mapping[str, Any] = field(default_factory=dict)  # see verify.probes
    builder: Builder = "buildkit"
    cache_mounts: bool = False
    nonroot: bool = False
    debug_target: bool = False
    settings: str = field(default="", compare=False)  # the file that they come from, "" without one


def parse_min_saving(text: str) -> MinSaving:
    """Reads `5%`, `5MB`, `5%,5MB` or `0`; what is not named is no floor at all.

    Raises ValueError with a sentence for anything else.
    """
    percent, size = 0.0, 0
    for part in text.split(","):
        part = part.strip()
        if part.endswith("%"):
            try:
                percent = float(part[:-1])
            except ValueError:
                raise ValueError(f'"{part}" is not a percentage') from None
            if not 0 <= percent <= 100:
                raise ValueError(f'"{part}" is not between 0% and 100%')
            continue
        match = _SIZE.fullmatch(part)
        if match is None or match[2].lower() not in _UNITS:
            raise ValueError(f'"{part}" is neither a share (5%) nor a size (5MB)')
        size = int(float(match[1]) * _UNITS[match[2].lower()])
    return MinSaving(percent=percent, bytes=size)


def repository_root(directory: Path) -> Path | None:
    """The nearest directory at or above `directory` that holds a version control folder."""
    for candidate in (directory, *directory.parents):
        if any((candidate / name).exists() for name in (".git", ".hg", ".svn")):
            return candidate
    return None


def ancestors(directory: Path) -> tuple[Path, ...]:
    """`directory` and those above it, up to the root of its repository (without one: only itself)."""
    directory = directory.resolve()
    root = repository_root(directory)
    if root is None:
        return (directory,)
    return (directory, *(p for p in directory.parents if p == root or root in p.parents))


def load(directory: Path) -> Options:
    """The options of the settings file that concerns Dockerfiles in `directory`; defaults without one.

    Raises SlimifyError for a file that cannot be read, an unknown name and a value of the wrong kind.
    """
    path, table = settings_file(directory)
    return _options(path, table) if path is not None else Options()


def settings_file(directory: Path) -> tuple[Path | None, Mapping[str, object]]:
    """The settings file that concerns Dockerfiles in `directory`, if there is one, and what it says.

    Raises SlimifyError for a slimify.toml that cannot be read.
    """
    for candidate in ancestors(directory):
        for name in ("slimify.toml", "pyproject.toml"):
            path = candidate / name
            table = _table(path) if path.is_file() else None
            if table is not None:
                return path, table
    return None, {}


def _table(path: Path) -> Mapping[str, object] | None:
    """slimify's settings in one file; None for a pyproject.toml that has none."""
    import tomllib

    from slimify.model import SlimifyError

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if path.name == "pyproject.toml":
            return None  # somebody else's file: whoever owns it will complain better than we can
        raise SlimifyError(BAD_SETTING, f"cannot read {path}: {error}") from error
    if path.name == "slimify.toml":
        return document
    tool = document.get("tool")
    table = tool.get("slimify") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SlimifyError(BAD_SETTING, f"{path}: [tool.slimify] is not a table")
    return table


def _options(path: Path, table: Mapping[str, object]) -> Options:
    from slimify.model import SlimifyError

    options = Options(settings=str(path))
    for key, value in table.items():
        reader = SETTINGS.get(key.replace("_", "-"))
        if reader is None:
            known = ", ".join(sorted(SETTINGS))
            raise SlimifyError(BAD_SETTING, f'{path}: unknown setting "{key}"', hint=f"known are {known}")
        try:
            options = replace(options, **{key.replace("-", "_"): reader(value)})
        except ValueError as error:
            raise SlimifyError(BAD_SETTING, f'{path}: setting "{key}": {error}') from None
    return options


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
}
