"""Rough sizes in bytes, to decide before any build whether a rewrite pays.

Measured once on Debian bookworm and Alpine 3.20, with dependencies and without recommended packages, and
rounded. Messages always call them estimates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from slimify.analysis.program import Program, Step
from slimify.facts import load
from slimify.facts.carried import installed
from slimify.facts.debian import brings
from slimify.facts.images import image
from slimify.facts.recommends import recommended_packages
from slimify.languages import language, prepares_install
from slimify.model.effects import INSTALLS, Action, Effect, EffectKind, SystemManager
from slimify.model.plan import Rung
from slimify.model.sizes import MB
from slimify.planning.in_place.cache_cleaning import deletes_caches
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.machine.content import content_at
from slimify.semantics.paths import inside, inside_any, is_named_place

UNKNOWN_IMAGE = 500 * MB
UNKNOWN_ALPINE = 150 * MB  # if apk is called: an interpreter or a toolchain on Alpine
APT_LISTS = 20 * MB
APK_INDEX = 3 * MB
RPM_LISTS = 40 * MB
_APPLICATION = 30 * MB
_BRINGS_MUCH = 10 * MB  # what it depends on is then there, too
_TREE = 20 * MB  # a repository or an archive with what was built in it
_TREES = frozenset({("fetch", "git"), ("unpack", "tar"), ("unpack", "unzip")})
INSTALLER_CACHE = 25 * MB  # if the installed packages are unknown


def package_size(name: str, manager: str) -> int:
    """The size of a system package with its dependencies."""
    file, default = (
        ("alpine", 3) if manager == SystemManager.APK else ("debian", 8 if name.endswith("-dev") else 5)
    )
    size: int = load(f"packages-{file}.toml")["sizes"].get(name, default)
    return size * MB


def dropped_package_bytes(program: Program) -> int:
    """The bytes of the system packages that only the build needs."""
    manager = package_manager(program)
    names = {v.name for v in program.verdicts if v.role == "build"}
    removed: set[str] = set(installed(program.base, nearest=True)) if program.base else set()
    for step in program.steps:  # already removed by the file itself
        gone = {p.name for e in step.effects if e.kind == "unpackage" for p in e.packages}
        removed |= {p.name for e in step.effects if e.kind == "packages" for p in e.packages} & gone
        for effect in step.effects:
            if effect.subject in gone:  # apk add --virtual NAME … apk del NAME
                removed |= {p.name for p in effect.packages}
    met = {n for n in names if brings(n) and removed.issuperset(brings(n))}
    gone = names - removed - met
    return sum(package_size(n, manager) for n in gone) + _recommended_bytes(program, gone)


def _recommended_bytes(program: Program, dropped: Collection[str]) -> int:
    """The bytes of what apt installed beside these packages because they recommend it, and nothing else."""
    installs = [e for e in program.effects if e.kind == "packages" and e.manager == SystemManager.APT]
    plain = [e for e in installs if not e.sparing]
    own = {p.name for e in plain for p in e.packages}
    if own.isdisjoint(dropped) or any("Install-Recommends" in s.instruction.value for s in program.steps):
        return 0
    suite = program.base.suite if program.base is not None else None
    there = set(installed(program.base, nearest=True)) if program.base is not None else set[str]()
    there |= {p.name for e in installs for p in e.packages}
    more: dict[str, int] = {}
    for name in own.intersection(dropped):
        row = recommended_packages((name,), suite) or {}
        if all(package_size(n, SystemManager.APT) < _BRINGS_MUCH for n in there.intersection(row)):
            more |= row
    for name in own.difference(dropped):
        there |= (recommended_packages((name,), suite) or {}).keys()
    return sum(size for name, size in more.items() if name not in there)


def package_manager(program: Program) -> str:
    """The system package manager: the base image's, else the one that the file calls."""
    if program.base is not None and program.base.manager:
        return program.base.manager
    called = (e.manager for e in program.effects if e.kind == "packages")
    return next((m for m in called if m in (SystemManager.APT, SystemManager.APK)), SystemManager.APT)


def left_list_bytes(program: Program, *, repeated: bool = True) -> int:
    """The bytes of apt's lists that a RUN leaves; without `repeated`, one that only the builder executes."""
    if package_manager(program) != SystemManager.APT:  # a script may support several managers
        return 0
    for step in program.steps:
        effects = step.effects
        fetches = any(e.kind == "index" and e.manager == SystemManager.APT for e in effects)
        if fetches and not removes_lists(effects) and (repeated or step.role == "build"):
            return APT_LISTS
    return 0


def removes_lists(effects: Iterable[Effect]) -> bool:
    """Whether the effects delete apt's package lists or a directory that contains them."""
    deleted = [d for e in effects for d in e.deletes]
    return any("/lists" in d or inside("/var/lib/apt/lists", d) for d in deleted)


def cache_bytes(
    program: Program, ecosystem: str = "", *, kinds: Collection[EffectKind] = ("install", "compile")
) -> int:
    """The bytes of installer caches that RUNs leave, of all ecosystems or of one: each has one cache."""
    filled: dict[str, int] = {}
    for step in program.steps:
        mounted = "type=cache" in step.instruction.raw
        for effect in step.effects:
            if (
                effect.kind in kinds
                and ecosystem in ("", effect.ecosystem)
                and effect.caches
                and not mounted
                and not deletes_caches(step, effect.caches)
                and (step.role != "run" or effect.kind in INSTALLS)  # repeated installs are cleaned
                and _fills(effect)
            ):
                size = installer_cache_bytes(program, effect)
                filled[effect.ecosystem] = max(size, filled.get(effect.ecosystem, 0))
    return sum(filled.values())


def installer_cache_bytes(program: Program, effect: Effect) -> int:
    """The bytes that one command leaves in its installer's cache."""
    known = language(effect.ecosystem)
    if known is None or known.installer_caches is None:
        return INSTALLER_CACHE
    return known.installer_caches.cache_bytes(program, effect)


def saved_bytes(program: Program, rung: Rung, copies: Iterable[CopyFromBuilder] | None = None) -> int:
    """The bytes that a final stage omits: packages of the build, caches of installers, left lists, what a
    layer stores again (see `stored_once`) and, on the slim variant of the base, what that variant lacks."""
    lists = left_list_bytes(program, repeated=rung != "same-base")  # where repeated, in place goes as well
    again = stored_again(program) if copies is None else stored_once(program, copies)
    saving = dropped_package_bytes(program) + cache_bytes(program) + lists + _again_bytes(program, again)
    if rung == "slim" and program.base is not None:
        new = image(program.base.slim_partner or "")
        saving += program.base.size - (new.size if new else 0)
    return saving


def left_behind_bytes(
    program: Program, copies: Iterable[CopyFromBuilder], removed: Collection[str] = ()
) -> int:
    """The bytes of what build steps leave in directories of which no copy takes anything, or in those that
    the end of the builder removes. They are no part of the estimated image."""
    taken = [copy.path for copy in copies]
    trees: dict[str, int] = {}
    effects = (e for atom in program.atoms if atom.role == "build" for e in atom.effects)
    for effect in (e for e in effects if e.kind == "install" or (e.kind, e.tool) in _TREES):
        for path in effect.writes:
            kept = any(inside(path, one) or inside(one, path) for one in taken)
            if is_named_place(path) or (kept and path not in removed) or _is_gone(program, path):
                continue
            known = language(effect.ecosystem) if effect.kind == "install" else None
            part = known.installer_caches if known is not None else None
            size = part.installed_bytes(program, effect) if part is not None else _TREE
            trees[path] = max(size, trees.get(path, 0))
    return sum(trees.values())


def _is_gone(program: Program, path: str) -> bool:
    """Whether the file itself deletes it again."""
    return content_at(program.machine.final, path).gone


def _fills(effect: Effect) -> bool:
    return effect.action not in (Action.CHECK, Action.RUN, Action.CONFIG) and not prepares_install(effect)


def knows_size(program: Program) -> bool:
    """Whether a table has the size of the base image."""
    return program.base is not None and bool(program.base.size)


def original_bytes(program: Program) -> int:
    """The estimated size of the current image."""
    if program.image_evidence is not None:
        return program.image_evidence.size
    unknown = UNKNOWN_ALPINE if package_manager(program) == SystemManager.APK else UNKNOWN_IMAGE
    base = program.base.size if program.base and program.base.size else unknown
    packages = dropped_package_bytes(program) + left_list_bytes(program)
    own = _installed_bytes(program, program.effects) + _again_bytes(program, stored_again(program))
    return base + packages + cache_bytes(program) + own


def stored_again(program: Program) -> tuple[tuple[Step, Effect], ...]:
    """The installs of which a layer above stores all files once more, for another owner or mode: each behind
    the first step that does."""
    changes = [(step, effect) for step in program.steps for effect in step.effects if effect.recursive]
    found: list[tuple[Step, Effect]] = []
    for step in program.steps:
        for install in (e for e in step.effects if e.kind == "install"):
            later = (s for s, e in changes if s.index > step.index and _covers(e, install))
            found += [(again, install) for again in islice(later, 1)]
    return tuple(found)


def _covers(change: Effect, install: Effect) -> bool:
    return change.kind == "meta" and any(inside(w, place) for place in change.writes for w in install.writes)


def stored_once(program: Program, copies: Iterable[CopyFromBuilder]) -> tuple[tuple[Step, Effect], ...]:
    """Those that a final stage with these copies stores once: it does not change the owner or mode of what it
    copies, or makes the copy behind the change (`behind_attributes`)."""
    taken = [copy.path for copy in copies]

    def stays(step: Step) -> bool:
        changes = [e.writes for e in step.final_effects if e.kind == "meta" and e.recursive]
        return any(
            not {*taken} & {*places} and any(inside_any(t, places) for t in taken) for places in changes
        )

    return tuple((step, install) for step, install in stored_again(program) if not stays(step))


def _again_bytes(program: Program, again: Sequence[tuple[Step, Effect]]) -> int:
    return _installed_bytes(program, [install for _, install in again]) if again else 0


def _installed_bytes(program: Program, effects: Iterable[Effect]) -> int:
    """The bytes of the application and of what its installers install, at least those of a small one."""
    installs = [(known, e) for e in effects if e.kind == "install" and (known := language(e.ecosystem))]
    parts = ((known.installer_caches, effect) for known, effect in installs)
    sizes = (part.installed_bytes(program, effect) for part, effect in parts if part is not None)
    return max(sum(sizes), _APPLICATION)
