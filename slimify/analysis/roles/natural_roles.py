"""The roles that the effects of a step decide alone, whatever the other steps are.

A step that installs, compiles or downloads can be executed in the builder, since what it leaves is known and
can be copied. Steps that change the system and steps that run the application's own code are executed in the
final stage. A step that is not understood is kept, at its position before the others. What remains open are
COPY and ADD, and steps that only work on files: the rules decide them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from itertools import takewhile

from slimify.analysis.advice.findings import SECRET
from slimify.analysis.brought_programs import installed_programs
from slimify.analysis.graph.graph import Node
from slimify.analysis.packages.build_settings import build_only_reader
from slimify.analysis.packages.package_sources import adds_source, final_stage_downloads, serves_build_only
from slimify.analysis.roles.model import Artifact, Finding, Given
from slimify.facts.programs import is_emulator, sets_attributes
from slimify.languages import language, languages
from slimify.model.decisions import Reason
from slimify.model.effects import (
    ACCOMPANIES_INSTALL,
    CHANGES_FILES,
    CHANGES_SYSTEM_STATE,
    INSTALLS,
    LEAVES_ARTIFACTS,
    LEAVES_NOTHING,
    Action,
    Effect,
)
from slimify.semantics.paths import inside, is_named_place
from slimify.syntax.dockerfile.instructions import arg_names

_DECIDING_KINDS = ("install", "prune", "compile", "build", "fetch", "unpack")  # in order of precedence
_OWN_CODE = Finding("run", Reason.of("SL214", "own_code"))
BESIDE = Finding("both", Reason.of("SL218", "beside"))


def natural_roles(given: Given) -> Mapping[int, Finding]:
    """What the effects of each step decide, by the number of the step."""
    found: dict[int, Finding] = {}
    for node in given.graph.nodes:
        judged = _natural_role(given, node)
        if judged is not None:
            found[node.number] = judged
    for number in final_stage_downloads(given.graph, {number: f.role for number, f in found.items()}):
        found[number] = Finding("run", Reason.of("SL216", "installed_file"))
    return found


def installed_regions(given: Given) -> Iterator[Artifact]:
    """Files other than programs that global installs leave and run time reads."""
    used = {e.ecosystem for n in given.graph.nodes for e in n.effects}
    parts = (known.global_installs for known in languages() if known.name in used)
    for part in filter(None, parts):
        yield from part.installed_regions(given)


def _natural_role(given: Given, node: Node) -> Finding | None:
    if node.is_copy:
        return _copy(given, node)
    if node.key[0] in given.keep:
        return Finding("run", Reason.of("SL222", "comment"))
    # attributes that a program stores with a file travel with it, like its mode
    kinds = {"meta" if e.kind == "system" and sets_attributes(e.tool) else e.kind for e in node.effects}
    if "unknown" not in kinds and adds_source(node.effects):
        return _source(given, node)
    if any((e.kind == "fetch" and e.ecosystem) or e.action == Action.INSTALL_DEPS for e in node.effects):
        # the interpreter itself downloads what run time reads, or installs what that needs
        kinds = kinds - LEAVES_ARTIFACTS - {"packages"} | {"app"}
    judge = next((judge for deciding, judge in _JUDGES if kinds & deciding), None)
    if judge is not None:
        return _with_system(given, node, judge(given, node), kinds)
    if kinds <= {"state"}:
        return Finding("both", Reason.of("SL220", "shell"))
    return Finding("build", Reason.of("SL219", "check"))


def _with_system(given: Given, node: Node, found: Finding | None, kinds: Set[str]) -> Finding | None:
    """A step of the build is in both stages if it also installs system packages that run time needs, or sets
    the system up."""
    if found is None or found.role != "build" or not kinds & ({"packages"} | CHANGES_SYSTEM_STATE):
        return found
    other = (_packages if "packages" in kinds else _system)(given, node)
    return found if other.role == "build" else Finding("both", other.reason, found.regions)


def _copy(given: Given, node: Node) -> Finding | None:
    """The role of a COPY whose files decide it alone."""
    if node.visit.copy_targets is None:
        return Finding("unknown", Reason.of("SL221", "target_unknown"))
    if node.parts.sources and all(map(is_emulator, node.parts.sources)):
        return Finding("both", Reason.of("SL224", "emulator"))
    programs = given.packages.get(node.key)
    return Finding(programs[0].role, programs[0].reasons[0]) if programs else None


def _unknown(given: Given, node: Node) -> Finding:
    """A program that is not known may read and write anything. One that an earlier step compiled is the
    application's own, if nothing is built afterwards."""
    unknown = [e for e in node.effects if e.kind == "unknown"]
    earlier = (
        e for n in given.graph.nodes if n.number < node.number for e in n.effects if e.kind == "compile"
    )
    compiled = {path.rpartition("/")[2] for e in earlier for path in e.outputs}
    later = (n for n in given.graph.nodes if n.number > node.number)
    own = all(e.tool.rpartition("/")[2] in compiled for e in unknown)
    if own and not any(n.kinds & LEAVES_ARTIFACTS for n in later):
        return _OWN_CODE
    why = next((e.why for e in unknown if e.why), Reason.of("SL221", "effects"))
    return Finding("unknown", Reason.of("SL221", "anything", why=why))


def _source(given: Given, node: Node) -> Finding:
    if serves_build_only(node.visit, node.key[1], given.packages):
        return Finding("build", Reason.of("SL215", "source_for_build"))
    return Finding("run", Reason.of("SL215", "source"))


def _system(_: Given, node: Node) -> Finding:
    users = "users" in node.kinds
    return Finding("run", Reason.of("SL215", "users") if users else Reason.of("SL215", "system"))


def _is_of_other_language(given: Given, effects: Sequence[Effect]) -> bool:
    """Whether it only installs packages of another language, into the system directories of that language."""
    return given.usage.application is not None and all(
        e.kind == "install"
        and e.ecosystem not in ("", given.usage.application)
        and any(is_named_place(w) for w in e.writes)
        for e in effects
    )


def _makes(given: Given, node: Node) -> Finding:
    if _is_of_other_language(given, node.effects):
        return _programs(given, node)
    if any(e.writes_anywhere for e in node.effects):
        why = next((e.why for e in node.effects if e.writes_anywhere and e.why), Reason.of("SL221", "writes"))
        return Finding("unknown", Reason.of("SL221", "effect", why=why))
    return Finding("build", _build_reason(node.effects), tuple(_made_regions(given, node)))


def _build_reason(effects: Sequence[Effect]) -> Reason:
    """The reason for the role build, taken from the deciding effect of the step."""
    effect = next(e for kind in _DECIDING_KINDS for e in effects if e.kind == kind)
    known = language(effect.ecosystem)
    title = known.title if known is not None else ""
    return {
        "install": Reason.of("SL210", "packages", language=title),
        "prune": Reason.of("SL210", "prune"),
        "compile": Reason.of("SL212", "compiled", language=title),
        "build": Reason.of("SL211", "build"),
        "fetch": Reason.of("SL213", "download"),
        "unpack": Reason.of("SL213", "unpack"),
    }[effect.kind]


def _made_regions(given: Given, node: Node) -> Iterator[Artifact]:
    """The files and trees that a build step leaves for run time."""
    generators = given.app_language.generators if given.app_language is not None else None
    outputs = [o for e in node.effects for o in e.outputs]
    for at, effect in enumerate(node.effects):
        if effect.tool == "mkdir" and all(any(inside(o, w) for o in outputs) for w in effect.writes):
            continue  # it only holds outputs of the same command
        if generators is not None and generators.generates_sources(effect):
            continue
        if effect.kind == "install-global" and not (
            effect.ecosystem and installed_programs(effect) & given.runtime_commands
        ):  # a toolchain of no language needs more than its own directory
            continue
        for output in effect.outputs:
            unsure = effect.compiles_downloads and output in effect.possible
            if not unsure or _is_called(given, output):
                yield Artifact(output, node, effect.kind, at, is_file=True)
            elif given.usage.unknown_programs is not None:
                yield Artifact(posixpath.dirname(output), node, effect.kind, at)
        unnamed = effect.action == Action.INSTALL and not effect.outputs  # binaries whose names are not known
        if unnamed if effect.kind == "compile" else not (effect.outputs and effect.kind == "build"):
            yield from (Artifact(w, node, effect.kind, at) for w in effect.writes)


def _is_called(given: Given, path: str) -> bool:
    name = posixpath.basename(path)
    return name in given.runtime_commands or name in given.usage.tools


def _packages(given: Given, node: Node) -> Finding:
    roles = {v.role for v in given.packages.get(node.key, ())}
    if not roles:
        return Finding("unknown", Reason.of("SL221", "packages_unknown"))
    if roles == {"build"}:
        return Finding("build", Reason.of("SL201", "all"))
    if "build" not in roles:
        return Finding("both" if len(roles) > 1 else min(roles), Reason.of("SL202", "packages"))
    return Finding("both", Reason.of("SL203", "some"))


def _programs(given: Given, node: Node) -> Finding:
    """Programs that are installed for all projects are executed where something calls them."""
    effects = node.effects
    installs = sorted((e for e in effects if e.kind in INSTALLS), key=lambda e: e.kind)
    known = language(installs[0].ecosystem)
    part = known.global_installs if known is not None else None
    own = part.install_role(given, effects) if part is not None else None
    bins = frozenset(program for e in effects for program in installed_programs(e))
    started, called = bins & given.runtime_commands, bins & given.usage.tools.keys()
    if any(e.deletes for e in effects):
        return Finding("both", Reason.of("SL216", "removes"))
    if own is not None:
        return Finding(*own)
    if started:
        return Finding("run", Reason.of("SL202", "started", command=min(started)))
    if called and given.usage.unknown_programs is not None:
        return Finding("both", given.usage.unknown_programs)
    if called:
        return Finding("build", Reason.of("SL201", "called", command=min(called)))
    return Finding("both", Reason.of("SL203", "nothing_shown"))


def _code(given: Given, node: Node) -> Finding:
    """The application's own code runs in the final stage; in a project that is copied whole, with a secret of
    the build (rule P6), or where it starts programs that only it may need, in the builder."""
    scripts = [(at, e.cwd) for at, e in enumerate(node.effects) if e.kind == "app" and e.cwd]
    if any(not inside(w, e.cwd) for e in node.effects if e.kind == "app" and e.cwd for w in e.writes):
        return _OWN_CODE  # it also writes elsewhere
    copied = given.app_language is not None and given.app_language.copies_project
    copied = (
        copied or _is_given_a_secret(given, node) or any(e.tools for e in node.effects if e.kind == "app")
    )
    if not copied or not scripts or node.kinds - LEAVES_NOTHING - {"app"}:
        return _OWN_CODE
    made = tuple(Artifact(cwd, node, "build", at) for at, cwd in scripts)
    return Finding("build", Reason.of("SL211", "project_script"), made)


def _is_given_a_secret(given: Given, node: Node) -> bool:
    """Whether the build has a secret when the command runs, which any code can read."""
    before = takewhile(lambda visit: visit is not node.visit, given.graph.visits)
    declared = (v.instruction for v in before if v.instruction.keyword == "ARG")
    return any(SECRET.search(name) for instruction in declared for name, _ in arg_names(instruction))


def _files(given: Given, node: Node) -> Finding | None:
    if any(e.writes_anywhere for e in node.effects):
        return Finding("unknown", Reason.of("SL221", "changes_unknown"))
    reader = build_only_reader(given, (*node.writes, *node.deletes))
    if reader:
        return Finding("build", Reason.of("SL205", "read_by", tool=reader))
    parts = (k.package_removals for k in languages())
    if any(p.only_removes_package_files(given, node.key, node.effects) for p in parts if p is not None):
        return Finding("build", Reason.of("SL217", "package_files"))
    return None


# The first row that shares a kind with the effects of a step decides.
_JUDGES: tuple[tuple[frozenset[str], Callable[[Given, Node], Finding | None]], ...] = (
    (frozenset({"unknown"}), _unknown),
    (LEAVES_ARTIFACTS, _makes),
    (frozenset({"packages"}), _packages),
    (frozenset({"install-global"}), _programs),
    (frozenset({"app"}), _code),
    (CHANGES_SYSTEM_STATE, _system),
    (CHANGES_FILES, _files),
    (ACCOMPANIES_INSTALL, lambda _given, _node: BESIDE),
)
