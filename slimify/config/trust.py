"""What a settings file may decide about the machine that runs slimify, and about other machines.

The settings of a repository describe the image, never the host: its author may be a stranger. What reaches
the host counts only in the user's own file and in a file that the user names with `--config`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import tomli

from slimify.config.files import invalid, is_inside
from slimify.config.options import Ignored

_MOST_SECONDS = 300  # to start an image, for a repository
_HOSTS = ("forge", "api-url")  # decide which host receives the token

Values = dict[str, Any]


def host_settings(path: Path, values: Values, author: str) -> tuple[Values, tuple[Ignored, ...]]:
    """The values of a settings file by their field in Options, with absolute paths of the host; and what was
    not taken because the `author` of the file is the "repository" or a "stranger", not the "user"."""
    values = dict(values)
    ignored: list[Ignored] = []
    trusted = author == "user"
    if "templates" in values and author == "stranger":
        reason = f'templates = "{values.pop("templates")}" writes files in your name'
        ignored.append(Ignored("templates", _text(path, reason)))
    if "templates" in values:
        values["templates"] = _templates(path, values["templates"], trusted=trusted)
    if "probes" in values:
        values["probes"], reasons = _probes(path, values["probes"], trusted=trusted)
        ignored += [Ignored("probes", _text(path, reason)) for reason in reasons]
    if "pr" in values and not trusted:
        table = values["pr"]
        values["pr"] = {name: value for name, value in table.items() if name not in _HOSTS}
        ignored += [
            Ignored("pr", _text(path, f'pr.{name} = "{table[name]}" decides where the token is sent'))
            for name in _HOSTS
            if name in table
        ]
    return values, tuple(ignored)


def _text(path: Path, reason: str) -> str:
    return f"not taken from the repository's {path.name}: {reason}; --config {path} allows it"


def _templates(path: Path, directory: str, *, trusted: bool) -> str:
    """The template directory, which must be within the repository unless the file is trusted."""
    found = (path.parent / directory).resolve()
    if not found.is_dir() or not (trusted or is_inside(found, path.parent)):
        why = "is outside the repository" if found.is_dir() else "is not a directory"
        raise invalid(f'{path}: setting "templates": {directory} {why}')
    return str(found)


def _probes(path: Path, table: Mapping[str, Any], *, trusted: bool) -> tuple[Values, list[str]]:
    """The table `probes`, or one of its tables for a Dockerfile. Values of the wrong type are kept: whoever
    reads them rejects them."""
    found: Values = {}
    reasons: list[str] = []
    for name, value in table.items():
        found[name] = value
        if isinstance(value, Mapping) and name != "env":
            found[name], more = _probes(path, value, trusted=trusted)
            reasons += more
        elif name == "volumes" and _is_words(value):
            problems = [_volume_problem(path, item) if not trusted else "" for item in value]
            found[name] = [_volume(path, i) for i, bad in zip(value, problems, strict=True) if not bad]
            reasons += filter(None, problems)
        elif name == "options" and _is_words(value) and not trusted:
            given = list(_options(value))
            found[name] = [text for text, is_harmless in given if is_harmless]
            reasons += [f"probes.options: {text} reaches the host" for text, is_good in given if not is_good]
        elif name == "seconds" and not trusted and isinstance(value, int | float) and value > _MOST_SECONDS:
            found[name] = _MOST_SECONDS
            reasons.append(f"probes.seconds: {value} is more than {_MOST_SECONDS}")
    return found, reasons


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _volume(path: Path, text: str) -> str:
    """A volume with an absolute path of the host, as engines require. Named volumes are unchanged."""
    source, colon, rest = text.partition(":")
    return f"{_located(path, source)}:{rest}" if colon and source.startswith((".", "~")) else text


def _located(path: Path, source: str) -> Path:
    return (path.parent / Path(source).expanduser()).resolve()


def _volume_problem(path: Path, text: str) -> str:
    """Why a volume reaches more of the host than files of the repository; "" if it does not."""
    source, colon, rest = text.partition(":")
    if not colon:
        return ""
    if not source.startswith((".", "/", "~")):
        return f"probes.volumes: {text} is a volume of the engine"
    if not is_inside(_located(path, source), path.parent):
        return f"probes.volumes: {source} is outside the repository"
    if rest.partition(":")[2] != "ro":
        return f"probes.volumes: {text} is writable, append :ro"
    return ""


def _options(words: list[str]) -> Iterator[tuple[str, bool]]:
    """Each option of `docker run` as one word, and whether it is harmless."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        pattern = _harmless().get(name)
        if pattern is None:
            yield word, False
            continue
        if not equals and pattern != _SWITCH and rest:
            value = rest.pop(0)
        text = f"{name}={value}" if equals or pattern != _SWITCH else name
        yield text, re.fullmatch(pattern, value) is not None


_SWITCH = "(true|false)?"


@cache
def _harmless() -> Mapping[str, str]:
    """The options that concern only the container, with the pattern of their value."""
    table = tomli.loads(Path(__file__).with_name("harmless.toml").read_text("utf-8"))
    switches = dict.fromkeys(table["switches"]["names"].split(), _SWITCH)
    return {f"--{name}": pattern for name, pattern in {**table["values"], **switches}.items()}
