"""A static site served by an npm program, `serve -s dist`: only the directory is needed, without the
packages and sources that built it."""

from __future__ import annotations

import posixpath

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.image_tables import entry_scripts
from slimify.languages.node import LANGUAGE
from slimify.languages.node.manifests.package_json import NodeProject, node_project
from slimify.languages.node.planning.caches import NODE_PACKAGE
from slimify.model.decisions import Decision
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import inside
from slimify.syntax.shell.script import read


class _Site(Struct, frozen=True):
    """A served directory: its `path` in the image, and the `server`."""

    path: str
    server: str


def site_copies(
    program: Program, copies: tuple[CopyFromBuilder, ...]
) -> tuple[tuple[CopyFromBuilder, ...], tuple[Decision, ...], int]:
    """The copies, with the served directory in place of its project; the decisions; and the bytes of the
    packages left behind."""
    project = _project(program)
    site = _site(program, project) if project is not None else None
    around = [t for t in copies if site is not None and site.path != t.path and inside(site.path, t.path)]
    if project is None or site is None or len(around) != 1 or _is_used(program, around[0].path, site.path):
        return copies, (), 0
    copy = around[0]
    count = len({*project.dependencies, *project.dev_dependencies})
    left = tuple(replace(t, path=site.path) if t is copy else t for t in copies)
    decision = Decision.of(
        "SL318", "site", safety="assumed", path=copy.path, site=site.path, server=site.server
    )
    return left, (decision,), count * 8 * NODE_PACKAGE


def _project(program: Program) -> NodeProject | None:
    """The project in the working directory of the start command."""
    where = program.end_state.view.context_path(program.end_state.cwd or "/")
    return node_project(program.context, where) if where is not None else None


def _site(program: Program, project: NodeProject) -> _Site | None:
    """The directory served by the only started program, if that was installed globally."""
    words = [*(program.runtime.entrypoint or ()), *(program.runtime.cmd or ())]
    words = words[1:] if entry_scripts() & set(words[:1]) else words
    cwd = program.end_state.cwd or "/"
    if len(words) == 3 and words[0].endswith("sh") and words[1] == "-c":
        words = _words(words[2])
    server = words[0] if words else ""
    every = {
        p.name for s in program.steps for e in s.effects if e.kind == "install-global" for p in e.packages
    }
    own = {*project.dependencies, *project.dev_dependencies}
    if server not in LANGUAGE.facts("toolchain.toml")["servers"] or server not in every or server in own:
        return None
    started = {e.tool for e in program.runtime_needs.start} - entry_scripts() - {server}
    path = _served_directory(server, words[1:])
    if not path or started:
        return None
    return _Site(posixpath.normpath(posixpath.join(cwd, path)), server)


def _words(text: str) -> list[str]:
    """The words of a text that is one plain command; none for any other text."""
    script = read(text)
    commands = script.commands
    if script.opaque or len(commands) != 1 or commands[0].assigns or commands[0].redirects:
        return []
    values = [w.value for w in commands[0].words]
    return [] if None in values else [v for v in values if v is not None]


def _served_directory(server: str, words: list[str]) -> str:
    """The one directory that is named; "" for none, several, or further files."""
    valued = LANGUAGE.words("toolchain.toml", "servers", server, "valued")
    further = LANGUAGE.words("toolchain.toml", "servers", server, "further")
    found: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.startswith(further) and word not in valued:
            return ""
        if word in valued:
            at += 1
        elif not word.startswith("-"):
            found.append(word)
    return found[0] if len(found) == 1 else ""


def _is_used(program: Program, directory: str, site: str) -> bool:
    """Whether the final stage uses anything else in the directory, or image metadata names it. PATH may
    still name its program directories, since none of these programs is started."""
    for atom in (a for s in program.steps for a in s.atoms if a.role != "build"):
        paths = (p for e in atom.effects for p in (*e.reads, *e.writes, *e.deletes, *e.outputs))
        if atom.role == "unknown" or any(inside(p, directory) and not inside(p, site) for p in paths):
            return True
    texts = [v or "" for n, v in program.end_state.env.items() if n != "PATH"]
    texts += [*program.runtime.volumes, program.runtime.healthcheck]
    return any(f"{directory}/" in f"{text}/" for text in texts)
