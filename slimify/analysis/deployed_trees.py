"""Trees of which one command copied a package with all that it needs to another place, which is what runs.

`pnpm deploy` installs the dependencies, also those of the workspace, into a directory of their own
(pnpm.io/cli/deploy). What it took them from is for the build, unless run time names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from slimify.analysis.program import RuntimeContract, RuntimeNeeds
from slimify.analysis.standalone_outputs import standalone_output
from slimify.context.scan import Context
from slimify.model.effects import Action, Effect
from slimify.semantics.effects.state import State
from slimify.semantics.paths import inside, overlap


def trees_left_behind(
    effects: Sequence[Effect], contract: RuntimeContract, needs: RuntimeNeeds, end: State
) -> dict[str, str]:
    """The trees that run time does not need, each with what it needs of them: a deployed package, or the
    complete output of a build."""
    output = standalone_output(effects, contract, needs, end)
    return {**_deployed_trees(effects, contract, needs, end), **dict([output] if output else ())}


def _deployed_trees(
    effects: Iterable[Effect], contract: RuntimeContract, needs: RuntimeNeeds, end: State
) -> dict[str, str]:
    """The trees that run time does not need any more, each with the directory of what was taken from it."""
    found: dict[str, str] = {}
    for effect in (e for e in effects if e.kind == "install" and e.action == Action.DEPLOY):
        tree, targets = effect.cwd or "/", effect.writes
        outside = len(targets) == 1 and not overlap(tree, targets[0]) and inside(end.cwd or "/", targets[0])
        if outside and not any(_names(text, tree) for text in _texts(contract, needs, end)):
            found[tree] = targets[0]
    named = {tree for tree in found if _is_named_by_a_file(end.view.context, tree)}
    return {tree: target for tree, target in found.items() if tree not in named}


def _texts(contract: RuntimeContract, needs: RuntimeNeeds, end: State) -> Iterator[str]:
    yield from (value or "" for value in end.env.values())
    yield from (*contract.argv, *contract.volumes, contract.healthcheck)
    yield from (*needs.paths, *needs.commands, *(use.name for use in needs.sources.paths))
    yield from (path for effect in needs.start for path in (*effect.reads, *effect.writes))


def _names(text: str, tree: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(tree)}(?![\w.-])", text) is not None


def _is_named_by_a_file(context: Context, tree: str) -> bool:
    """Whether any file names it, of which the build may make what runs."""
    return any(_names(context.text(name) or "", tree) for name in context.files if not _is_for_builders(name))


def _is_for_builders(name: str) -> bool:
    return "dockerfile" in name.lower()
