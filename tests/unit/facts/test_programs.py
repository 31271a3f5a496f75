"""Programs and packages with one property each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from slimify.facts import programs

Question = Callable[[str], bool]

# A question, then what it is not true of, then what it is true of.
ROWS: dict[str, tuple[Question, str, str]] = {
    "plain check": (programs.is_plain_check, "curl grep nginx", "[ test which echo :"),
    "only waits": (programs.only_waits, "nginx sh", "sleep tail /bin/true cat"),
    "called indirectly": (programs.is_called_indirectly, "curl vim", "bash cron openssl"),
    "certificates": (lambda name: programs.uses_certificates([name, "ls"]), "curl wget", "git"),
    "fetched": (
        lambda url: bool(programs.fetched_program(url)),
        "https://github.com/krallin/other https://example.com/github.com/krallin/tini/tini",
        "https://github.com/krallin/tini/releases/download/v0.19.0/tini",
    ),
    "compiler": (
        lambda name: programs.has_compiler([name, "curl"]),
        "python3 libpq-dev",
        "g++ build-base make",
    ),
}


@pytest.mark.parametrize(("asked", "no", "yes"), ROWS.values(), ids=ROWS)
def test_answers(asked: Question, no: str, yes: str) -> None:
    assert [word for word in no.split() if asked(word)] == []
    assert [word for word in yes.split() if not asked(word)] == []


def test_lists() -> None:
    assert programs.compilers()[0] == "gcc"
    assert "Xvfb" in programs.display_servers()
    assert "podman" in programs.container_engines()
    assert "buildx" in programs.engine_groups()
    assert "gfortran" in programs.versioned_programs()
    assert "perl" in programs.interpreters()
