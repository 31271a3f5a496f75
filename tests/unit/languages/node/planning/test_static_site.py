"""A project behind a web server: what was copied out of it is enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.node_layouts import final, rewrite


@pytest.mark.parametrize(
    ("bundle", "conf", "start", "copied"),
    [
        pytest.param("cp -r dist/* /var/www/html/", "", '["nginx"]', False, id="copied-out"),
        pytest.param("cp -r dist/* /var/www/html/", "root /site/dist;", '["nginx"]', True, id="configured"),
        pytest.param("cp -r dist/* /var/www/html/", "", '["nginx", "-c", "n/x.conf"]', True, id="relative"),
        pytest.param("cp -r dist/* /var/www/html/", "", '["node", "a.js"]', True, id="node-started"),
        pytest.param("ln -s /site/dist /var/www/html/site", "", '["nginx"]', True, id="linked"),
        pytest.param("true", "", '["nginx"]', True, id="nothing-copied-out"),
    ],
)
def test_project_behind_a_web_server(
    tmp_path: Path, bundle: str, conf: str, start: str, copied: bool
) -> None:
    text = (
        "FROM node:20\nRUN apt-get update && apt-get install -y nginx && rm -rf /var/lib/apt/lists/*\n"
        f"WORKDIR /site\nCOPY . .\nRUN npm install\nRUN npm run build && {bundle}\n"
        f"COPY site.conf /etc/nginx/conf.d/\nCMD {start}\n"
    )
    package = {"scripts": {"build": "vite build"}, "dependencies": {"vite": "5"}}
    end = final(rewrite(tmp_path, text, package, {"site.conf": conf}))
    assert (" /site" in end.replace("WORKDIR /site", "")) is copied
