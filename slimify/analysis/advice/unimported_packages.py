"""Packages that manifests install and no text mentions. Advice only.

The module, command and package names are searched in sources, pages, scripts and settings. Manifests that
record a whole environment (`pip freeze`) are skipped: most of their rows are transitive dependencies.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from slimify.analysis.packages.module_needs import installed_modules, package_facts_of
from slimify.analysis.program import Program
from slimify.facts import merged
from slimify.languages import languages
from slimify.model.decisions import Decision
from slimify.model.sources import Module

if TYPE_CHECKING:
    from slimify.languages.parts import Packages

# Files that list packages without using them. Each language adds its own patterns.
_NOT_READ = r"(^|/)([^/]*[-.]lock|Dockerfile[^/]*|README[^/]*|CHANGELOG[^/]*)$|(^|/)(vendor|\.git)/"
_FROZEN_ROWS = 8  # more pinned rows than this are a frozen environment
_MAX_BYTES = 16_000_000
_MAX_SCRIPT_BYTES = 256_000  # of scripts without a file extension


def unimported_packages(program: Program) -> tuple[Decision, ...]:
    """One piece of advice per manifest."""
    effects = program.effects
    installed = installed_modules(effects, program.end_state.view)
    modules = [m for m in installed if m.use.file != "Dockerfile" and not m.required]
    if not modules or any(e.kind == "unknown" for e in effects):
        return ()
    read = _texts(program)
    if read is None:
        return ()
    text = "\n".join(read).lower()
    found: dict[str, list[str]] = {}
    for module in modules:
        packages = package_facts_of(module)
        named = any(name.lower() in text for name in packages.aliases(module.use.name))
        if not named and not _is_frozen(modules, module) and not packages.is_imported(module.use.name, text):
            found.setdefault(module.use.file, []).append(module.use.name)
    sure = {file: names for file, names in found.items() if _is_plausible(file, names, modules)}
    return tuple(_decision(file, names, len(read)) for file, names in sure.items())


def _decision(file: str, names: list[str], texts: int) -> Decision:
    return Decision.of("SL207", "unnamed", names=tuple(names), file=file, read=texts)


def _is_plausible(file: str, names: list[str], modules: list[Module]) -> bool:
    """Whether less than half of a manifest seems unused; otherwise the search itself is incomplete."""
    return 2 * len(names) <= sum(m.use.file == file for m in modules)


def _is_frozen(modules: list[Module], module: Module) -> bool:
    rows = [m for m in modules if m.use.file == module.use.file]
    return len(rows) > _FROZEN_ROWS and all(m.version is not None for m in rows)


def _texts(program: Program) -> list[str] | None:
    """Sources, pages, scripts, settings, and the text of instructions; None if they are too large or one
    could not be read."""
    facts = merged("unread.toml")["texts"]
    endings = {*facts["endings"], *facts["scripts"], "json"} - {"txt", "in", ""}
    context, aside = program.context, _not_read()
    left, texts = _MAX_BYTES, []
    if context.root is None or not context.is_fully_listed():
        return None
    for path, size in context.files.items():
        ending = posixpath.splitext(path)[1][1:]
        listed = ending in endings or posixpath.basename(path) in facts["names"]
        if aside.search(path) or not (listed or (ending == "" and size <= _MAX_SCRIPT_BYTES)):
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
def _not_read() -> re.Pattern[str]:
    return re.compile("|".join((_NOT_READ, *(part.manifests for part in _packages()))))


def _packages() -> Iterator[Packages]:
    return (part for known in languages() if (part := known.packages) is not None)


def _installs(text: str) -> bool:
    return any(part.names_packages(text) for part in _packages())


def _without_lists(path: str, text: str) -> str:
    for part in _packages():
        text = part.without_dependency_lists(path, text)
    return text
