"""Packages of PyPI and npm that the manifests install and no text that was read names: advice, never more.

A name is looked for as module, command and package in sources, pages, scripts and settings. Files that list
what an installation left (`pip freeze`) are passed over: most of their rows are there for others.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from slimify.classify.needs import Module, installed_modules
from slimify.classify.program import Program
from slimify.facts import load
from slimify.facts.languages import npm, pypi
from slimify.model import Decision

_MANIFESTS = re.compile(
    r"(^|/)(requirements[^/]*|constraints[^/]*|[^/]*[-.]lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|"
    r"Pipfile[^/]*|pyproject\.toml|setup\.(py|cfg)|environment\.ya?ml|Dockerfile[^/]*|README[^/]*|CHANGELOG[^/]*)$|"
    r"(^|/)(node_modules|site-packages|vendor|\.git|\.venv|venv)/"
)
_FROZEN = 8  # rows, all of them pinned
_BYTES = 16_000_000


def unimported(program: Program) -> tuple[Decision, ...]:
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
        if not _frozen(modules, module) and not any(name.lower() in text for name in _names(module)):
            found.setdefault(module.use.file, []).append(module.use.name)
    sure = {file: names for file, names in found.items() if _plausible(file, names, modules)}
    return tuple(_told(file, names, len(read)) for file, names in sure.items())


def _told(file: str, names: list[str], texts: int) -> Decision:
    listed = ", ".join(f"`{n}`" for n in names)
    text = (
        f"{listed} of {file}: no import, command or setting of the {texts} files that were read names "
        f"{'it' if len(names) == 1 else 'them'}, unless another package loads "
        f"{'it' if len(names) == 1 else 'them'} by itself"
    )
    return Decision(code="SL207", safety="advice", text=text)


def _plausible(file: str, names: list[str], modules: list[Module]) -> bool:
    """Where most of a manifest seems unused, it is the reading that misses something."""
    return 2 * len(names) <= sum(m.use.file == file for m in modules)


def _frozen(modules: list[Module], module: Module) -> bool:
    rows = [m for m in modules if m.use.file == module.use.file]
    return module.kind == "python" and len(rows) > _FROZEN and all(m.version is not None for m in rows)


def _names(module: Module) -> Iterator[str]:
    """What a text would call it. A package that others load by themselves is called by their names."""
    name = module.use.name
    yield name
    if module.kind == "python":
        facts = pypi(name)
        yield from (*facts.imports, *facts.scripts)
        yield from load("pypi.toml")["loaded"].get(facts.name, ())
    else:
        yield from npm(name).bins
        yield from load("npm.toml")["loaded"].get(name, ())
        yield "" if name.startswith("@types/") else name


def _texts(program: Program) -> list[str] | None:
    """Sources, pages, scripts and settings, and what the instructions and the start command say; None where
    it is too much, or some of it could not be read."""
    facts = load("unread.toml")["texts"]
    endings = {*facts["endings"], *facts["scripts"], "json"} - {"txt", "in", ""}
    context = program.context
    left, texts = _BYTES, []
    if context.root is None or not context.complete():
        return None
    for path, size in context.files.items():
        ending = posixpath.splitext(path)[1][1:]
        if _MANIFESTS.search(path) or (
            ending not in endings and posixpath.basename(path) not in facts["names"]
        ):
            continue
        left -= size
        text = context.text(path) if left >= 0 else None
        if text is None:
            return None
        texts.append(_scripts(text) if path.endswith("package.json") else text)
    said = ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "RUN")
    texts += [
        s.instruction.value for s in program.steps if s.keyword in said and not _installs(s.instruction.value)
    ]
    return texts


def _installs(text: str) -> bool:
    return bool(re.search(r"\b(pip3?|npm|yarn|pnpm)\s+(install|add|i)\b", text))


def _scripts(text: str) -> str:
    """package.json without its lists of dependencies."""
    return re.sub(r'"\w*[dD]ependencies(Meta)?"\s*:\s*\{[^}]*\}', "", text)
