"""What the application's sources import is found in the rewritten image, as it was in the original."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from slimify.model.sources import Use
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.disk.libraries import lost
from slimify.verify.disk.linker import Linker
from slimify.verify.model import Check, Constraint, Finding

IMPORT = "SL532"

_PYTHON_PLACES = (
    "/usr/local/lib/python3*/site-packages", "/usr/local/lib/python3*", "/usr/local/lib/python3*/lib-dynload",
    "/usr/lib/python3/dist-packages", "/usr/lib/python3*", "/usr/lib/python3*/lib-dynload",
    "/usr/lib/python3*/site-packages", "/usr/local/lib/python3*/dist-packages",
    "/opt/venv/lib/python3*/site-packages", "/venv/lib/python3*/site-packages",
    "/root/.local/lib/python3*/site-packages", "/opt/conda/lib/python3*/site-packages",
)  # fmt: skip


def check(evidence: Evidence, language: str | None) -> Check:
    """One finding for each module that was found and is not any more.

    Of Node, only what is executed as it was written: the imports of TypeScript, and of sources that the
    rewritten image does not have, went into what a bundler or compiler made of them.
    """
    uses = tuple(_uses(evidence, language))
    if language not in ("python", "node") or not uses:
        detail = "compiled in" if language == "go" else "no imports are known"
        return Check(name="imports", layer="disk", ok=True, detail=detail)
    old, new = _Modules(evidence.before, language), _Modules(evidence.after, language)
    findings: dict[str, Finding] = {}
    found: set[str] = set()
    for use in uses:
        file = evidence.place(use)
        before = old.locate(use.name, file)
        if before is None or (language == "node" and not _executed(evidence, file)):
            continue
        found.add(use.name)
        after = new.locate(use.name, file)
        if after is None or _replaced(evidence, before, after):
            text = f"{use.file}:{use.line} imports {use.name}, which is not there"
            need = Constraint(need="path", value=before, because=text)
            findings.setdefault(use.name, Finding(code=IMPORT, text=text, path=before, constraints=(need,)))
    return Check(
        name="imports",
        layer="disk",
        ok=not findings,
        detail="; ".join(x.text for x in findings.values()) or f"{len(found)} modules are found",
        findings=tuple(findings.values()),
    )


def _uses(evidence: Evidence, language: str | None) -> Iterator[Use]:
    """The imports of modules that are found by their name, not by a path."""
    for use in evidence.runtime_needs.sources.imports if evidence.runtime_needs else ():
        if language == "node" and use.name.startswith((".", "/", "node:", "#", "@/", "~/")):
            continue
        if use.name.strip("."):
            yield use


def _executed(evidence: Evidence, file: str) -> bool:
    return file.endswith((".js", ".mjs", ".cjs")) and evidence.after.entry(file) is not None


def _replaced(evidence: Evidence, before: str, after: str) -> bool:
    """Whether what is found now is only a directory of that name: without the package's own files, or
    empty."""
    if _regular(evidence.before, before) and not _regular(evidence.after, after):
        entry = evidence.after.entry(after)
        return entry is not None and entry.kind == "directory"
    old, new = (_count(side, path) for side, path in ((evidence.before, before), (evidence.after, after)))
    return old > 0 and new == 0


def _count(side: Side, path: str) -> int:
    entry = side.entry(path)
    if entry is None or entry.kind != "directory":
        return -1
    return len(side.files.children(entry.path))


class _Modules(Struct, frozen=True, dict=True):
    """The modules of one image."""

    side: Side
    language: str

    def locate(self, name: str, file: str) -> str | None:
        """The path of a module that the source file `file` imports, as the interpreter looks for it."""
        folder = posixpath.dirname(file)
        if self.language == "node":
            return _node(self.side, _upwards(folder), name) or _node(self.side, self._global, name)
        return _python(
            self.side, (*self._places, *_between(folder, self.side.workdir)), name.partition(".")[0]
        )

    @cached_property
    def _places(self) -> tuple[str, ...]:
        return _places(self.side)

    @cached_property
    def _global(self) -> tuple[str, ...]:
        listed = self.side.env.get("NODE_PATH", "").split(":")
        return (*_upwards(self.side.workdir), *(place for place in listed if place.startswith("/")))


def _between(folder: str, workdir: str) -> Iterator[str]:
    """The directory of a source file and those above it up to WORKDIR: which of them is a program's
    own, and so the first in sys.path, nobody knows."""
    folder = "/" + folder.strip("/")  # POSIX keeps two leading slashes, and `dirname` does for ever
    while folder not in (workdir, "/") and folder.startswith(workdir.rstrip("/") + "/"):
        yield folder
        folder = posixpath.dirname(folder)


def _places(side: Side) -> tuple[str, ...]:
    """Where Python looks for a module: WORKDIR, PYTHONPATH, packages of all its installations."""
    places = [side.workdir, *side.env.get("PYTHONPATH", "").split(":")]
    for pattern in (*_PYTHON_PLACES, *_beside_python(side)):
        places += _glob(side, pattern)
    return tuple(dict.fromkeys(place for place in places if place.startswith("/")))


def _beside_python(side: Side) -> Iterator[str]:
    """The packages of virtual environments in PATH."""
    for place in side.path:
        if posixpath.basename(place) == "bin":
            yield posixpath.join(posixpath.dirname(place), "lib/python3*/site-packages")


def _glob(side: Side, pattern: str) -> Iterator[str]:
    head, _, tail = pattern.partition("/python3*")
    real = side.files.place(head)
    for child in fnmatch.filter(side.files.children(real), "python3*") if real else ():
        path = f"{head}/{child}{tail}"
        if side.entry(path) is not None:
            yield path


def _python(side: Side, places: Iterable[str], name: str) -> str | None:
    """The path of a module or package. A directory without `__init__` counts only where nothing better
    is found, as for the interpreter (PEP 420): that of data may bear the name of a package."""
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
    """Compiled modules of the standard library that sources import: `tkinter` needs libtk although the
    slim image brings the module itself."""
    linker, before = Linker(evidence.after), Linker(evidence.before)
    findings: dict[str, Finding] = {}
    places = _places(evidence.after)
    for use in _uses(evidence, "python"):
        name = use.name.partition(".")[0]
        for module in (name, f"_{name}"):
            path = _python(evidence.after, places, module)
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
                    lost(evidence, IMPORT, text, place)
                    if place
                    else Finding(code=IMPORT, text=text, path=path)
                )
                findings.setdefault(item.name, found)
    return Check(
        name="compiled modules",
        layer="disk",
        ok=not findings,
        detail="; ".join(x.text for x in findings.values()) or "have their libraries",
        findings=tuple(findings.values()),
    )


def _upwards(path: str) -> Iterator[str]:
    path = "/" + path.strip("/")
    while True:
        yield posixpath.join(path, "node_modules")
        if path in ("/", ""):
            return
        path = posixpath.dirname(path)


def _node(side: Side, places: Iterable[str], name: str) -> str | None:
    """The directory of a package: `express`, `@nestjs/core`, `lodash/fp` → lodash."""
    parts = name.split("/")
    package = "/".join(parts[: 2 if name.startswith("@") else 1])
    for place in places:
        path = posixpath.join(place, package)
        if side.entry(path) is not None:
            return path
    return None
