"""What the last stage copies from others may need anything of its base image: then it stays on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline
from slimify.config import MinSaving, Options

FILE = """FROM {base} AS made
WORKDIR /made
{steps}

FROM node:20
WORKDIR /srv
COPY --from=made {source} /srv/made
COPY server.js ./
CMD ["node", "server.js"]
"""


@pytest.mark.parametrize(
    ("steps", "source", "rung"),
    [
        pytest.param("RUN mkdir site && echo a > site/a.txt", "/made/site", "slim", id="files"),
        pytest.param("COPY package.json ./\nRUN npm install", "/made/node_modules", "slim", id="packages"),
        pytest.param("RUN gcc -o tool tool.c", "/made/tool", "unchanged", id="an unknown compiler"),
        pytest.param("RUN cargo build --release", "/made/target", "unchanged", id="a build tool"),
        pytest.param("RUN gcc -o tool tool.c && mkdir site", "/made/site", "slim", id="of other files"),
        pytest.param("RUN git clone https://x.example/y .", "/made", "unchanged", id="unseen sources"),
        pytest.param("RUN ./make.sh && mkdir site", "/made/site", "unchanged", id="a script nobody has seen"),
    ],
)  # fmt: skip
def test_rung(steps: str, source: str, rung: str, tmp_path: Path) -> None:
    (tmp_path / "server.js").write_text('require("http")\n')
    (tmp_path / "package.json").write_text('{"dependencies": {"ms": "2.1.3"}}')
    text = FILE.format(base="node:20", steps=steps, source=source)
    options = Options(min_saving=MinSaving(percent=0, bytes=1))
    assert pipeline.rewrite(text, tmp_path, options=options).rung == rung
