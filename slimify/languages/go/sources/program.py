"""The Go files of a program: those of the built packages and of their imports."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Mapping

from slimify.context.scan import Context
from slimify.languages.go.sources.packages import GoSources, imported_sources, main_packages
from slimify.languages.go.vocabulary import GoAction
from slimify.model.effects import Effect
from slimify.model.sources import Use
from slimify.semantics.context_files import ContextView

_LITERAL = re.compile(r'"([^"\\\n]{1,200})"|`([^`\n]{1,200})`')
_SCHEME = re.compile(r"^(?:file|sqlite3?):(?://(?=[^/]))?")
_EMBED = re.compile(r"^//go:embed[ \t]+(.+)$", re.MULTILINE)


def built_sources(view: ContextView, effects: Iterable[Effect]) -> GoSources | None:
    """The sources of all programs built from the context; None if they can't be determined."""
    context = view.context
    modules = _modules(view)
    found: list[GoSources] = []
    for effect in effects:
        if not effect.does("compile", "go") or effect.action not in tuple(GoAction):
            continue
        if not (effect.outputs or effect.writes) or (not effect.reads and effect.action != GoAction.BUILD):
            continue  # discards its result, or builds something outside the context
        places = [view.context_path(path) for path in effect.reads]
        tags = _tags(effect)
        for place in places or [None]:
            packages = _packages(context, place, effect) if place is not None else ()
            if not packages:
                return None
            for package in packages:
                one = imported_sources(context.files, context.text, package, modules=modules, tags=tags)
                found.append(one)
    if not found:
        return None
    files = {file for one in found for file in one.files}
    outside = {name for one in found for name in one.outside}
    return GoSources(files=tuple(sorted(files)), outside=tuple(sorted(outside)))


def _packages(context: Context, place: str, effect: Effect) -> tuple[str, ...]:
    """The package directories that one word of a build command matches."""
    if place.endswith(".go"):
        return (posixpath.dirname(place),)
    if not any(s.startswith("packages=") for s in effect.settings):
        return (place,)
    below = (
        (file, context.text(file) or "")
        for file in context.under(place)
        if file.endswith(".go") and not _is_left_out(file)
    )
    return main_packages(below)


def _is_left_out(file: str) -> bool:
    parts = file.split("/")[:-1]
    return any(part in ("vendor", "testdata") or part.startswith(("_", ".")) for part in parts)


def _tags(effect: Effect) -> frozenset[str]:
    given = [s.partition("=")[2] for s in effect.settings if s.startswith("tags=")]
    return frozenset(tag for text in given for tag in text.replace(",", " ").strip("\"'").split())


def _modules(view: ContextView) -> Mapping[str, str]:
    """Import paths and their context directories: of modules, and of packages below GOPATH."""
    context = view.context
    found: dict[str, str] = {}
    for placed in view.copies:
        _, below, path = placed.target.partition("/src/")
        if placed.directory and below and path:
            found[path] = placed.source
    for file in context.files:
        if posixpath.basename(file) != "go.mod" or _is_left_out(file):
            continue
        for line in (context.text(file) or "").splitlines():
            words = line.split()
            if words[:1] == ["module"] and len(words) > 1:
                found[words[1].strip('"')] = posixpath.dirname(file)
                break
    return found


def is_vendored(file: str) -> bool:
    """Whether the file is a copy of third-party source."""
    return any(part in ("vendor", "_workspace", "third_party") for part in file.split("/")[:-1])


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
                place = _directory_to_fill(view, made, name)
            elif not _is_data(context, place):
                continue
            if not place:
                continue
            if any(_is_within(posixpath.join(home, place), e) or _is_within(place, e) for e in embedded):
                continue
            yield Use(name=place, file=file, line=text.count("\n", 0, match.start()) + 1)


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
    """Whether the context has it, and not only as Go source."""
    if is_vendored(place + "/"):
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
