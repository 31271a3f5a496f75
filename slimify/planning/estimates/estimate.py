"""Rough sizes, in bytes: what a rewrite is expected to save before anything is built.

Measured once on Debian bookworm and Alpine 3.20 with their dependencies and without recommended
packages, and rounded; good enough to tell "pays" from "does not pay", and always called estimates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from slimify.analysis.program import Program
from slimify.facts.carried import installed
from slimify.languages.node.manifests.lock_files import lock_packages
from slimify.languages.node.manifests.package_json import node_project
from slimify.languages.node.package_facts import npm
from slimify.model.effects import Effect, EffectKind
from slimify.model.sizes import MB
from slimify.semantics.paths import inside

UNKNOWN_IMAGE = 500 * MB
UNKNOWN_ALPINE = 150 * MB  # where apk is called: an interpreter or a toolchain on Alpine
_APT = {
    "build-essential": 240, "gcc": 150, "g++": 200, "clang": 450, "gfortran": 220, "rustc": 500, "cargo": 550,
    "python3-dev": 60, "python-dev": 60, "git": 75, "cmake": 90, "golang": 450, "nodejs": 110, "npm": 90,
    "default-jdk": 450, "ruby-dev": 45, "autoconf": 10, "automake": 10, "libtool": 60, "pkg-config": 6,
    "software-properties-common": 80, "libgtk-3-dev": 200, "default-libmysqlclient-dev": 25,
    "make": 2, "libpq-dev": 22, "libssl-dev": 14, "libmagick-dev": 90, "libgdal-dev": 400, "libc6-dev": 15,
    "libc-dev": 15,
}  # fmt: skip
_APK = {
    "build-base": 210, "gcc": 150, "g++": 200, "git": 15, "python3-dev": 30, "python3": 45,
    "python": 45, "cargo": 450, "rust": 400, "clang": 300, "go": 300, "linux-headers": 7, "make": 1,
    "musl-dev": 11, "npm": 12,
}  # fmt: skip
APT_LISTS = 20 * MB
APK_INDEX = 3 * MB
PIP_CACHE = 12 * MB  # wheels of a small set of packages
CONDA_CACHE = 100 * MB  # archives and the index of channels; even a bare Python brings forty packages
NPM_CACHE = 25 * MB  # where package.json is not known
NPM_CACHE_EACH = 3 * MB  # of one direct dependency with what it drags in; express alone left 3.4 MB
NPM_CACHE_LOCKED = 50_000  # of one package of the lock file, packed; 36 packages left 1.8 MB
PIP_ITSELF = 12 * MB  # what copying site-packages stores a second time
LOCAL_PYTHON = 60 * MB  # what copying /usr/local of a python image stores a second time
INSTALLER = 50 * MB  # poetry or pipenv with what they need
NODE_PACKAGE = 250_000  # of one package of node_modules
GO_BINARY = 15 * MB


def package_size(name: str, manager: str) -> int:
    """The size of a system package with what it drags in."""
    table, default = (_APK, 3) if manager == "apk" else (_APT, 8 if name.endswith("-dev") else 5)
    return table.get(name, default) * MB


def dropped_packages(program: Program) -> int:
    """The bytes of the system packages that only the build needs."""
    manager = package_manager(program)
    names = {v.name for s in program.steps for a in s.atoms for v in a.packages if v.role == "build"}
    removed: set[str] = set(installed(program.base)) if program.base else set()
    for step in program.steps:  # what a later RUN removes stays in the layer of the first
        gone = {p.name for e in step.effects if e.kind == "unpackage" for p in e.packages}
        removed |= {p.name for e in step.effects if e.kind == "packages" for p in e.packages} & gone
        for effect in step.effects:
            if any(word in gone for word in effect.action.split()):  # apk add --virtual NAME … apk del NAME
                removed |= {p.name for p in effect.packages}
    return sum(package_size(n, manager) for n in names - removed)


def package_manager(program: Program) -> str:
    """The manager of system packages: the base image's, else the one that the file calls."""
    if program.base is not None and program.base.manager:
        return program.base.manager
    called = (e.manager for s in program.steps for e in s.effects if e.kind == "packages")
    return next((m for m in called if m in ("apt", "apk")), "apt")


def left_lists(program: Program) -> int:
    """The bytes of apt's lists, where a RUN leaves them."""
    if package_manager(program) != "apt":  # a script may know more than one
        return 0
    for step in program.steps:
        effects = step.effects
        fetches = any(e.kind == "index" and e.manager == "apt" for e in effects)
        if fetches and not removes_lists(effects):
            return APT_LISTS
    return 0


def removes_lists(effects: Iterable[Effect]) -> bool:
    """Whether apt's package lists are deleted, or a directory that they lie in."""
    deleted = [d for e in effects for d in e.deletes]
    return any("/lists" in d or inside("/var/lib/apt/lists", d) for d in deleted)


def caches(
    program: Program, ecosystem: str = "", *, kinds: Collection[EffectKind] = ("install", "compile")
) -> int:
    """The bytes of installer caches that RUNs leave behind, of all ecosystems or of one."""
    total = 0
    for step in program.steps:
        cleaned = any(e.kind == "cache" for e in step.effects) or "type=cache" in step.instruction.raw
        for effect in step.effects:
            if (
                effect.kind in kinds
                and ecosystem in ("", effect.ecosystem)
                and effect.caches
                and not cleaned
                and step.role != "run"
                and _fills(effect)
            ):
                total = max(
                    total,
                    python_cache(effect.manager)
                    if effect.does("install", "python")
                    else npm_cache(program, effect),
                )
    return total


def python_cache(manager: str) -> int:
    """The bytes that one Python installer keeps of what it fetched."""
    return CONDA_CACHE if manager == "conda" else PIP_CACHE


def npm_cache(program: Program, effect: Effect) -> int:
    """The bytes that npm or yarn keep of what one install fetched, by its direct dependencies."""
    names, locked = [p.name for p in effect.packages], 0
    unpacked = effect.manager == "yarn"  # yarn 1 keeps a package as files
    view = program.end.view
    for manifest in effect.manifests:
        path = view.context_path(manifest)
        if path is None or not path.endswith("package.json"):
            continue
        project = node_project(view.context, path.rpartition("/")[0])
        if project is None:
            continue
        packages = lock_packages(view.context, project).values()
        locked += sum(effect.dev or not p.dev for p in packages)
        if not packages:
            names += [*project.dependencies, *(project.dev_dependencies if effect.dev else ())]
    if not names and not locked:
        return NPM_CACHE
    each = NODE_PACKAGE if unpacked else NPM_CACHE_LOCKED
    return _fetched(names) + locked * each


def _fetched(names: Iterable[str]) -> int:
    """The bytes of what an install of these packages fetches; what several of them need counts once."""
    sizes = [NPM_CACHE_EACH if size is None else size * MB for size in (npm(n).stored for n in names)]
    return min(sum(sizes), max([4 * NPM_CACHE, *sizes]))


def _fills(effect: Effect) -> bool:
    return effect.action not in ("venv", "check", "run", "config") and "type=cache" not in effect.action


def original(program: Program) -> int:
    """The size of the image as it is."""
    if program.built is not None:
        return program.built.size
    unknown = UNKNOWN_ALPINE if package_manager(program) == "apk" else UNKNOWN_IMAGE
    base = program.base.size if program.base and program.base.size else unknown
    return base + dropped_packages(program) + left_lists(program) + caches(program) + 30 * MB
