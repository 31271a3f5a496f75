"""Which system packages installers and compilers may use although no command names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slimify.facts import load
from slimify.facts.carried import installed
from slimify.facts.images import ImageFacts
from slimify.facts.packages import interpreters, programs_in, system_package
from slimify.facts.recommends import brought_along
from slimify.facts.shells import is_shell
from slimify.facts.system import is_systems
from slimify.model.effects import Effect


def may_serve_build(name: str, base: ImageFacts | None, headers: Iterable[str], *, hooks: bool) -> bool:
    """Whether an installer or compiler may use a package, beside packages with `headers`: each that is not
    known as a program, a library or data. With `hooks`, also an interpreter, and what belongs to headers:
    programs of third parties that an install starts look for these."""
    facts = system_package(name, base)
    if base is not None and name in installed(base):
        return False
    own = {name, *(facts.commands if facts is not None else ())}
    if facts is None or facts.kind not in ("run", "tool") or "jre" in name or not own.isdisjoint(_serving()):
        return True
    stems = (h.removeprefix("lib").removesuffix("-dev").rstrip("0123456789.-") for h in headers)
    return hooks and (
        not own.isdisjoint(interpreters()) or any(map(is_shell, own)) or any(s and s in name for s in stems)
    )


def _serving() -> frozenset[str]:
    return frozenset(load("packages-debian.toml")["serves_builds"]["names"])


def may_configure(path: str, env: Iterable[str | None]) -> bool:
    """Whether a path may be one of settings that installers and compilers read unasked, or that a variable
    names."""
    values = [value for value in env if value]
    named = any(path in v or (v.startswith("/") and path.startswith(v.rstrip("/") + "/")) for v in values)
    return is_systems(path) or "/." in path or named


def came_with(effect: Effect, base: ImageFacts | None) -> Iterator[str]:
    """The packages that an install brings: those that it names, and those known to come along with them."""
    suite = base.suite if base is not None else None
    for package in effect.packages:
        yield package.name
        yield from brought_along(package.name, suite, recommended=not effect.sparing)


def programs_with(effect: Effect, base: ImageFacts | None) -> frozenset[str]:
    """The programs of the packages that an install brings."""
    return frozenset(program for name in came_with(effect, base) for program in programs_in(name, base))
