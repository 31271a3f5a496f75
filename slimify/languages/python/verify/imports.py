"""The modules that the application's sources import, resolved as Python does."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Iterator

from slimify.languages.python import LANGUAGE
from slimify.model.regex import regex
from slimify.model.sources import Use
from slimify.verify.disk import imports
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.disk.libraries import missing_library
from slimify.verify.disk.linker import Linker
from slimify.verify.disk.start_commands import commands_started, start_command_lines
from slimify.verify.model import Check, Finding, disk_check

_RELEASE = regex(r"python3\.\d+")
_INTERPRETER = regex(rf"(?:{'|'.join(LANGUAGE.interpreters)})[\d.]*")


def check(evidence: Evidence) -> Check:
    """Every imported module must resolve, by its first part."""
    return imports.compare_imports(
        evidence, _uses(evidence), _search, replaced=lambda *paths: _is_shadowed(evidence, *paths)
    )


def _uses(evidence: Evidence) -> Iterator[Use]:
    """The imports of modules that are found by name, not by path."""
    for use in evidence.runtime_needs.sources.imports if evidence.runtime_needs else ():
        if use.name.strip("."):
            yield use


def _is_shadowed(evidence: Evidence, before: str, after: str) -> bool:
    """Whether the module now resolves only to a directory of that name, without the package's own files."""
    if _regular(evidence.before, before) and not _regular(evidence.after, after):
        entry = evidence.after.entry(after)
        return entry is not None and entry.kind == "directory"
    return False


def _search(side: Side) -> imports.Search:
    places = _search_path(side)

    def located(name: str, file: str) -> str | None:
        inner = between(posixpath.dirname(file), side.workdir)
        return _module(side, (*places, *inner), name.partition(".")[0])

    return located


def between(folder: str, workdir: str) -> Iterator[str]:
    """The directory of a source file and its parents up to WORKDIR. Any of them may be the program's own
    directory, which is the first in sys.path."""
    folder = "/" + folder.strip("/")  # POSIX keeps two leading slashes, and so does `dirname`
    while folder not in (workdir, "/") and folder.startswith(workdir.rstrip("/") + "/"):
        yield folder
        folder = posixpath.dirname(folder)


def _search_path(side: Side) -> tuple[str, ...]:
    """The directories that Python searches: WORKDIR, PYTHONPATH, and the packages of the interpreters that
    are started or in PATH, each of which has directories of its minor version. One of a virtual environment
    does not find the packages of the system."""
    places = [side.workdir, *side.env.get("PYTHONPATH", "").split(":")]
    started = frozenset(_environments(side))
    own = sorted(started - {""})
    for pattern in LANGUAGE.words("toolchain.toml", "images", "package_directories"):
        if not own or "" in started or not pattern.endswith("-packages"):
            places += _glob(side, pattern, _interpreters(side, side.path))
    if not own:
        own = [posixpath.dirname(place) for place in side.path if posixpath.basename(place) == "bin"]
    for environment in own:
        programs = (f"{environment}/bin",) if environment in started else side.path
        pattern = posixpath.join(environment, "lib/python3*/site-packages")
        places += _glob(side, pattern, _interpreters(side, programs))
    return tuple(dict.fromkeys(place for place in places if place.startswith("/")))


def _environments(side: Side) -> Iterator[str]:
    """The virtual environments whose programs the image starts, "" for an interpreter of the system."""
    items = (i for words in start_command_lines(side) for i in commands_started(side, words) if not i.file)
    for name in dict.fromkeys(item.name for item in items):
        places = ("",) if "/" in name else side.path
        paths = (posixpath.join(side.workdir, place, name) for place in places)
        path = next((p for p in map(posixpath.normpath, paths) if side.entry(p) is not None), "")
        environment = posixpath.dirname(posixpath.dirname(path))
        if side.entry(posixpath.join(environment, "pyvenv.cfg")) is not None:
            yield environment
        elif _INTERPRETER.fullmatch(posixpath.basename(path)):
            yield ""


def _interpreters(side: Side, directories: Iterable[str]) -> frozenset[str]:
    """The programs in the directories that carry a minor version of Python."""
    real = filter(None, map(side.files.place, directories))
    return frozenset(
        name for place in real for name in side.files.children(place) if _RELEASE.fullmatch(name)
    )


def _glob(side: Side, pattern: str, interpreters: frozenset[str]) -> Iterator[str]:
    head, _, tail = pattern.partition("/python3*")
    real = side.files.place(head)
    found = set(fnmatch.filter(side.files.children(real), "python3*")) if real else set()
    if interpreters:
        found = {name for name in found if name in interpreters or not _RELEASE.fullmatch(name)}
    for child in sorted(found):
        path = f"{head}/{child}{tail}"
        if side.entry(path) is not None:
            yield path


def _module(side: Side, places: Iterable[str], name: str) -> str | None:
    """The path of a module or package. A directory without `__init__` counts only if nothing else is found,
    as in the interpreter (PEP 420): a data directory may have the name of a package."""
    portion: str | None = None
    for place in places:
        real = side.files.place(place)
        children = side.files.children(real) if real else ()
        if name in children:
            path = posixpath.join(real, name)
            if _regular(side, path):
                return path
            portion = portion or path
        for child in (f"{name}.py", f"{name}.pyc", *fnmatch.filter(children, f"{name}.*.so"), f"{name}.so"):
            if child in children:
                return posixpath.join(real, child)
    return portion


def _regular(side: Side, path: str) -> bool:
    real = side.files.place(path)
    return bool(real) and any(child.startswith("__init__.") for child in side.files.children(real))


def extension_libraries(evidence: Evidence) -> Check:
    """Checks compiled modules of the standard library that sources import: `tkinter` needs libtk, which a
    slim image with the module lacks."""
    linker, before = Linker(evidence.after), Linker(evidence.before)
    findings: dict[str, Finding] = {}
    places = _search_path(evidence.after)
    for use in _uses(evidence):
        name = use.name.partition(".")[0]
        for module in (name, f"_{name}"):
            path = _module(evidence.after, places, module)
            if path is None or path not in evidence.after.image.elves:
                continue
            known = {item.name for item in before.missing(path)}
            for item in linker.missing(path):
                if item.name in known:
                    continue
                text = f"{use.file}:{use.line} imports {name}, which needs {item.name}"
                place = next(
                    (at for needed, _, at in before.closure(path) if needed == item.name and at), None
                )
                found = (
                    missing_library(evidence, imports.IMPORT, text, place)
                    if place
                    else Finding(code=imports.IMPORT, text=text, path=path)
                )
                findings.setdefault(item.name, found)
    return disk_check("compiled modules", findings.values(), "have their libraries")
