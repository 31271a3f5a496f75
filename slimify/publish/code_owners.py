"""CODEOWNERS: the people whom the forge asks to review changes of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from slimify.config.pr import ForgeKind
from slimify.model.regex import regex

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
        if path.is_file() and not path.is_symlink():
            rules = _rules(path.read_text("utf-8", "replace"), kind)
            return tuple(dict.fromkeys(owner for file in files for owner in _of(rules, file)))
    return ()


# Pattern, owners, section.
_Rule = tuple[re.Pattern[str], tuple[str, ...], str]


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
            pattern = re.compile(words[0] if kind == "gitea" else _regex(words[0].replace("\\ ", " ")))
        except re.error:
            continue
        rules.append((pattern, tuple(words[1:]) or default, section))
    return rules


def _of(rules: list[_Rule], file: str) -> list[str]:
    """The owners of a file: in each section, the last matching rule wins."""
    found: dict[str, tuple[str, ...]] = {}
    for pattern, names, section in rules:
        if pattern.fullmatch(file):
            found[section] = names
    return [name for names in found.values() for name in names]


def _regex(pattern: str) -> str:
    """The regular expression of a .gitignore pattern: without a leading or inner slash, it matches in any
    directory."""
    inner = pattern.strip("/")
    anywhere = "" if "/" in pattern.rstrip("/") else "(?:.*/)?"
    meant = {"/**/": "/(?:.*/)?", "**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(/\*\*/|\*\*/|/\*\*$|\*\*|\*|\?)", inner)
    regex = anywhere + "".join(meant.get(part, re.escape(part)) for part in parts)
    last = inner.rpartition("/")[2]
    below = "/.*" if pattern.endswith("/") else "" if last == "*" else "(?:/.*)?"
    return regex + below
