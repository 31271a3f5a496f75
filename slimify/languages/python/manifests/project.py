"""The declarations of a Python project: dependencies, groups, commands, and the tool that installs it.

In: a `Context` and a directory; out: a `PythonProject`. Sources: pyproject.toml (PEP 621, PEP 735, Poetry,
uv, PDM), setup.cfg and setup.py (static), Pipfile, conda environments, requirements files.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal

from msgspec import Struct, convert, field
from msgspec.structs import replace

from slimify.context.scan import Context, clean
from slimify.context.values import strings, table, text_of, texts, toml_of, yaml_of
from slimify.languages.python import LANGUAGE
from slimify.languages.python.manifests.requirements import (
    Requirement,
    parse_requirement,
    read_requirements,
)
from slimify.languages.python.manifests.setup_files import setup_info
from slimify.languages.python.package_facts import normalised

Tool = Literal["poetry", "uv", "pdm", "pipenv", "conda", "hatch", "flit", "setuptools", "pip"]


@cache
def _tools(kind: str) -> tuple[tuple[str, Tool], ...]:
    return convert(LANGUAGE.facts("toolchain.toml")["project"][kind], tuple[tuple[str, Tool], ...])


class PythonProject(Struct, frozen=True, kw_only=True):
    """The declarations of the files in one directory; missing ones are empty.

    `dependencies` are installed with the project. `extras` are its optional dependencies, `groups` its
    development groups (PEP 735, Poetry, Pipfile `dev-packages`), of which `default_groups` are installed by
    default. `scripts` maps commands to their entry points.
    """

    files: tuple[str, ...] = ()
    requirements_files: tuple[str, ...] = ()
    tool: Tool = "pip"
    locks: tuple[str, ...] = ()
    requires_python: str | None = None
    dependencies: tuple[Requirement, ...] = ()
    extras: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)
    default_groups: tuple[str, ...] = ()
    scripts: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.files or self.requirements_files)


class _Found(Struct):
    """The declarations gathered so far, file by file."""

    files: list[str] = field(default_factory=list)
    dependencies: list[Requirement] = field(default_factory=list)
    extras: dict[str, tuple[Requirement, ...]] = field(default_factory=dict)
    groups: dict[str, tuple[Requirement, ...]] = field(default_factory=dict)
    default_groups: list[str] = field(default_factory=list)
    scripts: dict[str, str] = field(default_factory=dict)
    conda: bool = False
    requires_python: str | None = None


def python_project(context: Context, dir: str = "") -> PythonProject:
    """The project of a directory; falsy if nothing in it is about Python packages."""
    dir = clean(dir)
    return context.once(("python project", dir), lambda: _project(context, dir))


def _project(context: Context, dir: str) -> PythonProject:
    found = _Found()
    path = posixpath.join(dir, "pyproject.toml")
    text = context.text(path)
    data = toml_of(text)
    if text is not None:
        found.files.append(path)
        _standard(data, path, text, found)
        _setuptools(context, data, dir, found)
        _poetry(table(data, "tool", "poetry"), path, text, found)
        _other_tools(data, path, text, found)
    setup = setup_info(context, dir)
    found.files.extend(setup.files)
    found.dependencies.extend(setup.requires)
    found.extras = {**setup.extras, **found.extras}
    _pipfile(context, dir, found)
    _conda(context, dir, found)
    locks = tuple(name for name in _lock_paths(context, dir) if context.has(name))
    return PythonProject(
        files=tuple(found.files),
        requirements_files=_requirements_files(context, dir),
        tool="conda" if found.conda else _tool(data, locks, found.files),
        locks=locks,
        requires_python=found.requires_python or setup.requires_python,
        dependencies=tuple(found.dependencies),
        extras=found.extras,
        groups=found.groups,
        default_groups=tuple(name for name in dict.fromkeys(found.default_groups) if name in found.groups),
        scripts={**setup.scripts, **found.scripts},
    )


# --- pyproject.toml ---------------------------------------------------------------------------


def _standard(data: Mapping[str, object], path: str, text: str, found: _Found) -> None:
    """PEP 621 and PEP 735."""
    project = table(data, "project")
    found.dependencies.extend(_parsed(texts(project.get("dependencies")), path, text))
    found.requires_python = text_of(project.get("requires-python"))
    found.scripts |= strings(project.get("scripts"))
    for name, items in table(project, "optional-dependencies").items():
        found.extras[normalised(name)] = _parsed(texts(items), path, text)
    groups = table(data, "dependency-groups")
    for name in groups:
        found.groups[normalised(name)] = _parsed(tuple(_group(groups, name, ())), path, text)


def _setuptools(context: Context, data: Mapping[str, object], dir: str, found: _Found) -> None:
    """`dynamic = ["dependencies"]`, which setuptools reads from requirements files."""
    source = table(data, "tool", "setuptools", "dynamic", "dependencies").get("file")
    names = (source,) if isinstance(source, str) else texts(source)
    if "dependencies" in texts(table(data, "project").get("dynamic")):
        for name in names:
            found.dependencies.extend(read_requirements(context, posixpath.join(dir, name)).items)


def _group(groups: Mapping[str, object], name: str, above: tuple[str, ...]) -> Iterator[str]:
    """The requirement strings of a group, following `include-group` and stopping at cycles."""
    spelled = next((key for key in groups if normalised(key) == normalised(name)), None)
    items = groups.get(spelled) if spelled is not None and spelled not in above else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, str):
            yield item
        elif included := text_of(table(item).get("include-group")):
            yield from _group(groups, included, (*above, spelled or ""))


def _poetry(poetry: Mapping[str, object], path: str, text: str, found: _Found) -> None:
    if not poetry:
        return
    main = table(poetry, "dependencies")
    found.requires_python = found.requires_python or text_of(main.get("python"))
    known = {item.name for item in found.dependencies}
    wanted = _poetry_items(main, path, text)
    optional = {normalised(name) for name, value in main.items() if table(value).get("optional") is True}
    # Poetry 2: tool.poetry.dependencies only adds sources to what [project] lists.
    found.dependencies.extend(item for item in wanted if item.name not in known | optional)
    for name, members in table(poetry, "extras").items():
        names = {normalised(member) for member in texts(members)}
        found.extras[normalised(name)] = tuple(item for item in wanted if item.name in names)
    groups = {**table(poetry, "group")}
    if "dev-dependencies" in poetry:
        groups.setdefault("dev", {"dependencies": poetry["dev-dependencies"]})
    for name, value in groups.items():
        found.groups[normalised(name)] = _poetry_items(table(value, "dependencies"), path, text)
        if table(value).get("optional") is not True:
            found.default_groups.append(normalised(name))
    found.scripts |= strings(poetry.get("scripts"))


def _poetry_items(items: Mapping[str, object], path: str, text: str) -> tuple[Requirement, ...]:
    """Requirements of a Poetry (or Pipfile) table: name = "^1" or name = { version = …, git = … }."""
    found = []
    for name, value in items.items():
        if normalised(name) == "python":
            continue
        if isinstance(value, list):  # one entry per marker
            value = value[0] if value else ""
        detail = table(value)
        version = value if isinstance(value, str) else text_of(detail.get("version")) or ""
        url = text_of(detail.get("git")) or text_of(detail.get("url")) or text_of(detail.get("file"))
        local = text_of(detail.get("path"))
        found.append(
            Requirement(
                name=normalised(name),
                raw=f"{name} {version}".strip(),
                file=path,
                line=_line(text, rf"^\s*[\"']?{re.escape(name)}[\"']?\s*="),
                extras=tuple(normalised(extra) for extra in texts(detail.get("extras"))),
                specifier="" if version == "*" else version,
                editable=detail.get("develop") is True or detail.get("editable") is True,
                url=url,
                path=_inside(posixpath.join(posixpath.dirname(path), local)) if local else None,
            )
        )
    return tuple(found)


def _other_tools(data: Mapping[str, object], path: str, text: str, found: _Found) -> None:
    uv, pdm = table(data, "tool", "uv"), table(data, "tool", "pdm")
    if old := texts(uv.get("dev-dependencies")):
        found.groups["dev"] = found.groups.get("dev", ()) + _parsed(old, path, text)
    for name, items in table(pdm, "dev-dependencies").items():
        found.groups[normalised(name)] = _parsed(texts(items), path, text)
        found.default_groups.append(normalised(name))
    if "dev" in found.groups and not table(data, "tool", "poetry"):
        found.default_groups.append("dev")  # uv's default
    if "default-groups" in uv:
        chosen = uv["default-groups"]
        found.default_groups[:] = list(found.groups) if chosen == "all" else map(normalised, texts(chosen))
    # The source of a dependency for uv is not in [project].
    for name, source in table(uv, "sources").items():
        where = table(source)
        local = text_of(where.get("path"))
        for index, item in enumerate(found.dependencies):
            if item.name == normalised(name):
                found.dependencies[index] = replace(
                    item,
                    editable=where.get("editable") is True or where.get("workspace") is True,
                    url=text_of(where.get("git")) or text_of(where.get("url")),
                    path=_inside(posixpath.join(posixpath.dirname(path), local)) if local else None,
                )


# --- Pipfile, conda, requirements files ---------------------------------------------------------


def _pipfile(context: Context, dir: str, found: _Found) -> None:
    path = posixpath.join(dir, "Pipfile")
    text = context.text(path)
    if text is None:
        return
    data = toml_of(text)
    found.files.append(path)
    found.dependencies.extend(_poetry_items(table(data, "packages"), path, text))
    found.groups["dev"] = found.groups.get("dev", ()) + _poetry_items(table(data, "dev-packages"), path, text)
    found.requires_python = found.requires_python or text_of(table(data, "requires").get("python_version"))


def _conda(context: Context, dir: str, found: _Found) -> None:
    for name in ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml"):
        path = posixpath.join(dir, name)
        text = context.text(path)
        if text is None:
            continue
        for document in yaml_of(text):
            items = table(document).get("dependencies")
            if not isinstance(items, list):
                continue
            found.files.append(path)
            found.conda = found.conda or any(isinstance(item, str) for item in items)
            for item in items:
                found.dependencies.extend(_parsed(texts(table(item).get("pip")), path, text))


def _requirements_files(context: Context, dir: str) -> tuple[str, ...]:
    prefix = dir + "/" if dir else ""
    pattern = re.compile(
        rf"{re.escape(prefix)}(?:[^/]*requirements[^/]*\.(?:txt|in|pip)|requirements/[^/]+\.(?:txt|in))"
    )
    return tuple(name for name in context.under(dir) if pattern.fullmatch(name))


def _lock_paths(context: Context, dir: str) -> Iterator[str]:
    for name, _ in _tools("locks"):
        yield posixpath.join(dir, name)
    yield from context.glob(posixpath.join(dir, "pylock*.toml"))


def _tool(data: Mapping[str, object], locks: tuple[str, ...], files: list[str]) -> Tool:
    """The tool the project is made for, by its lock file, its table, its build backend, its files."""
    for name, tool in _tools("locks"):
        if any(posixpath.basename(lock) == name for lock in locks):
            return tool
    tables = table(data, "tool")
    for name, tool in (("poetry", "poetry"), ("uv", "uv"), ("pdm", "pdm")):
        if name in tables:
            return tool
    names = {posixpath.basename(name) for name in files}
    if "Pipfile" in names:
        return "pipenv"
    backend = text_of(table(data, "build-system").get("build-backend")) or ""
    for name, tool in _tools("backends"):
        if name in backend:
            return tool
    if names & {"setup.py", "setup.cfg"} or "project" in data:
        return "setuptools"
    return "pip"


def _parsed(items: tuple[str, ...], path: str, text: str) -> tuple[Requirement, ...]:
    return tuple(parse_requirement(item, file=path, line=_line(text, re.escape(item))) for item in items)


def _line(text: str, pattern: str) -> int:
    match = re.search(pattern, text, re.MULTILINE)
    return text.count("\n", 0, match.end()) + 1 if match else 1


def _inside(path: str) -> str | None:
    path = posixpath.normpath(path)
    return None if path.startswith(("..", "/")) else ("" if path == "." else path)
