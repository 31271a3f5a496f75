"""Images with published ONBUILD steps: the one under them has the same version and release."""

from __future__ import annotations

import pytest

from slimify.facts.onbuild import written_out

CASES = {
    # not known, or not official
    "golang:1.6": None,
    "golang:onbuild": None,
    "golang:1.9-onbuild": None,
    "python:onbuild": None,
    "acme/node:8-onbuild": None,
    f"node:8-onbuild@sha256:{'0' * 64}": None,
    "$BASE-onbuild": None,
    "php:5.6-onbuild": None,
    # the tag has not moved on since
    "golang:1.6-onbuild": "golang:1.6",
    "node:argon-onbuild": "node:argon",
    "docker.io/library/node:8-onbuild": "docker.io/library/node:8",
    # it has, to another release of the language and of Debian
    "python:3.6-onbuild": "python:3.6.6-jessie",
    "python:2-onbuild": "python:2.7.15-jessie",
}


@pytest.mark.parametrize(("reference", "under"), CASES.items(), ids=CASES)
def test_the_image_under_one_with_triggers(reference: str, under: str | None) -> None:
    found = written_out(reference)
    assert (found and found[0]) == under
