"""System packages, one by one: needed for the build, when the image runs, or by nothing known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from msgspec import Struct

from slimify.analysis.packages.naming import ContextMentions
from slimify.analysis.packages.system import system_package
from slimify.analysis.packages.toolchains import build_only_use
from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.roles.role_state import AtomKey
from slimify.analysis.runtime_needs import unread_start
from slimify.facts.debian import PackageFacts
from slimify.facts.images import ImageFacts
from slimify.facts.packages import callers, interpreters
from slimify.facts.toolchains import beside, builds_with, compiling, started_by
from slimify.languages import language, of_effect
from slimify.model.decisions import PackageVerdict, Reason, Role
from slimify.model.effects import INSTALLS, MANAGES_PACKAGES, Effect
from slimify.model.sources import Use
from slimify.semantics.walk import Visit

_COMPILERS = ("gcc", "g++", "cc", "c++", "clang")
_MANAGING = MANAGES_PACKAGES | {"state"}


class PackageUsage(Struct, frozen=True, dict=True, kw_only=True):
    """All that tells who uses a package, whichever it is.

    `application` is the application's language, `keep` the packages that the settings name, `late` the
    programs that steps executed in the final stage call, `naming` knows the texts of the context, `pure`:
    nothing that is built is linked with a library.
    """

    visits: Sequence[Visit]
    needs: RuntimeNeeds
    base: ImageFacts | None = None
    application: str | None = None
    keep: Collection[str] = ()
    late: Mapping[str, Use] = MappingProxyType({})
    naming: ContextMentions | None = None
    pure: bool = False

    @cached_property
    def tools(self) -> Mapping[str, Use]:
        """The programs that build steps call."""
        return build_tools(self.visits)

    @cached_property
    def there(self) -> Collection[str]:
        """The programs that run time calls, and those of the packages that an application calls, whatever
        calls them."""
        effects = (e for v in self.visits for atom in v.effects for e in atom if e.kind == "packages")
        facts = [self.facts(p.name) for e in effects for p in e.packages if p.name]
        brought = (c for f in facts if f is not None and f.kind == "run" for c in f.commands)
        return {*self.needs.commands, *brought}

    @cached_property
    def gone(self) -> Collection[str]:
        """The packages that a step removes again."""
        effects = (e for v in self.visits for atom in v.effects for e in atom if e.kind == "unpackage")
        return {p.name for e in effects for p in e.packages}

    def facts(self, name: str) -> PackageFacts | None:
        """What is known of a package in the distribution of the base image."""
        base = self.base
        return system_package(name, base.distro if base else None, base.suite if base else None)


class _Install(Struct, frozen=True):
    """An install command that names its packages."""

    visit: Visit
    number: int  # of the atom
    effects: Sequence[Effect]
    names: Sequence[str]


def package_verdicts(usage: PackageUsage) -> Mapping[AtomKey, tuple[PackageVerdict, ...]]:
    """A verdict for every package of every install command that names its packages."""
    verdicts: dict[AtomKey, tuple[PackageVerdict, ...]] = {}
    for visit in usage.visits:
        for number, effects in enumerate(visit.effects):
            installs = [e for e in effects if e.kind == "packages"]
            names = [p.name for e in installs for p in e.packages]
            if not installs or any(not n for n in names) or any(e.why for e in installs):
                continue
            install = _Install(visit, number, installs, names)
            verdicts[(visit.index, number)] = tuple(_judged(usage, install, n) for n in dict.fromkeys(names))
    return verdicts


def _judged(usage: PackageUsage, install: _Install, name: str) -> PackageVerdict:
    facts = usage.facts(name)
    verdict = _late(name, facts, usage.late) or _removed(name, facts, install)
    groups = (set(e.action.split()) for e in install.effects if "--virtual" in e.action)
    if verdict is None and any(not group.isdisjoint(usage.gone) for group in groups):
        verdict = _said(name, "build", Reason.of("SL201", "removed_group"))
    if verdict is None and name not in usage.keep:
        only = build_only_use(name, usage.visits, usage.needs, usage.tools, usage.application, usage.late)
        verdict = _serving(name, *only) if only is not None else None
    verdict = verdict or _by_use(usage, name, facts, install.names)
    return _used_unseen(usage, verdict, facts)


def _said(name: str, role: Role, reason: Reason, counterparts: tuple[str, ...] = ()) -> PackageVerdict:
    return PackageVerdict(name=name, role=role, counterparts=counterparts, reasons=(reason,))


def _removed(name: str, facts: PackageFacts | None, install: _Install) -> PackageVerdict | None:
    """What the same RUN removes again is not in the image. The libraries that came with it are where the
    manager is apt, which keeps them unless told otherwise; apk removes them, too."""
    for effects in install.visit.effects[install.number + 1 :]:
        for effect in effects:
            if effect.kind != "unpackage" or all(p.name != name for p in effect.packages):
                continue
            if effect.manager == "apk" or facts is None or not facts.counterparts:
                return _said(name, "build", Reason.of("SL201", "removed"))
    return None


def _late(name: str, facts: PackageFacts | None, late: Mapping[str, Use]) -> PackageVerdict | None:
    called = next((c for c in facts.commands if c in late), None) if facts is not None else None
    if called is None:
        return None
    return _said(name, "both", Reason.of("SL202", "late", user=late[called], command=called))


def _serving(name: str, user: Use, counterparts: tuple[str, ...]) -> PackageVerdict:
    if counterparts:
        reason = Reason.of("SL204", "needed", user=user, counterparts=counterparts)
        return _said(name, "build", reason, counterparts)
    return _said(name, "build", Reason.of("SL201", "needed", user=user))


def build_tools(visits: Sequence[Visit]) -> Mapping[str, Use]:
    """The programs that RUN steps call, each with the line of its first caller."""
    tools: dict[str, Use] = {}
    for visit in visits:
        for effects in visit.effects:
            for effect in effects:
                if effect.kind in _MANAGING:
                    continue
                for tool in (effect.tool, *effect.tools, *_implied(effect)):
                    name = tool.rpartition("/")[2]
                    tools.setdefault(
                        name, Use(name=effect.tool, file="Dockerfile", line=visit.instruction.line)
                    )
    return tools


def final_stage_tools(visits: Sequence[Visit], roles: Mapping[AtomKey, Role]) -> Mapping[str, Use]:
    """The programs that steps call which are executed in the final stage: it needs their packages."""
    tools: dict[str, Use] = {}
    done: list[Effect] = []
    for visit in visits:
        for number, effects in enumerate(visit.effects):
            if roles.get((visit.index, number)) not in ("run", "both", "unknown"):
                done += (e for e in effects if e.kind in INSTALLS)
                continue
            for effect in effects:
                if effect.kind in _MANAGING or effect.kind == "cache":
                    continue
                names = (effect.tool, *effect.tools, *_KEYRINGS.get(effect.tool, ()))
                if _may_compile(effect, done):
                    names = (*names, *_implied(effect), *compiling(effect))
                for tool in names:
                    name = tool.rpartition("/")[2]
                    tools.setdefault(
                        name, Use(name=effect.tool, file="Dockerfile", line=visit.instruction.line)
                    )
    return tools


def _may_compile(effect: Effect, done: Sequence[Effect]) -> bool:
    """Whether an install may start a compiler behind those `done`: yes, unless its language says no."""
    own = of_effect(effect)
    if own is None or own.packages is None:
        return effect.kind in INSTALLS
    return own.packages.may_compile(effect, done)


# What installs of packages' sources start by themselves.
_KEYRINGS = {"apt-key": ("gpg", "gnupg"), "add-apt-repository": ("gpg",)}


def _implied(effect: Effect) -> tuple[str, ...]:
    """Programs that an installer starts by itself."""
    if effect.kind == "source":
        return ("gpg", "apt-key", "lsb_release", "add-apt-repository")
    return started_by(effect)


def _by_use(
    usage: PackageUsage, name: str, facts: PackageFacts | None, beside_it: Sequence[str]
) -> PackageVerdict:
    """The verdict by who is seen to use a package; `beside_it` are all packages of its install."""
    needs = usage.needs
    if name in usage.keep:
        return _said(name, "run", Reason.of("SL222", "setting"))
    if name in needs.system_packages:
        use = needs.system_packages[name]
        return _said(name, "run", Reason.of("SL202", "use", name=use.name, place=_place(use)))
    if facts is None:
        return _said(name, "run", Reason.of("SL203", "unknown_package"))
    starters = sorted({s for c in facts.commands for s in callers(c)})
    direct = [s for s in starters if s in usage.tools and usage.tools[s].name == s]
    user = next((usage.tools[c] for c in (*facts.commands, *direct) if c in usage.tools), None)
    called = [c for c in facts.commands if c in needs.commands]
    if called:
        use = needs.commands[called[0]]
        role: Role = "both" if user is not None else "run"  # build steps that call it need it, too
        return _said(name, role, Reason.of("SL202", "runs", place=_place(use), command=called[0]))
    if facts.kind == "build":
        return _for_building(usage, name, facts, user)
    starter = next((s for s in starters if s in usage.there), None)
    if starter is not None:
        return _said(name, "run", Reason.of("SL203", "starter", command=starter))
    if name in builds_with(language(usage.application)) and _compiles(beside_it):
        return _said(name, "build", Reason.of("SL201", "native"))
    if facts.kind in ("fetch", "tool"):
        return _by_hand(usage, name, facts, user)
    programs = {name, *interpreters()} & set(facts.commands)
    if programs and user is None and not needs.dynamic and name not in _IMPLIED:
        return _said(name, "run", Reason.of("SL206", "unseen"))
    return _said(name, "run", Reason.of("SL203", "nothing_shown"))


def _for_building(usage: PackageUsage, name: str, facts: PackageFacts, user: Use | None) -> PackageVerdict:
    """A compiler, headers, a build tool that run time does not call: what it leaves may need libraries."""
    commands = usage.needs.commands
    compiler = next((commands[c] for c in _COMPILERS if c in commands), None)
    if compiler is not None and name.endswith("-dev"):
        return _said(name, "run", Reason.of("SL202", "compiles", place=_place(compiler)))
    if usage.pure and facts.counterparts != ():
        no_c = Reason.of("SL201", "needed_no_c", user=user) if user else Reason.of("SL201", "no_c")
        return _said(name, "build", no_c)
    if facts.counterparts is None:
        return _said(name, "run", Reason.of("SL203", "unknown_counterpart"))
    if user is not None:
        return _serving(name, user, facts.counterparts)
    if facts.counterparts:
        reason = Reason.of("SL204", "counterparts", counterparts=facts.counterparts)
        return _said(name, "build", reason, facts.counterparts)
    return _said(name, "build", Reason.of("SL201", "unused"))


def _by_hand(usage: PackageUsage, name: str, facts: PackageFacts, user: Use | None) -> PackageVerdict:
    """What people install to be called: clients, archivers, small tools."""
    if user is None:
        return _said(name, "run", Reason.of("SL206", "unseen"))
    unread = unread_start(usage.needs.start)
    if unread:
        return _said(name, "run", Reason.of("SL203", "unread_package", why=unread))
    if usage.needs.dynamic and facts.kind == "tool":
        return _said(name, "run", Reason.of("SL203", "dynamic", place=_place(usage.needs.dynamic[0])))
    return _said(name, "build", Reason.of("SL205", "called", user=user))


def _used_unseen(usage: PackageUsage, verdict: PackageVerdict, facts: PackageFacts | None) -> PackageVerdict:
    """The verdict on a package that nothing was seen to call, where something may use it all the same."""
    if facts is None or all(r.code != "SL206" for r in verdict.reasons):
        return verdict
    name = verdict.name
    own = usage.base is not None and usage.base.language == usage.application  # the base brings it
    runs = language(usage.application) if not own else None
    if runs is not None and set(runs.interpreters) & set(facts.commands):
        return _said(name, "run", Reason.of("SL202", "runtime"))
    user = next((usage.tools[c] for c in beside(name) if c in usage.tools), None)
    if user is not None:
        return _said(name, "run", Reason.of("SL203", "beside", user=user))
    file = usage.naming.file((name, *facts.commands)) if usage.naming is not None else ""
    return _said(name, "run", Reason.of("SL203", "named", file=file)) if file else verdict


# Programs that others call without being seen to: shells, and what a daemon starts.
_IMPLIED = frozenset({"bash", "dash", "cron", "dbus", "sudo", "tini", "dumb-init", "openssl", "sendmail"})


def _compiles(names: Sequence[str]) -> bool:
    return any(n in ("make", "g++", "gcc", "build-essential", "build-base") for n in names)


def _place(use: Use) -> str:
    if use.line:
        return f"{use.file}:{use.line}"
    return use.name if use.name.isupper() else f"`{use.name}`"
