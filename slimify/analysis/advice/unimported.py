"""Packages of PyPI and npm that the manifests install and no text that was read names: advice, never more.

A name is looked for as module, command and package in sources, pages, scripts and settings. Files that list
what an installation left (`pip freeze`) are passed over: most of their rows are there for others.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from slimify.analysis.packages.needs import Module, installed_modules
from slimify.analysis.program import Program
from slimify.facts import load
from slimify.facts.languages import npm, pypi
from slimify.model.decisions import Decision

_MANIFESTS = re.compile(
    r"(^|/)(requirements[^/]*|constraints[^/]*|[^/]*[-.]lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|"
    r"Pipfile[^/]*|pyproject\.toml|setup\.(py|cfg)|environment\.ya?ml|Dockerfile[^/]*|README[^/]*|CHANGELOG[^/]*)$|"
    r"(^|/)(node_modules|site-packages|vendor|\.git|\.venv|venv)/"
)
_FROZEN = 8  # rows, all of them pinned
_BYTES = 16_000_000
_SCRIPT = 256_000  # bytes: a script that has no ending


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
        named = any(name.lower() in text for name in _names(module))
        if not named and not _frozen(modules, module) and not _imported(module, text):
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
        for pattern, loaders in load("npm.toml")["plugins"].items():
            if re.fullmatch(pattern, name):
                yield from loaders


_IMPORT = re.compile(r"^\s*(?:from|import)\s.*$", re.MULTILINE)


def _imported(module: Module, text: str) -> bool:
    """Whether an import looks like a package of PyPI of whose modules nothing is known: google-adk is
    google.adk, google-cloud-monitoring is monitoring_v3 of google.cloud."""
    if module.kind != "python" or pypi(module.use.name).known:
        return False
    parts = [p for p in re.split(r"[-_.]", module.use.name.lower()) if p not in ("python", "py")]
    return bool(parts) and any(parts[0] in line and parts[-1] in line for line in _IMPORT.findall(text))


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
        listed = ending in endings or posixpath.basename(path) in facts["names"]
        if _MANIFESTS.search(path) or not (listed or (ending == "" and size <= _SCRIPT)):
            continue
        text = context.text(path) if left >= size else None
        if not listed and not (text or "").startswith("#!"):
            continue
        left -= size
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
