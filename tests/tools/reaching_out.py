"""A repository whose files name others outside it, in every way that something follows."""

from __future__ import annotations

import os
from pathlib import Path

# @ is the absolute path of the directory outside, ^ its relative one.
_REACHING: dict[str, str] = {
    "py/Dockerfile": """FROM python:3.12
WORKDIR /app
COPY . .
COPY ^/app.py @/x.py /y/
RUN --mount=type=bind,source=^,target=/m cat /m/app.py
RUN make -f ^/Makefile all && make -C ^ && make all && . ^/entry.sh && sh @/entry.sh
RUN pip install -r ^/requirements.txt -r @/requirements.txt -c linkdir/requirements.txt
RUN pip install -r requirements.txt
ENTRYPOINT ["./entry.sh"]
CMD ["gunicorn", "-c", "^/app.py", "app:app"]
""",
    "py/requirements.txt": "-r ^/requirements.txt\n-r @/requirements.txt\n-e ^\nflask\n",
    "py/Makefile": "include ^/x.mk\n-include @/x.mk linkdir/x.mk\nV := $(shell cat @/x.mk)\n"
    "all:\n\tcat @/x.py && sh @/entry.sh && python @/x.py\n",
    "py/app.py": "import flask, sys\nsys.path.insert(0, '^')\nimport x\nopen('@/x.py')\n",
    "py/entry.sh": "#!/bin/sh\n. @/entry.sh\n. ^/entry.sh\n. linkdir/entry.sh\nexec python @/x.py\n",
    "py/setup.cfg": "[options]\ninstall_requires = file: ^/requirements.txt\n",
    "py/pyproject.toml": """[project]
name = "a"
version = "1"
dynamic = ["dependencies"]
[tool.setuptools.dynamic]
dependencies = { file = ["^/requirements.txt", "@/requirements.txt"] }
[tool.uv.sources]
x = { path = "^" }
""",
    "py/compose.yaml": """include: [^/compose.yaml, @/base.yaml]
services:
  a:
    extends: { file: ^/base.yaml, service: b }
    env_file: [^/.env]
    build: { context: ^, dockerfile: @/Dockerfile }
  c:
    build: { context: ., dockerfile: ^/Dockerfile, additional_contexts: { o: ^ } }
    volumes: ["^:/x"]
    command: sh ^/entry.sh
""",
    "py/docker-bake.hcl": 'target "default" {\n  context = "^"\n  dockerfile = "@/Dockerfile"\n}\n',
    "node/Dockerfile": """FROM node:20
WORKDIR /app
COPY . .
RUN npm ci --prefix ^ && npm run build && node @/index.js && npx tsc -p ^
CMD ["node", "^/index.js"]
""",
    "node/package.json": """{"main": "^/index.js", "workspaces": ["^", "^/*", "@"],
 "scripts": {"build": "sh @/entry.sh && tsc -p @/tsconfig.json && vite build -c ^/vite.config.js"},
 "dependencies": {"x": "file:^", "y": "link:@"}, "bin": {"a": "^/index.js"}}
""",
    "node/package-lock.json": '{"lockfileVersion": 3, "packages": {"": {}, "^": {"name": "q"},'
    ' "node_modules/q": {"link": true, "resolved": "^"}}}',
    "node/tsconfig.json": '{"extends": ["^/tsconfig.json", "@/tsconfig.json", "./linkdir/tsconfig.json"],'
    ' "references": [{"path": "^"}], "include": ["^/**"]}',
    "node/index.js": "require('^/index.js'); require('@/index.js'); require('./linkdir/index.js')\n",
    "node/vite.config.js": "import x from '^/index.js'\nexport default { root: '^' }\n",
    "node/pnpm-workspace.yaml": "packages: ['^', '@', '^/*']\n",
    "go/Dockerfile": """FROM golang:1.22
WORKDIR /a
COPY . .
RUN go build -o /x -C ^ . && go build -o /b . && go run ^
CMD ["/b", "--config", "@/x.yaml"]
""",
    "go/go.mod": "module a\n\ngo 1.22\n\nrequire b v0.0.0\nreplace b => ^\nreplace c => @\n",
    "go/go.work": "go 1.22\nuse ^\nuse .\n",
    "go/main.go": """package main

import (
	_ "embed"
	"b"
	"os"
)

//go:embed ^/x.py
var x string

//go:embed linkdir/*
var y string

func main() { os.Open("@/x.py"); os.ReadFile("linkdir/x.py"); b.X() }
""",
    "Procfile": "web: sh ^/entry.sh\n",
    "chart/Chart.yaml": "name: a\ndependencies: [{name: b, repository: 'file://^'}]\n",
    ".github/workflows/a.yml": "jobs: {a: {steps: [{uses: ^}, {run: 'docker build -f @/Dockerfile @'}]}}",
    ".gitlab-ci.yml": "include: [{local: /^/x.yaml}]\na: {script: ['docker build ^']}\n",
    ".git/config": "[core]\n\tfsmonitor = touch @/x.py\n[include]\n\tpath = @/x.mk\n",
    "slimify.toml": '[probes]\nvolumes = ["@:/x"]\n',
}
_OUTSIDE = """
Makefile x.mk requirements.txt package.json tsconfig.json compose.yaml base.yaml app.py main.go go.mod
entry.sh .env setup.cfg pyproject.toml x.yaml x.py index.js vite.config.js webpack.config.js
nginx.conf Dockerfile
.dockerignore .gitignore CODEOWNERS package-lock.json yarn.lock pnpm-lock.yaml uv.lock Chart.yaml Procfile
""".split()


def write(repository: Path, outside: Path, secret: str) -> None:
    """Writes a repository whose files, also by links, name others in a directory beside it."""
    outside.mkdir()
    for name in _OUTSIDE:
        (outside / name).write_text(f"{secret}\n")
    for name, text in _REACHING.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text.replace("@", str(outside)).replace("^", "../../outside"))
    for project in (".", "py", "node", "go"):
        (repository / project / "linkdir").symlink_to(outside)
        (repository / project / "link.txt").symlink_to(outside / "requirements.txt")
        for directory in (repository / project, repository / project / "b"):
            directory.mkdir(exist_ok=True)
            for name in _OUTSIDE:
                if not os.path.lexists(directory / name) and (directory.name == "b" or name != "Dockerfile"):
                    (directory / name).symlink_to(outside / name)
