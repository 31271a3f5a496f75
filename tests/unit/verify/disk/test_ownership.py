"""Owners and modes: what COPY changes of a directory, and for whom that is a difference."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, evidence, file, folder, live, program, side, used

from slimify.model.sources import Use
from slimify.verify.disk import commands, ownership

OPEN = folder("/go", mode=0o1777)
CLOSED = folder("/go", mode=0o755)
SHARED, PLAIN = folder("/app/db", mode=0o775), folder("/app/db")
APP = ["/go/bin/app"]

# (before, after, configuration, differences that count)
MODES: list[tuple[str, tuple[Piece, ...], tuple[Piece, ...], dict[str, object], int]] = [
    ("nothing", (), (), {}, 0),
    ("equal", (OPEN,), (OPEN,), {}, 0),
    ("root writes anyway", (OPEN, SHARED), (CLOSED, PLAIN), {"Entrypoint": APP}, 0),
    ("root by its number", (OPEN,), (CLOSED,), {"User": "0:0"}, 0),
    ("another user", (OPEN,), (CLOSED,), {"User": "1001"}, 1),
    ("root steps down", (OPEN,), (CLOSED,), {"Entrypoint": ["gosu", "app", "/go/bin/app"]}, 1),
    (
        "somebody owns files",
        (OPEN, file("/data/x", uid=5)),
        (CLOSED, file("/data/x", uid=5)),
        {"Entrypoint": APP},
        1,
    ),
    ("others can read now", (folder("/go", mode=0o700),), (CLOSED,), {}, 1),
    ("others can't read now", (CLOSED,), (folder("/go", mode=0o700),), {}, 1),
    ("another owner", (OPEN,), (folder("/go", uid=7),), {}, 1),
    ("a file", (file("/app/x", mode=0o664),), (file("/app/x"),), {}, 1),
    ("a backup of accounts", (file("/etc/passwd-", mode=0o644),), (file("/etc/passwd-", mode=0o600),), {}, 0),
]


@pytest.mark.parametrize(
    ("before", "after", "config", "count"), [row[1:] for row in MODES], ids=[row[0] for row in MODES]
)
def test_who_minds_a_mode(
    before: tuple[Piece, ...], after: tuple[Piece, ...], config: dict[str, object], count: int
) -> None:
    check = ownership.check(evidence(side(*before, **config), side(*after, **config)))
    assert sum(not finding.accepted for finding in check.findings) == count
    assert check.ok is (count == 0)


def of_package(version: str, mode: int, **values: object) -> tuple[Piece, ...]:
    folder = "/app/node_modules/@a/b"
    manifest = file(f"{folder}/package.json", f'{{"version": "{version}"}}')
    return manifest, file(f"{folder}/info", mode=mode, **values)


@pytest.mark.parametrize(
    ("old", "new", "equal"),
    [
        (of_package("6.1.0", 0o755), of_package("8.0.0", 0o644), True),
        (of_package("6.1.0", 0o755), of_package("6.1.0", 0o644), False),
        (of_package("6.1.0", 0o755), of_package("8.0.0", 0o755, uid=5), False),
        (of_package("6.1.0", 0o755), of_package("8.0.0", 0o4755), False),
        (of_package("", 0o755), of_package("8.0.0", 0o644), False),
    ],
    ids=["another version", "the same one", "another owner", "set-uid", "of no version"],
)
def test_the_files_of_another_version_are_others(
    old: tuple[Piece, ...], new: tuple[Piece, ...], equal: bool
) -> None:
    assert ownership.check(evidence(side(*old), side(*new))).ok is equal


def test_a_program_that_is_started_by_its_path_is_not_looked_for_in_path() -> None:
    env = ["PATH=/go/bin:/bin"]
    both = side(program("/go/bin/app"), program("/go/bin/tool"), Env=env)
    after = side(program("/go/bin/app"), Env=["PATH=/bin"])
    start = Use(name="/go/bin/app", file="Dockerfile", line=0)
    named = live(commands={"app": start})
    assert commands.source_programs(evidence(both, after, named)).ok
    assert not commands.source_programs(evidence(both, after, live(commands=used("app")))).ok
