"""Packages that the manifests install and no text that was read names: advice, never more.

A name is looked for as module, command and package in sources, pages, scripts and settings. Files that list
what an installation left (`pip freeze`) are passed over: most of their rows are there for others.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from slimify.analysis.packages.needs import installed_modules, package_facts_of
from slimify.analysis.program import Program
from slimify.facts import merged
from slimify.languages import languages
from slimify.model.decisions import Decision
from slimify.model.sources import Module

if TYPE_CHECKING:
    from slimify.languages.parts import Packages

# Files that name what is installed, or what nobody uses; further ones each language says.
_ASIDE = r"(^|/)([^/]*[-.]lock|Dockerfile[^/]*|README[^/]*|CHANGELOG[^/]*)$|(^|/)(vendor|\.git)/"
_FROZEN = 8  # rows, all of them pinned
_BYTES = 16_000_000
_SCRIPT = 256_000  # bytes: a script that has no ending


def unimported_packages(program: Program) -> tuple[Decision, ...]:
    """One piece of advice a manifest."""
    effects = [e for s in program.steps for e in s.effects]
    modules = [m for m in installed_modules(effects, program.end.view) if m.use.file != "Dockerfile"]
    if not modules or any(e.kind == "unknown" for e in effects):
        return ()
    read = _texts(program)
    if read is None:
        return ()
    text = "\n".join(read).lower()
    found: dict[str, list[str]] = {}
    for module in modules:
        packages = package_facts_of(module)
        named = any(name.lower() in text for name in packages.names(module.use.name))
        if not named and not _frozen(modules, module) and not packages.imported(module.use.name, text):
            found.setdefault(module.use.file, []).append(module.use.name)
    sure = {file: names for file, names in found.items() if _plausible(file, names, modules)}
    return tuple(_told(file, names, len(read)) for file, names in sure.items())


def _told(file: str, names: list[str], texts: int) -> Decision:
    return Decision.of("SL207", "unnamed", safety="advice", names=tuple(names), file=file, read=texts)


def _plausible(file: str, names: list[str], modules: list[Module]) -> bool:
    """Where most of a manifest seems unused, it is the reading that misses something."""
    return 2 * len(names) <= sum(m.use.file == file for m in modules)


def _frozen(modules: list[Module], module: Module) -> bool:
    rows = [m for m in modules if m.use.file == module.use.file]
    return len(rows) > _FROZEN and all(m.version is not None for m in rows)


def _texts(program: Program) -> list[str] | None:
    """Sources, pages, scripts and settings, and what the instructions and the start command say; None where
    it is too much, or some of it could not be read."""
    facts = merged("unread.toml")["texts"]
    endings = {*facts["endings"], *facts["scripts"], "json"} - {"txt", "in", ""}
    context, aside = program.context, _aside()
    left, texts = _BYTES, []
    if context.root is None or not context.is_fully_listed():
        return None
    for path, size in context.files.items():
        ending = posixpath.splitext(path)[1][1:]
        listed = ending in endings or posixpath.basename(path) in facts["names"]
        if aside.search(path) or not (listed or (ending == "" and size <= _SCRIPT)):
            continue
        text = context.text(path) if left >= size else None
        if not listed and not (text or "").startswith("#!"):
            continue
        left -= size
        if text is None:
            return None
        texts.append(_without_lists(path, text))
    said = ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "RUN")
    texts += [
        s.instruction.value for s in program.steps if s.keyword in said and not _installs(s.instruction.value)
    ]
    return texts


@cache
def _aside() -> re.Pattern[str]:
    return re.compile("|".join((_ASIDE, *(part.manifests for part in _packages()))))


def _packages() -> Iterator[Packages]:
    return (part for known in languages() if (part := known.packages) is not None)


def _installs(text: str) -> bool:
    return any(part.installs(text) for part in _packages())


def _without_lists(path: str, text: str) -> str:
    for part in _packages():
        text = part.without_lists(path, text)
    return text
