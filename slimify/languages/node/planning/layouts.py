"""Node: packages are installed and built in the builder; the result is copied and, if possible, pruned.

If nothing is built, only node_modules is copied and the user's COPY stays. If a build step writes into the
project, the project directory is copied whole. Development dependencies are pruned after the build, unless
a started program or a source file needs one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from msgspec.structs import replace

from slimify.analysis.deployed_trees import trees_left_behind
from slimify.analysis.packages.module_needs import with_development_packages
from slimify.analysis.program import AtomStep, Program
from slimify.analysis.roles.model import Artifact
from slimify.config import Options
from slimify.languages.node import LANGUAGE, corepack
from slimify.languages.node.planning.npm_static_site import site_copies
from slimify.languages.node.planning.prune import builder_end, pruned_above, pruning
from slimify.languages.node.planning.start import installs_at_start, runs_named_package, unknown_start
from slimify.languages.node.planning.static_site import without_project_copies
from slimify.model.decisions import Decision, PackageVerdict, Reason
from slimify.model.plan import Rung
from slimify.model.sizes import MB
from slimify.planning.estimates import estimate
from slimify.planning.final_stage.commands import SplitRequest
from slimify.planning.final_stage.copy_owner import copy_owner
from slimify.planning.final_stage.copy_position import positioned_copies
from slimify.planning.final_stage.restore_packages import restored_packages
from slimify.planning.layout import CopyFromBuilder, Layout, outermost
from slimify.planning.proposal import Proposal, base_and_copies, managed_copy, on_slim_and_same, small_saving
from slimify.planning.stages.split import split_layout
from slimify.planning.stages.unknown_steps import (
    keep_everything_before_unknown,
    split_obstacle,
    unknown_follows_build,
    unknown_home,
)
from slimify.planning.start_command import runs_cloned_code, starts_global_install
from slimify.semantics.paths import inside

_NODE = 120 * MB  # /usr/local/bin of the official images


def propose(program: Program, options: Options) -> Proposal:
    """Layouts on the slim variant and on the same base."""
    why = installs_at_start(program)
    if why:
        return Proposal(reasons=(why,))
    return on_slim_and_same(program, options, partial(_layout, program, options))


def _layout(
    program: Program, options: Options, rung: Rung, base: str, *, prunes: bool = True, narrow: bool = True
) -> Layout | Reason:
    """A layout on this base, or why there is none. `prunes`: development dependencies go if they can;
    `narrow`: directories stay behind of which only a part is needed."""
    given = program
    most = estimate.saved_bytes(program, rung)  # the limit: without all that only the build needs
    if rung == "same-base":
        program = keep_everything_before_unknown(program)
    cloned = runs_cloned_code(program)
    if cloned or starts_global_install(program):
        program = _with_tools_kept(program)
    lost = corepack.manager_without_cache(program.steps, program.runtime_needs.commands)
    why = Reason.of("SL392", "corepack", command=lost) if lost else None
    if rung == "slim":
        why = why or cloned or unknown_start(program)
    why = why or runs_named_package(program)
    if why:
        return why
    copies, left = tuple(_copy_of(program, m) for m in program.artifacts), tuple[Decision, ...]()
    if narrow:
        copies, left = _narrowed(program, copies)
    copies, why = positioned_copies(program, outermost(copies))
    if why:
        return why
    pruned_all = () if not prunes or unknown_follows_build(program) else copies
    paths = (copy.path for copy in pruned_all)
    pruned = pruning(program, paths, options.keep_paths, end=builder_end(program))
    above = pruned_above(program)
    saved = pruned.saving + above.saving + estimate.left_behind_bytes(program, copies)
    kept = not prunes or any(d.code == "SL313" for d in pruned.decisions)
    staying = with_development_packages(program, pruned.names) if kept else program
    head, put, missing = restored_packages(staying, base) if rung == "slim" else ((), (), None)
    if missing:
        return missing
    chosen = base_and_copies(program, rung, base, copies, "Node.js")
    own_image = program.base is not None and program.base.family == "node"
    request = SplitRequest(
        rung=rung,
        base=base,
        copies=copies,
        needless=LANGUAGE.words("toolchain.toml", "images", "libraries") if own_image else (),
        builder_tail=pruned.lines,
        final_head=head,
        decisions=(*chosen, *left, *put, *pruned.decisions, *above.decisions),
        saving=estimate.saved_bytes(program, rung, copies) + saved - _copied_again(copies),
        original=estimate.original_bytes(program),
    )
    why = split_obstacle(program, request) or unknown_home(program, copies)
    why = why or managed_copy(program, copies)
    if why and rung == "same-base" and most + saved < options.min_saving.floor(request.original):
        return small_saving(rung, most + saved)
    if why:
        return why
    layout = split_layout(program, request)
    if layout.builder_end is None and rung != "slim":
        return Reason.of("SL407", "nothing_to_drop")
    fuller = partial(_layout, given, options, rung, base, prunes=prunes and bool(left), narrow=not left)
    return replace(layout, fuller=fuller if left or pruned.lines else None)


def _narrowed(
    program: Program, copies: tuple[CopyFromBuilder, ...]
) -> tuple[tuple[CopyFromBuilder, ...], tuple[Decision, ...]]:
    """The copies without directories of which only a part is needed, and the decisions."""
    copies, site = without_project_copies(program, copies)
    copies, handed = site_copies(program, copies)
    trees = trees_left_behind(program.effects, program.runtime, program.runtime_needs, program.end_state)
    deployed: list[Decision] = []
    for tree, target in trees.items():
        kept = (c for c in copies if not inside(c.path, tree) or inside(c.path, target))
        part = (replace(c, path=target) for c in copies if c.path == tree and inside(target, tree))
        if inside(target, tree):
            deployed.append(Decision.of("SL318", "output", path=tree, target=target))
        else:
            deployed.append(Decision.of("SL318", "deployed", path=tree, target=target))
        copies = (*kept, *part)
    return copies, (*site, *handed, *deployed)


def _copied_again(copies: Iterable[CopyFromBuilder]) -> int:
    """The bytes of Node.js itself where its directory is copied whole."""
    return _NODE if any(inside("/usr/local/bin", c.path) for c in copies if not c.is_file) else 0


def _with_tools_kept(program: Program) -> Program:
    """The program with tools kept that only build steps were seen to call: unread code may call them."""

    def kept(atom: AtomStep) -> AtomStep:
        packages = tuple(replace(v, role="both") if _is_tool(v) else v for v in atom.packages)
        return replace(atom, role="both", packages=packages) if packages != atom.packages else atom

    steps = (replace(step, atoms=tuple(map(kept, step.atoms))) for step in program.steps)
    return replace(program, steps=tuple(steps))


def _is_tool(verdict: PackageVerdict) -> bool:
    return verdict.role == "build" and any(r.code == "SL205" for r in verdict.reasons)


def _copy_of(program: Program, made: Artifact) -> CopyFromBuilder:
    return CopyFromBuilder(path=made.path, after=made.first, owner=copy_owner(program, made))
