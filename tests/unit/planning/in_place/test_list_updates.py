"""Package lists are fetched in the RUN that installs from them, in the only stage as in the last one."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import MinSaving, Options

UPDATE, INSTALL, LISTS = "RUN apt-get update", "RUN apt-get install -y jq", "rm -rf /var/lib/apt/lists/*"
JOINED = f"RUN apt-get update \\\n    && apt-get install -y jq \\\n    && {LISTS}"
CLEAN = f"RUN apt-get update && apt-get install -y jq && {LISTS}"

# The lines before and after.
ROWS = {
    "one-RUN": (CLEAN, CLEAN),
    "no-lists": (INSTALL, INSTALL),
    "no-install": (UPDATE, UPDATE),
    "something-between": (f"{UPDATE}\nCOPY a.py /a.py\n{INSTALL}", f"{UPDATE}\nCOPY a.py /a.py\n{INSTALL}"),
    "something-else-in-it": (f"{UPDATE}\n{INSTALL} && ./setup", f"{UPDATE}\n{INSTALL} && ./setup"),
    "read-again": (f"{UPDATE}\n{INSTALL}\nCOPY a.py /a.py\nRUN ./setup", f"{UPDATE}\n{INSTALL}\nCOPY a.py /a.py\nRUN ./setup"),
    "another-manager": ("RUN dnf makecache\nRUN dnf install -y jq", "RUN dnf makecache\nRUN dnf install -y jq"),
    "not-stopped-by-an-error": ("RUN apt-get update; true\n" + INSTALL, "RUN apt-get update; true\n" + INSTALL),
    "next-to-it": (f"{UPDATE}\n{INSTALL}", JOINED),
    "lists-are-removed-too-late": (f"{UPDATE}\n{INSTALL} && {LISTS}", JOINED.replace(f" \\\n    && {LISTS}", f" && {LISTS}")),
    "several": (f"{UPDATE}\n{INSTALL}\nRUN apt-get install -y tree", JOINED.replace(" jq", " jq \\\n    && apt-get install -y tree")),
}  # fmt: skip


@pytest.mark.parametrize(
    "stage", ["FROM debian:bookworm-slim", "FROM a AS b\nRUN x\nFROM debian:bookworm-slim"]
)
@pytest.mark.parametrize(("before", "after"), ROWS.values(), ids=ROWS)
def test_list_updates(stage: str, before: str, after: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    options = Options(min_saving=MinSaving(percent=0, bytes=0), dockerignore=False)
    file = f'{stage}\n{before}\nCMD ["jq"]\n'
    outcome = pipeline.rewrite(file, tmp_path, options=options)
    assert (outcome.after or file) == f'{stage}\n{after}\nCMD ["jq"]\n'
    assert [d.code for d in outcome.decisions].count("SL317") == (before != after)
