"""The packages that a Python lock file pins: poetry.lock, uv.lock, pdm.lock, pylock.toml, Pipfile.lock."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from slimify.context.scan import Context
from slimify.context.values import json_of, table, text_of, texts, toml_of
from slimify.languages.python.manifests.project import PythonProject
from slimify.languages.python.manifests.requirements import Requirement, parse_requirement
from slimify.languages.python.package_facts import normalised, pypi
from slimify.model.regex import regex

_LOCK_LIMIT = 16 << 20  # bytes
_OF_EXTRA = regex(r"""\bextra\s*==\s*["']([^"']+)["']""")


class PinnedPackage(Struct, frozen=True, kw_only=True):
    """One pinned package.

    `groups` are the groups that require it ("main" for the project itself), empty if the lock does not
    tell. `source_only`: the lock lists files but no wheel, so an install builds it. `requires` are the
    normalized names of its dependencies, `name[extra]` after one of which an extra is asked for; `extras` are
    those of its own extras.
    """

    name: str
    version: str
    groups: tuple[str, ...] = ()
    source_only: bool = False
    requires: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def pinned_packages(context: Context, project: PythonProject) -> Mapping[str, PinnedPackage]:
    """The packages of the project's first readable lock file, by normalized name, sorted."""
    return context.once(("pinned", *project.locks), lambda: _pinned_packages(context, project.locks))


def _pinned_packages(context: Context, locks: Iterable[str]) -> Mapping[str, PinnedPackage]:
    for path in locks:
        text = context.text(path, _LOCK_LIMIT)
        if text is None:
            continue
        if posixpath.basename(path) == "Pipfile.lock":
            found = _pipfile_lock(json_of(text))
        else:
            data = toml_of(text)
            items = data.get("package", data.get("packages"))
            found = [_pinned(table(item)) for item in items] if isinstance(items, list) else []
        packages: dict[str, PinnedPackage] = {}
        for package in found:
            before = packages.get(package.name)  # one entry for each marker, or each extra
            packages[package.name] = package if before is None else _joined(before, package)
        packages.pop("", None)
        if packages:
            return dict(sorted(packages.items()))
    return {}


def required(pinned: Mapping[str, PinnedPackage], roots: Iterable[Requirement]) -> dict[str, None]:
    """The names of the requirements, and of what the lock file says that they require; of the extras of one
    that it lacks, what they are known to bring."""
    seen: dict[str, None] = {}
    waiting = [item for root in roots for item in _asked(root.name, root.extras)][::-1]
    while waiting:
        item = waiting.pop()
        if item in seen:
            continue
        seen[item] = None
        name, _, extra = item.rstrip("]").partition("[")
        if name in pinned:
            waiting += reversed(pinned[name].extras.get(extra, ()) if extra else pinned[name].requires)
        elif extra:
            waiting += pypi(item).requires
    return {item: None for item in seen if item and "[" not in item}


def only_for_development(context: Context, project: PythonProject) -> tuple[str, ...]:
    """The packages that nothing but the development groups which are installed by default requires. Without a
    lock file, those that the groups name."""
    default = project.tool in ("poetry", "uv") and project.default_groups
    groups = project.default_groups if default else tuple(project.groups)
    pinned = pinned_packages(context, project)
    wanted = [item for group in groups for item in project.groups[group]]
    kept = required(pinned, project.dependencies)
    if not any(package.requires or package.extras for package in pinned.values()):  # Pipfile.lock
        kept |= dict.fromkeys(name for name, package in pinned.items() if "main" in package.groups)
        return tuple(n for n in {**required({}, wanted), **pinned} if n not in kept)
    return tuple(name for name in required(pinned, wanted) if name not in kept)


def _joined(one: PinnedPackage, other: PinnedPackage) -> PinnedPackage:
    extras = {name: (*one.extras.get(name, ()), *items) for name, items in other.extras.items()}
    return replace(
        other,
        groups=tuple(dict.fromkeys((*one.groups, *other.groups))),
        requires=tuple(dict.fromkeys((*one.requires, *other.requires))),
        extras={**one.extras, **extras},
    )


def _pinned(entry: Mapping[str, object]) -> PinnedPackage:
    files = entry.get("files")
    listed = [text_of(table(item).get("file")) or "" for item in files] if isinstance(files, list) else []
    sdist = bool(entry.get("sdist")) or any(name.endswith((".tar.gz", ".zip")) for name in listed)
    wheels = bool(entry.get("wheels")) or any(name.endswith(".whl") for name in listed)
    category = text_of(entry.get("category"))  # Poetry before 1.5
    own, more = _dependencies(entry.get("dependencies"))
    for extra, items in table(entry, "optional-dependencies").items():  # uv
        more.setdefault(normalised(extra), []).extend(_dependencies(items)[0])
    if of_extras := texts(entry.get("extras")):  # PDM: an entry of its own
        own, more = [], {normalised(extra): own for extra in of_extras}
    return PinnedPackage(
        name=normalised(text_of(entry.get("name")) or ""),
        version=text_of(entry.get("version")) or "",
        groups=texts(entry.get("groups")) or ((category,) if category else ()),
        source_only=sdist and not wheels,
        requires=tuple(own),
        extras={extra: tuple(items) for extra, items in more.items()},
    )


def _dependencies(needs: object) -> tuple[list[str], dict[str, list[str]]]:
    """What an entry requires, and what each of its extras does. uv has tables with a name, PDM requirement
    strings, Poetry a table by name, where `optional` ones belong to extras."""
    own: list[str] = []
    extras: dict[str, list[str]] = {}
    for name, detail in _details(needs):
        asked = _asked(normalised(name), texts(detail.get("extra")) or texts(detail.get("extras")))
        of = _OF_EXTRA.findall(text_of(detail.get("markers")) or "") if detail.get("optional") else []
        for extra in of:
            extras.setdefault(normalised(extra), []).extend(asked)
        own += asked if not of else ()
    return own, extras


def _details(needs: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    for item in needs if isinstance(needs, list) else ():
        if isinstance(item, str):
            parsed = parse_requirement(item)
            yield parsed.name, {"extras": list(parsed.extras)}
        else:
            yield text_of(table(item).get("name")) or "", table(item)
    for name, value in table(needs).items():
        for one in value if isinstance(value, list) else (value,):
            yield name, table(one)


def _asked(name: str, extras: Iterable[str]) -> list[str]:
    return [name, *(f"{name}[{normalised(extra)}]" for extra in extras)] if name else []


def _pipfile_lock(data: object) -> list[PinnedPackage]:
    found: dict[str, PinnedPackage] = {}
    for section, group in (("default", "main"), ("develop", "dev")):
        for name, value in table(data, section).items():
            version = (text_of(table(value).get("version")) or "").removeprefix("==")
            before = found.get(name)
            groups = (*before.groups, group) if before is not None else (group,)
            found[name] = PinnedPackage(name=normalised(name), version=version, groups=groups)
    return list(found.values())
