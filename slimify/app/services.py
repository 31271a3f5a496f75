"""Compose and bake files on the command line: the Dockerfiles that their services and targets build.

Only constant values are read: what a variable holds depends on who calls the build
(docs.docker.com/reference/compose-file, docs.docker.com/build/bake/reference).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from slimify.config.read_file import read_file
from slimify.context.compose.bake import bake_targets
from slimify.context.values import table, text_of, texts, yaml_of
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex

_MAX_BYTES = 1 << 20
_MAX_DEPTH = 10  # of `extends` and `include`
_YAML = (".yaml", ".yml")
_OVERRIDE = regex(r"((?:docker-)?compose)(\.ya?ml)")


class Build(Struct, frozen=True, kw_only=True):
    """What a service, or a target of a bake file, builds. `context` is a directory of this machine."""

    service: str
    dockerfile: Path
    context: Path
    args: Mapping[str, str] = {}
    stage: str = ""  # the one that it builds; "": the last


def is_build_file(path: Path) -> bool:
    """Whether a file is YAML, HCL or JSON, which no Dockerfile is called like."""
    return path.suffix in (*_YAML, ".hcl", ".json")


def builds(path: Path) -> tuple[Build, ...]:
    """What a Compose or bake file builds from directories of this machine, sorted by service. Raises
    SlimifyError if it can't be read, or builds nothing."""
    found = _composed(path) if path.suffix in _YAML else _baked(path)
    if not found:
        hint = "values with variables, inline Dockerfiles and contexts at an address are not followed"
        raise SlimifyError("SL901", "no service of this file builds an image from a directory", hint=hint)
    return tuple(sorted(found, key=lambda build: build.service))


def _baked(path: Path) -> list[Build]:
    rows = bake_targets(path.name, _text(path))
    found = (
        _build(row.name, path.parent, row.context, row.dockerfile, known, row.stage)
        for row in rows
        for known in ({name: value for name, value in row.args.items() if value is not None},)
    )
    return [build for build in found if build is not None]


def _composed(path: Path) -> list[Build]:
    services = _services(path, 0)
    override = _OVERRIDE.fullmatch(path.name)
    if override:
        for ending in _YAML:  # Compose reads it as well
            other = path.with_name(f"{override[1]}.override{ending}")
            if other.is_file():
                services = _merged(services, _services(other, 0))
    found = []
    for name, service in services.items():
        row = service.get("build")
        row = {"context": row} if isinstance(row, str) else table(row)
        if not row or "dockerfile_inline" in row:
            continue
        context, file = text_of(row.get("context")) or ".", text_of(row.get("dockerfile")) or "Dockerfile"
        stage = text_of(row.get("target")) or ""
        build = _build(name, path.parent, context, file, _args(row.get("args")), stage)
        found += [build] if build else []
    return found


def _services(path: Path, depth: int) -> dict[str, Mapping[str, object]]:
    """The services of a file with those that it includes, each with what it extends."""
    documents = yaml_of(_text(path))
    root = table(documents[0]) if documents else {}
    found: dict[str, Mapping[str, object]] = {}
    included = root.get("include")
    for item in included if isinstance(included, list) and depth < _MAX_DEPTH else ():
        name = item if isinstance(item, str) else text_of(table(item).get("path"))
        if name and "$" not in name and (path.parent / name).is_file():
            found |= _rebased(_services(path.parent / name, depth + 1), posixpath.dirname(name))
    for name, service in table(root, "services").items():
        found[name] = _extended(path, root, table(service), depth)
    return found


def _extended(
    path: Path, root: Mapping[str, object], service: Mapping[str, object], depth: int
) -> Mapping[str, object]:
    """A service with the values of the one that it extends."""
    told = service.get("extends")
    name = told if isinstance(told, str) else text_of(table(told).get("service"))
    file = text_of(table(told).get("file"))
    if not name or depth > _MAX_DEPTH or (file and "$" in file):
        return service
    if file is None:
        base = _extended(path, root, table(root, "services", name), depth + 1)
    elif (path.parent / file).is_file():
        base = _rebased(_services(path.parent / file, depth + 1), posixpath.dirname(file)).get(name, {})
    else:
        return service
    return _merged({"": base}, {"": service})[""]


def _merged(
    services: Mapping[str, Mapping[str, object]], more: Mapping[str, Mapping[str, object]]
) -> dict[str, Mapping[str, object]]:
    """Services with the values of others put over them, those of `build` one by one."""
    found = dict(services)
    for name, service in more.items():
        known, build = found.get(name, {}), service.get("build")
        both = {**known, **service}
        if isinstance(build, Mapping) and known.get("build") is not None:
            first = known["build"]
            first = {"context": first} if isinstance(first, str) else table(first)
            args = {**_args(first.get("args")), **_args(build.get("args"))}
            both["build"] = {**first, **build, "args": args}
        found[name] = both
    return found


def _rebased(services: Mapping[str, Mapping[str, object]], directory: str) -> dict[str, Mapping[str, object]]:
    """The services of a file in another directory, with contexts relative to the one that names it."""
    found = dict(services)
    for name, service in services.items():
        build = service.get("build")
        row = {"context": build} if isinstance(build, str) else table(build)
        context = text_of(row.get("context")) or "."
        if row and _is_local(context):
            found[name] = {**service, "build": {**row, "context": posixpath.join(directory, context)}}
    return found


def _build(
    service: str, directory: Path, context: str, dockerfile: str, args: Mapping[str, str], stage: str
) -> Build | None:
    """None where a value is not constant, or the context is at an address."""
    if not _is_local(context) or "$" in dockerfile + stage:
        return None
    place = Path(posixpath.normpath((directory / context).as_posix()))
    return Build(service=service, dockerfile=place / dockerfile, context=place, args=args, stage=stage)


def _is_local(context: str) -> bool:
    return "$" not in context and "://" not in context and not context.startswith("git@")


def _args(value: object) -> dict[str, str]:
    """The arguments with a constant value: a mapping, or a list of NAME=VALUE."""
    pairs = [text.partition("=")[::2] for text in texts(value) if "=" in text]
    given = dict(pairs) if isinstance(value, list) else {str(k): str(v) for k, v in table(value).items()}
    return {name: text for name, text in given.items() if "$" not in text}


def _text(path: Path) -> str:
    try:
        return read_file(path, _MAX_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        raise SlimifyError("SL901", "no such file") from None
    except OSError as error:
        raise SlimifyError("SL901", f"cannot read the file: {error.strerror}") from error
