"""Installs and removes build-only packages in the one step that needs them.

The roles are the same as for splitting: build-only packages are removed, their run-time counterparts are
installed by name. apt's --auto-remove also removes dependencies; apk removes a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.packages.package_verdicts import UNUSED
from slimify.analysis.packages.program_calls import build_tools
from slimify.analysis.packages.toolchains import shared_installers
from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.carried import installed
from slimify.facts.packages import programs_in
from slimify.facts.system import is_plain_root
from slimify.languages import language
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import BUILDS, INSTALLS_NOTHING, MANAGES_PACKAGES, Effect, SystemManager
from slimify.model.sizes import MB
from slimify.planning.estimates import estimate
from slimify.planning.in_place import extend_install
from slimify.planning.in_place.edits import Edits, first_edits, step_line
from slimify.planning.in_place.runs import (
    are_adjacent,
    as_caller,
    extended_run,
    is_chained,
    is_direct,
    is_extendable,
    is_readable,
    joined_texts,
    keeps_shell_state,
    runs_between,
)
from slimify.planning.in_place.start_uncertainty import start_uncertainty
from slimify.syntax.shell.script import edit

# Effects that may compile. Any other command is checked by the programs that it calls.
_MAY_COMPILE = BUILDS | {"unknown"}
_MANAGES_PACKAGES = MANAGES_PACKAGES | {"state"}
# Meta packages: they add nothing if the base image has the packages behind them.
_META_PACKAGES = {"build-essential": ("gcc", "g++", "make", "libc6-dev")}


class _Install(Struct, frozen=True):
    """A command that installs build-only packages, whose names are `names`."""

    step: Step
    atom: AtomStep
    effect: Effect
    names: tuple[str, ...]
    idle: bool = False  # nothing uses them, and the user asked to leave such packages out


_WORTH_MOVING = 15 * MB  # a second `apt-get update` downloads about as much


def build_packages(program: Program, *, asked: bool) -> Edits:
    """Moves the packages of the first suitable install into the step that needs them, or advice.

    If every change of a source would then repeat the install, it is moved only with `asked`: the user
    requested a single stage.
    """

    def told(install: _Install, why: Reason) -> Decision:
        return Decision.of("SL356", "packages", line=install.step.line, names=install.names, why=why)

    return first_edits(_installs(program), partial(_in_one_step, program, asked=asked), told)


def _installs(program: Program) -> Iterator[_Install]:
    base = program.base
    there = installed(base, nearest=True) if base is not None else frozenset()
    if (
        base is None
        or base.manager not in (SystemManager.APT, SystemManager.APK)
        or (not there and base.distro == "debian")
    ):
        return
    if base.distro == "debian" and base.variant == "other":
        return
    shared = shared_installers(program.language, program.steps)
    empty = {name for name, parts in _META_PACKAGES.items() if there.issuperset(parts)}
    for step, atom, effect in program.commands:
        spans = {p.name: p.span for p in effect.packages}
        own = effect.kind == "packages" and effect.manager == base.manager and not effect.subject
        if not own or (-1, -1) in spans.values():
            continue
        build = [v.name for v in atom.packages if v.role == "build" and v.name in spans]
        stay = there | _removed_later(program, step, atom) | empty | shared
        names = tuple(name for name in build if name not in stay)
        idle = tuple(v.name for v in atom.packages if v.name in names and UNUSED in v.reasons)
        if idle:
            yield _Install(step, atom, effect, idle, idle=True)
        names = tuple(name for name in names if name not in idle)
        if names:
            yield _Install(step, atom, effect, names)


def _removed_later(program: Program, step: Step, atom: AtomStep) -> set[str]:
    """The packages that the file removes again, possibly in the same `if`: apt may not know the names of
    others."""
    here = (step.index, atom.index)
    later = (e for s, a, e in program.commands if (s.index, a.index) >= here and e.kind == "unpackage")
    return {p.name for e in later for p in e.packages}


def _in_one_step(program: Program, install: _Install, *, asked: bool) -> Edits | Reason | None:
    """The edits, or why the packages have to stay; None if nothing is saved."""
    why = start_uncertainty(program)
    if why:
        return why
    users = _using_steps(program, install)
    for step, effect in ((s, e) for s in users for e in s.effects):
        if effect.kind == "unknown" or effect.writes_anywhere:
            return Reason.of("SL356", "unknown_step", step=step_line(step))
    if any(not is_plain_root(s.state.user) for s in (install.step, *users)):
        return Reason.of("SL356", "not_root")
    if not is_readable(install.step) or not is_direct(install.step, install.atom, install.effect):
        return Reason.of("SL356", "not_edited", step=step_line(install.step))
    if not users or install.idle:
        return _dropped(program, install)
    if users == [install.step]:
        return _removed_at_end(program, install)
    return _moved_to_use(program, install, users, asked=asked)


def _using_steps(program: Program, install: _Install) -> list[Step]:
    """The RUNs, from the install on, that may need one of the packages."""
    commands = _commands(program, install)
    steps = (s for s in program.steps if s.index >= install.step.index and s.keyword == "RUN")
    return [s for s in steps if not s.atoms or _using_atoms(install, s, commands)]


def _commands(program: Program, install: _Install) -> set[str]:
    return {c for name in install.names for c in programs_in(name, program.base)}


def _using_atoms(install: _Install, step: Step, commands: set[str]) -> list[int]:
    """The atoms of a RUN that may need one of the packages."""
    atoms = [a for a in step.atoms if step is not install.step or a.index > install.atom.index]
    return [a.index for a in atoms if _atom_uses(step, a, commands)]


def _atom_uses(step: Step, atom: AtomStep, commands: set[str]) -> bool:
    called = (t for e in atom.effects if e.kind not in _MANAGES_PACKAGES for t in (e.tool, *e.tools))
    if commands & {t.rpartition("/")[2] for t in called}:
        return True
    effects = tuple(e for e in atom.effects if not _only_installers(e))
    if any(e.kind in _MAY_COMPILE for e in effects):
        return True
    visit = replace(step.visit, effects=(effects,))
    return bool(commands & {name.rpartition("/")[2] for name in build_tools([visit])})


def _only_installers(effect: Effect) -> bool:
    """`pip install --upgrade pip` compiles nothing."""
    names = {p.name.lower() for p in effect.packages}
    known = language(effect.ecosystem)
    return (
        known is not None
        and (effect.kind == "install-global" or (effect.kind == "install" and known.installs_on_path))
        and bool(names)
        and names <= frozenset(known.installers)
        and not effect.manifests
    )


def _dropped(program: Program, install: _Install) -> Edits | None:
    """The edits if no step needs the packages: they are not installed at all."""
    if any(_counterpart_edits(program, install).values()):
        return None
    text = _remaining_text(program, install)
    decision = Decision.of("SL201", "in_place", line=install.step.line, names=install.names)
    return Edits(
        texts={install.step.index: text or ""}, decisions=(decision,), saving=_package_bytes(program, install)
    )


def _removed_at_end(program: Program, install: _Install) -> Edits | Reason:
    if not is_extendable(install.step):
        return Reason.of("SL356", "nothing_behind", step=step_line(install.step))
    step, swap = install.step, _counterpart_edits(program, install)
    counterparts = [n for names in swap.values() for n in names]
    words = {span: " ".join((_text(install, span), *names)) for span, names in swap.items() if names}
    using = _using_atoms(install, step, _commands(program, install))
    removed = extend_install.extended_removal(step, install.effect.manager, install.names, max(using))
    text = edit(step.instruction, step.script, replace_words={**words, **(removed or {})})
    assert text is not None
    if removed is None:
        tail = _removal_command(program, install.names)
        if install.effect.manager == SystemManager.APK:
            tail = (f"apk del {' '.join(install.names)}",)
        if any("lists" in d for e in step.effects for d in e.deletes):
            tail = tail[:1]
        tail = tuple(as_caller(install.effect, command) for command in tail)
        if not all(tail):
            return Reason.of("SL356", "nothing_behind", step=step_line(step))
        text = extended_run(program, step, tail, text)
    return Edits(
        texts={install.step.index: text},
        decisions=(_decision(install, install.step, counterparts),),
        saving=_package_bytes(program, install),
        removes_again=True,
    )


def _moved_to_use(
    program: Program, install: _Install, users: list[Step], *, asked: bool
) -> Edits | Reason | None:
    """The edits that install the packages where they are used: the RUNs that use them are joined, with the
    removal at the end. None if that saves less than it costs to fetch the lists once more."""
    if install.step in users:
        return Reason.of("SL356", "needed_later", step=step_line(install.step))
    first, last = users[0], users[-1]
    members = runs_between(program, first, last)
    if not are_adjacent(program, first.index, last.index) or members != users:
        return Reason.of("SL356", "apart", first=step_line(first), last=step_line(last))
    plain = all(is_chained(s) and not s.instruction.flags for s in members)
    if not plain or not all(map(keeps_shell_state, members[:-1])):
        return Reason.of("SL356", "not_lengthened", step=step_line(first))
    if not asked and _sources_between(program, install.step, first):
        return Reason.of("SL356", "every_change", step=step_line(first))
    for step in (s for s in program.steps if s.index > last.index):
        removed = {p.name for e in step.effects if e.kind == "unpackage" for p in e.packages}
        if not removed.isdisjoint(install.names):
            return Reason.of("SL356", "needed_later", step=step_line(first))
    text = _extended_run(program, install, first) if members == [first] else None
    if text is None and not asked and _package_bytes(program, install) < _WORTH_MOVING:
        return None
    if text is None:
        head, tail = _install_command(program, install), _removal_command(program, install.names)
        texts = joined_texts(program, members, *tail, head=head)
    else:
        texts = {first.index: text}
    counterparts = [n for names in _counterpart_edits(program, install).values() for n in names]
    return Edits(
        texts={**texts, install.step.index: _remaining_text(program, install) or ""},
        decisions=(_decision(install, first, counterparts),),
        saving=_package_bytes(program, install),
        removes_again=True,
    )


def _extended_run(program: Program, install: _Install, step: Step) -> str | None:
    """The RUN with the packages added to its own install and removal; None if it has none."""
    using = _using_atoms(install, step, _commands(program, install))
    words = extend_install.extended_install(
        step, install.effect.manager, _texts(install), install.names, using
    )
    return edit(step.instruction, step.script, replace_words=words) if words else None


def _sources_between(program: Program, install: Step, user: Step) -> bool:
    """Whether a directory of the context is copied between the two steps."""
    context = program.context
    for step in program.steps:
        if step.keyword not in ("COPY", "ADD") or not install.index < step.index < user.index:
            continue
        words = step.instruction.value.split()[:-1]
        if any(context.is_dir(w.strip("/") or ".") for w in words):
            return True
    return False


def _decision(install: _Install, step: Step, counterparts: list[str]) -> Decision:
    line, names, at = install.step.line, install.names, step_line(step)
    if not counterparts:
        return Decision.of("SL351", "one_layer", line=line, names=names, step=at)
    stay = tuple(counterparts)
    return Decision.of("SL351", "one_layer_stay", line=line, names=names, step=at, counterparts=stay)


def _package_bytes(program: Program, install: _Install) -> int:
    manager = estimate.package_manager(program)
    return sum(estimate.package_size(name, manager) for name in install.names)


# --- the commands ---------------------------------------------------------------------------------


def _install_command(program: Program, install: _Install) -> tuple[str, ...]:
    """The user's own install command, reduced to these packages."""
    spans = {p.span for p in install.effect.packages}
    words = [w.text for w in install.effect.command.words if (w.start, w.end) not in spans]
    if install.effect.manager == SystemManager.APK:
        cached = [] if "--no-cache" in words else ["--no-cache"]
        words += [*cached, "--virtual", extend_install.group_name(program)]
    else:
        words = ["apt-get update &&", *words]
    command, names = " ".join(words), " ".join(_texts(install))
    long = len(command) + len(names) > 90  # the names get a line of their own
    return (f"{command} \\{program.dockerfile.newline}        {names}" if long else f"{command} {names}",)


def _removal_command(program: Program, names: tuple[str, ...]) -> tuple[str, ...]:
    if program.base is not None and program.base.manager == SystemManager.APK:
        return (f"apk del {extend_install.group_name(program)}",)
    return (f"apt-get purge -y --auto-remove {' '.join(names)}", "rm -rf /var/lib/apt/lists/*")


def _texts(install: _Install) -> list[str]:
    return [p.text for p in install.effect.packages if p.name in install.names]


def _text(install: _Install, span: tuple[int, int]) -> str:
    return next(p.text for p in install.effect.packages if p.span == span)


def _counterpart_edits(program: Program, install: _Install) -> Mapping[tuple[int, int], tuple[str, ...]]:
    """The run-time packages that replace each package, each name once."""
    base = program.base
    have = {v.name for v in install.atom.packages if v.role != "build"}
    have |= installed(base, nearest=True) if base is not None else frozenset()
    swap: dict[tuple[int, int], tuple[str, ...]] = {}
    for verdict in install.atom.packages:
        if verdict.name not in install.names:
            continue
        span = next(p.span for p in install.effect.packages if p.name == verdict.name)
        own = tuple(n for n in verdict.counterparts if n not in have)
        have |= set(own)
        swap[span] = own
    return swap


def _remaining_text(program: Program, install: _Install) -> str | None:
    """The install without the packages; None if its RUN has nothing else left."""
    swap = _counterpart_edits(program, install)
    left = [p for p in install.effect.packages if p.name not in install.names]
    step = install.step
    if left or any(swap.values()):
        words = {span: " ".join(names) for span, names in swap.items()}
        return edit(step.instruction, step.script, replace_words=words)
    others = [a for a in step.atoms if a.index != install.atom.index]
    if all(a.kinds <= INSTALLS_NOTHING for a in others):
        return None
    return edit(step.instruction, step.script, drop=frozenset({install.atom.index}))
