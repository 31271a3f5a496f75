"""Which commands of a new stage stand for which of the old one: `a:b` says that new a is old b."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest
from support import calls_of
from unit.semantics.machine.test_stages import machine

from slimify.semantics.machine.matches import repeated
from slimify.semantics.machine.stages import Event

UPDATE, LISTS = "apt-get update", "rm -rf /var/lib/apt/lists/*"
TREE = f"RUN {UPDATE} && apt-get install tree"
YES = f"RUN {UPDATE}; apt-get install -y tree"

# The RUNs of the old and of the new stage, and the pairs of their commands.
PAIRS = {
    "nothing": ("", "", ""),
    "the-same": ("RUN a\nRUN b", "RUN a\nRUN b", "0:0 1:1"),
    "new": ("RUN a", "RUN b\nRUN a", "1:0"),
    "dropped": ("RUN a && b && a", "RUN b", "0:1"),
    "joined": ("RUN a\nRUN b\nRUN c", "RUN a && b && c", "0:0 1:1 2:2"),
    "moved": ("RUN a\nRUN b\nRUN c", "RUN c\nRUN a\nRUN b", "0:2 1:0 2:1"),
    "of-equal-ones-the-first": ("RUN a\nRUN a", "RUN a", "0:0"),
    "of-equal-ones-that-beside-the-same": ("RUN a && x\nRUN b && x", "RUN b && x", "0:2 1:3"),
    "equal-ones-in-order": ("RUN a\nRUN b\nRUN a", "RUN b\nRUN a", "0:1 1:2"),
    "once-only": ("RUN a", "RUN a\nRUN a", "0:0"),
    "a-part": (f"RUN {UPDATE} && apt-get install -y gcc jq", f"RUN {UPDATE} && apt-get install -y jq", "0:0 1:1"),
    "edited-so-that-it-equals-a-later-one": (f"{TREE}\n{YES}", f"RUN {UPDATE} && apt-get install -y tree\n{YES}", "0:0 1:1 2:2 3:3"),
    "another-shell": (f"SHELL [\"/bin/bash\"]\nRUN {UPDATE}\nRUN make", f"RUN {UPDATE}\nSHELL [\"/bin/bash\"]\nRUN make", "1:0 2:2"),
    "lists-in-another-shell": (f"SHELL [\"/bin/bash\"]\nRUN {LISTS}", f"RUN {LISTS}\nSHELL [\"/bin/bash\"]", "1:0"),
    "a-new-install-before": (f"RUN {UPDATE} && apt-get install jq", f"RUN {UPDATE} && apt-get install -y curl\nRUN {UPDATE} && apt-get install -y jq", "2:0 3:1"),
    "start-commands": ("CMD a", "CMD b", "0:0"),
    "other-packages": (f"RUN {UPDATE} && apt-get install -y libpq-dev", f"RUN {UPDATE} && apt-get install -y libpq5", "0:0"),
}  # fmt: skip


def pairs(old: str, new: str, directory: Path, *, installs: bool = False) -> str:
    before, after = (machine(f"FROM debian\n{text}\n", directory).final.events for text in (old, new))
    return " ".join(f"{b.number}:{a.number}" for a, b in repeated(before, after, installs=installs))


@pytest.mark.parametrize(("old", "new", "expected"), PAIRS.values(), ids=PAIRS)
def test_repeated(old: str, new: str, expected: str, tmp_path: Path) -> None:
    assert pairs(old, new, tmp_path) == expected


def test_an_install_may_stand_for_another_one(tmp_path: Path) -> None:
    old, new, _ = PAIRS["other-packages"]
    assert pairs(old, new, tmp_path, installs=True) == "0:0 1:1"


def test_headers_stand_for_the_library_that_run_time_needs(tmp_path: Path) -> None:
    old = "RUN apt-get update && apt-get install -y gcc\nRUN apt-get update; apt-get install -y libpq-dev"
    new = "RUN apt-get update; apt-get install -y libpq5"
    assert pairs(old, new, tmp_path, installs=True) == "0:0 1:3"


def test_lists_that_are_removed_say_less_than_a_package(tmp_path: Path) -> None:
    old = f"RUN {UPDATE} && apt-get install -y gcc && {LISTS}\nRUN {UPDATE}; apt-get install -y tini"
    new = f"RUN {UPDATE}; apt-get install -y tini libgomp1 && {LISTS}"
    assert pairs(old, new, tmp_path, installs=True) == "0:0 1:4 2:2"


def test_work_is_linear(tmp_path: Path) -> None:
    def calls(lines: int) -> int:
        events = machine("FROM debian\n" + "RUN a && touch /b\n" * lines, tmp_path).final.events
        found: list[tuple[Event, Event]] = []
        count = calls_of(lambda: found.extend(repeated(events, events)))
        assert all(a is b for a, b in found)
        assert len(found) == len(events)
        return count

    assert calls(1600) < 9 * calls(200)
