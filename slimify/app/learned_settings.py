"""What a repair found to be missing → settings, so that the next rewrite keeps it without building."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import tomli
from msgspec import Struct

from slimify import config
from slimify.app import replace_file
from slimify.model.errors import SlimifyError
from slimify.model.versions import version_numbers
from slimify.report.proof import settings
from slimify.verify.model import Constraint

Value = str | list[str]


class Kept(Struct, frozen=True):
    """What came of writing constraints: the settings file, whether it has them, a message for users."""

    path: Path
    is_written: bool
    message: str


def keep_constraints(directory: Path, constraints: Iterable[Constraint]) -> str:
    """Writes the constraints to the settings file of Dockerfiles in `directory` → a message for users."""
    return kept(directory, constraints).message


def kept(directory: Path, constraints: Iterable[Constraint]) -> Kept:
    """Writes the constraints to the nearest slimify.toml; without any settings file, to a new one beside the
    Dockerfile.

    Only the keys concerned change. Where that can't be done in place (pyproject.toml is somebody else's file
    too), nothing is written, and the message has the lines to add.
    """
    wanted = settings(constraints)
    path, _ = config.settings_file(directory)
    if path is None:
        path = directory / "slimify.toml"
    why = ""
    try:
        old = path.read_bytes() if path.exists() else None
        text = edited((old or b"").decode("utf-8"), wanted) if path.name == "slimify.toml" else None
        if text is not None:
            replace_file.replace_file(path, text.encode("utf-8"), expected=old)
            return Kept(path, True, f"{path}: set {', '.join(wanted)}\n")
    except (SlimifyError, OSError, ValueError) as error:
        why = f"{error}; "
    return Kept(path, False, f"{path}: {why}add by hand:\n{lines(wanted, '  ')}")


def lines(wanted: Mapping[str, Value], indent: str = "") -> str:
    """Settings as TOML."""
    return "".join(
        f"{indent}{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in wanted.items()
    )


def edited(text: str, wanted: Mapping[str, Value]) -> str | None:
    """A settings file with further values; None where a change of the text would not be the change that
    is meant (comments inside a list, unusual quoting).

    Raises ValueError for what is no TOML.
    """
    before = tomli.loads(text)
    expected = dict(before)
    for key, value in wanted.items():
        name = key if key in before or key.replace("-", "_") not in before else key.replace("-", "_")
        expected[name] = _merged(key, before.get(name), value)
        if expected[name] == before.get(name):
            continue
        changed = _with(text, name, expected[name], new=name not in before)
        if changed is None:
            return None
        text = changed
    try:
        return text if tomli.loads(text) == expected else None
    except ValueError:
        return None


def _merged(key: str, old: object, new: Value) -> object:
    if isinstance(new, list):
        had = list(old) if isinstance(old, list) else []
        return [*had, *(item for item in new if item not in had)]
    if key == "min-glibc" and isinstance(old, str):
        return max(old, new, key=version_numbers)
    return new


def _with(text: str, name: str, value: object, *, new: bool) -> str | None:
    newline = "\r\n" if "\r\n" in text else "\n"
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    top, below = _top_level(text)
    if not new:
        pattern = rf"^{re.escape(name)}[ \t]*=[ \t]*(?:\[[^\[\]#]*\]|\"[^\"\n]*\"|'[^'\n]*')"
        changed, count = re.subn(pattern, lambda _: line, top, count=1, flags=re.MULTILINE)
        return changed + below if count else None
    if top and not top.endswith("\n"):
        top += newline
    gap = newline if below else ""
    head = top.rstrip("\r\n") + newline if top.strip() else ""
    return f"{head}{line}{newline}{gap}{below}"


def _top_level(text: str) -> tuple[str, str]:
    """What stands in front of the first table, and the rest with the comments right above it."""
    match = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    if match is None:
        return text, ""
    at = match.start()
    while comment := re.search(r"(?:^|\n)([ \t]*#[^\n]*\n)\Z", text[:at]):
        at = comment.start(1)
    return text[:at], text[at:]
