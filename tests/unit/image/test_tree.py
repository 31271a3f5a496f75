"""The merged file system: tables of layers, and a slow reference model."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimify.image.model import Entry, Kind, Layer
from slimify.image.tree import Files


def file(path: str, size: int = 1, **values: object) -> Entry:
    return Entry.at(path, kind="file", size=size, **values)  # type: ignore[arg-type]


def directory(path: str) -> Entry:
    return Entry.at(path, kind="directory", mode=0o700)


def symlink(path: str, target: str) -> Entry:
    return Entry.at(path, kind="symlink", target=target)


def hardlink(path: str, target: str) -> Entry:
    return Entry.at(path, kind="hardlink", target=target)


def layer(*entries: Entry, without: tuple[str, ...] = (), opaque: tuple[str, ...] = ()) -> Layer:
    return Layer(digest="", entries=entries, whiteouts=without, opaque=opaque)


BASE = layer(directory("/a"), file("/a/x"), file("/a/y", 5), directory("/a/b"), file("/a/b/z", 7), file("/f"))
TABLE = {
    "no layer": ([], "", ""),
    "one layer": ([BASE], "/a /a/b /a/b/z /a/x /a/y /f", ""),
    "the same again": ([BASE, layer()], "/a /a/b /a/b/z /a/x /a/y /f", ""),
    "a file replaced": ([BASE, layer(file("/a/x", 3))], "/a /a/b /a/b/z /a/x /a/y /f", "/a/x"),
    "a file removed": ([BASE, layer(without=("/a/x",))], "/a /a/b /a/b/z /a/y /f", "/a/x"),
    "a directory removed": ([BASE, layer(without=("/a",))], "/f", "/a/b/z /a/x /a/y"),
    "what was never there removed": (
        [BASE, layer(without=("/n/x", "/a/q", "/f/g"))],
        "/a /a/b /a/b/z /a/x /a/y /f",
        "",
    ),
    "a directory emptied": ([BASE, layer(opaque=("/a",))], "/a /f", "/a/b/z /a/x /a/y"),
    "emptied and filled": (
        [BASE, layer(file("/a/new"), directory("/a"), opaque=("/a",))],
        "/a /a/new /f",
        "/a/b/z /a/x /a/y",
    ),
    "removed and put back": ([BASE, layer(file("/a/x"), without=("/a",))], "/a /a/x /f", "/a/b/z /a/x /a/y"),
    "a whiteout does not touch its own layer": ([layer(file("/x"), without=("/x",))], "/x", ""),
    "a directory again": ([BASE, layer(directory("/a"))], "/a /a/b /a/b/z /a/x /a/y /f", ""),
    "a directory becomes a file": ([BASE, layer(file("/a"))], "/a /f", "/a/b/z /a/x /a/y"),
    "a directory becomes a link": ([BASE, layer(symlink("/a", "f"))], "/a /f", "/a/b/z /a/x /a/y"),
    "a file becomes a directory": (
        [BASE, layer(directory("/f"), file("/f/g"))],
        "/a /a/b /a/b/z /a/x /a/y /f /f/g",
        "/f",
    ),
    "a file becomes a parent": ([BASE, layer(file("/f/g"))], "/a /a/b /a/b/z /a/x /a/y /f /f/g", "/f"),
    "parents that nobody names": ([layer(file("/p/q/r"))], "/p /p/q /p/q/r", ""),
    "everything emptied": ([BASE, layer(opaque=("/",))], "", "/a/b/z /a/x /a/y /f"),
    "three versions": ([layer(file("/x")), layer(file("/x")), layer(file("/x"))], "/x", "/x /x"),
    "root named": ([layer(directory("/"), file("/x"))], "/x", ""),
}


@pytest.mark.parametrize("case", TABLE)
def test_merged_layers(case: str) -> None:
    layers, there, lost = TABLE[case]
    files = Files(layers)
    assert [entry.path for entry in files.walk()] == there.split()
    assert sorted(item.entry.path for item in files.hidden) == lost.split()


def test_hidden_files() -> None:
    files = Files([layer(file("/x", 5)), layer(file("/x", 6)), layer(without=("/x",))])
    assert [(item.entry.size, item.layer, item.by) for item in files.hidden] == [(5, 0, 1), (6, 1, 2)]


def test_layer_of_each_path() -> None:
    files = Files([BASE, layer(file("/a/x"), directory("/a"))])
    assert [files.layer(path) for path in ("/a", "/a/x", "/a/y", "/none")] == [1, 1, 0, None]


def test_walk_and_children() -> None:
    files = Files([BASE])
    assert files.children("/") == ("a", "f")
    assert files.children("/a") == ("b", "x", "y")
    assert files.children("/f") == files.children("/none") == ()
    assert [entry.path for entry in files.walk("/a/")] == ["/a/b", "/a/b/z", "/a/x", "/a/y"]


LINKS = Files(
    [
        layer(
            directory("/usr/lib"),
            file("/usr/lib/libc.so.6"),
            symlink("/lib", "usr/lib"),
            symlink("/lib64", "/lib"),
            symlink("/usr/lib/libc.so", "libc.so.6"),
            symlink("/up", "../../../usr"),
            symlink("/dots", "./usr/./lib/../lib"),
            symlink("/loop", "loop2"),
            symlink("/loop2", "/loop"),
            symlink("/self", "self/x"),
            symlink("/dangling", "/nowhere/x"),
            symlink("/slash", "/"),
            symlink("/empty", ""),
            *(symlink(f"/chain{n}", f"chain{n + 1}") for n in range(45)),
            file("/chain45"),
        )
    ]
)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/usr/lib/libc.so.6", "/usr/lib/libc.so.6"),
        ("/", "/"),
        ("/usr/lib/", "/usr/lib"),
        ("/usr//lib/./libc.so.6", "/usr/lib/libc.so.6"),
        ("/usr/../usr/lib", "/usr/lib"),
        ("/../../usr", "/usr"),
        ("/lib/libc.so.6", "/usr/lib/libc.so.6"),
        ("/lib64/libc.so", "/usr/lib/libc.so.6"),
        ("/lib64/../lib", "/usr/lib"),
        ("/up/lib/libc.so", "/usr/lib/libc.so.6"),
        ("/dots/libc.so", "/usr/lib/libc.so.6"),
        ("/slash/lib/libc.so", "/usr/lib/libc.so.6"),
        ("/chain5", "/chain45"),
        ("/chain4", ""),
        ("/loop", ""),
        ("/self", ""),
        ("/dangling", ""),
        ("/none/..", ""),
        ("/usr/lib/libc.so.6/x", ""),
        ("/usr/lib/libc.so.6/..", ""),
    ],
)
def test_symlinks_are_followed_in_every_component(path: str, place: str) -> None:
    assert LINKS.place(path) == place
    found = LINKS.resolve(path)
    assert (found.path if found else "") == place


def test_get_does_not_follow_symlinks() -> None:
    found = LINKS.get("/lib64")
    assert found is not None
    assert found.kind == "symlink"
    assert LINKS.get("/lib64/libc.so.6") is None


def test_hard_links() -> None:
    lower = layer(file("/a", 5, mode=0o755, digest="d1"), hardlink("/b", "/a"), hardlink("/c", "/b"))
    files = Files([lower, layer(file("/a", 9, digest="d2"))])
    for path in ("/b", "/c"):
        found = files.get(path)
        assert found is not None
        assert (found.path, found.kind, found.size, found.mode, found.digest) == (
            path,
            "file",
            5,
            0o755,
            "d1",
        )


@pytest.mark.parametrize("target", ["/none", "/link", "/d"])
def test_invalid_hard_links(target: str) -> None:
    files = Files([layer(directory("/d"), hardlink("/link", target))])
    found = files.get("/link")
    assert found is not None
    assert found.kind == "hardlink"


# --- the slow model -------------------------------------------------------------------------------

paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
kinds: st.SearchStrategy[Kind] = st.sampled_from(["file", "directory", "symlink"])
layers = st.builds(
    lambda entries, without, opaque: layer(
        *(Entry.at(path, kind=kind, target="x" if kind == "symlink" else "") for path, kind in entries),
        without=tuple(without),
        opaque=tuple(opaque),
    ),
    st.lists(st.tuples(paths, kinds), max_size=6),
    st.lists(paths, max_size=2),
    st.lists(paths, max_size=1),
)


def model(stack: list[Layer]) -> dict[str, tuple[str, int]]:
    """A reference model that applies the rules to a plain dict of paths."""
    there: dict[str, tuple[str, int]] = {}

    def drop(path: str, *, itself: bool) -> None:
        for known in list(there):
            if known.startswith(path + "/") or (itself and known == path):
                del there[known]

    for index, each in enumerate(stack):
        for path in each.opaque:
            if there.get(path, ("", 0))[0] == "directory":
                drop(path, itself=False)
        for path in each.whiteouts:
            drop(path, itself=True)
        for entry in each.entries:
            parts = entry.path.split("/")[1:]
            for depth in range(1, len(parts)):
                above = "/" + "/".join(parts[:depth])
                if there.get(above, ("", 0))[0] != "directory":
                    drop(above, itself=True)
                    there[above] = "directory", index
            if entry.kind != "directory" or there.get(entry.path, ("", 0))[0] != "directory":
                drop(entry.path, itself=True)
            there[entry.path] = entry.kind, index
    return there


@given(st.lists(layers, max_size=4))
def test_any_layers_match_the_reference_model(stack: list[Layer]) -> None:
    files = Files(stack)
    assert {e.path: (e.kind, files.layer(e.path)) for e in files.walk()} == model(stack)
    leaves = [entry.path for entry, _ in files.leaves()]
    assert leaves == sorted(path for path, (kind, _) in model(stack).items() if kind != "directory")
    assert files.leaf_count() == len(leaves)


@pytest.mark.parametrize("shape", ["flat", "deep", "replaced"])
def test_time_is_linear(shape: str) -> None:
    def stack(count: int) -> list[Layer]:
        if shape == "flat":
            return [layer(*(file(f"/d/{n}") for n in range(count)), without=("/d",)) for _ in range(2)]
        if shape == "deep":
            return [layer(file("/d" * (count // 4)), *(file(f"/{n}") for n in range(count)))]
        many = layer(*(file(f"/d/{n}") for n in range(count // 10)))
        return [many, layer(opaque=("/d",))] * 10

    def calls(count: int) -> int:
        """Functions that are called, built-in ones too: the same number on any machine."""
        made, number = stack(count), 0

        def counted(*_: object) -> None:
            nonlocal number
            number += 1

        sys.setprofile(counted)
        try:
            list(Files(made).walk())
        finally:
            sys.setprofile(None)
        return number

    assert calls(20_000) < 12 * calls(2_000)
