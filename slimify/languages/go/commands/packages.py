"""Packages named by a go command: their directories, modules and binaries."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from slimify.languages.go.commands.install_root import install_root as gopath
from slimify.model.regex import regex
from slimify.semantics.effects.call import Arg, Call
from slimify.semantics.effects.state import absolute
from slimify.semantics.paths import inside, is_glob

_MAIN = regex(r"(?m)^\s*package\s+main\b")
_MAJOR = regex(r"v[2-9]\d*|v1\d+")
_USE_DIRECTIVE = regex(r"(?m)^[ \t]*(?:use[ \t]+)?(\"?\.{1,2}(?:/[^\s\"]*)?\"?)[ \t]*(?://.*)?$")
_REPLACE_DIRECTIVE = regex(r"(?m)=>[ \t]*(\"?(?:\.{1,2}(?:/[^\s\"]*)?|/[^\s\"]+)\"?)[ \t]*(?://.*)?$")


def binary_names(call: Call, packages: Sequence[Arg]) -> tuple[tuple[str, ...], bool]:
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
            text = word.prefix  # only the version is unknown
        if text is None:
            return (), False
        if "..." in text:
            found = _main_packages(call, text)
            if found is None:
                return (), False
            names += found
            continue
        if text.startswith((".", "/")):
            directory = absolute(text, call.state)
            if directory is None:
                return (), False
            if _is_library(call, directory):
                continue
            path = _import_path(call, directory)
            root = module_root(call) if in_module_mode(call) else None
            unnamed = root is not None and _module_path(call, root) is None
            if path is None and (directory == "/" or (unnamed and inside(directory, root or "/"))):
                return (), False
            if path is None and module_root(call) is None and not call.state.view.under(directory):
                # not in the context: its go.mod may give another name
                local = posixpath.normpath(text)
                if local in (".", "..") or local.startswith("../"):
                    return (), False
            names.append(binary_name(path if path is not None else directory))
        else:
            names.append(binary_name(text.partition("@")[0]))
    return tuple(names), True


def _is_library(call: Call, directory: str) -> bool:
    """Whether the directory has sources, none of them a program: go build and go install produce nothing."""
    files = [p for p in call.state.view.under(directory) if posixpath.dirname(p) == directory]
    texts = [
        call.state.view.text(p) or "package main"
        for p in files
        if p.endswith(".go") and not p.endswith("_test.go")
    ]
    return bool(texts) and not any(_MAIN.search(text) for text in texts)


def _main_packages(call: Call, pattern: str) -> list[str] | None:
    """The main packages that a pattern such as ./cmd/... matches; None if none is visible."""
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


def package_directories(call: Call, packages: tuple[Arg, ...]) -> tuple[Arg | str, ...]:
    """The directories of packages, as written; for import paths, their directories in the image."""
    found: list[Arg | str] = []
    for word in packages or (Arg(value=".", text="."),):
        text = re.sub(r"/?\.\.\.\Z", "", word.value or "")
        folder, _, name = (word.pattern or word.value or "").rpartition("/")
        if name.endswith(".go") and is_glob(name) and not is_glob(folder):
            found.append(folder or ".")  # `src/*.go` is the package in src
            continue
        if (word.value or "").startswith((".", "/")) or text.endswith(".go"):
            found.append(text or ".")
            continue
        place = _package_directory(call, text.partition("@")[0])
        if place is not None and "@" not in text:
            found.append(place)
    return tuple(found)


def _package_directory(call: Call, path: str) -> str | None:
    """The directory of an import path, in the current module or below GOPATH. Whether a copied tree has the
    package does not matter: git may ignore its directory, as `server` ignores `cmd/server`."""
    root = module_root(call) if in_module_mode(call) else None
    module = _module_path(call, root) if root is not None else None
    if root is not None and module and (path == module or path.startswith(module + "/")):
        return posixpath.normpath(posixpath.join(root, path[len(module) :].lstrip("/")))
    for base in (call.state.get("GOPATH") or gopath(call.state) or "").split(":"):
        place = posixpath.join(base, "src", path)
        copied = (c.target for c in call.state.view.copies if c.directory and "/src/" in c.target)
        if base and path and (call.state.view.is_dir(place) or any(inside(place, t) for t in copied)):
            return place
    return None


def _import_path(call: Call, directory: str) -> str | None:
    """The import path of a package directory, by its module or by GOPATH/src."""
    base = gopath(call.state)
    root = module_root(call) if in_module_mode(call) else None
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


def in_module_mode(call: Call) -> bool:
    return call.state.get("GO111MODULE") != "off"


def module_files(call: Call) -> tuple[str, ...]:
    """go.mod and go.sum of the current module and its neighbors, go.work and go.work.sum, as far as they
    are known."""
    root, work = module_root(call), _workspace(call)
    places = [root] if root is not None else []
    found = [
        posixpath.join(p, name) for p in (*places, *neighbor_modules(call)) for name in ("go.mod", "go.sum")
    ]
    found += [posixpath.join(work, name) for name in ("go.work", "go.work.sum") if work is not None]
    return tuple(path for path in found if call.state.view.context_path(path) is not None)


def neighbor_modules(call: Call) -> tuple[str, ...]:
    """The directories of other local modules in the build: those of the workspace, and those of replace
    directives (`replace example.org/a => ../a`)."""
    if not in_module_mode(call):
        return ()
    root, work = module_root(call), _workspace(call)
    found = (
        _named_directories(call, posixpath.join(work, "go.work"), _USE_DIRECTIVE) if work is not None else []
    )
    for place in ([root] if root is not None else []) + found[:]:
        found += _named_directories(call, posixpath.join(place, "go.mod"), _REPLACE_DIRECTIVE)
    return tuple(p for p in dict.fromkeys(found) if p not in (root, "/"))


def _named_directories(call: Call, path: str, pattern: re.Pattern[str]) -> list[str]:
    """The directories that a file names, relative to its own."""
    text = call.state.view.text(path) or ""
    names = (match.strip('"') for match in pattern.findall(text))
    return [posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in names]


def _workspace(call: Call) -> str | None:
    """The directory of the go.work in effect; None without one."""
    return None if call.state.get("GOWORK") == "off" else _upwards(call, "go.work")


def module_root(call: Call) -> str | None:
    return _upwards(call, "go.mod")


def _upwards(call: Call, name: str) -> str | None:
    """The nearest directory with a file of that name, from the working directory upwards."""
    place = call.state.cwd
    while place is not None:
        path = posixpath.join(place, name)
        if call.state.view.context_path(path) is not None or made_module(path) in call.state.settings:
            return place
        if place == "/":
            return None
        place = posixpath.dirname(place)
    return None


def made_module(path: str) -> str:
    """The setting with the module path of a go.mod that `go mod init` wrote; its value is "" if unknown."""
    return f"module of {path}"


def _module_path(call: Call, root: str) -> str | None:
    """The path of a module; None if unknown."""
    made = call.state.settings.get(made_module(posixpath.join(root, "go.mod")))
    if made is not None:
        return made or None
    text = call.state.view.text(posixpath.join(root, "go.mod")) or ""
    match = re.search(r"(?m)^\s*module\s+\"?([^\s\"]+)", text)
    return match[1] if match else None
