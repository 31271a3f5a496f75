"""What an image that was built from the Dockerfile shows of it: the evidence of `--image`.

In: an image, read before, and the Dockerfile. Out: one frozen value that answers which files the step
of an instruction left, who owns them, and what an ELF file needs; or why the image is no evidence. An
instruction has the layer that the history puts beside it (BuildKit and the classic builder write one
entry for each); files that a later layer replaced or removed are not counted as left.
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
from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.semantics.paths import is_named_place
from slimify.syntax.dockerfile.history import final_instructions, match_history

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")  # os-release(5)


def is_evidence(path: str) -> bool:
    """Whether the text of a file is needed; for the reader of images."""
    return path in OS_RELEASE or path in _version_files() or databases.is_database(path)


@cache
def _version_files() -> frozenset[str]:
    """Files whose texts tell which language a base image has."""
    return frozenset(known.version_file for known in languages())


class BuiltImage(Struct, frozen=True, kw_only=True):
    """An image and its Dockerfile, put side by side. `layers` has the layer of each instruction that
    made one, `first_own` is the first above the base image, `size` that of all layers in bytes."""

    image: Image
    files: Files
    packages: Packages
    layers: Mapping[Instruction, int]
    first_own: int
    size: int

    def left(self, instruction: Instruction) -> tuple[Entry, ...]:
        """The files and links in the image that its step wrote, directories aside."""
        index = self.layers.get(instruction)
        if index is None:
            return ()
        entries = self.image.layers[index].entries
        return tuple(e for e in entries if e.kind != "directory" and self.files.layer(e.path) == index)

    def removed(self, instruction: Instruction) -> tuple[str, ...]:
        """What of lower layers its step took away."""
        index = self.layers.get(instruction)
        if index is None:
            return ()
        layer = self.image.layers[index]
        return (*layer.whiteouts, *layer.opaque)

    def below(self, instruction: Instruction) -> Files:
        """The files that its step found."""
        return Files(self.image.layers[: self.layers[instruction]])

    def sized(self, path: str) -> int:
        """The bytes of a file, or of all below a directory."""
        entry = self.files.resolve(path)
        if entry is None:
            return 0
        own = entry.size if entry.kind == "file" else 0
        return own + sum(e.size for e in self.files.walk(entry.path) if e.kind == "file")

    def linking(self, paths: Iterable[str]) -> frozenset[Linking]:
        """How the programs at these paths, or below them, are linked."""
        elves = self.image.elves
        places = [p for p in paths if not is_named_place(p)]
        below = (e.path for p in places if p not in elves for e in self.files.walk(p) if e.path in elves)
        found = {elves[p].linking for p in (*(p for p in places if p in elves), *below)}
        return frozenset(found & {"dynamic", "static", "static-pie"})

    def base_size(self) -> int:
        return sum(layer.size for layer in self.image.layers[: self.first_own])

    def libraries(self, paths: Iterable[str]) -> Iterator[tuple[str, InstalledPackage]]:
        """(path, package) for each library that ELF files need and a package of the system brings; what
        that one needs comes along with it."""
        own = {p.rpartition("/")[2] for p in self.image.elves if self.packages.owner_of(p) is None}
        for path in paths:
            elf = self.image.elves.get(path)
            for name in elf.needed if elf is not None else ():
                package = self.packages.library_owner(name)
                if package is not None and name not in own:  # a wheel brings its libraries along
                    yield path, package


def image_evidence(image: Image, file: Dockerfile) -> BuiltImage | str:
    """The evidence; a sentence where the image was not built from this Dockerfile, as far as its
    history tells: instruction for instruction, with the texts of the RUNs."""
    pairs = match_history(file, image.history)
    if pairs is None:
        count = len(final_instructions(file))
        return f"its history does not end in the {count} instructions of the file"
    for instruction, step in pairs:
        if instruction.keyword == "RUN" and not _same(instruction, step.created_by):
            return f"its history has another RUN than line {instruction.line}"
    layers = {item: step.layer for item, step in pairs if step.layer is not None}
    return BuiltImage(
        image=image,
        files=Files(image.layers),
        packages=databases.read(image.contents),
        layers=layers,
        first_own=min(layers.values(), default=len(image.layers)),
        size=sum(layer.size for layer in image.layers),
    )


def _same(instruction: Instruction, created_by: str) -> bool:
    """Whether an entry of history is that of a RUN. Builders put shell and arguments before the command
    and join its lines; of a here-document BuildKit shows the beginning."""
    if instruction.heredocs:
        return True
    words = instruction.exec_form or instruction.value.split()
    return " ".join(" ".join(words).split()) in " ".join(created_by.split())
