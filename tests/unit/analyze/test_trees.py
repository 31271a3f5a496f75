"""Layers' own trees and the merged one: tables, laws of sizes, and a slow model of flat paths."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from support import slowness

from slimify.analyze.model import Node
from slimify.analyze.trees import DEPTH, layer_trees, walk
from slimify.image.model import Entry, Kind, Layer


def file(path: str, size: int = 1, digest: str = "", **values: object) -> Entry:
    return Entry.at(path, kind="file", size=size, digest=digest, **values)  # type: ignore[arg-type]


def directory(path: str, mode: int = 0o755) -> Entry:
    return Entry.at(path, kind="directory", mode=mode)


def layer(*entries: Entry, without: tuple[str, ...] = (), opaque: tuple[str, ...] = ()) -> Layer:
    size = sum(entry.size for entry in entries)
    return Layer(digest="", size=size, entries=entries, whiteouts=without, opaque=opaque)


def shown(tree: Node) -> str:
    marks = {"added": "+", "modified": "~", "removed": "-", "unmodified": "="}
    return " ".join(f"{marks[node.change]}{node.path}:{node.size}" for node in walk(tree))


BASE = layer(
    directory("/a"), file("/a/x", 3, "x"), file("/a/y", 5, "y"), directory("/a/b"), file("/a/b/z", 7, "z")
)
BELOW = "+/a:15 +/a/b:7 +/a/b/z:7 +/a/x:3 +/a/y:5"
TABLE = {
    "the first layer": (BASE, BELOW),
    "nothing": (layer(), ""),
    "a directory named again": (layer(directory("/a")), ""),
    "a directory with other permissions": (layer(directory("/a", 0o700)), "~/a:0"),
    "a new file": (layer(file("/n", 2)), "+/n:2"),
    "in a new directory that no entry names": (layer(file("/n/m/o", 2)), "+/n:2 +/n/m:2 +/n/m/o:2"),
    "in an old directory": (layer(file("/a/n", 2)), "~/a:2 +/a/n:2"),
    "another content": (layer(file("/a/x", 3, "other")), "~/a:3 ~/a/x:3"),
    "another owner": (layer(file("/a/x", 3, "x", uid=7)), "~/a:3 ~/a/x:3"),
    "the same again weighs all the same": (layer(file("/a/x", 3, "x")), "=/a:3 =/a/x:3"),
    "unknown content counts as another": (layer(file("/a/x", 3)), "~/a:3 ~/a/x:3"),
    "removed": (layer(without=("/a/x",)), "~/a:0 -/a/x:3"),
    "a directory removed": (layer(without=("/a",)), "-/a:15 -/a/b:7 -/a/b/z:7 -/a/x:3 -/a/y:5"),
    "what was never there removed": (layer(without=("/q", "/a/q", "/q/r")), ""),
    "emptied": (layer(opaque=("/a",)), "~/a:0 -/a/b:7 -/a/b/z:7 -/a/x:3 -/a/y:5"),
    "emptied and filled": (
        layer(directory("/a"), file("/a/x", 9), opaque=("/a",)),
        "~/a:9 -/a/b:7 -/a/b/z:7 ~/a/x:9 -/a/y:5",
    ),
    "removed and made anew": (
        layer(directory("/a"), file("/a/y", 5, "y"), without=("/a",)),
        "~/a:5 -/a/b:7 -/a/b/z:7 -/a/x:3 =/a/y:5",
    ),
    "a file where a directory was": (layer(file("/a", 4)), "~/a:4 -/a/b:7 -/a/b/z:7 -/a/x:3 -/a/y:5"),
    "the same path twice": (layer(file("/n", 2), file("/n", 4)), "+/n:4"),
    "children before their directory": (layer(file("/n/x", 2), directory("/n")), "+/n:2 +/n/x:2"),
}


@pytest.mark.parametrize(("upper", "expected"), TABLE.values(), ids=TABLE.keys())
def test_table(upper: Layer, expected: str) -> None:
    trees, _, _ = layer_trees([upper] if upper is BASE else [BASE, upper])
    assert shown(trees[-1]) == expected


@pytest.mark.parametrize(("upper", "_"), TABLE.values(), ids=TABLE.keys())
def test_what_later_layers_change_stays_in_the_trees_of_earlier_ones(upper: Layer, _: str) -> None:
    more = layer(file("/a/b/n", 1), file("/a/b/z", 2), directory("/a/b/m"), file("/a/b/m/o", 1))
    trees, _, merged = layer_trees([BASE, more, upper, layer(without=("/a/b/z", "/a/x"))])
    assert shown(trees[0]) == BELOW
    assert shown(trees[1]) == "~/a:4 ~/a/b:4 +/a/b/m:1 +/a/b/m/o:1 +/a/b/n:1 ~/a/b/z:2"
    assert "/a/x" not in shown(merged)


def test_counts_are_of_files_and_hidden_bytes_of_what_is_below() -> None:
    upper = layer(file("/a/x", 9), file("/n"), without=("/a/b",))
    _, counts, _ = layer_trees([BASE, upper])
    assert (counts[1].added, counts[1].modified, counts[1].removed, counts[1].hidden) == (1, 1, 1, 10)


def test_merged_tree_has_what_a_container_sees_with_its_attributes() -> None:
    upper = layer(file("/a/x", 9, mode=0o600, uid=7, gid=8), without=("/a/b", "/a/y"))
    _, _, merged = layer_trees([BASE, upper])
    assert shown(merged) == "=/a:9 =/a/x:9"
    node = merged.children[0].children[0]
    assert (node.mode, node.uid, node.gid, node.name) == (0o600, 7, 8, "x")


def test_very_deep_trees_are_cut_and_keep_their_sizes() -> None:
    deep = "/d" * 3000
    trees, counts, merged = layer_trees([layer(file(f"{deep}/x", 5))])
    assert trees[0].size == merged.size == 5
    assert counts[0].added == 1
    assert max(node.path.count("/") for node in walk(trees[0])) == DEPTH


def test_time_grows_with_the_files_alone() -> None:
    entries = tuple(file(f"/u/{index % 500}/{index}") for index in range(50_000))
    start = time.process_time()
    layer_trees([layer(*entries), layer(without=("/u",)), layer(*entries)])
    assert time.process_time() - start < 5 * slowness()


# --- against a model of flat paths ----------------------------------------------------------------

PATHS = st.sampled_from(["/a", "/b", "/d/a", "/d/b", "/d/e/a", "/d/e/b", "/d/f"])


@st.composite
def images(draw: st.DrawFn) -> list[Layer]:
    found = []
    for _ in range(draw(st.integers(1, 4))):
        wanted = sorted(draw(st.sets(PATHS, max_size=4)))
        made = [
            file(path, draw(st.integers(0, 5)), draw(st.sampled_from("mn")), uid=draw(st.integers(0, 1)))
            for path in wanted
        ]
        gone = tuple(sorted(draw(st.sets(st.sampled_from(["/a", "/d", "/d/e", "/d/a"]), max_size=2))))
        found.append(layer(*made, without=gone, opaque=draw(st.sampled_from([(), ("/d",)]))))
    return found


def flat(below: dict[str, Entry], upper: Layer) -> tuple[dict[str, Entry], dict[str, set[str]]]:
    """The files after a layer, and which paths it added, modified and removed."""
    gone = {
        path
        for path in below
        if any(path == out or path.startswith(f"{out}/") for out in upper.whiteouts)
        or any(path.startswith(f"{out}/") for out in upper.opaque)
    }
    after = {path: entry for path, entry in below.items() if path not in gone}
    stored = {entry.path: entry for entry in upper.entries}
    after.update(stored)
    return after, {
        "added": {path for path in stored if path not in below},
        "modified": {
            path
            for path, entry in stored.items()
            if path in below and below[path] != replace(entry, size=below[path].size)
        },
        "removed": gone - stored.keys(),
    }


@given(images())
def test_as_a_model_of_flat_paths_has_it(layers: list[Layer]) -> None:
    trees, counts, merged = layer_trees(layers)
    below: dict[str, Entry] = {}
    for index, upper in enumerate(layers):
        before = below
        below, changed = flat(below, upper)
        for change, paths in changed.items():
            found = {
                node.path for node in walk(trees[index]) if node.change == change and node.kind == "file"
            }
            assert found == paths
            assert getattr(counts[index], change) == len(paths)
        lost = {path for path in before if path not in below or before[path] is not below[path]}
        assert counts[index].hidden == sum(before[path].size for path in lost)
    assert {node.path: node.size for node in walk(merged) if node.kind == "file"} == {
        path: entry.size for path, entry in below.items()
    }


@given(images())
def test_sizes_add_up(layers: list[Layer]) -> None:
    trees, _, merged = layer_trees(layers)
    for upper, tree in zip(layers, trees, strict=True):
        stored = [node for node in walk(tree) if node.change != "removed" and node.kind == "file"]
        assert sum(node.size for node in stored) == tree.size == upper.size
    assert merged.size == sum(node.size for node in walk(merged) if node.kind == "file")


KINDS: tuple[Kind, ...] = ("file", "directory", "symlink", "hardlink", "device", "fifo")


@pytest.mark.parametrize("old", KINDS)
@pytest.mark.parametrize("new", KINDS)
def test_any_kind_on_any_other(old: Kind, new: Kind) -> None:
    trees, counts, merged = layer_trees([layer(Entry.at("/p", kind=old)), layer(Entry.at("/p", kind=new))])
    assert [node.kind for node in merged.children] == [new]
    same = old == new and old != "file"
    assert [node.change for node in trees[1].children] == (
        [] if same and new == "directory" else ["unmodified" if same else "modified"]
    )
    assert counts[1].modified == (0 if same or new == "directory" else 1)
