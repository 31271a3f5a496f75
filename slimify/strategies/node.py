"""Node: packages are installed and built in the builder; what runs is copied, pruned if it may be.

Where nothing is built, node_modules alone is copied and the user's COPY stays as it is. Where a build
step writes into the project, its directory is copied whole. Development dependencies are pruned
after the build, unless something that is started, or a source file, needs one of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from slimify.classify.program import Program
from slimify.classify.roles import Made
from slimify.config import Options
from slimify.context.manifests import NodeProject, node_project
from slimify.facts.languages import npm, only_builds
from slimify.model import Decision, Effect, Reason
from slimify.strategies import estimate
from slimify.strategies.base import Proposal
from slimify.strategies.layout import Layout, Tree
from slimify.strategies.partition import Parting, blocked, keep_everything_before_unknown, part
from slimify.strategies.putback import put_back
from slimify.strategies.rebase import same_family, written_base

NAME = "node"


def propose(program: Program, options: Options) -> Proposal:
    """Layouts on the slim variant and on the same base."""
    layouts: list[Layout] = []
    reasons: list[Reason] = []
    partner = same_family(written_base(program), program) if program.base else None
    if partner and options.base in ("auto", "slim", "minimal"):
        _try(program, "slim", partner, layouts, reasons)
    if options.base in ("auto", "same"):
        _try(program, "same-base", written_base(program), layouts, reasons)
    return Proposal(layouts=tuple(layouts), reasons=tuple(reasons))


def _try(program: Program, rung: str, base: str, layouts: list[Layout], reasons: list[Reason]) -> None:
    if rung == "same-base":
        program = keep_everything_before_unknown(program)
    trees = tuple(_tree(m) for m in program.made)
    head, put, missing = put_back(program, base) if rung == "slim" else ((), (), "")
    if missing:
        reasons.append(Reason(code="SL391", text=missing))
        return
    tail, pruned, saved = _prune(program, trees)
    wanted = Parting(
        rung=rung,  # type: ignore[arg-type]
        base=base,
        trees=trees,
        builder_tail=tail,
        final_head=head,
        decisions=(*_decisions(program, rung, base, trees), *put, *pruned),
        saving=_saving(program, rung) + saved,
        original=estimate.original(program) + saved,
    )
    why = blocked(program, wanted)
    if why:
        reasons.append(Reason(code="SL392", text=why))
        return
    layouts.append(part(program, wanted))


def _tree(made: Made) -> Tree:
    name = made.user.partition(":")[0]
    owner = "" if name in ("", "root", "0") else made.user if ":" in made.user else f"{name}:{name}"
    return Tree(path=made.path, after=made.first, owner=owner)


def _saving(program: Program, rung: str) -> int:
    from slimify.facts.images import image

    saving = estimate.dropped_packages(program) + estimate.caches(program, ("node",))
    saving += estimate.left_lists(program)
    if rung == "slim" and program.base is not None:
        new = image(program.base.slim_partner or "")
        saving += program.base.size - (new.size if new else 0)
    return saving


def _decisions(program: Program, rung: str, base: str, trees: Iterable[Tree]) -> tuple[Decision, ...]:
    found = []
    if rung == "slim":
        text = f"the final stage is {base}: the same Node on the same release, without compilers and headers"
        found.append(Decision(code="SL301", safety="safe", text=text))
    else:
        found.append(Decision(code="SL302", safety="safe", text=f"the final stage starts from {base} again"))
    for tree in trees:
        line = program.dockerfile.instructions[tree.after].line
        text = f"{tree.path} is copied from the builder"
        found.append(Decision(code="SL310", safety="safe", text=text, line=line))
    return tuple(found)


# --- development dependencies -----------------------------------------------------------------------


def _prune(program: Program, trees: Iterable[Tree]) -> tuple[tuple[str, ...], tuple[Decision, ...], int]:
    """A prune command for the end of the builder, what was decided, and the bytes it saves."""
    installs = [e for s in program.steps for e in s.effects if e.kind == "node" and e.dev and e.cwd]
    if any(e.kind == "prune" for s in program.steps for e in s.effects):
        return (), (), 0
    lines: list[str] = []
    decisions: list[Decision] = []
    saved = 0
    for effect in {e.cwd: e for e in installs}.values():
        directory = effect.cwd or "/"
        if not any(directory == t.path or (directory + "/node_modules") == t.path for t in trees):
            continue
        where = effect_view(program).context_path(directory)
        project = node_project(program.context, where or "") if where is not None else None
        if project is None:
            project = _by_manifest(program, effect)
        if project is None or not project.dev_dependencies:
            continue
        why = dev_needed(program, project)
        count = len(project.dev_dependencies)
        if why:
            text = f"{count} development dependencies stay: {why}"
            decisions.append(Decision(code="SL313", safety="safe", text=text))
            continue
        command = prune_command(program, project, effect)
        if command is None:
            text = f"{count} development dependencies stay: how to prune them with this package manager is not known"
            decisions.append(Decision(code="SL313", safety="safe", text=text))
            continue
        prefix = "" if program_cwd(program) == directory else f"cd {directory} && "
        lines.append(f"RUN {prefix}{command}")
        saved += count * 8 * estimate.NODE_PACKAGE
        text = f"{count} development dependencies are pruned after the build: nothing that runs uses them"
        decisions.append(Decision(code="SL312", safety="assumed", text=text))
    return tuple(lines), tuple(decisions), saved


def effect_view(program: Program):  # type: ignore[no-untyped-def]
    return program.end.view


def _by_manifest(program: Program, effect: Effect) -> NodeProject | None:
    for manifest in effect.manifests:
        path = effect_view(program).context_path(manifest)
        if path is not None and path.endswith("package.json"):
            return node_project(program.context, path.rpartition("/")[0])
    return None


def program_cwd(program: Program) -> str | None:
    """The directory in force behind the last build step."""
    builds = [s for s in program.steps if s.keyword == "RUN" and s.role in ("build", "both")]
    return builds[-1].state.cwd if builds else program.end.cwd


def dev_needed(program: Program, project: NodeProject) -> str:
    """Why a development dependency is needed when the image runs; "" if none is."""
    if not program.live.start:
        return "nothing says what is run in the image"
    dev = set(project.dev_dependencies) - set(project.dependencies)
    for name in sorted(dev):
        if name.startswith("@types/"):
            continue
        for command in npm(name).bins:
            use = program.live.commands.get(command)
            if use is not None:
                return f"`{command}` of {name} is started ({use.name})"
    for use in program.live.sources.imports:
        if use.name in dev and not _only_types(use.name):
            return f"{use.file}:{use.line} imports {use.name}"
    return ""


def _only_types(name: str) -> bool:
    """A package of declarations, or a tool that sources import only to configure it."""
    return name.startswith("@types/") or any(only_builds(command) for command in npm(name).bins)


def prune_command(program: Program, project: NodeProject, effect: Effect) -> str | None:
    """The command that drops development dependencies, for the manager that installed them."""
    version = _node_major(program)
    match effect.manager:
        case "npm":
            return "npm prune --omit=dev" if version is None or version >= 16 else "npm prune --production"
        case "yarn":
            if project.lock is not None and "berry" in str(project.lock):
                return None
            return "yarn install --production --ignore-scripts --prefer-offline"
        case "pnpm":
            return "pnpm prune --prod"
    return None


def _node_major(program: Program) -> int | None:
    version = program.base.version if program.base and program.base.language == "node" else None
    head = (version or "").split(".")[0]
    return int(head) if head.isdigit() else None
