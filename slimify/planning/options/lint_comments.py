"""Comments for hadolint, where the repository uses it: elsewhere they only puzzle readers."""

from __future__ import annotations

import posixpath
from itertools import chain

from msgspec.structs import replace

from slimify.analysis.program import Program
from slimify.context.directory_walk import files_below
from slimify.context.scan import Context, read_below
from slimify.facts.system import ci_directories
from slimify.model.plan import Item, Plan
from slimify.model.regex import regex

_TOOL = "hadolint"
_COMMENT = regex(rf"(?m)^[ \t]*#[ \t]*{_TOOL} ignore=.*\r?\n")
_RUNS_LINTERS = regex(r".*\.(?:ya?ml|sh|mk)|[\w-]+")  # CI and pre-commit files, Makefiles, scripts
_MAX_DEPTH, _MAX_BYTES = 2, 1 << 18


def without_idle_comments(program: Program, plan: Plan) -> Plan | None:
    """The plan without comments for a linter that nothing of the repository runs; None if it has none."""
    commented = any(_COMMENT.search(item.text) for stage in plan.stages for item in stage.items)
    if not commented or _TOOL in program.dockerfile.text or _is_used(program.context):
        return None
    return replace(
        plan,
        stages=tuple(replace(s, items=tuple(map(_without_comment, s.items))) for s in plan.stages),
    )


def _without_comment(item: Item) -> Item:
    return replace(item, text=_COMMENT.sub("", item.text))


def _is_used(context: Context) -> bool:
    """Whether a file of the repository that configures or runs linters names it."""
    repository = context.repository
    if repository is None:
        return False
    root = str(repository.root)
    parts = repository.prefix.split("/") if repository.prefix else []
    above = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    places = chain(((place, 0) for place in above), ((name, _MAX_DEPTH) for name in ci_directories()))
    names = [path for place, depth in places for path, _ in files_below(root, place, depth)]
    return any(_TOOL in posixpath.basename(path) or _runs_it(root, path) for path in names)


def _runs_it(root: str, path: str) -> bool:
    name = posixpath.basename(path)
    if not _RUNS_LINTERS.fullmatch(name):
        return False
    return _TOOL.encode() in (read_below(root, path, _MAX_BYTES) or b"")
