"""Use case `ci`: the CI step that builds a Dockerfile, and the CI file that contains it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from slimify import config
from slimify.app import locate, replace_file
from slimify.app.locate import Target
from slimify.ci.build import Build, Kind
from slimify.ci.plan import Step, planned
from slimify.facts import load
from slimify.model.errors import SlimifyError


class CiStep(Struct, frozen=True):
    """`step` and the repository root, to which the path of its CI file is relative."""

    root: Path
    step: Step


def plan_ci(
    kind: Kind,
    path: str,
    context: Path | None = None,
    *,
    tag: str = "",
    ttl: int = 168,
    settings: Mapping[str, object] = MappingProxyType({}),
) -> CiStep:
    """The step that builds the Dockerfile at `path` and caches its layers (with Kaniko, for `ttl` hours).

    `tag` is the name of the image; "" takes it from the CI file or the directory. `settings` are fields of
    Options that override settings files. Nothing is written. Raises SlimifyError for an invalid Dockerfile or
    settings file.
    """
    target = _single_target(path)
    if context is None:
        context, _ = locate.build_context(target, locate.read(target))
    directory = target.directory.resolve()
    root = config.repository_root(directory) or directory
    file = directory / (target.path or Path("Dockerfile")).name
    below = os.path.relpath(directory, root).replace(os.sep, "/")
    build = Build(
        kind=kind,
        dockerfile=os.path.relpath(file, root).replace(os.sep, "/"),
        context=os.path.relpath((context or directory).resolve(), root).replace(os.sep, "/"),
        name=directory.name.lower(),
        path="" if below == "." else f"/{below.replace('/', '-').lower()}",
        given_tag=tag,
        ttl=ttl,
    )
    templates = config.load(target.directory, target.path, settings).templates
    return CiStep(root, planned(build, _ci_files(root, build), templates))


def write_ci(found: CiStep) -> None:
    """Writes the CI file if it changes. Raises SlimifyError if that fails."""
    outcome = found.step.outcome
    if outcome.after is None:
        return
    path = found.root / outcome.file
    if config.is_inside(path.parent, found.root):
        path.parent.mkdir(parents=True, exist_ok=True)
    before = outcome.before.encode("utf-8", "surrogateescape") if path.exists() else None
    replace_file.replace_file(
        path, outcome.after.encode("utf-8", "surrogateescape"), expected=before, within=found.root
    )


def _single_target(path: str) -> Target:
    found = locate.targets(path)
    if len(found) > 1:
        raise SlimifyError(
            "SL901", f"the directory contains {len(found)} Dockerfiles", hint="name one of them"
        )
    if found[0].path is None:
        raise SlimifyError("SL901", "a CI step needs the path of a Dockerfile, not standard input")
    return found[0]


def _ci_files(root: Path, build: Build) -> dict[str, str]:
    """The content of existing CI files. Symlinks out of the repository are ignored."""
    names = [build.file, *load("ci.toml")[build.kind]["others"]] if build.file else []
    if build.kind == "github":
        found = sorted((*root.glob(".github/workflows/*.yml"), *root.glob(".github/workflows/*.yaml")))
        names = [path.relative_to(root).as_posix() for path in found]
    files = {}
    for name in names:
        path = root / name
        if path.is_file() and config.is_inside(path, root):
            files[name] = path.read_bytes().decode("utf-8", "surrogateescape")
    return files
