"""The packages that a go command names: their directories, their modules, their binaries."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from slimify.languages.go.commands.places import base as gopath
from slimify.semantics.effects.call import Arg, Call
from slimify.semantics.effects.state import absolute

_MAIN = re.compile(r"(?m)^\s*package\s+main\b")
_MAJOR = re.compile(r"v[2-9]\d*|v1\d+")
_USED = re.compile(r"(?m)^[ \t]*(?:use[ \t]+)?(\"?\.{1,2}(?:/[^\s\"]*)?\"?)[ \t]*(?://.*)?$")
_REPLACED = re.compile(r"(?m)=>[ \t]*(\"?(?:\.{1,2}(?:/[^\s\"]*)?|/[^\s\"]+)\"?)[ \t]*(?://.*)?$")


def named(call: Call, packages: Sequence[Arg]) -> tuple[tuple[str, ...], bool]:
    """The binaries of main packages, and whether that is certain."""
    names: list[str] = []
    files = [p for p in packages if p.text.endswith((".go", '.go"', ".go'"))]
    if files:
        first = files[0].value
        if first is None or "*" in first:
            return (), False
        # a list of files is named after the first one (go help build)
        return (posixpath.basename(first).removesuffix(".go"),), True
    for word in packages or (Arg(value=".", text=".", prefix="."),):
        text = word.value
        if text is None and "@" in word.prefix:
            text = word.prefix  # only the version is not known
        if text is None:
            return (), False
        if "..." in text:
            found = _mains(call, text)
            if found is None:
                return (), False
            names += found
            continue
        if text.startswith((".", "/")):
            directory = absolute(text, call.state)
            if directory is None:
                return (), False
            if _library(call, directory):
                continue
            path = _import_path(call, directory)
            if path is None and directory == "/":
                return (), False
            if path is None and module_root(call) is None and not call.state.view.under(directory):
                # nothing seen of it: a go.mod may name it otherwise
                local = posixpath.normpath(text)
                if local in (".", "..") or local.startswith("../"):
                    return (), False
            names.append(binary_name(path if path is not None else directory))
        else:
            names.append(binary_name(text.partition("@")[0]))
    return tuple(names), True


def _library(call: Call, directory: str) -> bool:
    """Sources are seen there, and none is of a program: go build and go install leave nothing."""
    files = [p for p in call.state.view.under(directory) if posixpath.dirname(p) == directory]
    texts = [
        call.state.view.text(p) or "package main"
        for p in files
        if p.endswith(".go") and not p.endswith("_test.go")
    ]
    return bool(texts) and not any(_MAIN.search(text) for text in texts)


def _mains(call: Call, pattern: str) -> list[str] | None:
    """The main packages that a pattern such as ./cmd/... stands for; None if none can be seen."""
    head = pattern.partition("...")[0].rstrip("/")
    if not pattern.startswith((".", "/")):
        root = module_root(call)
        module = _module_path(call, root) if root else None
        if root is None or module is None or not pattern.startswith(module):
            return None
        head = root + head[len(module) :]
    start = absolute(head or ".", call.state)
    if start is None:
        return None
    found: dict[str, None] = {}
    seen = False
    for path in call.state.view.under(start):
        if not path.endswith(".go") or path.endswith("_test.go"):
            continue
        relative = path[len(start) :].strip("/").split("/")[:-1]
        if any(part.startswith((".", "_")) or part in ("vendor", "testdata") for part in relative):
            continue
        seen = True
        directory = posixpath.dirname(path)
        text = call.state.view.text(path) or ""
        if _MAIN.search(text) and not re.search(r"(?m)^//(?:go:build|\s*\+build)\s+ignore\b", text):
            found[directory] = None
    if not seen:
        return None
    return [binary_name(_import_path(call, directory) or directory) for directory in found]


def directories(call: Call, packages: tuple[Arg, ...]) -> tuple[Arg | str, ...]:
    """The directories of packages: as written, or those of import paths that are in the image."""
    found: list[Arg | str] = []
    for word in packages or (Arg(value=".", text="."),):
        text = re.sub(r"/?\.\.\.\Z", "", word.value or "")
        if (word.value or "").startswith((".", "/")) or text.endswith(".go"):
            found.append(text or ".")
            continue
        place = _place(call, text.partition("@")[0])
        if place is not None and "@" not in text:
            found.append(place)
    return tuple(found)


def sources(call: Call, packages: tuple[Arg, ...]) -> tuple[Arg | str, ...]:
    """The directories of packages, and of the modules beside theirs; none where they are fetched."""
    found = directories(call, packages)
    return (*found, *beside(call)) if found else ()


def _place(call: Call, path: str) -> str | None:
    """The directory of an import path: of the module that the working directory is in, or below GOPATH."""
    root = module_root(call) if modules(call) else None
    module = _module_path(call, root) if root is not None else None
    if root is not None and module and (path == module or path.startswith(module + "/")):
        return posixpath.normpath(posixpath.join(root, path[len(module) :].lstrip("/")))
    for base in (call.state.get("GOPATH") or gopath(call.state) or "").split(":"):
        place = posixpath.join(base, "src", path)
        if base and path and call.state.view.is_dir(place):
            return place
    return None


def _import_path(call: Call, directory: str) -> str | None:
    """The import path of a package's directory: by its module, else by GOPATH/src."""
    base = gopath(call.state)
    root = module_root(call) if modules(call) else None
    if root is not None:
        module = _module_path(call, root)
        if module is not None and (directory == root or directory.startswith(root.rstrip("/") + "/")):
            return posixpath.join(module, posixpath.relpath(directory, root)).removesuffix("/.")
    if base and directory.startswith(posixpath.join(base, "src") + "/"):
        return directory[len(posixpath.join(base, "src")) + 1 :]
    return None


def binary_name(path: str) -> str:
    """The binary of an import path: its last element, or the one before a major version (v2…)."""
    parts = path.rstrip("/").split("/")
    if len(parts) > 1 and _MAJOR.fullmatch(parts[-1]):
        return parts[-2]
    return parts[-1]


def modules(call: Call) -> bool:
    return call.state.get("GO111MODULE") != "off"


def module_files(call: Call) -> tuple[str, ...]:
    """go.mod and go.sum of the module that the working directory is in and of those beside it that it is
    built with, go.work and go.work.sum, as far as the view knows them."""
    root, work = module_root(call), _workspace(call)
    places = [root] if root is not None else []
    found = [posixpath.join(p, name) for p in (*places, *beside(call)) for name in ("go.mod", "go.sum")]
    found += [posixpath.join(work, name) for name in ("go.work", "go.work.sum") if work is not None]
    return tuple(path for path in found if call.state.view.context_path(path) is not None)


def beside(call: Call) -> tuple[str, ...]:
    """The directories of further modules that are compiled along: those of the workspace, and those that
    go.mod replaces others with (`replace example.org/a => ../a`)."""
    if not modules(call):
        return ()
    root, work = module_root(call), _workspace(call)
    found = _named_in(call, posixpath.join(work, "go.work"), _USED) if work is not None else []
    for place in ([root] if root is not None else []) + found[:]:
        found += _named_in(call, posixpath.join(place, "go.mod"), _REPLACED)
    return tuple(p for p in dict.fromkeys(found) if p not in (root, "/"))


def _named_in(call: Call, path: str, pattern: re.Pattern[str]) -> list[str]:
    """The directories that a file names, from where it lies."""
    text = call.state.view.text(path) or ""
    names = (match.strip('"') for match in pattern.findall(text))
    return [posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in names]


def _workspace(call: Call) -> str | None:
    """The directory of the go.work that the go command finds; None without one."""
    return None if call.state.get("GOWORK") == "off" else _upwards(call, "go.work")


def module_root(call: Call) -> str | None:
    return _upwards(call, "go.mod")


def _upwards(call: Call, name: str) -> str | None:
    """The nearest directory with a file of that name, from the working directory on."""
    place = call.state.cwd
    while place is not None:
        if call.state.view.context_path(posixpath.join(place, name)) is not None:
            return place
        if place == "/":
            return None
        place = posixpath.dirname(place)
    return None


def _module_path(call: Call, root: str) -> str | None:
    text = call.state.view.text(posixpath.join(root, "go.mod")) or ""
    match = re.search(r"(?m)^\s*module\s+\"?([^\s\"]+)", text)
    return match[1] if match else None
