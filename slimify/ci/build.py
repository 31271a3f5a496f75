"""The image to build, and the cache flags and inputs for each CI system from facts/ci.toml."""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import Struct

from slimify.facts import load
from slimify.model.decisions import Reason

Kind = Literal["kaniko", "github", "gitlab", "buildx"]

_TAGS: dict[str, str] = {
    "kaniko": "${_LOCATION}-docker.pkg.dev/$PROJECT_ID/${_REPOSITORY}/{name}",
    "github": "${{ steps.meta.outputs.tags }}",
    "gitlab": "$CI_REGISTRY_IMAGE{path}:$CI_COMMIT_SHORT_SHA",
    "buildx": "$IMAGE",
}
_SUBSTITUTIONS = (("_LOCATION", "us"), ("_REPOSITORY", "images"))


class Build(Struct, frozen=True, kw_only=True):
    """One image. Paths are relative to the repository root; `name` is the name of the Dockerfile's directory;
    `path` distinguishes the image from others in the repository: "" at the root, else `/services-web`."""

    kind: Kind
    dockerfile: str
    context: str
    name: str
    path: str = ""
    given_tag: str = ""
    ttl: int = 168
    branch: str = "main"

    @property
    def tag(self) -> str:
        return self.given_tag or _TAGS[self.kind].replace("{name}", self.name).replace("{path}", self.path)

    @property
    def substitutions(self) -> tuple[tuple[str, str], ...]:
        return _SUBSTITUTIONS if self.kind == "kaniko" and not self.given_tag else ()

    @property
    def metadata(self) -> str:
        """The image name for docker/metadata-action, which creates a lower-case tag; "" for a given tag."""
        return "" if self.given_tag else f"ghcr.io/${{{{ github.repository }}}}{self.path}"

    @property
    def registry(self) -> str:
        head, slash, _ = (self.given_tag or "ghcr.io/").partition("/")
        return head if slash and re.search(r"[.:]|^localhost$", head) else "docker.io"

    @property
    def job(self) -> str:
        return f"image{self.path.replace('/', '-')}"

    @property
    def cache(self) -> str:
        """The cache image in the registry: the name of the image with its own tag."""
        if self.kind == "gitlab" and not self.given_tag:
            return f"$CI_REGISTRY_IMAGE{self.path}:buildcache"
        if not self.given_tag:
            return "$IMAGE-buildcache"
        head, slash, last = self.given_tag.rpartition("/")
        return f"{head}{slash}{last.partition('@')[0].partition(':')[0]}:buildcache"

    @property
    def file(self) -> str:
        """The path of the CI file; "" for a plain command."""
        return str(_row(self.kind)["file"])

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(map(self._filled, _row(self.kind).get("flags", ())))

    @property
    def inputs(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, self._filled(value)) for name, value in _row(self.kind).get("inputs", ()))

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The purpose of the cache, and why it holds all stages (Kaniko's always does)."""
        if self.kind == "kaniko":
            return (Reason.of("SL380", "kaniko", hours=self.ttl),)
        return _KEPT[self.kind], Reason.of("SL381", "all_stages")

    def _filled(self, text: str) -> str:
        # builds with the same scope overwrite each other's cache: docs.docker.com/build/cache/backends/gha
        scope = f",scope={self.path.strip('/')}" if self.path else ""
        return text.replace("{ttl}", str(self.ttl)).replace("{cache}", self.cache).replace("{scope}", scope)


_KEPT = {
    "github": Reason.of("SL380", "github"),
    "gitlab": Reason.of("SL380", "gitlab"),
    "buildx": Reason.of("SL380", "buildx"),
}


def _row(kind: Kind) -> dict[str, Any]:
    row: dict[str, Any] = load("ci.toml")[kind]
    return row
