"""Where the settings of a bundler or compiler, or a script that builds, put files outside the project."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from slimify.context.source_uses import HERE, constant_path
from slimify.facts.system import is_scratch, is_shared_directory
from slimify.languages.node import LANGUAGE
from slimify.languages.node.sources.settings import Settings, read_settings
from slimify.semantics.effects.call import Call
from slimify.semantics.effects.state import State
from slimify.semantics.paths import inside

_MAX_FILES = 20
_FOLLOWED = ("extends", "references.path")


@cache
def _facts() -> dict[str, Any]:
    facts = LANGUAGE.facts("tool-settings.toml")["outputs"]
    return {key: re.compile(value) if isinstance(value, str) else value for key, value in facts.items()}


def is_configuration(program: str, name: str) -> bool:
    """Whether a program reads its settings from a file of this name, relative to its working directory."""
    start = LANGUAGE.facts("tool-settings.toml")["configuration"].get(program)
    if start:
        return name.startswith(tuple(start))
    return re.fullmatch(rf"\.?{re.escape(program)}(file|rc|[.-]config|[.-]conf)?\.\w+", name) is not None


def configured_outputs(call: Call, files: Iterable[str]) -> dict[str, bool]:
    """What a program of a package writes by its settings, as `outputs`: those in its `settings_files`."""
    named = _named(call.state, _facts()["variables"].get(call.name, ""))
    sure = {posixpath.normpath(posixpath.join(call.state.cwd or "/", named)): True} if named else {}
    return outputs(call.state, files, _given_words(call)) | _outside(call.state, sure)


def settings_files(call: Call) -> list[str]:
    """The files that a program of a package may read its settings from: its usual ones, and those that it is
    given."""
    cwd = call.state.cwd or "/"
    files = (path for path, name in call.state.view.named_under(cwd) if is_configuration(call.name, name))
    return [*files, *(posixpath.join(cwd, word) for word in _given_words(call))]


def only_output(call: Call) -> str | None:
    """The one directory that a compiler writes to by its settings; None if it may write elsewhere."""
    usual = LANGUAGE.facts("tool-settings.toml")["compilers"].get(call.name, "").split()
    words = [arg.value or "" for arg in call.args if arg.value != "build" or call.name != "nest"]
    cwd, view = call.state.cwd or "/", call.state.view
    if len(words) == 2 and words[0] in ("-p", "--project"):
        usual = [words.pop()] if usual else []
        words.pop()
    chosen = next(
        (p for n in usual if view.text(p := posixpath.normpath(posixpath.join(cwd, n))) is not None), ""
    )
    own = view.text(posixpath.join(cwd, "nest-cli.json")) or ""
    if words or not chosen or (call.name == "nest" and re.search(r'"(tsConfigPath|projects|monorepo)"', own)):
        return None
    for path, settings in _read(call.state, [chosen]):
        values = {key.rpartition(".")[2]: found for key, found in settings.values}
        if values.keys() & {"noEmit", "path", "outFile", "declarationDir"}:
            return None
        if values.get("outDir"):
            place = _resolved(values["outDir"][0], posixpath.dirname(path))
            return place if place and place != cwd and inside(place, cwd) else None
    return None


def _given_words(call: Call) -> list[str]:
    return [re.split("[=:]", arg.value)[-1] for arg in call.args if arg.value]


def emptied_directories(
    state: State, program: str, files: Iterable[str], words: Sequence[str]
) -> tuple[str, ...]:
    """The directories of the project that a build empties first: its outputs, by the settings in some files,
    else those that are usual."""
    facts = LANGUAGE.facts("tool-settings.toml")["emptied"]
    row = next((row for row in facts["programs"] if program in row["tools"].split()), None)
    if row is None or state.cwd is None:
        return ()
    read = [*_read(state, files)]
    text = "\n".join((*words, *(state.view.text(path) or "" for path, _ in read)))
    if re.search(row.get("unless", "(?!)"), text) or not re.search(row.get("when", ""), text):
        return ()
    named = []
    for path, settings in read:
        own = (v for v in settings.values if re.search(facts["keys"], v[0]))
        given = (v for key, values in settings.values if re.match(facts["functions"], key) for v in values)
        named += [place for place, _ in _places(Settings(tuple(own)), path, state)]
        named += [_resolved(value, state.cwd) for value in given]
    usual = [posixpath.join(state.cwd, name) for name in row["usual"].split()]
    found = [p for p in named if p and not inside(state.cwd, p)]
    return tuple(found or usual)


def _named(state: State, variable: str) -> str:
    """The value of a variable, which files beside package.json may set."""
    paths = (posixpath.join(state.cwd or "/", name) for name in (".env.production", ".env") if variable)
    line = re.compile(rf"(?m)^{variable}=[\"']?([^\s\"']+)")
    found = (match[1] for path in paths if (match := line.search(state.view.text(path) or "")))
    return state.get(variable) or next(found, "")


def outputs(state: State, files: Iterable[str], words: Iterable[str] = (), code: str = "") -> dict[str, bool]:
    """The directories outside the project that builds write by the settings in some files, in those that they
    import, by words of their command lines, and by code that is given to node; each with whether it certainly
    exists afterwards."""
    cwd = state.cwd or "/"
    found = dict(_places(read_settings(code, f"{cwd}/-.js".lstrip("/")), "", state))
    places = {posixpath.normpath(posixpath.join(cwd, word)) for word in words if word.startswith("..")}
    found |= {place: False for place in places if state.view.text(place) is None}
    for path, settings in _read(state, files):
        found |= {place: sure for place, sure in _places(settings, path, state) if place not in found}
    return _outside(state, found)


def _read(state: State, files: Iterable[str]) -> Iterator[tuple[str, Settings]]:
    """Files with their settings, and those that they extend or import."""
    waiting, done = (
        [found for path in files for found in _files_of(state, posixpath.normpath(path))],
        set[str](),
    )
    while waiting and len(done) < _MAX_FILES:
        path = waiting.pop(0)
        text = state.view.text(path) if _facts()["files"].search(path) and path not in done else None
        if text is None:
            continue
        done.add(path)
        settings = read_settings(text, path.lstrip("/"))
        yield path, settings
        near = [f"/{name}" for name in settings.imports]
        near += [
            posixpath.join(posixpath.dirname(path), v)
            for k, vs in settings.values
            for v in vs
            if k in _FOLLOWED
        ]
        waiting += [p for name in near for p in _files_of(state, posixpath.normpath(name))]


def _files_of(state: State, name: str) -> Iterator[str]:
    """The files that an import, or a reference to a project, may name."""
    for path in state.view.under(posixpath.dirname(name)):
        stem = posixpath.splitext(path)[0]
        if path == name or stem in (name, f"{name}/index", f"{name}/tsconfig"):
            yield path


def _places(settings: Settings, path: str, state: State) -> Iterator[tuple[str, bool]]:
    """The places that settings name as output, each with whether the name is that of an output."""
    facts, cwd = _facts(), state.cwd or "/"
    bases = [cwd]
    for key, values in settings.values:
        if facts["roots"].fullmatch(key):
            bases = [_resolved(value, cwd) for value in values] or bases
    named = (
        _resolved(value, base)
        for key, values in settings.values
        if facts["keys"].search(key)
        for value in values
        for base in ([posixpath.dirname(path)] if facts["beside"].search(f"{path}:{key}") else bases)
    )
    places = [place for place in named if place]
    yield from ((place, len(places) == 1) for place in places)
    for key, values in settings.values:
        if facts["further"].search(key):
            paths = [value for value in values if value[:1] in (".", HERE)]
            yield from ((_resolved(path, base), False) for path in paths for base in places or bases)
        elif facts["functions"].fullmatch(key):
            yield from ((_resolved(value, cwd), False) for value in values)


def _resolved(value: str, base: str) -> str:
    """The absolute path of what a setting names, "" if nothing of it is known."""
    known = constant_path(value.replace(HERE, "") or "/")
    return posixpath.normpath(posixpath.join(base, known)) if known else ""


def _outside(state: State, places: dict[str, bool]) -> dict[str, bool]:
    """The directories of places outside the project. A place that is a file, by its name, is in one."""
    cwd, found = state.cwd or "/", dict[str, bool]()
    for place, sure in places.items():
        is_file = posixpath.splitext(place)[1] and not state.view.is_dir(place)
        directory = posixpath.normpath(posixpath.dirname(place) if is_file else place)
        if (
            place
            and not inside(directory, cwd)
            and (sure or not is_shared_directory(directory))
            and not (directory == "/" or is_scratch(directory) or "node_modules" in directory)
        ):
            found[directory] = sure or found.get(directory, False) or state.view.is_dir(directory)
    return {
        p: sure for p, sure in found.items() if not any(inside(p, other) for other in found if other != p)
    }
