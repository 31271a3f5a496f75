"""The rules for COPY and ADD, and for steps that work on files by name: copies, moves, edits, deletions,
owners and modes.

Each rule looks at one step and says why it is executed in the builder, with the regions that are copied
because of it; None if the rule has nothing to say.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from slimify.analysis.graph.graph import Node, meets
from slimify.analysis.packages.build_settings import install_only_settings
from slimify.analysis.roles.model import Artifact, Finding, Given
from slimify.analysis.runtime_needs import is_start_known
from slimify.facts.system import is_plain_root, is_scratch, is_shared_directory
from slimify.languages import installed_directories
from slimify.model.decisions import Reason
from slimify.model.effects import (
    CHANGES_FILES,
    CHANGES_SYSTEM_STATE,
    INSTALLS_NOTHING,
    LEAVES_NOTHING,
    Action,
)
from slimify.semantics.changed_settings import changes_install_settings
from slimify.semantics.paths import covers, inside, literal_part, overlap

if TYPE_CHECKING:
    from slimify.analysis.roles.assign import Rule, Solution

_START_KEYWORDS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "VOLUME"})
# Effects in the final stage that do not install with package managers of a language.
_NOT_INSTALLING = INSTALLS_NOTHING | CHANGES_SYSTEM_STATE | CHANGES_FILES | {"packages"}
_REWORKS = Reason.of("SL217", "reworks")
_OWNED = Reason.of("SL217", "reworks_owned")


def _only_sets_attributes(node: Node) -> bool:
    """Whether it only changes owners and modes."""
    return node.kinds <= LEAVES_NOTHING | {"meta"}


# --- what is made of build output -----------------------------------------------------------------------


def takes_output(solution: Solution, node: Node) -> Finding | None:
    """A step that reads build output is executed where that is, and what it makes of it is copied. So is one
    that may read any file, if the builder has files that the final stage gets later or not at all."""
    reads = [r for r in node.reads if not is_shared_directory(r)]
    certain = any(meets(r, region) for r in reads for region in solution.regions)
    built = (n for n in solution.graph.nodes if n.number < node.number and solution.in_builder(n))
    anything = any(e.reads_anything or e.cwd in e.reads for e in node.effects)
    maybe = anything and any(n.defines for n in built)
    if not certain and not maybe:
        return None
    links = [w for e in node.effects if e.action == Action.LINK for w in e.writes]
    trees = _trees_with_links(solution, node, links)
    if trees is None:
        return Finding("run", Reason.of("SL216", "link"))
    landed = _landing(solution, node)
    if landed is None and not certain:
        return None
    if landed is None:
        place = next(p for p in node.writes if is_shared_directory(p))
        return Finding("unknown", Reason.of("SL221", "files_unknown", directory=place))
    files = [r.path for r in solution.regions.values() if r.is_file]
    is_file = any(meets(r, f) for r in node.reads for f in files)
    made = (Artifact(p, node, is_file=is_file) for p in landed)
    return Finding("build", _REWORKS, (*trees, *made))


def _landing(solution: Solution, node: Node) -> list[str] | None:
    """The paths that a copy writes. In a system directory, each known file that its glob matches; None if
    they are not known."""
    landed = [path for path in node.writes if not is_shared_directory(path)]
    shared = set(node.writes).difference(landed)
    if shared and any(e.reads_anything for e in node.effects):
        return None
    for path in shared:
        for read in node.reads:
            found = [r.path for r in solution.regions.values() if r.is_file and fnmatchcase(r.path, read)]
            if not found or any(inside(read, r.path) for r in solution.regions.values() if not r.is_file):
                return None
            landed += [posixpath.join(path, posixpath.basename(name)) for name in found]
    return landed


def _trees_with_links(solution: Solution, node: Node, links: Sequence[str]) -> tuple[Artifact, ...] | None:
    """The directory that holds the links and nothing but build output, so that it is copied whole: a COPY
    follows a link that it names. Nothing if other directories bring the links along, None if none can."""
    trees = [r.path for r in solution.regions.values() if not r.is_file]
    if all(any(inside(link, t) and link != t for t in trees) for link in links):
        return ()
    directory, *others = {posixpath.dirname(link) for link in links}
    graph = solution.graph
    copied = (p for n in graph.nodes if n.is_copy for p in n.visit.copy_targets or ())
    if (
        others
        or is_shared_directory(directory)
        or any(overlap(p, directory) for p in (*graph.workdirs, *copied))
    ):
        return None
    defined = {d for n in graph.nodes if n.effects for d in n.defines if d != directory}
    below = {d for d in defined if inside(d, directory)}
    return (Artifact(directory, node),) if below <= {*solution.regions, *links} else None


def works_on_output(solution: Solution, node: Node) -> Finding | None:
    """What only the builder has, or what is copied from it, is changed and deleted there only. A change of
    owner or mode widens what is copied to the directory that it covers: in the final stage it would store
    every file twice."""
    attributes = _only_sets_attributes(node)
    paths = (*node.writes, *node.deletes)
    places = {p: _place(solution, node, p, attributes=attributes) for p in paths}
    if not paths or not all(places.values()):
        return None
    wide = tuple(Artifact(p, node, "meta", whole=True) for p, place in places.items() if place == "around")
    if "copied" in places.values():
        done = "deletes" if node.deletes else "changes"
        return Finding("build", Reason.of("SL217", "files_of_build", done=done), wide)
    if "directory" in places.values():
        return Finding("build", Reason.of("SL217", "directory"))
    return Finding("build", _OWNED if attributes else _REWORKS, wide)


def _place(solution: Solution, node: Node, path: str, *, attributes: bool) -> str:
    """Where only the builder has what a path names: in a region that is "made" or "around" some, in a
    "directory" that only holds output of the same RUN, or "copied" to it; "" if the final stage has it as
    well, or if no step made it."""
    regions = solution.above(path)
    if any(not attributes or r.path != path or r.position < node.number or r.whole for r in regions):
        return "made"
    if path in node.deletes and path in solution.unpacked:
        return "made"  # an archive goes where it was unpacked
    holds = attributes or (node.makes_directories and is_plain_root(node.state.user))
    below = [r for r in solution.live_regions() if r.path != path and inside(r.path, path)] if holds else []
    if attributes and any(r.position < node.number for r in below) and not is_shared_directory(path):
        return "around"
    if not attributes and any(r.first == node.key[0] for r in below):
        return "directory"
    made = [n for n in solution.graph.definitions(path, node) if not n.is_copy or n.brings(path)]
    if (node.writes and not attributes) or not all(map(solution.in_builder, made)):
        return ""
    directories = (cwd for cwd in solution.graph.workdirs if attributes and covers(path, cwd))
    if not all(_is_set_again(solution, node, cwd) for cwd in directories):
        return ""
    if any(n.is_copy for n in made):
        return "copied"
    return "made" if any(_makes(n, path) for n in made) else ""


def _is_set_again(solution: Solution, node: Node, path: str) -> bool:
    """Whether a later RUN sets owner or mode of a path once more."""
    later = (n for n in solution.graph.nodes if n.key[0] > node.key[0] and "meta" in n.kinds)
    return any(covers(w, path) for n in later for w in n.writes)


def _makes(maker: Node, path: str) -> bool:
    """Whether a step has made what a path names: not if it may write anywhere below /usr."""
    place = literal_part(path)
    return any(meets(path, d) and not (is_shared_directory(d) and inside(place, d)) for d in maker.defines)


# --- what only build steps read -------------------------------------------------------------------------


def is_deleted_again(solution: Solution, node: Node) -> Finding | None:
    """Files that are deleted again, before the final stage uses any of them, are made where the build steps
    are that read them."""
    paths = node.defines
    ends = [solution.graph.deleted_at(p) for p in paths]
    step = _first_reader(solution, node) if ends and min(ends) > node.number else ""
    if not step or "meta" in node.kinds:
        return None
    between = (n for n in solution.graph.nodes if node.number < n.number < max(ends))
    final = (n for n in between if not solution.in_builder(n) and not n.kinds <= {"state"})
    if any(n.may_use(paths) for n in final):
        return None
    copied = Reason.of("SL224", "read_and_deleted", step=step)
    return Finding("build", copied if node.is_copy else Reason.of("SL217", "temporary"))


def sets_what_installs_read(solution: Solution, node: Node) -> Finding | None:
    """A setting that only installs read is not needed where nothing is installed any more."""
    usage = solution.given.usage
    known = install_only_settings(usage.needs) if usage.unknown_programs is None else ""
    if not known or not all(changes_install_settings(e, known) for e in node.effects):
        return None
    later = (n for n in solution.graph.nodes if n.number > node.number and not solution.in_builder(n))
    if any(n.kinds - _NOT_INSTALLING for n in later):
        return None
    return Finding("build", Reason.of("SL205", "installer_setting", tool=node.effects[0].tool))


# --- what the final stage must not bring back -----------------------------------------------------------


def changes_copied_files(solution: Solution, node: Node) -> Finding | None:
    """A directory of the context is copied after the builder has deleted files of it, or installed over the
    packages that came with it: the final stage must not bring back what the image no longer has, nor mix the
    packages of both. Programs of compiled languages need no sources."""
    own = solution.given.app_language
    if not solution.in_builder(node):
        return None
    kinds = ("files", "build") if own is None or not own.is_compiled else ()
    deleted = {d for e in node.effects if e.kind in kinds for d in e.deletes if not is_scratch(d)}
    installs = {r.path for r in solution.live_regions() if r.node is node and r.kind in ("install", "prune")}
    if not deleted | installs:
        return None
    earlier = [n for n in solution.graph.nodes if n.number < node.number]
    made = {path for n in earlier if n.effects for path in n.defines}
    made |= {d for d in deleted if not installed_directories().isdisjoint(d.split("/"))}  # see installs
    found = {  # what the last COPY brings replaces what earlier ones brought
        target: Artifact(target, copy)
        for copy in earlier
        for target in (copy.visit.copy_targets or () if copy.is_copy else ())
        for path in (p for p in deleted | installs if p != target and inside(p, target))
        if not is_shared_directory(target) and copy.brings(path, anyway=path in deleted - made)
    }
    return Finding("build", _REWORKS, tuple(found.values())) if found else None


# --- COPY and ADD ---------------------------------------------------------------------------------------


def is_in_copied_directory(solution: Solution, node: Node) -> Finding | None:
    """Files in a directory that is copied from the builder come with it."""
    around = [solution.above(target) for target in node.visit.copy_targets or ()]
    if not all(any(not r.is_file and solution.is_live(r) for r in regions) for regions in around):
        return None
    return Finding("build", Reason.of("SL224", "inside_built"))


def is_read_by_build(solution: Solution, node: Node) -> Finding | None:
    """Files that a build step reads are in the builder. The final stage has them too, unless nothing reads
    them there: they are replaced, describe what is installed, or are in a temporary place."""
    step = _first_reader(solution, node)
    if not step:
        cached = _is_remote(node) and _is_of_no_use(solution, node)
        return Finding("build", Reason.of("SL224", "cache_key")) if cached else None
    if _is_of_no_use(solution, node):
        return Finding("build", Reason.of("SL224", "read_by_build", step=step))
    return Finding("both", Reason.of("SL224", "read_by_both", step=step))


def _first_reader(solution: Solution, node: Node) -> str:
    """The first build step after a step that works on what it created; "" if there is none."""
    for later in solution.graph.nodes:
        if later.number <= node.number or solution.found[later.number].role not in ("build", "unknown"):
            continue
        for effect, places in later.uses:
            if places is None:
                return effect.tool
            if any(overlap(d, p) for p in places for d in node.defines):
                return effect.as_written
    return ""


def _is_of_no_use(solution: Solution, node: Node) -> bool:
    """Whether run time needs none of the files: each is copied again later, is a package file or a manifest
    that only an installer reads, or is in a temporary place and only the build reads it."""
    given, remote = solution.given, _is_remote(node)
    targets = node.visit.copy_targets or ()
    files = targets if remote or given.packed.issuperset(targets) else node.visit.copied_files or ()
    later = (n for n in given.graph.nodes if n.number > node.number and solution.in_builder(n))
    read = {path for n in later for e in n.effects for path in (*e.reads, *e.manifests)}

    def is_for_build(path: str) -> bool:
        installs = path in given.graph.manifests and (is_scratch(path) or _is_described(given, path))
        return installs or path in given.packed or ((path in read or remote) and _is_temporary(given, path))

    again = given.graph.last_copies
    return bool(files) and all(
        again.get(f, -1) > node.number or (_is_unused(given, f) and is_for_build(f)) for f in files
    )


def _is_described(given: Given, path: str) -> bool:
    """Whether a manifest only describes what is installed. Where nothing says what is done in the image,
    people may install from it again."""
    kept = given.app_language.runtime_manifests if given.app_language is not None else ()
    return is_start_known(given.usage.needs) and posixpath.basename(path) not in kept


def _is_remote(node: Node) -> bool:
    """Whether it is an ADD from a URL or an unknown source."""
    remote = any(s.startswith(("http://", "https://", "$")) for s in node.parts.sources)
    return remote and node.visit.instruction.keyword == "ADD"


def _is_unused(given: Given, path: str) -> bool:
    return not {path, path.rpartition("/")[2]} & given.runtime_names


def _is_temporary(given: Given, path: str) -> bool:
    """Whether a file is in a temporary place that the application does not use: it does not start there, and
    no start instruction names the directory."""
    cwd = given.graph.visits[-1].state.cwd
    said = (v.instruction.value for v in given.graph.visits if v.instruction.keyword in _START_KEYWORDS)
    started = cwd is None or is_scratch(cwd) or any(path.rpartition("/")[0] in text for text in said)
    return is_scratch(path) and not started


RULES: tuple[Rule, ...] = (
    ("files", takes_output),
    ("files", works_on_output),
    ("files", is_deleted_again),
    ("copy", is_deleted_again),
    ("files", sets_what_installs_read),
    ("copy", is_in_copied_directory),
    ("copy", is_read_by_build),
    ("any", changes_copied_files),
)
