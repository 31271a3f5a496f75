"""The context files that an install reads, if all of them are known."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.languages.python.manifests.requirements import read_requirements
from slimify.languages.python.vocabulary import PythonAction, PythonManager
from slimify.model.effects import Effect

_NO_FILES = ("-f", "--find-links", "--editable", "-e")


def install_inputs(program: Program, effect: Effect, brought: frozenset[str]) -> tuple[str, ...] | None:
    """The requirements files of a `pip install`, with their includes."""
    if effect.manager != PythonManager.PIP or effect.action != PythonAction.INSTALL or effect.reads:
        return () if effect.action == PythonAction.VENV and not effect.reads else None
    if any(p.text.startswith((".", "/")) or "file:" in p.text for p in effect.packages):
        return None
    found: list[str] = []
    for manifest in effect.manifests:
        path = program.end_state.view.context_path(manifest)
        if path is None or not path.endswith((".txt", ".in", ".pip")):
            return None
        read = read_requirements(program.context, path)
        local = any(
            r.path or r.editable or r.raw.startswith((".", "/")) for r in (*read.items, *read.constraints)
        )
        if local or read.missing or any(o[0] in _NO_FILES for o in read.options):
            return None
        base = manifest.removesuffix(path)
        found += [base + name for name in read.files]
    return tuple(found)
