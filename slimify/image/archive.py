"""Reads images from archives and layout directories.

In the output of `docker save`, layers may precede the manifest that lists them, in any order. So each
member that may be a layer is scanned as it arrives, JSON members are kept, and the image is assembled
at the end. Nothing is read twice or unpacked; memory depends on the number of files, not their size.

Supported: `manifest.json` with `*/layer.tar` (docker before 25, podman) and the OCI image layout, as a
tar or a directory; layers and archives that are plain or compressed with gzip or zstd.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from msgspec.structs import replace

from slimify.image.fields import is_header
from slimify.image.layer import Blob, ReadOptions, joined, scan
from slimify.image.layout import Choice, choose, json_value, mapping, member_name, sequence, strings
from slimify.image.model import Elf, Image, Layer, Step
from slimify.image.streams import (
    Budget,
    FileReader,
    ImageError,
    Reader,
    damaged,
    decompressed,
    not_an_image,
    unsafe,
)
from slimify.image.tar import Content, Member, Tar
from slimify.image.tree import Files

JSON_LIMIT: Final = 4 * 1024 * 1024  # the manifest limit of registries
JSON_TOTAL: Final = 64 * 1024 * 1024  # an archive that is not an image may contain any JSON
TAIL: Final = 16 * 1024 * 1024  # bytes read from a pipe after the end of the archive
ALIASES: Final = 10  # links between members to follow
LAYERS: Final = 500  # of an image; engines support a quarter of that
LAYER_COST: Final = 2000  # bytes of memory per layer, without its entries
EVERYTHING: Final = ReadOptions()
T = TypeVar("T")


def read(stream: BinaryIO, options: ReadOptions = EVERYTHING, *, name: str = "", platform: str = "") -> Image:
    """Read the image in an archive from a file or a pipe.

    `name` (NAME[:TAG] or an id) and `platform` (OS/ARCH[/VARIANT]) select one of several images. Raises
    ImageError: SL601 if the stream is not an image archive or lacks the selected image, SL602 if it is
    damaged, SL603 if it is unsafe.
    """
    reader: Reader = FileReader(stream)
    archive = _Archive(_decompressed_tar(reader), options)
    archive.read_members()
    reader.drain(TAIL)
    return _assemble(archive.json, archive.layer, choose(archive.json, name, platform))


def read_layout(
    directory: Path, options: ReadOptions = EVERYTHING, *, name: str = "", platform: str = ""
) -> Image:
    """Read the image in a layout directory or an unpacked archive. Parameters and errors as in `read`."""
    layout = _Directory(directory, options)
    return _assemble(layout.json, layout.layer, choose(layout.json, name, platform))


# --- sources --------------------------------------------------------------------------------------


def _decompressed_tar(reader: Reader) -> Reader:
    """The decompressed archive. Raises ImageError if it is not a tar."""
    if not reader.peek(1):
        raise not_an_image("The image is empty.")
    reader, _ = decompressed(reader)
    start = reader.peek(512)
    if not is_header(start):
        raise not_an_image(
            "This is not an image: it is not a tar archive.",
            hint="Create an archive with `docker save IMAGE`.",
        )
    return reader


class _Archive:
    """The members of an archive by name, collected in one pass."""

    def __init__(self, reader: Reader, options: ReadOptions) -> None:
        self._budget = Budget()
        self._tar = Tar(reader, self._budget)
        self._wants = options
        self._texts: dict[str, bytes] = {}
        self._texts_left = JSON_TOTAL
        self._layers: dict[str, Blob | ImageError] = {}
        self._aliases: dict[str, str] = {}

    def read_members(self) -> None:
        for member in self._tar:
            name = member_name(member.name)
            if member.kind in ("symlink", "hardlink"):
                # The old layout stores shared layers once and links to them.
                above = posixpath.dirname(name) if member.kind == "symlink" else ""
                self._aliases[name] = member_name(posixpath.join(above, member.target))
            elif member.kind == "file" and member.sparse is None:
                self._take(name, member)

    def _take(self, name: str, member: Member) -> None:
        start = self._tar.peek(512)
        if start.lstrip()[:1] in (b"{", b"[") and not is_header(start):
            if member.size <= min(JSON_LIMIT, self._texts_left):
                self._texts_left -= member.size
                self._texts[name] = bytes(joined(self._tar.pieces(), member.size))
            return
        # Whether the image uses this layer is not known yet, so an error is kept until then.
        try:
            layer = _layer(Content(self._tar), name, member.size, self._wants, self._budget)
        except ImageError as error:
            if error.code == "SL601" or self._budget.left < 0:
                raise
            # Without the traceback, which would keep the read data in memory.
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
    """The files of a layout directory, opened only if the image needs them."""

    def __init__(self, root: Path, options: ReadOptions) -> None:
        self._root, self._wants = root.resolve(), options
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
        """The path of a file, or None if it does not exist or is outside the directory."""
        try:
            path = (self._root / name).resolve()
            return path if path.is_relative_to(self._root) and path.is_file() else None
        except (OSError, RuntimeError, ValueError):  # too long, a symlink loop, a NUL byte
            return None


def _layer(content: Reader, name: str, size: int, options: ReadOptions, budget: Budget) -> Blob | None:
    """The content of a layer of `size` stored bytes; None if it is not a tar, compressed or plain."""
    reader, how = decompressed(content)
    try:
        start = reader.peek(512)
    except ImageError:
        if how:
            raise
        return None
    if start and not is_header(start) and start.strip(b"\0"):
        return None
    budget.spend(LAYER_COST)
    if not how and options.compress and name not in options.sizes:
        blob = _measured_layer(reader, options, budget)
        if name.startswith("blobs/") and blob.compressed is not None:
            options.sizes[name] = blob.compressed
        return blob
    blob = scan(reader, options, budget)
    blob.compressed = size if how else options.sizes.get(name)
    return blob


def _measured_layer(reader: Reader, options: ReadOptions, budget: Budget) -> Blob:
    """The content of an uncompressed layer, with its size after gzip."""
    from slimify.image.deflate import Deflated

    packed = Deflated(reader, options.compress)
    try:
        blob = scan(packed, options, budget)
        blob.compressed = packed.total()
    finally:
        packed.close()
    return blob


# --- assembly -------------------------------------------------------------------------------------


def _assemble(
    load: Callable[[str], bytes | None], layer: Callable[[str], Blob | ImageError | None], choice: Choice
) -> Image:
    text = load(choice.config)
    if text is None:
        raise damaged(f"The archive lacks the image's configuration, {choice.config or '(no name)'}.")
    config = mapping(json_value(text))
    blobs: list[Blob] = []
    if len(choice.layers) > LAYERS:
        raise unsafe(f"The image has {len(choice.layers):,} layers, more than any engine supports.")
    for name in choice.layers:
        found = layer(name)
        if isinstance(found, ImageError):
            raise found
        if found is None:
            raise damaged(f"The archive lacks the layer {name or '(no name)'}, or it is not a tar archive.")
        blobs.append(found)
    history, instructions = _history(config, len(blobs))
    digests = strings(mapping(config.get("rootfs")).get("diff_ids"))
    made: dict[str, Layer] = {}  # a layer may occur twice; its entries are stored once
    layers: list[Layer] = []
    for index, (name, blob) in enumerate(zip(choice.layers, blobs, strict=True)):
        if name not in made:
            made[name] = _as_layer(blob)
        digest = digests[index] if index < len(digests) else ""
        layers.append(replace(made[name], digest=digest, created_by=instructions.get(index, "")))
    contents, elves, heads, hidden = _visible_contents(layers, blobs)
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
    """The history, and the instruction of each layer. Squashed images have more entries than layers."""
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


def _visible_contents(
    layers: Sequence[Layer], blobs: Sequence[Blob]
) -> tuple[dict[str, bytes], dict[str, Elf], dict[str, bytes], dict[tuple[str, int], bytes]]:
    """Contents, ELF facts and heads of the files that a container sees, including hard links; and the
    contents hidden by upper layers."""
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
        # The file itself may be in a lower layer.
        linked = found.get(target, into.get(target))
        if linked is not None and files.layer(path) == index:
            into[path] = linked
