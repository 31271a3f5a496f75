"""Modules that sources import: where each language looks for them, and what is a loss."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, elf, evidence, file, folder, live, needs, said, side

from slimify.languages import language
from slimify.model.sources import SourceFacts, Use
from slimify.verify.model import Check

Pieces = tuple[Piece, ...]
SITE = "/usr/local/lib/python3.12/site-packages"


def lost(name: str, old: Pieces, new: Pieces, *uses: tuple[str, str], **config: object) -> Check:
    config = {"WorkingDir": "/app", **config}
    facts = SourceFacts(imports=tuple(Use(name=use, file=by, line=1) for by, use in uses))
    known = language(name)
    assert known is not None
    assert known.image_checks is not None
    seen = evidence(side(*old, **config), side(*new, **config), live(sources=facts))
    return next(iter(known.image_checks.image_checks(seen)))


def module(name: str, site: str = SITE) -> Pieces:
    return file(f"{site}/{name}/__init__.py"), file(f"{site}/{name}/more.py")


def packaged(name: str, where: str = "/app") -> Pieces:
    return (file(f"{where}/node_modules/{name}/package.json"),)


APP = file("/app/app.js")
SAME: list[tuple[str, str, Pieces, Pieces, tuple[str, str], dict[str, object]]] = [
    ("not there before", "python", (), (), ("app.py", "flask"), {}),
    ("a package", "python", module("flask"), module("flask"), ("app.py", "flask"), {}),
    ("a module", "python", (file(f"{SITE}/six.py"),), (file(f"{SITE}/six.py"),), ("app.py", "six"), {}),
    ("a part of a package", "python", module("flask"), module("flask"), ("app.py", "flask.more"), {}),
    (
        "a namespace",
        "python",
        (file(f"{SITE}/google/cloud/x.py"),),
        (file(f"{SITE}/google/cloud/x.py"),),
        ("app.py", "google"),
        {},
    ),
    (
        "a compiled module",
        "python",
        (elf(f"{SITE}/fast.cpython-312-x86_64-linux-gnu.so"),),
        (elf(f"{SITE}/fast.cpython-312-x86_64-linux-gnu.so"),),
        ("app.py", "fast"),
        {},
    ),
    (
        "of the standard library",
        "python",
        (file("/usr/local/lib/python3.12/json/__init__.py"),),
        (file("/usr/lib/python3.12/json/__init__.py"),),
        ("app.py", "json"),
        {},
    ),
    (
        "moved into a virtual environment",
        "python",
        module("flask"),
        module("flask", "/opt/v/lib/python3.12/site-packages"),
        ("app.py", "flask"),
        {"Env": ["PATH=/opt/v/bin:/usr/bin"]},
    ),
    (
        "in PYTHONPATH",
        "python",
        module("x", "/lib1"),
        module("x", "/lib1"),
        ("a.py", "x"),
        {"Env": ["PYTHONPATH=/lib1"]},
    ),
    ("beside the source", "python", (file("/app/s/x.py"),), (file("/app/s/x.py"),), ("s/a.py", "x"), {}),
    (
        "a Node package",
        "node",
        (APP, *packaged("express")),
        (APP, *packaged("express")),
        ("app.js", "express"),
        {},
    ),
    (
        "a part of a Node package with a scope",
        "node",
        (APP, *packaged("@a/b")),
        (APP, *packaged("@a/b")),
        ("app.js", "@a/b/c"),
        {},
    ),
    (
        "hoisted",
        "node",
        (file("/app/p/api/x.js"), *packaged("express", "/app/p/api")),
        (file("/app/p/api/x.js"), *packaged("express")),
        ("p/api/x.js", "express"),
        {},
    ),
    (
        "above WORKDIR",
        "node",
        (APP, *packaged("express", "")),
        (APP, *packaged("express", "")),
        ("app.js", "express"),
        {},
    ),
    ("built in", "node", (APP, *packaged("fs")), (APP,), ("app.js", "node:fs"), {}),
    ("a file of one's own", "node", (APP, file("/app/x.js")), (APP,), ("app.js", "./x"), {}),
    ("a source that was bundled", "node", (APP, *packaged("react")), (), ("app.js", "react"), {}),
    (
        "TypeScript, compiled",
        "node",
        (file("/app/a.ts"), *packaged("zod")),
        (file("/app/a.ts"),),
        ("a.ts", "zod"),
        {},
    ),
    ("compiled in", "go", (file("/app/a.go"),), (), ("a.go", "github.com/x/y"), {}),
]
LOST: list[tuple[str, str, Pieces, Pieces, tuple[str, str], str]] = [
    ("a package", "python", module("flask"), (), ("app.py", "flask"), f"{SITE}/flask"),
    ("a part of one", "python", module("flask"), (), ("app.py", "flask.more"), f"{SITE}/flask"),
    (
        "a directory of data bears its name",
        "python",
        (*module("redis"), folder("/app/redis"), file("/app/redis/dump")),
        (folder("/app/redis"), file("/app/redis/dump")),
        ("app.py", "redis"),
        f"{SITE}/redis",
    ),
    (
        "what was in a namespace",
        "python",
        (file(f"{SITE}/google/x.py"),),
        (folder(f"{SITE}/google"),),
        ("app.py", "google"),
        f"{SITE}/google",
    ),
    ("beside the source", "python", (file("/app/s/x.py"),), (), ("s/a.py", "x"), "/app/s/x.py"),
    (
        "a Node package",
        "node",
        (APP, *packaged("express")),
        (APP,),
        ("app.js", "express"),
        "/app/node_modules/express",
    ),
    (
        "of a workspace",
        "node",
        (file("/app/p/api/x.js"), *packaged("e", "/app/p/api")),
        (file("/app/p/api/x.js"),),
        ("p/api/x.js", "e"),
        "/app/p/api/node_modules/e",
    ),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "use", "config"), [row[1:] for row in SAME], ids=[row[0] for row in SAME]
)
def test_imports_that_are_found(
    name: str, old: Pieces, new: Pieces, use: tuple[str, str], config: dict[str, object]
) -> None:
    check = lost(name, old, new, use, **config)
    assert check.ok
    assert said(check) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "use", "path"), [row[1:] for row in LOST], ids=[row[0] for row in LOST]
)
def test_imports_that_are_lost(name: str, old: Pieces, new: Pieces, use: tuple[str, str], path: str) -> None:
    check = lost(name, old, new, use)
    assert said(check) == [f"{use[0]}:1 imports {use[1]}, which is missing"]
    assert needs(check) == [("path", path)]
