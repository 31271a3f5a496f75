"""A bundle that an npm program serves: only its directory is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.node_layouts import BUILD, final, rewrite


@pytest.mark.parametrize(
    ("start", "more", "only"),
    [
        pytest.param('["serve", "-s", "dist"]', "", True, id="by-name"),
        pytest.param('["serve", "-l", "80", "/app/dist"]', "", True, id="with-a-port"),
        pytest.param('["npm", "run", "site"]', "", True, id="by-a-script"),
        pytest.param('["sh", "-c", "npm run hosted"]', "", True, id="by-scripts"),
        pytest.param('["npm", "start"]', "", False, id="by-a-script-that-builds-first"),
        pytest.param('["serve", "-c", "serve.json", "dist"]', "", False, id="with-settings"),
        pytest.param('["serve"]', "", False, id="all-of-the-project"),
        pytest.param('["sh", "-c", "node env.js && serve dist"]', "", False, id="among-others"),
        pytest.param('["serve", "dist"]', "ENV DATA=/app/data\n", False, id="a-variable-names-more"),
    ],
)
def test_of_a_project_whose_bundle_is_handed_out(tmp_path: Path, start: str, more: str, only: bool) -> None:
    package: dict[str, object] = {
        "scripts": {
            "build": "vite build",
            "site": "serve -s dist",
            "hosted": "npm run site",
            "start": "vite build && serve dist",
        },
        "dependencies": {"react": "18"},
        "devDependencies": {"vite": "5"},
    }
    text = f"{BUILD}{more}RUN npm install -g serve\nCMD {start}\n"
    after = final(rewrite(tmp_path, text, package, {"env.js": "", "serve.json": "{}"}))
    assert ("COPY --from=builder /app/dist /app/dist" in after) is only, after
    assert ("COPY --from=builder /app /app" in after) is not only
