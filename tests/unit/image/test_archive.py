"""Images from archives of every layout, intact and broken, created with tarfile."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import os
import posixpath
import shutil
import struct
import subprocess
import tarfile
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imagefiles import (
    Pipe,
    archive,
    configuration,
    docker_members,
    gzipped,
    member,
    oci_members,
    sha256,
    tar,
    unpacked,
)
from support import slowness

from slimify.image import archive as archives
from slimify.image import streams
from slimify.image.archive import read, read_layout
from slimify.image.content_hash import BLOCK, ContentHash
from slimify.image.layer import ReadOptions
from slimify.image.layout import choose
from slimify.image.model import Image
from slimify.image.streams import ImageError
from slimify.image.tar import ENTRY_COST, Tar
from slimify.image.tree import Files

BASE = tar(
    member("etc/", kind="directory", mode=0o755),
    member("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"),
    member("bin/", kind="directory", mode=0o755),
    member("bin/run", b"#!/bin/sh\n" + b"# run\n" * 100, mode=0o755),
    member("bin/walk", kind="hardlink", linkname="bin/run", mode=0o755),
    member("sbin", kind="symlink", linkname="bin"),
    member("var/cache/big", bytes(300_000)),
)
TOP = tar(
    member("etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:7:7::/:/bin/sh\n"),
    member("var/.wh.cache"),
    member("app/.wh..wh..opq"),
    member("app/main.py", b"print()", uid=7, gid=8, mode=0o600),
)
EMPTY = bytes(1024)
LAYERS = (BASE, EMPTY, TOP)


def zstd(data: bytes) -> bytes:
    program = shutil.which("zstd")
    if program is None or (find_spec("backports") is None and find_spec("compression") is None):
        pytest.skip("needs zstd, and Python 3.14 or backports.zstd")
    return subprocess.run([program, "-q", "-c"], input=data, capture_output=True, check=True).stdout


def zstd_with_asides(data: bytes) -> bytes:
    """Adds skippable frames before, between and after the data, as in pzstd and zstd:chunked."""
    aside = struct.pack("<II", 0x184D2A50, 5000) + bytes(5000)
    return aside + zstd(data[:900]) + aside + zstd(data[900:]) + aside


def two_members(data: bytes) -> bytes:
    """Two gzip members followed by zeros, as from parallel compressors and tapes."""
    return gzipped(data[:1000]) + gzipped(data[1000:]) + bytes(100)


def backwards(members: dict[str, bytes]) -> dict[str, bytes]:
    return dict(reversed(members.items()))


SHAPES = {
    "docker": lambda: archive(docker_members(LAYERS)),
    "docker, manifest first": lambda: archive(backwards(docker_members(LAYERS))),
    "oci": lambda: archive(oci_members(LAYERS)),
    "oci, index first": lambda: archive(backwards(oci_members(LAYERS))),
    "oci, gzip": lambda: archive(oci_members(LAYERS, pack=gzipped)),
    "oci, gzip in parts": lambda: archive(oci_members(LAYERS, pack=two_members)),
    "oci, zstd": lambda: archive(oci_members(LAYERS, pack=zstd)),
    "oci, zstd in parts": lambda: archive(oci_members(LAYERS, pack=zstd_with_asides)),
    "oci and docker": lambda: archive(oci_members(LAYERS) | docker_members(LAYERS)),
    "all in gzip": lambda: gzipped(archive(docker_members(LAYERS))),
    "all in gzip, layers too": lambda: gzipped(archive(oci_members(LAYERS, pack=gzipped))),
    "all in zstd": lambda: zstd(archive(docker_members(LAYERS))),
    "names with ./": lambda: archive({f"./{k}": v for k, v in docker_members(LAYERS).items()}),
}


def take(data: bytes, name: str = "", platform: str = "", **options: Any) -> Image:
    return read(io.BytesIO(data), ReadOptions(**options), name=name, platform=platform)


def piped(data: bytes, **options: Any) -> Image:
    return read(Pipe(data), ReadOptions(**options))  # type: ignore[arg-type]


def through_descriptor(data: bytes, **options: Any) -> Image:
    """As from standard input."""
    reads, writes = os.pipe()

    def write() -> None:
        with open(writes, "wb") as out, suppress(BrokenPipeError):
            out.write(data)

    writer = Thread(target=write)
    writer.start()
    try:
        with open(reads, "rb") as stream:
            return read(stream, ReadOptions(**options))
    finally:
        writer.join()


@pytest.mark.parametrize("reading", [take, piped, through_descriptor], ids=["file", "pipe", "descriptor"])
@pytest.mark.parametrize("shape", SHAPES)
def test_archive_layouts(shape: str, reading: Callable[..., Image]) -> None:
    check(reading(SHAPES[shape](), keep=lambda path: path == "/etc/passwd", digests=True))


@pytest.mark.parametrize("members", [docker_members, oci_members])
def test_layout_directories(members: object, tmp_path: Path) -> None:
    where = unpacked(members(LAYERS), tmp_path)  # type: ignore[operator]
    check(read_layout(where, ReadOptions(keep=lambda path: path == "/etc/passwd", digests=True)))


def check(image: Image) -> None:
    assert image.config == {"Cmd": ["/bin/sh"]}
    assert image.architecture == "amd64"
    assert [layer.digest for layer in image.layers] == [sha256(layer) for layer in LAYERS]
    assert [layer.created_by for layer in image.layers] == ["step 0", "step 1", "step 2"]
    assert [layer.size for layer in image.layers] == [300_000 + 26 + 610, 0, 7 + 47]
    base, empty, top = image.layers
    assert [(e.path, e.kind) for e in base.entries] == [
        ("/etc", "directory"),
        ("/etc/passwd", "file"),
        ("/bin", "directory"),
        ("/bin/run", "file"),
        ("/bin/walk", "hardlink"),
        ("/sbin", "symlink"),
        ("/var/cache/big", "file"),
    ]
    assert base.entries[4].target == "/bin/run"
    assert base.entries[6].digest == hashlib.sha256(bytes(300_000)).hexdigest()
    assert empty.entries == ()
    assert (top.whiteouts, top.opaque) == (("/var/cache",), ("/app",))
    main = top.entries[1]
    assert (main.path, main.uid, main.gid, main.mode, main.size) == ("/app/main.py", 7, 8, 0o600, 7)
    assert image.contents == {"/etc/passwd": b"root:x:0:0::/root:/bin/sh\napp:x:7:7::/:/bin/sh\n"}
    assert {path: len(head) for path, head in image.heads.items()} == {"/bin/run": 256, "/bin/walk": 256}


# --- sizes ----------------------------------------------------------------------------------------


def test_stored_compressed_sizes() -> None:
    plain = take(archive(oci_members(LAYERS)))
    packed = take(archive(oci_members(LAYERS, pack=gzipped)))
    assert [layer.compressed for layer in plain.layers] == [None, None, None]
    assert [layer.compressed for layer in packed.layers] == [len(gzipped(layer)) for layer in LAYERS]


@pytest.mark.parametrize("level", [1, 6])
def test_measured_compressed_sizes(level: int) -> None:
    text = Path(archives.__file__).read_bytes() + Path(tarfile.__file__).read_bytes()
    layer = tar(*(member(f"{index}", text + os.urandom(5000)) for index in range(30)))
    image = take(archive(docker_members([layer, EMPTY])), compress=level)
    sizes = [layer.compressed or 0 for layer in image.layers]
    assert sizes[0] == pytest.approx(len(gzip.compress(layer, level)), rel=0.005)
    assert sizes[1] == pytest.approx(len(gzip.compress(EMPTY, level)), abs=20)


def test_shared_layers_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: dict[str, int] = {}
    first = take(archive(oci_members([BASE])), compress=6, sizes=sizes)
    measured: list[object] = []
    original = archives._measured_layer
    monkeypatch.setattr(archives, "_measured_layer", lambda *args: measured.append(args) or original(*args))
    second = take(archive(oci_members([BASE, TOP])), compress=6, sizes=sizes)
    assert [layer.compressed for layer in second.layers][:1] == [layer.compressed for layer in first.layers]
    assert len(measured) == 1
    assert None not in [layer.compressed for layer in second.layers]


# --- what is taken out ----------------------------------------------------------------------------


def test_hidden_contents() -> None:
    lower = tar(member("a/one", b"1"), member("b/one", b"1"), member("c", b"1"), member("d", b"1"))
    upper = tar(
        member(".wh.a"),
        member("b/.wh..wh..opq"),
        member("c", kind="symlink", linkname="d"),
        member("e", b"2"),
    )
    image = take(archive(docker_members([lower, upper])), keep=lambda path: True)
    assert image.contents == {"/d": b"1", "/e": b"2"}


def test_repeated_layer() -> None:
    image = take(archive(oci_members([BASE, TOP, BASE])), keep=lambda path: path == "/etc/passwd")
    assert [len(layer.entries) for layer in image.layers] == [7, 2, 7]
    assert image.contents == {"/etc/passwd": b"root:x:0:0::/root:/bin/sh\n"}


def test_elf_files_are_parsed_on_request() -> None:
    program = Path("/proc/self/exe")
    if not program.exists():
        pytest.skip("needs an ELF file")
    data = archive(docker_members([tar(member("python", program.read_bytes(), mode=0o755))]))
    assert list(take(data).elves) == ["/python"]
    assert take(data, elves=False).elves == {}


def test_large_elf_files_of_a_pipe_use_a_temporary_file(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Path("/proc/self/exe")
    if not program.exists():
        pytest.skip("needs an ELF file")
    data = archive(docker_members([tar(member("python", program.read_bytes(), mode=0o755))]))
    sought = take(data, digests=True)
    small = piped(data, digests=True)
    monkeypatch.setattr("slimify.image.layer.IN_MEMORY", 1000)
    large = piped(data, digests=True)
    assert (large.elves, large.layers) == (small.elves, small.layers) == (sought.elves, sought.layers)


EQUAL = (
    tar(
        member("alone", b"a" * 7000),
        member("one", b"b" * 5000),
        member("again", b"old"),
        member("gone/file", b"x"),
        member("changed", b"old"),
        member("small", b"s"),
    ),
    tar(
        member("two", b"b" * 5000),
        member("three", b"c" * 5000),
        member("again", b"old"),
        member(".wh.gone"),
        member("changed", b"newer"),
        member("smaller", b"s"),
    ),
)


@pytest.mark.parametrize("stream", ["file", "pipe", "gzip"])
def test_files_are_hashed_that_may_equal_another_one(stream: str) -> None:
    data = archive(oci_members(EQUAL, pack=gzipped if stream == "gzip" else bytes))
    image = (piped if stream == "pipe" else take)(data, equal=1000)
    digests = {e.path: e.digest for layer in image.layers for e in layer.entries}
    lower, upper = ({e.path: e.digest for e in layer.entries} for layer in image.layers)
    hashed = {path for path, digest in digests.items() if digest}
    assert hashed == ({"/one", "/two", "/three", "/again"} if stream == "file" else set(digests))
    assert lower["/one"] == upper["/two"] != upper["/three"]
    assert lower["/again"] == upper["/again"]
    assert lower["/changed"] == upper["/changed"] == "" or lower["/changed"] != upper["/changed"]


@given(st.binary(max_size=3), st.integers(0, 3), st.lists(st.integers(0, 3 * BLOCK), max_size=6))
def test_equal_content_has_equal_digests(end: bytes, blocks: int, cuts: list[int]) -> None:
    content = bytes(range(256)) * (blocks * BLOCK // 256) + end
    parts = ContentHash()
    for start, stop in itertools.pairwise([0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]):
        parts.update(content[start:stop])
    assert parts.hexdigest() == ContentHash(content).hexdigest()
    assert parts.hexdigest() != ContentHash(content + b"x").hexdigest()


@pytest.mark.parametrize("options", [{}, {"equal": 1000}], ids=["plain", "equal"])
def test_of_a_file_only_what_is_needed_is_read(options: dict[str, Any]) -> None:
    layer = tar(member("big", bytes(40 << 20)), member("small", b"x"))
    data = Counted(archive(docker_members([layer])))
    assert [e.path for e in read(data, ReadOptions(**options)).layers[0].entries] == ["/big", "/small"]
    assert data.count < 1 << 20


class Counted(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_history_entries_without_layers() -> None:
    history = [
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "COPY"},
        {"created_by": "CMD", "empty_layer": True},
        {"created_by": "RUN"},
        {"created_by": "one too many"},
    ]
    config = configuration([BASE, TOP], history=history)
    image = take(archive(docker_members([BASE, TOP], config=config)))
    assert [step.layer for step in image.history] == [None, 0, None, 1, None]
    assert [layer.created_by for layer in image.layers] == ["COPY", "RUN"]


@pytest.mark.parametrize("absent", ["config", "history", "rootfs", "architecture"])
def test_incomplete_configurations(absent: str) -> None:
    config = configuration([BASE], **{absent: None})
    image = take(archive(docker_members([BASE], config=config)))
    assert len(image.layers) == 1


# --- several images -------------------------------------------------------------------------------


def both() -> dict[str, bytes]:
    one, two = docker_members([BASE]), docker_members([BASE, TOP], names=["other:2", "reg.example/x/y:3"])
    manifests = json.loads(one["manifest.json"]) + json.loads(two["manifest.json"])
    return one | two | {"manifest.json": json.dumps(manifests).encode()}


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("app:1", 1),
        ("docker.io/library/app:1", 1),
        ("other:2", 2),
        ("reg.example/x/y:3", 2),
        ("id", 1),
        ("sha256:id", 1),
    ],
)
def test_image_by_name(name: str, layers: int) -> None:
    known = sha256(json.dumps(configuration([BASE])).encode())
    name = {"id": known[7:19], "sha256:id": known}.get(name, name)
    assert len(take(archive(both()), name=name).layers) == layers


def test_platforms() -> None:
    arm = oci_members([BASE], platform="linux/arm64", config=configuration([BASE], architecture="arm64"))
    amd = oci_members([BASE, TOP], platform="linux/amd64")
    manifests = [m for part in (arm, amd) for m in json.loads(part["index.json"])["manifests"]]
    below = json.dumps({"manifests": manifests}).encode()
    index = {"manifests": [{"digest": sha256(below), "annotations": {"io.containerd.image.name": "app:1"}}]}
    attested = {
        "digest": sha256(b"none"),
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    }
    index["manifests"].append(attested)
    members = arm | amd | {"blobs/" + sha256(below).replace(":", "/"): below}
    data = archive(members | {"index.json": json.dumps(index).encode()})
    assert take(data, platform="linux/arm64").architecture == "arm64"
    assert len(take(data, name="app:1", platform="linux/amd64").layers) == 2
    with pytest.raises(ImageError, match="2 images"):
        take(data)
    # An engine saves the index of all platforms with the blobs of its own alone.
    lone = amd | {"blobs/" + sha256(below).replace(":", "/"): below, "index.json": json.dumps(index).encode()}
    assert len(take(archive(lone | _manifests(arm))).layers) == 2


def _manifests(members: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in members.items() if b"schemaVersion" in data and "blobs" in name}


def test_linked_layers() -> None:
    members = docker_members([BASE])
    manifest = json.loads(members["manifest.json"])
    path = manifest[0]["Layers"][0]
    manifest[0]["Layers"] += ["second/layer.tar", "third.tar"]
    parts = [
        member(name, data)
        for name, data in (members | {"manifest.json": json.dumps(manifest).encode()}).items()
    ]
    parts.insert(0, member("second/layer.tar", kind="symlink", linkname=f"../{path}"))
    parts.append(member("third.tar", kind="hardlink", linkname="second/layer.tar"))
    assert [len(layer.entries) for layer in take(tar(*parts)).layers] == [7, 7, 7]


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("a", "/a"),
        ("./a", "/a"),
        ("/a", "/a"),
        ("//a//b/", "/a/b"),
        ("a/../b", "/b"),
        ("a/./b", "/a/b"),
        ("./", "/"),
        (".hidden/.x", "/.hidden/.x"),
        ("..a/b..", "/..a/b.."),
    ],
)
def test_paths_are_absolute(written: str, path: str) -> None:
    image = take(archive(docker_members([tar(member(written, b"x"))])))
    assert [entry.path for entry in image.layers[0].entries] == [path]


# --- what is wrong --------------------------------------------------------------------------------


def with_layer(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    return archive(docker_members([tar(*members)]))


def without(members: dict[str, bytes], part: str) -> bytes:
    return archive({name: data for name, data in members.items() if part not in name})


def loop() -> bytes:
    """An index can't contain itself, but it can be nested very deeply."""
    inner = json.dumps({"manifests": []}).encode()
    members = {}
    for _ in range(50):
        members["blobs/" + sha256(inner).replace(":", "/")] = inner
        inner = json.dumps({"manifests": [{"digest": sha256(inner)}]}).encode()
    return archive(members | {"index.json": inner})


def edited(members: dict[str, bytes], name: str, **values: object) -> bytes:
    text = json.loads(members[name])
    (text[0] if isinstance(text, list) else text).update(values)
    return archive(members | {name: json.dumps(text).encode()})


WRONG = {
    "empty": (lambda: b"", "SL601"),
    "text": (lambda: b"FROM scratch\n" * 100, "SL601"),
    "zeros": (lambda: bytes(100_000), "SL601"),
    "gzip of text": (lambda: gzipped(b"text"), "SL601"),
    "gzip in gzip in gzip": (lambda: gzipped(gzipped(gzipped(archive(docker_members([BASE]))))), "SL601"),
    "an export": (lambda: BASE, "SL601"),
    "no such image": (lambda: archive(docker_members([BASE], names=["wanted:no"])), "SL601"),
    "no description": (lambda: without(oci_members([BASE]), "index"), "SL601"),
    "no configuration": (lambda: edited(docker_members([BASE]), "manifest.json", Config="x.json"), "SL602"),
    "no layer": (lambda: without(docker_members([BASE]), "layer.tar"), "SL602"),
    "cut gzip layer": (lambda: archive(oci_members([BASE], pack=lambda d: gzipped(d)[:-200])), "SL602"),
    "damaged gzip layer": (
        lambda: archive(oci_members([BASE], pack=lambda d: gzipped(d)[:50] + b"x" * 500)),
        "SL602",
    ),
    "layer of text": (lambda: archive(oci_members([b"text " * 1000])), "SL602"),
    "manifest is no JSON": (lambda: archive(docker_members([BASE]) | {"manifest.json": b"[{"}), "SL602"),
    "manifest is deep": (
        lambda: archive(docker_members([BASE]) | {"manifest.json": b"[" * 100_000}),
        "SL602",
    ),
    "manifest names files outside": (
        lambda: edited(docker_members([BASE]), "manifest.json", Layers=["../../etc/passwd"]),
        "SL602",
    ),
    "manifest of strange types": (lambda: edited(docker_members([BASE]), "manifest.json", Config=7), "SL602"),
    "index of strange types": (lambda: edited(oci_members([BASE]), "index.json", manifests=[7]), "SL603"),
    "too many layers": (
        lambda: edited(docker_members([BASE]), "manifest.json", Layers=["x/layer.tar"] * 10_000),
        "SL603",
    ),
    "digest that is a path": (
        lambda: edited(oci_members([BASE]), "index.json", manifests=[{"digest": "sha256:../../x"}]),
        "SL603",
    ),
    "indexes in indexes": (loop, "SL603"),
    "a name that leads outside": (lambda: with_layer(member("../etc/passwd", b"x")), "SL603"),
    "a name that leads outside later": (lambda: with_layer(member("a/../../b", b"x")), "SL603"),
    "a link that leads outside": (
        lambda: with_layer(member("a", kind="hardlink", linkname="../../etc/shadow")),
        "SL603",
    ),
    "a name without end": (lambda: with_layer(member("n" * 70_000)), "SL603"),
    "directories without end": (
        lambda: with_layer(*(member(f"{n}" + "/d" * 30_000) for n in range(70))),
        "SL603",
    ),
    "a whiteout that leads outside": (lambda: with_layer(member("../.wh.etc")), "SL603"),
}


def test_an_index_that_names_itself_is_read_a_few_times() -> None:
    name = "sha256:" + "0" * 64
    index = json.dumps({"manifests": [{"digest": name}] * 1000}).encode()
    members = {"index.json": index, f"blobs/sha256/{'0' * 64}": index}
    read_members = []

    def load(member: str) -> bytes | None:
        read_members.append(member)
        return members.get(member)

    with pytest.raises(ImageError) as raised:
        choose(load, "", "")
    assert (raised.value.code, len(read_members) < 10) == ("SL603", True)


def test_what_an_entry_costs_is_counted(tmp_path: Path) -> None:
    number = 4_000
    path = tmp_path / "image.tar"
    path.write_bytes(archive(docker_members([tar(*(member(f"d{n}/f") for n in range(number)))])))
    tracemalloc.start()
    try:
        with path.open("rb") as stream:
            image = read(stream)
        files = [*Files(image.layers).walk()]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(files) == 2 * number
    assert held < number * ENTRY_COST


@pytest.mark.parametrize("case", WRONG)
def test_errors(case: str) -> None:
    make, code = WRONG[case]
    with pytest.raises(ImageError) as raised:
        take(make(), name="wanted:yes" if case == "no such image" else "")
    assert raised.value.code == code
    assert raised.value.message.endswith(".")


def test_symlinks_may_leave_the_image() -> None:
    image = take(with_layer(member("a", kind="symlink", linkname="../../../etc")))
    assert image.layers[0].entries[0].target == "../../../etc"
    assert Files(image.layers).resolve("/a") is None


def test_damaged_layer_of_another_image_is_ignored() -> None:
    members = docker_members([BASE]) | {"blobs/sha256/other": tar(member("../x", b"x")), "x.gz": b"\x1f\x8bx"}
    assert len(take(archive(members)).layers) == 1


def test_symlinks_out_of_a_layout_are_not_followed(tmp_path: Path) -> None:
    where = unpacked(docker_members([BASE]), tmp_path / "image")
    (tmp_path / "secret.tar").write_bytes(TOP)
    layer = next(where.glob("*/layer.tar"))
    layer.unlink()
    layer.symlink_to(tmp_path / "secret.tar")
    with pytest.raises(ImageError, match="lacks the layer"):
        read_layout(where)


@pytest.mark.parametrize("name", ["a\0b", "n" * 5000, "loop", "..", "", "."], ids=repr)
def test_directories_with_impossible_names(tmp_path: Path, name: str) -> None:
    where = unpacked(docker_members([BASE]), tmp_path)
    (where / "loop").symlink_to("loop")
    manifest = json.loads((where / "manifest.json").read_bytes())
    manifest[0]["Config"] = name
    (where / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ImageError) as raised:
        read_layout(where)
    assert raised.value.code == "SL602"


def test_hard_links_to_files_in_lower_layers() -> None:
    lower = tar(member("run", b"#!/bin/sh\n", mode=0o755))
    upper = tar(member("walk", kind="hardlink", linkname="run"))
    image = take(archive(docker_members([lower, upper])))
    assert image.heads == {"/run": b"#!/bin/sh\n", "/walk": b"#!/bin/sh\n"}


def test_damaged_layers_release_memory(tmp_path: Path) -> None:
    broken = {f"{index}.gz": gzipped(os.urandom(3000) * 100)[:-20] for index in range(200)}
    path = tmp_path / "image.tar"
    path.write_bytes(archive(docker_members([BASE]) | broken))
    with path.open("rb") as stream:
        assert peak(stream) < 6 << 20


def test_missing_zstd(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("slimify.image.streams.import_module", missing)
    with pytest.raises(ImageError) as raised:
        take(b"\x28\xb5\x2f\xfd" + bytes(100))
    assert (raised.value.code, "3.14" in raised.value.hint) == ("SL601", True)


SMALL = (
    tar(member("a/b", b"#!/bin/sh\n" * 20, mode=0o755), member("a/" + "n" * 150, b"x")),
    tar(member(".wh.a"), member("c", kind="hardlink", linkname="d")),
)
WHOLE = {
    "docker": archive(docker_members(SMALL)),
    "oci": archive(oci_members(SMALL, pack=gzipped)),
    "gzip": gzipped(archive(docker_members(SMALL))),
}


@given(st.sampled_from(sorted(WHOLE)), st.floats(0, 0.999))
def test_truncated_archives(shape: str, where: float) -> None:
    data = WHOLE[shape]
    try:
        image = take(data[: int(len(data) * where)], keep=lambda path: True, digests=True)
    except ImageError:
        return
    # All that was missing is the padding behind the last member.
    assert image == take(data, keep=lambda path: True, digests=True)


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_corrupted_archives_do_not_crash(shape: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(WHOLE[shape])
    for where, value in changes:
        data[int(len(data) * where)] = value
    try:
        image = take(bytes(data), keep=lambda path: True, digests=True, compress=0)
    except ImageError:
        return
    for entry in Files(image.layers).walk():
        assert entry.path.startswith("/")


@given(st.binary(max_size=2000))
def test_random_bytes(data: bytes) -> None:
    with pytest.raises(ImageError):
        take(data)


# --- memory ---------------------------------------------------------------------------------------


def peak(stream: BinaryIO, **options: object) -> int:
    """Peak memory of reading, in bytes."""
    tracemalloc.start()
    try:
        read(stream, ReadOptions(**options))  # type: ignore[arg-type]
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "options", [{}, {"digests": True}, {"compress": 1}], ids=["plain", "digests", "compress"]
)
def test_memory_does_not_depend_on_file_sizes(options: dict[str, object], tmp_path: Path) -> None:
    layer = tar(member("big", bytes(40 << 20)), member("small", b"x"))
    path = tmp_path / "image.tar"
    path.write_bytes(archive(oci_members([layer], pack=gzipped)))
    with path.open("rb") as stream:
        assert peak(stream, **options) < 4 << 20
    path.write_bytes(archive(docker_members([layer])))
    with path.open("rb") as stream:
        assert peak(stream, **options) < 24 << 20


def test_members_without_content_take_linear_time() -> None:
    empty = gzip.compress(b"") * 50_000
    layer = tar(member("a", b"x"))
    packed = gzip.compress(layer[:700]) + empty + b"\0" * 9 + empty + gzip.compress(layer[700:]) + b"\0" * 9
    start = time.process_time()
    image = take(archive(oci_members([layer], pack=lambda _: packed)))
    assert [entry.path for entry in image.layers[0].entries] == ["/a"]
    assert time.process_time() - start < 5 * slowness()


def test_an_archive_that_is_compressed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = tar(member("a", bytes(30 << 20)))
    once = archive(oci_members([layer], pack=gzipped))
    assert len(take(once).layers) == 1
    monkeypatch.setattr(streams, "FREE_EXPANSION", 1 << 20)
    assert len(take(once).layers) == 1
    zeros = gzip.compress(bytes(1 << 20)) * 30
    twice = archive(
        oci_members([layer], pack=lambda _: gzip.compress(layer[:512]) + zeros + gzipped(bytes(2048)))
    )
    with pytest.raises(ImageError, match="compressed twice") as raised:
        take(gzip.compress(twice))
    assert raised.value.code == "SL603"


# --- real images ----------------------------------------------------------------------------------


def docker(*arguments: str) -> bytes:
    return subprocess.run(["docker", *arguments], capture_output=True, check=True, timeout=600).stdout


@pytest.mark.engine
@pytest.mark.parametrize("name", ["alpine:3.20", "python:3.12-slim"])
def test_real_image_matches_engine_and_tarfile(name: str) -> None:
    data = docker("save", name)
    image = take(data, digests=True)
    inspected = json.loads(docker("image", "inspect", name))[0]
    assert [layer.digest for layer in image.layers] == inspected["RootFS"]["Layers"]
    assert image.config["Env"] == inspected["Config"]["Env"]
    with tarfile.open(fileobj=io.BytesIO(data)) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))[0]  # type: ignore[arg-type]
        for path, layer in zip(manifest["Layers"], image.layers, strict=True):
            with tarfile.open(fileobj=outer.extractfile(path)) as inner:
                members = [m for m in inner if not os.path.basename(m.name).startswith(".wh.")]
            assert [(e.path, e.mode, e.uid, e.gid) for e in layer.entries] == [
                (posixpath.normpath(f"/{m.name}"), m.mode, m.uid, m.gid) for m in members
            ]
            assert layer.size == sum(m.size for m in members if m.isreg())


@pytest.mark.engine
@pytest.mark.parametrize("name", ["alpine:3.20", "python:3.12-slim"])
def test_merged_files_match_a_container(name: str) -> None:
    image = take(docker("save", name), digests=True)
    container = docker("create", name, "none").decode().strip()
    try:
        exported = docker("export", container)
    finally:
        docker("rm", container)
    # The engine puts these into every container, whatever the image has.
    own = {"/.dockerenv", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/mtab"}
    own |= {"/dev", "/dev/console", "/dev/pts", "/dev/shm", "/proc", "/sys"}
    wanted: dict[str, tuple[object, ...]] = {}
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive_:
        for info in archive_:
            path = "/" + info.name.strip("/")
            handle = archive_.extractfile(info) if info.isreg() or info.islnk() else None
            digest = hashlib.sha256(handle.read()).hexdigest() if handle else ""
            wanted[path] = (info.isdir(), info.mode, info.uid, info.gid, info.linkname * info.issym(), digest)
    found = {
        entry.path: (
            entry.kind == "directory",
            entry.mode,
            entry.uid,
            entry.gid,
            entry.target if entry.kind == "symlink" else "",
            entry.digest,
        )
        for entry in Files(image.layers).walk()
    }
    assert {p: v for p, v in found.items() if p not in own} == {
        p: v for p, v in wanted.items() if p not in own
    }


# --- what makes work ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"pax_headers": {"SCHILY.xattr.security.capability": "A" * 60_000}},
        {"name": "\N{EURO SIGN}" * 30_000},
        {"kind": "symlink", "linkname": "\N{EURO SIGN}" * 30_000},
    ],
    ids=["capability", "name", "link"],
)
def test_texts_of_an_entry_are_counted(values: dict[str, Any]) -> None:
    layer = tar(member(**{"name": "a", **values}))
    with pytest.raises(ImageError, match="fit into memory"):
        list(Tar(streams.FileReader(io.BytesIO(layer)), streams.Budget(100_000)))


DEEP = "/d" * 1500


@pytest.mark.parametrize(
    "many",
    [
        lambda: [member(f"{DEEP}/.wh.{number}") for number in range(1300)],
        lambda: [member(f"{n}", kind="symlink", linkname="." + DEEP) for n in range(1300)],
        lambda: [member(f"{n}", kind="hardlink", linkname=DEEP) for n in range(1300)],
        lambda: [member("a", kind="symlink", linkname="a" * 5000)],
    ],
    ids=["whiteouts", "symlinks", "hard links", "a long link"],
)
def test_what_is_looked_up_is_counted(many: Callable[[], list[Any]]) -> None:
    with pytest.raises(ImageError) as raised:
        take(with_layer(*many()))
    assert raised.value.code == "SL603"


def test_a_layer_that_is_applied_again_and_again() -> None:
    members = docker_members([tar(*(member(f"{number}") for number in range(3000)))])
    (place,) = json.loads(members["manifest.json"])[0]["Layers"]
    assert len(take(edited(members, "manifest.json", Layers=[place] * 9)).layers) == 9
    with pytest.raises(ImageError, match="fit into memory"):
        take(edited(members, "manifest.json", Layers=[place] * 450))


def test_a_layer_with_many_names_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = docker_members([BASE])
    (place,) = json.loads(members["manifest.json"])[0]["Layers"]
    names = [f"{number}/layer.tar" for number in range(9)]
    links = [member(name, kind="symlink", linkname=f"../{place}") for name in names]
    manifest = json.loads(members["manifest.json"])
    manifest[0]["Layers"] = names
    texts = members | {"manifest.json": json.dumps(manifest).encode()}
    path = tmp_path / "image.tar"
    path.write_bytes(tar(*links, *(member(name, data) for name, data in texts.items())))
    where = unpacked(texts, tmp_path / "layout")
    for name in names:
        (where / name).parent.mkdir()
        (where / name).symlink_to(f"../{place}")
    calls: list[object] = []
    scan = archives.scan
    monkeypatch.setattr(archives, "scan", lambda *given: calls.append(given) or scan(*given))
    with path.open("rb") as stream:
        assert len(read(stream).layers) == 9
    assert len(read_layout(where).layers) == 9
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("pax", "data", "number"),
    [
        ({"GNU.sparse.major": "1", "GNU.sparse.realsize": "9"}, b"1" * 20_000_000, 1),
        ({"GNU.sparse.map": "", "GNU.sparse.size": "1073741823", "GNU.sparse.major": "0"}, b"", 300),
    ],
    ids=["a map without end", "holes"],
)
def test_sparse_files_take_no_time(pax: dict[str, str], data: bytes, number: int) -> None:
    layer = tar(*(member(f"{n}", data, pax_headers=pax) for n in range(number)))
    start = time.process_time()
    with suppress(ImageError):
        take(archive(docker_members([layer])), digests=True)
    assert time.process_time() - start < 10 * slowness()
