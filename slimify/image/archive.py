"""Reads images from archives and layout directories.

In the output of `docker save`, layers may precede the manifest that lists them, in any order. From a pipe,
each member that may be a layer is scanned as it arrives, JSON members are kept, and the image is assembled
at the end. In a file, the members that the image needs are read where they lie. Nothing is unpacked; memory
depends on the number of files, not their size.

Supported: `manifest.json` with `*/layer.tar` (docker before 25, podman) and the OCI image layout, as a
tar or a directory; layers and archives that are plain or compressed with gzip or zstd.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.image.digests import hash_equal
from slimify.image.fields import is_header
from slimify.image.layer import Blob, ReadOptions, joined, scan
from slimify.image.layout import Choice, choose, json_value, mapping, member_name, sequence, strings
from slimify.image.model import Elf, Image, Layer, Step
from slimify.image.streams import (
    Budget,
    Decompressed,
    FileReader,
    ImageError,
    Reader,
    Section,
    Store,
    damaged,
    decompressed,
    not_an_image,
    store_of,
    unsafe,
)
from slimify.image.tar import ENTRY_COST, Content, Member, Tar
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
    found = store_of(stream)
    reader = Section(found[0], found[1], found[0].size - found[1]) if found else FileReader(stream)
    tar = _decompressed_tar(reader)
    archive = _Sections(tar, options) if isinstance(tar, Section) else _Stream(tar, options)
    archive.read_members()
    if not found:
        reader.drain(TAIL)
    return _assemble(archive, choose(archive.json, name, platform))


def read_layout(
    directory: Path, options: ReadOptions = EVERYTHING, *, name: str = "", platform: str = ""
) -> Image:
    """Read the image in a layout directory or an unpacked archive. Parameters and errors as in `read`."""
    with ExitStack() as opened:
        layout = _Directory(directory, options, opened)
        return _assemble(layout, choose(layout.json, name, platform))


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


class _Source:
    """The members of an archive or a directory by name: JSON texts, and layers."""

    def __init__(self, options: ReadOptions) -> None:
        self.budget = Budget()
        self.wants = options
        self._texts_left = JSON_TOTAL
        self._read: dict[str, Blob | None] = {}  # a layer may have many names

    def json(self, name: str) -> bytes | None:
        raise NotImplementedError

    def layer(self, name: str) -> Blob | ImageError | None:
        raise NotImplementedError

    def _read_once(self, store: Store, name: str, place: int, size: int) -> Blob | None:
        if name not in self._read:
            self._read[name] = _layer(Section(store, place, size), name, size, self.wants, self.budget)
        return self._read[name]


class _Archive(_Source):
    """The members of a tar, in one pass over their headers."""

    def __init__(self, reader: Reader, options: ReadOptions) -> None:
        super().__init__(options)
        self._packed = reader if isinstance(reader, Decompressed) else None
        self._tar = Tar(reader, self.budget)
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
        raise NotImplementedError

    def _follow(self, members: Mapping[str, T], name: str) -> T | None:
        for _ in range(ALIASES):
            if name in members or name not in self._aliases:
                return members.get(name)
            name = self._aliases[name]
        return None


class _Sections(_Archive):
    """The archive is a file: a member is read where it lies, if the image needs it."""

    def __init__(self, reader: Section, options: ReadOptions) -> None:
        super().__init__(reader, options)
        self._store = reader.store
        self._places: dict[str, tuple[str, int, int]] = {}  # name, place, size

    def _take(self, name: str, member: Member) -> None:
        self._places[name] = name, self._tar.position(), member.size

    def json(self, name: str) -> bytes | None:
        _, place, size = self._follow(self._places, name) or ("", 0, 0)
        if not 0 < size <= min(JSON_LIMIT, self._texts_left):
            return None
        self._texts_left -= size
        text = self._store.read(size, place)
        return text if text.lstrip()[:1] in (b"{", b"[") else None

    def layer(self, name: str) -> Blob | None:
        found = self._follow(self._places, name)
        return self._read_once(self._store, *found) if found else None


class _Stream(_Archive):
    """The archive is a stream: all is read as it arrives, in one pass."""

    def __init__(self, reader: Reader, options: ReadOptions) -> None:
        super().__init__(reader, options)
        self._texts: dict[str, bytes] = {}
        self._layers: dict[str, Blob | ImageError] = {}

    def _take(self, name: str, member: Member) -> None:
        start = self._tar.peek(512)
        if start.lstrip()[:1] in (b"{", b"[") and not is_header(start):
            if member.size <= min(JSON_LIMIT, self._texts_left):
                self._texts_left -= member.size
                self._texts[name] = bytes(joined(self._tar.pieces(), member.size))
            return
        # Whether the image uses this layer is not known yet, so an error is kept until then.
        try:
            layer = _layer(Content(self._tar), name, member.size, self.wants, self.budget, self._packed)
        except ImageError as error:
            if error.code == "SL601" or self.budget.left < 0:
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


class _Directory(_Source):
    """The files of a layout directory, opened only if the image needs them."""

    def __init__(self, root: Path, options: ReadOptions, opened: ExitStack) -> None:
        super().__init__(options)
        self._root, self._opened = root.resolve(), opened

    def json(self, name: str) -> bytes | None:
        path = self._path(name)
        if path is None:
            return None
        try:
            size = path.stat().st_size
            if size > min(JSON_LIMIT, self._texts_left):
                return None
            self._texts_left -= size
            return path.read_bytes()
        except OSError as error:
            raise damaged(f"{name} of the image cannot be read: {error.strerror}.") from error

    def layer(self, name: str) -> Blob | None:
        path = self._path(name)
        if path is None:
            return None
        try:
            stream = self._opened.enter_context(path.open("rb"))
        except OSError as error:
            raise damaged(f"{name} of the image cannot be read: {error.strerror}.") from error
        found = store_of(stream)
        assert found is not None
        store, _ = found
        return self._read_once(store, str(path.relative_to(self._root)), 0, store.size)

    def _path(self, name: str) -> Path | None:
        """The path of a file, or None if it does not exist or is outside the directory."""
        try:
            path = (self._root / name).resolve()
            return path if path.is_relative_to(self._root) and path.is_file() else None
        except (OSError, RuntimeError, ValueError):  # too long, a symlink loop, a NUL byte
            return None


def _layer(
    content: Reader,
    name: str,
    size: int,
    options: ReadOptions,
    budget: Budget,
    within: Decompressed | None = None,
) -> Blob | None:
    """The content of a layer of `size` stored bytes; None if it is not a tar, compressed or plain."""
    reader, how = decompressed(content, within)
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


def _assemble(source: _Source, choice: Choice) -> Image:
    text = source.json(choice.config)
    if text is None:
        raise damaged(f"The archive lacks the image's configuration, {choice.config or '(no name)'}.")
    config = mapping(json_value(text))
    if len(choice.layers) > LAYERS:
        raise unsafe(f"The image has {len(choice.layers):,} layers, more than any engine supports.")
    known = {name: _read_layer(source, name) for name in dict.fromkeys(choice.layers)}
    blobs = [known[name] for name in choice.layers]
    history, instructions = _history(config, len(blobs))
    digests = strings(mapping(config.get("rootfs")).get("diff_ids"))
    made: dict[int, Layer] = {}  # a layer may occur twice; its entries are stored once
    layers: list[Layer] = []
    for index, blob in enumerate(blobs):
        if id(blob) in made:
            source.budget.spend(ENTRY_COST * len(blob.entries))
        else:
            made[id(blob)] = _as_layer(blob)
        digest = digests[index] if index < len(digests) else ""
        layers.append(replace(made[id(blob)], digest=digest, created_by=instructions.get(index, "")))
    seen = _Contents()
    image = Image(
        config=mapping(config.get("config")),
        layers=tuple(layers),
        history=history,
        architecture=str(config.get("architecture") or ""),
        contents=seen.contents,
        elves=seen.elves,
        heads=seen.heads,
        hidden=seen.hidden,
        names=choice.names,
        digest=choice.id,
    )
    if source.wants.equal:
        hash_equal(blobs, image.files, source.wants.equal)
    if any(blob.contents or blob.elves or blob.heads for blob in blobs):
        seen.take(image.files, blobs)
    return image


def _read_layer(source: _Source, name: str) -> Blob:
    found = source.layer(name)
    if isinstance(found, ImageError):
        raise found
    if found is None:
        raise damaged(f"The archive lacks the layer {name or '(no name)'}, or it is not a tar archive.")
    return found


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


class _Contents(Struct):
    """Contents, ELF facts and heads of the files that a container sees, including hard links; and the
    contents hidden by upper layers."""

    contents: dict[str, bytes] = field(default_factory=dict)
    elves: dict[str, Elf] = field(default_factory=dict)
    heads: dict[str, bytes] = field(default_factory=dict)
    hidden: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def take(self, files: Files, blobs: Sequence[Blob]) -> None:
        for index, blob in enumerate(blobs):
            links = [(e.path, e.target) for e in blob.entries if e.kind == "hardlink"]
            _take_visible(self.contents, blob.contents, links, files, index)
            _take_visible(self.elves, blob.elves, links, files, index)
            _take_visible(self.heads, blob.heads, links, files, index)
            for path, text in blob.contents.items():
                if files.layer(path) != index:
                    self.hidden[path, index] = text


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
