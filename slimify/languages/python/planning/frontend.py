"""A front end built with Node inside a Python image: its bundle is copied, its node_modules is not."""

from __future__ import annotations

from slimify.analysis.packages.toolchains import names_packages
from slimify.analysis.program import Program
from slimify.facts.system import is_root
from slimify.facts.toolchains import toolchain
from slimify.languages import language
from slimify.model.decisions import Decision
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import inside


def without_node_modules(
    program: Program, copies: tuple[CopyFromBuilder, ...]
) -> tuple[tuple[CopyFromBuilder, ...], tuple[str, ...], tuple[Decision, ...], list[str]]:
    """The copies without node_modules, instructions for the end of the builder, the decisions, and the
    directories.

    Everything stays if run time or a step of the final stage may use Node or its packages.
    """
    modules = _modules(program)
    if not modules or _needs_node(program):
        return copies, (), (), []
    left = tuple(t for t in copies if t.path not in modules)
    within = [m for m in modules if any(inside(m, t.path) and m != t.path for t in left)]
    if within and not _ends_as_root(program, left):
        within = []
    gone = [m for m in modules if m in within or any(t.path == m for t in copies)]
    if not gone:
        return copies, (), (), []
    tail = (f"RUN rm -rf {' '.join(within)}",) if within else ()
    return left, tail, (Decision.of("SL318", "no_node", paths=tuple(gone)),), gone


def _modules(program: Program) -> list[str]:
    """The node_modules directories that build steps fill."""
    built = (e for _, a, e in program.commands if a.role == "build" and e.does("install", "node"))
    return list(dict.fromkeys(_module_directory(w) for e in built for w in e.writes if _is_directory(w)))


def _is_directory(path: str) -> bool:
    return not path.startswith("@") and "." not in path.rpartition("/")[2]


def _module_directory(path: str) -> str:
    """The node_modules of a path. An install that may create none is recorded as writing to the project."""
    return path if path.endswith("/node_modules") else f"{path.rstrip('/')}/node_modules"


def _needs_node(program: Program) -> bool:
    node = toolchain(language("node"))
    if node is None or node.commands & program.called.keys() or program.runtime_needs.dynamic:
        return True
    return names_packages(node, program.end_state)


def _ends_as_root(program: Program, copies: tuple[CopyFromBuilder, ...]) -> bool:
    """Whether the builder ends as root, who can delete anything."""
    last = max((t.after for t in copies), default=0)
    users = {
        s.state.user for s in program.steps if s.index >= last and any(a.role == "build" for a in s.atoms)
    }
    return all(map(is_root, users))
