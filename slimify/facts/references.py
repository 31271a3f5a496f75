"""Parses image references: `[registry/]name[:tag][@digest]`.

By the grammar of the distribution project, the part before the first slash is a registry only if it contains
a dot or a port, or is `localhost`."""

from __future__ import annotations

from msgspec import Struct

from slimify.facts import load, words
from slimify.model.regex import regex

_REFERENCE = regex(
    r"(?P<name>(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>[A-Za-z0-9+._-]+:[0-9a-fA-F]{32,}))?"
)


class Reference(Struct, frozen=True, kw_only=True):
    """The parts of a reference. `prefix + name` is the name as written; `official`: a Docker Official
    Image."""

    prefix: str  # "public.ecr.aws/docker/library/", or ""
    name: str  # "golang", "oven/bun", "gcr.io/distroless/static-debian12"
    tag: str  # "" if there is none
    digest: str  # "sha256:…" or ""
    official: bool

    def with_tag(self, tag: str) -> str:
        """The same image with another tag and without a digest."""
        return f"{self.prefix}{self.name}:{tag}" if tag else f"{self.prefix}{self.name}"


def parse_reference(text: str) -> Reference | None:
    """The parts of a FROM reference; None for `scratch`, a variable, or invalid syntax."""
    found = _REFERENCE.fullmatch(text)
    if not found or text == "scratch":
        return None
    prefix, name = _split_prefix(found["name"])
    return Reference(
        prefix=prefix,
        name=name,
        tag=found["tag"] or "",
        digest=found["digest"] or "",
        official="/" not in name,
    )


def is_public_image(name: str) -> bool:
    """Whether a name, perhaps with variables, is that of an image that is published for everybody: an
    official one, from any registry, or one of a known organisation."""
    *owners, last = name.partition("@")[0].split("/")
    public = (words("public-images.toml", kind) for kind in ("official", "publishers"))
    official, publishers = map(frozenset, public)
    return last.partition(":")[0] in official or not publishers.isdisjoint(owners)


def is_project_image(name: str) -> bool:
    """Whether a name begins with a variable that stands for the images of the repository itself."""
    return name.partition("/")[0].lstrip("$").strip("{}") in words("public-images.toml", "project")


def _split_prefix(name: str) -> tuple[str, str]:
    """The prefix for Docker Hub, a mirror or an architecture, and the rest of the name."""
    names = load("images.toml")["names"]
    prefix = next((p for p in names["prefixes"] if name.startswith(p)), "")
    rest = name[len(prefix) :]
    head, slash, tail = rest.partition("/")
    if slash and "/" not in tail and (head in names["architectures"] or head == "library"):
        return prefix + head + slash, tail
    return prefix, rest
