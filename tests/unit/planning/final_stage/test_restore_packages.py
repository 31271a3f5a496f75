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


@pytest.mark.parametrize(
    ("module", "install", "line"),
    [
        pytest.param("mime", "jq", "install -y jq && rm", id="nothing-is-restored"),
        pytest.param("simple-git", "jq", "install -y jq ca-certificates git && rm", id="little-comes-along"),
        pytest.param("gm", "jq", "install -y jq && rm", id="it-recommends-100-MB"),
        pytest.param(
            "gm",
            "--no-install-recommends jq",
            "--no-install-recommends jq imagemagick libmagickcore-6.q16-6-extra ",
            id="nothing-comes-along",
        ),
    ],
)
def test_restored_packages_join_an_install(module: str, install: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {module: "3"}}))
    (tmp_path / "a.js").write_text(f"require('{module}')\nrequire('child_process').execFile('jq')\n")
    file = (
        f"FROM node:20\nRUN apt-get update && apt-get install -y {install} && rm -rf /var/lib/apt/lists/*\n"
        'WORKDIR /app\nCOPY . .\nRUN npm install\nCMD ["node", "a.js"]\n'
    )
    after = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False)).after or ""
    assert line in after.partition("FROM node:20-slim")[2]


@pytest.mark.parametrize(
    ("install", "restored"), [("jq", True), ("ffmpeg", False)], ids=["not brought", "brought along"]
)
def test_what_an_own_install_brings_is_not_restored(install: str, restored: bool, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"sharp": "0.33"}}')
    (tmp_path / "a.js").write_text(
        "require('sharp')(Buffer.from('<svg><text>a</text></svg>'))\n"
        f"require('child_process').execFile('{install}')\n"
    )
    file = (
        f"FROM node:20\nRUN apt-get update && apt-get install -y {install} && rm -rf /var/lib/apt/lists/*\n"
        'WORKDIR /app\nCOPY . .\nRUN npm install\nCMD ["node", "a.js"]\n'
    )
    after = pipeline.rewrite(file, tmp_path, options=Options(dockerignore=False)).after or ""
    assert ("fontconfig-config" in after) is restored
