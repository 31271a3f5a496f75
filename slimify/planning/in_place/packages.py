"""Packages that only the build needs are installed and removed in the one step that needs them.

The verdicts are those that part a file into stages: what they call build-only goes, what run time needs
instead is installed by name. apt's --auto-remove takes what came along with them; apk removes a group.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.packages.system import system_package
from slimify.analysis.packages.verdicts import build_tools
from slimify.analysis.program import AtomStep, Program, Step
from slimify.facts.carried import installed
from slimify.facts.system import is_plain_root
from slimify.languages import language
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import BUILDS, INSTALLS_NOTHING, MANAGES_PACKAGES, Effect
from slimify.planning.estimates import estimate
from slimify.planning.in_place import extend_install
from slimify.planning.in_place.certain import unsure
from slimify.planning.in_place.edits import Edits, place
from slimify.planning.in_place.runs import (
    body,
    chained,
    commented,
    direct,
    joined,
    lead,
    lengthened,
    prolonged,
    readable,
    side_by_side,
    stateless,
)
from slimify.syntax.shell.script import EditRefused, edit

# What may compile; any other command is asked for its programs.
_COMPILING = BUILDS | {"unknown"}
_MANAGING = MANAGES_PACKAGES | {"state"}
# Packages that only bring others: of no size where the base image has these.
_META = {"build-essential": ("gcc", "g++", "make", "libc6-dev")}


class _Install(Struct, frozen=True):
    """A command that installs packages which only the build needs: `names` are those."""

    step: Step
    atom: AtomStep
    effect: Effect
    names: tuple[str, ...]


def build_packages(program: Program, *, asked: bool) -> Edits:
    """The first install with packages that come and go in one step. Where that step would be repeated with
    every change of a source, only if one stage was `asked` for."""
    advice: list[Decision] = []
    for found in _installs(program):
        edits = _in_one_step(program, found, asked=asked)
        if isinstance(edits, Edits):
            return edits
        if edits:
            advice.append(
                Decision.of(
                    "SL356",
                    "packages",
                    safety="advice",
                    line=found.step.line,
                    names=found.names,
                    why=edits,
                )
            )
    return Edits(decisions=tuple(advice))


def _installs(program: Program) -> list[_Install]:
    found: list[_Install] = []
    base = program.base
    there = installed(base, nearest=True) if base is not None else frozenset()
    if base is None or base.manager not in ("apt", "apk") or (not there and base.distro == "debian"):
        return found
    if base.distro == "debian" and base.variant == "other":
        return found
    empty = {name for name, parts in _META.items() if there.issuperset(parts)}
    for step in program.steps:
        for atom in step.atoms:
            for effect in atom.effects:
                if effect.kind != "packages":
                    continue
                removed = _removed_later(step, atom)
                spans = {p.name: p.span for p in effect.packages}
                if effect.manager != base.manager or (-1, -1) in spans.values():
                    continue
                names = tuple(
                    v.name
                    for v in atom.packages
                    if v.role == "build" and v.name in spans and v.name not in there | removed | empty
                )
                if names and "--virtual" not in effect.action:
                    found.append(_Install(step, atom, effect, names))
    return found


def _removed_later(step: Step, atom: AtomStep) -> set[str]:
    """What the same RUN removes again, maybe in the same `if`."""
    later = (e for a in step.atoms if a.index >= atom.index for e in a.effects if e.kind == "unpackage")
    return {p.name for e in later for p in e.packages}


def _in_one_step(program: Program, found: _Install, *, asked: bool) -> Edits | Reason | None:
    """The edits, or why the packages have to stay; None where nothing is gained."""
    why = unsure(program)
    if why:
        return why
    users = _users(program, found)
    if users and any(e.kind == "unknown" or e.writes_anywhere for s in users for e in s.effects):
        unread = next(s for s in users if any(e.kind == "unknown" or e.writes_anywhere for e in s.effects))
        return Reason.of("SL356", "unknown_step", step=place(unread))
    if any(not is_plain_root(s.state.user) for s in (found.step, *users)):
        return Reason.of("SL356", "not_root")
    if not readable(found.step) or not direct(found.step, found.atom, found.effect):
        return Reason.of("SL356", "not_edited", step=place(found.step))
    try:
        if not users:
            return _unused(program, found)
        if users == [found.step]:
            return _removed_at_end(program, found)
        return _carried_over(program, found, users, asked=asked)
    except EditRefused as error:
        return Reason.of("SL356", "edit", why=str(error))


def _users(program: Program, found: _Install) -> list[Step]:
    """The RUNs, from the install on, that may need one of the packages."""
    commands = {c for n in found.names for c in _commands(program, n)}
    steps = [s for s in program.steps if s.index >= found.step.index and s.keyword == "RUN"]
    return [s for s in steps if _uses(found, s, commands)]


def _commands(program: Program, name: str) -> tuple[str, ...]:
    base = program.base
    facts = system_package(name, base.distro if base else None, base.suite if base else None)
    return (name, *(facts.commands if facts is not None else ()))


def _uses(found: _Install, step: Step, commands: set[str]) -> bool:
    return not step.atoms or bool(_using(found, step, commands))


def _using(found: _Install, step: Step, commands: set[str]) -> list[int]:
    """The atoms of a RUN that may need one of the packages."""
    atoms = [a for a in step.atoms if step is not found.step or a.index > found.atom.index]
    return [a.index for a in atoms if _atom_uses(step, a, commands)]


def _atom_uses(step: Step, atom: AtomStep, commands: set[str]) -> bool:
    called = (t for e in atom.effects if e.kind not in _MANAGING for t in (e.tool, *e.tools))
    if commands & {t.rpartition("/")[2] for t in called}:
        return True
    effects = tuple(e for e in atom.effects if not _only_installers(e))
    if any(e.kind in _COMPILING for e in effects):
        return True
    visit = replace(step.visit, effects=(effects,))
    return bool(commands & {name.rpartition("/")[2] for name in build_tools([visit])})


def _only_installers(effect: Effect) -> bool:
    """`pip install --upgrade pip`: nothing to compile."""
    names = {p.name.lower() for p in effect.packages}
    known = language(effect.ecosystem)
    return (
        known is not None
        and (effect.kind == "install-global" or (effect.kind == "install" and known.installs_on_path))
        and bool(names)
        and names <= frozenset(known.installers)
        and not effect.manifests
    )


def _unused(program: Program, found: _Install) -> Edits | None:
    """No step needs them: they are not installed at all."""
    if _replaced(program, found):
        return None
    text = _without(program, found)
    told = Decision.of("SL201", "in_place", safety="safe", line=found.step.line, names=found.names)
    return Edits(texts={found.step.index: text or ""}, decisions=(told,), saving=_size(program, found))


def _removed_at_end(program: Program, found: _Install) -> Edits | Reason:
    if not prolonged(found.step):
        return Reason.of("SL356", "nothing_behind", step=place(found.step))
    step, swap = found.step, _swapped(program, found)
    assert step.script is not None
    counterparts = [n for names in swap.values() for n in names]
    words = {span: " ".join((_text(found, span), *names)) for span, names in swap.items() if names}
    using = _using(found, step, {c for n in found.names for c in _commands(program, n)})
    removed = extend_install.removal(step, found.effect.manager, found.names, max(using))
    text = edit(step.instruction, step.script, replace_words={**words, **(removed or {})})
    assert text is not None
    if removed is None:
        tail = _removal(program, found.names)
        if found.effect.manager == "apk":
            tail = (f"apk del {' '.join(found.names)}",)
        if any("lists" in d for e in step.effects for d in e.deletes):
            tail = tail[:1]
        text = lengthened(program, step, tail, text)
    return Edits(
        texts={found.step.index: text},
        decisions=(_told(found, found.step, counterparts),),
        saving=_size(program, found),
    )


def _carried_over(program: Program, found: _Install, users: list[Step], *, asked: bool) -> Edits | Reason:
    """Installed where they are used: the RUNs that use them become one, with the removal at its end."""
    if found.step in users:
        return Reason.of("SL356", "needed_later", step=place(found.step))
    first, last = users[0], users[-1]
    members = [s for s in program.steps if first.index <= s.index <= last.index and s.keyword == "RUN"]
    if not side_by_side(program, first.index, last.index) or members != users:
        return Reason.of("SL356", "apart", first=place(first), last=place(last))
    if any(s.instruction.flags or not chained(s) for s in members) or not all(
        stateless(s) for s in members[:-1]
    ):
        return Reason.of("SL356", "not_lengthened", step=place(first))
    if not asked and _behind_sources(program, found.step, first):
        return Reason.of("SL356", "every_change", step=place(first))
    text = _taken_along(program, found, first) if members == [first] else None
    if text is None:
        commands = [
            *_installation(program, found),
            body(first.instruction),
            *(commented(program, s) for s in members[1:]),
            *_removal(program, found.names),
        ]
        text = joined(lead(first.instruction), commands, program.dockerfile.newline)
    counterparts = [n for names in _swapped(program, found).values() for n in names]
    texts = {s.index: text if s is first else "" for s in members}
    texts[found.step.index] = _without(program, found) or ""
    later = _without_removals(program, found, last)
    return Edits(
        texts={**texts, **later},
        decisions=(_told(found, first, counterparts),),
        saving=_size(program, found),
    )


def _taken_along(program: Program, found: _Install, step: Step) -> str | None:
    """The RUN whose own install and removal of packages take these along; None where it has none."""
    using = _using(found, step, {c for n in found.names for c in _commands(program, n)})
    words = extend_install.installation(step, found.effect.manager, _texts(found), found.names, using)
    return edit(step.instruction, step.script, replace_words=words) if words and step.script else None


def _behind_sources(program: Program, install: Step, user: Step) -> bool:
    """A directory of the context is copied between them."""
    context = program.context
    for step in program.steps:
        if step.keyword not in ("COPY", "ADD") or not install.index < step.index < user.index:
            continue
        words = step.instruction.value.split()[:-1]
        if any(context.is_dir(w.strip("/") or ".") for w in words):
            return True
    return False


def _told(found: _Install, step: Step, counterparts: list[str]) -> Decision:
    line, names = found.step.line, found.names
    if not counterparts:
        return Decision.of("SL351", "one_layer", safety="safe", line=line, names=names, step=place(step))
    return Decision.of(
        "SL351",
        "one_layer_stay",
        safety="safe",
        line=line,
        names=names,
        step=place(step),
        counterparts=tuple(counterparts),
    )


def _size(program: Program, found: _Install) -> int:
    manager = estimate.package_manager(program)
    return sum(estimate.package_size(name, manager) for name in found.names)


# --- the commands ---------------------------------------------------------------------------------


def _installation(program: Program, found: _Install) -> tuple[str, ...]:
    """The user's own install command, of these packages alone."""
    spans = {p.span for p in found.effect.packages}
    words = [w.text for w in found.effect.command.words if (w.start, w.end) not in spans]
    if found.effect.manager == "apk":
        cached = [] if "--no-cache" in words else ["--no-cache"]
        group = ["--virtual", extend_install.group(program)]
        return (_broken(program, " ".join([*words, *cached, *group]), _texts(found)),)
    return (_broken(program, f"apt-get update && {' '.join(words)}", _texts(found)),)


def _broken(program: Program, command: str, names: list[str]) -> str:
    """The command with its names, on a line of their own where it gets long."""
    end = program.dockerfile.newline
    joint = f" \\{end}        " if len(command) + len(" ".join(names)) > 90 else " "
    return f"{command}{joint}{' '.join(names)}"


def _removal(program: Program, names: tuple[str, ...]) -> tuple[str, ...]:
    if program.base is not None and program.base.manager == "apk":
        return (f"apk del {extend_install.group(program)}",)
    return (f"apt-get purge -y --auto-remove {' '.join(names)}", "rm -rf /var/lib/apt/lists/*")


def _texts(found: _Install) -> list[str]:
    return [p.text for p in found.effect.packages if p.name in found.names]


def _text(found: _Install, span: tuple[int, int]) -> str:
    return next(p.text for p in found.effect.packages if p.span == span)


def _replaced(program: Program, found: _Install) -> list[str]:
    return [n for names in _swapped(program, found).values() for n in names]


def _swapped(program: Program, found: _Install) -> Mapping[tuple[int, int], tuple[str, ...]]:
    """What run time needs instead of each package, each name once."""
    base = program.base
    have = {v.name for v in found.atom.packages if v.role != "build"}
    have |= installed(base, nearest=True) if base is not None else frozenset()
    swap: dict[tuple[int, int], tuple[str, ...]] = {}
    for verdict in found.atom.packages:
        if verdict.name not in found.names:
            continue
        span = next(p.span for p in found.effect.packages if p.name == verdict.name)
        own = tuple(n for n in verdict.counterparts if n not in have)
        have |= set(own)
        swap[span] = own
    return swap


def _without(program: Program, found: _Install) -> str | None:
    """The install without them; None where nothing else is left of its RUN."""
    swap = _swapped(program, found)
    left = [p for p in found.effect.packages if p.name not in found.names]
    step = found.step
    assert step.script is not None
    if left or any(swap.values()):
        words = {span: " ".join(names) for span, names in swap.items() if names}
        gone = frozenset(span for span, names in swap.items() if not names)
        return edit(step.instruction, step.script, drop_words=gone, replace_words=words)
    others = [a for a in step.atoms if a.index != found.atom.index]
    if all({e.kind for e in a.effects} <= INSTALLS_NOTHING for a in others):
        return None
    return edit(step.instruction, step.script, drop=frozenset({found.atom.index}))


def _without_removals(program: Program, found: _Install, last: Step) -> dict[int, str]:
    """Later removals of the same packages, which have nothing to remove any more."""
    texts: dict[int, str] = {}
    for step in program.steps:
        if step.index <= last.index or not readable(step):
            continue
        drop = frozenset(
            a.index
            for a in step.atoms
            if a.effects
            and all(e.kind == "unpackage" for e in a.effects)
            and {p.name for e in a.effects for p in e.packages} <= set(found.names)
            and any(e.packages for e in a.effects)
        )
        if drop:
            assert step.script is not None
            texts[step.index] = edit(step.instruction, step.script, drop=drop) or ""
    return texts
