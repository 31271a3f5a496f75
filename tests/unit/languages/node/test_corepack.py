"""The cache of corepack goes along where run time starts a shim."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.node_layouts import final, rewrite

COREPACK = "FROM node:22\nWORKDIR /app\nRUN corepack enable\nCOPY . .\nRUN pnpm install\nRUN npm run build\n"


@pytest.mark.parametrize(
    ("before", "start", "copied"),
    [
        pytest.param("", "node dist/a.js", "", id="not-started"),
        pytest.param("", "pnpm start", "/root/.cache/node/corepack", id="started"),
        pytest.param("ENV COREPACK_HOME=/opt/corepack\n", "pnpm start", "/opt/corepack", id="elsewhere"),
        pytest.param("RUN corepack prepare pnpm@9 --activate\n", "pnpm start", "/root/.cache", id="prepared"),
    ],
)
def test_corepack_cache_goes_along(tmp_path: Path, before: str, start: str, copied: str) -> None:
    """pnpm starts without the network, as it did; what fills its cache is not executed again."""
    package = {"scripts": {"build": "tsc", "start": "node dist/a.js"}, "dependencies": {"express": "4"}}
    at = "RUN corepack enable\n"
    first, second = (before, "") if before.startswith("ENV") else ("", before)
    text = COREPACK.replace(at, f"{first}{at}{second}") + f"CMD {start}\n"
    end = final(rewrite(tmp_path, text, package, {}))
    assert (f"COPY --from=builder {copied}" if copied else "corepack /") in end or not copied
    assert ("/corepack /" in end) is bool(copied)
    assert ("RUN corepack enable" in end) is bool(copied)
    assert "prepare" not in end


def test_unknown_place_of_corepack_cache(tmp_path: Path) -> None:
    text = COREPACK.replace("COPY . .\n", "ARG PLACE\nENV COREPACK_HOME=$PLACE\nCOPY . .\n")
    package = {"scripts": {"build": "tsc", "start": "node dist/a.js"}, "dependencies": {"express": "4"}}
    outcome = rewrite(tmp_path, text + "CMD pnpm start\n", package, {})
    assert outcome.kind == "unchanged", outcome.decisions


@pytest.mark.parametrize(
    ("setup", "sure"),
    [
        pytest.param("corepack enable && corepack prepare pnpm@9.1.0 --activate", True, id="prepared"),
        pytest.param("corepack enable", True, id="filled-by-the-shim"),
        pytest.param("corepack enable && npm install -g pnpm@9", False, id="replaced"),
    ],
)
def test_cache_of_corepack(tmp_path: Path, setup: str, sure: bool) -> None:
    text = f"FROM node:20\nRUN {setup}\nWORKDIR /app\nCOPY . .\nRUN pnpm install\nRUN pnpm run build\n"
    text += "CMD pnpm start\n"
    package = {"scripts": {"build": "tsc", "start": "node a.js"}}
    after = rewrite(tmp_path, text, package, {"a.js": ""}).after or ""
    assert "COPY --from=builder /root/.cache/node/corepack" in after
    assert ("mkdir -p /root/.cache/node/corepack" not in after) is sure


@pytest.mark.parametrize(
    ("install", "pinned", "start", "copied"),
    [
        pytest.param("pnpm@10", "pnpm@8.15.6", "node a.js", [], id="not-started"),
        pytest.param("pnpm@10", "", "pnpm start", [], id="none-pinned"),
        pytest.param("pnpm@8", "pnpm@8.15.6", "pnpm start", [], id="before-it-did"),
        pytest.param("pnpm@10", "pnpm@8.15.6", "pnpm start", [".tools"], id="pinned"),
        pytest.param("pnpm", "pnpm@8.15.6", "pnpm start", [".tools", "global"], id="newest"),
    ],
)
def test_the_version_that_pnpm_keeps_of_itself(
    tmp_path: Path, install: str, pinned: str, start: str, copied: list[str]
) -> None:
    text = f"FROM node:20\nRUN npm i -g {install}\nWORKDIR /app\nCOPY . .\nRUN pnpm install\nRUN pnpm build\n"
    package: dict[str, object] = {
        "scripts": {"build": "tsc", "start": "node a.js"},
        "dependencies": {"express": "4"},
        "packageManager": pinned,
    }
    end = final(rewrite(tmp_path, f"{text}CMD {start}\n", package, {"a.js": ""}))
    assert [
        name for name in (".tools", "global") if f"builder /root/.local/share/pnpm/{name} " in end
    ] == copied
