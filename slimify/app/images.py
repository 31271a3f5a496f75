"""Reads images by name from archives, layout directories, standard input or container engines.

Names follow dive and skopeo: `docker-archive:FILE[:NAME]`, `oci-archive:FILE[:NAME]`,
`oci:DIRECTORY[:NAME]`, `docker:NAME`, `podman:NAME`, with or without `//`. Any other name is an existing
file or layout directory, else an image of a container engine."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

from msgspec import Struct

from slimify.app import locate
from slimify.config.read_file import open_file
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex

if TYPE_CHECKING:
    from slimify.engine.containers import Engine
    from slimify.engine.model import EngineName
    from slimify.image.model import Image

NO_IMAGE: Final = "SL750"

_ENGINES: Final[tuple[EngineName, ...]] = ("docker", "podman", "buildah")
_FILES: Final = ("docker-archive", "docker-tar", "oci-archive", "oci")
_STORES: Final[dict[str, EngineName]] = {
    "docker": "docker",
    "docker-daemon": "docker",
    "podman": "podman",
    "containers-storage": "podman",
    "buildah": "buildah",
}
_SCHEME = regex(r"(?P<scheme>[a-z-]+):(?P<slashes>//)?(?P<rest>.+)", re.DOTALL)
_REFERENCE = regex(r"[A-Za-z0-9][\w.-]*(?::\d+)?(?:/[\w.-]+)*(?::[\w.-]+)?(?:@[\w.+-]+:[0-9a-fA-F]+)?")
_PATH = regex(r"[./~]|.*/\Z|.*\.(?:tar|tgz|tzst|gz|zst|oci)\Z|.*[\\\\]", re.DOTALL)
_LONGEST: Final = 512  # characters of a name with tag and digest (distribution/reference: 255, 128, 135)
_LAYOUT = ("index.json", "manifest.json", "oci-layout")


class ImageLocation(Struct, frozen=True, kw_only=True):
    """The location of an image: a file (`path` None: standard input), a directory, or an engine (None: the
    first that has it). `name` selects an image of the archive or engine."""

    kind: Literal["archive", "layout", "engine"]
    path: Path | None = None
    name: str = ""
    engine: EngineName | None = None


def locate_image(text: str, engine: EngineName | None = None) -> ImageLocation:
    """The location of the image that `text` names. Raises SlimifyError: SL901 for a missing file, SL750 for
    an invalid name."""
    if text == "-":
        return ImageLocation(kind="archive")
    found = _SCHEME.fullmatch(text)
    if found and found["scheme"] in _FILES and not _exists(Path(text)):
        return _file_location(found["rest"], directory=found["scheme"] == "oci")
    if found and found["scheme"] in _STORES and (found["slashes"] or re.search(r"[:/]", found["rest"])):
        # `docker:dind` is a name with a tag: a tag has no colon or slash.
        return ImageLocation(kind="engine", name=_reference(found["rest"]), engine=_STORES[found["scheme"]])
    if engine is None or _PATH.match(text):
        path = Path(text)
        is_there = _exists(path)
        if is_there and not path.is_dir():
            return ImageLocation(kind="archive", path=path)
        if is_there and any((path / name).is_file() for name in _LAYOUT):
            return ImageLocation(kind="layout", path=path)
        if is_there and _PATH.match(text):
            raise SlimifyError(
                NO_IMAGE, "the directory contains no image", hint="an OCI layout has an index.json"
            )
        if _PATH.match(text):
            raise _missing("file")
    return ImageLocation(kind="engine", name=_reference(text), engine=engine)


def read_located(
    where: ImageLocation,
    keep: Callable[[str], bool],
    *,
    equal: int = 0,
    compress: int = 0,
    platform: str = "",
) -> Image:
    from slimify.image import archive
    from slimify.image.layer import ReadOptions

    options = ReadOptions(keep=keep, equal=equal, compress=compress)
    if where.kind == "layout":
        assert where.path is not None
        return archive.read_layout(where.path, options, name=where.name, platform=platform)
    with _open_stream(where) as stream:
        name = where.name if where.kind == "archive" else ""
        return archive.read(stream, options, name=name, platform=platform)


@contextmanager
def _open_stream(where: ImageLocation) -> Iterator[BinaryIO]:
    if where.kind == "engine":
        engine, name = _engine_with_image(where.name, where.engine)
        with engine, engine.archive(name) as stream:
            yield stream
    elif where.path is None:
        if sys.stdin.isatty():
            hint = "pipe an image into it: docker save IMAGE | slimify analyze -"
            raise SlimifyError(locate.NOT_READABLE, "standard input is a terminal", hint=hint)
        yield sys.stdin.buffer
    else:
        try:
            with open_file(where.path) as stream:
                yield stream
        except OSError as error:
            message = f"cannot read the file: {error.strerror or error}"
            raise SlimifyError(locate.NOT_READABLE, message) from error


def _engine_with_image(name: str, wanted: EngineName | None) -> tuple[Engine, str]:
    """The engine that has an image, and the full name of the image. Nothing is pulled.

    Docker saves all tags of an untagged name, so `latest` is added unless the name is an id.
    """
    from slimify.engine.detect import detect
    from slimify.engine.model import EngineProblem

    last = name.rpartition("/")[2]
    names = (name,) if ":" in last or "@" in last else (f"{name}:latest", name)
    asked, problems = [], []
    for candidate in (wanted,) if wanted else _ENGINES:
        try:
            engine = detect(candidate)
            asked.append(engine.name)
            for full in names:
                if engine.available(full):
                    return engine, full
        except EngineProblem as problem:
            problems.append(problem)
    serious = [problem for problem in problems if problem.kind != "missing"]
    if serious or not asked:
        raise (serious or problems)[0]
    who = " and ".join(dict.fromkeys(asked))
    hint = f"pull or build it first ({asked[0]} pull {name}), or give the path of an archive"
    raise SlimifyError(NO_IMAGE, f"{who} {'have' if len(asked) > 1 else 'has'} no such image", hint=hint)


def _file_location(rest: str, *, directory: bool) -> ImageLocation:
    """The location of `PATH` or `PATH:NAME`; both may contain colons."""
    kind: Literal["archive", "layout"] = "layout" if directory else "archive"
    if rest == "-":
        return ImageLocation(kind="archive")
    cuts = [len(rest), *(match.start() for match in re.finditer(":", rest))]
    for cut in sorted(cuts, reverse=True):
        path = Path(rest[:cut])
        if cut and _exists(path):
            name = rest[cut + 1 :]
            return ImageLocation(kind="layout" if path.is_dir() else kind, path=path, name=name)
    raise _missing("directory" if directory else "file")


def _missing(what: str) -> SlimifyError:
    return SlimifyError(
        locate.NOT_READABLE, f"no such {what}", hint="`docker save -o FILE IMAGE` creates an archive"
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, a NUL byte
        return False


def _reference(text: str) -> str:
    if len(text) > _LONGEST or not _REFERENCE.fullmatch(text):
        hint = "an image as `docker images` names it, an archive of `docker save`, or - for standard input"
        raise SlimifyError(NO_IMAGE, "neither a file nor a valid name of an image", hint=hint)
    return text
