"""The nature of a command, from its effects alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.role_tables import NODE, program_of

from slimify.analysis.graph.natures import Nature, nature_of

NATURES: tuple[tuple[str, Nature], ...] = (
    ("true", "check"),
    ("ls -l", "check"),
    ("cd /opt", "state"),
    ("A=1", "state"),
    ("frobnicate", "unknown"),
    ("npm ci", "makes"),
    ("npm run build", "makes"),
    ("npm prune --omit=dev", "makes"),
    ("curl -fsSLo /opt/a https://example.org/a", "makes"),
    ("tar xf /opt/a.tar -C /opt/a", "makes"),
    ("npm install -g pm2", "programs"),
    ("npx playwright install", "code"),
    ("node seed.js", "code"),
    ("apt-get install -y curl", "packages"),
    ("add-apt-repository ppa:a/b", "source"),
    ("echo 'deb https://example.org a main' > /etc/apt/sources.list.d/a.list", "source"),
    ("echo a > /etc/a.conf", "files"),
    ("chown -R node /srv", "files"),
    ("setcap cap_net_raw=+ep /bin/ping", "files"),
    ("useradd a", "system"),
    ("ldconfig", "system"),
    ("apt-get update", "beside"),
    ("rm -rf /var/lib/apt/lists/*", "beside"),
)


@pytest.mark.parametrize(("command", "nature"), NATURES, ids=[command for command, _ in NATURES])
def test_nature(command: str, nature: Nature, tmp_path: Path) -> None:
    program = program_of(("FROM node:22", "WORKDIR /app", "COPY . .", f"RUN {command}"), NODE, tmp_path)
    assert nature_of(program.steps[-1].visit.effects[0]) == nature
