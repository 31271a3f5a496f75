"""ELF files: generated for every class and byte order, real ones against readelf, and broken ones."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from elffiles import EXEC, Maker
from hypothesis import given, settings
from hypothesis import strategies as st

from slimify.image.elf import parse
from slimify.image.model import Elf, Linking

FULL = {
    "interpreter": "/lib64/ld-linux.so.2",
    "needed": ("libpq.so.5", "libc.so.6"),
    "rpath": "$ORIGIN/../lib:/opt/lib",
    "runpath": "/a::/b",
    "versions": (("libc.so.6", ("GLIBC_2.2.5", "GLIBC_2.38")), ("libm.so.6", ("GLIBC_2.29",))),
}


@pytest.mark.parametrize("little", [True, False], ids=["little", "big"])
@pytest.mark.parametrize("wide", [True, False], ids=["64", "32"])
def test_classes_and_byte_orders(wide: bool, little: bool) -> None:
    found = parse(Maker(wide=wide, little=little, machine=62 if wide else 3, **FULL).bytes())  # type: ignore[arg-type]
    assert found == Elf(
        machine="x86_64" if wide else "x86",
        interpreter="/lib64/ld-linux.so.2",
        needed=("libpq.so.5", "libc.so.6"),
        rpath=("$ORIGIN/../lib", "/opt/lib"),
        runpath=("/a", "/b"),
        versions=(("libc.so.6", "GLIBC_2.2.5"), ("libc.so.6", "GLIBC_2.38"), ("libm.so.6", "GLIBC_2.29")),
        linking="dynamic",
    )


@pytest.mark.parametrize(
    ("maker", "linking"),
    [
        (Maker(kind=EXEC), "static"),
        (Maker(kind=EXEC, interpreter="/ld.so"), "dynamic"),
        (Maker(interpreter="/ld.so", needed=("libc.so.6",)), "dynamic"),
        (Maker(interpreter="/ld.so", soname="libc.so.6"), "library"),
        (Maker(interpreter="/ld.so", soname="odd", flags=0x08000000), "dynamic"),
        (Maker(flags=0x08000001), "static-pie"),
        (Maker(soname="libx.so.1"), "library"),
        (Maker(needed=("libc.so.6",)), "library"),
        (Maker(kind=1), "object"),
        (Maker(kind=4), "other"),
    ],
)
def test_linking(maker: Maker, linking: Linking) -> None:
    found = parse(maker.bytes())
    assert found is not None
    assert (found.linking, found.soname) == (linking, maker.soname)


@pytest.mark.parametrize(
    ("machine", "little", "name"),
    [
        (183, True, "aarch64"),
        (21, True, "ppc64le"),
        (21, False, "ppc64"),
        (22, False, "s390x"),
        (999, True, "0x3e7"),
    ],
)
def test_machines(machine: int, little: bool, name: str) -> None:
    found = parse(Maker(machine=machine, little=little).bytes())
    assert found is not None
    assert found.machine == name


@pytest.mark.parametrize(
    "data", [b"", b"\x7fELF", b"#!/bin/sh\n" * 50, b"\x7fELF" + bytes(100), b"\x7fELF\x03\x01" * 20]
)
def test_not_an_elf_file(data: bytes) -> None:
    assert parse(data) is None


# --- real ones ------------------------------------------------------------------------------------


@cache
def real() -> tuple[Path, ...]:
    """Programs and libraries of this machine."""
    places = [
        Path(sys.executable).resolve().parent,
        Path("/usr/bin"),
        Path("/usr/lib/x86_64-linux-gnu"),
        Path("/usr/lib"),
    ]
    places += [Path(sysconfig.get_path("platstdlib")) / "lib-dynload", Path("/usr/sbin"), Path("/lib")]
    found: list[Path] = []
    for place in places:
        found += [path for path in sorted(place.glob("*"))[:400] if is_elf(path)][:25]
    return tuple(dict.fromkeys(found))


def is_elf(path: Path) -> bool:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 20_000_000:
            return False
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def test_real_files_match_readelf() -> None:
    readelf = shutil.which("readelf")
    if readelf is None or not real():
        pytest.skip("needs readelf and ELF files")
    for path in real():
        found = parse(path.read_bytes())
        assert found is not None, path
        shown = subprocess.run(
            [readelf, "-W", "-l", "-d", "-V", "-S", str(path)],
            capture_output=True,
            text=True,
            env={"LC_ALL": "C"},
            check=True,
        ).stdout
        tags = re.findall(r"\((NEEDED|SONAME|RPATH|RUNPATH)\).*\[(.*)\]", shown)
        interpreter = re.search(r"program interpreter: (.*)\]", shown)
        assert found.interpreter == (interpreter[1] if interpreter else ""), path
        assert found.needed == tuple(value for tag, value in tags if tag == "NEEDED"), path
        assert found.soname == "".join(value for tag, value in tags if tag == "SONAME"), path
        assert ":".join(found.rpath) == "".join(value for tag, value in tags if tag == "RPATH"), path
        assert ":".join(found.runpath) == "".join(value for tag, value in tags if tag == "RUNPATH"), path
        assert list(found.versions) == list(needs(shown)), path
        assert found.defines == definitions(shown), path


def definitions(shown: str) -> set[str]:
    section = shown.partition("Version definition section")[2].partition("Version needs section")[0]
    return set(re.findall(r"Flags: (?!BASE).*Name: (\S+)", section))


def needs(shown: str) -> Iterator[tuple[str, str]]:
    library = ""
    for line in shown.partition("Version needs section")[2].splitlines():
        if match := re.search(r"File: (\S+)  Cnt", line):
            library = match[1]
        elif match := re.search(r"Name: (\S+)  Flags", line):
            yield library, match[1]


# --- broken ones ----------------------------------------------------------------------------------

SAMPLES = [
    Maker(wide=wide, little=little, **FULL).bytes() for wide in (True, False) for little in (True, False)
]  # type: ignore[arg-type]


@cache
def samples() -> list[bytes]:
    return SAMPLES + [path.read_bytes() for path in sorted(real(), key=lambda p: p.stat().st_size)[:8]]


@given(st.data())
def test_truncated_files_do_not_crash(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(samples()))
    found = parse(sample[: data.draw(st.integers(0, len(sample)))])
    assert found is None or isinstance(found, Elf)


@settings(max_examples=400)
@given(st.data())
def test_corrupted_files_do_not_crash(data: st.DataObject) -> None:
    sample = bytearray(data.draw(st.sampled_from(samples())))
    # Most of what matters stands in the first kilobyte.
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.one_of(st.integers(16, 700), st.integers(0, len(sample) - 1)))
        value = data.draw(st.sampled_from([b"\0", b"\xff", b"\xff" * 4, b"\x7f" + b"\xff" * 7, b"\1"]))
        sample[at : at + len(value)] = value
    found = parse(bytes(sample))
    assert found is None or isinstance(found, Elf)


def test_oversized_version_tables_are_bounded() -> None:
    small = Maker(versions=(("libc.so.6", ("V0", "V1", "V2")),)).bytes()
    at = small.index(struct.pack("<HHI", 1, 3, 1))
    data = bytearray(small)
    struct.pack_into("<H", data, at + 2, 0xFFFF)
    struct.pack_into("<I", data, at + 16 + 12, 1)  # the next entry begins a byte later, and so on
    found = parse(bytes(data))
    assert found is None or len(found.versions) <= 4096
    intact = parse(small)
    assert intact is not None
    assert [version for _, version in intact.versions] == ["V0", "V1", "V2"]
