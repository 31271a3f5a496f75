"""Which image files of the repository mean by a name: one answer for everything that runs images."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable

from msgspec import Struct

from slimify.facts.references import is_project_image, is_public_image
from slimify.model.regex import regex

_DEFAULT = regex(r"\$\{(?P<name>\w+)(?::?-(?P<default>[^{}]*)|:?[?][^{}]*)?\}")
_PART = regex(r"[^a-z0-9]+")


def repository(image: str) -> str:
    """The last path component of an image name, without tag and digest. A variable counts as its default."""
    return _expanded(image).rpartition("/")[2].partition("@")[0].partition(":")[0]


class ImageNames(Struct, frozen=True, kw_only=True):
    """The names that files of the repository give the image, and those that they give others: the last part
    of each, without tag. `dockerfile` is the path of its Dockerfile, and `dockerfiles` finds all of the
    repository."""

    own: frozenset[str]
    others: frozenset[str] = frozenset()
    dockerfile: str = "Dockerfile"
    dockerfiles: Callable[[], Iterable[str]] = tuple

    def means_own(self, image: str) -> bool:
        """Whether a name is one of the image."""
        return repository(image) in self.own

    def may_mean_own(self, image: str, *, elsewhere: bool = False) -> bool:
        """Whether a name may be one of the image: also one that nothing here explains, unless it is that of
        a public image, or fits another Dockerfile. `elsewhere`: the file names the image elsewhere, so
        that another constant name means another image."""
        name = repository(image)
        if name in self.own or not name:
            return name in self.own
        if name in self.others or is_public_image(_expanded(image)):
            return False
        elsewhere = elsewhere and not is_project_image(image)
        return "$" in name or not (elsewhere or self._fits_another(name))

    def _fits_another(self, name: str) -> bool:
        """Whether it contains the name of another Dockerfile, and not that of the image's."""
        parts = _parts(name)
        labels = {path: _labels(path) for path in {self.dockerfile, *self.dockerfiles()}}
        fitting = {path for path, found in labels.items() if any(set(label) <= set(parts) for label in found)}
        return bool(fitting) and self.dockerfile not in fitting


def _expanded(image: str) -> str:
    return _DEFAULT.sub(lambda found: found["default"] or f"${found['name']}", image)


def _labels(dockerfile: str) -> list[list[str]]:
    """The parts of what a Dockerfile is called after: its directory, or the rest of its name."""
    rest = re.sub("dockerfile|containerfile", "", posixpath.basename(dockerfile).lower())
    texts = (rest, posixpath.basename(posixpath.dirname(dockerfile)))
    return [parts for text in texts if (parts := _parts(text))]


def _parts(name: str) -> list[str]:
    return [part for part in _PART.split(name.lower()) if part]
