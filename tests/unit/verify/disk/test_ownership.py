"""Owners and modes: what COPY changes of a directory, and for whom that is a difference."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, evidence, file, folder, live, program, side, used

from slimify.model.sources import SourceFacts, Use
from slimify.verify.disk import commands, ownership

OPEN = folder("/data", mode=0o1777)
CLOSED = folder("/data", mode=0o755)
OF_BASE, MADE = folder("/go/src", mode=0o777), folder("/go/src", mode=0o755)
SHARED, PLAIN = folder("/app/db", mode=0o775), folder("/app/db")
APP = ["/go/bin/app"]
PIP = "/usr/local/lib/python3.12/site-packages/pip/__init__.py"

STAFF = file("/etc/group", "root:x:0:\nstaff:x:50:app\n")
PEOPLE = file("/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n")
TEAM = folder("/data", gid=50, mode=0o775)

# (before, after, configuration, grade of the difference)
MODES: list[tuple[str, tuple[Piece, ...], tuple[Piece, ...], dict[str, object], str]] = [
    ("nothing", (), (), {}, ""),
    ("equal", (OPEN,), (OPEN,), {}, ""),
    (
        "a backup of accounts",
        (file("/etc/passwd-"),),
        (file("/etc/passwd-", mode=0o600),),
        {},
        "",
    ),
    ("root writes anyway", (OPEN,), (CLOSED,), {"Entrypoint": APP}, "cosmetic"),
    ("root writes below", (SHARED,), (PLAIN,), {"Entrypoint": APP}, "cosmetic"),
    ("root by its number", (OPEN,), (CLOSED,), {"User": "0:0"}, "cosmetic"),
    ("others can read now", (folder("/data", mode=0o700),), (CLOSED,), {"User": "1001"}, "may-matter"),
    ("another owner", (OPEN,), (folder("/data", uid=7, mode=0o1777),), {}, "may-matter"),
    ("a file", (file("/app/x", mode=0o664),), (file("/app/x"),), {}, "may-matter"),
    ("a file of a package", (file(PIP, mode=0o664),), (file(PIP),), {"User": "1001"}, "cosmetic"),
    ("a file of a package is closed", (file(PIP),), (file(PIP, mode=0o600),), {"User": "1001"}, "breaks"),
    ("others can't read now", (CLOSED,), (folder("/data", mode=0o700),), {"User": "1001"}, "breaks"),
    ("nobody executes it", (file("/app/x", mode=0o755),), (file("/app/x"),), {}, "breaks"),
    ("another user", (OPEN,), (CLOSED,), {"User": "1001"}, "breaks"),
    ("left open by the base image", (OF_BASE,), (MADE,), {"User": "1001"}, "may-matter"),
    ("in which the program starts", (OF_BASE,), (MADE,), {"User": "1001", "WorkingDir": "/go/src"}, "breaks"),
    ("closed to readers", (OF_BASE,), (folder("/go/src", mode=0o700),), {"User": "1001"}, "breaks"),
    ("an unknown user", (OPEN,), (CLOSED,), {"User": "app"}, "breaks"),
    ("root steps down", (OPEN,), (CLOSED,), {"Entrypoint": ["gosu", "app", "/go/bin/app"]}, "breaks"),
    (
        "somebody owns files",
        (OPEN, file("/data/x", uid=5)),
        (CLOSED, file("/data/x", uid=5)),
        {"Entrypoint": APP},
        "breaks",
    ),
    ("the group may", (PEOPLE, STAFF, TEAM), (PEOPLE, STAFF, TEAM), {"User": "app"}, ""),
    (
        "the group no longer may",
        (PEOPLE, STAFF, TEAM),
        (PEOPLE, STAFF, folder("/data", gid=50)),
        {"User": "app"},
        "breaks",
    ),
    (
        "the group of USER",
        (folder("/data", gid=50, mode=0o770),),
        (folder("/data", mode=0o770),),
        {"User": "1001:50"},
        "breaks",
    ),
    ("set-uid", (file("/app/x", mode=0o4755),), (file("/app/x", mode=0o755),), {}, "breaks"),
    ("capabilities", (file("/app/x", capabilities="01"),), (file("/app/x"),), {}, "breaks"),
    ("a kind", (folder("/app/x"),), (file("/app/x"),), {}, "breaks"),
]


@pytest.mark.parametrize(
    ("before", "after", "config", "grade"), [row[1:] for row in MODES], ids=[row[0] for row in MODES]
)
def test_who_minds_a_mode(
    before: tuple[Piece, ...], after: tuple[Piece, ...], config: dict[str, object], grade: str
) -> None:
    check = ownership.check(evidence(side(*before, **config), side(*after, **config)))
    assert [finding.grade for finding in check.findings] == ([grade] if grade else [])
    assert check.ok is (grade != "breaks")


def of_package(version: str, mode: int, **values: object) -> tuple[Piece, ...]:
    folder = "/app/node_modules/@a/b"
    manifest = file(f"{folder}/package.json", f'{{"version": "{version}"}}')
    return manifest, file(f"{folder}/info", mode=mode, **values)


@pytest.mark.parametrize(
    ("old", "new", "grades"),
    [
        (of_package("6.1.0", 0o755), of_package("8.0.0", 0o644), []),
        (of_package("6.1.0", 0o755), of_package("6.1.0", 0o644), ["breaks"]),
        (of_package("6.1.0", 0o755), of_package("8.0.0", 0o755, uid=5), ["cosmetic"]),
        (of_package("6.1.0", 0o755), of_package("8.0.0", 0o4755), ["breaks"]),
        (of_package("", 0o755), of_package("8.0.0", 0o644), ["breaks"]),
    ],
    ids=["another version", "the same one", "another owner", "set-uid", "of no version"],
)
def test_the_files_of_another_version_are_others(
    old: tuple[Piece, ...], new: tuple[Piece, ...], grades: list[str]
) -> None:
    check = ownership.check(evidence(side(*old), side(*new)))
    assert [finding.grade for finding in check.findings] == grades


def test_a_program_that_is_started_by_its_path_is_not_looked_for_in_path() -> None:
    env = ["PATH=/go/bin:/bin"]
    both = side(program("/go/bin/app"), program("/go/bin/tool"), Env=env)
    after = side(program("/go/bin/app"), Env=["PATH=/bin"])
    start = Use(name="/go/bin/app", file="Dockerfile", line=0)
    named = live(commands={"app": start})
    assert commands.source_programs(evidence(both, after, named)).ok
    assert not commands.source_programs(evidence(both, after, live(commands=used("app")))).ok


@pytest.mark.parametrize(
    ("named", "grade"),
    [
        pytest.param("/go/src/app/rows", "breaks", id="the program names a file in it"),
        pytest.param("/go/rows", "may-matter", id="the program names one of another directory"),
    ],
)
def test_a_directory_that_the_base_image_leaves_open(named: str, grade: str) -> None:
    known = live(sources=SourceFacts(paths=(Use(name=named, file="main.go", line=1),)))
    check = ownership.check(evidence(side(OF_BASE, User="1001"), side(MADE, User="1001"), known))
    assert [finding.grade for finding in check.findings] == [grade]
