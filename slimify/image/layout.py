"""Selects an image of an archive and lists its blobs.

Supports `manifest.json` of `docker save` (moby's image/tarexport, podman's docker-archive) and
`index.json` of the OCI image layout specification. Docker writes both.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from slimify.image.streams import ImageError, damaged, not_an_image, unsafe
from slimify.model.regex import regex

DEPTH: Final = 4  # of nested indexes; builders write two
IMAGES: Final = 1000
DIGEST = regex(r"(?P<kind>[a-z0-9]+(?:[+._-][a-z0-9]+)*):(?P<value>[A-Za-z0-9=_-]+)")
NAME_ANNOTATIONS = ("io.containerd.image.name", "org.opencontainers.image.ref.name")

Load = Callable[[str], bytes | None]  # the JSON text of a member, or None


class Choice(Struct, frozen=True, kw_only=True):
    """An image of the archive: the member names of its configuration and layers."""

    config: str
    layers: tuple[str, ...]
    names: tuple[str, ...] = ()
    platform: str = ""

    @property
    def id(self) -> str:
        """The digest of the configuration, if its file name contains it."""
        found = re.search(r"[0-9a-f]{64}", self.config)
        return f"sha256:{found[0]}" if found else ""


def choose(load: Load, name: str, platform: str) -> Choice:
    """The image called `name`, or the only one. `platform` is OS/ARCH[/VARIANT] or "".

    Raises ImageError SL601 if no image matches, or if several do.
    """
    choices = _distinct_choices([*_docker_choices(load)] or [*_oci_choices(load)])
    if not choices:
        raise not_an_image(
            "The archive contains no image: it has neither manifest.json nor index.json.",
            hint="Use `docker save IMAGE`; `docker export` writes only the files of a container.",
        )
    wanted = [choice for choice in choices if not name or _is_named(choice, name)]
    if not wanted:
        raise not_an_image(f"The archive has no image {name!r}.", hint=f"It has {_names_of(choices)}.")
    if platform:
        wanted = [choice for choice in wanted if choice.platform in ("", platform)]
        if not wanted:
            raise not_an_image(
                f"The archive has no image for {platform}.", hint=f"It has {_names_of(choices)}."
            )
    if len(wanted) > 1:
        raise not_an_image(f"The archive has {len(wanted)} images.", hint=f"Name one of {_names_of(wanted)}.")
    return wanted[0]


def blob(digest: object) -> str:
    """The member of an OCI layout that contains a blob. Raises ImageError SL603 for a malformed digest,
    which could name any file."""
    match = DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    if not match:
        raise unsafe("The archive names a blob by a malformed digest.")
    return f"blobs/{match['kind']}/{match['value']}"


def member_name(name: str) -> str:
    """A member's name as manifests refer to it: relative, without `.`; "" if it is outside."""
    path = posixpath.normpath(name.lstrip("/")) if name.strip("/") else ""
    return "" if path in (".", "..") or path.startswith("../") else path


def json_value(text: bytes) -> object:
    """The value of a JSON member. Raises ImageError SL602 if it is malformed."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise damaged("A manifest in the image is not valid JSON.") from None


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in sequence(value) if isinstance(item, str))


def _docker_choices(load: Load) -> Iterator[Choice]:
    text = load("manifest.json")
    for item in sequence(json_value(text))[:IMAGES] if text is not None else ():
        entry = mapping(item)
        config = entry.get("Config")
        if not isinstance(config, str):
            raise damaged("manifest.json names no configuration.")
        layers = tuple(member_name(layer) for layer in strings(entry.get("Layers")))
        yield Choice(config=member_name(config), layers=layers, names=strings(entry.get("RepoTags")))


def _oci_choices(load: Load) -> Iterator[Choice]:
    """Every image of the index that is in the archive; images of other platforms may be missing."""
    waiting: list[tuple[str, tuple[str, ...], str, int]] = [("index.json", (), "", 0)]
    missing: ImageError | None = None
    seen = found = 0
    while waiting:
        name, names, platform, depth = waiting.pop()
        seen += 1
        if depth > DEPTH or seen + len(waiting) > IMAGES:
            raise unsafe("The archive nests image indexes too deeply, or names too many images.")
        text = load(name)
        if text is None:
            if depth:
                missing = missing or damaged("The archive lacks a manifest that its index names.")
            continue
        manifest = mapping(json_value(text))
        if "manifests" not in manifest:
            choice = _oci_choice(manifest, names, platform)
            if load(choice.config) is None:
                missing = missing or damaged(f"The archive lacks {choice.config}.")
                continue
            found += 1
            yield choice
            continue
        for item in sequence(manifest["manifests"])[:IMAGES]:
            descriptor = mapping(item)
            annotations = mapping(descriptor.get("annotations"))
            if "vnd.docker.reference.type" in annotations:
                continue  # an attestation
            own = tuple(str(annotations[key]) for key in NAME_ANNOTATIONS if key in annotations)
            where = _platform(mapping(descriptor.get("platform"))) or platform
            waiting.append((blob(descriptor.get("digest")), own or names, where, depth + 1))
    if missing and not found:
        raise missing


def _oci_choice(manifest: Mapping[str, object], names: tuple[str, ...], platform: str) -> Choice:
    layers = [mapping(layer).get("digest") for layer in sequence(manifest.get("layers"))]
    config = mapping(manifest.get("config"))
    return Choice(
        config=blob(config.get("digest")),
        layers=tuple(blob(digest) for digest in layers),
        names=names,
        platform=platform,
    )


def _platform(value: Mapping[str, object]) -> str:
    parts = (value.get("os"), value.get("architecture"), value.get("variant"))
    return "/".join(part for part in parts if isinstance(part, str) and part)


def _distinct_choices(choices: list[Choice]) -> list[Choice]:
    """The distinct images. Duplicates are merged, with all their names."""
    found: dict[tuple[str, tuple[str, ...]], Choice] = {}
    for choice in choices:
        key = choice.config, choice.layers
        same = found.get(key)
        names = tuple(dict.fromkeys((*same.names, *choice.names))) if same else choice.names
        found[key] = Choice(config=choice.config, layers=choice.layers, names=names, platform=choice.platform)
    return list(found.values())


def _is_named(choice: Choice, name: str) -> bool:
    if any(_full_reference(name) == _full_reference(known) or name == known for known in choice.names):
        return True
    digits = name.removeprefix("sha256:")
    return len(digits) >= 6 and choice.id.removeprefix("sha256:").startswith(digits)


def _full_reference(name: str) -> str:
    """A reference in its full form, with default registry and tag (distribution/reference)."""
    for prefix in ("docker.io/", "index.docker.io/", "library/", "localhost/"):
        name = name.removeprefix(prefix)
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"


def _names_of(choices: Sequence[Choice]) -> str:
    shown = [" ".join((*item.names, item.platform)).strip() or item.id or item.config for item in choices]
    return ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "")
