"""Python packages of which an image has more than one release."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, evidence, file, folder, needs, said, side

from slimify.languages.python.verify import distributions

VENV = "/opt/venv/lib/python3.11/site-packages"
SITE = "/usr/local/lib/python3.11/site-packages"
OLD, NEW = folder(f"{SITE}/setuptools-65.5.1.dist-info"), folder(f"{SITE}/setuptools-80.9.0.dist-info")
DIST = "/usr/lib/python3/dist-packages"
DEBIAN = folder(f"{DIST}/six-1.17.0.dist-info")
FLASK = folder(f"{SITE}/Flask-3.0.0.dist-info")
ROWS: list[tuple[str, tuple[Piece, ...], tuple[Piece, ...], list[str], list[tuple[str, str]]]] = [
    ("none", (), (), [], []),
    ("the same", (OLD, FLASK), (OLD, FLASK), [], []),
    ("another release", (OLD,), (NEW,), [], []),
    ("both in both", (OLD, NEW), (OLD, NEW), [], []),
    ("one is gone", (OLD, NEW), (NEW,), [], []),
    ("in another directory", (FLASK,), (folder(f"{VENV}/flask-3.dist-info"),), [], []),
    ("a package that only the new base has", (FLASK,), (FLASK, folder(f"{SITE}/six-1.dist-info")), [], []),
    ("Debian's own", (DEBIAN,), (DEBIAN, folder(f"{DIST}/setuptools-78.1.1.dist-info")), [], []),
    ("no directory of packages", (), (folder("/srv/a-1.dist-info"), folder("/srv/a-2.dist-info")), [], []),
    (
        "the older one of the base",
        (NEW,),
        (OLD, NEW),
        [f"{SITE} has setuptools 65.5.1 and 80.9.0, the original 80.9.0"],
        [("package", "setuptools")],
    ),
    (
        "one that the original removed",
        (FLASK,),
        (FLASK, OLD),
        [f"{SITE} has setuptools 65.5.1, the original none"],
        [("package", "setuptools")],
    ),
    (
        "spelt in two ways",
        (FLASK,),
        (FLASK, file(f"{SITE}/flask-2.0.0-py3.11.egg-info")),
        [f"{SITE} has flask 2.0.0 and 3.0.0, the original 3.0.0"],
        [],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "found", "wanted"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_releases(
    old: tuple[Piece, ...], new: tuple[Piece, ...], found: list[str], wanted: list[tuple[str, str]]
) -> None:
    check = distributions.check(evidence(side(*old), side(*new)))
    assert said(check) == found
    assert needs(check) == wanted
    assert check.ok is not bool(found)
