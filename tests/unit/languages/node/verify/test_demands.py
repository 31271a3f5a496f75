"""What manifests of Node packages demand: which of it is a loss where it is missing."""

from __future__ import annotations

import json

import pytest
from unit.verify_sides import Piece, evidence, file, folder, link, needs, said, side

from slimify.languages.node.installed_packages import is_manifest
from slimify.languages.node.verify import demands
from slimify.verify.model import Check

Pieces = tuple[Piece, ...]

PATHS: list[tuple[str, bool]] = [
    ("/app/package.json", True),
    ("/app/package-lock.json", False),
    ("/app/node_modules/express/package.json", True),
    ("/app/node_modules/@nestjs/core/package.json", True),
    ("/app/node_modules/a/node_modules/b/package.json", True),
    ("/app/node_modules/.pnpm/a@1/node_modules/a/package.json", True),
    ("/app/node_modules/yargs/helpers/package.json", False),
    ("/app/node_modules/@types/package.json", False),
]


@pytest.mark.parametrize(("path", "expected"), PATHS, ids=[path for path, _ in PATHS])
def test_manifests(path: str, expected: bool) -> None:
    assert is_manifest(path) is expected


def package(path: str, **tables: object) -> Piece:
    """A package that demands others: `dependencies=("a",)`."""
    text = {
        key: dict.fromkeys(value, "1") if isinstance(value, tuple) else value for key, value in tables.items()
    }
    return file(f"{path}/package.json", json.dumps(text))


def check(old: Pieces, new: Pieces) -> Check:
    return demands.check(evidence(side(*old, WorkingDir="/app"), side(*new, WorkingDir="/app")))


APP = package("/app", dependencies=("a",), devDependencies=("dev",), peerDependencies=("dev",))
A, B, DEV = (package(f"/app/node_modules/{name}") for name in ("a", "b", "dev"))
A_B = package("/app/node_modules/a", dependencies=("b",))
A_PEER = package("/app/node_modules/a", peerDependencies=("dev",))
A_MAYBE = package(
    "/app/node_modules/a", peerDependencies=("dev",), peerDependenciesMeta={"dev": {"optional": True}}
)
A_OPTION = package("/app/node_modules/a", optionalDependencies=("b",))
NESTED = package("/app/node_modules/a/node_modules/b")
FIXTURE = package("/app/test/fixture", dependencies=("dev",))
STORE = "/app/node_modules/.pnpm/a@1/node_modules"
LINKED = (link("/app/node_modules/a", ".pnpm/a@1/node_modules/a"), package(f"{STORE}/a", dependencies=("b",)))

ROWS: list[tuple[str, Pieces, Pieces, list[tuple[str, str]]]] = [
    ("nothing", (), (), []),
    ("what development needs", (APP, A, DEV), (APP, A), []),
    ("never was there", (APP,), (APP,), []),
    ("another place", (APP, A_B, B), (APP, A_B, NESTED), []),
    ("a fixture's", (APP, A, DEV, FIXTURE), (APP, A, FIXTURE), []),
    ("an optional peer", (APP, A_MAYBE, DEV), (APP, A_MAYBE), []),
    ("whoever demands it is gone, too", (APP, A, DEV, B), (APP, A), []),
    ("not a manifest", (file("/app/package.json", "[{"), A), (file("/app/package.json", "[{"),), []),
    ("the application's", (APP, A), (APP,), [("path", "/app/node_modules/a")]),
    ("only a directory", (APP, A), (APP, folder("/app/node_modules/a")), [("path", "/app/node_modules/a")]),
    ("a package's", (APP, A_B, B), (APP, A_B), [("path", "/app/node_modules/b")]),
    ("a peer", (APP, A_PEER, DEV), (APP, A_PEER), [("path", "/app/node_modules/dev")]),
    ("what is optional, but was there", (A_OPTION, B), (A_OPTION,), [("path", "/app/node_modules/b")]),
    (
        "a linked package's",
        (*LINKED, package(f"{STORE}/b")),
        LINKED,
        [("path", f"{STORE}/b")],
    ),
]


@pytest.mark.parametrize(("old", "new", "lost"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_is_demanded(old: Pieces, new: Pieces, lost: list[tuple[str, str]]) -> None:
    found = check(old, new)
    assert needs(found) == lost
    assert found.ok is (not lost)


def test_it_says_who_wants_it() -> None:
    assert said(check((APP, A_B, B), (APP, A_B))) == [
        "/app/node_modules/a/package.json wants b, which is not installed"
    ]
