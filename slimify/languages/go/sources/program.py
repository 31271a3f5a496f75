"""The Go files of a program: those of the built packages and of their imports."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from functools import partial

from slimify.context.scan import Context
from slimify.languages.go import LANGUAGE
from slimify.languages.go.sources.packages import GoSources, imported_sources, main_packages
from slimify.languages.go.vocabulary import NEIGHBOR, GoAction
from slimify.model.effects import Effect
from slimify.model.regex import regex
from slimify.model.sources import Use
from slimify.semantics.context_files import ContextView

_LITERAL = regex(r'"([^"\\\n]{1,200})"|`([^`\n]{1,200})`')
_SCHEME = regex(r"^(?:file|sqlite3?):(?://(?=[^/]))?")
_UNSEEN = ("unseen",)  # sources of a build that does not show its packages
_OPAQUE = ("opaque",)  # those of a step that can't be read, which builds what was copied, if anything
_EMBED = regex(r"^//go:embed[ \t]+(.+)$", re.MULTILINE)


def built_sources(view: ContextView, effects: Iterable[Effect]) -> GoSources | None:
    """The sources of all programs built from the context. Where a build does not show its packages, these are
    all programs of the image, and some of what is compiled counts as outside. None if it has no program."""
    built: dict[tuple[str, frozenset[str]], None] = {}
    modules = _modules(view)
    unseen: tuple[str, ...] = ()
    for effect in effects:
        if not effect.does("compile", "go") or effect.action not in tuple(GoAction):
            continue
        if not (effect.outputs or effect.writes) or (not effect.reads and effect.action != GoAction.BUILD):
            continue  # discards its result, or builds something outside the context
        unseen = unseen if _prefer_modules(view, effect, modules) else _UNSEEN
        for path in [p for p in effect.reads if f"{NEIGHBOR}{p}" not in effect.settings] or ("",):
            packages = _packages(view, path, effect) if path else ()
            built |= dict.fromkeys((package, _tags(effect)) for package in packages)
            shown = packages or (path and view.is_dir(path))  # `./...` names packages that are no programs
            unseen = unseen if shown else _UNSEEN
    if unseen or not built:
        unseen = unseen or _OPAQUE
        built |= dict.fromkeys((package, frozenset[str]()) for package in _programs(view, "/"))
    if not built:
        return None
    context = view.context
    found = [
        context.once(
            ("go", key, *modules.items()),
            partial(imported_sources, context.files, context.text, key[0], modules=modules, tags=key[1]),
        )
        for key in built
    ]
    if not all(one.files for one in found):
        unseen = _UNSEEN  # a package without sources: they are generated, or lie elsewhere
    files = {file for one in found for file in one.files}
    outside = {name for one in found for name in one.outside}
    return GoSources(files=tuple(sorted(files)), outside=(*sorted(outside), *unseen))


def _packages(view: ContextView, path: str, effect: Effect) -> tuple[str, ...]:
    """The package directories of the context that one word of a build command matches; none if unknown."""
    if any(s.startswith("packages=") for s in effect.settings):
        return _programs(view, path)
    place = view.context_path(path)
    if place is not None:
        return (posixpath.dirname(place) if place.endswith(".go") else place,)
    copied = (view.context_path(file) for file in _go_files(view, path) if posixpath.dirname(file) == path)
    folders = {posixpath.dirname(source) for source in copied if source is not None}
    return tuple(folders) if len(folders) == 1 else ()


def _go_files(view: ContextView, path: str) -> Iterator[str]:
    return (file for file in view.under(path) if file.endswith(".go"))


def _programs(view: ContextView, path: str) -> tuple[str, ...]:
    """The main packages of the context in a directory of the image."""
    sources = dict.fromkeys(view.context_path(file) for file in _go_files(view, path))
    return main_packages((s, view.context.text(s) or "") for s in sources if s and not _is_left_out(s))


def _is_left_out(file: str) -> bool:
    parts = file.split("/")[:-1]
    return any(part in ("vendor", "testdata") or part.startswith(("_", ".")) for part in parts)


def _tags(effect: Effect) -> frozenset[str]:
    given = [s.partition("=")[2] for s in effect.settings if s.startswith("tags=")]
    return frozenset(tag for text in given for tag in text.replace(",", " ").strip("\"'").split())


def _modules(view: ContextView) -> dict[str, str]:
    """Import paths and their context directories: of modules, and of packages below GOPATH."""
    context = view.context
    found: dict[str, str] = {}
    for placed in view.copies:
        _, below, path = placed.target.partition("/src/")
        if placed.directory and below and path:
            found[path] = placed.source
    for file in context.files:
        if posixpath.basename(file) == "go.mod" and not _is_left_out(file):
            found |= _module(context, file)
    return found


def _module(context: Context, file: str) -> dict[str, str]:
    lines = (line.split() for line in (context.text(file) or "").splitlines())
    name = next((words[1] for words in lines if words[:1] == ["module"] and len(words) > 1), None)
    return {name.strip('"'): posixpath.dirname(file)} if name else {}


def _prefer_modules(view: ContextView, effect: Effect, modules: dict[str, str]) -> bool:
    """Makes `modules` those of a build where the context has others of the same names; False if a neighbor is
    not known, whose packages would be taken for those of the standard library."""
    neighbors = {s.removeprefix(NEIGHBOR) for s in effect.settings if s.startswith(NEIGHBOR)}
    for path in effect.manifests:
        file = view.context_path(path) if posixpath.basename(path) == "go.mod" else None
        module = _module(view.context, file) if file is not None else {}
        modules |= module
        neighbors -= {posixpath.dirname(path)} if module else set()
    return not neighbors


def is_vendored(file: str) -> bool:
    """Whether the file is a copy of third-party source."""
    return not _VENDORED.isdisjoint(file.split("/")[:-1])


_VENDORED = frozenset({"vendor", "_workspace", "third_party"})
_WRITTEN = LANGUAGE.words("sources.toml", "files", "written")


def named_entries(view: ContextView, made: Collection[str], files: Iterable[str]) -> Iterable[Use]:
    """Context files and directories named by string literals, and the directories of files that do not exist
    yet, also those in `made`. Embedded files are part of the program."""
    context = view.context
    for file in files:
        if file.endswith(".pb.go"):
            continue
        text = context.text(file) or ""
        home = posixpath.dirname(file)
        embedded = [
            posixpath.join(home, w.strip('"`').removeprefix("all:"))
            for m in _EMBED.findall(text)
            for w in m.split()
        ]
        for match in _LITERAL.finditer(text):
            name = (match[1] or match[2]).strip()
            place = posixpath.normpath(name)
            above = place.lstrip("./") if place.startswith("../") else ""
            if above and _exists_below(context, above):
                yield Use(name=place, file=file, line=text.count("\n", 0, match.start()) + 1)
            if place.startswith("..") or not name.strip("./"):
                continue
            if place.startswith("/") or not context.has(place):
                place = place if _may_be_there(context, place) else _directory_to_fill(view, made, name)
            elif not _is_data(context, place):
                continue
            if not place:
                continue
            if any(_is_within(posixpath.join(home, place), e) or _is_within(place, e) for e in embedded):
                continue
            yield Use(name=place, file=file, line=text.count("\n", 0, match.start()) + 1)


def _may_be_there(context: Context, place: str) -> bool:
    """Whether it may be a file that git ignores, other than one that programs write."""
    name = posixpath.basename(place)
    if "." not in name or place.startswith("/") or set(place) & set("*%{} ") or context.repository is None:
        return False
    return not name.endswith(_WRITTEN) and context.repository.ignores(place)


def _directory_to_fill(view: ContextView, made: Collection[str], name: str) -> str:
    """The nearest directory of the image in which a program may create a file of that name; "" if there is
    none. `made` are the directories that RUNs create. The name may be that of a database:
    `file:data/shop.db?mode=rwc` (sqlite.org/uri.html)."""
    place = posixpath.dirname(posixpath.normpath(_SCHEME.sub("", name).partition("?")[0]))
    while place.strip("/"):
        if place.startswith("/"):
            inner = view.context_path(place)
            if place in made or (inner and _is_data(view.context, inner)):
                return place
        elif any(f"{d}/".endswith(f"/{place}/") for d in made) or _is_data(view.context, place):
            return place
        elif view.context.has(place):
            return ""
        place = posixpath.dirname(place)
    return ""


def source_directories(context: Context, files: Iterable[str]) -> Iterable[Use]:
    """The directories of sources that ask where they were compiled, to find files next to them."""
    for file in files:
        text = context.text(file) or ""
        if "runtime.Caller(" in text or '"go/build"' in text:
            yield Use(name=posixpath.dirname(file) or ".", file=file, line=1)


def _is_data(context: Context, place: str) -> bool:
    """Whether the context has it, and not only as Go source. The directory of third-party source is for the
    build, what a program names below it is not."""
    if posixpath.basename(place) in _VENDORED:
        return False
    if context.is_dir(place):
        return any(not f.endswith((".go", ".proto")) and "/testdata/" not in f for f in context.under(place))
    return context.has(place) and not place.endswith((".go", ".mod", ".sum"))


def _exists_below(context: Context, tail: str) -> bool:
    """Whether data of that name exists anywhere in the context: `../name` depends on where the program
    starts."""
    ends = "/" + tail
    return any(
        ("/" + d).endswith(ends) and _is_data(context, d) for d in (*context.directories, *context.files)
    )


def _is_within(place: str, pattern: str) -> bool:
    top = pattern.partition("*")[0].rstrip("/")
    return place == top or place.startswith(top + "/") or top.startswith(place + "/")
