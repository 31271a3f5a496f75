"""A last stage that builds on another one is read as if it said all of it itself."""

from __future__ import annotations

import pytest

from slimify.analysis.whole_last_stage import with_whole_last_stage
from slimify.syntax.dockerfile.parser import encode, parse

PLAIN = "FROM node:20 AS build\nRUN npm ci\n\nFROM node:20-slim\nCOPY --from=build /app /app\n"
BASE = "FROM --platform=linux/amd64 node:20 AS base\nENV A=1\n"


@pytest.mark.parametrize(
    ("text", "last", "parent"),
    [
        pytest.param("FROM node:20\nRUN npm ci\n", "", "", id="one stage"),
        pytest.param(PLAIN, "", "", id="the last one builds on an image"),
        pytest.param(
            f"{BASE}FROM base\nUSER node\n",
            "FROM --platform=linux/amd64 node:20\nENV A=1\nUSER node\n",
            "base",
            id="on the first one",
        ),
        pytest.param(
            f"{BASE}\nFROM base AS deps\n# all\nRUN npm ci\n\n# at last\nFROM deps AS image\nUSER node",
            "FROM --platform=linux/amd64 node:20 AS image\nENV A=1\n# all\nRUN npm ci\nUSER node",
            "deps",
            id="on one that builds on another",
        ),
        pytest.param(
            f'{BASE}CMD ["a"]\nEXPOSE 80\nFROM base\nENTRYPOINT ["b"]\n',
            'FROM --platform=linux/amd64 node:20\nENV A=1\nEXPOSE 80\nENTRYPOINT ["b"]\n',
            "base",
            id="an entry point resets the command that it inherits",
        ),
        pytest.param(
            f'{BASE}ENTRYPOINT ["a"]\nFROM base\nCMD ["b"]\n',
            'FROM --platform=linux/amd64 node:20\nENV A=1\nENTRYPOINT ["a"]\nCMD ["b"]\n',
            "base",
            id="a command does not reset the entry point",
        ),
        pytest.param(
            f"ARG FROM=base\n{BASE}FROM $FROM\nUSER node\n",
            "FROM --platform=linux/amd64 node:20\nENV A=1\nUSER node\n",
            "base",
            id="by a variable",
        ),
        pytest.param(
            f"ARG KIND=live\n{BASE}FROM base AS live\nFROM base AS trial\nFROM $KIND\nUSER node\n",
            "",
            "",
            id="one of several stages by a variable",
        ),
    ],
)
def test_whole(text: str, last: str, parent: str) -> None:
    file = parse(encode(text))
    whole = with_whole_last_stage(file, {})
    assert whole.parent == parent
    if not last:
        assert whole.file is file
        return
    start = file.text.upper().rindex("\nFROM ") + 1
    assert whole.file.text == file.text[:start] + last
    assert "".join(node.raw for node in whole.file.nodes) == whole.file.text
    own = whole.file.instructions[whole.own :]
    assert [x.line for x in own] == [x.line for x in file.instructions[-len(own) :]]
    assert {x.keyword for x in own} <= {"USER", "ENTRYPOINT", "CMD"}
