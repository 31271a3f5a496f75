"""Plan changes that need an option: each option is one function from plan to plan.

Each module is imported only when its option is used, since most runs use none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from slimify.analysis.packages.package_verdicts import UNUSED
from slimify.analysis.program import Program
from slimify.config import Options
from slimify.model.decisions import Decision, Reason
from slimify.model.plan import Plan
from slimify.planning.options.builder import unsupported_syntax


def with_requested_options(program: Program, plan: Plan, options: Options) -> Plan | Reason:
    """The plan with the requested changes, and a decision for each: done, or why not."""
    if options.keep_paths or options.keep_packages:
        kept = _with_kept_content(program, plan, options)
        if isinstance(kept, Reason):
            return kept
        plan = kept
    if options.no_recommends or options.lean:
        from slimify.planning.options.recommends import without_recommended

        plan = without_recommended(program, plan)
    if options.drop_unused or options.lean:
        plan = plan.told(*_left_out(program, plan))
    if options.nonroot:
        from slimify.planning.options.nonroot import with_user

        plan = with_user(program, plan)
    if options.cache_mounts and plan.rung != "cleanup":  # in-place cleaning adds the mounts itself
        from slimify.planning.options.cache_mounts import with_cache_mounts

        plan = with_cache_mounts(program, plan, options.builder)
    if options.debug_target:
        from slimify.planning.options.debug_target import with_debug_stage

        plan = with_debug_stage(program, plan, options.builder)
    return plan.told(*unsupported_syntax(program, options.builder))


def readable_changes(program: Program, options: Options) -> Iterator[Callable[[Plan], Plan | None]]:
    """What makes a valid plan easier to read: no comments for a linter that nobody runs, the common first
    steps of both stages in a stage of their own, and comments if they are requested."""
    from slimify.planning.options.lint_comments import without_idle_comments
    from slimify.planning.stages.shared_base import with_shared_base

    yield lambda plan: without_idle_comments(program, plan)
    yield lambda plan: with_shared_base(program, plan, options.builder)
    if options.annotate:
        from slimify.planning.options.annotate import annotated

        yield lambda plan: annotated(program, plan)


def _left_out(program: Program, plan: Plan) -> Iterator[Decision]:
    """The packages of each install that only people could use, and that the last stage no longer installs."""
    kept = {item.origin: item.text.split() for item in plan.stages[-1].items}
    for step in program.steps:
        idle = [v.name for a in step.atoms for v in a.packages if UNUSED in v.reasons]
        idle = [name for name in idle if name not in kept.get(step.index, ())]
        if idle:
            yield Decision.of("SL206", "left_out", safety="assumed", line=step.line, names=tuple(idle))


def _with_kept_content(program: Program, plan: Plan, options: Options) -> Plan | Reason:
    from slimify.planning.options.keep_packages import with_kept_packages
    from slimify.planning.options.keep_paths import with_kept_paths

    with_paths = with_kept_paths(program, plan, options.keep_paths)
    if isinstance(with_paths, Reason):
        return with_paths
    return with_kept_packages(program, with_paths, options.keep_packages)
