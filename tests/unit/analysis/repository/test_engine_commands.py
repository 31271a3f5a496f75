"""Command lines of container engines: the command, and where its operands begin."""

from __future__ import annotations

import pytest

from slimify.analysis.repository.engine_commands import engine_call, options_of

COMMANDS = [
    ("git run x", None),
    ("docker", None),
    ("docker --context a", None),
    ("docker-entrypoint.sh run x", None),
    ("$X run a", None),
    ("$ENGINE run a", ("run", ["a"])),
    ("docker run a", ("run", ["a"])),
    ("/usr/bin/docker -H x --debug run a -b", ("run", ["a", "-b"])),
    ("docker container exec a b", ("exec", ["a", "b"])),
    ("docker buildx build .", ("build", ["."])),
    ("docker buildx b .", ("build", ["."])),
    ("docker compose -p x run a", ("compose run", ["a"])),
    ("docker-compose --file x -f y exec a", ("compose exec", ["a"])),
]


@pytest.mark.parametrize(("text", "expected"), COMMANDS, ids=[row[0] for row in COMMANDS])
def test_command(text: str, expected: tuple[str, list[str]] | None) -> None:
    found = engine_call(text.split(), {"$ENGINE"})
    assert (found and (found.command, [*found.words])) == expected


OPERANDS = [
    ("docker run", "a -it x", "a -it x"),
    ("docker run", "-it --rm -e A -eB=1 --name=n --gpus all a x", "a x"),
    ("docker run", "-dp 80:80 -- a x", "a x"),
    ("docker exec", "-it -u 0 --workdir /x a sh -c y", "a sh -c y"),
    ("docker compose run", "--rm --no-deps -T --entrypoint x a y -z", "a y -z"),
    ("docker compose exec", "--index 2 -T a y", "a y"),
    ("docker build", "-t a . --build-arg X=1", "."),
]


@pytest.mark.parametrize(("command", "text", "expected"), OPERANDS)
def test_operands(command: str, text: str, expected: str) -> None:
    assert [arg.shown for arg in options_of(command, text.split()).operands] == expected.split()
