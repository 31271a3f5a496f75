"""The settings with type, default and description: the source for TOML, command line and help."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

Base = Literal["auto", "minimal", "slim", "same"]
Builder = Literal["buildkit", "kaniko", "buildah", "legacy"]

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = r"(\d+(?:\.\d+)?)\s*([a-z]*)"


_ENOUGH = 100_000_000  # bytes


class MinSaving(Struct, frozen=True, kw_only=True):
    """The saving a rewrite must reach: the larger of `percent` of the original image and `bytes`."""

    percent: float = 5.0
    bytes: int = 5_000_000

    @property
    def text(self) -> str:
        """The value in command line syntax: `5%`, `5MB` or `5%,5MB`."""
        size = f"{self.bytes // 10**6}MB" if self.bytes % 10**6 == 0 else f"{self.bytes}B"
        share = [f"{self.percent:g}%"] if self.percent else []
        return ",".join([*share, size] if self.bytes or not share else share)

    def floor(self, original: int) -> int:
        """The required saving in bytes for an original image of `original` bytes. By default no share of a
        large image is more than `_ENOUGH`: its size is an estimate."""
        least = max(self.bytes, int(original * self.percent / 100))
        return min(least, _ENOUGH) if self == MinSaving() else least

    def in_place(self, original: int) -> int:
        """The required saving in bytes if the file keeps one stage. The base image can't change then, so
        the default percentage does not apply."""
        return self.bytes if self == MinSaving() else self.floor(original)


class Ignored(Struct, frozen=True):
    """Something that is not taken from the repository's settings file: the setting, and the reason."""

    setting: str
    text: str


class Options(Struct, frozen=True, kw_only=True):
    """The settings of a run, in the order of `slimify config`. `--help` shows the same descriptions."""

    base: Annotated[Base, Meta(description="Smallest base image allowed for the final stage.")] = "auto"
    min_saving: Annotated[
        MinSaving,
        Meta(description="Smallest saving worth a rewrite: 5%, 5MB, or 5%,5MB for the larger of the two."),
    ] = MinSaving()
    annotate: Annotated[
        bool, Meta(description="Comment on each new stage, and on moved or changed steps.")
    ] = False
    build_args: Annotated[
        Mapping[str, str], Meta(description="Set the value of an ARG, as for docker build.")
    ] = field(default_factory=dict)
    keep_packages: Annotated[
        tuple[str, ...], Meta(description="System packages that the final image must contain.")
    ] = ()
    keep_paths: Annotated[
        tuple[str, ...], Meta(description="Files and directories that the final image must contain.")
    ] = ()
    keep_commands: Annotated[tuple[str, ...], Meta(description="Programs needed at run time.")] = ()
    min_glibc: Annotated[str, Meta(description="Oldest glibc release allowed in a new base image.")] = ""
    probes: Annotated[Mapping[str, Any], Meta(description="Requests and commands for `verify`.")] = field(
        default_factory=dict
    )
    builder: Annotated[Builder, Meta(description="Builder that will build the file.")] = "buildkit"
    drop_unused: Annotated[
        bool, Meta(description="Leave out system packages that you install by name and nothing uses.")
    ] = False
    no_recommends: Annotated[
        bool, Meta(description="Install no package in the final stage that others only recommend.")
    ] = False
    lean: Annotated[
        bool, Meta(description="Take every assumption that saves space: --drop-unused --no-recommends.")
    ] = False
    cache_mounts: Annotated[
        bool, Meta(description="Keep package downloads between builds, in cache mounts.")
    ] = False
    nonroot: Annotated[
        bool, Meta(description="Run the final image as a non-root user where that is sure to work.")
    ] = False
    debug_target: Annotated[
        bool, Meta(description="Add a stage named debug, with a shell, where the final stage has none.")
    ] = False
    single_stage: Annotated[bool, Meta(description="Keep one stage and clean it in place.")] = False
    exclude_assets: Annotated[
        bool, Meta(description="Exclude large static files that nothing refers to from the image.")
    ] = False
    dockerignore: Annotated[
        bool, Meta(description="Propose a .dockerignore file, or additions to the existing one.")
    ] = True
    bases: Annotated[Mapping[str, str], Meta(description="Your names of known base images.")] = field(
        default_factory=dict
    )
    templates: Annotated[str, Meta(description="Directory of templates that override slimify's own.")] = ""
    pr: Annotated[Mapping[str, Any], Meta(description="How pull and merge requests are made.")] = field(
        default_factory=dict
    )
    settings: str = ""  # path of the settings file, or ""
    ignored: tuple[Ignored, ...] = ()  # what is not taken from the repository's settings file

    def warnings(self, *settings: str) -> tuple[str, ...]:
        """Why parts of these settings are not taken from the repository."""
        return tuple(item.text for item in self.ignored if item.setting in settings)


def parse_min_saving(text: str) -> MinSaving:
    """Parse `5%`, `5MB`, `5%,5MB` or `0`. An omitted part is no limit.

    Raises ValueError with a message for anything else.
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
        match = re.fullmatch(_SIZE, part, re.IGNORECASE)
        if match is None or match[2].lower() not in _UNITS:
            raise ValueError(f'"{part}" is neither a percentage (5%) nor a size (5MB)')
        size = int(float(match[1]) * _UNITS[match[2].lower()])
    return MinSaving(percent=percent, bytes=size)


def words(given: Mapping[str, object]) -> tuple[str, ...]:
    """The command line options for values, given by their field in Options."""
    return tuple(word for name, value in given.items() for word in _option(name.replace("_", "-"), value))


def _option(name: str, value: object) -> tuple[str, ...]:
    if name == "settings":
        return ("--config", str(value)) if value else ("--isolated",)
    if isinstance(value, bool):
        return (f"--{name}" if value else f"--no-{name}",)
    if isinstance(value, Mapping):  # build_args
        return tuple(word for item in value.items() for word in ("--build-arg", "=".join(item)))
    return (f"--{name}", value.text if isinstance(value, MinSaving) else str(value))
