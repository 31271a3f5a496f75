"""The base image for a Go program: how it is linked, and what it needs of the system."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping

from slimify.analysis.closed_worlds import unread_build
from slimify.analysis.program import Program, Step
from slimify.config import Options
from slimify.facts.carried import carried
from slimify.facts.image_tables import busybox_servers, entry_scripts, image_packages
from slimify.facts.images import ImageFacts
from slimify.facts.programs import fetched_program
from slimify.facts.shells import is_builtin, is_posix_shell, is_shell, wrapper
from slimify.facts.system import distroless_accounts, is_libc_library
from slimify.languages.go import LANGUAGE
from slimify.languages.go.linking import may_load_libc, started_builds
from slimify.languages.go.vocabulary import GoAction
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect
from slimify.model.plan import Rung
from slimify.model.sources import Use
from slimify.model.versions import version_numbers
from slimify.planning.final_stage.commands import real_atoms
from slimify.planning.final_stage.rebase import base_as_written, passed_bases, path_dirs
from slimify.planning.layout import CopyFromBuilder
from slimify.semantics.paths import inside, inside_any
from slimify.syntax.dockerfile.instructions import copy_parts

_WITH_CERTIFICATES = (3, 13)  # Alpine has had ca-certificates-bundle in its base image since then


def base_choices(
    program: Program, options: Options, copies: tuple[CopyFromBuilder, ...]
) -> tuple[list[tuple[Rung, str]], tuple[Reason, ...]]:
    """Rungs with a base image reference, best first, within the limits of the options; and the reasons why
    smaller ones are not possible."""
    base = program.base
    found: list[tuple[Rung, str]] = []
    reasons: tuple[Reason, ...] = ()
    keeps_toolchain = bool(set(program.runtime_needs.commands) & {"go", "gofmt"})
    earlier = (e for event in program.brought for e in event.effects)
    unread = unread_build(program.runtime_needs, (*earlier, *program.effects))
    if unread:
        reasons = (Reason.of("SL392", "unread_program", command=unread, base=program.base_ref),)
    elif base is not None and base.runtime_bases and not keeps_toolchain:
        known = _common_bases(program, base)
        if "alpine" in known:
            found.append(("minimal", known["alpine"]))
        elif base.suite_sure or is_static(program):
            kind = (
                "static"
                if is_static(program)
                else "cc"
                if uses_cgo(program) or _unread_builds(program) or _starts_others(program)
                else "base"
            )
            lacks = system_need(program, copies) if kind in known else None
            if kind in known and not lacks:
                found.append(("minimal", known[kind]))
            if lacks and options.base in ("auto", "minimal"):
                reasons = (Reason.of("SL392", "of_kind", kind=known[kind], lacks=lacks),)
            if "debian" in known:
                found.append(("slim", known["debian"]))
        elif base.slim_partner is not None and known.get("debian") == base.slim_partner:
            found.append(("slim", base.slim_partner))  # a moving tag that moves along
    found.append(("same-base", base_as_written(program)))
    wanted = {
        "auto": ("minimal", "slim", "same-base"),
        "minimal": ("minimal",),
        "slim": ("slim",),
        "same": ("same-base",),
    }
    return [(rung, ref) for rung, ref in found if rung in wanted[options.base]], reasons


def _common_bases(program: Program, base: ImageFacts) -> Mapping[str, str]:
    """The final bases that suit every image that the repository chooses for the build. A program without a C
    library runs on any."""
    others = [other.runtime_bases if other is not None else {} for other in passed_bases(program)]
    free = {"static"} if is_static(program) else set[str]()
    fits = (k for k, ref in base.runtime_bases.items() if k in free or all(o.get(k) == ref for o in others))
    return {kind: base.runtime_bases[kind] for kind in fits}


def _builds(program: Program) -> list[tuple[Effect, Mapping[str, str | None]]]:
    """The effects that build programs, also those of other stages, each with the environment of its step."""
    return [
        (e, state.env)
        for e, state in program.making
        if e.does("compile", "go") and e.outputs and not (e.action == GoAction.GET and not e.reads)
    ]


def knows_goroot(program: Program) -> bool:
    """Whether a program may look for files of the toolchain where it was built: `-trimpath` removes the path,
    and without it only variables tell it (https://pkg.go.dev/runtime#GOROOT, https://pkg.go.dev/time#LoadLocation)."""
    told = any(name in program.end_state.env for name in ("GOROOT", "ZONEINFO"))
    builds = _builds(program)
    return told or not builds or not all("trimpath" in effect.settings for effect, _ in builds)


def is_static(program: Program) -> bool:
    """Whether no program needs the C library.

    An image built from the file gives the answer directly."""
    evidence = program.image_evidence
    shown = evidence.linking(m.path for m in program.artifacts) if evidence is not None else ()
    if shown:
        return all(linking in ("static", "static-pie") for linking in shown)
    return not may_load_libc(program.runtime_needs, program.machine.final)


def uses_cgo(program: Program) -> bool:
    return bool({"cgo", "plugin"} & program.runtime_needs.sources.features)


def _has_unread_sources(program: Program) -> bool:
    """Whether some compiled sources were not read: they may be C or C++."""
    sources = program.runtime_needs.sources
    return "external" in sources.features or not sources.complete


def _unread_builds(program: Program) -> bool:
    """Whether a program of Go is started of which no source, or not all, were read."""
    builds = started_builds(program.runtime_needs, program.machine.final)
    return _has_unread_sources(program) or any(b is not None and not b[0].reads for b in builds)


def _starts_others(program: Program) -> bool:
    """Whether a program is started that is not built by Go: it may be C or C++."""
    return None in started_builds(program.runtime_needs, program.machine.final)


def system_need(program: Program, copies: tuple[CopyFromBuilder, ...]) -> Reason | None:
    """Why the final stage needs a shell, a package or a RUN; None if it does not."""
    runtime_needs = program.runtime_needs
    if runtime_needs.shell:
        return Reason.of("SL392", "shell")
    if runtime_needs.sources.dynamic:
        use = runtime_needs.sources.dynamic[0]
        return Reason.of("SL392", "dynamic", place=use.place)
    user = program.runtime.user.partition(":")[0]
    if user and user not in distroless_accounts() and not user.isdigit():
        return Reason.of("SL392", "no_user", user=user)
    if "accounts" in runtime_needs.sources.features:
        return Reason.of("SL392", "accounts")
    if any(not is_libc_library(name) for name in runtime_needs.libraries) or runtime_needs.system_packages:
        return Reason.of("SL392", "libraries")
    places = [t.path for t in copies]
    built = [o for e in program.effects if e.does("compile", "go") for o in e.outputs]
    built += [w for e in program.effects if e.action == Action.LINK for w in e.writes]
    brought = (*places, *program.copied_places, *(o for o in built if inside_any(o, places)))
    earlier = [o for event in program.brought for e in event.effects for o in e.outputs]
    outputs = {posixpath.basename(path) for path in (*brought, *earlier)}
    for name, use in runtime_needs.commands.items():
        if posixpath.basename(name) not in outputs and "/" not in name:
            return Reason.of("SL392", "started", command=name, user=use.name)
    return None


def run_need(program: Program, dropped: frozenset[int], present: Collection[str]) -> Reason | None:
    """Why the final stage has to execute something, given that it has or does not need the packages in
    `present`; None if it does not."""
    for step in (s for s in program.steps if s.index not in dropped):
        for atom in real_atoms(step):
            needed = any(v.role != "build" or v.counterparts for v in atom.packages if v.name not in present)
            if needed if atom.packages else atom.role != "build":
                return Reason.of("SL392", "run", at=step.line)
    return None


def not_started(program: Program, copies: tuple[CopyFromBuilder, ...]) -> str:
    """The program that the image starts, if no known step installs it; "" otherwise."""
    runtime = program.runtime
    argv = runtime.argv
    if not runtime.sets_start_command or not argv:
        return ""
    started = [e for e in program.runtime_needs.start if not _prepares(e.tool)]
    if not started or started[0].action == Action.SCRIPT:
        return ""
    effect = started[0]
    name = effect.command.name or effect.tool
    places = (
        [posixpath.normpath(posixpath.join(effect.cwd or program.end_state.cwd or "/", name))]
        if "/" in name
        else [posixpath.join(d, name) for d in path_dirs(program)]
    )
    again = (e for a in program.atoms if a.role == "run" for e in a.effects)
    links = (w for e in again if e.action == Action.LINK for w in e.writes)
    have = [*program.copied_places, *(t.path for t in copies), *links]
    for step in program.steps:
        if urls(step) and all(map(fetched_program, urls(step))):
            have += step.visit.copy_targets or ()
    off_path = any(posixpath.basename(h) == name for h in have)
    if off_path and (program.base is None or any(e.command.name in have for e in started[1:])):
        return ""  # the PATH of an unknown image; a manifest that starts it by its path
    view, program_name = program.end_state.view, posixpath.basename(name)
    there = (
        any(inside(p, h) for p in places for h in have)
        or any(view.context_path(p) is not None or view.text(p) is not None for p in places)
        or is_posix_shell(name)
        or program_name in _base_programs(program)
        or (program.base is not None and program_name in carried(program.base).commands)
        or _installed(program, program_name)
    )
    return "" if there else name


def urls(step: Step) -> tuple[str, ...]:
    """The URLs that an ADD fetches."""
    sources = copy_parts(step.instruction).sources if step.keyword == "ADD" else ()
    return tuple(source for source in sources if "://" in source)


def _base_programs(program: Program) -> tuple[str, ...]:
    """The programs that the base image has besides the shell."""
    plain = LANGUAGE.words("toolchain.toml", "images", "programs")
    alpine = program.base is not None and program.base.distro == "alpine"
    return (*plain, *busybox_servers()) if alpine else plain


def distroless_packages() -> frozenset[str]:
    """Debian's packages that distroless images contain."""
    return image_packages("gcr.io/distroless/")


def _prepares(tool: str) -> bool:
    """Whether it is a shell, builtin, wrapper or entry script before the started program."""
    return is_shell(tool) or is_builtin(tool) or wrapper(tool) is not None or tool in entry_scripts()


def _installed(program: Program, name: str) -> bool:
    """Whether a package of the final stage may install the program: one of that name, or an unknown one."""
    from slimify.facts.packages import system_package

    stay = (v.name for v in program.verdicts if v.role != "build")
    found = ((package, system_package(package, program.base)) for package in stay)
    return any(facts is None or name in (package, *facts.commands) for package, facts in found)


def wanted_packages(program: Program, base: str) -> dict[str, Use]:
    """Certificates, time zones and the names of services, which golang images have and a small base lacks.

    Certificates are needed if the program may use TLS, time zones if it may load them. Both are assumed if
    some compiled sources were not read: clients and drivers are usually external modules.
    """
    features = program.runtime_needs.sources.features
    found: dict[str, Use] = {}
    unread = " in modules that slimify did not read"
    if _unread_builds(program) or features & {"net", "tls"}:
        where = "" if features & {"net", "tls"} else unread
        found["ca-certificates"] = Use(name=f"TLS{where}", file="", line=0)
    if _has_unread_sources(program) or "tz" in features:
        where = "" if "tz" in features else unread
        found["tzdata"] = Use(name=f"time.LoadLocation{where}", file="", line=0)
    elif program.end_state.get("TZ"):  # the zone of time.Now
        found["tzdata"] = Use(name="TZ", file="", line=0)
    if "services" in features and "alpine" not in base:
        found["netbase"] = Use(name="net.LookupPort", file="", line=0)
    tag = base.rpartition(":")[2]
    version = version_numbers(tag)[:2]
    if "alpine" in base and (len(version) < 2 or version >= _WITH_CERTIFICATES):
        found.pop("ca-certificates", None)
    return found
