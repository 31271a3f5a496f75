"""Well-formed files with odd values: they parse, but what stands where it is read is of any kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import PurePath
from random import Random
from typing import Any

import tomli
import yaml
from tools import hostile

from slimify.facts.platforms import PlatformFile, platform_files

_ODD: Sequence[Any] = (
    *(None, "", " ", "\n", "$", "'", "a\nb", "&&", "-", "..", "/", "*", "é", "x" * 3000),
    *(0, -1, 1.5, True, [], {}, [""], [None], [[]], {"": ""}, {"": None}, [{}], ["a", 1], "Dockerfile", "."),
)
PLATFORMS = """
.github/workflows/ci.yml .gitlab-ci.yml .circleci/config.yml .drone.yml bitbucket-pipelines.yml
azure-pipelines.yml .devcontainer/devcontainer.json fly.toml railway.toml railway.json render.yaml
heroku.yml app.json config/deploy.yml task-definition.json Dockerrun.aws.json .do/app.yaml manifest.yml
app.yaml k8s/deployment.yaml chart/values.yaml
""".split()
"""Files that the rows of platforms describe, at least one for each."""


def project(random: Random) -> hostile.Files:
    """A golden case whose structured files, and one of a platform beside them, have odd values."""
    files = dict(random.choice(hostile.projects()))
    for name in files:
        if name.endswith((".json", ".yaml", ".yml", ".toml")):
            files[name] = _changed(random, name, files[name])
    name = random.choice(PLATFORMS)
    files[name] = _written(name, _platform(random, name))
    files |= {str(PurePath(name).with_name(row.beside)): b"" for row in _rows(name) if row.beside}
    return files


def _changed(random: Random, name: str, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    try:
        value = tomli.loads(text) if name.endswith(".toml") else yaml.safe_load(text)
        return _written(name, _odd(random, value))
    except (ValueError, RecursionError, yaml.YAMLError):  # malformed, or an alias within its own value
        return data


def _any_odd(random: Random) -> Any:
    return copy.deepcopy(random.choice(_ODD))


def _odd(random: Random, value: Any) -> Any:
    """A value of which some parts are of another kind."""
    if random.random() < 0.1:
        return _any_odd(random)
    if isinstance(value, dict):
        return {key: _odd(random, part) for key, part in value.items() if random.random() < 0.95}
    return [_odd(random, part) for part in value] if isinstance(value, list) else value


def _platform(random: Random, name: str) -> dict[str, Any]:
    """The content of a platform's file, with values at the places that are read."""
    found: dict[str, Any] = {}
    for row in _rows(name):
        unit = random.choice(row.units.split() or [""])
        usual = dict.fromkeys(row.dockerfile.split(), "Dockerfile")
        if row.kinds:
            usual |= dict.fromkeys(row.kind.split(), random.choice(row.kinds))
        odd = " ".join((row.image, row.commands, row.checks, row.service, row.compose, row.variables))
        for place in (*usual, *odd.replace("+", " ").split()):
            value = usual[place] if place in usual and random.random() < 0.7 else _any_odd(random)
            _put(random, found, f"{unit}.{place}", value)
    return found


def _rows(name: str) -> list[PlatformFile]:
    return [row for row in platform_files() if row.describes(name)]


def _put(random: Random, into: dict[str, Any], place: str, value: Any) -> None:
    """Puts a value at a place as rows write it: `*` stands for an entry of a mapping, or of a list."""
    *keys, last = [k.replace("*", "x") for k in place.split(".") if k] or [""]
    for key in keys:
        following = into.setdefault(key, {})
        into = following if isinstance(following, dict) else {}
    into[last] = [value] if random.random() < 0.2 else value


def _written(name: str, value: Any) -> bytes:
    if not name.endswith(".toml"):
        return json.dumps(value, default=str, skipkeys=True).encode()  # which is YAML, too
    table = value if isinstance(value, dict) else {}
    return "".join(f"{json.dumps(k)} = {_toml(v)}\n" for k, v in table.items() if v is not None).encode()


def _toml(value: Any) -> str:
    """A value of TOML, which writes texts, numbers and lists as JSON does, and has no null."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(k))} = {_toml(v)}" for k, v in value.items() if v is not None)
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(v) for v in value if v is not None)}]"
    return json.dumps(value, default=str)
