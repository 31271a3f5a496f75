"""dive's figures, against tables worked out by hand and against a slow recomputation from the tars."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from diveoracle import efficiency as oracle
from hypothesis import given
from hypothesis import strategies as st
from imagefiles import archive, docker_members, member, tar

from slimify.analyze.dive import efficiency
from slimify.image.archive import read
from slimify.image.model import Layer


def layers(*tars: bytes) -> tuple[Layer, ...]:
    return read(io.BytesIO(archive(docker_members(tars)))).layers


def files(**sizes: int) -> bytes:
    return tar(*(member(name.replace("__", "/"), bytes(size)) for name, size in sizes.items()))


BASE = tar(
    member("d", kind="directory"), member("d/a", bytes(100)), member("d/b", bytes(50)), member("c", bytes(7))
)
TABLE = {
    "no layer": ([], 1.0, 0, 0.0),
    "one layer": ([BASE], 1.0, 0, 0.0),
    "nothing twice": ([BASE, files(e=10)], 1.0, 0, 0.0),
    "an empty layer": ([BASE, tar()], 1.0, 0, 0.0),
    "all copies count as wasted": ([BASE, files(c=7)], 157 / 164, 14, 14 / 7),
    "the smallest copy is what would do": ([BASE, files(c=93)], 157 / 250, 100, 100 / 93),
    "three copies": ([BASE, files(c=7), files(c=7)], 157 / 171, 21, 21 / 14),
    "a file removed counts what it had": ([BASE, tar(member(".wh.c"))], 150 / 157, 7, 0.0),
    "a directory removed counts all below it": (
        [BASE, tar(member(".wh.d"))],
        # /d/a and /d/b stand there once, /d was no leaf: only the removal counts, and it alone.
        307 / 307,
        0,
        0.0,
    ),
    "an empty directory twice weighs nothing": (
        [tar(member("x", kind="directory")), tar(member("x", kind="directory"))],
        1.0,
        0,
        0.0,
    ),
    "opaque directories are passed over": ([BASE, tar(member("d/.wh..wh..opq"))], 1.0, 0, 0.0),
}


@pytest.mark.parametrize(("tars", "score", "wasted", "share"), TABLE.values(), ids=TABLE.keys())
def test_table(tars: Sequence[bytes], score: float, wasted: int, share: float) -> None:
    found = efficiency(layers(*tars))
    assert (found.score, found.wasted, found.wasted_share) == pytest.approx((score, wasted, share))
    assert oracle(tars)[:2] == pytest.approx((score, wasted))


def test_the_worst_come_first_and_what_weighs_nothing_is_not_named() -> None:
    found = efficiency(layers(files(a=5, b=9, c=0), files(a=5, b=1, c=0)))
    assert found.files == (("/a", 2, 10), ("/b", 2, 10))


NAMES = st.sampled_from(["a", "b", "d", "d/a", "d/b", "d/e/a", "d/e"])
DIRECTORIES = frozenset({"d", "d/e"})


@st.composite
def images(draw: st.DrawFn) -> list[dict[str, int]]:
    """Layers as sizes of paths, in which d and d/e are always directories; what is removed is there."""
    there: set[str] = set()
    made: list[dict[str, int]] = []
    for _ in range(draw(st.integers(1, 4))):
        members: dict[str, int] = {}
        wanted = draw(st.sets(NAMES, max_size=4))
        removable = sorted(path for path in there if path not in wanted)
        gone = draw(st.sets(st.sampled_from(removable), max_size=2)) if removable else set()
        gone = {path for path in gone if not any(path.startswith(f"{other}/") for other in gone)}
        gone = {path for path in gone if not any(name.startswith(f"{path}/") for name in wanted)}
        for path in sorted(gone):
            above, _, name = path.rpartition("/")
            members |= dict.fromkeys(parents(path), 0)  # as real layers list them
            members[f"{above}/.wh.{name}".lstrip("/")] = 0
            there = {other for other in there if other != path and not other.startswith(f"{path}/")}
        for path in sorted({p for name in wanted for p in (name, *parents(name))}):
            members[path] = 0 if path in DIRECTORIES else draw(st.integers(0, 9))
            there.add(path)
        made.append(members)
    return made


def parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: index + 1]) for index in range(len(parts))]


def packed(sizes: dict[str, int]) -> bytes:
    members = (
        member(path, bytes(size), kind="directory" if path in DIRECTORIES else "file")
        for path, size in sizes.items()
    )
    return tar(*members)


@given(images())
def test_as_recomputed_from_the_tars(made: list[dict[str, int]]) -> None:
    tars = [packed(sizes) for sizes in made]
    found = efficiency(layers(*tars))
    score, wasted, repeated = oracle(tars)
    assert (found.score, found.wasted) == pytest.approx((score, wasted))
    assert {path: (copies, size) for path, copies, size in found.files} == {
        path: row for path, row in repeated.items() if row[1]
    }
