"""Rules for COPY and ADD: build if only build steps read the files, else run or both."""

from __future__ import annotations

import posixpath

from slimify.analysis.graph.graph import Node
from slimify.analysis.roles.model import Finding, Given
from slimify.analysis.roles.solution import Rule, Solution
from slimify.facts.programs import is_emulator
from slimify.facts.system import is_scratch
from slimify.model.decisions import Reason
from slimify.semantics.paths import overlap

_START_KEYWORDS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "VOLUME"})


def natural_copy_role(given: Given, node: Node) -> Finding | None:
    """The role of a COPY whose files decide it alone."""
    if node.visit.copy_targets is None:
        return Finding("unknown", Reason.of("SL221", "target_unknown"))
    if node.parts.sources and all(map(is_emulator, node.parts.sources)):
        return Finding("both", Reason.of("SL224", "emulator"))
    program = given.copied_programs.get(node.key)
    return Finding(program.role, program.reasons[0]) if program is not None else None


def is_in_copied_directory(solution: Solution, node: Node) -> Finding | None:
    """Files in a directory that is copied from the builder come with it."""
    if not all(map(solution.is_copied, node.visit.copy_targets or ())):
        return None
    return Finding("build", Reason.of("SL224", "inside_built"))


def is_read_by_build(solution: Solution, node: Node) -> Finding | None:
    """Files that a build step reads are in the builder. The final stage has them too, unless nothing reads
    them there: they are deleted or replaced, describe what is installed, or are in a temporary place."""
    step = _first_reader(solution, node)
    if not step:
        cached = _is_remote(node) and _is_of_no_use(solution, node)
        return Finding("build", Reason.of("SL224", "cache_key")) if cached else None
    deleted = min((solution.graph.deleted_at(t) for t in node.visit.copy_targets or ()), default=-1)
    if deleted > node.number and not solution.final_stage_uses(node.visit.copy_targets or (), node, deleted):
        return Finding("build", Reason.of("SL224", "read_and_deleted", step=step))
    if _is_of_no_use(solution, node):
        return Finding("build", Reason.of("SL224", "read_by_build", step=step))
    return Finding("both", Reason.of("SL224", "read_by_both", step=step))


def _first_reader(solution: Solution, node: Node) -> str:
    """The first build step after a COPY that works on what it created; "" if there is none."""
    for later in solution.graph.nodes:
        if later.number < node.number or solution.roles[later.number] not in ("build", "unknown"):
            continue
        for effect, places in later.uses:
            if places is None:
                return effect.tool
            if any(overlap(t, p) for p in places for t in node.visit.copy_targets or ()):
                return " ".join(dict.fromkeys((effect.tool, effect.action))).strip()
    return ""


def _is_of_no_use(solution: Solution, node: Node) -> bool:
    """Whether run time needs none of the files: each is copied again later, is a manifest that only an
    installer reads, or is in a temporary place and only the build reads it."""
    given, remote = solution.given, _is_remote(node)
    later = (n for n in given.graph.nodes if n.number > node.number and solution.in_builder(n))
    read = {path for n in later for e in n.effects for path in (*e.reads, *e.manifests)}
    files = (node.visit.copy_targets if remote else node.visit.copied_files) or ()
    return bool(files) and all(
        given.graph.last_copies.get(f, -1) > node.number
        or (
            _is_unused(given, f)
            and (
                ((f in read or remote) and _is_temporary(given, f))
                or (f in given.graph.manifests and (is_scratch(f) or _is_described(given, f)))
            )
        )
        for f in files
    )


def _is_described(given: Given, path: str) -> bool:
    """Whether a manifest only describes what is installed. In an image without a start of its own people may
    install from it again."""
    kept = given.app_language.runtime_manifests if given.app_language is not None else ()
    return given.starts and posixpath.basename(path) not in kept


def _is_remote(node: Node) -> bool:
    """Whether it is an ADD from a URL or an unknown source."""
    remote = any(s.startswith(("http://", "https://", "$")) for s in node.parts.sources)
    return remote and node.visit.instruction.keyword == "ADD"


def _is_unused(given: Given, path: str) -> bool:
    return not {path, path.rpartition("/")[2]} & given.runtime_names


def _is_temporary(given: Given, path: str) -> bool:
    """Whether a file is in a temporary place that the application does not use: it does not start there, and
    no start instruction names the directory."""
    cwd = given.visits[-1].state.cwd
    said = (v.instruction.value for v in given.visits if v.instruction.keyword in _START_KEYWORDS)
    started = cwd is None or is_scratch(cwd) or any(path.rpartition("/")[0] in text for text in said)
    return is_scratch(path) and not started


COPY_RULES: tuple[Rule, ...] = (("copy", is_in_copied_directory), ("copy", is_read_by_build))
