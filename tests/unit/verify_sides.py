"""Images for the comparison of files, made by hand: no archive, no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slimify.analysis.program import RuntimeNeeds
from slimify.image.model import Elf, Entry, Image, Layer
from slimify.image.tree import Files
from slimify.model.sources import Use
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.model import Check


@dataclass(frozen=True)
class Piece:
    """A path of an image with what the reader would know about it."""

    entry: Entry
    text: bytes | None = None
    elf: Elf | None = None


def file(path: str, text: str | bytes | None = None, *, mode: int = 0o644, **values: object) -> Piece:
    entry = Entry.at(path, kind="file", mode=mode, **values)  # type: ignore[arg-type]
    return Piece(entry, text.encode() if isinstance(text, str) else text)


def program(path: str, text: str | None = None, *, mode: int = 0o755, **values: object) -> Piece:
    return file(path, text, mode=mode, **values)


def folder(path: str, *, mode: int = 0o755, **values: object) -> Piece:
    return Piece(Entry.at(path, kind="directory", mode=mode, **values))  # type: ignore[arg-type]


def link(path: str, target: str) -> Piece:
    return Piece(Entry.at(path, kind="symlink", mode=0o777, target=target))


def elf(path: str, *needed: str, **values: object) -> Piece:
    values = {"machine": "x86_64", **values}
    return Piece(Entry.at(path, kind="file", mode=0o755), elf=Elf(needed=needed, **values))  # type: ignore[arg-type]


def package(name: str, *files: str) -> tuple[Piece, ...]:
    """The files of a Debian package's, with its rows in dpkg's database (one package an image)."""
    status = f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
    listed = "".join(f"{path}\n" for path in files)
    return file("/var/lib/dpkg/status", status), file(f"/var/lib/dpkg/info/{name}.list", listed)


def side(*own: Piece, base: Sequence[Piece] = (), **config: object) -> Side:
    """An image with one layer of its base and one of its own; `config` as in the image configuration."""
    pieces = (*base, *own)
    layers = tuple(
        Layer(digest=f"sha256:{index}", entries=tuple(piece.entry for piece in layer))
        for index, layer in enumerate((base, own))
    )
    texts = {piece.entry.path: piece.text for piece in pieces if piece.text is not None}
    image = Image(
        config=config,
        layers=layers,
        contents=texts,
        elves={piece.entry.path: piece.elf for piece in pieces if piece.elf is not None},
        heads={path: text[:200] for path, text in texts.items() if text.startswith(b"#!")},
    )
    return Side(image=image, files=Files(layers), first_own_layer=1)


def live(**values: object) -> RuntimeNeeds:
    """What run time needs: the names that are given, nothing else."""
    return RuntimeNeeds(**values)  # type: ignore[arg-type]


def used(*names: str, by: str = "app.py") -> dict[str, Use]:
    return {name: Use(name=name, file=by, line=1) for name in names}


def evidence(before: Side, after: Side, needs: RuntimeNeeds | None = None, **values: object) -> Evidence:
    return Evidence(before, after, needs or RuntimeNeeds(), **values)  # type: ignore[arg-type]


def said(check: Check) -> list[str]:
    return [finding.text for finding in check.findings]


def needs(check: Check) -> list[tuple[str, str]]:
    return [(c.need, c.value) for finding in check.findings for c in finding.constraints]
