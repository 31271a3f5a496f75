"""Saves the constraints that a repair found as settings, so that the next rewrite respects them."""

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


class SavedConstraints(Struct, frozen=True):
    """The result of saving constraints: the settings file, what was to be set, whether it was written, and
    the error that prevented it."""

    path: Path
    wanted: Mapping[str, Value]
    is_written: bool
    error: Exception | None = None

    @property
    def message(self) -> str:
        """What users are told."""
        if self.is_written:
            return f"{self.path}: set {', '.join(self.wanted)}\n"
        why = f"{self.error}; " if self.error is not None else ""
        return f"{self.path}: {why}add by hand:\n{as_toml(self.wanted, '  ')}"


def keep_constraints(directory: Path, constraints: Iterable[Constraint]) -> str:
    """Saves the constraints to the settings file of Dockerfiles in `directory`. Returns a message for
    users."""
    return save_constraints(directory, constraints).message


def save_constraints(directory: Path, constraints: Iterable[Constraint]) -> SavedConstraints:
    """Saves the constraints to the nearest slimify.toml, or to a new one next to the Dockerfile.

    Only the affected keys change. If that is impossible, or if the settings are in pyproject.toml, nothing is
    written, and the message contains the lines to add.
    """
    wanted = settings(constraints)
    path, problem = directory / "slimify.toml", None
    try:
        path = config.settings_file(directory)[0] or path
        old = path.read_bytes() if path.is_file() else None
        text = edit_settings((old or b"").decode("utf-8"), wanted) if path.name == "slimify.toml" else None
        if text is not None:
            replace_file.replace_file(path, text.encode("utf-8"), expected=old, within=directory)
            return SavedConstraints(path, wanted, True)
    except (SlimifyError, OSError, ValueError) as error:
        problem = error
    return SavedConstraints(path, wanted, False, problem)


def as_toml(wanted: Mapping[str, Value], indent: str = "") -> str:
    """Settings as TOML."""
    return "".join(
        f"{indent}{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in wanted.items()
    )


def edit_settings(text: str, wanted: Mapping[str, Value]) -> str | None:
    """The text of a settings file with `wanted` values added; None if the text can't be edited safely
    (comments inside a list, unusual quoting). Raises ValueError for malformed TOML.
    """
    before = tomli.loads(text)
    expected = dict(before)
    for key, value in wanted.items():
        name = key if key in before or key.replace("-", "_") not in before else key.replace("-", "_")
        expected[name] = _merge_values(key, before.get(name), value)
        if expected[name] == before.get(name):
            continue
        changed = _set_value(text, name, expected[name], new=name not in before)
        if changed is None:
            return None
        text = changed
    try:
        return text if tomli.loads(text) == expected else None
    except ValueError:
        return None


def _merge_values(key: str, old: object, new: Value) -> object:
    if isinstance(new, list):
        had = list(old) if isinstance(old, list) else []
        return [*had, *(item for item in new if item not in had)]
    if key == "min-glibc" and isinstance(old, str):
        return max(old, new, key=version_numbers)
    return new


def _set_value(text: str, name: str, value: object, *, new: bool) -> str | None:
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
    """The text before the first table, and the rest, including comments directly above the table."""
    match = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    if match is None:
        return text, ""
    at = match.start()
    while comment := re.search(r"(?:^|\n)([ \t]*#[^\n]*\n)\Z", text[:at]):
        at = comment.start(1)
    return text[:at], text[at:]
