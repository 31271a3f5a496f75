"""Loads what every worker of `scan` needs: workers are forks of the process that imports this module.

That process outlives the one that scans and all workers, and removes what these could not.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import tempfile
from pathlib import Path

from slimify import pipeline
from slimify.config import Options
from slimify.fleet.pool import SOCKETS, remove

_PROJECTS = (
    {
        "Dockerfile": 'FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n',
        "go.mod": "module example.org/x\n\ngo 1.24\n",
        "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println() }\n',
    },
    {
        "Dockerfile": 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD ["node", "index.js"]\n',
        "package.json": '{"name": "x", "dependencies": {"express": "^4"}}\n',
        "index.js": "const express = require('express')\nexpress().listen(80)\n",
    },
    {
        "Dockerfile": 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install flask\nCMD ["./app.py"]\n',
        "app.py": "import os\nimport flask\nflask.Flask(os.path.join('a', 'b')).run()\n",
        "compose.yaml": "services:\n  app:\n    build: .\n",
    },
)


def _rewrite_projects() -> None:
    """Loads modules, facts and patterns, by a rewrite for each language."""
    for files in _PROJECTS:
        with tempfile.TemporaryDirectory(prefix="slimify-") as folder:
            for name, text in files.items():
                (Path(folder) / name).write_text(text, "utf-8")
            pipeline.rewrite(
                files["Dockerfile"].encode(), name="Dockerfile", context=Path(folder), options=Options()
            )


if SOCKETS in os.environ:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the process that scans
    atexit.register(remove, os.environ.pop(SOCKETS))
_rewrite_projects()
# What is loaded stays: looking for garbage in it would also copy its memory into each worker.
gc.set_threshold(70_000, 10, 10)
gc.freeze()
