"""Roles that the nature of a step decides, whatever the other steps are."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.role_tables import Row, holds

APP = ("FROM node:22", "WORKDIR /app", "COPY . .")
START = 'CMD ["node", "index.js"]'
SEEDED = (
    "FROM python:3.12", "ARG MODE", "WORKDIR /app", "COPY . .", "ARG SECRET_KEY", "RUN python seed.py",
    'CMD ["python", "app.py"]',
)  # fmt: skip
SHOP = {"go.mod": "module example.org/shop\n\ngo 1.22\n", "main.go": "package main\n\nfunc main() {}\n"}

ROWS = (
    Row(id="no-step", file=("FROM node:22", START), roles={}, copied=()),
    Row(
        id="state-and-checks",
        file=(*APP, "RUN cd /app && node --version && export A=1", START),
        roles={"cd": ("both", "shell"), "node": ("build", "check"), "export": ("both", "shell")},
        copied=(),
    ),
    Row(
        id="the-system",
        file=(*APP, "RUN useradd a && ldconfig && apt-get update && apt-get install -y curl make", START),
        roles={
            "useradd": ("run", "users"),
            "ldconfig": ("run", "system"),
            "install": ("both", "some"),
        },
    ),
    Row(
        id="what-leaves-files",
        file=(*APP, "RUN npm ci && npm run build && npm prune --omit=dev", START),
        roles={"ci": ("build", "packages"), "run build": ("build", "build"), "prune": ("build", "prune")},
    ),
    Row(
        id="a-download-beside-an-install",
        file=(*APP, "RUN wget -q https://example.org/key -O /etc/key || apt-get install -y chromium", START),
        roles={"wget": ("both", "packages")},
    ),
    Row(
        id="kept-by-a-comment",
        file=(*APP, "# slimify: keep", "RUN npm ci", START),
        roles={"ci": ("run", "comment")},
        copied=(),
    ),
    Row(
        id="own-code",
        file=(
            "FROM python:3.12",
            "WORKDIR /app",
            "COPY . .",
            "RUN python seed.py",
            'CMD ["python", "app.py"]',
        ),
        files={"app.py": "", "seed.py": ""},
        roles={"python": ("run", "own_code")},
    ),
    Row(
        id="own-code-with-a-secret-of-the-build",
        file=SEEDED,
        files={"app.py": "", "seed.py": ""},
        roles={"python": ("build", "project_script")},
        copied=("/app",),
    ),
    Row(
        id="own-code-that-may-write-to-the-home-directory",
        file=SEEDED,
        files={"app.py": "", "seed.py": "from pathlib import Path\n(Path.home() / 'a').touch()\n"},
        roles={"python": ("run", "own_code")},
    ),
    Row(
        id="own-code-of-a-project-that-is-copied-whole",
        file=(*APP, "RUN node seed.js", START),
        roles={"node": ("build", "project_script")},
        copied=("/app",),
    ),
    Row(
        id="own-code-that-names-the-home-directory",
        file=(*APP, "RUN node fetch.js", START),
        files={"fetch.js": "require('fs').writeFileSync(require('os').homedir() + '/words', '');\n"},
        roles={"node": ("run", "own_code")},
    ),
    Row(
        id="own-program",
        file=(
            "FROM golang:1.22",
            "WORKDIR /src",
            "COPY . .",
            "RUN go build -o /shop . && /shop init",
            'CMD ["/shop"]',
        ),
        files=SHOP,
        roles={"init": ("run", "own_code")},
        copied=("/shop",),
    ),
    Row(
        id="own-program-before-something-is-built",
        file=(
            "FROM golang:1.22",
            "WORKDIR /src",
            "COPY . .",
            "RUN go build -o /gen . && /gen all && go build -o /shop .",
            'CMD ["/shop"]',
        ),
        files=SHOP,
        roles={"go build -o /gen": ("build", "compiled"), "/gen all": ("unknown", "anything")},
    ),
    Row(
        id="unknown",
        file=(*APP, "RUN frobnicate --all", START),
        roles={"frob": ("unknown", "anything")},
    ),
    Row(
        id="unknown-places",
        file=(*APP, "ARG DIR", "RUN curl -fsSLo $DIR/a https://example.org/a", "RUN mv a $DIR", START),
        roles={"curl": ("unknown", "effect"), "mv": ("unknown", "changes_unknown")},
    ),
    Row(
        id="programs",
        file=(
            *APP,
            "RUN npm install -g pm2",
            "RUN npm install -g typescript",
            "RUN tsc",
            'CMD ["pm2", "start"]',
        ),
        roles={"pm2": ("run", "started"), "typescript": ("build", "called")},
    ),
    Row(
        id="programs-that-an-unknown-program-may-start",
        file=(*APP, "RUN npm install -g typescript && tsc", START),
        files={"index.js": "require('child_process').execSync(process.argv[2])\n", "package.json": "{}"},
        roles={"typescript": ("both", "dynamic")},
    ),
    Row(
        id="programs-that-nothing-calls",
        file=(*APP, "RUN npm install -g pm2", START),
        roles={"pm2": ("both", "nothing_shown")},
    ),
    Row(
        id="settings-of-programs-of-the-build",
        file=(*APP, "RUN git config --global url.https://a.insteadOf git://a", "RUN npm ci", START),
        roles={"git": ("build", "read_by")},
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_natural_roles(row: Row, tmp_path: Path) -> None:
    holds(row, tmp_path)


COMMANDS = (
    ("true", "build", "check"),
    ("ls -l", "build", "check"),
    ("cd /opt", "both", "shell"),
    ("A=1", "both", "shell"),
    ("frobnicate", "unknown", "anything"),
    ("npm ci", "build", "packages"),
    ("npm run build", "build", "build"),
    ("npm prune --omit=dev", "build", "prune"),
    ("curl -fsSLo /opt/a https://example.org/a", "build", "download"),
    ("tar xf /opt/a.tar -C /opt/a", "build", "unpack"),
    ("npm install -g pm2", "both", "nothing_shown"),
    ("npm uninstall -g yarn", "both", "removes"),
    ("npx playwright install", "run", "own_code"),
    ("node seed.js", "build", "project_script"),
    ("apt-get install -y curl", "run", "packages"),
    ("apt-get install -y $PACKAGES", "unknown", "packages_unknown"),
    ("add-apt-repository ppa:a/b", "run", "source"),
    ("echo 'deb https://example.org a main' > /etc/apt/sources.list.d/a.list", "run", "source"),
    ("echo a > /etc/a.conf", "run", "files"),
    ("chown -R node /srv", "run", "files"),
    ("useradd a", "run", "users"),
    ("ldconfig", "run", "system"),
    ("apt-get update", "both", "beside"),
    ("rm -rf /var/lib/apt/lists/*", "both", "beside"),
)


@pytest.mark.parametrize(("command", "role", "form"), COMMANDS, ids=[command for command, *_ in COMMANDS])
def test_one_command(command: str, role: str, form: str, tmp_path: Path) -> None:
    holds(Row(id=command, file=(*APP, f"RUN {command}", START), roles={command: (role, form)}), tmp_path)
