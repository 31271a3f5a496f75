"""The packages of a JavaScript lock file: whether they are for development only, run scripts, or install
commands.

In: a `NodeProject`; out: a mapping by package name. Formats: npm lock v1 to v3, Yarn 1, Yarn 2 and later,
pnpm v5 to v9, bun's text lock. All are read as data, without the loaders of the package managers.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from slimify.context.scan import Context
from slimify.context.values import json_of, strings, table, text_of
from slimify.languages.node.manifests.package_json import NodeProject, node_project
from slimify.languages.node.package_facts import npm

_LOCK_LIMIT = 64 << 20  # bytes


class LockedPackage(Struct, frozen=True, kw_only=True):
    """One package, with all its locked versions combined.

    `dev`: only development dependencies lead to it. `optional`: it may fail to install. `install_script`:
    an install runs one of its scripts (None: the lock does not tell). `bins`: the commands it installs
    (None: the lock does not tell). `requires`: the names of its dependencies.
    """

    name: str
    versions: tuple[str, ...] = ()
    dev: bool = False
    optional: bool = False
    install_script: bool | None = None
    bins: tuple[str, ...] | None = None
    requires: tuple[str, ...] = ()


def lock_packages(context: Context, project: NodeProject) -> Mapping[str, LockedPackage]:
    """The packages of the project's lock file, sorted by name; empty without a readable lock."""
    return context.once(("lock", project.path), lambda: _lock_packages(context, project))


def _lock_packages(context: Context, project: NodeProject) -> Mapping[str, LockedPackage]:
    if project.lock is None:
        return {}
    text = context.text(project.lock.path, _LOCK_LIMIT)
    if text is None:
        return {}
    match project.lock.kind:
        case "npm":
            found = _npm(json_of(text))
        case "yarn1" | "berry":
            found = _marked_dev(_yarn(text), context, project)
        case "pnpm":
            found = _pnpm(text, context, project)
        case "bun":
            found = _marked_dev(_bun(text), context, project)
    merged: dict[str, LockedPackage] = {}
    for package in found:
        merged[package.name] = _merged(merged.get(package.name), package)
    return dict(sorted(merged.items()))


def is_live(project: NodeProject, packages: Mapping[str, LockedPackage], name: str) -> bool:
    """Whether a production dependency needs the package at the place where the project finds it."""
    package = packages.get(name)
    return (
        package is not None
        and not package.dev
        and len(package.versions) == 1  # another may be elsewhere
        and project.manager in ("npm", "yarn")  # they keep all packages in one directory
    )


def locked_programs(packages: Mapping[str, LockedPackage], name: str) -> tuple[str, ...] | None:
    """The commands that a package installs, by the lock, else by the table; None: unknown which."""
    package = packages.get(name)
    return package.bins if package is not None and package.bins is not None else npm(name).bins


def required_packages(packages: Mapping[str, LockedPackage], names: Iterable[str]) -> frozenset[str]:
    """These packages, and all that they depend on by the lock file."""
    found, waiting = set[str](), [*names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += packages[name].requires if name in packages else ()
    return frozenset(found)


def _merged(old: LockedPackage | None, new: LockedPackage) -> LockedPackage:
    if old is None:
        return new
    return LockedPackage(
        name=new.name,
        versions=_unique((*old.versions, *new.versions)),
        dev=old.dev and new.dev,
        optional=old.optional and new.optional,
        install_script=_any_known(old.install_script, new.install_script),
        bins=old.bins if new.bins is None else _unique((*(old.bins or ()), *new.bins)),
        requires=_unique((*old.requires, *new.requires)),
    )


def _any_known(one: bool | None, other: bool | None) -> bool | None:
    return True if one or other else (None if one is None or other is None else False)


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


# --- npm --------------------------------------------------------------------------------------


def _npm(data: object) -> list[LockedPackage]:
    packages = table(data, "packages")
    if packages:  # v2 and v3
        return [_npm_entry(path, table(entry)) for path, entry in packages.items() if "node_modules/" in path]
    found = []
    pending = [table(data, "dependencies")]
    while pending:
        for name, value in pending.pop().items():
            entry = table(value)
            found.append(
                LockedPackage(
                    name=name,
                    versions=_versions(entry),
                    dev=entry.get("dev") is True,
                    optional=entry.get("optional") is True,
                    requires=tuple(strings(entry.get("requires"))),
                )
            )
            pending.append(table(entry, "dependencies"))
    return found


def _npm_entry(path: str, entry: Mapping[str, object]) -> LockedPackage:
    # An alias contains its real name; the program imports the name of the directory.
    name = path.rpartition("node_modules/")[2]
    bins = entry.get("bin")
    either = entry.get("devOptional") is True
    return LockedPackage(
        name=name,
        versions=_versions(entry),
        dev=entry.get("dev") is True,
        optional=entry.get("optional") is True or either,
        install_script=entry.get("hasInstallScript") is True,
        bins=(posixpath.basename(name),) if isinstance(bins, str) else tuple(strings(bins)),
        requires=(*strings(entry.get("dependencies")), *strings(entry.get("optionalDependencies"))),
    )


def _versions(entry: Mapping[str, object]) -> tuple[str, ...]:
    version = text_of(entry.get("version"))
    return (version,) if version else ()


# --- production dependencies, if the lock does not mark them ---------------------------------------


class _Entry(Struct, frozen=True):
    """A locked package with its keys (`name@range`) and those of its dependencies."""

    package: LockedPackage
    keys: tuple[str, ...]
    needs: tuple[str, ...]


def _marked_dev(entries: list[_Entry], context: Context, project: NodeProject) -> list[LockedPackage]:
    """Marks as `dev` what neither the project nor a workspace needs in production."""
    by_key: dict[str, _Entry] = {}
    by_name: dict[str, list[_Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.package.name, []).append(entry)
        for key in entry.keys:
            by_key[key] = entry
    pending = [f"{name}@{wanted}" for name, wanted in _production_dependencies(context, project)]
    live: set[int] = set()
    while pending:
        key = pending.pop()
        exact = by_key.get(key)
        # A range in another notation (npm:, patch:, resolutions): every version of that name is needed.
        name = key[: key.index("@", 1)] if "@" in key[1:] else key
        for hit in [exact] if exact is not None else by_name.get(name, []):
            if id(hit) not in live:
                live.add(id(hit))
                pending.extend(hit.needs)
    return [replace(entry.package, dev=id(entry) not in live) for entry in entries]


def _production_dependencies(context: Context, project: NodeProject) -> Iterable[tuple[str, str]]:
    """The production dependencies of the lock's root and all workspaces."""
    root = table(json_of(context.text(posixpath.join(project.lock_dir, "package.json"))))
    manifests = [root, *_member_manifests(context, project)]
    for data in manifests:
        for section in ("dependencies", "optionalDependencies", "peerDependencies"):
            yield from strings(data.get(section)).items()


def _member_manifests(context: Context, project: NodeProject) -> list[Mapping[str, object]]:
    directories = set(project.workspaces) | {project.dir}
    if project.lock_dir != project.dir:
        root = node_project(context, project.lock_dir)
        directories |= set(root.workspaces) if root is not None else set()
    return [
        table(json_of(context.text(posixpath.join(name, "package.json")))) for name in sorted(directories)
    ]


# --- Yarn and pnpm: maps by indentation --------------------------------------------------------


def _indented(text: str) -> dict[str, object]:
    """Nested maps from indented text: the subset of YAML, and Yarn's own format, that locks use."""
    root: dict[str, object] = {}
    stack: list[tuple[int, dict[str, object]]] = [(-1, root)]
    for line in text.split("\n"):
        body = line.strip()
        if not body or body.startswith(("#", "-")):
            continue
        indent = len(line) - len(line.lstrip())
        while stack[-1][0] >= indent:
            stack.pop()
        if body.endswith(":"):
            below: dict[str, object] = {}
            stack[-1][1][_unquoted(body[:-1])] = below
            stack.append((indent, below))
            continue
        key, value = _pair(body)
        stack[-1][1][key] = value
    return root


def _pair(body: str) -> tuple[str, str]:
    if body[0] in "\"'":
        end = body.find(body[0], 1)
        key, rest = body[1:end], body[end + 1 :]
    else:
        colon, space = body.find(": "), body.find(" ")
        end = colon if 0 <= colon < space else space
        key, rest = (body[:end], body[end:]) if end > 0 else (body, "")
    return key, _unquoted(rest.lstrip(":").strip())


def _unquoted(text: str) -> str:
    return (
        text[1:-1]
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and ", " not in text
        else text
    )


def _yarn(text: str) -> list[_Entry]:
    entries = []
    for header, value in _indented(text).items():
        entry = table(value)
        if header == "__metadata" or not entry or "workspace:" in str(entry.get("resolution", "")):
            continue
        keys = tuple(key.strip().strip('"') for key in header.split(", "))
        needs = {**strings(entry.get("dependencies")), **strings(entry.get("optionalDependencies"))}
        bins = entry.get("bin")
        berry = "resolution" in entry
        package = LockedPackage(
            name=_name(keys[0]),
            versions=_versions(entry),
            bins=tuple(strings(bins)) if berry else None,
            requires=tuple(needs),
        )
        entries.append(
            _Entry(package, _spellings(keys), tuple(f"{name}@{range_}" for name, range_ in needs.items()))
        )
    return entries


def _spellings(keys: tuple[str, ...]) -> tuple[str, ...]:
    # Yarn 2 and later write `npm:` in the lock, package.json does not.
    return keys + tuple(key.replace("@npm:", "@", 1) for key in keys if "@npm:" in key)


def _name(key: str) -> str:
    at = key.find("@", 1)
    return key[:at] if at > 0 else key


def _pnpm(text: str, context: Context, project: NodeProject) -> list[LockedPackage]:
    data = _indented(text)
    # Since v9, dependencies are in snapshots, one per set of peers: `name@1.0.0(peer@2.0.0)`.
    details = {key.partition("(")[0]: table(value) for key, value in table(data, "snapshots").items()}
    entries = []
    flagged = False
    for key, value in table(data, "packages").items():
        entry = table(value)
        key = key.removeprefix("/").partition("(")[0]
        match = re.match(r"(@[^/]+/[^/@]+|[^/@]+)[/@](.*)", key)
        name, version = (match[1], match[2]) if match else (key, "")
        detail = details.get(key, entry)
        needs = _pnpm_needs(detail)
        flagged = flagged or "dev" in entry
        package = LockedPackage(
            name=name,
            versions=(version,) if version else (),
            dev=entry.get("dev") == "true",
            optional=detail.get("optional") == "true",
            install_script=None if details else entry.get("requiresBuild") == "true",
            bins=None if "hasBin" in entry else (),  # tells that there are commands, not their names
            requires=tuple(_name(need) for need in needs),
        )
        entries.append(_Entry(package, (f"{name}@{version}",), needs))
    return [entry.package for entry in entries] if flagged else _marked_dev(entries, context, project)


def _pnpm_needs(detail: Mapping[str, object]) -> tuple[str, ...]:
    needs = {**strings(detail.get("dependencies")), **strings(detail.get("optionalDependencies"))}
    return tuple(
        # An alias has the real name in its value.
        value if "@" in value[1:] else f"{name}@{value}"
        for name, value in (
            (name, value.removeprefix("/").partition("(")[0]) for name, value in needs.items()
        )
    )


def _bun(text: str) -> list[_Entry]:
    data = json_of(re.sub(r",(\s*[}\]])", r"\1", text))
    entries = []
    for path, value in table(data, "packages").items():
        if not isinstance(value, list) or not value or not isinstance(value[0], str):
            continue
        detail = next((item for item in value if isinstance(item, dict)), {})
        needs = {**strings(detail.get("dependencies")), **strings(detail.get("optionalDependencies"))}
        bins = detail.get("bin")
        name = _name(value[0])
        package = LockedPackage(
            name=name,
            versions=(value[0][len(name) + 1 :],),
            bins=(posixpath.basename(name),) if isinstance(bins, str) else tuple(strings(bins)),
            requires=tuple(needs),
        )
        entries.append(_Entry(package, (path,), tuple(f"{name}@{wanted}" for name, wanted in needs.items())))
    return entries
