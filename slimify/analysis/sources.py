"""Which source files of the context are the application, and what they need when they run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from slimify.context.source_uses import merge
from slimify.languages.node.sources.test_support import without_test_support
from slimify.model.effects import Effect
from slimify.model.sources import SourceFacts, Use
from slimify.semantics.context_files import View

_MAX_FILES = 4_000
_MAX_BYTES = 6_000_000
_TESTS = re.compile(
    r"(^|/)(tests?|__tests?__|__mocks__|spec|e2e|cypress|fixtures|docs?|examples?|node_modules|\.git|\.github|"
    r"site-packages|\.venv|venv|bower_components|stories|benchmarks?)/|"
    r"(^|/)(test_[^/]*|[^/]*_test)\.(py|go)$|\.(test|spec|stories|d)\.[cm]?[jt]sx?$|(^|/)conftest\.py$|"
    r"\.config\.[cm]?[jt]s$|(^|/)\.[^/]+\.[cm]?js$|\.min\.js$"
)
_ENDINGS = {
    "python": (".py",),
    "node": (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"),
    "go": (".go",),
}


_LOADERS = "golang.org/x/tools/"  # they start compilers, for programs that work on Go code


class SourceUse(Struct, frozen=True, kw_only=True):
    """What the sources name; `modules` are the imported packages, each with its first use."""

    facts: SourceFacts
    modules: tuple[Use, ...]
    complete: bool  # every file of the language was read


def read_sources(
    view: View, language: str | None, start: Sequence[Effect], effects: Iterable[Effect] = ()
) -> SourceUse:
    """Read the application's files that are copied into the image, tests and documentation left out.

    Of Go, only what the programs are made of that `effects` build. Bounded: files in order of
    depth, at most 4,000 and 6 MB; what is left out is named in `skipped`.
    """
    facts = SourceFacts()
    complete = True
    if language == "go":
        compiled = _compiled(view, effects)
        if compiled is not None:
            return SourceUse(facts=compiled[0], modules=compiled[1], complete=not compiled[0].skipped)
    for name in dict.fromkeys(x for x in (language, "python", "node") if x):
        chosen, skipped = _choose(view, _ENDINGS[name], limit=name == language)
        if name == "node":
            chosen = without_test_support(view, chosen, start)
        if not chosen and not skipped:
            continue
        complete = complete and not skipped
        facts = merge((facts, _read(name, view, chosen), SourceFacts(skipped=skipped)))
    modules = {use.name: use for use in reversed(facts.imports)}
    return SourceUse(facts=facts, modules=tuple(modules.values()), complete=complete)


def _compiled(view: View, effects: Iterable[Effect]) -> tuple[SourceFacts, tuple[Use, ...]] | None:
    """What the files of Go programs need, with the programs that their modules are known to start.

    A library opens and starts what its caller names, so of vendored sources only the names that are
    constant count.
    """
    from slimify.facts.languages import go_package
    from slimify.languages.go.sources.program import (
        built_sources,
        named_entries,
        places_of_sources,
        vendored,
    )

    sources = built_sources(view, effects)
    if sources is None or len(sources.files) > _MAX_FILES:
        return None
    own = _read("go", view, (f for f in sources.files if not vendored(f)))
    libraries = _read("go", view, (f for f in sources.files if vendored(f) and _LOADERS not in f))
    libraries = replace(libraries, dynamic=(), paths=(), features=libraries.features - {"files", "main"})
    facts = merge((own, libraries))
    imports = {use.name: use for use in reversed(facts.imports)}
    direct = {use.name for use in own.imports}
    known = [(use, go_package(name)) for name, use in imports.items() if "." in name.partition("/")[0]]
    features = {"external"} if sources.outside else set()
    if any(module.cgo == "always" and use.name in sources.outside for use, module in known):
        features.add("cgo")
    more = SourceFacts(
        commands=tuple(replace(use, name=c) for use, m in known if use.name in direct for c in m.commands),
        paths=(
            *(
                replace(use, name=found)
                for use, module in known
                for pattern in module.files
                for found in view.context.glob(pattern, directories=True)
            ),
            *named_entries(view.context, (f for f in sources.files if not vendored(f))),
            *places_of_sources(view.context, (f for f in sources.files if not vendored(f))),
        ),
        features=frozenset(features),
    )
    return merge((facts, more)), tuple(imports.values())


def _choose(view: View, endings: tuple[str, ...], *, limit: bool) -> tuple[list[str], tuple[str, ...]]:
    """Context paths to read, shallow ones first, and those over the limit."""
    context = view.context
    names = _application(view, endings)
    names.sort(key=lambda path: (path.count("/"), path))
    chosen: list[str] = []
    size = 0
    most = _MAX_FILES if limit else _MAX_FILES // 10
    for position, path in enumerate(names):
        size += context.files[path]
        if position >= most or size > _MAX_BYTES:
            return chosen, tuple(names[position:])
        chosen.append(path)
    return chosen, ()


def application(view: View, language: str) -> tuple[str, ...]:
    """Context paths of the application's own sources that are copied into the image."""
    names = _application(view, _ENDINGS.get(language, ()))
    return tuple(name for name in names if not name.startswith("vendor/") and "/vendor/" not in name)


def _application(view: View, endings: tuple[str, ...]) -> list[str]:
    return [
        path
        for path in view.context.files
        if path.endswith(endings) and not _TESTS.search(path) and view.image_paths(path)
    ]


def _read(language: str, view: View, paths: Iterable[str]) -> SourceFacts:
    files = ((path, text) for path in paths if (text := view.context.text(path)) is not None)
    if language == "python":
        from slimify.languages.python.sources.uses import read_many as read_python

        return read_python(files)
    if language == "node":
        from slimify.languages.node.sources.uses import read_many as read_javascript

        return read_javascript(files)
    from slimify.languages.go.sources.uses import read_many as read_go

    return read_go(files)
