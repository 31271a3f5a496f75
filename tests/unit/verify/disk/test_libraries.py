"""The dynamic linkers' rules, and what is said where a library is not found."""

from __future__ import annotations

import struct

import pytest
from unit.verify_sides import (
    Piece,
    elf,
    evidence,
    file,
    link,
    live,
    needs,
    package,
    program,
    said,
    side,
    used,
)

from slimify.verify.disk import ld_cache, libraries
from slimify.verify.disk.evidence import Side
from slimify.verify.disk.linker import Linker
from slimify.verify.disk.start_commands import executed_files

LOADER = elf("/lib64/ld-linux-x86-64.so.2")
LIBC = elf("/usr/lib/x86_64-linux-gnu/libc.so.6", defines=frozenset({"GLIBC_2.2.5", "GLIBC_2.36"}))
GLIBC = (LOADER, LIBC)
MUSL = (elf("/lib/ld-musl-x86_64.so.1"), link("/lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1"))
STANDARD = "/usr/lib/x86_64-linux-gnu"


def cache(*paths: str, older: bytes = b"") -> Piece:
    """An ld.so.cache as ldconfig writes it."""
    texts, offsets = b"", []
    begin = 48 + 24 * len(paths)
    for path in paths:
        name = path.rpartition("/")[2].encode() + b"\0"
        offsets.append((begin + len(texts), begin + len(texts) + len(name)))
        texts += name + path.encode() + b"\0"
    head = b"glibc-ld.so.cache1.1" + struct.pack("<II", len(paths), len(texts)) + b"\0" * 20
    rows = b"".join(struct.pack("<iIIIQ", 0x303, key, value, 0, 0) for key, value in offsets)
    return file("/etc/ld.so.cache", older + head + rows + texts)


def missing(image: Side, path: str = "/app/x") -> list[str]:
    return [item.name + (f" {item.version}" if item.version else "") for item in Linker(image).missing(path)]


def needing(**values: object) -> Piece:
    return elf("/app/x", "liba.so.1", **values)


FOUND: list[tuple[str, tuple[Piece, ...], dict[str, object]]] = [
    ("no ELF file", (program("/app/x", "#!/bin/sh\n"),), {}),
    ("a static one", (elf("/app/x", linking="static"),), {}),
    ("its interpreter", (*GLIBC, elf("/app/x", "libc.so.6", interpreter="/lib64/ld-linux-x86-64.so.2")), {}),
    ("a default directory", (needing(), elf(f"{STANDARD}/liba.so.1")), {}),
    ("through a link", (needing(), link("/lib/liba.so.1", "/x/liba.so.1.2"), elf("/x/liba.so.1.2")), {}),
    (
        "through the link that merged /usr",
        (needing(), link("/lib", "usr/lib"), elf("/usr/lib/x86_64-linux-gnu/liba.so.1")),
        {},
    ),
    ("RPATH", (needing(rpath=("/opt/lib",)), elf("/opt/lib/liba.so.1")), {}),
    ("RUNPATH", (needing(runpath=("/opt/lib",)), elf("/opt/lib/liba.so.1")), {}),
    ("$ORIGIN", (needing(runpath=("$ORIGIN/../lib",)), elf("/lib/liba.so.1")), {}),
    ("${ORIGIN}", (needing(rpath=("${ORIGIN}/libs",)), elf("/app/libs/liba.so.1")), {}),
    ("LD_LIBRARY_PATH", (needing(), elf("/opt/liba.so.1")), {"Env": ["LD_LIBRARY_PATH=/none:/opt"]}),
    ("the cache", (needing(), elf("/usr/local/lib/liba.so.1"), cache("/usr/local/lib/liba.so.1")), {}),
    (
        "the cache behind an older one",
        (
            needing(),
            elf("/usr/local/lib/liba.so.1"),
            cache("/usr/local/lib/liba.so.1", older=b"ld.so-1.7.0" * 9),
        ),
        {},
    ),
    ("an absolute path", (elf("/app/x", "/opt/liba.so"), elf("/opt/liba.so")), {}),
    (
        "RPATH of who loaded it",
        (needing(rpath=("/o",)), elf("/o/liba.so.1", "libb.so"), elf("/o/libb.so")),
        {},
    ),
    (
        "RPATH of who loaded it, over one that has RUNPATH",
        (
            needing(rpath=("/o",)),
            elf("/o/liba.so.1", "libb.so", runpath=("/p",)),
            elf("/p/libb.so", "libc.so"),
            elf("/o/libc.so"),
        ),
        {},
    ),
    (
        "what is loaded already",
        (
            elf("/app/x", "liba.so.1", "libb.so", runpath=("/o",)),
            elf("/o/liba.so.1", "libb.so"),
            elf("/o/libb.so"),
        ),
        {},
    ),
    ("in circles", (needing(), elf("/lib/liba.so.1", "libb.so"), elf("/lib/libb.so", "liba.so.1")), {}),
    (
        "its version",
        (*GLIBC, elf("/app/x", "libc.so.6", versions=(("libc.so.6", "GLIBC_2.36"),))),
        {},
    ),
    (
        "a library without versions takes all",
        (elf("/app/x", "liba.so.1", versions=(("liba.so.1", "A_2"),)), elf("/lib/liba.so.1")),
        {},
    ),
    ("musl", (*MUSL, elf("/app/x", "libc.musl-x86_64.so.1"), elf("/usr/local/lib/liba.so.1")), {}),
    (
        "musl's own list of directories",
        (*MUSL, needing(), file("/etc/ld-musl-x86_64.path", "/opt/a:/opt/b\n"), elf("/opt/b/liba.so.1")),
        {},
    ),
    (
        "musl passes RUNPATH on",
        (*MUSL, needing(runpath=("/o",)), elf("/o/liba.so.1", "libb.so"), elf("/o/libb.so")),
        {},
    ),
    (
        "musl beside glibc concerns only what is linked against it",
        (*GLIBC, *MUSL, elf("/app/x", "liba.so.1", "libc.so.6"), elf(f"{STANDARD}/liba.so.1")),
        {},
    ),
]
LACKING: list[tuple[str, tuple[Piece, ...], dict[str, object], list[str]]] = [
    ("nowhere", (needing(),), {}, ["liba.so.1"]),
    ("a dangling link", (needing(), link("/lib/liba.so.1", "gone")), {}, ["liba.so.1"]),
    ("of another machine", (needing(), elf("/lib/liba.so.1", machine="aarch64")), {}, ["liba.so.1"]),
    ("no ELF file of that name", (needing(), file("/lib/liba.so.1", "INPUT(x)")), {}, ["liba.so.1"]),
    (
        "a directory that ldconfig was not run for",
        (needing(), elf("/usr/local/lib/liba.so.1")),
        {},
        ["liba.so.1"],
    ),
    ("in the cache and gone", (needing(), cache("/usr/local/lib/liba.so.1")), {}, ["liba.so.1"]),
    ("its own need", (needing(), elf("/lib/liba.so.1", "libb.so")), {}, ["libb.so"]),
    (
        "RUNPATH is not passed on",
        (needing(runpath=("/o",)), elf("/o/liba.so.1", "libb.so"), elf("/o/libb.so")),
        {},
        ["libb.so"],
    ),
    (
        "RUNPATH makes RPATH void",
        (needing(rpath=("/o",), runpath=("/p",)), elf("/o/liba.so.1")),
        {},
        ["liba.so.1"],
    ),
    (
        "its interpreter",
        (elf("/app/x", interpreter="/lib/ld-musl-x86_64.so.1"),),
        {},
        ["/lib/ld-musl-x86_64.so.1"],
    ),
    (
        "a version",
        (
            *GLIBC,
            elf("/app/x", "libc.so.6", versions=(("libc.so.6", "GLIBC_2.38"), ("libc.so.6", "GLIBC_2.36"))),
        ),
        {},
        ["libc.so.6 GLIBC_2.38"],
    ),
    (
        "musl has no default directory of glibc's",
        (*MUSL, needing(), elf(f"{STANDARD}/liba.so.1")),
        {},
        ["liba.so.1"],
    ),
]


@pytest.mark.parametrize(("pieces", "config"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_libraries_that_are_found(pieces: tuple[Piece, ...], config: dict[str, object]) -> None:
    assert missing(side(*pieces, **config)) == []


@pytest.mark.parametrize(
    ("pieces", "config", "lacks"), [row[1:] for row in LACKING], ids=[row[0] for row in LACKING]
)
def test_libraries_that_are_not(
    pieces: tuple[Piece, ...], config: dict[str, object], lacks: list[str]
) -> None:
    assert missing(side(*pieces, **config)) == lacks


@pytest.mark.parametrize(
    "data",
    [b"", b"glibc-ld.so.cache1.1", b"glibc-ld.so.cache1.1" + b"\xff" * 200],
    ids=["empty", "cut", "nonsense"],
)
def test_a_damaged_cache_names_nothing(data: bytes) -> None:
    assert ld_cache.read(data) == {}


LOADED = [
    ("by its name", "magic", "/lib/libmagic.so.1"),
    ("by its file name", "libmagic.so.1", "/lib/libmagic.so.1"),
    ("by its path", "/lib/libmagic.so.1", "/lib/libmagic.so.1"),
    ("from the cache", "libz.so.9", "/opt/libz.so.9"),
    ("one that is not there", "nothing", None),
    ("one that is no library", "/etc/passwd", None),
]


@pytest.mark.parametrize(("name", "place"), [row[1:] for row in LOADED], ids=[row[0] for row in LOADED])
def test_a_library_that_is_loaded_by_name(name: str, place: str | None) -> None:
    image = side(
        elf("/lib/libmagic.so.1"), elf("/opt/libz.so.9"), cache("/opt/libz.so.9"), file("/etc/passwd", "")
    )
    assert Linker(image).loads(name, "x86_64") == place


BEFORE_AND_AFTER: list[tuple[str, tuple[Piece, ...], tuple[Piece, ...], list[str], list[tuple[str, str]]]] = [
    ("no ELF file", (), (), [], []),
    ("the same", (needing(), elf("/lib/liba.so.1")), (needing(), elf("/lib/liba.so.1")), [], []),
    ("lacking in both", (needing(),), (needing(),), [], []),
    ("lacking in both, at another place", (elf("/old/x", "liba.so.1"),), (needing(),), [], []),
    (
        "a plug-in that came along, for a C library that neither has",
        GLIBC,
        (*GLIBC, elf("/app/x.musl.node", "libc.musl-x86_64.so.1", "libgcc_s.so.1")),
        [],
        [],
    ),
    (
        "a plug-in for the C library that the original had",
        GLIBC,
        (*MUSL, elf("/app/x.node", "libc.so.6")),
        ["/app/x.node needs libc.so.6, which is missing"],
        [("base", "")],
    ),
    (
        "a program for a C library that neither has",
        GLIBC,
        (*GLIBC, elf("/app/x", "libc.musl-x86_64.so.1", interpreter="/lib/ld-musl-x86_64.so.1")),
        [
            "/app/x needs /lib/ld-musl-x86_64.so.1, which is missing",
            "/app/x needs libc.musl-x86_64.so.1, which is missing",
        ],
        [("base", ""), ("base", "")],
    ),
    (
        "a package",
        (needing(), elf("/lib/liba.so.1"), *package("liba1", "/lib/liba.so.1")),
        (needing(),),
        ["/app/x needs liba.so.1, which is missing; in the original, it is part of the package liba1"],
        [("package", "liba1")],
    ),
    (
        "the link of a library that nobody's package brought",
        (needing(), link("/lib/liba.so.1", "liba.so.1.2"), elf("/lib/liba.so.1.2")),
        (needing(),),
        ["/app/x needs liba.so.1, which is missing"],
        [("path", "/lib/liba.so.1")],
    ),
    (
        "with all that it needs itself",
        (
            needing(),
            elf("/lib/liba.so.1", "libb.so.1"),
            elf("/lib/libb.so.1", "libd.so"),
            elf("/lib/libd.so"),
        ),
        (needing(), elf("/lib/libd.so")),
        ["/app/x needs liba.so.1, which is missing"],
        [("path", "/lib/liba.so.1"), ("path", "/lib/libb.so.1")],
    ),
    (
        "a newer glibc",
        (elf("/app/x", "libc.so.6", versions=(("libc.so.6", "GLIBC_2.38"),)), elf("/lib/libc.so.6")),
        (elf("/app/x", "libc.so.6", versions=(("libc.so.6", "GLIBC_2.38"),)), *GLIBC),
        ["/app/x needs GLIBC_2.38 of libc.so.6, which is older in the new image"],
        [("glibc", "2.38")],
    ),
    (
        "no C library",
        (elf("/app/x", "libc.so.6"), *GLIBC),
        (elf("/app/x", "libc.so.6"),),
        ["/app/x needs libc.so.6, which is missing"],
        [("base", "")],
    ),
    (
        "another C library",
        (elf("/app/x", "libc.so.6"), *GLIBC),
        (elf("/app/x", "libc.so.6"), *MUSL),
        ["/app/x needs libc.so.6, which is missing"],
        [("base", "")],
    ),
    (
        "an older C++ library is no missing package",
        (
            elf("/app/x", "libstdc++.so.6", versions=(("libstdc++.so.6", "GLIBCXX_3.4.32"),)),
            elf("/lib/libstdc++.so.6"),
        ),
        (
            elf("/app/x", "libstdc++.so.6", versions=(("libstdc++.so.6", "GLIBCXX_3.4.32"),)),
            elf("/lib/libstdc++.so.6", defines=frozenset({"GLIBCXX_3.4.30"})),
        ),
        ["/app/x needs GLIBCXX_3.4.32 of libstdc++.so.6, which is older in the new image"],
        [("base", "")],
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "found", "wanted"),
    [row[1:] for row in BEFORE_AND_AFTER],
    ids=[row[0] for row in BEFORE_AND_AFTER],
)
def test_libraries_of_both(
    old: tuple[Piece, ...], new: tuple[Piece, ...], found: list[str], wanted: list[tuple[str, str]]
) -> None:
    result = libraries.linked_libraries(evidence(side(*old), side(*new)), ())
    assert said(result) == found
    assert needs(result) == wanted
    assert result.ok == (not found)


@pytest.mark.parametrize(
    ("more", "executed", "grade"),
    [
        ((), (), "breaks"),
        (package("iproute2", "/app/x"), (), "may-matter"),
        (package("iproute2", "/app/x"), ("/app/x",), "breaks"),
        (package("liba1", "/lib/liba.so.1"), (), "breaks"),
        ((*package("iproute2", "/app/x"), elf("/app/y", "liba.so.1")), (), "breaks"),
    ],
)
def test_what_a_plug_in_of_a_package_lacks(
    more: tuple[Piece, ...], executed: tuple[str, ...], grade: str
) -> None:
    """The package manager has installed everything on which the package depends."""
    before = side(needing(), elf("/lib/liba.so.1"), *package("liba1", "/lib/liba.so.1"))
    check = libraries.linked_libraries(evidence(before, side(needing(), *more)), executed)
    assert [finding.grade for finding in check.findings] == [grade]


def test_what_the_base_image_brings_is_looked_at_only_if_it_is_started() -> None:
    before = side(base=(needing(), elf("/lib/liba.so.1")))
    after = side(base=(needing(),))
    assert libraries.linked_libraries(evidence(before, after), ()).ok
    assert not libraries.linked_libraries(evidence(before, after), ("/app/x",)).ok


XSEL = "/app/node_modules/clipboardy/fallbacks/linux/xsel"
X11 = elf("/usr/lib/x86_64-linux-gnu/libX11.so.6")


def helper(path: str = XSEL, *further: str, interpreter: str = "/lib64/ld-linux-x86-64.so.2") -> Piece:
    return elf(path, "libX11.so.6", *further, "libc.so.6", interpreter=interpreter)


HELPERS: list[tuple[str, Piece, tuple[Piece, ...], dict[str, object], bool]] = [
    ("of the clipboard", helper(), (), {}, True),
    ("of Python's", helper("/usr/lib/python3/site-packages/x/xclip"), (), {}, True),
    ("one that is started", helper(), (), {"Cmd": [XSEL]}, False),
    ("with an X server", helper(), (program("/usr/bin/Xvfb"),), {}, False),
    ("with a display elsewhere", helper(), (), {"Env": ["DISPLAY=host:0"]}, False),
    ("a browser", helper(XSEL, "libnss3.so"), (elf("/lib/libnss3.so"),), {}, False),
    ("an addon", helper(interpreter=""), (), {}, False),
    ("the application's own", helper("/app/bin/tool"), (), {}, False),
    ("of another library", elf(XSEL, "libfontconfig.so.1", interpreter="/x"), (), {}, False),
]


@pytest.mark.parametrize(
    ("tool", "further", "config", "idle"), [row[1:] for row in HELPERS], ids=[row[0] for row in HELPERS]
)
def test_what_only_talks_to_a_display_that_is_not_there(
    tool: Piece, further: tuple[Piece, ...], config: dict[str, object], idle: bool
) -> None:
    common = (*GLIBC, file("/x"), tool, *further)
    before = side(*common, X11, elf("/usr/lib/x86_64-linux-gnu/libfontconfig.so.1"), **config)
    after = side(*common, **config)
    found = libraries.linked_libraries(evidence(before, after), executed_files(after))
    assert (found.ok, found.note) == (idle, idle)
    assert not idle or f"{tool.entry.path} lacks libX11.so.6" in found.detail


def test_a_helper_that_a_source_starts_needs_its_display() -> None:
    config = {"Env": ["PATH=/app/node_modules/clipboardy/fallbacks/linux"]}
    before, after = side(*GLIBC, helper(), X11, **config), side(*GLIBC, helper(), **config)
    assert not libraries.linked_libraries(evidence(before, after, live(commands=used("xsel"))), ()).ok


def test_libraries_that_sources_load() -> None:
    before = side(elf("/usr/lib/libmagic.so.1"), *package("libmagic1", "/usr/lib/libmagic.so.1"))
    needed = live(libraries=used("magic", "nowhere"))
    assert libraries.loaded_libraries(evidence(before, before, needed)).ok
    found = libraries.loaded_libraries(evidence(before, side(), needed))
    assert needs(found) == [("package", "libmagic1")]
    assert "app.py:1 loads magic" in said(found)[0]
