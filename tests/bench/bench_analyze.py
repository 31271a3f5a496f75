"""`analyze` beside dive: a large image as an archive, by pipe, and as a directory of compressed layers.

Without an archive of its own, `make` writes one as `docker save` would: 1.15 GB, 52,000 entries, five layers,
the names and sizes like those of a Go or Node image, content that hardly compresses. A second one has a
million entries with hardly any content.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from measure import Row, compared

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from imagefiles import configuration, docker_members, member

SLIMIFY = [sys.executable, "-m", "slimify", "analyze"]
LAYERS, FILES, BYTES = 5, 10_400, 239_000_000
MANY = 200_000


def rows(dive: str | None, folder: Path, archive: Path | None) -> Iterator[Row]:
    if archive is None:
        archive = folder / "image.tar"
        _made(archive, FILES, BYTES)
    beside = [dive, "--ci", f"docker-archive://{archive}"] if dive else []
    yield compared("analyze, an archive", [*SLIMIFY, str(archive)], beside)
    yield compared("analyze, by pipe", [*SLIMIFY, "-"], beside, source=archive)
    layout = folder / "layout"
    compress(archive, layout)
    packed = folder / "packed.tar"
    with tarfile.open(packed, "w") as out:
        for path in sorted(layout.iterdir()):
            out.add(path, path.name)
    beside = [dive, "--ci", f"docker-archive://{packed}"] if dive else []
    yield compared("analyze, a directory, gzip", [*SLIMIFY, str(layout)], beside)
    many = folder / "many.tar"
    _made(many, MANY, MANY)
    yield compared(f"analyze, {LAYERS * MANY:,} entries", [*SLIMIFY, str(many)], [])


def _made(path: Path, files: int, size: int) -> None:
    """Makes an archive in a process of its own: what a process starts counts as using its memory, too."""
    subprocess.run([sys.executable, __file__, str(path), str(files), str(size)], check=True)


def compress(archive: Path, layout: Path) -> None:
    """The image as a directory with a compressed file for each layer."""
    layout.mkdir()
    with tarfile.open(archive) as members:
        (image,) = json.load(members.extractfile("manifest.json"))  # type: ignore[arg-type]
        (layout / "config.json").write_bytes(members.extractfile(image["Config"]).read())  # type: ignore[union-attr]
        names = [f"{number}.tar.gz" for number, _ in enumerate(image["Layers"])]
        for name, layer in zip(names, image["Layers"], strict=True):
            with members.extractfile(layer) as source, gzip.open(layout / name, "wb", 1) as out:  # type: ignore[union-attr]
                shutil.copyfileobj(source, out, 1 << 20)
    (layout / "manifest.json").write_text(json.dumps([{**image, "Config": "config.json", "Layers": names}]))


def make(path: Path, files: int, size: int) -> None:
    """Writes an archive with so many files and bytes in each layer, made one after the other in memory."""
    rng = random.Random(1)
    noise = rng.randbytes(1 << 20)
    with tarfile.open(path, "w") as archive:
        names = [f"blobs/sha256/{index:064x}" for index in range(LAYERS)]
        for index, name in enumerate(names):
            data = _layer(rng, index, noise, files, size)
            info, _ = member(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        members = docker_members([], config=configuration([b"" for _ in names]))
        members["manifest.json"] = members["manifest.json"].replace(
            b'"Layers": []', b'"Layers": ["' + '", "'.join(names).encode() + b'"]'
        )
        for name, data in members.items():
            archive.addfile(member(name, data)[0], io.BytesIO(data))


def _layer(rng: random.Random, index: int, noise: bytes, files: int, size: int) -> bytes:
    out = io.BytesIO()
    weights = [rng.paretovariate(0.9) for _ in range(files)]
    scale = size / sum(weights)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for number, weight in enumerate(weights):
            directory = f"usr/lib/package{index}-{number // 40}/module{number // 8}/"
            info = tarfile.TarInfo(f"{directory}some_file_name_{number}.py")
            if number % 8 == 0:
                info = tarfile.TarInfo(directory)
                info.type = tarfile.DIRTYPE
            else:
                info.size, info.mode = int(weight * scale), rng.choice([0o644, 0o644, 0o755])
            archive.addfile(info, _Noise(noise, info.size) if info.size else None)
    return out.getvalue()


class _Noise(io.RawIOBase):
    """So many bytes of the same noise, from anywhere in it."""

    def __init__(self, noise: bytes, size: int) -> None:
        self._noise, self._left, self._at = noise, size, size % 1_000_003

    def read(self, size: int = -1) -> bytes:
        count = min(size, self._left)
        self._at = (self._at + size) % (len(self._noise) - size)
        self._left -= count
        return self._noise[self._at : self._at + count]


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
