"""The builder has every path that the final stage copies."""

from __future__ import annotations

from pathlib import Path

import pytest

from slimify import pipeline

GO = 'FROM golang:1.22\nWORKDIR /app\nCOPY . .\n{0}\nCMD ["/usr/local/bin/shop"]\n'
CALLED = GO.replace("{0}", "{0}\nRUN go build -o /usr/local/bin/other .").replace("bin/shop", "bin/other")
NODE = 'FROM node:20\nWORKDIR /app\nCOPY package.json ./\n{0}\nCOPY . .\nCMD ["node", "a.js"]\n'
FILES = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n",
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hi") }\n',
    "package.json": '{"name": "shop", "dependencies": {"express": "4"}}',
    "a.js": "require('express')\n",
}
BUILD = "go build -o /usr/local/bin/shop ."
MADE = "RUN mkdir -p /app/node_modules"
# text, RUN of it, a line that the builder has or "" if it has no other, None if nothing can be copied
CASES = {
    "always": (NODE, "RUN npm install", ""),
    "either": (NODE, "RUN npm ci || npm install", ""),
    "in-one-branch": (NODE, 'RUN if [ "$A" ]; then npm install; fi', MADE),
    "may-fail": (NODE, "RUN npm install || true", MADE),
    "else-it-ends": (NODE, 'RUN if [ "$A" ]; then npm install; else exit 1; fi', ""),
    "program": (GO, f"RUN {BUILD}", ""),
    "program-either-way": (GO, f'RUN if [ "$A" ]; then {BUILD}; else {BUILD}; fi', ""),
    "program-in-one-branch": (GO, f'RUN if [ "$A" ]; then {BUILD}; fi', None),
    "uncalled-program-in-one-branch": (CALLED, f'RUN if [ "$A" ]; then {BUILD}; fi', None),
}


@pytest.mark.parametrize(("text", "run", "expected"), CASES.values(), ids=CASES)
def test_copied_paths(text: str, run: str, expected: str | None, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    outcome = pipeline.rewrite(text.format(run), tmp_path)
    if expected is None:
        assert "COPY --from" not in (outcome.after or "")
        assert any("/usr/local/bin/shop exists" in d.text for d in outcome.decisions)
        return
    assert outcome.after is not None
    assert ("RUN mkdir" in outcome.after) == bool(expected)
    assert expected in outcome.after.splitlines() or not expected


def test_what_rules_out_several_bases_is_said_once(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    text, run, _ = CASES["program-in-one-branch"]
    texts = [d.text for d in pipeline.rewrite(text.format(run), tmp_path).decisions]
    assert sum("/usr/local/bin/shop exists" in text for text in texts) == 1
