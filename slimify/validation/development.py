"""Development dependencies that an installer drops: neither run time nor a later step needs one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from slimify.facts.programs import is_plain_check
from slimify.facts.toolchains import is_development_file, is_development_package
from slimify.languages import language, languages
from slimify.model.decisions import Reason
from slimify.model.effects import BUILDS, RUNS_CODE, Action, Effect
from slimify.semantics.machine.stages import Event, Stage
from slimify.validation.comparison import Comparison, Pair

if TYPE_CHECKING:
    from slimify.languages.parts import Packages


def development_problems(compared: Comparison) -> Iterator[Reason]:
    """Development dependencies that the new file drops although something needs them."""
    imports = (u for u in compared.needs.sources.imports if not is_development_file(compared.own, u.file))
    used = {*compared.needs.commands, *(name for use in imports for name in _providers(compared, use.name))}
    used |= {tool.rpartition("/")[2] for e in compared.needs.start for tool in (e.tool, *e.tools)}
    used |= _loaded(compared.needs.start)
    for pair in compared.pairs:
        for event, effect in _drops(pair):
            uninstalled = effect.action == Action.UNINSTALL
            programs = _uninstalled(effect) if uninstalled else _development_programs(pair.old, effect)
            copied = (e.copy.stage for e in compared.new.final.events if e.copy is not None)
            shipped = pair.new in (compared.new.final, *copied)
            if shipped and programs and (why := _some_script(compared.needs.start)) is not None:
                yield Reason.of("SL409", "development_unknown", why=why)
            needed = used if shipped else set[str]()
            users = (s for s in compared.new.stages if pair.new in s.sources and not _installs(s))
            later = (*pair.new.events[event.number + 1 :], *(e for user in users for e in user.own))
            own_effects = [x for e in later for x in e.effects]
            needed = (
                needed | {tool for x in own_effects for tool in (x.tool, *x.tools)} | _loaded(own_effects)
            )
            for name, own in programs.items():
                if own & needed:
                    yield Reason.of("SL409", "development_gone", package=name)
                    break
        for prune, command in _pruned_first(pair):
            yield Reason.of("SL409", "pruned_first", command=command.text[:50], prune=prune.text[:50])


def _some_script(start: Iterable[Effect]) -> Reason | None:
    """Why it is not known which script of a manifest run time starts: any one may need any package."""
    return next((effect.why for effect in start if effect.unread == "package"), None)


def _installs(stage: Stage) -> bool:
    """Whether a stage installs development dependencies itself, rather than using those that it copies."""
    return any(e.kind == "install" and e.dev for e in stage.effects)


def _providers(compared: Comparison, module: str) -> tuple[str, ...]:
    """A module that sources import, and the packages that may provide it."""
    packages = compared.own.packages if compared.own is not None else None
    return (module, *(packages.providers(module) if packages is not None else ()))


def _loaded(effects: Iterable[Effect]) -> set[str]:
    """The installed packages that programs load by their names."""
    parts = [known.packages for known in languages() if known.packages is not None]
    return {part.package_at(path) for e in effects for path in e.reads for part in parts} - {""}


def _drops(pair: Pair) -> Iterator[tuple[Event, Effect]]:
    """The commands of the new stage that drop development dependencies, unlike the old file."""
    for event, match in pair.commands():
        before = {(e.kind, e.dev) for e in match.effects} if match is not None else set()
        for effect in event.effects:
            pruned = effect.kind == "prune" or (effect.kind == "install" and not effect.packages)
            if effect.action == Action.UNINSTALL and match is None and _uninstalled(effect):
                yield event, effect
            if pruned and not effect.dev and (effect.kind, effect.dev) not in before:
                yield event, effect


def _pruned_first(pair: Pair) -> Iterator[tuple[Event, Event]]:
    """The prunes, each with a command that came before it in the old file, comes after it now, and may load
    what it drops: programs load packages of the directories above them, too."""
    known = [(event, match) for event, match in pair.commands() if match is not None]
    for prune, old in (found for found in known if "prune" in found[0].kinds):
        for event, match in known:
            moved = match.number < old.number and event.number > prune.number
            if moved and any(_may_load_packages(effect) for effect in event.effects):
                yield prune, event


def _may_load_packages(effect: Effect) -> bool:
    checks = effect.kind == "check" and not is_plain_check(effect.tool)
    return checks or effect.kind in BUILDS | RUNS_CODE


def _uninstalled(effect: Effect) -> dict[str, set[str]]:
    """The packages for development that a command uninstalls, each with the names that it is used by."""
    known = language(effect.ecosystem)
    packages = known.packages if known is not None else None
    if known is None or packages is None:
        return {}
    names = (p.name.lower() for p in effect.packages)
    return {n: {n, *packages.programs(n)} for n in names if is_development_package(known, n)}


def _usual_programs(packages: Packages, name: str) -> tuple[str, ...]:
    """The programs of a package of which the lock file says nothing."""
    return packages.programs(name) if packages.package_facts(name).known else ()


def _development_programs(old: Stage, effect: Effect) -> dict[str, set[str]]:
    """The development dependencies of the manifests that installs to the same place read, each with the names
    that it is used by."""
    known = language(effect.ecosystem)
    if known is None or known.packages is None:
        return {}
    view = old.end.view
    effects = (e for stage in (old, *old.sources) for e in stage.effects)
    installs = (e for e in effects if e.does("install", effect.ecosystem) and e.dev)
    same = (e for e in installs if not (e.writes and effect.writes) or set(e.writes) & set(effect.writes))
    manifests = {m for e in same for m in e.manifests}
    paths = (view.context_path(manifest) for manifest in sorted(manifests))
    packages = known.packages
    listed = [packages.listed_packages(view, path, development=True) for path in paths if path is not None]
    found = {
        module.use.name: {module.use.name, *(module.programs or _usual_programs(packages, module.use.name))}
        for modules in listed
        for module in modules
    }
    if effect.kind == "prune" and effect.packages:
        return {p.name: found.get(p.name, {p.name}) for p in effect.packages}
    if effect.kind == "prune":
        found |= {n: {n, *_usual_programs(packages, n)} for n in _unlisted(effect, old, packages)}
    return found


def _unlisted(effect: Effect, old: Stage, packages: Packages) -> Iterator[str]:
    """The packages that installs name and no manifest at the place of a prune: it removes them, too."""
    view, place = old.end.view, {w.rpartition("/")[0] for w in effect.writes}
    manifests = [p for e in old.effects for m in e.manifests if (p := view.context_path(m)) is not None]
    listed = {m.use.name for p in manifests for m in packages.listed_packages(view, p, development=False)}
    for each in old.effects:
        if each.does("install", effect.ecosystem) and {w.rpartition("/")[0] for w in each.writes} & place:
            yield from (p.name for p in each.packages if p.name not in listed)
