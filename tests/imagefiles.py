"""Small images for tests, made with tarfile: layers, and archives of both layouts around them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

KINDS = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
    "fifo": tarfile.FIFOTYPE,
}
Packer = Callable[[bytes], bytes]


def member(
    name: str, data: bytes = b"", *, kind: str = "file", **values: object
) -> tuple[tarfile.TarInfo, bytes]:
    """A member as `tar` takes it; `values` are attributes of tarfile.TarInfo (mode, uid, linkname, …)."""
    info = tarfile.TarInfo(name)
    info.type, info.size = KINDS[kind], len(data)
    for key, value in values.items():
        setattr(info, key, value)
    return info, data


def tar(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """The bytes of a tar archive with these members in this order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, errors="surrogateescape") as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def configuration(layers: Sequence[bytes], **values: object) -> dict[str, object]:
    """An image configuration for these (uncompressed) layers."""
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]},
        "history": [{"created_by": f"step {index}"} for index in range(len(layers))],
    } | values


def docker_members(
    layers: Sequence[bytes], *, names: Sequence[str] = ("app:1",), config: dict[str, object] | None = None
) -> dict[str, bytes]:
    """The members of `docker save` before version 25: a directory per layer, manifest.json last."""
    text = json.dumps(config or configuration(layers)).encode()
    digest = hashlib.sha256(text).hexdigest()
    paths = [
        f"{hashlib.sha256(b'%d' % index + layer).hexdigest()}/layer.tar" for index, layer in enumerate(layers)
    ]
    manifest = [{"Config": f"{digest}.json", "RepoTags": list(names), "Layers": paths}]
    return {
        **dict(zip(paths, layers, strict=True)),
        f"{digest}.json": text,
        "manifest.json": json.dumps(manifest).encode(),
        "repositories": b"{}",
    }


def oci_members(
    layers: Sequence[bytes],
    *,
    pack: Packer = bytes,
    names: Sequence[str] = ("app:1",),
    config: dict[str, object] | None = None,
    platform: str = "",
) -> dict[str, bytes]:
    """The members of an OCI image layout, layers packed by `pack`, index.json last."""
    text = json.dumps(config or configuration(layers)).encode()
    packed = [pack(layer) for layer in layers]
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "config": {"digest": sha256(text), "size": len(text)},
            "layers": [{"digest": sha256(layer), "size": len(layer)} for layer in packed],
        }
    ).encode()
    os_name, _, architecture = platform.partition("/")
    where = {"platform": {"os": os_name, "architecture": architecture}} if platform else {}
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                "digest": sha256(manifest),
                "annotations": {"io.containerd.image.name": f"docker.io/library/{name}"},
                **where,
            }
            for name in names
        ],
    }
    blobs = [*packed, text, manifest]
    return {
        **{"blobs/" + sha256(data).replace(":", "/"): data for data in blobs},
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps(index).encode(),
    }


def archive(members: dict[str, bytes]) -> bytes:
    return tar(*(member(name, data) for name, data in members.items()))


def unpacked(members: dict[str, bytes], where: Path) -> Path:
    """The members as files of a directory."""
    for name, data in members.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return where


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


class Pipe(io.RawIOBase):
    """Bytes that come in small pieces and cannot be sought, as from a pipe."""

    def __init__(self, data: bytes, step: int = 1000) -> None:
        self._data, self._at, self._step = data, 0, step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        piece = self._data[self._at : self._at + min(self._step, len(buffer))]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
