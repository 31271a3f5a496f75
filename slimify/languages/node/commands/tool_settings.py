"""What the settings of a project make a program of its packages load and start: configuration in TypeScript,
which a package loads for it, and command lines that stand in configuration or in package.json."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from slimify.languages.node import LANGUAGE
from slimify.languages.node.commands.outputs import is_configuration
from slimify.languages.node.commands.project import package_json, project_of
from slimify.languages.node.manifests.lock_files import is_live, lock_packages
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.semantics.context_files import ContextView
from slimify.semantics.effects.call import Call

_TYPESCRIPT = regex(r"\.[cm]?tsx?\Z")


def configured(call: Call, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """The effects of a call of a package's program, with what the project's settings for it add."""
    data = package_json(call.state)
    if data is None or ("/" in call.path and "node_modules/" not in call.path):
        return effects
    loaders = tuple(_loaders(call))
    found = tuple(_typescript_files(call, data)) if loaders else ()
    head = replace(effects[0], reads=(*effects[0].reads, *found, *loaders)) if found else effects[0]
    started = (e for text in _command_lines(call, data) for e in call.run(text, call.state, "settings", text))
    return (head, *effects[1:], *started)


def _facts() -> Mapping[str, Any]:
    facts: Mapping[str, Any] = LANGUAGE.facts("tool-settings.toml")
    return facts


def _typescript_files(call: Call, data: Mapping[str, Any]) -> Iterator[str]:
    """The files in TypeScript that it is given, or that are its configuration."""
    words = [arg.value.rpartition("=")[2] for arg in call.args if arg.value is not None]
    cwd, view = call.state.cwd or "/", call.state.view
    given = [*words, *_texts(data.get(call.name))]
    paths = [posixpath.normpath(posixpath.join(cwd, word)) for word in given if _TYPESCRIPT.search(word)]
    yield from (path for path in paths if "*" in path or view.context_path(path) is not None)
    yield from (path for path, name in _typescript_below(view, cwd) if is_configuration(call.name, name))


def _typescript_below(view: ContextView, directory: str) -> tuple[tuple[str, str], ...]:
    """The files in TypeScript below a directory, with their names in it; looked for once, not once a call."""
    return view.context.once(
        ("typescript", view.copies, view.texts, directory),
        lambda: tuple((p, name) for p, name in view.named_under(directory) if _TYPESCRIPT.search(p)),
    )


def _loaders(call: Call) -> Iterator[str]:
    """The manifests of the packages that may load TypeScript for it and are there for development only."""
    facts = _facts()["loaders"]
    own = facts["of"].get(call.name)
    wanted = (facts["any"] if own is None else own).split()
    above, directory = "", call.state.cwd or "/"
    while above != directory and wanted:
        project = project_of(replace(call.state, cwd=directory))
        if project is not None:
            locked = lock_packages(call.state.view.context, project)
            names = [n for n in wanted if n in {**project.dependencies, **project.dev_dependencies}]
            names += [facts["with"]] if own is None and names else []
            names = [n for n in names if n in project.dev_dependencies and not is_live(project, locked, n)]
            yield from (posixpath.join(directory, "node_modules", name, "package.json") for name in names)
        above, directory = directory, posixpath.dirname(directory)


def _command_lines(call: Call, data: Mapping[str, Any]) -> Iterator[str]:
    """The command lines that the program runs."""
    words = " ".join(arg.value or "" for arg in call.args if not arg.text.startswith("-"))
    view, cwd = call.state.view, call.state.cwd or "/"
    for row in _facts()["commands"]:
        if row["tool"] != call.name or not words.startswith(tuple(row.get("words", [""]))):
            continue
        yield from (text for value in _values(data, row["key"].split(".")) for text in _texts(value))
        for path, name in view.named_under(cwd) if "file" in row else ():
            if name.startswith(row["file"]):
                yield from re.findall(row["pattern"], view.text(path) or "")


def _values(data: object, keys: Sequence[str]) -> Iterator[object]:
    """What stands at a path of keys; `*` is any key."""
    if not keys:
        yield data
        return
    for key, inner in data.items() if isinstance(data, dict) else ():
        if keys[0] in ("*", key):
            yield from _values(inner, keys[1:])


def _texts(value: object) -> Iterable[str]:
    """All texts in nested settings."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in _texts(item)]
