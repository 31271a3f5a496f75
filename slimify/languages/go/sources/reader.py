"""Go sources: see `Sources` in languages/parts.py."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from slimify.analysis.sources import texts_of
from slimify.context.ignore_rules import Glob, IgnoreRules
from slimify.context.source_uses import merge
from slimify.languages.go.package_facts import go_package
from slimify.languages.go.sources.program import built_sources, is_vendored, named_entries, source_directories
from slimify.languages.go.sources.uses import read_many
from slimify.model.effects import Effect
from slimify.model.sources import SourceFacts, Use
from slimify.semantics.context_files import ContextView
from slimify.semantics.paths import is_glob

__all__ = ["program_facts", "read_many", "selected_sources"]

_LOADERS = "golang.org/x/tools/"  # they start compilers, for programs that work on Go code


def selected_sources(view: ContextView, paths: Sequence[str], start: Sequence[Effect]) -> Sequence[str]:
    return paths


def program_facts(view: ContextView, effects: Iterable[Effect], limit: int) -> SourceFacts | None:
    """What the files of Go programs need, including programs that their modules are known to start.

    A library opens and starts what its caller passes, so only constant names count in vendored sources.
    """
    effects = tuple(effects)
    made = {path for e in effects if e.tool == "mkdir" for path in e.writes if not view.under(path)}
    sources = built_sources(view, effects)
    if sources is None or len(sources.files) > limit:
        return None
    own = _read(view, (f for f in sources.files if not is_vendored(f)))
    libraries = _read(view, (f for f in sources.files if is_vendored(f) and _LOADERS not in f))
    unread = tuple(use for use in libraries.computed if not go_package(_vendored_package(use.file)).plain)
    libraries = replace(libraries, dynamic=(), paths=(), computed=(), features=libraries.features - {"main"})
    facts = merge((own, libraries))
    imports = {use.name: use for use in reversed(facts.imports)}
    direct = {use.name for use in own.imports}
    known = [(use, go_package(name)) for name, use in imports.items() if "." in name.partition("/")[0]]
    features = {"external"} if sources.outside else set()
    features |= {"unseen"} & {*sources.outside}
    if any(module.cgo == "always" and use.name in sources.outside for use, module in known):
        features.add("cgo")
    more = SourceFacts(
        commands=tuple(replace(use, name=c) for use, m in known if use.name in direct for c in m.commands),
        paths=(
            *(
                replace(use, name=found)
                for use, module in known
                for pattern in module.files
                for found in _named(view, pattern)
            ),
            *_private(view, {p: use for use, m in known if use.name in direct for p in m.private}),
            *named_entries(view, made, (f for f in sources.files if not is_vendored(f))),
            *source_directories(view.context, (f for f in sources.files if not is_vendored(f))),
        ),
        computed=tuple(use for use, module in known if use.name in direct and module.computes_names),
        unread=(
            *unread,
            *(u for u, m in known if u.name in direct and u.name in sources.outside and not m.plain),
        ),
        features=frozenset(features),
    )
    return merge((facts, more))


def _read(view: ContextView, files: Iterable[str]) -> SourceFacts:
    """What files need. A file is classified several times, with the same sources more often than not."""
    names = tuple(files)
    return view.context.once(("go", *names), lambda: read_many(texts_of(view, names)))


def _vendored_package(file: str) -> str:
    return posixpath.dirname(re.split(r"(?:^|/)(?:vendor|_workspace/src|third_party)/", file)[-1])


def _named(view: ContextView, pattern: str) -> Sequence[str]:
    """The files of the context that a glob matches, or the one that it names, which a step may make."""
    return view.context.glob(pattern, directories=True) or (() if is_glob(pattern) else (pattern,))


def _private(view: ContextView, patterns: Mapping[str, Use]) -> Iterator[Use]:
    """The files that match a glob and that git ignores by name, for the import that reads them: where they
    are there, a COPY of the directory brings them."""
    repository = view.context.repository if patterns else None
    if repository is None:
        return
    left_out = IgnoreRules.parse(view.context.ignore_text or "")
    wanted = [(Glob.parse(pattern), use) for pattern, use in patterns.items()]
    for path in repository.ignored_names:
        use = next((use for glob, use in wanted if glob.matches(path)), None)
        if use is not None and not left_out.ignores(path):
            yield replace(use, name=path)
