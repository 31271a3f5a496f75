"""A Dockerfile and the roles of its steps, for the tables of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slimify.analysis.classify import classify
from slimify.analysis.program import Program
from slimify.config import Options
from slimify.context.scan import scan
from slimify.syntax.dockerfile.parser import encode, parse

NODE: Mapping[str, str] = {
    "package.json": '{"dependencies": {"koa": "^2"}, "scripts": {"build": "tsc"}}',
    "package-lock.json": "{}",
    "index.js": "require('koa')\n",
    "client/a.ts": "",
    "conf/site.conf": "",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A Dockerfile, and for parts of its commands and instructions the role and the form of the reason.
    `copied` are the artifacts."""

    id: str
    file: tuple[str, ...]
    roles: Mapping[str, tuple[str, str]]
    copied: tuple[str, ...] | None = None
    files: Mapping[str, str] = field(default_factory=lambda: NODE)


def program_of(file: tuple[str, ...], files: Mapping[str, str], directory: Path) -> Program:
    """The classified Dockerfile in a build context with these files."""
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return classify(parse(encode("\n".join(file) + "\n")), scan(directory), "Dockerfile", Options())


def holds(row: Row, directory: Path) -> None:
    """Classifies the file, and fails where anything of the row does not hold."""
    program = program_of(row.file, row.files, directory)
    found: dict[str, tuple[str, str]] = {}
    for step in program.steps:
        for atom in step.atoms:
            assert step.script is not None
            place = step.script.atoms[atom.index]
            text = step.script.text[place.start : place.end]
            found[text] = atom.role, atom.reasons[0].form
        if step.keyword in ("COPY", "ADD"):
            found[step.instruction.raw.strip()] = step.role, step.reasons[0].form
    shown = {part: next((v for k, v in found.items() if part in k), None) for part in row.roles}
    assert shown == dict(row.roles)
    if row.copied is not None:
        assert tuple(a.path for a in program.artifacts) == row.copied
