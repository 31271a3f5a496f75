"""System packages, one by one: needed for the build, when the image runs, or by nothing known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from slimify.classify.program import Live
from slimify.classify.roles import Where
from slimify.classify.walk import Visit
from slimify.classify.system import system_package
from slimify.facts.debian import PackageFacts
from slimify.model import Effect, PackageVerdict, Reason, Use

# Interpreters that node-gyp and other build tools are written in.
_INTERPRETERS = frozenset({"python", "python2", "python3", "perl", "python2-minimal", "python3-minimal"})


def judge(
    visits: Sequence[Visit],
    live: Live,
    *,
    distro: str | None,
    suite: str | None,
    language: str | None,
    keep: Collection[str] = (),
) -> Mapping[Where, tuple[PackageVerdict, ...]]:
    """A verdict for every package of every install command that names its packages."""
    tools = build_tools(visits)
    verdicts: dict[Where, tuple[PackageVerdict, ...]] = {}
    for visit in visits:
        for number, effects in enumerate(visit.effects):
            installs = [e for e in effects if e.kind == "packages" and e.manager != "pip"]
            names = [p.name for e in installs for p in e.packages]
            if not installs or any(not n for n in names) or any(e.why for e in installs):
                continue
            found = []
            for name in dict.fromkeys(names):
                facts = system_package(name, distro, suite)
                found.append(_verdict(name, facts, names, live, tools, language, keep, visit))
            verdicts[(visit.index, number)] = tuple(found)
    return verdicts


def build_tools(visits: Sequence[Visit]) -> Mapping[str, Use]:
    """The programs that RUN steps call, each with the line of its first caller."""
    tools: dict[str, Use] = {}
    for visit in visits:
        for effects in visit.effects:
            for effect in effects:
                if effect.kind in ("packages", "unpackage", "index", "state"):
                    continue
                for tool in (effect.tool, *effect.tools, *_implied(effect)):
                    name = tool.rpartition("/")[2]
                    tools.setdefault(name, Use(name=effect.tool, file="Dockerfile", line=visit.instruction.line))
    return tools


def _implied(effect: Effect) -> tuple[str, ...]:
    """Programs that an installer starts by itself."""
    if effect.kind == "go" and effect.action in ("get", "mod download", "mod tidy", "install", "build"):
        return ("git", "hg", "bzr", "svn")
    if effect.kind in ("python", "node", "global"):
        return ("git", "gcc", "cc", "c++", "g++", "make", "pkg-config")
    return ()


def _verdict(
    name: str,
    facts: PackageFacts | None,
    names: Sequence[str],
    live: Live,
    tools: Mapping[str, Use],
    language: str | None,
    keep: Collection[str],
    visit: Visit,
) -> PackageVerdict:
    def said(role: str, code: str, text: str, counterparts: tuple[str, ...] = ()) -> PackageVerdict:
        return PackageVerdict(
            name=name, role=role, counterparts=counterparts, reasons=(Reason(code=code, text=text),)  # type: ignore[arg-type]
        )

    if name in keep:
        return said("run", "SL222", "kept by the configuration")
    if name in live.system_packages:
        use = live.system_packages[name]
        return said("run", "SL202", f"`{use.name}` ({_place(use)}) needs it when it runs")
    if facts is None:
        return said("run", "SL203", "nothing is known about it, so it stays")
    called = [c for c in facts.commands if c in live.commands]
    if called:
        use = live.commands[called[0]]
        return said("run", "SL202", f"{_place(use)} runs `{called[0]}`")
    user = next((tools[c] for c in facts.commands if c in tools), None)
    if facts.kind == "build":
        needed = f"needed by `{user.name}` (line {user.line}), " if user else ""
        if facts.counterparts:
            text = f"{needed}run time needs {', '.join(facts.counterparts)} instead"
            return said("build", "SL204", text, facts.counterparts)
        return said("build", "SL201", f"{needed}nothing at run time calls it")
    if name in _INTERPRETERS and language == "node" and _compiles(names):
        return said("build", "SL201", "compiles native modules, nothing at run time calls it")
    if facts.kind in ("fetch", "tool") and user is not None:
        if live.dynamic and facts.kind == "tool":
            use = live.dynamic[0]
            return said("run", "SL203", f"{_place(use)} starts a program whose name is not known")
        return said("build", "SL205", f"called by `{user.name}` (line {user.line}), nothing at run time calls it")
    if facts.kind in ("fetch", "tool"):
        return said("run", "SL206", "nothing that was read uses it; it stays, since people may")
    return said("run", "SL203", "nothing shows that run time does without it")


def _compiles(names: Sequence[str]) -> bool:
    return any(n in ("make", "g++", "gcc", "build-essential", "build-base") for n in names)


def _place(use: Use) -> str:
    if use.line:
        return f"{use.file}:{use.line}"
    return use.name if use.name.isupper() else f"`{use.name}`"
