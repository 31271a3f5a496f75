"""Evidence from an image that was built from the Dockerfile (`--image`).

In: an image and the Dockerfile. Out: a frozen value that knows which files each instruction left, their
owners, and the libraries of ELF files; or why the image is not evidence. Instructions are matched with layers
through the image history (BuildKit and the classic builder write one entry each). Files that a later layer
replaces or removes do not count as left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from msgspec import Struct

from slimify.image import packages as databases
from slimify.image.model import Entry, Image, Linking
from slimify.image.packages import InstalledPackage, Packages
from slimify.image.tree import Files
from slimify.languages import languages
from slimify.model.decisions import Line, Reason
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.semantics.paths import is_named_place
from slimify.syntax.dockerfile.history import final_instructions, match_history

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")  # os-release(5)


def is_evidence(path: str) -> bool:
    """Whether the image reader has to keep the text of this file."""
    return path in OS_RELEASE or path in _version_files() or databases.is_database(path)


@cache
def _version_files() -> frozenset[str]:
    """Files whose text shows the language version of a base image."""
    return frozenset(known.version_file for known in languages())


class BuiltImage(Struct, frozen=True, kw_only=True):
    """An image matched with its Dockerfile. `layers` maps instructions to layer indexes. `first_own_layer` is
    the first layer above the base image. `size` is the total size in bytes."""

    image: Image
    files: Files
    packages: Packages
    layers: Mapping[Instruction, int]
    first_own_layer: int
    size: int

    def files_of(self, instruction: Instruction) -> tuple[Entry, ...]:
        """The files and links of the image that the instruction wrote, without directories."""
        index = self.layers.get(instruction)
        if index is None:
            return ()
        entries = self.image.layers[index].entries
        return tuple(e for e in entries if e.kind != "directory" and self.files.layer(e.path) == index)

    def deleted_by(self, instruction: Instruction) -> tuple[str, ...]:
        """Paths of lower layers that the instruction deleted."""
        index = self.layers.get(instruction)
        if index is None:
            return ()
        layer = self.image.layers[index]
        return (*layer.whiteouts, *layer.opaque)

    def files_before(self, instruction: Instruction) -> Files:
        """The files that the instruction started from."""
        return Files(self.image.layers[: self.layers[instruction]])

    def bytes_of(self, path: str) -> int:
        """Bytes of a file, or of all files below a directory."""
        entry = self.files.resolve(path)
        if entry is None:
            return 0
        own = entry.size if entry.kind == "file" else 0
        return own + sum(e.size for e in self.files.walk(entry.path) if e.kind == "file")

    def linking(self, paths: Iterable[str]) -> frozenset[Linking]:
        """How the programs at or below these paths are linked."""
        elves = self.image.elves
        places = [p for p in paths if not is_named_place(p)]
        below = (e.path for p in places if p not in elves for e in self.files.walk(p) if e.path in elves)
        found = {elves[p].linking for p in (*(p for p in places if p in elves), *below)}
        return frozenset(found & {"dynamic", "static", "static-pie"})

    def base_size(self) -> int:
        return sum(layer.size for layer in self.image.layers[: self.first_own_layer])

    def libraries(self, paths: Iterable[str]) -> Iterator[tuple[str, InstalledPackage]]:
        """(path, package) for each library that an ELF file needs and a system package provides."""
        own = {p.rpartition("/")[2] for p in self.image.elves if self.packages.owner_of(p) is None}
        for path in paths:
            elf = self.image.elves.get(path)
            for name in elf.needed if elf is not None else ():
                package = self.packages.library_owner(name)
                if package is not None and name not in own:  # a wheel ships its own libraries
                    yield path, package


def image_evidence(image: Image, file: Dockerfile) -> BuiltImage | Reason:
    """The evidence, or why the image was not built from this Dockerfile. Compares the
    history instruction by instruction, with the text of each RUN."""
    pairs = match_history(file, image.history)
    if pairs is None:
        count = len(final_instructions(file))
        return Reason.of("SL340", "other_history", count=count)
    for instruction, step in pairs:
        if instruction.keyword == "RUN" and not _is_same_run(instruction, step.created_by):
            return Reason.of("SL340", "other_run", at=Line(instruction.line))
    layers = {item: step.layer for item, step in pairs if step.layer is not None}
    return BuiltImage(
        image=image,
        files=image.files,
        packages=databases.read(image.contents),
        layers=layers,
        first_own_layer=min(layers.values(), default=len(image.layers)),
        size=sum(layer.size for layer in image.layers),
    )


def _is_same_run(instruction: Instruction, created_by: str) -> bool:
    """Whether a history entry belongs to this RUN. Builders prepend shell and build arguments and join lines;
    BuildKit shows only the start of a here-document."""
    if instruction.heredocs:
        return True
    words = instruction.exec_form or instruction.value.split()
    return " ".join(" ".join(words).split()) in " ".join(created_by.split())
