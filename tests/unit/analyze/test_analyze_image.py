"""Bytes of findings that overlap, and what roll-outs cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimify.analyze.analyze_image import avoidable_bytes, cost
from slimify.analyze.image_inputs import FileBytes
from slimify.analyze.model import LayerView

SIZES = {("/a", 0): 10, ("/a", 1): 7, ("/b", 1): 5}
CLAIMS = {
    "none": ([], 0),
    "one": ([FileBytes("/a", 0, 10)], 10),
    "twice the same": ([FileBytes("/a", 0, 10), FileBytes("/a", 0, 10)], 10),
    "a part of what is waste as a whole": ([FileBytes("/a", 0, 4), FileBytes("/a", 0, 10)], 10),
    "two parts may be the same bytes": ([FileBytes("/a", 0, 4), FileBytes("/a", 0, 3)], 4),
    "the same path in two layers": ([FileBytes("/a", 0, 10), FileBytes("/a", 1, 7)], 17),
    "never more than there is": ([FileBytes("/b", 1, 50)], 5),
}


@pytest.mark.parametrize(("claims", "expected"), CLAIMS.values(), ids=CLAIMS.keys())
def test_avoidable(claims: list[FileBytes], expected: int) -> None:
    assert avoidable_bytes(claims, SIZES) == expected


@given(
    st.lists(
        st.builds(lambda key, part: FileBytes(*key, part), st.sampled_from(sorted(SIZES)), st.integers(0, 12))
    )
)
def test_avoidable_grows_with_findings_and_never_above_the_image(claims: list[FileBytes]) -> None:
    assert avoidable_bytes(claims[:-1], SIZES) <= avoidable_bytes(claims, SIZES) <= sum(SIZES.values())
    assert avoidable_bytes(claims, SIZES) == avoidable_bytes([*reversed(claims), *claims], SIZES)


def layer(size: int, *, base: bool = False, compressed: int | None = None) -> LayerView:
    return LayerView(index=0, digest="", instruction="", size=size, base=base, compressed=compressed)


BASE, OWN = layer(100, base=True, compressed=40), layer(30, compressed=10)
COSTS = {
    "no number": ((BASE, OWN), 0, 0, None),
    "as many nodes as containers, at worst": ((BASE, OWN), 268, 0, (268, 2680, 34840)),
    "fewer nodes": ((BASE, OWN), 268, 10, (10, 100, 1300)),
    "more nodes than containers": ((BASE, OWN), 3, 10, (3, 30, 390)),
    "nodes alone": ((BASE, OWN), 0, 10, (10, 100, 1300)),
    "not compressed": ((layer(100, base=True), layer(30)), 2, 0, (2, 60, 260)),
    "everything is the base's": ((BASE,), 2, 0, (2, 0, 200)),
}


@pytest.mark.parametrize(("layers", "replicas", "nodes", "expected"), COSTS.values(), ids=COSTS.keys())
def test_cost(
    layers: tuple[LayerView, ...], replicas: int, nodes: int, expected: tuple[int, int, int] | None
) -> None:
    found = cost(layers, replicas, nodes)
    assert (found and (found.nodes, found.pulled, found.stored)) == expected
