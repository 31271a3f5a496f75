"""The role of each system package that the user installed by name.

If run time or a step of the final stage uses it, it stays. If only the build uses it and every program that
can be started is known, it goes. Compilers and headers also go where programs are unknown; their counterparts
stay, which their output needs. What nothing uses stays.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from slimify.analysis.graph.graph import AtomKey
from slimify.analysis.packages.package_usage import PackageUsage
from slimify.analysis.packages.toolchains import build_only_use
from slimify.facts.carried import installed
from slimify.facts.debian import PackageFacts, debian_command
from slimify.facts.packages import interpreters, programs_calling
from slimify.facts.programs import (
    called_by_name,
    has_compiler,
    is_called_indirectly,
    serves_more_than_compiling,
    starting_compilers,
)
from slimify.facts.recommends import brought_along
from slimify.facts.toolchains import beside, interpreters_to_compile
from slimify.languages import language
from slimify.model.decisions import PackageVerdict, Reason, Role
from slimify.model.effects import SystemManager
from slimify.model.sources import Use
from slimify.syntax.dockerfile.instructions import copy_parts

UNSEEN = Reason.of("SL206", "unseen")
UNUSED = Reason.of("SL206", "dropped")  # with --drop-unused


class _Package(Struct, frozen=True, dict=True):
    """A package that an install command names. `names` are all packages of the command, `groups` the names
    that they have together (apk's --virtual). `recommended`: it brings what it recommends."""

    name: str
    key: AtomKey
    names: Sequence[str]
    groups: frozenset[str]
    usage: PackageUsage
    facts: PackageFacts | None
    recommended: bool = True

    @cached_property
    def commands(self) -> tuple[str, ...]:
        return self.facts.commands if self.facts is not None else ()

    @cached_property
    def called(self) -> str | None:
        """The first of its programs that run time calls, unless the base image has one that comes first."""
        started, own = self.usage.needs.commands, self.usage.own_programs
        return next((c for c in self.commands if c in started and c not in own), None)

    @cached_property
    def comes_second(self) -> bool:
        """Whether the base image has programs that come before all of its own, whatever their version."""
        own = {name.rstrip("0123456789.") for name in self.usage.own_programs}
        return bool(self.commands) and own.issuperset(c.rstrip("0123456789.") for c in self.commands)

    @cached_property
    def is_called_by_members(self) -> bool:
        """Whether it brings other packages whose programs are all that run time calls of it, and no compiler
        among them: these stay in its place, or are those of the full image."""
        base, usage = self.usage.base, self.usage
        started = usage.needs.commands.keys()
        if base is None or base.manager != SystemManager.APT or usage.unknown_programs is not None:
            return False
        if not started.isdisjoint(starting_compilers()):
            return False
        members = {debian_command(c, base.suite) for c in started & {*self.commands}}
        there = self.along.keys() | installed(base, nearest=True)
        return self.name not in members and members <= there

    @cached_property
    def starters(self) -> Sequence[str]:
        """The programs that are known to start one of its programs."""
        return sorted({starter for command in self.commands for starter in programs_calling(command)})

    @cached_property
    def user(self) -> Use | None:
        """The build step that calls one of its programs, or a program that starts one."""
        tools = self.usage.tools
        direct = (s for s in self.starters if s in tools and tools[s].name == s)
        return next((tools[c] for c in (*self.commands, *direct) if c in tools), None)

    @cached_property
    def naming_use(self) -> Use | None:
        """The first place of the context that names it, with or without the version that ends its name, or
        one of its programs."""
        bare = self.name.rstrip("0123456789.").removesuffix("-")
        return self.usage.mentions.first_use((self.name, bare, *called_by_name(self.commands)))

    @cached_property
    def along(self) -> Mapping[str, Use]:
        """The packages that come along with it and that run time needs."""
        usage = self.usage
        if not usage.unnamed_needs:
            return {}
        if usage.evidence is not None:
            brought = usage.evidence.packages.closure((self.name,))
        else:
            suite = usage.base.suite if usage.base is not None else None
            brought = brought_along(self.name, suite, recommended=self.recommended)
        return {n: use for n, use in usage.unnamed_needs.items() if n in brought or f"{n}t64" in brought}

    def verdict(self, role: Role, reason: Reason, counterparts: tuple[str, ...] = ()) -> PackageVerdict:
        more = sorted(n for n in self.along if n not in counterparts) if role == "build" else []
        if more:
            user, counterparts = self.along[more[0]].name, (*counterparts, *more)
            linked = Reason.of("SL204", "linked", counterparts=counterparts, user=user)
            along = Reason.of("SL204", "along", counterparts=counterparts, user=user)
            reason = linked if self.usage.evidence is not None else along
        return PackageVerdict(name=self.name, role=role, counterparts=counterparts, reasons=(reason,))


def package_verdicts(usage: PackageUsage) -> Mapping[AtomKey, tuple[PackageVerdict, ...]]:
    """A verdict for every package of every install command with known package names, and for each COPY of
    programs that steps call from a stage or another image: the user installed them by name."""
    verdicts: dict[AtomKey, tuple[PackageVerdict, ...]] = {}
    for visit in usage.visits:
        for number, effects in enumerate(visit.effects):
            installs = [e for e in effects if e.kind == "packages"]
            names = [p.name for e in installs for p in e.packages]
            if not installs or not all(names) or any(e.why for e in installs):
                continue
            key = (visit.index, number)
            groups = frozenset(e.subject for e in installs if e.subject)
            recommended = not any(e.sparing for e in installs)
            packages = (
                _Package(n, key, names, groups, usage, usage.facts(n), recommended)
                for n in dict.fromkeys(names)
            )
            verdicts[key] = tuple(map(_verdict, packages))
        parts = copy_parts(visit.instruction) if visit.instruction.keyword == "COPY" else None
        if parts is not None and parts.from_stage is not None:
            names = [posixpath.basename(s.rstrip("/")) for s in parts.sources]
            called = next((name for name in names if name in usage.tools), None)
            if called is not None:
                facts = PackageFacts(name=called, kind="tool", commands=tuple(names))
                program = _Package(called, (visit.index, 0), names, frozenset(), usage, facts)
                verdicts[program.key] = (_verdict(program),)
    return verdicts


def _verdict(package: _Package) -> PackageVerdict:
    return (
        _used_by_other_files(package)
        or _used_in_final_stage(package)
        or _removed_by_file(package)
        or _used_at_run_time(package)
        or _used_by_build(package)
        or _used_by_nothing(package)
    )


def _used_by_other_files(package: _Package) -> PackageVerdict | None:
    """Steps of a Dockerfile that starts from this image may use it, compilers and headers included."""
    use = next(iter(package.usage.bases), None)
    if use is None:
        return None
    return package.verdict("run", Reason.of("SL202", "base_image", place=_location(use)))


def _used_in_final_stage(package: _Package) -> PackageVerdict | None:
    """A step of the final stage calls it, or repeats an install after which the file removes it: the user
    provides it for that install."""
    usage, own = package.usage, {package.name, *package.groups}
    called = next((c for c in package.commands if c in usage.final_stage_tools), None)
    if called is not None:
        user = usage.final_stage_tools[called]
        return package.verdict("both", Reason.of("SL202", "late", user=user, command=called))
    removed = [key for key, e in usage.removals if own & {p.name for p in e.packages}]
    for key, (user, owners) in usage.final_stage_installs.items():
        if package.key < key <= max(removed, default=package.key) and (not owners or package.name in owners):
            return package.verdict("both", Reason.of("SL202", "late", user=user, command=user.name))
    return None


def _removed_by_file(package: _Package) -> PackageVerdict | None:
    """A later step removes it, or its group: run time never had it. With apt the libraries of what is removed
    remain (no autoremove by default); apk removes them too."""
    facts = package.facts
    for key, effect in package.usage.removals:
        names = {p.name for p in effect.packages}
        if names & package.groups:
            return package.verdict("build", Reason.of("SL201", "removed_group"))
        remains = effect.manager != SystemManager.APK and facts is not None and facts.counterparts
        if package.name in names and package.key < key and not remains:
            return package.verdict("build", Reason.of("SL201", "removed"))
    return None


def _used_at_run_time(package: _Package) -> PackageVerdict | None:
    """The settings name it, something is linked with it, or its programs are started."""
    needs = package.usage.needs
    if package.name in package.usage.keep:
        return package.verdict("run", Reason.of("SL222", "setting"))
    use = needs.system_packages.get(package.name)
    if use is not None:
        return package.verdict("run", Reason.of("SL202", "use", name=use.name, place=_location(use)))
    called = package.called
    if called is not None and not package.is_called_by_members:
        place = _location(needs.commands[called])
        reason = Reason.of("SL202", "runs", place=place, command=called)
        if place == f"`{called}`":  # the start command itself
            reason = Reason.of("SL202", "started", command=called)
        return package.verdict("both" if package.user is not None else "run", reason)
    fetched = package.usage.fetched_program
    if fetched and not interpreters().isdisjoint((package.name, *package.commands)):
        return package.verdict("run", Reason.of("SL203", "unread_program", command=fetched))
    compiler = next((c for c in starting_compilers() if c in needs.commands), None)
    builds = package.facts is not None and package.facts.kind == "build"
    builds = builds or package.name.endswith("-dev")
    if compiler is not None and (builds or (package.user is not None and package.user.name == compiler)):
        place = _location(needs.commands[compiler])
        return package.verdict("run", Reason.of("SL202", "compiles", place=place))
    return None


def _used_by_build(package: _Package) -> PackageVerdict | None:
    """Only the build is known to use it, or it serves nothing but compiling."""
    usage, facts, user = package.usage, package.facts, package.user
    only = build_only_use(package.name, usage)
    if only is not None:
        return _goes(package, *only)
    if facts is None:
        return package.verdict("run", Reason.of("SL203", "unknown_package"))
    if facts.kind == "build" and usage.links_nothing and facts.counterparts != ():
        reason = Reason.of("SL201", "needed_no_c", user=user) if user else Reason.of("SL201", "no_c")
        return _goes(package, user, reason=reason)
    shown = usage.evidence is not None and package.along
    if facts.kind == "build" and facts.counterparts is None and not shown:
        return package.verdict("both", Reason.of("SL203", "unknown_counterpart"))
    if facts.kind == "build":
        return _goes(package, user, facts.counterparts or ())
    starter = next((s for s in package.starters if s in usage.called_programs), None)
    if starter is not None:
        return package.verdict("run", Reason.of("SL203", "starter", command=starter))
    if package.name in interpreters_to_compile(language(usage.application)) and has_compiler(package.names):
        return _goes(package, user, reason=Reason.of("SL201", "native"))
    if facts.kind in ("fetch", "tool") and user is not None:
        return _goes(package, user, reason=Reason.of("SL205", "called", user=user))
    return None


def _goes(
    package: _Package, user: Use | None, counterparts: tuple[str, ...] = (), *, reason: Reason | None = None
) -> PackageVerdict:
    """The verdict on what run time is not known to use. Where it may start any program, what the user
    installed by name stays, except compilers and headers; where it starts programs by name, what a file
    names stays, too."""
    facts, why = package.facts, package.usage.unknown_programs
    serves = facts is not None and serves_more_than_compiling(facts.commands)
    compiles = facts is None or (facts.kind in ("build", "meta", "unknown") and not serves)
    by_name = why is not None and bool(package.usage.needs.dynamic)
    if facts is not None and (by_name or (serves and facts.kind == "build")) and package.naming_use:
        return package.verdict("both", Reason.of("SL203", "named", place=_location(package.naming_use)))
    if why is not None and not (compiles or counterparts or package.comes_second):
        return package.verdict("both", why)
    if reason is None and counterparts:
        needed = Reason.of("SL204", "needed", user=user, counterparts=counterparts) if user else None
        reason = needed or Reason.of("SL204", "counterparts", counterparts=counterparts)
    elif reason is None:
        reason = Reason.of("SL201", "needed", user=user) if user else Reason.of("SL201", "unused")
    return package.verdict("build", reason, counterparts)


def _used_by_nothing(package: _Package) -> PackageVerdict:
    """Nothing that was read uses it: it stays, with what may use it all the same as the reason."""
    usage, facts, own = package.usage, package.facts, set(package.commands)
    programs = {package.name, *interpreters()} & own
    idle = programs and package.user is None and not usage.needs.dynamic
    named = facts is not None and facts.kind in ("fetch", "tool")
    if not named and (not idle or is_called_indirectly(package.name)):
        return package.verdict("run", Reason.of("SL203", "nothing_shown"))
    brought = usage.base is not None and usage.base.language == usage.application
    runs = language(usage.application) if not brought else None
    if runs is not None and own & set(runs.interpreters):
        return package.verdict("run", Reason.of("SL202", "runtime"))
    user = next((usage.tools[c] for c in beside(package.name) if c in usage.tools), None)
    if user is not None:
        return package.verdict("run", Reason.of("SL203", "beside", user=user))
    if own & usage.programs_of_variables:
        return package.verdict("run", Reason.of("SL203", "named", place="Dockerfile"))
    if package.naming_use is not None:
        return package.verdict("run", Reason.of("SL203", "named", place=_location(package.naming_use)))
    if usage.unknown_programs is not None:
        return package.verdict("run", usage.unknown_programs)
    return package.verdict("build", UNUSED) if usage.drop_unused else package.verdict("run", UNSEEN)


def _location(use: Use) -> str:
    if use.line:
        return f"{use.file}:{use.line}"
    return use.name if use.name.isupper() else f"`{use.name}`"
