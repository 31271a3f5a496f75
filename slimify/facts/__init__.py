"""Facts about images, packages and commands, as data.

Each file contains one kind of fact, with its source and date. TOML is written by hand; JSON is generated
(tests/tools/refresh_*.py), since parsing it takes a fifteenth of the time; in a wheel, so is that of the TOML
(hatch_build.py). A file is read on first use, once per process. Facts about one language are located in
`languages/<language>/facts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import tomli
from msgspec import convert, json

_T = TypeVar("_T")


@cache
def load(name: str) -> dict[str, Any]:
    """The content of a facts file such as `images.toml`. Callers must not change it.

    Raises FileNotFoundError if the installation is broken.
    """
    return load_file(Path(__file__).parent / name)


@cache
def words(name: str, *keys: str) -> tuple[str, ...]:
    """The words of an entry that lists them in one string: `words("system.toml", "tree", "kernel")`."""
    entry: Any = load(name)
    for key in keys:
        entry = entry[key]
    return tuple(entry.split())


@cache
def _set(name: str, *keys: str) -> frozenset[str]:
    return frozenset(words(name, *keys))


def among(name: str, *keys: str) -> Callable[[str | None], bool]:
    """The question whether a word is one of `words`."""
    return lambda word: word in _set(name, *keys)


def program_among(name: str, *keys: str) -> Callable[[str], bool]:
    """The question whether a program, given by name or path, is one of `words`."""
    return lambda word: word.rpartition("/")[2] in _set(name, *keys)


def listed(name: str, *keys: str) -> Callable[[], tuple[str, ...]]:
    """The question for `words`."""
    return lambda: words(name, *keys)


def records(found: Any, kind: type[_T]) -> _T:
    """Rows of a facts file as values of a type; fields of type `re.Pattern` are compiled."""
    return convert(found, kind, dec_hook=lambda _, text: re.compile(text))


@cache
def load_file(path: Path) -> dict[str, Any]:
    """The content of a TOML or JSON file. Callers must not change it."""
    if path.suffix == ".toml":
        generated = path.with_name(f"{path.name}.json")
        if not generated.exists():
            return tomli.loads(path.read_text("utf-8"))
        path = generated
    content: dict[str, Any] = json.decode(path.read_bytes())
    return content


@cache
def merged(name: str) -> dict[str, Any]:
    """The content of a facts file, joined with the languages' files of the same name. In lists, the rows of
    languages come first. Callers must not change it."""
    from slimify.languages import languages

    found: dict[str, Any] = {}
    for table in (*(known.facts(name) for known in languages()), load(name)):
        found = _join(found, table)
    return found


def _join(first: Any, second: Any) -> Any:
    if isinstance(first, dict):
        return {**first, **{k: _join(first[k], v) if k in first else v for k, v in second.items()}}
    return [*first, *second] if isinstance(first, list) else second
