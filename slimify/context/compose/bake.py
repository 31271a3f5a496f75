"""The targets of docker-bake files, HCL or JSON: what they build, with their arguments and names.

Only constant values are read: variables and functions depend on who calls the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from slimify.context.scan import Context
from slimify.context.values import json_of, strings, table, text_of
from slimify.context.yaml_nodes import MAX_BYTES
from slimify.model.regex import regex

_TOKEN = regex(r"""(?:\#|//)[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|[\w.-]+|\S""", re.DOTALL)
_MAX_DEPTH = 20


class Build(Struct, frozen=True, kw_only=True):
    """What a file of the repository says about a build. `name` is that of the target or service. `context`
    and `dockerfile` are as written, the Dockerfile relative to the context. `stage` is the stage that it
    builds, "" for the last. `local`: the image is for the machine that builds it."""

    name: str = ""
    context: str = "."
    dockerfile: str = "Dockerfile"
    args: Mapping[str, str | None] = {}  # None: not constant
    tags: tuple[str, ...] = ()
    stage: str = ""
    local: bool = False


def variables(values: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """Variables with their values, None for those that are not constant."""
    return {name: value if value and "$" not in value else None for name, value in values if name}


def known_variables(values: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The variables that have constant values."""
    return tuple((name, value) for name, value in variables(values).items() if value is not None)


def bake_builds(context: Context, path: str) -> Iterator[Build]:
    """The targets of a file of the context."""
    return bake_targets(path, context.text(path, MAX_BYTES) or "")


def bake_targets(path: str, text: str) -> Iterator[Build]:
    """The targets of a file."""
    targets = table(json_of(text), "target") if path.endswith(".json") else _hcl_targets(text)
    for name in targets:
        row = _with_inherited(targets, name, 0)
        context, dockerfile = row.get("context"), row.get("dockerfile")
        tags = row.get("tags")
        yield Build(
            name=name,
            context=context if isinstance(context, str) else ".",
            dockerfile=dockerfile if isinstance(dockerfile, str) else "Dockerfile",
            args=variables(strings(row.get("args")).items()),
            tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
            stage=text_of(row.get("target")) or "",
        )


def _with_inherited(targets: Mapping[str, object], name: str, depth: int) -> Mapping[str, object]:
    """A target with the attributes of those that it inherits from; arguments are merged."""
    own = table(targets.get(name))
    others = own.get("inherits")
    row: dict[str, object] = {}
    for other in others if isinstance(others, list) and depth < _MAX_DEPTH else ():
        row = _merged(row, _with_inherited(targets, str(other), depth + 1))
    return _merged(row, own)


def _merged(row: Mapping[str, object], more: Mapping[str, object]) -> dict[str, object]:
    return {**row, **more, "args": {**table(row.get("args")), **table(more.get("args"))}}


# --- HCL: blocks, maps and lists of constants ----------------------------------------------------


def _hcl_targets(text: str) -> Mapping[str, object]:
    tokens = [m[0] for m in _TOKEN.finditer(text) if m[0][0] not in "#/"]  # without comments
    found: dict[str, object] = {}
    at = 0
    while at < len(tokens):
        head = tokens[at : at + 3]
        if len(head) == 3 and head[0] == "target" and head[1].startswith('"') and head[2] == "{":
            found[head[1][1:-1]], at = _hcl_map(tokens, at + 3, 0)
        else:
            at += 1
    return found


def _hcl_map(tokens: list[str], at: int, depth: int) -> tuple[dict[str, object], int]:
    """The constants of a block or map up to its `}`, and the place behind that."""
    found: dict[str, object] = {}
    while at < len(tokens) and tokens[at] != "}":
        name = tokens[at].strip('"')
        if tokens[at + 1 : at + 2] in (["="], [":"]):
            value, at = _hcl_value(tokens, at + 2, depth + 1)
            if value is not None:
                found[name] = value
        else:
            at += 1
    return found, at + 1


def _hcl_value(tokens: list[str], at: int, depth: int) -> tuple[object, int]:
    """A constant, and the place behind it; None for anything else."""
    token = tokens[at] if at < len(tokens) and depth < _MAX_DEPTH else ""
    if token == "{":
        return _hcl_map(tokens, at + 1, depth)
    if token.startswith('"'):
        return token[1:-1], at + 1
    if token != "[":
        return None, at + 1
    items: list[object] = []
    at += 1
    while at < len(tokens) and tokens[at] != "]":
        if tokens[at].startswith('"'):
            items.append(tokens[at][1:-1])
        at += 1
    return items, at + 1
