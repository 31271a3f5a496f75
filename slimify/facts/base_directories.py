"""The directories that base images have."""

from __future__ import annotations

from functools import cache

from slimify.facts.images import ImageFacts
from slimify.facts.language_files import all_files, files_of
from slimify.facts.system import distribution_directories, distroless_directories


def base_directories(base: ImageFacts | None) -> frozenset[str]:
    """The directories of a base image that applications use: those of the distribution, and those that only
    images of a language have. An unknown image (None) may have any of them."""
    if base is None:
        return _directories(*(one.open for one in all_files()))
    if base.is_distroless:
        return distroless_directories()
    return _directories(files_of(base.language).open)


@cache
def _directories(*own: tuple[str, ...]) -> frozenset[str]:
    return distribution_directories().union(*own)
