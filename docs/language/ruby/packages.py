"""What gems need of the system: see `Packages` in slimify/languages/parts.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from ruby import LANGUAGE
from slimify.facts.images import ImageFacts
from slimify.facts.native import Native, native_of
from slimify.model.effects import Effect
from slimify.model.sources import Module, Use
from slimify.semantics.context_files import ContextView

_GEM = re.compile(r"""(?m)^\s*gem[ (]+["']([\w.-]+)["'](?:\s*,\s*["']=?\s*(\d[\w.]*)["'])?""")
manifests = r"(^|/)(Gemfile(\.lock)?|[^/]+\.gemspec)$|(^|/)vendor/bundle/"


class Gem(Struct, frozen=True, kw_only=True):
    """What is known of a gem by its name."""

    name: str
    known: bool
    native: Native
    commands: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


def package_facts(name: str, newest: str | None = None) -> Gem:
    row = LANGUAGE.facts("gems.toml")["native"].get(name)
    native = native_of(row or {}, ())
    return Gem(
        name=name, known=row is not None, native=native, commands=tuple((row or {}).get("commands", ()))
    )


def programs(name: str) -> tuple[str, ...]:
    return (name,)


def leaving(place: str) -> tuple[str, ...]:
    return ()


def pinned_release(text: str) -> str | None:
    _name, colon, version = text.partition(":")
    return version if colon else None


def package_at(path: str) -> str:
    return ""


def providers(module: str) -> tuple[str, ...]:
    return (module,)


def standard_libraries(module: str) -> tuple[str, ...]:
    return ()


def listed_packages(view: ContextView, path: str, *, development: bool = False) -> Iterator[Module]:
    text = view.context.text(path) or ""
    for found in _GEM.finditer(text):
        use = Use(name=found[1], file=path, line=text.count("\n", 0, found.start(1)) + 1)
        yield Module(use=use, language=LANGUAGE.name, version=found[2])


def is_compiled(name: str, version: str | None, base: ImageFacts | None) -> bool:
    return package_facts(name).known


def may_compile(effect: Effect, before: Sequence[Effect]) -> bool:
    return True


def names_packages(text: str) -> bool:
    return re.search(r"\b(?:gem|bundle)\s+(?:install|add)\b", text) is not None


def without_dependency_lists(path: str, text: str) -> str:
    return _GEM.sub("", text) if path.endswith("Gemfile") else text


def aliases(name: str) -> Iterator[str]:
    yield from (name, name.replace("-", "/"))


def is_imported(name: str, text: str) -> bool:
    return False
