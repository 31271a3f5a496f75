"""What a final stage on the slim variant gets of the full image."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import Options

COPIES = (
    "COPY --from=builder /bin/ps /bin/ps\nCOPY --from=builder /lib/*-linux-gnu/libprocps.so.* /usr/lib/\n"
)


@pytest.mark.parametrize(
    ("base", "module", "rung", "copied"),
    [
        pytest.param("node:20", "pidusage", "slim", False, id="apt-serves-it"),
        pytest.param("node:14", "pidusage", "slim", True, id="archived"),
        pytest.param("node:14", "simple-git", "cleanup", False, id="archived-with-more-libraries"),
    ],
)
def test_programs_of_archived_releases_are_copied(
    base: str, module: str, rung: str, copied: bool, tmp_path: Path
) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {module: "3"}}))
    (tmp_path / "a.js").write_text(f"require('{module}')")
    file = f'FROM {base}\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD ["node", "a.js"]\n'
    outcome = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False))
    after = outcome.after or ""
    assert (outcome.rung, COPIES in after) == (rung, copied)
    assert ("procps" in after.replace("libprocps", "")) is (base == "node:20")
