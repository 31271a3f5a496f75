"""Time and memory of reading a large image. Prints a table; no test.

    python tests/bench/bench_image.py [ARCHIVE]

Without ARCHIVE, makes one as `docker save` would: 1.15 GB, 52,000 entries, five layers, the names
and sizes like those of a Go or Node image, content that hardly compresses. Each row is a process of
its own, so that its peak memory is its own: seconds of wall clock and of CPU, MB of resident memory,
the interpreter's own 10 MB included. Measured on 2026-11-24, Python 3.11, on two cores that others
kept busy too, CPU s and MB: headers by tarfile 1.7 and 19, entries from a file 0.6 and 35, from a
pipe 0.7 and 35, with heads 0.8 and 47, with digests and tree 1.7 and 52. gzip -6 over a golang image
of 0.9 GB takes 31, gzip -1 11, with sums a tenth larger.
"""

from __future__ import annotations

import io
import random
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

ROWS = {
    "headers by tarfile, from a pipe": "tarfile",
    "entries, from a file": "elves=False, heads=False",
    "entries, from a pipe": "elves=False, heads=False",
    "heads and package lists": "elves=False, keep=is_database",
    "all and digests": "digests=True, keep=is_database",
    "all, digests, tree": "digests=True, keep=is_database",
    "sizes under gzip -1": "elves=False, heads=False, compress=1",
    "sizes under gzip -6": "elves=False, heads=False, compress=6",
}
LAYERS, FILES, BYTES = 5, 10_400, 239_000_000


def make(path: Path) -> None:
    """Writes the archive; the layers are made one after the other, in memory."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from imagefiles import configuration, docker_members, member

    rng = random.Random(1)
    noise = rng.randbytes(1 << 20)
    with tarfile.open(path, "w") as archive:
        names = [f"blobs/sha256/{index:064x}" for index in range(LAYERS)]
        for index, name in enumerate(names):
            data = _layer(rng, index, noise)
            info, _ = member(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        members = docker_members([], config=configuration([b"" for _ in names]))
        members["manifest.json"] = members["manifest.json"].replace(
            b'"Layers": []', b'"Layers": ["' + '", "'.join(names).encode() + b'"]'
        )
        for name, data in members.items():
            archive.addfile(member(name, data)[0], io.BytesIO(data))


def _layer(rng: random.Random, index: int, noise: bytes) -> bytes:
    out = io.BytesIO()
    weights = [rng.paretovariate(0.9) for _ in range(FILES)]
    scale = BYTES / sum(weights)
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


def child(options: str, tree: bool) -> None:
    """One row, in a process of its own: reads standard input."""
    start = time.perf_counter()
    if options == "tarfile":
        outer = tarfile.open(fileobj=sys.stdin.buffer, mode="r|")  # noqa: SIM115
        count = 0
        for info in outer:
            if info.size > 1_000_000:
                count += sum(1 for _ in tarfile.open(fileobj=outer.extractfile(info), mode="r|"))  # noqa: SIM115
    else:
        from slimify.image import packages
        from slimify.image.archive import read
        from slimify.image.layer import ReadOptions
        from slimify.image.tree import Files

        known = {"is_database": packages.is_database, "ReadOptions": ReadOptions}
        image = read(sys.stdin.buffer, eval(f"ReadOptions({options})", known))
        count = sum(len(layer.entries) for layer in image.layers)
        if tree:
            Files(image.layers)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    wall, cpu = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
    print(f"{wall:7.2f} {cpu:7.2f} {usage.ru_maxrss / 1024:6.0f} {count:9,}")


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3] == "tree")
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(directory) / "image.tar"
        if not path.exists():
            make(path)
        print(f"{path.stat().st_size:,} bytes\n{'':34}{'wall s':>7} {'CPU s':>7} {'MB':>6} {'entries':>9}")
        for name, options in ROWS.items():
            command = [sys.executable, __file__, "--child", options, "tree" if "tree" in name else ""]
            if "from a file" in name:
                with path.open("rb") as file:
                    out = subprocess.run(command, stdin=file, capture_output=True, check=True).stdout
            else:
                with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) as cat:
                    out = subprocess.run(command, stdin=cat.stdout, capture_output=True, check=True).stdout
            print(f"{name:34}{out.decode().rstrip()}", flush=True)


if __name__ == "__main__":
    main()
