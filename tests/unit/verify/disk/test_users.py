"""Accounts: which difference of their ids breaks something."""

from __future__ import annotations

import pytest
from unit.verify_sides import Piece, evidence, file, side

from slimify.verify.disk import users

PEOPLE = "root:x:0:0::/root:/bin/sh\nexim:x:{0}:{0}::/:/bin/sh\napp:x:{1}:{1}::/:/bin/sh\n"
GROUPS = "root:x:0:\nexim:x:{0}:\napp:x:{1}:\n"


def tables(system: int, app: int) -> tuple[Piece, ...]:
    return (
        file("/etc/passwd", PEOPLE.format(system, app)),
        file("/etc/group", GROUPS.format(system, app)),
    )


def spool(owner: int) -> Piece:
    return file("/var/spool/x", uid=owner, gid=owner)


@pytest.mark.parametrize(
    ("before", "after", "config", "grades"),
    [
        pytest.param(tables(101, 1000), tables(101, 1000), {}, [], id="equal"),
        pytest.param(tables(101, 1000), tables(102, 1000), {}, [], id="a-system-account-without-files"),
        pytest.param(
            (*tables(101, 1000), spool(101)), (*tables(102, 1000), spool(102)), {}, [], id="files-by-name"
        ),
        pytest.param(
            (*tables(101, 1000), spool(101)),
            (*tables(102, 1000), spool(101)),
            {},
            ["breaks", "breaks"],
            id="files-by-number",
        ),
        pytest.param(
            (*tables(101, 1000), spool(1000)),
            (*tables(101, 1001), spool(1001)),
            {},
            ["breaks", "breaks"],
            id="an-account-of-the-dockerfile",
        ),
        pytest.param(tables(101, 1000), tables(102, 1000), {"User": "exim"}, ["breaks"], id="USER"),
    ],
)
def test_ids_of_accounts(
    before: tuple[Piece, ...], after: tuple[Piece, ...], config: dict[str, object], grades: list[str]
) -> None:
    check = users.check(evidence(side(*before, **config), side(*after, **config)))
    assert [finding.grade for finding in check.findings] == grades, check.findings
