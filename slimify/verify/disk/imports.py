"""What the application's sources import is found in the rewritten image, as it was in the original."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Iterator

from slimify.model import Use
from slimify.verify.disk.evidence import Evidence, Side
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
    """One finding for each module that was found and is not any more, or whose own libraries are missing."""
    uses = _uses(evidence, language)
    locate = _python if language == "python" else _node
    if language not in ("python", "node") or not uses:
        detail = "compiled in" if language == "go" else "no imports are known"
        return Check(name="imports", layer="disk", ok=True, detail=detail)
    findings: dict[str, Finding] = {}
    count = 0
    old_places, new_places = _places(evidence.before, language), _places(evidence.after, language)
    for name, use in sorted(uses.items()):
        before = locate(evidence.before, old_places, name)
        if before is None:
            continue
        count += 1
        if locate(evidence.after, new_places, name) is None:
            text = f"{use.file}:{use.line} imports {name}, which is not there"
            need = Constraint(need="path", value=before, because=text)
            findings[name] = Finding(code=IMPORT, text=text, path=before, constraints=(need,))
    return Check(
        name="imports",
        layer="disk",
        ok=not findings,
        detail="; ".join(x.text for x in findings.values()) or f"{count} modules are found",
        findings=tuple(findings.values()),
    )


def _uses(evidence: Evidence, language: str | None) -> dict[str, Use]:
    found: dict[str, Use] = {}
    for use in evidence.live.sources.imports if evidence.live else ():
        name = use.name
        if language == "python":
            name = name.partition(".")[0]
        elif name.startswith((".", "/", "node:", "#")):
            continue
        found.setdefault(name, use)
    return found


def _places(side: Side, language: str | None) -> tuple[str, ...]:
    """Where an import without a path is looked for, before the application's own directory."""
    if language == "node":
        return tuple(_upwards(side.workdir))
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
    """The path of a module or package; a namespace directory counts, as it does for the interpreter."""
    for place in places:
        real = side.files.place(place)
        if not real:
            continue
        children = side.files.children(real)
        if name in children:
            return posixpath.join(real, name)
        for child in (f"{name}.py", f"{name}.pyc"):
            if child in children:
                return posixpath.join(real, child)
        compiled = sorted(fnmatch.filter(children, f"{name}.*.so")) or (f"{name}.so",)
        if compiled[0] in children:
            return posixpath.join(real, compiled[0])
    return None


def extension_libraries(evidence: Evidence) -> Check:
    """Compiled modules of the standard library that sources import: `tkinter` needs libtk although the
    slim image brings the module itself."""
    linker, before = Linker(evidence.after), Linker(evidence.before)
    findings: dict[str, Finding] = {}
    places = _places(evidence.after, "python")
    for name, use in sorted(_uses(evidence, "python").items()):
        for module in (name, f"_{name}"):
            path = _python(evidence.after, places, module)
            if path is None or path not in evidence.after.image.elves:
                continue
            known = {item.name for item in before.missing(path)}
            for item in linker.missing(path):
                if item.name not in known:
                    text = f"{use.file}:{use.line} imports {name}, which needs {item.name}"
                    findings[text] = Finding(code=IMPORT, text=text, path=path)
    return Check(
        name="compiled modules",
        layer="disk",
        ok=not findings,
        detail="; ".join(findings) or "have their libraries",
        findings=tuple(findings.values()),
    )


def _upwards(path: str) -> Iterator[str]:
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
