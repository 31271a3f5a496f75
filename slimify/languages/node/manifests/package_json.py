"""package.json and the files next to it: scripts, dependencies, workspaces, package manager, lock file.

In: a `Context` and a directory of it; out: a `NodeProject`. Nothing is executed or resolved.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

from msgspec import Struct, convert, field

from slimify.context.ignore_rules import Glob
from slimify.context.scan import Context, clean
from slimify.context.values import json_of, strings, table, text_of, texts, yaml_of
from slimify.languages.node import LANGUAGE

LockKind = Literal["npm", "yarn1", "berry", "pnpm", "bun"]
Manager = Literal["npm", "yarn", "pnpm", "bun"]


@cache
def _lock_files() -> tuple[tuple[str, LockKind], ...]:
    rows = LANGUAGE.facts("toolchain.toml")["installs"]["locks"]
    return convert(rows, tuple[tuple[str, LockKind], ...])


_MAX_MEMBERS = 1_000


class Lock(Struct, frozen=True, kw_only=True):
    """A lock file."""

    kind: LockKind
    path: str


class NodeProject(Struct, frozen=True, kw_only=True):
    """One package.json. `dir` is its directory ("" for the root of the context), `path` the file.

    `hooks` are the scripts that an install runs, in order. `workspaces` are the directories of the
    workspaces. `lock_dir` is the directory of the lock file (a parent's, for a workspace). `settings` are
    the settings of .npmrc, .yarnrc and .yarnrc.yml without credentials. `malformed`: the file exists but is
    no JSON object, and all else is empty.
    """

    dir: str
    path: str
    bin: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    hooks: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    dev_dependencies: Mapping[str, str] = field(default_factory=dict)
    optional_dependencies: Mapping[str, str] = field(default_factory=dict)
    workspaces: tuple[str, ...] = ()
    package_manager: str | None = None
    manager: Manager = "npm"
    lock: Lock | None = None
    lock_dir: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    malformed: bool = False

    @property
    def berry(self) -> bool:
        """Whether it uses Yarn 2 or later, with other commands and another install layout."""
        return self.manager == "yarn" and bool(
            (self.lock is not None and self.lock.kind == "berry")
            or re.match(r"yarn@([2-9]|\d\d)", self.package_manager or "")
            or "yarnPath" in self.settings
        )


def node_project(context: Context, dir: str = "") -> NodeProject | None:
    """The project whose package.json is in `dir`; None if there is none."""
    dir = clean(dir)
    return context.once(("package.json", dir), lambda: _node_project(context, dir))


def _node_project(context: Context, dir: str) -> NodeProject | None:
    path = posixpath.join(dir, "package.json")
    text = context.text(path)
    if text is None:
        return None
    data = json_of(text)
    locks, lock_dir = _locks(context, dir)
    settings = _settings(context, lock_dir if locks else dir)
    if not isinstance(data, dict):
        return NodeProject(dir=dir, path=path, lock_dir=lock_dir, malformed=True)
    package_manager = text_of(data.get("packageManager"))
    if package_manager is None and lock_dir != dir:
        package_manager = text_of(table(_package(context, lock_dir)).get("packageManager"))
    manager, lock = _manager(package_manager, locks, settings)
    scripts = strings(data.get("scripts"))
    return NodeProject(
        dir=dir,
        path=path,
        bin=_bin(data.get("bin"), text_of(data.get("name"))),
        scripts=scripts,
        hooks=_hooks(context, dir, scripts),
        dependencies=strings(data.get("dependencies")),
        dev_dependencies=strings(data.get("devDependencies")),
        optional_dependencies=strings(data.get("optionalDependencies")),
        workspaces=_members(context, dir, data),
        package_manager=package_manager,
        manager=manager,
        lock=lock,
        lock_dir=lock_dir,
        settings=settings,
    )


def installed_projects(context: Context, project: NodeProject) -> tuple[NodeProject, ...]:
    """The projects whose packages an install of one of them covers: the root of its workspaces and all
    members."""
    root = node_project(context, project.lock_dir) or project
    members = (node_project(context, directory) for directory in root.workspaces)
    found = (project, root, *(member for member in members if member is not None))
    return tuple({own.dir: own for own in found}.values())


def line_of(context: Context, path: str, *keys: str) -> int:
    """The line of the last of these nested keys in a JSON file; 1 if it is not found."""
    text = context.text(path) or ""
    at = 0
    for key in keys:
        match = re.compile(rf'"{re.escape(key)}"\s*:').search(text, at)
        if match is None:
            return 1
        at = match.end()
    return text.count("\n", 0, at) + 1


def _package(context: Context, dir: str) -> Mapping[str, object]:
    return table(json_of(context.text(posixpath.join(dir, "package.json"))))


def _hooks(context: Context, dir: str, scripts: Mapping[str, str]) -> Mapping[str, str]:
    hooks = {
        name: scripts[name]
        for name in LANGUAGE.words("toolchain.toml", "installs", "hooks")
        if name in scripts
    }
    # By default, npm builds a native addon.
    if (
        "install" not in hooks
        and "preinstall" not in hooks
        and context.has(posixpath.join(dir, "binding.gyp"))
    ):
        hooks["install"] = "node-gyp rebuild"
    return MappingProxyType(hooks)


def _bin(value: object, name: str | None) -> Mapping[str, str]:
    if isinstance(value, str) and name:
        return MappingProxyType({name.rpartition("/")[2]: value})
    return strings(value)


def _members(context: Context, dir: str, data: Mapping[str, object]) -> tuple[str, ...]:
    """The directories of the workspaces that have a package.json, sorted."""
    declared = data.get("workspaces")
    patterns = texts(declared) or texts(table(declared).get("packages"))
    for document in yaml_of(context.text(posixpath.join(dir, "pnpm-workspace.yaml"))):
        patterns += texts(table(document).get("packages"))
    if not patterns:
        patterns = texts(table(json_of(context.text(posixpath.join(dir, "lerna.json")))).get("packages"))
    if not patterns:
        return ()
    found: set[str] = set()
    candidates = [
        name.rpartition("/")[0]
        for name in context.under(dir)
        if name.endswith("/package.json") and "node_modules/" not in name and name.rpartition("/")[0] != dir
    ]
    for pattern in patterns:
        negated = pattern.startswith("!")
        try:
            glob = Glob.parse(clean(posixpath.join(dir, pattern.lstrip("!"))))
        except ValueError:
            continue
        matched = {name for name in candidates if glob.matches(name)}
        found = found - matched if negated else found | matched
    return tuple(sorted(found)[:_MAX_MEMBERS])


def _locks(context: Context, dir: str) -> tuple[tuple[Lock, ...], str]:
    """The lock files of a directory and where they are: its own, or those of its workspace root."""
    own = _locks_in(context, dir)
    parent = dir
    while not own and parent:
        parent = posixpath.dirname(parent)
        if dir in _members(context, parent, _package(context, parent)):
            return _locks_in(context, parent), parent
    return own, dir


def _locks_in(context: Context, dir: str) -> tuple[Lock, ...]:
    named = ((posixpath.join(dir, name), kind) for name, kind in _lock_files())
    found = ((path, kind) for path, kind in named if context.has(path))
    return tuple(Lock(kind=_kind(context, path, kind), path=path) for path, kind in found)


def _kind(context: Context, path: str, kind: LockKind) -> LockKind:
    berry = kind == "yarn1" and re.search(r"^__metadata:", context.head(path) or "", re.MULTILINE)
    return "berry" if berry else kind


def _manager(
    field_: str | None, locks: tuple[Lock, ...], settings: Mapping[str, str]
) -> tuple[Manager, Lock | None]:
    managers: Mapping[LockKind, Manager] = {
        "npm": "npm",
        "yarn1": "yarn",
        "berry": "yarn",
        "pnpm": "pnpm",
        "bun": "bun",
    }
    named = (field_ or "").partition("@")[0]
    for manager in ("npm", "yarn", "pnpm", "bun"):
        if named == manager:
            return manager, next((lock for lock in locks if managers[lock.kind] == manager), None)
    if locks:
        return managers[locks[0].kind], locks[0]
    return ("yarn" if "yarnPath" in settings else "npm"), None


def _settings(context: Context, dir: str) -> Mapping[str, str]:
    """Settings without secrets: keys that contain `_auth`, `token` or `password` are skipped."""
    found: dict[str, str] = {}
    for name, separator in ((".npmrc", "="), (".yarnrc", " "), (".yarnrc.yml", ":")):
        for line in (context.text(posixpath.join(dir, name)) or "").splitlines():
            if line[:1] in ("", "#", ";", " ", "\t"):
                continue
            key, _, value = line.partition(separator)
            key, value = key.strip().strip('"'), value.strip().strip("\"'")
            if value and not re.search(r"auth|token|password|secret", key, re.IGNORECASE):
                found[key] = value
    return MappingProxyType(found)
