"""A site built with Node and served by a web server: only what was copied out of the project is needed."""

from __future__ import annotations

from slimify.analysis.program import Program
from slimify.facts.image_tables import entry_scripts
from slimify.facts.servers import is_web_server
from slimify.languages.node import LANGUAGE
from slimify.model.decisions import Decision
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import inside

_COMMANDS = frozenset(LANGUAGE.facts("toolchain.toml")["elsewhere"]["commands"])
_COPIES = frozenset({"cp", "mv", "rsync", "install"})  # a link would still point into the project


def without_project_copies(
    program: Program, copies: tuple[CopyFromBuilder, ...]
) -> tuple[tuple[CopyFromBuilder, ...], tuple[Decision, ...]]:
    """The copies without the project directory, if only a web server is started and build steps copied the
    served files elsewhere; and the decisions."""
    server = _only_web_server(program)
    gone = [t for t in copies if server and _is_left_behind(program, t, copies)]
    if not gone:
        return copies, ()
    left = tuple(t for t in copies if t not in gone)
    return left, (Decision.of("SL318", "served", paths=tuple(t.path for t in gone), server=server),)


def _only_web_server(program: Program) -> str:
    """The web server, if the image starts nothing else and passes only absolute paths to it; "" otherwise."""
    started = {e.tool.rpartition("/")[2] for e in program.runtime_needs.start} - entry_scripts()
    argv = [*program.runtime.argv]
    relative = any("/" in word and not word.startswith(("/", "-")) for word in argv)
    if (
        len(started) != 1
        or not all(map(is_web_server, started))
        or relative
        or _COMMANDS & set(program.runtime_needs.commands)
    ):
        return ""
    return next(iter(started))


def _is_left_behind(program: Program, copy: CopyFromBuilder, copies: tuple[CopyFromBuilder, ...]) -> bool:
    """Whether files were copied out of it and nothing in the final stage works in it or names it."""
    out = False
    for atom in program.atoms:
        if atom.role == "unknown":
            return False
        for effect in atom.effects:
            if atom.role != "build":
                if any(inside(p, copy.path) for p in (*effect.reads, *effect.writes, *effect.deletes)):
                    return False
            elif any(inside(r, copy.path) for r in effect.reads) and effect.kind == "files":
                others = [w for w in effect.writes if not inside(w, copy.path)]
                if others and effect.tool not in _COPIES:
                    return False
                out = out or any(inside(w, t.path) for w in others for t in copies if t != copy)
    return out and not _is_named(program, copy.path)


def _is_named(program: Program, path: str) -> bool:
    """Whether the environment, the start command, or a step or file of the final stage names the
    directory."""
    texts = [v or "" for v in program.end_state.env.values()]
    texts += [*program.runtime.argv, *program.runtime.volumes]
    texts += [program.runtime.healthcheck]
    final = (s for s in program.steps if s.keyword == "RUN" and any(a.role != "build" for a in s.atoms))
    texts += [s.instruction.raw for s in final]
    view = program.end_state.view
    for name in program.context.files:
        places = view.image_paths(name)
        if places and not all(inside(p, path) for p in places):
            texts.append(program.context.text(name) or "")
    return any(path in text for text in texts)
