"""Files of platforms and CI services that run commands in an image."""

from __future__ import annotations

import re
from functools import cache, cached_property

from msgspec import Struct, convert

from slimify.facts import load


class PlatformFile(Struct, frozen=True, kw_only=True, dict=True):
    """One row of platforms.toml, which describes the fields."""

    files: str
    units: str = ""
    image: str = ""
    default_image: str = ""
    variables: str = ""
    dockerfile: str = ""
    target: str = ""
    compose: str = ""
    service: str = ""
    commands: str = ""
    checks: str = ""
    kind: str = ""
    kinds: tuple[str, ...] = ()
    beside: str = ""
    many: bool = False
    builds: bool = False
    ci: bool = False
    develops: bool = False

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.files)

    def describes(self, path: str) -> bool:
        """Whether a path is that of such a file."""
        return self._pattern.fullmatch(path) is not None

    def may_name_an_image(self, text: str) -> bool:
        """Whether a file with this text may say which image it runs: reading it as YAML costs more."""
        places = f"{self.image} {self.default_image} {self.dockerfile} {self.compose}".split()
        named = self.builds or any(place.rpartition(".")[2] in text for place in places)
        units = ([key for key in place.split(".") if "*" not in key] for place in self.units.split() or ("",))
        return named and any(all(key in text for key in keys) for keys in units)


@cache
def platform_files() -> tuple[PlatformFile, ...]:
    """All rows."""
    return tuple(convert(load("platforms.toml")["rows"], list[PlatformFile]))


@cache
def _working() -> re.Pattern[str]:
    return re.compile(load("platforms.toml")["stages"]["working"])


def is_working_stage(name: str) -> bool:
    """Whether the name of a stage is for developers, tests or builds: no service runs it."""
    return _working().search(name) is not None


@cache
def _any() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{row.files})" for row in platform_files()))


def is_platform_file(path: str) -> bool:
    """Whether a row describes the file."""
    return _any().fullmatch(path) is not None
