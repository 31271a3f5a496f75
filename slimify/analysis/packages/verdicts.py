"""System packages, one by one: needed for the build, when the image runs, or by nothing known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from slimify.analysis.packages.naming import Naming
from slimify.analysis.packages.system import system_package
from slimify.analysis.packages.toolchains import build_only
from slimify.analysis.program import RuntimeNeeds
from slimify.analysis.roles.role_state import Where
from slimify.analysis.runtime_needs import unread_start
from slimify.facts.debian import PackageFacts
from slimify.facts.packages import callers, interpreters
from slimify.facts.toolchains import beside, builds_with, compiling, started_by
from slimify.languages import language, of_effect
from slimify.model.decisions import PackageVerdict, Reason, Role
from slimify.model.effects import INSTALLS, ON_PACKAGES, Effect
from slimify.model.sources import Use
from slimify.semantics.walk import Visit

_COMPILERS = ("gcc", "g++", "cc", "c++", "clang")
_MANAGING = ON_PACKAGES | {"state"}


def judge(
    visits: Sequence[Visit],
    runtime_needs: RuntimeNeeds,
    *,
    distro: str | None,
    suite: str | None,
    application: str | None,
    keep: Collection[str] = (),
    late: Mapping[str, Use] = MappingProxyType({}),
    own: str | None = None,
    naming: Naming | None = None,
    pure: bool = False,
) -> Mapping[Where, tuple[PackageVerdict, ...]]:
    """A verdict for every package of every install command that names its packages. `late` are the
    programs that steps executed in the final stage call, `application` is the application's language, `own`
    the one whose interpreter packages bring, `naming` knows the texts of the context, `pure`: nothing that is
    built is linked with a library."""
    tools = build_tools(visits)
    verdicts: dict[Where, tuple[PackageVerdict, ...]] = {}
    there = {*runtime_needs.commands, *_brought(visits, distro, suite)}
    everything = [e for v in visits for effects in v.effects for e in effects]
    gone = {p.name for e in everything if e.kind == "unpackage" for p in e.packages}
    for visit in visits:
        for number, effects in enumerate(visit.effects):
            installs = [e for e in effects if e.kind == "packages" and e.manager != "pip"]
            names = [p.name for e in installs for p in e.packages]
            if not installs or any(not n for n in names) or any(e.why for e in installs):
                continue
            found = []
            for name in dict.fromkeys(names):
                facts = system_package(name, distro, suite)
                verdict = _late(name, facts, late) or _removed(name, facts, visit, number)
                groups = [set(e.action.split()) for e in installs if "--virtual" in e.action]
                if verdict is None and any(group & gone for group in groups):
                    verdict = _said(name, "build", Reason.of("SL201", "removed_group"))
                only = None if verdict else build_only(name, visits, runtime_needs, tools, application, late)
                if only is not None and name not in keep:
                    verdict = _serving(name, *only)
                verdict = verdict or _verdict(
                    name, facts, names, runtime_needs, tools, application, keep, pure, there
                )
                found.append(_used_unseen(verdict, facts, tools, own, naming))
            verdicts[(visit.index, number)] = tuple(found)
    return verdicts


def _said(name: str, role: Role, reason: Reason, counterparts: tuple[str, ...] = ()) -> PackageVerdict:
    return PackageVerdict(name=name, role=role, counterparts=counterparts, reasons=(reason,))


def _brought(visits: Sequence[Visit], distro: str | None, suite: str | None) -> frozenset[str]:
    """The programs of the packages that an application calls, whatever calls them."""
    effects = (e for v in visits for atom in v.effects for e in atom if e.kind == "packages")
    facts = [system_package(p.name, distro, suite) for e in effects for p in e.packages if p.name]
    return frozenset(c for f in facts if f is not None and f.kind == "run" for c in f.commands)


def _removed(name: str, facts: PackageFacts | None, visit: Visit, number: int) -> PackageVerdict | None:
    """What the same RUN removes again is not in the image. The libraries that came with it are where the
    manager is apt, which keeps them unless told otherwise; apk removes them, too."""
    for effects in visit.effects[number + 1 :]:
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


def late_tools(visits: Sequence[Visit], roles: Mapping[Where, Role]) -> Mapping[str, Use]:
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
                own = of_effect(effect)
                if own is not None and own.packages is not None and own.packages.may_compile(effect, done):
                    names = (*names, *_implied(effect), *compiling(effect))
                for tool in names:
                    name = tool.rpartition("/")[2]
                    tools.setdefault(
                        name, Use(name=effect.tool, file="Dockerfile", line=visit.instruction.line)
                    )
    return tools


# What installs of packages' sources start by themselves.
_KEYRINGS = {"apt-key": ("gpg", "gnupg"), "add-apt-repository": ("gpg",)}


def _implied(effect: Effect) -> tuple[str, ...]:
    """Programs that an installer starts by itself."""
    if effect.kind == "source":
        return ("gpg", "apt-key", "lsb_release", "add-apt-repository")
    return started_by(effect)


def _verdict(
    name: str,
    facts: PackageFacts | None,
    names: Sequence[str],
    runtime_needs: RuntimeNeeds,
    tools: Mapping[str, Use],
    application: str | None,
    keep: Collection[str],
    pure: bool,
    there: Collection[str],
) -> PackageVerdict:
    def said(role: Role, reason: Reason, counterparts: tuple[str, ...] = ()) -> PackageVerdict:
        return _said(name, role, reason, counterparts)

    if name in keep:
        return said("run", Reason.of("SL222", "setting"))
    if name in runtime_needs.system_packages:
        use = runtime_needs.system_packages[name]
        return said("run", Reason.of("SL202", "use", name=use.name, place=_place(use)))
    if facts is None:
        return said("run", Reason.of("SL203", "unknown_package"))
    starters = sorted({s for c in facts.commands for s in callers(c)})
    direct = [s for s in starters if s in tools and tools[s].name == s]
    user = next((tools[c] for c in (*facts.commands, *direct) if c in tools), None)
    called = [c for c in facts.commands if c in runtime_needs.commands]
    if called:
        use = runtime_needs.commands[called[0]]
        role: Role = "both" if user is not None else "run"  # build steps that call it need it, too
        return said(role, Reason.of("SL202", "runs", place=_place(use), command=called[0]))
    if facts.kind == "build":
        compiler = next((runtime_needs.commands[c] for c in _COMPILERS if c in runtime_needs.commands), None)
        if compiler is not None and name.endswith("-dev"):
            return said("run", Reason.of("SL202", "compiles", place=_place(compiler)))
        if pure and facts.counterparts != ():
            no_c = Reason.of("SL201", "needed_no_c", user=user) if user else Reason.of("SL201", "no_c")
            return said("build", no_c)
        if facts.counterparts is None:
            return said("run", Reason.of("SL203", "unknown_counterpart"))
        if user is not None:
            return _serving(name, user, facts.counterparts)
        if facts.counterparts:
            reason = Reason.of("SL204", "counterparts", counterparts=facts.counterparts)
            return said("build", reason, facts.counterparts)
        return said("build", Reason.of("SL201", "unused"))
    starter = next((s for s in starters if s in there), None)
    if starter is not None:
        return said("run", Reason.of("SL203", "starter", command=starter))
    if name in builds_with(language(application)) and _compiles(names):
        return said("build", Reason.of("SL201", "native"))
    unread = unread_start(runtime_needs.start) if facts.kind in ("fetch", "tool") and user is not None else ""
    if unread:
        return said("run", Reason.of("SL203", "unread_package", why=unread))
    if facts.kind in ("fetch", "tool") and user is not None:
        if runtime_needs.dynamic and facts.kind == "tool":
            use = runtime_needs.dynamic[0]
            return said("run", Reason.of("SL203", "dynamic", place=_place(use)))
        return said("build", Reason.of("SL205", "called", user=user))
    if facts.kind in ("fetch", "tool"):
        return said("run", Reason.of("SL206", "unseen"))
    programs = {name, *interpreters()} & set(facts.commands)
    if programs and user is None and not runtime_needs.dynamic and name not in _IMPLIED:
        return said("run", Reason.of("SL206", "unseen"))
    return said("run", Reason.of("SL203", "nothing_shown"))


def _used_unseen(
    verdict: PackageVerdict,
    facts: PackageFacts | None,
    tools: Mapping[str, Use],
    own: str | None,
    naming: Naming | None,
) -> PackageVerdict:
    """The verdict on a package that nothing was seen to call, where something may use it all the same."""
    if facts is None or all(r.code != "SL206" for r in verdict.reasons):
        return verdict
    name = verdict.name
    runs = language(own)
    if runs is not None and set(runs.interpreters) & set(facts.commands):
        return _said(name, "run", Reason.of("SL202", "runtime"))
    user = next((tools[c] for c in beside(name) if c in tools), None)
    if user is not None:
        return _said(name, "run", Reason.of("SL203", "beside", user=user))
    file = naming.file((name, *facts.commands)) if naming is not None else ""
    return _said(name, "run", Reason.of("SL203", "named", file=file)) if file else verdict


# Programs that others call without being seen to: shells, and what a daemon starts.
_IMPLIED = frozenset({"bash", "dash", "cron", "dbus", "sudo", "tini", "dumb-init", "openssl", "sendmail"})


def _compiles(names: Sequence[str]) -> bool:
    return any(n in ("make", "g++", "gcc", "build-essential", "build-base") for n in names)


def _place(use: Use) -> str:
    if use.line:
        return f"{use.file}:{use.line}"
    return use.name if use.name.isupper() else f"`{use.name}`"
