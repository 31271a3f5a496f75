"""Well-formed files with odd values: they parse, but what stands where it is read is of any kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from random import Random
from typing import Any

import tomli
import tomlkit
import yaml
from tools import hostile

from slimify.facts.platforms import PlatformFile, platform_files

_ODD: Sequence[Any] = (
    *(None, "", " ", "\n", "$", "'", "a\nb", "&&", "-", "..", "/", "*", "é", "x" * 3000),
    *(0, -1, 1.5, True, [], {}, [""], [None], [[]], {"": ""}, {"": None}, [{}], ["a", 1], "Dockerfile", "."),
)
_PLATFORMS = (
    *(
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        ".drone.yml",
        "render.yaml",
        "fly.toml",
    ),
    *("bitbucket-pipelines.yml", "azure-pipelines.yml", ".devcontainer/devcontainer.json", "railway.toml"),
    *(
        "railway.json",
        "heroku.yml",
        "app.json",
        "Dockerrun.aws.json",
        "task-definition.json",
        "config/deploy.yml",
    ),
    *(".do/app.yaml", "manifest.yml", "app.yaml", "k8s/deployment.yaml", "chart/values.yaml"),
)


def project(random: Random) -> hostile.Files:
    """A golden case whose structured files, and one of a platform beside them, have odd values."""
    files = dict(random.choice(hostile.projects()))
    for name in files:
        if name.endswith((".json", ".yaml", ".yml", ".toml")):
            files[name] = _changed(random, name, files[name])
    name = random.choice(_PLATFORMS)
    files[name] = _written(name, _platform(random, name))
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
    for row in platform_files():
        if row.describes(name):
            _put(
                random,
                found,
                "" if row.kind == "" else random.choice(row.kind.split()),
                random.choice(row.kinds or ("",)),
            )
            _fill(random, row, found)
    return found


def _fill(random: Random, row: PlatformFile, found: dict[str, Any]) -> None:
    unit = random.choice(row.units.split() or [""])
    for place in row.dockerfile.split():
        _put(random, found, f"{unit}.{place}", random.choice(["Dockerfile", "Dockerfile", _any_odd(random)]))
    places = f"{row.image} {row.commands} {row.checks} {row.service} {row.compose} {row.variables}".replace(
        "+", " "
    )
    for place in places.split():
        _put(random, found, f"{unit}.{place}", _any_odd(random))


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
    return tomlkit.dumps(_without_none(value) if isinstance(value, dict) else {}).encode()


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_none(part) for key, part in value.items() if part is not None}
    return [_without_none(part) for part in value if part is not None] if isinstance(value, list) else value
