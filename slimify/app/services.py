"""Compose and bake files on the command line: the Dockerfiles that their services and targets build.

Only constant values are read: what a variable holds depends on who calls the build
(docs.docker.com/reference/compose-file, docs.docker.com/build/bake/reference).
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from slimify.config import is_inside, leads_out, repository_root
from slimify.context.compose import bake
from slimify.context.compose.yaml_commands import compose_builds, is_local
from slimify.context.scan import Context
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex

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
    """What a Compose or bake file builds from directories of its repository, sorted by service. What it
    extends and includes is read there alone, too. Raises SlimifyError if it can't be read, or builds
    nothing."""
    override = _OVERRIDE.fullmatch(path.name)
    ours = (path.with_name(f"{override[1]}.override{end}") for end in _YAML if override)  # Compose reads it
    files = [file.resolve() for file in (path, *filter(Path.is_file, ours))]
    root = repository_root(files[0].parent) or files[0].parent
    context = Context(root=root, skipped=("",))  # any file of the repository can be read
    names = [os.path.relpath(file, root) for file in files]
    if not path.exists():
        raise SlimifyError("SL901", "no such file")
    if leads_out(path) or context.text(names[0]) is None:
        raise SlimifyError("SL901", "cannot read the file")
    read = compose_builds if path.suffix in _YAML else bake.bake_builds
    found = [build for row in read(context, *names) if (build := _build(path.parent, row)) is not None]
    if not found:
        hint = "variables, inline Dockerfiles, addresses and places outside the repository are not followed"
        raise SlimifyError("SL901", "no service of this file builds an image from a directory", hint=hint)
    return tuple(sorted(found, key=lambda build: build.service))


def _build(directory: Path, row: bake.Build) -> Build | None:
    """None where a value is not constant, the Dockerfile is inline, the context is at an address, or either
    is outside the repository."""
    if not is_local(row.context) or not row.dockerfile or "$" in row.dockerfile + row.stage:
        return None
    place = Path(posixpath.normpath((directory / row.context).as_posix()))
    args = {name: value for name, value in row.args.items() if value is not None}
    dockerfile = place / row.dockerfile
    if not _is_near(place, directory) or not _is_near(dockerfile, directory):
        return None
    return Build(service=row.name, dockerfile=dockerfile, context=place, args=args, stage=row.stage)


def _is_near(path: Path, directory: Path) -> bool:
    """Whether a path is in the repository of a directory; without any, in that directory or this one."""
    directory = directory.resolve()
    near = (directory,) if repository_root(directory) is not None else (directory, Path.cwd())
    return any(is_inside(path, beside) for beside in near)
