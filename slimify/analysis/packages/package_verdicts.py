"""The role of each system package: needed by the build, at run time, or by nothing known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from msgspec import Struct

from slimify.analysis.closed_worlds import Claim
from slimify.analysis.graph.graph import AtomKey
from slimify.analysis.packages.context_mentions import ContextMentions
from slimify.analysis.packages.system import system_package
from slimify.analysis.packages.toolchains import build_only_use
from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.runtime_needs import unread_start
from slimify.facts.debian import PackageFacts
from slimify.facts.image_tables import entry_scripts
from slimify.facts.images import ImageFacts
from slimify.facts.packages import interpreters, programs_calling
from slimify.facts.programs import compilers, has_compiler, is_called_indirectly, serves_more_than_compiling
from slimify.facts.toolchains import beside, compile_programs, interpreters_to_compile, programs_started_by
from slimify.languages import language, of_effect
from slimify.model.decisions import PackageVerdict, Reason, Role
from slimify.model.effects import INSTALLS, MANAGES_PACKAGES, Effect, SystemManager
from slimify.model.sources import Use
from slimify.semantics.walk import Visit
from slimify.syntax.dockerfile.instructions import env_pairs

_MANAGING_KINDS = MANAGES_PACKAGES | {"state"}


class PackageUsage(Struct, frozen=True, dict=True, kw_only=True):
    """Everything that shows who uses a package.

    `application` is the language of the application. `keep` are the packages named in the settings.
    `final_stage_tools` are the programs that steps of the final stage call, `final_stage_installs` the
    installs of a language among these steps. `mentions` searches the texts of
    the context. `programs`: the claim that all programs that run time starts are known. `links_nothing`: no
    build output is linked with a library.
    """

    visits: Sequence[Visit]
    needs: RuntimeNeeds
    base: ImageFacts | None = None
    application: str | None = None
    keep: Collection[str] = ()
    final_stage_tools: Mapping[str, Use] = MappingProxyType({})
    final_stage_installs: Mapping[AtomKey, Use] = MappingProxyType({})
    mentions: ContextMentions | None = None
    programs: Claim = Claim(kind="programs")
    links_nothing: bool = False

    @cached_property
    def tools(self) -> Mapping[str, Use]:
        """The programs that build steps call."""
        return build_tools(self.visits)

    @cached_property
    def called_programs(self) -> Collection[str]:
        """The programs that run time calls, and the programs of runtime packages."""
        effects = (e for v in self.visits for atom in v.effects for e in atom if e.kind == "packages")
        facts = [self.facts(p.name) for e in effects for p in e.packages if p.name]
        brought = (c for f in facts if f is not None and f.kind == "run" for c in f.commands)
        return {*self.needs.commands, *brought}

    @cached_property
    def removed_packages(self) -> Collection[str]:
        """The packages that a later step removes."""
        effects = (e for v in self.visits for atom in v.effects for e in atom if e.kind == "unpackage")
        return {p.name for e in effects for p in e.packages}

    @cached_property
    def programs_of_variables(self) -> frozenset[str]:
        """The programs that variables of the image may stand for: `CHROME_BIN=/usr/bin/chromium`."""
        pairs = (
            pair for v in self.visits if v.instruction.keyword == "ENV" for pair in env_pairs(v.instruction)
        )
        return frozenset(value.strip("\"'").rpartition("/")[2] for name, value in pairs if name != "PATH")

    def file_that_names(self, name: str, facts: PackageFacts) -> str:
        """The first file of the context that names the package, with or without the version that ends its
        name, or one of its programs; "" if none does."""
        names = (name, name.rstrip("0123456789.").removesuffix("-"), *facts.commands)
        return self.mentions.first_file(names) if self.mentions is not None else ""

    def facts(self, name: str) -> PackageFacts | None:
        """Facts about a package in the distribution of the base image."""
        base = self.base
        return system_package(name, base.distro if base else None, base.suite if base else None)


class _Install(Struct, frozen=True):
    """An install command with known package names."""

    visit: Visit
    number: int  # of the atom
    effects: Sequence[Effect]
    names: Sequence[str]

    @property
    def groups(self) -> frozenset[str]:
        """The names of the groups that it installs (apk's --virtual)."""
        return frozenset(e.subject for e in self.effects if e.kind == "packages" and e.subject)


def package_verdicts(usage: PackageUsage) -> Mapping[AtomKey, tuple[PackageVerdict, ...]]:
    """A verdict for every package of every install command with known package names."""
    verdicts: dict[AtomKey, tuple[PackageVerdict, ...]] = {}
    for visit in usage.visits:
        for number, effects in enumerate(visit.effects):
            installs = [e for e in effects if e.kind == "packages"]
            names = [p.name for e in installs for p in e.packages]
            if not installs or any(not n for n in names) or any(e.why for e in installs):
                continue
            install = _Install(visit, number, installs, names)
            verdicts[(visit.index, number)] = tuple(
                _package_verdict(usage, install, n) for n in dict.fromkeys(names)
            )
    return verdicts


def _package_verdict(usage: PackageUsage, install: _Install, name: str) -> PackageVerdict:
    facts = usage.facts(name)
    verdict = _called_in_final_stage(name, facts, usage.final_stage_tools)
    verdict = verdict or _removed_after_install(usage, name, install) or _removed_again(name, facts, install)
    if verdict is None and not install.groups.isdisjoint(usage.removed_packages):
        verdict = _verdict(name, "build", Reason.of("SL201", "removed_group"))
    if verdict is None:
        verdict = _in_open_world(usage, _verdict_by_user(usage, name, facts, install), facts)
    return _indirect_use(usage, verdict, facts)


def _verdict_by_user(
    usage: PackageUsage, name: str, facts: PackageFacts | None, install: _Install
) -> PackageVerdict:
    """The verdict on a package that stays installed, from what is known to use it."""
    if name not in usage.keep:
        only = build_only_use(
            name, usage.visits, usage.needs, usage.tools, usage.application, usage.final_stage_tools
        )
        if only is not None:
            return _serving_build(name, *only)
    return _verdict_by_use(usage, name, facts, install.names)


def _in_open_world(
    usage: PackageUsage, verdict: PackageVerdict, facts: PackageFacts | None
) -> PackageVerdict:
    """The verdict on a package that only the build is known to call, where run time may start any program:
    what the user installed by name stays. Compilers and headers go, unless a file of the context names the
    program for such a start."""
    why = usage.programs.why
    if why is None or verdict.role != "build" or facts is None:
        return verdict
    file = usage.file_that_names(verdict.name, facts) if usage.needs.dynamic else ""
    if file:
        return _verdict(verdict.name, "both", Reason.of("SL203", "named", file=file))
    if verdict.counterparts:
        return verdict
    if facts.kind in ("build", "meta", "unknown") and not serves_more_than_compiling(facts.commands):
        return verdict
    return _verdict(verdict.name, "both", why)


def _verdict(name: str, role: Role, reason: Reason, counterparts: tuple[str, ...] = ()) -> PackageVerdict:
    return PackageVerdict(name=name, role=role, counterparts=counterparts, reasons=(reason,))


def _removed_after_install(usage: PackageUsage, name: str, install: _Install) -> PackageVerdict | None:
    """The verdict on a package that the file removes after an install of a language, if the final stage
    repeats that install: the user provides the package for it."""
    start, own = (install.visit.index, install.number), {name, *install.groups}
    later = ((v.index, n, e) for v in usage.visits for n, found in enumerate(v.effects) for e in found)
    user: Use | None = None
    for index, number, effect in later:
        if (index, number) > start:
            user = user or usage.final_stage_installs.get((index, number))
            if user is not None and effect.kind == "unpackage" and own & {p.name for p in effect.packages}:
                return _verdict(name, "both", Reason.of("SL202", "late", user=user, command=user.name))
    return None


def _removed_again(name: str, facts: PackageFacts | None, install: _Install) -> PackageVerdict | None:
    """The verdict on a package that the same RUN removes. With apt its libraries remain (no autoremove by
    default); apk removes them too."""
    for effects in install.visit.effects[install.number + 1 :]:
        for effect in effects:
            if effect.kind != "unpackage" or all(p.name != name for p in effect.packages):
                continue
            if effect.manager == SystemManager.APK or facts is None or not facts.counterparts:
                return _verdict(name, "build", Reason.of("SL201", "removed"))
    return None


def _called_in_final_stage(
    name: str, facts: PackageFacts | None, late: Mapping[str, Use]
) -> PackageVerdict | None:
    called = next((c for c in facts.commands if c in late), None) if facts is not None else None
    if called is None:
        return None
    return _verdict(name, "both", Reason.of("SL202", "late", user=late[called], command=called))


def _serving_build(name: str, user: Use, counterparts: tuple[str, ...]) -> PackageVerdict:
    if counterparts:
        reason = Reason.of("SL204", "needed", user=user, counterparts=counterparts)
        return _verdict(name, "build", reason, counterparts)
    return _verdict(name, "build", Reason.of("SL201", "needed", user=user))


def build_tools(visits: Sequence[Visit]) -> Mapping[str, Use]:
    """The programs that RUN steps call, each with the line of the first call."""
    tools: dict[str, Use] = {}
    for visit in visits:
        for effects in visit.effects:
            for effect in effects:
                if effect.kind in _MANAGING_KINDS:
                    continue
                for tool in (effect.tool, *effect.tools, *_implied_tools(effect)):
                    name = tool.rpartition("/")[2]
                    tools.setdefault(
                        name, Use(name=effect.tool, file="Dockerfile", line=visit.instruction.line)
                    )
    return tools


def final_stage_tools(visits: Sequence[Visit], roles: Mapping[AtomKey, Role]) -> Mapping[str, Use]:
    """The programs that steps of the final stage call: their packages are needed there."""
    tools: dict[str, Use] = {}
    done: list[Effect] = []
    for visit in visits:
        for number, effects in enumerate(visit.effects):
            if roles.get((visit.index, number)) not in ("run", "both", "unknown"):
                done += (e for e in effects if e.kind in INSTALLS)
                continue
            for effect in effects:
                if effect.kind in _MANAGING_KINDS or effect.kind == "cache":
                    continue
                names = (effect.tool, *effect.tools, *_KEYRINGS.get(effect.tool, ()))
                if _may_compile(effect, done):
                    names = (*names, *_implied_tools(effect), *compile_programs(effect))
                for tool in names:
                    name = tool.rpartition("/")[2]
                    tools.setdefault(
                        name, Use(name=effect.tool, file="Dockerfile", line=visit.instruction.line)
                    )
    return tools


def final_stage_installs(visits: Sequence[Visit], roles: Mapping[AtomKey, Role]) -> Mapping[AtomKey, Use]:
    """The installs of a language that the final stage repeats."""
    return {
        (visit.index, number): Use(name=effect.tool, file="Dockerfile", line=visit.instruction.line)
        for visit in visits
        for number, effects in enumerate(visit.effects)
        for effect in effects
        if effect.kind in INSTALLS and roles.get((visit.index, number)) in ("run", "both", "unknown")
    }


def _may_compile(effect: Effect, done: Sequence[Effect]) -> bool:
    """Whether an install after `done` may start a compiler; True unless its language rules it out."""
    own = of_effect(effect)
    if own is None or own.packages is None:
        return effect.kind in INSTALLS
    return own.packages.may_compile(effect, done)


# Programs that these commands start themselves.
_KEYRINGS = {"apt-key": ("gpg", "gnupg"), "add-apt-repository": ("gpg",)}


def _implied_tools(effect: Effect) -> tuple[str, ...]:
    """Programs that an installer starts itself."""
    if effect.kind == "source":
        return ("gpg", "apt-key", "lsb_release", "add-apt-repository")
    return programs_started_by(effect)


def _verdict_by_use(
    usage: PackageUsage, name: str, facts: PackageFacts | None, beside_it: Sequence[str]
) -> PackageVerdict:
    """The verdict from the known users of a package. `beside_it` are all packages of the same install."""
    needs = usage.needs
    if name in usage.keep:
        return _verdict(name, "run", Reason.of("SL222", "setting"))
    if name in needs.system_packages:
        use = needs.system_packages[name]
        return _verdict(name, "run", Reason.of("SL202", "use", name=use.name, place=_location(use)))
    if facts is None:
        return _verdict(name, "run", Reason.of("SL203", "unknown_package"))
    starters = sorted({s for c in facts.commands for s in programs_calling(c)})
    direct = [s for s in starters if s in usage.tools and usage.tools[s].name == s]
    user = next((usage.tools[c] for c in (*facts.commands, *direct) if c in usage.tools), None)
    called = [c for c in facts.commands if c in needs.commands]
    if called:
        use = needs.commands[called[0]]
        role: Role = "both" if user is not None else "run"  # build steps call it too
        return _verdict(name, role, Reason.of("SL202", "runs", place=_location(use), command=called[0]))
    if facts.kind == "build":
        return _build_package_verdict(usage, name, facts, user)
    starter = next((s for s in starters if s in usage.called_programs), None)
    if starter is not None:
        return _verdict(name, "run", Reason.of("SL203", "starter", command=starter))
    native = name in interpreters_to_compile(language(usage.application)) and has_compiler(beside_it)
    if native and not any(e.kind == "unknown" and e.tool not in entry_scripts() for e in needs.start):
        return _verdict(name, "build", Reason.of("SL201", "native"))
    if facts.kind in ("fetch", "tool"):
        return _tool_verdict(usage, name, facts, user)
    programs = {name, *interpreters()} & set(facts.commands)
    if programs and user is None and not needs.dynamic and not is_called_indirectly(name):
        return _verdict(name, "run", Reason.of("SL206", "unseen"))
    return _verdict(name, "run", Reason.of("SL203", "nothing_shown"))


def _build_package_verdict(
    usage: PackageUsage, name: str, facts: PackageFacts, user: Use | None
) -> PackageVerdict:
    """The verdict on a compiler, headers or a build tool that run time does not call. Its output may need
    libraries."""
    commands = usage.needs.commands
    compiler = next((commands[c] for c in compilers() if c in commands), None)
    if compiler is not None and name.endswith("-dev"):
        return _verdict(name, "run", Reason.of("SL202", "compiles", place=_location(compiler)))
    if usage.links_nothing and facts.counterparts != ():
        no_c = Reason.of("SL201", "needed_no_c", user=user) if user else Reason.of("SL201", "no_c")
        return _verdict(name, "build", no_c)
    if facts.counterparts is None:
        return _verdict(name, "run", Reason.of("SL203", "unknown_counterpart"))
    file = usage.file_that_names(name, facts) if serves_more_than_compiling(facts.commands) else ""
    if file:
        return _verdict(name, "run", Reason.of("SL203", "named", file=file))
    if user is not None:
        return _serving_build(name, user, facts.counterparts)
    if facts.counterparts:
        reason = Reason.of("SL204", "counterparts", counterparts=facts.counterparts)
        return _verdict(name, "build", reason, facts.counterparts)
    return _verdict(name, "build", Reason.of("SL201", "unused"))


def _tool_verdict(usage: PackageUsage, name: str, facts: PackageFacts, user: Use | None) -> PackageVerdict:
    """The verdict on tools that are installed to be called: clients, archivers, small utilities."""
    if user is None:
        return _verdict(name, "run", Reason.of("SL206", "unseen"))
    unread = unread_start(usage.needs.start)
    if unread:
        return _verdict(name, "run", Reason.of("SL203", "unread_package", why=unread))
    if usage.needs.dynamic and facts.kind == "tool":
        return _verdict(name, "run", Reason.of("SL203", "dynamic", place=_location(usage.needs.dynamic[0])))
    return _verdict(name, "build", Reason.of("SL205", "called", user=user))


def _indirect_use(usage: PackageUsage, verdict: PackageVerdict, facts: PackageFacts | None) -> PackageVerdict:
    """The verdict on a package without a known caller, revised if something may use it indirectly."""
    if facts is None or all(r.code != "SL206" for r in verdict.reasons):
        return verdict
    name = verdict.name
    own = usage.base is not None and usage.base.language == usage.application  # the base image provides it
    runs = language(usage.application) if not own else None
    if runs is not None and set(runs.interpreters) & set(facts.commands):
        return _verdict(name, "run", Reason.of("SL202", "runtime"))
    user = next((usage.tools[c] for c in beside(name) if c in usage.tools), None)
    if user is not None:
        return _verdict(name, "run", Reason.of("SL203", "beside", user=user))
    variable = not usage.programs_of_variables.isdisjoint(facts.commands)
    file = "Dockerfile" if variable else usage.file_that_names(name, facts)
    return _verdict(name, "run", Reason.of("SL203", "named", file=file)) if file else verdict


def _location(use: Use) -> str:
    if use.line:
        return f"{use.file}:{use.line}"
    return use.name if use.name.isupper() else f"`{use.name}`"
