"""Tar headers of every format against tarfile, and sparse files against their originals."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imagefiles import Pipe, member, tar

from slimify.image.fields import is_header
from slimify.image.streams import Budget, FileReader, ImageError
from slimify.image.tar import Tar

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
Row = tuple[str, str, int, int, int, int, str, bytes]


def ours(data: bytes, *, pipe: bool = False) -> list[Row]:
    reader = Tar(FileReader(Pipe(data) if pipe else io.BytesIO(data)), Budget())  # type: ignore[arg-type]
    return [
        (m.name.rstrip("/"), m.kind, m.size, *m.owner, m.target, b"".join(reader.pieces())) for m in reader
    ]


def tarfiles(data: bytes) -> list[Row]:
    kinds = {b"0": "file", b"\0": "file", b"S": "file", b"1": "hardlink", b"2": "symlink", b"3": "device"}
    kinds |= {b"4": "device", b"5": "directory", b"6": "fifo", b"7": "file"}
    rows = []
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        for info in archive:
            handle = archive.extractfile(info) if info.isreg() else None
            content = handle.read() if handle else b""
            kind = kinds[info.type]
            target = info.linkname if kind in ("symlink", "hardlink") else ""
            size = info.size if kind == "file" else 0
            rows.append((info.name, kind, size, info.mode, info.uid, info.gid, target, content))
    return rows


CASES = {
    "empty": (),
    "plain": (member("a", b"x"), member("d", kind="directory", mode=0o1777), member("b", b"y" * 512)),
    "links": (
        member("a", b"x"),
        member("b", kind="hardlink", linkname="a"),
        member("c", kind="symlink", linkname="../a"),
    ),
    "fifo": (member("f", kind="fifo"),),
    "name of 100": (member("n" * 100, b"x"), member("z", b"y")),
    "long directory": (member("/".join(["d" * 20] * 8), b"x"), member("z", b"y")),
    "no ASCII": (member("Größe/日本", b"x", uid=1000, gid=70000),),
    "set-uid": (member("su", b"x", mode=0o4755),),
    "data of a block and a bit": (member("a", bytes(1025)), member("b", b"after")),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", CASES)
def test_headers_match_tarfile(case: str, form: str) -> None:
    data = tar(*CASES[case], form=FORMATS[form])
    assert ours(data) == ours(data, pipe=True) == tarfiles(data)


@pytest.mark.parametrize("form", ["gnu", "pax"])
@pytest.mark.parametrize("length", [101, 255, 256, 5000, 40_000])
def test_long_names_and_targets(length: int, form: str) -> None:
    name = "/".join(["x" * 99] * (length // 100 + 1))[:length].rstrip("/")
    data = tar(
        member(name, b"content"),
        member("link", kind="symlink", linkname=name),
        member("hard", kind="hardlink", linkname=name),
        member("after", b"y"),
        form=FORMATS[form],
    )
    assert ours(data) == tarfiles(data)


@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_ids_in_base_256(form: str) -> None:
    data = tar(member("a", b"x", uid=2**31, gid=2**32 - 2), member("b", b"y"), form=FORMATS[form])
    assert [(row[4], row[5]) for row in ours(data)] == [(2**31, 2**32 - 2), (0, 0)]


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=120)
paths = st.lists(names.filter(lambda n: n not in (".", "..")), min_size=1, max_size=4).map("/".join)


@given(
    st.lists(
        st.tuples(
            paths, st.sampled_from(["file", "directory", "symlink", "hardlink"]), st.binary(max_size=1500)
        ),
        max_size=6,
    ),
    st.sampled_from(["gnu", "pax"]),
    st.integers(0, 2**33),
)
def test_any_archive_matches_tarfile(rows: list[tuple[str, str, bytes]], form: str, owner: int) -> None:
    made = [
        member(
            path,
            data if kind == "file" else b"",
            kind=kind,
            linkname=rows[0][0] if "link" in kind else "",
            uid=owner,
        )
        for path, kind, data in rows
    ]
    data = tar(*made, form=FORMATS[form])
    assert ours(data) == ours(data, pipe=True) == tarfiles(data)


def test_capabilities_are_kept_as_hex() -> None:
    value = bytes.fromhex("0100000200040000000000000000000000000000")
    pax = {"SCHILY.xattr.security.capability": value.decode("latin-1")}
    data = tar(member("ping", b"x", pax_headers=pax), member("other", b"y"))
    found = [m.capabilities for m in Tar(FileReader(io.BytesIO(data)), Budget())]
    assert found == [value.hex(), ""]


def test_global_headers_are_ignored() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", pax_headers={"path": "wrong"}) as archive:
        archive.addfile(member("right")[0])
    assert [row[0] for row in ours(out.getvalue())] == ["right"]


def test_directories_of_v7_tar() -> None:
    info, _ = member("old/")
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[156] = 0
    block[0:4] = b"old/"
    assert [row[1] for row in ours(summed(block) + bytes(1024))] == ["directory"]


def test_checksums_of_signed_bytes() -> None:
    block = bytearray(member("Größe")[0].tobuf(tarfile.GNU_FORMAT, "utf-8"))
    block[148:156] = b" " * 8
    total = sum(b - 256 if b > 127 else b for b in block)
    block[148:156] = b"%06o\0 " % total
    assert is_header(bytes(block))
    block[0] ^= 1
    assert not is_header(bytes(block))


def summed(block: bytearray) -> bytes:
    """A header with a corrected checksum."""
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


# --- sparse files ---------------------------------------------------------------------------------


def gnu_tar() -> str:
    found = shutil.which("tar")
    if not found or b"GNU tar" not in subprocess.run([found, "--version"], capture_output=True).stdout:
        pytest.skip("needs GNU tar")
    return found


SPARSE = {
    "old": ["--format=gnu"],
    "0.0": ["--format=pax", "--sparse-version=0.0"],
    "0.1": ["--format=pax", "--sparse-version=0.1"],
    "1.0": ["--format=pax", "--sparse-version=1.0"],
}


@pytest.mark.parametrize("form", SPARSE)
@pytest.mark.parametrize("pieces", [0, 1, 3, 40])
def test_sparse_files_round_trip(tmp_path: Path, form: str, pieces: int) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        for index in range(pieces):
            file.seek(index * 100_000 + 65536)
            file.write(b"%d" % index * 300)
        file.truncate(pieces * 100_000 + 1_000_000)
    (tmp_path / "after").write_bytes(b"after")
    command = [gnu_tar(), "-C", str(tmp_path), "-S", *SPARSE[form], "-cf", "-", "sparse", "after"]
    rows = ours(subprocess.run(command, capture_output=True, check=True).stdout)
    assert [(row[0], row[2]) for row in rows] == [("sparse", path.stat().st_size), ("after", 5)]
    assert [row[7] for row in rows] == [path.read_bytes(), b"after"]


# --- what is wrong --------------------------------------------------------------------------------


def with_field(start: int, value: bytes, name: str = "a") -> bytes:
    block = bytearray(member(name, b"")[0].tobuf(tarfile.GNU_FORMAT))
    block[start : start + len(value)] = value
    return summed(block)


def extended(flag: bytes, data: bytes, size: int | None = None) -> bytes:
    block = bytearray(member("x")[0].tobuf(tarfile.GNU_FORMAT))
    block[156:157] = flag
    block[124:136] = b"%011o\0" % (len(data) if size is None else size)
    return summed(block) + data + bytes(-len(data) % 512)


def sparse_header(more: int) -> bytes:
    block = bytearray(member("s")[0].tobuf(tarfile.GNU_FORMAT))
    block[156:157], block[482], block[483:495] = b"S", more, b"00000000000\0"
    return summed(block)


END = bytes(1024)
HOSTILE = {
    "a huge size": (with_field(124, b"\x80" + b"\xff" * 11), "SL603"),
    "a negative size": (with_field(124, b"\xff" * 12), "SL603"),
    "no number": (with_field(124, b"garbage00000"), "SL602"),
    "more content than there is": (with_field(124, b"77777777777\0"), "SL602"),
    "a cut header": (with_field(0, b"a")[:300], "SL602"),
    "a wrong checksum": (b"x" * 512, "SL602"),
    "a huge long name": (extended(b"L", b"", 2**30), "SL603"),
    "a huge pax header": (extended(b"x", b"", 2**31), "SL603"),
    "headers without end": (extended(b"x", b"") * 1000, "SL603"),
    "long names without end": (extended(b"L", b"n") * 1000, "SL603"),
    "a pax record without length": (extended(b"x", b"path=a\n") + END, "SL602"),
    "a pax record that is too long": (extended(b"x", b"99 path=a\n") + END, "SL602"),
    "a pax record of no length": (extended(b"x", b"0 path=a\n") + END, "SL602"),
    "a pax size that is no number": (extended(b"x", b"13 size=-512\n") + with_field(0, b"a"), "SL602"),
    "a sparse map that never ends": (
        sparse_header(1) + (b"00000000001\0" * 42 + b"\1").ljust(512) * 5000,
        "SL602",
    ),
    "a sparse map that is cut off": (sparse_header(1), "SL602"),
    "a sparse map with too many pieces": (
        extended(b"x", b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n30 GNU.sparse.realsize=100000\n")
        + with_field(124, b"00000001000\0")
        + b"99999999\n".ljust(512, b"\0"),
        "SL603",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_errors(case: str) -> None:
    data, code = HOSTILE[case]
    with pytest.raises(ImageError) as raised:
        ours(data)
    assert raised.value.code == code


def test_memory_limit() -> None:
    data = tar(*(member(f"{index:0500}") for index in range(50)), form=tarfile.GNU_FORMAT)
    with pytest.raises(ImageError, match="fit into memory"):
        list(Tar(FileReader(io.BytesIO(data)), Budget(20_000)))
