"""The content of files of installed packages."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, elf, evidence, file, folder, side

from slimify.verify.disk import package_files

NODE, SITE = "/app/node_modules", "/usr/local/lib/python3.12/site-packages"
MS = f"{NODE}/ms/index.js"


def _manifest(release: str) -> Piece:
    return file(f"{NODE}/ms/package.json", f'{{"name": "ms", "version": "{release}"}}')


# (before, after, grade of the difference)
FILES: list[tuple[str, tuple[Piece, ...], tuple[Piece, ...], str]] = [
    ("nothing", (), (), ""),
    ("equal", (file(MS, digest="a"),), (file(MS, digest="a"),), ""),
    ("gone", (file(MS, digest="a"),), (), ""),
    ("not hashed", (file(MS),), (file(MS),), ""),
    ("of the application", (file("/app/a.js", digest="a"),), (file("/app/a.js", digest="b"),), ""),
    ("patched", (file(MS, digest="a"),), (file(MS, digest="b"),), "breaks"),
    (
        "of the same release",
        (_manifest("1.0"), file(MS, digest="a")),
        (_manifest("1.0"), file(MS, digest="b")),
        "breaks",
    ),
    (
        "of another release",
        (_manifest("1.0"), file(MS, digest="a")),
        (_manifest("1.1"), file(MS, digest="b")),
        "",
    ),
    ("a text", (file(f"{NODE}/ms/a.md", digest="a"),), (file(f"{NODE}/ms/a.md", digest="b"),), "may-matter"),
    (
        "a test",
        (file(f"{NODE}/ms/a.test.js", digest="a"),),
        (file(f"{NODE}/ms/a.test.js", digest="b"),),
        "may-matter",
    ),
    (
        "what the manager notes",
        (file(f"{NODE}/.package-lock.json", digest="a"),),
        (file(f"{NODE}/.package-lock.json", digest="b"),),
        "",
    ),
    ("a module", (file(f"{SITE}/six.py", digest="a"),), (file(f"{SITE}/six.py", digest="b"),), "breaks"),
    (
        "a module of another release",
        (folder(f"{SITE}/six-1.dist-info"), file(f"{SITE}/six.py", digest="a")),
        (folder(f"{SITE}/six-2.dist-info"), file(f"{SITE}/six.py", digest="b")),
        "",
    ),
    (
        "bytecode",
        (file(f"{SITE}/x/a.pyc", digest="a"),),
        (file(f"{SITE}/x/a.pyc", digest="b"),),
        "",
    ),
    (
        "a record",
        (file(f"{SITE}/x-1.dist-info/RECORD", digest="a"),),
        (file(f"{SITE}/x-1.dist-info/RECORD", digest="b"),),
        "",
    ),
    ("compiled", (elf(f"{SITE}/x/a.so"),), (elf(f"{SITE}/x/a.so"),), ""),
]


@pytest.mark.parametrize(("before", "after", "grade"), [r[1:] for r in FILES], ids=[r[0] for r in FILES])
def test_package_files(before: tuple[Piece, ...], after: tuple[Piece, ...], grade: str) -> None:
    check = package_files.check(evidence(side(*before), side(*after)))
    assert [f.grade for f in check.findings] == ([grade] if grade else [])


def test_one_finding_for_each_package() -> None:
    paths = (f"{NODE}/@a/b/x.js", f"{NODE}/@a/b/y.js", f"{NODE}/@a/c/x.js", f"{NODE}/d/node_modules/e/x.js")
    old, new = (side(*(file(path, digest=digest) for path in paths)) for digest in ("a", "b"))
    found = package_files.check(evidence(old, new)).findings
    assert [c.value for f in found for c in f.constraints] == [
        f"{NODE}/@a/b",
        f"{NODE}/@a/c",
        f"{NODE}/d/node_modules/e",
    ]
    assert (
        found[0].text == f"{NODE}/@a/b/x.js and 1 more: the content differs, though the release is the same"
    )
