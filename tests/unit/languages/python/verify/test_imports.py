"""Modules that sources import: where Python and Node look for them, and what is a loss."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, elf, evidence, file, folder, live, needs, package, said, side

from slimify.languages.python.verify import imports
from slimify.model.sources import SourceFacts, Use
from slimify.verify.model import Check

Pieces = tuple[Piece, ...]
SITE = "/usr/local/lib/python3.12/site-packages"


def lost(language: str, old: Pieces, new: Pieces, *uses: tuple[str, str], **config: object) -> Check:
    config = {"WorkingDir": "/app", **config}
    facts = SourceFacts(imports=tuple(Use(name=name, file=by, line=1) for by, name in uses))
    return imports.check(evidence(side(*old, **config), side(*new, **config), live(sources=facts)), language)


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
    ("language", "old", "new", "use", "config"), [row[1:] for row in SAME], ids=[row[0] for row in SAME]
)
def test_imports_that_are_found(
    language: str, old: Pieces, new: Pieces, use: tuple[str, str], config: dict[str, object]
) -> None:
    check = lost(language, old, new, use, **config)
    assert check.ok
    assert said(check) == []


@pytest.mark.parametrize(
    ("language", "old", "new", "use", "path"), [row[1:] for row in LOST], ids=[row[0] for row in LOST]
)
def test_imports_that_are_lost(
    language: str, old: Pieces, new: Pieces, use: tuple[str, str], path: str
) -> None:
    check = lost(language, old, new, use)
    assert said(check) == [f"{use[0]}:1 imports {use[1]}, which is not there"]
    assert needs(check) == [("path", path)]


def test_the_library_of_a_module_that_the_slim_image_brings() -> None:
    tk = elf("/usr/local/lib/python3.12/lib-dynload/_tkinter.so", "libtk8.6.so")
    library = elf("/usr/lib/libtk8.6.so")
    facts = SourceFacts(imports=(Use(name="_tkinter", file="a.py", line=1),))
    before = side(tk, library, *package("libtk8.6", "/usr/lib/libtk8.6.so"))
    for after, found in ((before, []), (side(tk), [("package", "libtk8.6")])):
        check = imports.extension_libraries(evidence(before, after, live(sources=facts)))
        assert needs(check) == found


def test_sources_that_were_copied_elsewhere() -> None:
    facts = SourceFacts(imports=(Use(name="helper", file="src/a.py", line=1),))
    before = side(file("/srv/x/helper.py"), WorkingDir="/app")
    placed = {"src/a.py": ("/srv/x/a.py",)}
    check = imports.check(
        evidence(before, side(WorkingDir="/app"), live(sources=facts), placed=placed), "python"
    )
    assert said(check) == []  # outside WORKDIR nobody knows what is in sys.path
    assert imports.check(evidence(before, before, live(sources=facts), placed=placed), "python").ok


def test_sources_at_the_root_end_the_search() -> None:
    source = file("/srv/deep/app.py")
    both = side(source, folder("/srv/deep"), folder("/usr/local/lib/python3.12/site-packages/flask"))
    uses = (Use(name="flask", file="app.py", line=1),)
    placed = {"app.py": ("/srv/deep/app.py",)}
    seen = evidence(both, both, live(sources=SourceFacts(imports=uses)), placed=placed)
    assert imports.check(seen, "python").ok
