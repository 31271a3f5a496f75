"""A static site served by an npm program, `serve -s dist`: only the directory is needed, without the
packages and sources that built it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.facts.image_tables import entry_scripts
from slimify.languages.node import LANGUAGE
from slimify.languages.node.manifests.lock_files import lock_packages
from slimify.languages.node.manifests.package_json import NodeProject, node_project
from slimify.model.decisions import Decision
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.effects.state import absolute
from slimify.semantics.paths import inside

_FETCHING = "npx"


class _Site(Struct, frozen=True):
    """A served directory: its `path` in the image, the `server`, and the manifests whose scripts start it."""

    path: str
    server: str
    manifests: tuple[str, ...]


def site_copies(
    program: Program, copies: tuple[CopyFromBuilder, ...]
) -> tuple[tuple[CopyFromBuilder, ...], tuple[Decision, ...]]:
    """The copies, with the served directory in place of its project, and the decisions."""
    project = _project(program)
    site = _site(program, project) if project is not None else None
    around = [t for t in copies if site is not None and site.path != t.path and inside(site.path, t.path)]
    if project is None or site is None or len(around) != 1 or _is_used(program, around[0].path, site.path):
        return copies, ()
    copy = around[0]
    kept = (
        replace(copy, path=site.path),
        *(replace(copy, path=path, is_file=True) for path in site.manifests),
    )
    left = tuple(x for t in copies for x in (kept if t is copy else (t,)))
    decision = Decision.of("SL318", "site", path=copy.path, site=site.path, server=site.server)
    return left, (decision,)


def _project(program: Program) -> NodeProject | None:
    """The project in the working directory of the start command."""
    where = program.end_state.view.context_path(program.end_state.cwd or "/")
    return node_project(program.context, where) if where is not None else None


def _site(program: Program, project: NodeProject) -> _Site | None:
    """The directory served by the only started program, if that was installed globally or npx fetches it at
    every start."""
    needs, context = program.runtime_needs, program.context
    begun = [call for call in needs.programs if call.call.name not in entry_scripts()]
    started = {call.words: call for call in begun if call.call.name != _FETCHING}
    if len(started) != 1:
        return None
    ((words, call),) = started.items()
    server = call.call.name
    every = {p.name for e in program.effects if e.kind == "install-global" for p in e.packages}
    own = {*project.dependencies, *project.dev_dependencies, *(locked := lock_packages(context, project))}
    if any(call.call.name == _FETCHING for call in begun):
        if context.text(project.path.removesuffix("package.json") + ".npmrc") is not None:
            return None
        every |= {server} if locked else set()
    if server not in LANGUAGE.facts("toolchain.toml")["servers"] or server not in every or server in own:
        return None
    path = absolute(_served_directory(server, words[1:]), call.call.state)
    if path is None or path == call.call.state.cwd:
        return None
    manifests = dict.fromkeys(m for e in needs.start if e.kind == "check" for m in e.manifests)
    return _Site(path, server, tuple(manifests))


def _served_directory(server: str, words: Sequence[str]) -> str:
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
    for atom in (a for a in program.atoms if a.role != "build"):
        paths = (p for e in atom.effects for p in (*e.reads, *e.writes, *e.deletes, *e.outputs))
        if atom.role == "unknown" or any(inside(p, directory) and not inside(p, site) for p in paths):
            return True
    texts = [v or "" for n, v in program.end_state.env.items() if n != "PATH"]
    texts += [*program.runtime.volumes, program.runtime.healthcheck]
    return any(f"{directory}/" in f"{text}/" for text in texts)
