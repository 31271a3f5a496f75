"""Reads a built image from its archive: layers, files, ELF files, package databases."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from typing import Any

from slimify.engine.containers import Engine
from slimify.facts import mediatypes
from slimify.facts.language_files import is_in_package
from slimify.facts.shells import is_shell_file
from slimify.image import archive
from slimify.image.layer import ReadOptions
from slimify.image.model import Image
from slimify.image.packages import is_database
from slimify.languages import languages
from slimify.model.dockerfile import Instruction
from slimify.model.errors import SlimifyError
from slimify.syntax.dockerfile.history import match_history
from slimify.syntax.dockerfile.parser import parse
from slimify.verify.disk.evidence import Side

# Files whose content is read, besides package databases: accounts, configuration of the dynamic linkers.
_KEPT_FILES = frozenset({"/etc/passwd", "/etc/group", "/etc/ld.so.cache", mediatypes.TABLE})
_KEPT_PREFIXES = ("/etc/ld-musl-",)


def read_side(
    engine: Engine,
    tag: str,
    dockerfile: bytes,
    *,
    digests: Iterable[str] = (),
    sizes: dict[str, int],
) -> Side:
    """Reads the image with `tag` from the engine, as a stream.

    `digests` are paths whose content will be compared, as that of installed packages is; `sizes` caches the
    compressed sizes of layers across images. Raises EngineProblem, and SlimifyError for an invalid archive.
    """
    config: Any = engine.inspect(tag).get("Config") or {}
    with engine.archive(tag) as stream:
        keep = _content_filter(config)
        every = bool(tuple(digests))
        options = ReadOptions(keep=keep, digests=every, hashed=is_in_package, compress=1, sizes=sizes)
        image = archive.read(stream, options)
    own = own_layers(dockerfile, image)
    copied = (layer for one, layer in own or () if one.keyword in ("ADD", "COPY") and not one.flag("from"))
    return Side(
        image=image,
        files=image.files,
        first_own_layer=0 if own is None else min((layer for _, layer in own), default=len(image.layers)),
        context_layers=frozenset(copied),
    )


def _content_filter(config: Any) -> Callable[[str], bool]:
    words = (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))
    started = {posixpath.basename(part) for word in words for part in str(word).split()}
    manifests = [part for known in languages() if (part := known.installed_packages) is not None]

    def keep(path: str) -> bool:
        name = posixpath.basename(path)
        return (
            path in _KEPT_FILES
            or path.startswith(_KEPT_PREFIXES)
            or is_database(path)
            or any(part.is_manifest(path) for part in manifests)
            or name in started
            or (
                (is_shell_file(name) or name.endswith("entrypoint"))
                and not path.startswith(("/usr/share", "/usr/lib"))
            )
        )

    return keep


def own_layers(dockerfile: bytes, image: Image) -> tuple[tuple[Instruction, int], ...] | None:
    """The layers that the Dockerfile's last stage made, each with its instruction; None if unknown."""
    try:
        pairs = match_history(parse(dockerfile, "Dockerfile"), image.history)
    except SlimifyError:
        return None
    if pairs is None:
        return None
    return tuple((instruction, step.layer) for instruction, step in pairs if step.layer is not None)
