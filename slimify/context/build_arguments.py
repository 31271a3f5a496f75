"""Values that the repository passes to a build argument: in Compose, bake, CI, Makefiles and scripts.

Best effort for values, none for silence: a value that only a build knows is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from slimify.context.ignored_files import ignored_files, unfiltered_text
from slimify.context.scan import Context
from slimify.facts.system import third_party_directories
from slimify.languages import installed_directories
from slimify.model.regex import regex

_MAX_FILES = 300
_FILE = regex(
    r"(?:.*/)?(?:(?:GNUm|M|m)akefile|[Jj]ustfile|Jenkinsfile|[\w.-]+\.(?:mk|ya?ml|hcl|json|sh|bash|groovy))"
)
_VALUE = r"""(?P<quote>["']?)(?P<value>.*?)(?P=quote)\s*,?\s*(?:\\|#.*)?"""
_BLOCK = regex(
    r"""^(?P<indent>[ \t]*)(?:- +)?["']?(?:build[-_]?)?args["']?\s*[:=](?P<rest>.*)$""", re.IGNORECASE
)
# a mapping on one line, also inside that of a service
_FLOW = regex(r"""(?<![\w-])["']?(?:build[-_]?)?args["']?\s*[:=]\s*(\{[^{}]*\})""", re.IGNORECASE)
_OPEN = regex(r"[$`{<]")


def passed_values(context: Context, name: str) -> tuple[str | None, ...]:
    """The different values that files of the context, and of the repository around it, pass to the build
    argument `name`; None for an unknown one."""
    found: dict[str | None, None] = {}
    for text in _texts(context):
        if name in text:
            for value in (*_options(text, name), *_entries(text, name)):
                found[None if _OPEN.search(value) else value] = None
    return tuple(found)


def _texts(context: Context) -> Iterator[str]:
    for path in _own((*context.files, *ignored_files(context))):
        yield unfiltered_text(context, path) or ""
    around = context.repository
    if around is not None and around.prefix:
        for path in _own(p for p in around.files.files if not p.startswith(f"{around.prefix}/")):
            yield around.files.text(path) or ""


def _own(paths: Iterable[str]) -> Iterable[str]:
    """The files that may pass arguments, without those of others."""
    third_party = third_party_directories() | installed_directories()
    files = (p for p in paths if _FILE.fullmatch(p) and third_party.isdisjoint(p.split("/")[:-1]))
    return islice(files, _MAX_FILES)


def _options(text: str, name: str) -> Iterator[str]:
    """The values of `--build-arg NAME=VALUE`."""
    pattern = rf"""--build-arg[=\s]+["']?{re.escape(name)}=["']?((?:\$\{{\{{.*?\}}\}}|[^\s"',\]])*)"""
    yield from re.findall(pattern, text)


def _entries(text: str, name: str) -> Iterator[str]:
    """The values in blocks of build arguments, which are more indented than their key or on its line."""
    name = re.escape(name)
    entry = re.compile(rf"""\s*(?:- +)?["']?{name}["']?\s*[:=]\s*{_VALUE}\s*["']?""")
    inline = re.compile(rf"""(?<![\w-])["']?{name}["']?\s*[:=]\s*["']?([^"',}}\]\s]+)""")
    depth: int | None = None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if depth is not None and line.strip() and indent <= depth:
            depth = None
        block = _BLOCK.match(line)
        for flow in _FLOW.findall(line):
            yield from inline.findall(flow)
        if block is not None:
            depth = len(block["indent"])
            yield from inline.findall(block["rest"])
        elif depth is not None and (found := entry.fullmatch(line)) is not None:
            yield found["value"]
