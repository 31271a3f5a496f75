"""The packages that a Python lock file pins: poetry.lock, uv.lock, pdm.lock, pylock.toml, Pipfile.lock."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from msgspec import Struct

from slimify.context.scan import Context
from slimify.context.values import json_of, table, text_of, texts, toml_of
from slimify.languages.python.manifests.project import PythonProject
from slimify.languages.python.package_facts import normalised

_LOCK_LIMIT = 16 << 20  # bytes


class PinnedPackage(Struct, frozen=True, kw_only=True):
    """One pinned package.

    `groups` are the groups that require it ("main" for the project itself), empty if the lock does not
    tell. `source_only`: the lock lists files but no wheel, so an install builds it. `requires` are the
    normalized names of its dependencies.
    """

    name: str
    version: str
    groups: tuple[str, ...] = ()
    source_only: bool = False
    requires: tuple[str, ...] = ()


def pinned_packages(context: Context, project: PythonProject) -> Mapping[str, PinnedPackage]:
    """The packages of the project's first readable lock file, by normalized name, sorted."""
    for path in project.locks:
        text = context.text(path, _LOCK_LIMIT)
        if text is None:
            continue
        if posixpath.basename(path) == "Pipfile.lock":
            found = _pipfile_lock(json_of(text))
        else:
            data = toml_of(text)
            items = data.get("package", data.get("packages"))
            found = [_pinned(table(item)) for item in items] if isinstance(items, list) else []
        packages = {package.name: package for package in found if package.name}
        if packages:
            return dict(sorted(packages.items()))
    return {}


def _pinned(entry: Mapping[str, object]) -> PinnedPackage:
    files = entry.get("files")
    listed = [text_of(table(item).get("file")) or "" for item in files] if isinstance(files, list) else []
    sdist = bool(entry.get("sdist")) or any(name.endswith((".tar.gz", ".zip")) for name in listed)
    wheels = bool(entry.get("wheels")) or any(name.endswith(".whl") for name in listed)
    category = text_of(entry.get("category"))  # Poetry before 1.5
    needs = entry.get("dependencies")
    if isinstance(needs, list):  # uv: tables with a name; PDM: requirement strings
        names = [text_of(table(item).get("name")) or text_of(item) or "" for item in needs]
        needs = {name.split("[")[0].split(">")[0].split("=")[0].split("<")[0].strip(): None for name in names}
    return PinnedPackage(
        name=normalised(text_of(entry.get("name")) or ""),
        version=text_of(entry.get("version")) or "",
        groups=texts(entry.get("groups")) or ((category,) if category else ()),
        source_only=sdist and not wheels,
        requires=tuple(normalised(name) for name in table(needs) if name),
    )


def _pipfile_lock(data: object) -> list[PinnedPackage]:
    found: dict[str, PinnedPackage] = {}
    for section, group in (("default", "main"), ("develop", "dev")):
        for name, value in table(data, section).items():
            version = (text_of(table(value).get("version")) or "").removeprefix("==")
            before = found.get(name)
            groups = (*before.groups, group) if before is not None else (group,)
            found[name] = PinnedPackage(name=normalised(name), version=version, groups=groups)
    return list(found.values())
