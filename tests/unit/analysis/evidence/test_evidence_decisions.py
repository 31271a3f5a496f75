"""What is said of a base image that only the built image shows."""

from __future__ import annotations

from typing import Any

import pytest

from slimify.analysis.evidence.evidence_decisions import evidence_decisions
from slimify.analysis.evidence.image_evidence import BuiltImage
from slimify.facts.images import ImageFacts
from slimify.image.model import Image
from slimify.image.packages import read
from slimify.image.tree import Files

EVIDENCE = BuiltImage(
    image=Image(config={}, layers=()),
    files=Files(()),
    packages=read({}),
    layers={},
    first_own_layer=0,
    size=0,
)
SAID = "the built image shows that corp/base is "


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, "of an unknown distribution"),
        ({"libc": "musl", "manager": "apk"}, "of an unknown distribution, musl, apk"),
        (
            {
                "distro": "debian",
                "suite": "bookworm",
                "libc": "glibc",
                "libc_version": "2.36",
                "manager": "apt",
            },
            "debian bookworm, glibc 2.36, apt",
        ),
        ({"distro": "alpine", "language": "python", "version": "3.12"}, "alpine, Python 3.12"),
    ],
    ids=["nothing", "no distribution", "distribution", "language"],
)
def test_base_image(facts: dict[str, Any], shown: str) -> None:
    base = ImageFacts(reference="corp/base", repository="corp/base", tag="", digest="", family="", **facts)
    (decision,) = evidence_decisions(EVIDENCE, base, {})
    assert decision.text == SAID + shown


def test_nothing_is_said_without_an_image() -> None:
    assert evidence_decisions(None, None, {}) == ()
