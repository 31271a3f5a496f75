"""Images from archives and layout directories.

`docker save` writes a tar in which the layers may come before what says which of them belong to the
image, and in any order. So each member that looks like a layer is walked as it flows by, those that
look like JSON are kept, and all is put together at the end. Nothing is read twice, nothing is
unpacked, and memory grows with the number of files, not with their size.

Layouts: `manifest.json` with `*/layer.tar` (docker before 25, podman), the OCI image layout with
`blobs/…` as a tar or a directory; layers plain, gzip or zstd; the whole archive compressed as well.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from msgspec.structs import replace

from slimify.image.fields import is_header
from slimify.image.layer import Blob, Wants, nothing, scan, whole
from slimify.image.layout import Choice, choose, mapping, member_name, parsed, sequence, strings
from slimify.image.model import Elf, Image, Layer, Step
from slimify.image.streams import (
    Budget,
    FileReader,
    ImageError,
    Reader,
    damaged,
    not_an_image,
    unpacked,
    unsafe,
)
from slimify.image.tar import Content, Member, Tar
from slimify.image.tree import Files

JSON_LIMIT: Final = 4 * 1024 * 1024  # as registries have it for manifests
JSON_TOTAL: Final = 64 * 1024 * 1024  # in an archive that is no image all sorts of JSON may lie
TAIL: Final = 16 * 1024 * 1024  # what is read of a pipe behind the end of the archive
ALIASES: Final = 10  # links from one member of the archive to the next
LAYERS: Final = 500  # of an image; engines mount a quarter of that
LAYER_COST: Final = 2000  # bytes that a layer takes in memory, beside its entries
T = TypeVar("T")


def read(
    stream: BinaryIO,
    *,
    keep: Callable[[str], bool] = nothing,
    digests: bool = False,
    elves: bool = True,
    heads: bool = True,
    compress: int = 0,
    sizes: dict[str, int] | None = None,
    name: str = "",
    platform: str = "",
) -> Image:
    """The image in an archive that comes through a file or a pipe.

    `name` (NAME[:TAG] or an id) says which of several images, `platform` (OS/ARCH[/VARIANT]) for
    which system; the other options are those of `Wants`. Errors: ImageError, SL601 for what is no
    archive of images or has not the one that is asked for, SL602 for a damaged one, SL603 for a
    hostile one.
    """
    known = {} if sizes is None else sizes
    wants = Wants(keep=keep, digests=digests, elves=elves, heads=heads, compress=compress, sizes=known)
    reader: Reader = FileReader(stream)
    archive = _Archive(_tar_of(reader), wants)
    archive.take_in()
    reader.drain(TAIL)
    return _assemble(archive.json, archive.layer, choose(archive.json, name, platform))


def read_layout(
    directory: Path,
    *,
    keep: Callable[[str], bool] = nothing,
    digests: bool = False,
    elves: bool = True,
    heads: bool = True,
    compress: int = 0,
    sizes: dict[str, int] | None = None,
    name: str = "",
    platform: str = "",
) -> Image:
    """The image in a layout directory, or in the directory of an unpacked archive. As `read`."""
    known = {} if sizes is None else sizes
    wants = Wants(keep=keep, digests=digests, elves=elves, heads=heads, compress=compress, sizes=known)
    layout = _Directory(directory, wants)
    return _assemble(layout.json, layout.layer, choose(layout.json, name, platform))


# --- where the parts come from --------------------------------------------------------------------


def _tar_of(reader: Reader) -> Reader:
    """The archive without its compression, made sure that it is a tar."""
    if not reader.peek(1):
        raise not_an_image("The image is empty: nothing could be read.")
    reader, _ = unpacked(reader)
    start = reader.peek(512)
    if not is_header(start):
        raise not_an_image(
            "This is no image: it is not a tar archive.",
            hint="`docker save IMAGE` writes one that slimify reads.",
        )
    return reader


class _Archive:
    """The members of an archive, by name, as they flow by."""

    def __init__(self, reader: Reader, wants: Wants) -> None:
        self._budget = Budget()
        self._tar = Tar(reader, self._budget)
        self._wants = wants
        self._texts: dict[str, bytes] = {}
        self._texts_left = JSON_TOTAL
        self._layers: dict[str, Blob | ImageError] = {}
        self._aliases: dict[str, str] = {}

    def take_in(self) -> None:
        for member in self._tar:
            name = member_name(member.name)
            if member.kind in ("symlink", "hardlink"):
                # The old layout stores a layer that two images share once.
                above = posixpath.dirname(name) if member.kind == "symlink" else ""
                self._aliases[name] = member_name(posixpath.join(above, member.target))
            elif member.kind == "file" and member.sparse is None:
                self._take(name, member)

    def _take(self, name: str, member: Member) -> None:
        start = self._tar.peek(512)
        if start.lstrip()[:1] in (b"{", b"[") and not is_header(start):
            if member.size <= min(JSON_LIMIT, self._texts_left):
                self._texts_left -= member.size
                self._texts[name] = bytes(whole(self._tar.pieces(), member.size))
            return
        # Which layers are wanted is not known yet: a damaged one matters if it is.
        try:
            layer = _layer(Content(self._tar), name, member.size, self._wants, self._budget)
        except ImageError as error:
            if error.code == "SL601" or self._budget.left < 0:
                raise
            # Without its traceback, which holds on to all that was being read.
            self._layers[name] = ImageError(error.code, error.message, hint=error.hint)
        else:
            if layer is not None:
                self._layers[name] = layer

    def json(self, name: str) -> bytes | None:
        return self._follow(self._texts, name)

    def layer(self, name: str) -> Blob | ImageError | None:
        return self._follow(self._layers, name)

    def _follow(self, members: Mapping[str, T], name: str) -> T | None:
        for _ in range(ALIASES):
            if name in members or name not in self._aliases:
                return members.get(name)
            name = self._aliases[name]
        return None


class _Directory:
    """The files of a layout directory; only those that the image needs are opened."""

    def __init__(self, root: Path, wants: Wants) -> None:
        self._root, self._wants = root.resolve(), wants
        self._budget = Budget()

    def json(self, name: str) -> bytes | None:
        path = self._path(name)
        if path is None:
            return None
        try:
            if path.stat().st_size > JSON_LIMIT:
                return None
            return path.read_bytes()
        except OSError as error:
            raise damaged(f"{name} of the image cannot be read: {error.strerror}.") from error

    def layer(self, name: str) -> Blob | None:
        path = self._path(name)
        if path is None:
            return None
        try:
            with path.open("rb") as stream:
                return _layer(FileReader(stream), name, path.stat().st_size, self._wants, self._budget)
        except OSError as error:
            raise damaged(f"{name} of the image cannot be read: {error.strerror}.") from error

    def _path(self, name: str) -> Path | None:
        """The file, if there is one and it is inside."""
        try:
            path = (self._root / name).resolve()
            return path if path.is_relative_to(self._root) and path.is_file() else None
        except (OSError, RuntimeError, ValueError):  # too long, a loop of links, a NUL byte
            return None


def _layer(content: Reader, name: str, size: int, wants: Wants, budget: Budget) -> Blob | None:
    """What is in a layer of `size` stored bytes; None for what is no tar, compressed or not."""
    reader, how = unpacked(content)
    try:
        start = reader.peek(512)
    except ImageError:
        if how:
            raise
        return None
    if start and not is_header(start) and start.strip(b"\0"):
        return None
    budget.spend(LAYER_COST)
    if not how and wants.compress and name not in wants.sizes:
        blob = _measured(reader, wants, budget)
        if name.startswith("blobs/") and blob.compressed is not None:
            wants.sizes[name] = blob.compressed
        return blob
    blob = scan(reader, wants, budget)
    blob.compressed = size if how else wants.sizes.get(name)
    return blob


def _measured(reader: Reader, wants: Wants, budget: Budget) -> Blob:
    """A layer that is stored as it is, and what gzip would make of it."""
    from slimify.image.deflate import Deflated

    packed = Deflated(reader, wants.compress)
    try:
        blob = scan(packed, wants, budget)
        blob.compressed = packed.total()
    finally:
        packed.close()
    return blob


# --- putting it together --------------------------------------------------------------------------


def _assemble(
    load: Callable[[str], bytes | None], layer: Callable[[str], Blob | ImageError | None], choice: Choice
) -> Image:
    text = load(choice.config)
    if text is None:
        raise damaged(f"The archive lacks the image's configuration, {choice.config or '(no name)'}.")
    config = mapping(parsed(text))
    blobs: list[Blob] = []
    if len(choice.layers) > LAYERS:
        raise unsafe(f"The image has {len(choice.layers):,} layers, which no engine takes.")
    for name in choice.layers:
        found = layer(name)
        if isinstance(found, ImageError):
            raise found
        if found is None:
            raise damaged(f"The archive lacks the layer {name or '(no name)'}, or it is no tar archive.")
        blobs.append(found)
    history, instructions = _history(config, len(blobs))
    digests = strings(mapping(config.get("rootfs")).get("diff_ids"))
    made: dict[str, Layer] = {}  # a layer may be there twice; its entries need not
    layers: list[Layer] = []
    for index, (name, blob) in enumerate(zip(choice.layers, blobs, strict=True)):
        if name not in made:
            made[name] = _as_layer(blob)
        digest = digests[index] if index < len(digests) else ""
        layers.append(replace(made[name], digest=digest, created_by=instructions.get(index, "")))
    contents, elves, heads, hidden = _visible(layers, blobs)
    return Image(
        config=mapping(config.get("config")),
        layers=tuple(layers),
        history=history,
        architecture=str(config.get("architecture") or ""),
        contents=contents,
        elves=elves,
        heads=heads,
        hidden=hidden,
        names=choice.names,
        digest=choice.id,
    )


def _as_layer(blob: Blob) -> Layer:
    return Layer(
        digest="",
        size=sum(entry.size for entry in blob.entries),
        compressed=blob.compressed,
        entries=tuple(blob.entries),
        whiteouts=tuple(blob.whiteouts),
        opaque=tuple(blob.opaque),
    )


def _history(config: Mapping[str, object], count: int) -> tuple[tuple[Step, ...], dict[int, str]]:
    """The steps, and the instruction of each layer. Squashed images have more steps than layers."""
    steps: list[Step] = []
    instructions: dict[int, str] = {}
    for item in sequence(config.get("history")):
        entry = mapping(item)
        created_by = str(entry.get("created_by") or "")
        made = None
        if not entry.get("empty_layer") and len(instructions) < count:
            made = len(instructions)
            instructions[made] = created_by
        steps.append(Step(created_by=created_by, layer=made))
    return tuple(steps), instructions


def _visible(
    layers: Sequence[Layer], blobs: Sequence[Blob]
) -> tuple[dict[str, bytes], dict[str, Elf], dict[str, bytes], dict[tuple[str, int], bytes]]:
    """What was taken out of those files that a container sees, also under the names of hard links, and
    the contents that upper layers hide."""
    contents: dict[str, bytes] = {}
    elves: dict[str, Elf] = {}
    heads: dict[str, bytes] = {}
    hidden: dict[tuple[str, int], bytes] = {}
    if not any(blob.contents or blob.elves or blob.heads for blob in blobs):
        return contents, elves, heads, hidden
    files = Files(layers)
    for index, blob in enumerate(blobs):
        links = [(e.path, e.target) for e in blob.entries if e.kind == "hardlink"]
        _take_visible(contents, blob.contents, links, files, index)
        _take_visible(elves, blob.elves, links, files, index)
        _take_visible(heads, blob.heads, links, files, index)
        for path, text in blob.contents.items():
            if files.layer(path) != index:
                hidden[path, index] = text
    return contents, elves, heads, hidden


def _take_visible(
    into: dict[str, T], found: dict[str, T], links: list[tuple[str, str]], files: Files, index: int
) -> None:
    for path, value in found.items():
        if files.layer(path) == index:
            into[path] = value
    for path, target in links:
        # The file itself may be one of a layer below.
        linked = found.get(target, into.get(target))
        if linked is not None and files.layer(path) == index:
            into[path] = linked
