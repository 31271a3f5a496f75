"""A Dockerfile named on the command line → the settings in force for it, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from slimify import config
from slimify.app.locate import Target
from slimify.config import Layer, Options


class Settings(Struct, frozen=True, kw_only=True):
    """`options` are what counts; `layers` the tables of the settings file, each on top of the one before;
    `given` what is said on top of all."""

    name: str
    options: Options
    layers: tuple[Layer, ...]
    given: Mapping[str, object]


def settings_of(target: Target, given: Mapping[str, object]) -> Settings:
    """The settings in force for a Dockerfile, with `given` on top, by the field in Options.

    Raises SlimifyError for a settings file that can't be read or understood.
    """
    path, layers = config.layers(target.directory, target.path)
    options = replace(config.fold(path, layers), **given)
    return Settings(name=target.name, options=options, layers=layers, given=given)
