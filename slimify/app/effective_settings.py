"""Use case `config`: the effective settings of a Dockerfile, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from slimify import config
from slimify.app.locate import Target
from slimify.config import Layer, Options


class Settings(Struct, frozen=True, kw_only=True):
    """Effective `options`, the tables of the settings file (`layers`; later ones override earlier ones), and
    the values `given` on the command line, which override all."""

    name: str
    options: Options
    layers: tuple[Layer, ...]
    given: Mapping[str, object]


def settings_of(target: Target, given: Mapping[str, object]) -> Settings:
    """The effective settings of a Dockerfile; `given` (by field of Options) overrides the settings file.

    Raises SlimifyError for an invalid settings file.
    """
    path, layers = config.layers(target.directory, target.path, given)
    options = config.fold(path, layers, given)
    return Settings(name=target.name, options=options, layers=layers, given=given)
