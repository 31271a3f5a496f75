"""What a run can be told, and how a floor for savings is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

Base = Literal["auto", "minimal", "slim", "same"]
Builder = Literal["buildkit", "kaniko", "buildah", "legacy"]

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = r"(\d+(?:\.\d+)?)\s*([a-z]*)"


class MinSaving(Struct, frozen=True, kw_only=True):
    """The saving a rewrite must reach: the larger of `percent` of the original image and `bytes`."""

    percent: float = 5.0
    bytes: int = 5_000_000

    @property
    def text(self) -> str:
        """As it is written on the command line: `5%`, `5MB`, `5%,5MB`."""
        size = f"{self.bytes // 10**6}MB" if self.bytes % 10**6 == 0 else f"{self.bytes}B"
        share = [f"{self.percent:g}%"] if self.percent else []
        return ",".join([*share, size] if self.bytes or not share else share)

    def floor(self, original: int) -> int:
        """The least saving, in bytes, that pays for an image of `original` bytes."""
        return max(self.bytes, int(original * self.percent / 100))

    def in_place(self, original: int) -> int:
        """The same where one stage was asked for, or is all that can change: the base image stays, so that
        by default no share of it counts."""
        return self.bytes if self == MinSaving() else self.floor(original)


class Options(Struct, frozen=True, kw_only=True):
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
    single_stage: bool = False
    debug_target: bool = False
    dockerignore: bool = True
    exclude_assets: bool = False
    bases: Mapping[str, str] = field(default_factory=dict)  # see facts.basemap
    templates: str = ""  # a directory whose templates come before slimify's own
    pr: Mapping[str, Any] = field(default_factory=dict)  # see config.pr
    settings: str = ""  # the file that they come from, "" without one


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
        match = re.fullmatch(_SIZE, part, re.IGNORECASE)
        if match is None or match[2].lower() not in _UNITS:
            raise ValueError(f'"{part}" is neither a share (5%) nor a size (5MB)')
        size = int(float(match[1]) * _UNITS[match[2].lower()])
    return MinSaving(percent=percent, bytes=size)
