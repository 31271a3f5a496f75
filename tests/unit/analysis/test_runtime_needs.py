"""What a start ends in: followed through shells, scripts, recipes and package.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.facts.shells import is_builtin
from slimify.syntax.dockerfile.parser import parse

FILES = {
    "entry.sh": '#!/bin/sh\nset -e\n[ "$1" = web ] && set -- node web.js\nexec "$@"\n',
    "lib.sh": "serve() {\n  exec node $1.js\n}\n",
    "both.sh": '#!/bin/sh\n. "$(dirname "$0")/lib.sh"\nfor x in a b; do serve $x & done\n',
    "Makefile": "include run.mk\nrun: x.tmp\n\tmv $< x.js\n\t$(MAKE) -C sub start P=1\n%.tmp:\n\ttouch $@\n",
    "run.mk": "web: FLAGS := --trace\nweb:\n\tnode $(FLAGS) web.js\n",
    "sub/Makefile": "start:\n\tnode x.js $(P)\n",
    "package.json": json.dumps({"scripts": {"site": "npm run serve", "serve": "http-server dist"}}),
}
STARTS = {
    '["server"]': [["server"]],
    '["sh", "-c", "node x.js"]': [["node", "x.js"]],
    ". ./lib.sh && serve web": [["node", "web.js"]],
    '["./entry.sh", "server", "x"]': [["server", "x"], ["node", "web.js"]],
    '["sh", "both.sh"]': [["node", "a.js"], ["node", "b.js"]],
    '["make", "web"]': [["node", "--trace", "web.js"]],
    '["make", "run"]': [["touch", "x.tmp"], ["mv", "x.tmp", "x.js"], ["node", "x.js", "1"]],
    '["npm", "run", "site"]': [["http-server", "dist"]],
    'cd / && case "$X" in a) node a.js ;; *) node b.js ;; esac': [["node", "a.js"], ["node", "b.js"]],
}


@pytest.mark.parametrize(("start", "expected"), STARTS.items(), ids=STARTS)
def test_programs_that_a_start_ends_in(start: str, expected: list[list[str]], tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    file = parse(f"FROM debian\nWORKDIR /app\nCOPY . .\nCMD {start}\n".encode(), "Dockerfile")
    needs = classify(file, scan(tmp_path), "Dockerfile", Options(), None).runtime_needs
    found = [
        list(c.words) for c in needs.programs if not is_builtin(c.call.name) and c.call.name != "dirname"
    ]
    assert sorted(found) == sorted(expected)
