"""What a command does."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from slimify.model.shell import Command

EffectKind = Literal[
    "packages",  # installs system packages
    "unpackage",  # removes system packages
    "index",  # refreshes package lists
    "source",  # adds a package source or key for the system package manager
    "cache",  # deletes caches, lists, temporary files
    "install",  # installs packages of a language into `writes`
    "install-global",  # installs programs of a language for every project
    "prune",  # drops development dependencies
    "compile",  # the compiler of a language; binaries in `outputs`
    "build",  # compiles or bundles: writes below `writes`
    "app",  # runs the application's own code
    "fetch",  # downloads into `writes`
    "unpack",  # unpacks an archive into `writes`
    "files",  # creates, copies, moves, deletes, edits files
    "meta",  # owner and mode of `writes`
    "users",  # users and groups
    "system",  # registers something in the system (ldconfig, locale-gen, setcap, …)
    "check",  # looks, tests, prints; writes nothing that lasts
    "state",  # cd, set, export, X=…
    "unknown",  # may read and write anything
]


# Traits of a kind: what can be claimed of a command whose kind is known, and nothing else. Where a claim is
# made of a few more kinds in one place, that place adds them and says why.

LEAVES_NOTHING = frozenset[EffectKind]({"check", "state"})
"""Leaves nothing in the image."""
NOT_FOR_RUN_TIME = LEAVES_NOTHING | frozenset[EffectKind]({"index", "cache"})
"""Leaves nothing that a program needs: besides, lists and caches come and go."""
INSTALLS_NOTHING = NOT_FOR_RUN_TIME | frozenset[EffectKind]({"unpackage"})
"""Brings nothing into the image."""
ACCOMPANIES_INSTALL = INSTALLS_NOTHING - LEAVES_NOTHING
"""Prepares or tidies up installs of system packages, and belongs to those beside it."""
MANAGES_PACKAGES = frozenset[EffectKind]({"packages", "unpackage", "index"})
"""Works on system packages and their lists, by the packages' names: in any directory, whatever the files."""
USES_PACKAGE_LISTS = frozenset[EffectKind]({"packages", "source", "system"})
"""May install system packages, by the lists that were fetched before."""
CHANGES_SYSTEM_STATE = frozenset[EffectKind]({"users", "system", "source"})
"""Changes what the system knows: has to be executed where the application runs."""
RUNS_CODE = frozenset[EffectKind]({"app", "unknown"})
"""Executes code that was not read: may read and write anything."""
INSTALLS = frozenset[EffectKind]({"install", "install-global"})
"""Installs packages of a language."""
BUILDS = INSTALLS | frozenset[EffectKind]({"compile", "build"})
"""Makes something out of sources: may start compilers and whatever else is there."""
LEAVES_ARTIFACTS = frozenset[EffectKind]({"install", "compile", "build", "prune", "fetch", "unpack"})
"""Can be executed in a stage that is thrown away: what it leaves is known and can be copied."""
ADDS_FILES = frozenset[EffectKind]({"files", "fetch", "unpack"})
"""Puts files where its words say."""
WORKS_BY_PATH = ADDS_FILES | frozenset[EffectKind]({"meta"})
"""Reads and changes only the paths that its words name."""
CHANGES_FILES = frozenset[EffectKind]({"files", "meta"})
"""Changes files, their owners and modes."""


class Package(Struct, frozen=True, kw_only=True):
    """One package of an install command; `span` are its offsets in the RUN's logical text."""

    name: str  # without version, extras and options
    text: str  # as written
    span: tuple[int, int]


# "context": not in the build context; "address": fetched; "package": not among the scripts of a manifest
UnreadScript = Literal["", "context", "address", "package"]


class Effect(Struct, frozen=True, kw_only=True):
    """What one command of a RUN does. Paths are absolute paths in the image, or names of places that only the
    programs of a language know (`paths.is_named_place`).

    A directory in `writes` means anything below it. `outputs` are single files that the command
    is there to make (binaries). `writes_anywhere`: it may also write to any other path.
    `ecosystem` is the name of the `Language` whose folder knows the command, "" for shared ones.
    """

    kind: EffectKind
    ecosystem: str = ""
    tool: str  # the program, e.g. "gcc", "npm"
    command: Command
    manager: str = ""  # apt, apk, yum; what languages bring: pip, npm, …, known to their folders alone
    action: str = ""  # the command's own word for it: install, sync, run build, mod download, …
    packages: tuple[Package, ...] = ()
    manifests: tuple[str, ...] = ()  # requirement files, package.json, go.mod: image paths
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()  # directories with what may be thrown away afterwards
    tools: tuple[str, ...] = ()  # further programs it starts, as far as known (scripts, make)
    dev: bool = False  # development dependencies are installed too
    writes_anywhere: bool = False
    reads_anything: bool = False  # besides what is listed it may read any file
    cwd: str | None = None  # directory in force, None if not known
    why: str = ""  # for unknown: what could not be told
    unread: UnreadScript = ""  # a script that it runs and that could not be read
    settings: tuple[str, ...] = ()  # what the folder of the ecosystem notes for itself

    def does(self, kind: EffectKind, ecosystem: str) -> bool:
        """Whether it is of this kind and of this ecosystem: `does("install", "python")`."""
        return self.kind == kind and self.ecosystem == ecosystem
