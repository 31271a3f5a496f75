"""Go's caches in a stage that compiles: `go clean` in the step that fills them.

Every such step removes the build cache. Modules are removed if only one step fetches and uses them;
otherwise only a mount keeps them out of every layer, see mounts.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from slimify.analysis.program import Program, Step
from slimify.facts.builders import cache
from slimify.languages.go import LANGUAGE
from slimify.languages.go.package_facts import go_toolchain
from slimify.languages.go.vocabulary import MANAGER
from slimify.model.effects import Effect
from slimify.model.sizes import MB
from slimify.model.versions import version_numbers
from slimify.planning.estimates import estimate
from slimify.planning.in_place.cache_cleaning import CacheCleaning, deletes_caches, takes_tail
from slimify.planning.in_place.start_uncertainty import start_uncertainty
from slimify.semantics.paths import overlap

BUILD_CACHE = 40 * MB  # of a small program: the compiled standard library; measured 34 MB
MODULE = 2 * MB  # one required module, unpacked
_COMPILING = frozenset({"build", "install", "get", "test", "vet", "run", "generate"})
_FETCHING = _COMPILING | {"mod download", "mod tidy", "mod vendor"}


def cache_cleanings(program: Program, step: Step, started: frozenset[str]) -> Iterable[CacheCleaning]:
    """The caches of the go command, removed after the last command of a RUN."""
    tail = _cleaner(program, step)
    if tail and takes_tail(step):
        yield CacheCleaning(what="Go's cache", tail=tail, saving=_cache_bytes(program, tail))


def installed_bytes(program: Program, effect: Effect) -> int:
    """0: it is not estimated."""
    return 0


def cache_bytes(program: Program, effect: Effect) -> int:
    """The bytes that one command leaves in the caches."""
    return estimate.INSTALLER_CACHE


def mounted_bytes(program: Program) -> int:
    """The bytes that cache mounts keep out of the layers."""
    return BUILD_CACHE + 20 * MODULE


def left_bytes(program: Program) -> int:
    """The bytes of the build cache and of the modules that steps leave in the image. Caches at places that
    are not known are left."""
    left: dict[str, bool] = {}
    compiles = False
    for step in program.steps:
        mounted = "type=cache" in step.instruction.raw
        for effect in (e for e in step.effects if e.does("compile", "go")):
            compiles = True
            for place in effect.caches:
                left[place] = left.get(place, False) or not (mounted or deletes_caches(step, (place,)))
    return BUILD_CACHE * max(2 - sum(not stays for stays in left.values()), 0) if compiles else 0


def needs_mount(program: Program) -> bool:
    """Whether several steps use the modules, so that no single one can remove them."""
    return len(fetching_steps(program)) > 1 and caches_are_unused(program)


def _cleaner(program: Program, step: Step) -> str:
    """The command that empties the Go caches of a step; "" for none."""
    if not any(_fills_cache(e, _COMPILING) for e in step.effects) or not caches_are_unused(program):
        return ""
    cleaned = any(e.manager == MANAGER and e.kind == "cache" for e in step.effects)
    # before 1.13 `go clean -cache` removes the program of the directory as well (go.dev/issue/29925)
    if cleaned or not _has_release(program, 1, 13):
        return ""
    modules = fetching_steps(program) == (step,) and bool(_module_count(program))
    own = LANGUAGE.words("toolchain.toml", "distribution", "packages")
    if any(p.name in own for e in step.effects if e.kind == "unpackage" for p in e.packages):
        caches = {c: None for e in step.effects if e.does("compile", "go") for c in e.caches}
        return f"rm -rf {' '.join(caches)}"  # Go itself is gone by then
    return "go clean -cache -modcache" if modules else "go clean -cache"


def _cache_bytes(program: Program, command: str) -> int:
    """The estimated bytes of the caches."""
    modules = command.endswith(("-modcache", "/pkg/mod"))
    return BUILD_CACHE + (MODULE * _module_count(program) if modules else 0)


def caches_are_unused(program: Program) -> bool:
    """Whether no program that runs calls Go or reads its caches. An image made for building does."""
    places = [c for e in program.effects if e.does("compile", "go") for c in e.caches]
    compiling = go_toolchain() & program.runtime_needs.commands.keys()
    if (
        start_uncertainty(program)
        or compiling
        or any(e.manager == MANAGER for e in program.runtime_needs.start)
    ):
        return False
    if any(overlap(p, c) for p in program.runtime_needs.paths for c in places):
        return False
    facts = cache("go")
    assert facts is not None
    text = "\n".join(s.instruction.value for s in program.steps if s.keyword in ("RUN", "ENV"))
    return not any(p.search(text) for p in facts.mentions)


def fetching_steps(program: Program) -> tuple[Step, ...]:
    """The steps that may fetch modules or use fetched ones."""
    return tuple(s for s in program.steps if any(_fills_cache(e, _FETCHING) for e in s.effects))


def _fills_cache(effect: Effect, actions: frozenset[str]) -> bool:
    return effect.does("compile", "go") and bool(effect.caches) and effect.action in actions


def _module_count(program: Program) -> int:
    """The number of required modules that are not part of the context."""
    context = program.context
    vendored = any(name.endswith(".go") for name in context.under("vendor"))
    return 0 if vendored else required_modules(context.text("go.mod") or "")


def required_modules(text: str) -> int:
    """How many modules a go.mod requires (go.dev/ref/mod)."""
    count, block = 0, ""
    for line in text.splitlines():
        words = line.partition("//")[0].replace("(", " ( ").split()
        if words[:1] == [")"]:
            block = ""
        elif words[1:2] == ["("]:
            block = words[0]
        elif words:
            count += (block or words[0]) == "require"
    return count


def _has_release(program: Program, *least: int) -> bool:
    """Whether the Go of the base image is at least that release; newer distributions have a newer Go."""
    base = program.base
    if base is None or base.language != "go":
        named = {p.name for e in program.effects for p in e.packages if e.kind == "packages"}
        recent = base is not None and base.suite in LANGUAGE.words("toolchain.toml", "distribution", "recent")
        own = LANGUAGE.words("toolchain.toml", "distribution", "packages")
        return recent and not named.isdisjoint(own)
    return version_numbers(base.version or "")[:2] >= least
