"""CODEOWNERS: the people whom the forge asks to review changes of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from slimify.config import is_inside
from slimify.config.pr import ForgeKind
from slimify.config.read_file import MOST_BYTES, read_file
from slimify.model import globs
from slimify.model.regex import regex
from slimify.render.limits import limited

# The paths that each forge reads, in its order.
_LOCATIONS: Mapping[ForgeKind, tuple[str, ...]] = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
    "gitea": ("CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS", ".forgejo/CODEOWNERS"),
}
_SECTION = regex(r"\^?\[[^\]]+\](\[\d+\])?\s*(.*)")


def owners(tree: Path, kind: ForgeKind, files: tuple[str, ...]) -> tuple[str, ...]:
    """The owners of any of the files, according to the CODEOWNERS file of the checkout."""
    for name in _LOCATIONS[kind]:
        path = tree / name
        if path.is_file() and not path.is_symlink() and is_inside(path, tree):
            return _owners(path, kind, files)
    return ()


def _owners(path: Path, kind: ForgeKind, files: tuple[str, ...]) -> tuple[str, ...]:
    """The owners according to a file; none if it is too large or takes too long to match."""

    def found() -> str:
        rules = _rules(read_file(path, MOST_BYTES).decode("utf-8", "replace"), kind)
        return "\n".join(dict.fromkeys(owner for file in files for owner in _of(rules, file)))

    with suppress(OSError, ValueError):
        return tuple((limited(found) if kind == "gitea" else found()).splitlines())
    return ()


# A pattern as the forge reads it, owners, section.
_Rule = tuple[Callable[[str], object], tuple[str, ...], str]


def _rules(text: str, kind: ForgeKind) -> list[_Rule]:
    rules: list[_Rule] = []
    section, default = "", ()
    for line in text.splitlines():
        rule = re.split(r"(?<!\\)\s#|^#", line, maxsplit=1)[0].strip()
        head = _SECTION.fullmatch(rule) if kind == "gitlab" else None
        if head is not None:
            section, default = rule, tuple(head[2].split())
            continue
        words = re.split(r"(?<!\\)\s+", rule) if rule else []
        if not words or words[0].startswith("!"):
            continue
        try:
            concerns = (
                re.compile(words[0]).fullmatch if kind == "gitea" else _matcher(words[0].replace("\\ ", " "))
            )
        except (re.error, RecursionError, OverflowError):
            continue
        rules.append((concerns, tuple(words[1:]) or default, section))
    return rules


def _of(rules: list[_Rule], file: str) -> list[str]:
    """The owners of a file: in each section, the last matching rule wins."""
    found: dict[str, tuple[str, ...]] = {}
    for concerns, names, section in rules:
        if concerns(file):
            found[section] = names
    return [name for names in found.values() for name in names]


def _matcher(pattern: str) -> Callable[[str], bool]:
    """What a .gitignore pattern matches: without a leading or inner slash, in any directory."""
    anywhere = () if "/" in pattern.rstrip("/") else (globs.TREE,)
    tokens = (*anywhere, *globs.tokens(pattern.strip("/")))
    below = (*tokens, "/", globs.REST)
    last = pattern.strip("/").rpartition("/")[2]

    def concerns(file: str) -> bool:
        itself = not pattern.endswith("/") and globs.matches(tokens, file)
        return itself or (last != "*" and globs.matches(below, file))

    return concerns
